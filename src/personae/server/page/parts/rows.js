// A long list of rows of one height, of which only those that are seen are in the document.
import { html, useLayoutEffect, useRef, useState } from "../html.js";

const ROWS_BEYOND = 6;

/**
 * `height` of a row in pixels; `more`: called when the end comes near; `count`: how many there are in all, where more
 * are to come.
 * @template T
 * @param {{items: readonly T[], keyOf: (item: T) => string, draw: (item: T) => any, height: number, label: string, count?: number, more?: () => void}} props
 */
export function Rows({ items, keyOf, draw, height, label, count = items.length, more }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [seen, setSeen] = useState({ first: 0, last: 30 });
  useLayoutEffect(() => {
    const look = () => {
      const top = -(box.current?.getBoundingClientRect().top ?? 0);
      const first = Math.max(0, Math.floor(top / height) - ROWS_BEYOND);
      const last = Math.ceil((top + innerHeight) / height) + ROWS_BEYOND;
      setSeen((before) => (before.first === first && before.last === last ? before : { first, last }));
      if (last > items.length) more?.();
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [items.length, height, more]);
  return html`
    <ul class="rows" ref=${box} aria-label=${label} style=${{ height: `${Math.max(items.length, count) * height}px` }}>
      ${items.slice(seen.first, seen.last).map((item, at) => html`
        <li key=${keyOf(item)} aria-setsize=${count} aria-posinset=${seen.first + at + 1} style=${{ transform: `translateY(${(seen.first + at) * height}px)`, height: `${height}px` }}>${draw(item)}</li>`)}
    </ul>`;
}
