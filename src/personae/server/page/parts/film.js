// The page of one film: the film, who is in it and when, and what can be said about that.
import { may } from "../api.js";
import { listen } from "../events.js";
import { html, useEffect, useMemo, useRef, useSignal, useState } from "../html.js";
import { found } from "../names.js";
import { post } from "../outbox.js";
import { address, go, place } from "../router.js";
import { isKnown, jobs, media, soon, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { Exports } from "./exports.js";
import { AddSomebody, Said } from "./film_edit.js";
import { FilmPlayer } from "./film_player.js";
import { Lanes, usePictures } from "./lanes.js";
import { Name } from "./name.js";
import { clock } from "./time.js";
import { at, readTimeline } from "./timeline.js";

/** @typedef {import("./timeline.js").Timeline} Timeline @typedef {import("./timeline.js").Row} Row */

const T = TEXTS.film;
/** Decisions come in bursts; the timeline of a long film is read once for all of one. */
const READ_AFTER_MS = 250;

/** @param {{id: string}} props */
export function FilmPage({ id }) {
  const film = media.value.get(id);
  const [timeline, setTimeline] = useState(/** @type {Timeline | null} */ (null));
  const [wrong, setWrong] = useState("");
  const { query } = place.value;
  const who = query.get("who") ?? "";
  const q = query.get("q") ?? "";
  const begin = useRef(Number(query.get("t") ?? 0) || 0);
  const now = useSignal(begin.current);
  const drive = useRef(/** @type {import("./film_player.js").Drive | null} */ (null));
  const [adds, setAdds] = useState(false);

  useEffect(() => {
    let isOver = false;
    const read = async () => {
      try {
        const told = await readTimeline(id);
        if (!isOver) setTimeline(told);
      } catch (error) {
        if (!isOver) setWrong(error instanceof Error ? error.message : String(error));
      }
    };
    const again = soon(read, READ_AFTER_MS);
    void read();
    const stop = listen((kind, data) => {
      if ((kind === "media" && data.id === id && !data.gone) || ["cast", "reset", "forgetting"].includes(kind)) again();
    });
    return () => {
      isOver = true;
      stop();
    };
  }, [id]);
  const pictures = usePictures(id, timeline);
  // Back and forth: the address says where it stands.
  const t = query.get("t");
  useEffect(() => {
    if (t !== null && Math.abs(Number(t) - now.value) > 0.05) drive.current?.seek(Number(t));
  }, [t]);
  const rows = timeline?.rows ?? [];
  const wanted = useMemo(() => (q ? found(rows, q, rows.length) : rows), [timeline, q]);
  const row = rows.find((one) => one.name === who) ?? null;
  const stands = t === null ? now.value : Number(t);
  const chosen = row ? at(row, stands) ?? null : null;

  /** @param {Record<string, string>} changed @param {boolean} [replace] */
  const shows = (changed, replace = false) => {
    const next = { t: query.get("t") ?? "", who, q, ...changed };
    go(address("films", id, Object.fromEntries(Object.entries(next).filter(([, value]) => value))), replace);
  };
  const pick = (/** @type {Row} */ one, /** @type {number} */ to) => {
    drive.current?.seek(to);
    shows({ who: one.name, t: short(to) });
  };
  const rested = (/** @type {number} */ to) => place.value.id === id && place.value.view === "films" && shows({ t: short(to) }, true);

  if (wrong && !timeline) return html`<p class="none">${wrong}</p>`;
  if (!film && isKnown.value) return html`<p class="none">${T.none}</p>`;
  return html`
    <div class="head">
      <a href=${address("films")} class="quiet back-link">${TEXTS.views.films}</a>
      <h1><${Name} name=${film?.name ?? ""} most=${80} /></h1>
      ${film && html`<p class="quiet">${facts(film)}</p>`}
      ${film?.stale && may("editor") ? html`<button type="button" onClick=${() => relabel(id)} title=${TEXTS.films.staleTitle}>${T.relabel}</button>` : null}
      <${Working} id=${id} name=${film?.name ?? ""} />
    </div>
    ${timeline && html`
      <div class="film">
        <div>
          <${FilmPlayer} medium=${id} size=${timeline.size} starts=${timeline.parts} length_s=${timeline.length_s} begin_s=${begin.current} now=${now} drive=${drive} rested=${rested} />
          <${There} timeline=${timeline} now=${now} who=${who} pick=${pick} />
        </div>
        <div class="film-side">
          ${row && html`<${Said} key=${`${who} ${chosen?.start_s}`} id=${id} row=${row} chosen=${chosen} timeline=${timeline} picture=${pictures.get(who) ?? ""} now=${now} pick=${pick}
            renamed=${(/** @type {string} */ name) => shows({ who: name }, true)} close=${() => shows({ who: "" })} />`}
          ${!row && html`<p class="quiet">${may("editor") ? T.choose : T.chooseToSee}</p>`}
          ${may("editor") && html`<p class="actions"><button type="button" aria-expanded=${adds} onClick=${() => setAdds(!adds)}>${T.add}</button></p>`}
          ${adds && html`<${AddSomebody} id=${id} timeline=${timeline} now=${now} close=${() => setAdds(false)} />`}
        </div>
      </div>
      <div class="head">
        <h2>${T.who}</h2>
        <input type="search" aria-label=${T.search} placeholder=${T.search} value=${q} onInput=${(/** @type {any} */ event) => shows({ q: event.currentTarget.value }, true)} />
      </div>
      ${wanted.length ? html`<${Lanes} timeline=${timeline} rows=${wanted} pictures=${pictures} now=${now} who=${who} chosen=${chosen} pick=${pick} />` : html`<p class="none">${q ? TEXTS.films.noSuch(q) : T.nobody}</p>`}
      <${Exports} id=${id} film=${film} row=${row} relabel=${() => relabel(id)} />`}
  `;
}

/** @param {number} t */
function short(t) {
  return String(Math.round(100 * t) / 100);
}

/** @param {import("../state.js").Medium} film */
function facts(film) {
  const parts = [clock(film.duration_s ?? 0), TEXTS.films.people(film.characters.length)];
  if (film.unknown) parts.push(TEXTS.films.unknown(film.unknown));
  if (film.decided !== null) parts.push(TEXTS.review.decided(film.decided));
  return parts.join(" · ");
}

/** @param {string} id */
async function relabel(id) {
  tell(T.relabels);
  await post("POST", `media/${id}/relabel`, undefined, { text: T.relabels }).catch((error) => tell(error.message, { isBad: true }));
}

/** Who is there now: those of the moment at which the player stands.
 * @param {{timeline: Timeline, now: import("@preact/signals").ReadonlySignal<number>, who: string, pick: (row: Row, t: number) => void}} props */
function There({ timeline, now, who, pick }) {
  const t = now.value;
  const there = timeline.rows.filter((row) => at(row, t));
  return html`
    <p class="there"><span class="quiet">${clock(t)}</span>
      ${there.map((row) => html`<button type="button" key=${row.name} aria-pressed=${row.name === who} onClick=${() => pick(row, t)}><${Name} name=${row.name} most=${24} /></button>`)}
      ${there.length ? null : html`<span class="quiet">${T.nobodyNow}</span>`}
    </p>`;
}

/** What is being done to this film just now. @param {{id: string, name: string}} props */
function Working({ id, name }) {
  const open = [...jobs.value.values()].filter((job) => ["running", "waiting"].includes(job.state) && (job.result.medium === id || (["relabel", "export"].includes(job.kind) && job.about === name)));
  return open.map((job) => html`<a key=${job.id} class="quiet" href=${address("jobs", job.id)}>${TEXTS.jobs.kinds[job.kind]?.("") ?? job.kind} …</a>`);
}
