// A grid of many pictures of which only those that are seen are in the document, with selection: click, Ctrl, Shift, the
// keys, a rubber band.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";

const ROWS_BEYOND = 3;
const DRAG_FROM_PX = 6;

/**
 * Where the cells lie. @typedef {{columns: number, width: number, height: number, gap: number, top: number}} Layout
 */

/**
 * `items` in order; `keyOf`: what tells them apart; `draw`: a cell's content; `cell`: its least width and its height in
 * pixels; `chosen`: the keys that are selected, null where nothing can be; `open`: what a double click or Enter does;
 * `toggles`: a click adds to what is selected, as with Ctrl.
 * @template T
 * @param {{items: readonly T[], keyOf: (item: T) => string, draw: (item: T, isChosen: boolean) => any, labelOf: (item: T) => string,
 *  cell: {width: number, height: number, gap?: number}, label: string, chosen?: import("@preact/signals").Signal<ReadonlySet<string>> | null,
 *  open?: (item: T) => void, toggles?: boolean}} props
 */
export function Grid({ items, keyOf, draw, labelOf, cell, label, chosen = null, open, toggles = false }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [layout, setLayout] = useState(/** @type {Layout} */ ({ columns: 1, width: cell.width, height: cell.height, gap: cell.gap ?? 8, top: 0 }));
  const [seen, setSeen] = useState({ first: 0, last: 40 });
  const [focused, setFocused] = useState(0);
  const [band, setBand] = useState(/** @type {{left: number, top: number, right: number, bottom: number} | null} */ (null));
  const anchor = useRef(0);
  const { columns, height, gap } = layout;
  const rows = Math.ceil(items.length / columns);

  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return undefined;
    const measure = () => {
      const space = cell.gap ?? 8;
      const inside = own.clientWidth;
      const count = Math.max(1, Math.floor((inside + space) / (cell.width + space)));
      const width = (inside - space * (count - 1)) / count;
      setLayout({ columns: count, width, height: cell.height, gap: space, top: own.getBoundingClientRect().top + scrollY });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(own);
    observer.observe(document.body);
    measure();
    return () => observer.disconnect();
  }, [cell.width, cell.height]);

  useLayoutEffect(() => {
    const look = () => {
      const top = (box.current?.getBoundingClientRect().top ?? 0) * -1;
      const first = Math.max(0, Math.floor(top / (height + gap)) - ROWS_BEYOND);
      const last = Math.ceil((top + innerHeight) / (height + gap)) + ROWS_BEYOND;
      setSeen((before) => (before.first === first && before.last === last ? before : { first, last }));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [layout, items.length]);

  /** @param {number} number */
  const placeOf = (number) => ({
    left: (number % columns) * (layout.width + gap),
    top: Math.floor(number / columns) * (height + gap),
  });

  /** @param {number} from @param {number} to */
  const between = (from, to) => items.slice(Math.min(from, to), Math.max(from, to) + 1).map(keyOf);

  /** Select as a click or a key with these modifiers does. @param {number} number @param {{shiftKey: boolean, ctrlKey: boolean, metaKey: boolean}} event */
  const select = (number, event, isToggle = false) => {
    setFocused(number);
    if (!chosen) return;
    const key = keyOf(items[number]);
    if (event.shiftKey) {
      chosen.value = new Set([...(event.ctrlKey || event.metaKey ? chosen.value : []), ...between(anchor.current, number)]);
      return;
    }
    anchor.current = number;
    const own = new Set(isToggle || event.ctrlKey || event.metaKey ? chosen.value : []);
    if (chosen.value.has(key) && (isToggle || event.ctrlKey || event.metaKey || chosen.value.size === 1)) own.delete(key);
    else own.add(key);
    chosen.value = own;
  };

  /** @param {number} number */
  const focus = (number) => {
    const target = Math.max(0, Math.min(items.length - 1, number));
    setFocused(target);
    const { top } = placeOf(target);
    const at = (box.current?.getBoundingClientRect().top ?? 0) + top;
    if (at < 60) scrollBy(0, at - 70);
    else if (at + height > innerHeight) scrollBy(0, at + height - innerHeight + 10);
    requestAnimationFrame(() => /** @type {HTMLElement | null} */ (box.current?.querySelector(`[data-at="${target}"]`))?.focus({ preventScroll: true }));
    return target;
  };

  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const number = Number(/** @type {HTMLElement} */ (event.target).closest?.("[data-at]")?.getAttribute("data-at") ?? focused);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      const next = focus(number + steps[/** @type {keyof typeof steps} */ (event.key)]);
      if (event.shiftKey && chosen) chosen.value = new Set(between(anchor.current, next));
      else anchor.current = next;
    } else if (event.key === " " && chosen) select(number, event, true);
    else if (event.key === "Enter" && open) open(items[number]);
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && chosen) chosen.value = new Set(items.map(keyOf));
    else if (event.key === "Escape" && chosen?.value.size) chosen.value = new Set();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** Draw a rubber band, from where nothing is or from a picture. @param {PointerEvent} event */
  const onPointerDown = (event) => {
    const own = box.current;
    if (!chosen || !own || event.button || event.pointerType === "touch") return;
    const start = [event.clientX, event.clientY + scrollY];
    const before = event.ctrlKey || event.metaKey ? chosen.value : new Set();
    let isDragging = false;
    /** @param {PointerEvent} now */
    const onMove = (now) => {
      const end = [now.clientX, now.clientY + scrollY];
      if (!isDragging && Math.hypot(end[0] - start[0], end[1] - start[1]) < DRAG_FROM_PX) return;
      isDragging = true;
      const frame = own.getBoundingClientRect();
      const [left, right] = [start[0], end[0]].map((x) => x - frame.left).sort((a, b) => a - b);
      const [top, bottom] = [start[1], end[1]].map((y) => y - frame.top - scrollY).sort((a, b) => a - b);
      setBand({ left, top, right, bottom });
      const hit = items.filter((_, number) => {
        const at = placeOf(number);
        return at.left < right && at.left + layout.width > left && at.top < bottom && at.top + height > top;
      });
      chosen.value = new Set([...before, ...hit.map(keyOf)]);
      getSelection()?.removeAllRanges();
    };
    const onUp = () => {
      removeEventListener("pointermove", onMove);
      removeEventListener("pointerup", onUp);
      setBand(null);
      // The click that ends a drag selects nothing else.
      if (!isDragging) return;
      const stop = (/** @type {Event} */ click) => click.stopPropagation();
      addEventListener("click", stop, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", stop, true));
    };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onUp);
  };

  useEffect(() => {
    if (focused >= items.length) setFocused(Math.max(0, items.length - 1));
  }, [items.length]);

  const first = Math.min(seen.first, rows) * columns;
  const last = Math.min(seen.last * columns, items.length);
  const shown = items.slice(first, last);
  return html`
    <div class="grid" ref=${box} role="listbox" aria-multiselectable=${chosen ? "true" : null} aria-label=${label} onKeyDown=${onKeyDown}
      onPointerDown=${onPointerDown} style=${{ height: `${Math.max(0, rows * (height + gap) - gap)}px` }}>
      ${shown.map((item, at) => {
        const number = first + at;
        const { left, top } = placeOf(number);
        const isChosen = chosen?.value.has(keyOf(item)) ?? false;
        return html`
          <div key=${keyOf(item)} role="option" aria-selected=${isChosen} aria-label=${labelOf(item)} aria-setsize=${items.length} aria-posinset=${number + 1}
            data-at=${number} tabindex=${number === focused || (at === 0 && (focused < first || focused >= last)) ? 0 : -1} class=${`cell ${isChosen ? "chosen" : ""}`}
            onClick=${(/** @type {MouseEvent & {pointerType?: string}} */ event) => (chosen || !open ? select(number, event, toggles || event.pointerType === "touch") : open(item))}
            onDblClick=${() => open?.(item)}
            style=${{ transform: `translate(${left}px, ${top}px)`, width: `${layout.width}px`, height: `${height}px` }}>${draw(item, isChosen)}</div>`;
      })}
      ${band && html`<div class="band" style=${{ left: `${band.left}px`, top: `${band.top}px`, width: `${band.right - band.left}px`, height: `${band.bottom - band.top}px` }}></div>`}
    </div>
  `;
}
