// A span of a film, played over and over; where the film cannot be played here, its picture.
import { urlOf } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { TEXTS } from "../texts.js";

const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
const STARTS_AFTER_MS = 350;

/** Whether spans are played by themselves; muted in any case. */
export function isStill() {
  return isCalm.matches;
}

/** @typedef {[number, number, number, number]} Box x1, y1, x2, y2 in pixels */

/**
 * `box`: where the face is at `at_s`, in a picture of `size`; `path`: where it is around that, [seconds, x1, y1, x2, y2].
 * @param {{medium: string, from_s: number, to_s: number, at_s: number, box?: Box | null, size?: [number, number] | null,
 *  path?: [number, number, number, number, number][], label?: string}} props
 */
export function Loop({ medium, from_s, to_s, at_s, box = null, size = null, path = [], label = "" }) {
  const video = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const [plays, setPlays] = useState(false);
  const [isGone, setGone] = useState(false);
  const [picture, setPicture] = useState("");
  const key = `${medium} ${from_s} ${to_s}`;
  useEffect(() => {
    setPlays(false);
    setGone(false);
    setPicture("");
    let isOver = false;
    // Who goes on quickly does not look at it: nothing is decoded for them.
    const timer = setTimeout(async () => {
      const found = await pictureAt(medium, at_s);
      if (isOver) return;
      if (!found) setGone(true);
      else setPicture(found);
      if (found && !isStill()) setPlays(true);
    }, STARTS_AFTER_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key]);
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (!plays || !size || !path.length) return undefined;
    let request = 0;
    const draw = () => {
      const now = boxAt(path, video.current?.currentTime ?? 0);
      if (frame.current) {
        frame.current.hidden = !now;
        if (now) Object.assign(frame.current.style, shares(now, size));
      }
      request = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(request);
  }, [plays, key]);
  const begin = Math.max(from_s, 0);
  const again = () => {
    const own = video.current;
    if (own && (own.currentTime >= to_s || own.ended)) {
      own.currentTime = begin;
      own.play().catch(() => {}); // taken out of the page meanwhile
    }
  };
  const [width, height] = size ?? [16, 9];
  return html`
    <figure class="loop" style=${{ aspectRatio: `${width} / ${height}`, "--ratio": width / height }}>
      ${picture && !plays ? html`<img src=${picture} alt=${label} />` : null}
      ${plays && html`
        <video ref=${video} src=${`${urlOf(`media/${medium}/file`).href}#t=${begin}`} poster=${picture} muted autoplay playsinline
          aria-label=${label} onLoadedMetadata=${() => video.current && (video.current.currentTime = begin)} onTimeUpdate=${again} onEnded=${again}
          onError=${() => setPlays(false)}></video>`}
      ${picture && !plays && box && size ? html`<span key="still" class="box" style=${shares(box, size)}></span>` : null}
      ${plays && path.length ? html`<span key="moving" class="box" ref=${frame} hidden></span>` : null}
      ${isGone ? html`<figcaption>${TEXTS.review.noFilm}</figcaption>` : null}
      ${picture && html`
        <button type="button" class="play" aria-pressed=${plays} onClick=${() => setPlays(!plays)} aria-label=${plays ? TEXTS.pause : TEXTS.play}>
          ${plays ? "❚❚" : "▶"}</button>`}
    </figure>
  `;
}

const FARTHEST_S = 0.15;

/** Where the face is at a moment; null where nobody knows. @param {[number, number, number, number, number][]} path @param {number} s @returns {Box | null} */
function boxAt(path, s) {
  const after = path.findIndex(([at]) => at >= s);
  const [a, b] = after < 0 ? [path[path.length - 1], path[path.length - 1]] : [path[Math.max(after - 1, 0)], path[after]];
  if (s < a[0] - FARTHEST_S || s > b[0] + FARTHEST_S) return null;
  const share = b[0] > a[0] ? Math.min(Math.max((s - a[0]) / (b[0] - a[0]), 0), 1) : 0;
  const [, ...first] = a;
  const [, ...second] = b;
  return /** @type {Box} */ (first.map((value, side) => value + share * (second[side] - value)));
}

/** The address of a film's picture; empty where the film is not at hand. @param {string} medium @param {number} at_s */
async function pictureAt(medium, at_s) {
  try {
    const answer = await fetch(urlOf(`media/${medium}/picture`, { at_s: Math.max(at_s, 0) }));
    if (!answer.ok) return "";
    const { address } = await answer.json();
    return `${address}?width=960`;
  } catch {
    return "";
  }
}

/** Where a box lies, as a style. @param {[number, number, number, number]} box @param {[number, number]} size */
export function shares([x1, y1, x2, y2], [width, height]) {
  const percent = (/** @type {number} */ part, /** @type {number} */ whole) => `${(100 * part) / whole}%`;
  return { left: percent(x1, width), top: percent(y1, height), width: percent(x2 - x1, width), height: percent(y2 - y1, height) };
}
