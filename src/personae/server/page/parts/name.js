// A name or a file's name, however long: cut in the middle, whole on hover, in its own direction.
import { html } from "../html.js";

const LONGEST = 48;

/** @param {{name: string, most?: number}} props */
export function Name({ name, most = LONGEST }) {
  return html`<bdi class="name" title=${name}>${cut(name, most)}</bdi>`;
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @param {string} text @param {number} most signs as people count them */
export function cut(text, most) {
  if (text.length <= most) return text;
  const signs = [...segments.segment(text)].map((one) => one.segment);
  if (signs.length <= most) return text;
  const end = Math.floor((most - 1) / 3);
  return `${signs.slice(0, most - 1 - end).join("")}…${signs.slice(-end).join("")}`;
}
