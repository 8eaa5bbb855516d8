// A film's timeline as rows per person, and what the page asks of it.
import { Away, Refused, urlOf } from "../api.js";

/**
 * @typedef {{id: number, name: string, character: string | null, character_id: string | null, unknown: number | null, stranger: boolean,
 *  start_s: number, end_s: number, similarity: number, confidence: number, tracks: number[], seen: "face" | "followed" | "stated",
 *  depicted: boolean, decided_by: string}} Appearance
 * @typedef {{name: string, character: string | null, character_id: string | null, unknown: number | null, isStranger: boolean,
 *  face_s: number, spans: Appearance[]}} Row
 * @typedef {{rows: Row[], appearances: Appearance[], length_s: number, size: [number, number], parts: number[], shots: number[],
 *  position: number | null}} Timeline
 */

/** Read a film's timeline: as it is now, with the place in the journal that its numbers are of. @param {string} id @returns {Promise<Timeline>} */
export async function readTimeline(id) {
  let answer, body;
  try {
    answer = await fetch(urlOf(`media/${id}/timeline`));
    body = await answer.json();
  } catch (error) {
    throw new Away(String(error));
  }
  if (!answer.ok) throw new Refused({ status: answer.status, ...body });
  const said = answer.headers.get("personae-position");
  return timelineOf(body, said === null ? null : Number(said));
}

/** @param {any} body the native format @param {number | null} position @returns {Timeline} */
export function timelineOf(body, position) {
  const video = body.video;
  /** @type {Appearance[]} */
  const appearances = body.appearances;
  const seconds = new Map(body.characters.map((/** @type {any} */ one) => [one.name, one.visible_face_time_s]));
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const one of appearances) {
    let row = rows.get(one.name);
    if (!row) {
      row = { name: one.name, character: one.character, character_id: one.character_id, unknown: one.unknown, isStranger: false, face_s: seconds.get(one.name) ?? 0, spans: [] };
      rows.set(one.name, row);
    }
    row.spans.push(one);
    row.isStranger ||= one.stranger;
  }
  const ordered = [...rows.values()].sort((a, b) => rank(a) - rank(b) || b.face_s - a.face_s || a.name.localeCompare(b.name));
  const base = Number(video.time_base.split("/")[0]) / Number(video.time_base.split("/")[1]);
  return {
    rows: ordered, appearances, length_s: Math.max(video.duration_s, 0.001), size: video.size, position,
    parts: (video.parts ?? []).map((/** @type {any} */ part) => (part.start_pts - video.start_pts) * base),
    shots: body.shots.map((/** @type {any} */ shot) => shot.start_s),
  };
}

/** Characters, then whom nobody has named, then strangers. @param {Row} row */
function rank(row) {
  return row.character !== null ? 0 : row.isStranger ? 2 : 1;
}

/** How a span is drawn. @param {Appearance} one @returns {"depicted" | "face" | "followed" | "stated"} */
export function lookOf(one) {
  return one.depicted ? "depicted" : one.seen;
}

/** The appearance of somebody at a time, or the nearest one within `slack_s`. @param {Row} row @param {number} t @param {number} [slack_s] */
export function at(row, t, slack_s = 0) {
  const there = row.spans.find((one) => one.start_s <= t && t < one.end_s);
  if (there || !slack_s) return there ?? null;
  const far = (/** @type {Appearance} */ one) => Math.max(one.start_s - t, t - one.end_s);
  const nearest = row.spans.reduce((best, one) => (far(one) < far(best) ? one : best));
  return far(nearest) <= slack_s ? nearest : null;
}

/** The next appearance of somebody after a time, or the one before. @param {Row} row @param {number} t @param {1 | -1} way */
export function beside(row, t, way) {
  const spans = [...row.spans].sort((a, b) => a.start_s - b.start_s);
  return (way > 0 ? spans.find((one) => one.start_s > t + 0.01) : spans.reverse().find((one) => one.start_s < t - 0.01)) ?? null;
}
