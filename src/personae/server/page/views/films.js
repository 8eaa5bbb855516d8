// Films: a list of all of them, and a page for each.
import { may } from "../api.js";
import { html } from "../html.js";
import { found } from "../names.js";
import { post } from "../outbox.js";
import { FilmPage } from "../parts/film.js";
import { Name } from "../parts/name.js";
import { Rows } from "../parts/rows.js";
import { clock } from "../parts/time.js";
import { address, go, place } from "../router.js";
import { isKnown, jobs, media, tell } from "../state.js";
import { TEXTS } from "../texts.js";

/** @typedef {import("../state.js").Medium} Medium */

const T = TEXTS.films;
const ROW_PX = 56;
/** What lists can be ordered by. @type {Record<string, (a: Medium, b: Medium) => number>} */
const ORDERS = {
  name: byName,
  open: (a, b) => (a.decided ?? 1) - (b.decided ?? 1) || byName(a, b),
  unknown: (a, b) => (b.unknown ?? 0) - (a.unknown ?? 0) || byName(a, b),
  length: (a, b) => (b.duration_s ?? 0) - (a.duration_s ?? 0) || byName(a, b),
};

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** @param {Medium} a @param {Medium} b */
function byName(a, b) {
  return names.compare(a.name, b.name);
}

export function View() {
  const { id } = place.value;
  return id ? html`<${FilmPage} key=${id} id=${id} />` : html`<${List} />`;
}

function List() {
  const { query } = place.value;
  const q = query.get("q") ?? "";
  const sort = query.get("sort") ?? "";
  const films = [...media.value.values()].filter((one) => one.kind === "film");
  if (!films.length) return html`<h1>${T.title}</h1><${Empty} />`;
  const stale = films.filter((one) => one.stale).length;
  const wanted = (q ? found(films, q, films.length) : films).sort(q && !sort ? () => 0 : ORDERS[sort] ?? byName);
  const shows = (/** @type {Record<string, string>} */ changed) => {
    const next = { q, sort, ...changed };
    go(address("films", "", Object.fromEntries(Object.entries(next).filter(([, value]) => value))), true);
  };
  return html`
    <div class="head">
      <h1>${T.title}</h1>
      <p class="quiet">${q ? T.countOf(wanted.length, films.length) : T.count(films.length)}</p>
      ${may("editor") && html`<a class="button" href=${address("start")}>${T.add}</a>`}
    </div>
    <div class="tools">
      <input type="search" aria-label=${T.search} placeholder=${T.search} value=${q}
        onInput=${(/** @type {any} */ event) => shows({ q: event.currentTarget.value })} />
      <label>${T.order} <select value=${sort || "name"} onChange=${(/** @type {any} */ event) => shows({ sort: event.currentTarget.value === "name" ? "" : event.currentTarget.value })}>
        ${Object.keys(ORDERS).filter((one) => may("editor") || !["open", "unknown"].includes(one)).map((one) => html`<option value=${one}>${T.orders[one]}</option>`)}
      </select></label>
      ${may("editor") && stale > 0 && html`<button type="button" onClick=${() => lookAgain(stale)} title=${T.staleTitle}>${T.lookAgain(stale)}</button>`}
    </div>
    ${wanted.length ? html`<${Rows} items=${wanted} keyOf=${(/** @type {Medium} */ one) => one.id} height=${ROW_PX} label=${T.title} draw=${row} />` : html`<p class="none">${T.noSuch(q)}</p>`}
  `;
}

/** @param {Medium} film */
function row(film) {
  return html`
    <a class="film-row" href=${address("films", film.id)}>
      <span class="what"><${Name} name=${film.name} most=${70} /></span>
      <span class="quiet length">${clock(film.duration_s ?? 0)}</span>
      <span class="quiet people">${T.people(film.characters.length)}</span>
      ${film.unknown !== null && html`<span class=${film.unknown ? "open" : "quiet"}>${film.unknown ? T.unknown(film.unknown) : T.nobodyOpen}</span>`}
      ${film.decided !== null && html`<span class="share"><progress max="1" value=${film.decided} aria-label=${T.decided}></progress> ${TEXTS.percent(Math.floor(100 * film.decided) / 100)}</span>`}
      <span class="badges">${film.stale && html`<span class="badge" title=${T.staleTitle}>${T.stale}</span>`}</span>
    </a>`;
}

/** @param {number} count */
async function lookAgain(count) {
  tell(T.looksAgain(count));
  await post("POST", "relabel", { only_stale: true }, { text: T.looksAgain(count) }).catch((error) => tell(error.message, { isBad: true }));
}

/** Nothing is said to be missing before it is known. */
function Empty() {
  if (!isKnown.value) return html`<p class="none" aria-busy="true"></p>`;
  const isScanning = [...jobs.value.values()].some((job) => job.kind === "scan" && ["running", "waiting"].includes(job.state));
  return html`
    <div class="nothing">
      <p>${isScanning ? T.scanning : T.none}</p>
      ${isScanning ? html`<a class="button" href=${address("jobs")}>${TEXTS.views.jobs}</a>` : null}
      ${may("editor") && html`<a class="button main" href=${address("start")}>${T.add}</a>`}
    </div>`;
}
