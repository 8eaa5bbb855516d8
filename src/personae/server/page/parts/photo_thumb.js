// A small picture of a photo with boxes and names on its faces.
import { urlOf } from "../api.js";
import { html, useEffect, useRef } from "../html.js";
import { shares } from "./player.js";

/** Who scrolls past a picture does not look at it: it is asked for, and decoded, only after so long. */
const LOOKED_AT_AFTER_MS = 120;
/** A name is written on a box that is at least so wide. */
const NAMED_FROM_PX = 34;
const NARROW = 320;
const WIDE = 640;

/** Where a photo's picture is. @param {string} set @param {{id: string, digest: string}} photo @param {number} width */
export function pictureOf(set, photo, width) {
  return urlOf(`media/${set}/photos/${photo.id}/${photo.digest}.jpg`, { width }).href;
}

/** Those that were seen once: the browser has them. @type {Set<string>} */
const seen = new Set();

/** @param {{set: string, photo: import("./photo_store.js").Photo, room: {width: number, height: number}}} props */
export function BoxedThumb({ set, photo, room }) {
  const own = useRef(/** @type {HTMLImageElement | null} */ (null));
  const address = pictureOf(set, photo, devicePixelRatio > 1.4 ? WIDE : NARROW);
  useEffect(() => {
    const image = own.current;
    if (!image) return undefined;
    const load = () => {
      image.src = address;
      image.onload = () => seen.add(address);
    };
    const timer = seen.has(address) ? (load(), 0) : setTimeout(load, LOOKED_AT_AFTER_MS);
    return () => {
      clearTimeout(timer);
      image.removeAttribute("src"); // a request that is under way ends
    };
  }, [address]);
  const [width, height] = photo.size;
  const scale = Math.min((room.width - 4) / width, (room.height - 4) / height);
  return html`
    <span class="boxed" style=${{ aspectRatio: `${width} / ${height}`, maxWidth: `${((room.height - 4) * width) / height}px` }}>
      <img ref=${own} alt="" decoding="async" draggable=${false} />
      ${photo.faces.map((face) => html`
        <span key=${face.number} class=${`box ${kindOf(face)}`} style=${shares(face.box, photo.size)}>
          ${(face.box[2] - face.box[0]) * scale >= NAMED_FROM_PX ? html`<bdi>${face.name}</bdi>` : null}</span>`)}
    </span>`;
}

/** How a box is drawn. @param {import("./photo_store.js").Face} face */
export function kindOf(face) {
  if (face.isStranger) return "stranger";
  return `${face.character === null ? "unknown" : face.isOurs ? "ours" : "model"} ${face.isDrawn ? "drawn" : ""}`;
}
