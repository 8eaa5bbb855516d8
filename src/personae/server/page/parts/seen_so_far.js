// Whom a scan that is under way has seen: the first people appear before the film is done.
import { get } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { TEXTS } from "../texts.js";
import { clock } from "./time.js";

const T = TEXTS.start;

/** @param {{job: any}} props */
export function SeenSoFar({ job }) {
  const [seen, setSeen] = useState(/** @type {{people: number, pictures: {address: string, at_s: number, name: string | null}[]}} */ ({ people: 0, pictures: [] }));
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
      <ul class="said-crops">${seen.pictures.map((one) => html`<li key=${one.address}><img src=${one.address} alt=${T.seenAt(one.name ?? "", clock(one.at_s))} title=${one.name ?? ""} /></li>`)}</ul></div>`;
}
