// Pictures of the cast: their addresses, and how one is drawn where there is none.
import { urlOf } from "../api.js";
import { html } from "../html.js";

/** The whole address of what an answer tells from /api/v1 on. @param {string | null} path */
export function pictureOf(path) {
  return path ? String(urlOf(path.replace(/^\//, ""))) : "";
}

const AGAIN_MS = 1_000;
/** @type {WeakMap<HTMLImageElement, string>} What an image was asked for once more. */
const again = new WeakMap();

/** A photo that was taken out and is brought back has its old address: a picture that failed is asked for once more. @param {Event} event */
export function askAgain({ target: image }) {
  if (!(image instanceof HTMLImageElement) || image.src.startsWith("blob:") || again.get(image) === image.src) return;
  const asked = image.src;
  again.set(image, asked);
  setTimeout(() => {
    if (!image.isConnected || image.src !== asked) return;
    image.classList.remove("gone");
    image.src = asked;
  }, AGAIN_MS);
}

/** A small face, or a place for one. @param {{address: string | null, size?: number, alt?: string}} props */
export function Face({ address, size = 48, alt = "" }) {
  const own = pictureOf(address);
  return own
    ? html`<img class="face" src=${own} alt=${alt} width=${size} height=${size} loading="lazy" />`
    : html`<span class="face none-yet" style=${{ width: `${size}px`, height: `${size}px` }} aria-hidden="true">?</span>`;
}
