// Whom a scan that is under way has seen: the first people appear before the film is done.
import { get } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.start;

/** @param {{job: any}} props */
export function SeenSoFar({ job }) {
  const [seen, setSeen] = useState(/** @type {{people: number, pictures: {picture: string, faces: number}[]}} */ ({ people: 0, pictures: [] }));
  const done = job.progress.done ?? 0;
  useEffect(() => {
    let isOver = false;
    get(`jobs/${job.id}/people`).then((told) => !isOver && setSeen(told), () => {}); // an earlier server has none
    return () => {
      isOver = true;
    };
  }, [job.id, job.progress.stage, Math.floor(done / 5)]);
  if (!seen.pictures.length) return null;
  return html`
    <div class="seen-so-far"><p class="quiet" role="status">${T.seen(seen.people)}</p>
      <ul class="said-crops">${seen.pictures.map((one, at) => html`<li key=${at}><img src=${one.picture} alt=${T.somebody(at + 1)} /></li>`)}</ul></div>`;
}
