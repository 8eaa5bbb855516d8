// The rows of a timeline: who is there, when, how it is known. A click goes there; the arrow keys go from one to the next.
import { get } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";
import { Rows } from "./rows.js";
import { clock } from "./time.js";
import { at, beside, lookOf } from "./timeline.js";

/** @typedef {import("./timeline.js").Row} Row @typedef {import("./timeline.js").Appearance} Appearance @typedef {import("./timeline.js").Timeline} Timeline */

const T = TEXTS.film;
const ROW_PX = 52;
const NEAR_PX = 8;
/** From bottom to top of a lane of height 1: what was not seen as a face is lower. */
const HEIGHTS = { face: [0.1, 0.9], stated: [0.3, 0.9], followed: [0.6, 0.9], depicted: [0.1, 0.9] };
export const LOOKS = /** @type {const} */ (["face", "followed", "stated", "depicted"]);

/**
 * `now`: the time of the player; `chosen`: the appearance that is looked at; `pick`: goes to a time of somebody.
 * @param {{timeline: Timeline, rows: Row[], pictures: ReadonlyMap<string, string>, now: import("@preact/signals").ReadonlySignal<number>,
 *  who: string, chosen: Appearance | null, pick: (row: Row, t: number) => void}} props
 */
export function Lanes({ timeline, rows, pictures, now, who, chosen, pick }) {
  return html`
    <div class="lanes">
      <div class="lane-ruler" aria-hidden="true">
        ${ticks(timeline.length_s).map((s) => html`<span style=${{ left: `${(100 * s) / timeline.length_s}%` }}>${clock(s)}</span>`)}
      </div>
      <${Rows} items=${rows} keyOf=${(/** @type {Row} */ row) => row.name} height=${ROW_PX} label=${T.timeline} shown=${who}
        draw=${(/** @type {Row} */ row) => html`<${Lane} row=${row} length_s=${timeline.length_s} picture=${pictures.get(row.name) ?? ""} now=${now} isOn=${row.name === who} chosen=${chosen} pick=${pick} />`} />
      <div class="lane-cursor" aria-hidden="true"><${Cursor} now=${now} length_s=${timeline.length_s} /></div>
    </div>
    <p class="legend quiet">${LOOKS.map((look) => html`<span><svg viewBox="0 0 20 10" aria-hidden="true"><${Bars} spans=${[{ start_s: 0, end_s: 20 }]} look=${look} scale=${10} /></svg> ${T.looks[look]}</span>`)}</p>
  `;
}

/** @param {{now: import("@preact/signals").ReadonlySignal<number>, length_s: number}} props */
function Cursor({ now, length_s }) {
  return html`<i style=${{ left: `${Math.min(100, (100 * now.value) / length_s)}%` }}></i>`;
}

/** @param {{row: Row, length_s: number, picture: string, now: import("@preact/signals").ReadonlySignal<number>, isOn: boolean, chosen: Appearance | null, pick: (row: Row, t: number) => void}} props */
function Lane({ row, length_s, picture, now, isOn, chosen, pick }) {
  const lane = useRef(/** @type {HTMLElement | null} */ (null));
  const first = row.spans[0].start_s;
  const onClick = (/** @type {MouseEvent} */ event) => {
    const frame = lane.current?.getBoundingClientRect();
    if (!frame || !event.detail) return pick(row, chosen && isOn ? chosen.start_s : first); // by a key
    const t = Math.max(0, Math.min(1, (event.clientX - frame.left) / frame.width)) * length_s;
    const near = at(row, t, (NEAR_PX / frame.width) * length_s);
    return pick(row, near && (t < near.start_s || t >= near.end_s) ? near.start_s : t);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const from = isOn ? (chosen?.start_s ?? now.value) : event.key === "ArrowRight" ? -1 : Infinity;
    const next = beside(row, from, event.key === "ArrowRight" ? 1 : -1);
    if (next) pick(row, next.start_s);
    event.preventDefault();
    event.stopPropagation();
  };
  const own = isOn && chosen ? chosen : null;
  return html`
    <div class=${`lane ${isOn ? "on" : ""}`}>
      <button type="button" class="lane-who" onClick=${() => pick(row, own ? own.start_s : first)} onKeyDown=${onKeyDown} aria-pressed=${isOn}
        aria-label=${T.lane(row.name, TEXTS.seconds(row.face_s), row.spans.length)}>
        ${picture ? html`<img src=${picture} alt="" loading="lazy" />` : html`<span class="no-picture"></span>`}
        <span class="lane-name"><${Name} name=${row.name} most=${26} /><small>${row.isStranger ? T.stranger : TEXTS.seconds(row.face_s)}</small></span>
      </button>
      <div class=${`lane-spans ${row.character === null ? "unnamed" : ""}`} ref=${lane} onClick=${onClick}>
        <svg viewBox=${`0 0 ${length_s} 1`} preserveAspectRatio="none" aria-hidden="true">
          ${LOOKS.map((look) => html`<${Bars} key=${look} spans=${row.spans.filter((one) => lookOf(one) === look)} look=${look} scale=${1} least=${length_s / 600} />`)}
          ${own && html`<path class="chosen" d=${bar(own.start_s, Math.max(own.end_s, own.start_s + length_s / 600), 0, 1)} />`}
        </svg>
      </div>
    </div>`;
}

/** @param {{spans: readonly {start_s: number, end_s: number}[], look: "face" | "followed" | "stated" | "depicted", scale: number, least?: number}} props */
function Bars({ spans, look, scale, least = 0 }) {
  if (!spans.length) return null;
  const [top, bottom] = HEIGHTS[look];
  return html`<path class=${look} vector-effect="non-scaling-stroke" d=${spans.map((one) => bar(one.start_s, Math.max(one.end_s, one.start_s + least), top * scale, bottom * scale)).join("")} />`;
}

/** @param {number} left @param {number} right @param {number} top @param {number} bottom */
function bar(left, right, top, bottom) {
  return `M${left} ${top}H${right}V${bottom}H${left}Z`;
}

/** Round times to be written above the rows. @param {number} length_s */
function ticks(length_s) {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].find((one) => length_s / one <= 8) ?? 14400;
  return Array.from({ length: Math.floor(length_s / step) + 1 }, (_, number) => number * step);
}

/** The best picture of everybody in a film, by name. @param {string} id @param {unknown} version read again when it changes */
export function usePictures(id, version) {
  const [pictures, setPictures] = useState(/** @type {ReadonlyMap<string, string>} */ (new Map()));
  useEffect(() => {
    let isOver = false;
    const read = async () => {
      /** @type {Map<string, string>} */
      const found = new Map();
      let cursor;
      do {
        const page = await get(`media/${id}/crops`, { by: "person", limit: 200, cursor });
        for (const row of page.crops) if (row.pictures.length) found.set(row.character ?? `Unknown ${row.unknown}`, row.pictures[0].address);
        cursor = page.next ?? undefined;
        if (isOver) return;
      } while (cursor !== undefined);
      setPictures(found);
    };
    read().catch(() => {}); // without pictures there are names
    return () => {
      isOver = true;
    };
  }, [id, version]);
  return pictures;
}
