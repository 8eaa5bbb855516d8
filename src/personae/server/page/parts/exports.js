// What can be made of a film: files in other people's formats, films, and a new look at it.
import { get, may, send, urlOf } from "../api.js";
import { html, signal, useEffect } from "../html.js";
import { post } from "../outbox.js";
import { address } from "../router.js";
import { jobs, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { JobLine } from "./job.js";
import { Name } from "./name.js";

const T = TEXTS.exports;

/** The formats that there are; null before they were told. @type {import("@preact/signals").Signal<{formats: {name: string, title: string, suffixes: string[], is_page: boolean}[], selections: string[], films: string[]} | null>} */
const formats = signal(null);

/** @param {{id: string, film: import("../state.js").Medium | undefined, row: import("./timeline.js").Row | null, relabel: () => void}} props `row`: who is chosen */
export function Exports({ id, film, row, relabel }) {
  useEffect(() => {
    if (!formats.value) get("exports").then((told) => (formats.value = told), (error) => tell(error.message, { isBad: true }));
  }, []);
  const told = formats.value;
  const link = (/** @type {string} */ path, /** @type {Record<string, any>} */ query = {}) => urlOf(path, query).href;
  const own = [...jobs.value.values()].filter((job) => job.kind === "export" && (job.result.medium === id || job.about === film?.name)).sort((a, b) => b.asked_at - a.asked_at).slice(0, 5);
  const make = (/** @type {any} */ what) =>
    post("POST", `media/${id}/exports`, what, { text: T.asked }).then(() => tell(T.asked), (error) => tell(error.message, { isBad: true }));
  const again = (/** @type {boolean} */ fresh) =>
    send("POST", `media/${id}/scan`, { fresh }).then(() => tell(T.scans), (error) => tell(error.message, { isBad: true }));
  const someone = row === null ? null : row.unknown !== null ? { unknown_person: row.unknown } : row.character_id ? { character: row.character_id } : null;
  return html`
    <section class="exports">
      <h2>${T.title}</h2>
      ${told && html`<ul class="formats">
        ${told.formats.map((one) => html`<li key=${one.name}><a href=${link(`media/${id}/exports/${one.name}`)} download><b>${one.suffixes[0]}</b> <span class="quiet">${one.title}</span></a></li>`)}
        <li><a href=${link(`media/${id}/exports`)} download><b>.zip</b> <span class="quiet">${T.all}</span></a></li>
      </ul>`}
      ${someone && told && row && html`
        <h3>${T.only} <${Name} name=${row.name} most=${40} /></h3>
        <p class="actions">${told.selections.map((one) => html`<a key=${one} class="button" download href=${link(`media/${id}/selections/${one}`, { ...someone, handles_s: 0.5 })}>.${one}</a>`)}
          ${may("editor") && html`<button type="button" onClick=${() => make({ kind: "selection", ...(row.unknown !== null ? { unknown_people: [row.unknown] } : { characters: [row.character_id] }), handles_s: 0.5 })}>${T.stringout}</button>`}</p>`}
      ${may("editor") && html`
        <h3>${T.films}</h3>
        <p class="actions"><button type="button" onClick=${() => make({ kind: "annotated" })}>${T.annotated}</button></p>
        ${own.length > 0 && html`<ul class="jobs">${own.map((job) => html`<${JobLine} key=${job.id} job=${job} />`)}</ul>`}
        <h3>${T.again}</h3>
        <p class="actions">
          <button type="button" onClick=${relabel} title=${T.relabelTitle}>${T.relabel}</button>
          <button type="button" onClick=${() => again(true)} title=${T.rescanTitle}>${T.rescan}</button>
          <a class="button" href=${address("journal", "", { medium: id })}>${TEXTS.views.journal}</a>
        </p>`}
    </section>`;
}
