// A long list of rows of one height of which only those that are seen are in the document.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";

const ROWS_BEYOND = 6;

/**
 * `height`: of a row in pixels; `draw`: a row's content, with one thing in it that can have the focus (`a`, `button`,
 * `[tabindex]`): the arrow keys go through them. `shown`: the row that has to be seen, as when its address was opened.
 * `more`: called when the end comes near; `count`: how many there are in all, where more are to come.
 * @template T
 * @param {{items: readonly T[], keyOf: (item: T) => string, draw: (item: T) => any, height: number, label: string, shown?: string,
 *  count?: number, more?: () => void}} props
 */
export function Rows({ items, keyOf, draw, height, label, shown = "", count = items.length, more }) {
  const box = useRef(/** @type {HTMLUListElement | null} */ (null));
  const [seen, setSeen] = useState({ first: 0, last: 40 });
  useLayoutEffect(() => {
    const look = () => {
      const top = -(box.current?.getBoundingClientRect().top ?? 0);
      const first = Math.max(0, Math.floor(top / height) - ROWS_BEYOND);
      const last = Math.max(0, Math.ceil((top + innerHeight) / height)) + ROWS_BEYOND;
      setSeen((before) => (before.first === first && before.last === last ? before : { first, last }));
      if (last > items.length) more?.();
    };
    look();
    const observer = new ResizeObserver(look); // what stands above may grow
    observer.observe(document.body);
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      observer.disconnect();
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [height, items.length, more]);
  useEffect(() => {
    const at = shown ? items.findIndex((item) => keyOf(item) === shown) : -1;
    if (at >= 0) reveal(at);
  }, [shown, items.length > 0]);

  /** @param {number} at */
  const reveal = (at) => {
    const top = (box.current?.getBoundingClientRect().top ?? 0) + at * height;
    if (top < 60) scrollBy(0, top - 70);
    else if (top + height > innerHeight) scrollBy(0, top + height - innerHeight + 10);
  };

  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-row]");
    if (!row || !(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    const at = Math.max(0, Math.min(items.length - 1, Number(row.getAttribute("data-row")) + step));
    reveal(at);
    requestAnimationFrame(() =>
      /** @type {HTMLElement | null} */ (box.current?.querySelector(`[data-row="${at}"] :is(a, button, [tabindex])`))?.focus({ preventScroll: true }));
  };

  const first = Math.min(seen.first, items.length);
  return html`
    <ul class="rows" ref=${box} aria-label=${label} onKeyDown=${onKeyDown} style=${{ height: `${Math.max(items.length, count) * height}px` }}>
      ${items.slice(first, seen.last).map((item, at) => html`
        <li key=${keyOf(item)} data-row=${first + at} aria-setsize=${count} aria-posinset=${first + at + 1}
          style=${{ transform: `translateY(${(first + at) * height}px)`, height: `${height}px` }}>${draw(item)}</li>`)}
    </ul>`;
}
