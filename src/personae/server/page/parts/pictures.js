// Pictures of the cast: their addresses, and how one is drawn where there is none.
import { urlOf } from "../api.js";
import { html } from "../html.js";

/** The whole address of what an answer tells from /api/v1 on. @param {string | null} path */
export function pictureOf(path) {
  return path ? String(urlOf(path.replace(/^\//, ""))) : "";
}

/** A small face, or a place for one. @param {{address: string | null, size?: number, alt?: string}} props */
export function Face({ address, size = 48, alt = "" }) {
  const own = pictureOf(address);
  return own
    ? html`<img class="face" src=${own} alt=${alt} width=${size} height=${size} loading="lazy" />`
    : html`<span class="face none-yet" style=${{ width: `${size}px`, height: `${size}px` }} aria-hidden="true">?</span>`;
}
