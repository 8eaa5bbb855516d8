// A film as it lies there, part after part; where the browser cannot play it, its pictures.
import { get, urlOf } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { bind } from "../keys.js";
import { TEXTS } from "../texts.js";
import { shares } from "./player.js";
import { clock } from "./time.js";

const T = TEXTS.film;
const PICTURE_AFTER_MS = 120;

/** How to drive a player. @typedef {{seek: (t: number) => void, toggle: () => void}} Drive */

/**
 * `begin_s`: where it stands at first; `starts`: seconds at which each file begins, of a film that is several; `now` is
 * told the time; `drive` is given what moves it; `box`: on the picture of `box_s`.
 * @param {{medium: string, size: [number, number], starts: number[], length_s: number, begin_s: number, now: import("@preact/signals").Signal<number>,
 *  drive: {current: Drive | null}, rested: (t: number) => void, box?: [number, number, number, number] | null}} props
 */
export function FilmPlayer({ medium, size, starts, length_s, begin_s, now, drive, rested, box = null }) {
  const video = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const [part, setPart] = useState(partAt(starts, begin_s));
  const [cannot, setCannot] = useState(false);
  const offset = starts[part] ?? 0;
  const wanted = useRef(begin_s - offset);
  const goesOn = useRef(false);
  useEffect(() => {
    drive.current = {
      seek(t) {
        const to = Math.max(0, Math.min(t, length_s));
        now.value = to;
        const next = partAt(starts, to);
        wanted.current = to - (starts[next] ?? 0);
        if (next !== part) setPart(next);
        else if (video.current) video.current.currentTime = wanted.current;
      },
      toggle() {
        const own = video.current;
        if (own) void (own.paused ? own.play().catch(() => {}) : own.pause());
      },
    };
    return bind([
      { keys: "k", text: T.toggle, run: () => drive.current?.toggle() },
      { keys: "j", text: T.back, run: () => drive.current?.seek(now.value - 5) },
      { keys: "l", text: T.forth, run: () => drive.current?.seek(now.value + 5) },
      { keys: ",", text: T.step, run: () => drive.current?.seek(now.value - 0.04) },
      { keys: ".", text: T.step, run: () => drive.current?.seek(now.value + 0.04) },
    ]);
  }, [part, length_s]);
  if (cannot) return html`<${Pictures} medium=${medium} size=${size} length_s=${length_s} now=${now} drive=${drive} rested=${rested} box=${box} />`;
  const onTime = () => {
    const own = video.current;
    if (own && !own.seeking) now.value = own.currentTime + offset;
  };
  return html`
    <figure class="film-player" style=${{ aspectRatio: `${size[0]} / ${size[1]}` }}>
      <video ref=${video} key=${part} src=${urlOf(`media/${medium}/file`, { part: part + 1 }).href} controls playsinline preload="auto" aria-label=${T.player}
        onLoadedMetadata=${() => {
          const own = video.current;
          if (!own) return;
          if (!own.videoWidth) return setCannot(true); // it has a sound that can be played, and no picture
          own.currentTime = wanted.current;
          if (goesOn.current) void own.play().catch(() => {});
          goesOn.current = false;
        }}
        onTimeUpdate=${onTime} onSeeked=${onTime} onPause=${() => rested(now.value)} onError=${() => setCannot(true)}
        onEnded=${() => {
          if (part + 1 >= starts.length) return;
          wanted.current = 0;
          goesOn.current = true;
          setPart(part + 1);
        }}></video>
    </figure>`;
}

/** @param {number[]} starts @param {number} t */
function partAt(starts, t) {
  return Math.max(0, starts.findLastIndex((start) => start <= t));
}

/** The film picture by picture. @param {any} props */
function Pictures({ medium, size, length_s, now, drive, rested, box }) {
  const [address, setAddress] = useState("");
  const [isGone, setGone] = useState(false);
  const t = now.value;
  useEffect(() => {
    drive.current = { seek: (/** @type {number} */ to) => { now.value = Math.max(0, Math.min(to, length_s)); rested(now.value); }, toggle() {} };
  }, [length_s]);
  useEffect(() => {
    let isOver = false;
    const timer = setTimeout(async () => {
      try {
        const found = await get(`media/${medium}/picture`, { at_s: Math.min(t, Math.max(length_s - 0.05, 0)) });
        if (!isOver) setAddress(`${found.address}?width=960`);
      } catch {
        if (!isOver) setGone(true);
      }
    }, PICTURE_AFTER_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [medium, t]);
  return html`
    <figure class="film-player" style=${{ aspectRatio: `${size[0]} / ${size[1]}` }}>
      ${address ? html`<img src=${address} alt=${T.pictureAt(clock(t))} />` : null}
      ${address && box ? html`<span class="box" style=${shares(box, size)}></span>` : null}
      ${isGone && !address ? html`<figcaption>${TEXTS.review.noFilm}</figcaption>` : null}
    </figure>
    <label class="film-slider"><span class="quiet">${isGone ? T.noFile : T.cannotPlay}</span>
      <input type="range" min="0" max=${length_s} step="0.04" value=${t} aria-valuetext=${clock(t)} onInput=${(/** @type {any} */ event) => drive.current?.seek(Number(event.currentTarget.value))} /></label>`;
}
