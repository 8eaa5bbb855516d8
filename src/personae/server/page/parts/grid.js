// A grid of many pictures of which only those that are seen are in the document, with selection: click, Ctrl, Shift, the
// keys, a rubber band; on touch screens a long press begins it. What has the focus keeps it when the pictures change.
import { html, useLayoutEffect, useMemo, useRef, useState } from "../html.js";

const ROWS_BEYOND = 3;
const DRAG_FROM_PX = 6;
/** So near to the edge a rubber band scrolls. */
const EDGE_PX = 48;
const HEAD_PX = 64;

/**
 * Where the cells lie. @typedef {{columns: number, width: number, height: number, gap: number, top: number}} Layout
 */

/**
 * `items` in order; `keyOf`: what tells them apart; `draw`: a cell's content; `cell`: its least width and its height in
 * pixels; `chosen`: the keys that are selected, null where nothing can be; `open`: what a double click or Enter does;
 * `labelOf`: what it is called for who does not see it, "" where its content says so; `toggles`: a click adds to what is selected, as with Ctrl.
 * @template T
 * @param {{items: readonly T[], keyOf: (item: T) => string, draw: (item: T, isChosen: boolean) => any, labelOf: (item: T) => string,
 *  cell: {width: number, height: number, gap?: number}, label: string, chosen?: import("@preact/signals").Signal<ReadonlySet<string>> | null,
 *  open?: (item: T) => void, toggles?: boolean}} props
 */
export function Grid({ items, keyOf, draw, labelOf, cell, label, chosen = null, open, toggles = false }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [layout, setLayout] = useState(/** @type {Layout} */ ({ columns: 1, width: cell.width, height: cell.height, gap: cell.gap ?? 8, top: 0 }));
  const [seen, setSeen] = useState({ first: 0, last: 40 });
  /** What has the focus, or would get it. */
  const [focusedKey, setFocusedKey] = useState("");
  const wantsFocus = useRef(false);
  /** What is drawn in each cell that is seen: what stays the same is not looked at again while scrolling.
   * @type {{current: Map<string, {item: T, isChosen: boolean, draw: any, drawn: any}>}} */
  const contents = useRef(new Map());
  const lastFocused = useRef(0);
  const [band, setBand] = useState(/** @type {{left: number, top: number, right: number, bottom: number} | null} */ (null));
  /** Where a selection with Shift begins. */
  const anchor = useRef("");
  /** What is at the top, to be there when the columns are others. */
  const topmost = useRef("");
  const { columns, height, gap } = layout;
  const rows = Math.ceil(items.length / columns);
  const places = useMemo(() => new Map(items.map((item, number) => [keyOf(item), number])), [items]);
  // Where it is gone, what is in its place has the focus.
  const focused = Math.max(0, Math.min(places.get(focusedKey) ?? lastFocused.current, items.length - 1));
  lastFocused.current = focused;

  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return undefined;
    const measure = () => {
      const space = cell.gap ?? 8;
      const inside = own.clientWidth;
      const count = Math.max(1, Math.floor((inside + space) / (cell.width + space)));
      const width = (inside - space * (count - 1)) / count;
      const next = { columns: count, width, height: cell.height, gap: space, top: own.getBoundingClientRect().top + scrollY };
      setLayout((before) => (Object.entries(next).every(([name, value]) => before[/** @type {keyof Layout} */ (name)] === value) ? before : next));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(own);
    observer.observe(document.body);
    measure();
    return () => observer.disconnect();
  }, [cell.width, cell.height]);

  useLayoutEffect(() => {
    const number = places.get(topmost.current);
    if (number === undefined || !box.current) return;
    const at = box.current.getBoundingClientRect().top + Math.floor(number / columns) * (height + gap);
    if (at < -height || at > innerHeight) scrollBy(0, at - HEAD_PX);
  }, [columns]);

  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    /** @type {HTMLElement | null} */ (box.current?.querySelector(`[data-at="${focused}"]`))?.focus({ preventScroll: true });
  });

  useLayoutEffect(() => {
    const look = () => {
      const top = (box.current?.getBoundingClientRect().top ?? 0) * -1;
      const first = Math.max(0, Math.floor(top / (height + gap)) - ROWS_BEYOND);
      const last = Math.ceil((top + innerHeight) / (height + gap)) + ROWS_BEYOND;
      const number = Math.max(0, Math.ceil((top + HEAD_PX) / (height + gap))) * columns;
      topmost.current = top > 0 && items[number] ? keyOf(items[number]) : "";
      setSeen((before) => (before.first === first && before.last === last ? before : { first, last }));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [layout, items]);

  /** @param {number} number */
  const placeOf = (number) => ({
    left: (number % columns) * (layout.width + gap),
    top: Math.floor(number / columns) * (height + gap),
  });

  /** @param {number} from @param {number} to */
  const between = (from, to) => items.slice(Math.min(from, to), Math.max(from, to) + 1).map(keyOf);

  /** Select as a click or a key with these modifiers does. @param {number} number @param {{shiftKey: boolean, ctrlKey: boolean, metaKey: boolean}} event */
  const select = (number, event, isToggle = false) => {
    const key = keyOf(items[number]);
    setFocusedKey(key);
    if (!chosen) return;
    if (event.shiftKey) {
      chosen.value = new Set([...(event.ctrlKey || event.metaKey ? chosen.value : []), ...between(places.get(anchor.current) ?? number, number)]);
      return;
    }
    anchor.current = key;
    const own = new Set(isToggle || event.ctrlKey || event.metaKey ? chosen.value : []);
    if (chosen.value.has(key) && (isToggle || event.ctrlKey || event.metaKey || chosen.value.size === 1)) own.delete(key);
    else own.add(key);
    chosen.value = own;
  };

  /** @param {number} number */
  const focus = (number) => {
    const target = Math.max(0, Math.min(items.length - 1, number));
    if (!items.length) return 0;
    wantsFocus.current = true;
    setFocusedKey(keyOf(items[target]));
    const { top } = placeOf(target);
    const at = (box.current?.getBoundingClientRect().top ?? 0) + top;
    if (at < HEAD_PX) scrollBy(0, at - HEAD_PX - gap);
    const foot = innerHeight - (/** @type {HTMLElement | null} */ (document.querySelector(".chosen-bar"))?.offsetHeight ?? 0);
    if (at >= HEAD_PX && at + height > foot) scrollBy(0, at + height - foot + 10);
    if (target === focused) /** @type {HTMLElement | null} */ (box.current?.querySelector(`[data-at="${target}"]`))?.focus({ preventScroll: true });
    return target;
  };

  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const number = Number(/** @type {HTMLElement} */ (event.target).closest?.("[data-at]")?.getAttribute("data-at") ?? focused);
    const page = Math.max(1, Math.floor((innerHeight - HEAD_PX) / (height + gap))) * columns;
    const isRtl = getComputedStyle(/** @type {HTMLElement} */ (box.current)).direction === "rtl" ? -1 : 1;
    const steps = {
      ArrowLeft: -isRtl, ArrowRight: isRtl, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity,
    };
    if (event.altKey || !items.length) return;
    if (event.key in steps) {
      const next = focus(number + steps[/** @type {keyof typeof steps} */ (event.key)]);
      if (event.shiftKey && chosen) chosen.value = new Set(between(places.get(anchor.current) ?? number, next));
      else anchor.current = keyOf(items[next]);
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
    let last = event;
    let frameOf = 0;
    /** @param {PointerEvent} now */
    const onMove = (now) => {
      last = now;
      if (!isDragging && Math.hypot(now.clientX - start[0], now.clientY + scrollY - start[1]) < DRAG_FROM_PX) return;
      isDragging = true;
      frameOf ||= requestAnimationFrame(draw);
    };
    const draw = () => {
      frameOf = 0;
      const end = [last.clientX, last.clientY + scrollY];
      const frame = own.getBoundingClientRect();
      const [left, right] = [start[0], end[0]].map((x) => x - frame.left).sort((a, b) => a - b);
      const [top, bottom] = [start[1], end[1]].map((y) => y - frame.top - scrollY).sort((a, b) => a - b);
      setBand({ left, top, right, bottom });
      const [fromRow, toRow] = [top / (height + gap), bottom / (height + gap)].map((row) => Math.max(0, Math.min(rows - 1, Math.floor(row))));
      /** @type {string[]} */
      const hit = [];
      for (let number = fromRow * columns; number < Math.min((toRow + 1) * columns, items.length); number += 1) {
        const at = placeOf(number);
        if (at.left < right && at.left + layout.width > left && at.top < bottom && at.top + height > top) hit.push(keyOf(items[number]));
      }
      chosen.value = new Set([...before, ...hit]);
      getSelection()?.removeAllRanges();
      const beyond = last.clientY > innerHeight - EDGE_PX ? 1 : last.clientY < HEAD_PX + EDGE_PX && scrollY > 0 ? -1 : 0;
      if (beyond) {
        scrollBy(0, beyond * 16);
        frameOf ||= requestAnimationFrame(draw);
      }
    };
    const onUp = () => {
      removeEventListener("pointermove", onMove);
      removeEventListener("pointerup", onUp);
      removeEventListener("pointercancel", onUp);
      cancelAnimationFrame(frameOf);
      setBand(null);
      // The click that ends a drag selects nothing else.
      if (!isDragging) return;
      const stop = (/** @type {Event} */ click) => click.stopPropagation();
      addEventListener("click", stop, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", stop, true));
    };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onUp);
    addEventListener("pointercancel", onUp);
  };

  /** A tap opens, or selects where something is selected; a click selects. @param {number} number @param {MouseEvent & {pointerType?: string}} event */
  const onClick = (number, event) => {
    const isTap = event.pointerType === "touch";
    if (open && (!chosen || (isTap && !chosen.value.size))) return open(items[number]);
    return select(number, event, isTap || toggles);
  };

  /** A long press selects. @param {number} number @param {MouseEvent & {pointerType?: string}} event */
  const onContextMenu = (number, event) => {
    if (!chosen || event.pointerType !== "touch") return;
    event.preventDefault();
    select(number, event, true);
  };

  const first = Math.min(seen.first, rows) * columns;
  const last = Math.min(seen.last * columns, items.length);
  const numbers = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
  // What has the focus stays in the document, or the focus would be lost.
  if (items.length && (focused < first || focused >= last)) numbers.push(focused);
  const before = contents.current;
  contents.current = new Map();
  /** @param {T} item @param {string} key @param {boolean} isChosen */
  const contentOf = (item, key, isChosen) => {
    const known = before.get(key);
    const same = known && known.item === item && known.isChosen === isChosen && known.draw === draw;
    const own = same ? known : { item, isChosen, draw, drawn: draw(item, isChosen) };
    contents.current.set(key, own);
    return own.drawn;
  };
  return html`
    <div class="grid" ref=${box} role="listbox" aria-multiselectable=${chosen ? "true" : null} aria-label=${label} onKeyDown=${onKeyDown}
      onPointerDown=${onPointerDown} style=${{ height: `${Math.max(0, rows * (height + gap) - gap)}px` }}>
      ${numbers.map((number) => {
        const item = items[number];
        const { left, top } = placeOf(number);
        const isChosen = chosen?.value.has(keyOf(item)) ?? false;
        return html`
          <div key=${keyOf(item)} role="option" aria-selected=${isChosen} aria-label=${labelOf(item) || null} aria-setsize=${items.length} aria-posinset=${number + 1}
            data-at=${number} tabindex=${number === focused ? 0 : -1} class=${`cell ${isChosen ? "chosen" : ""}`}
            onClick=${(/** @type {any} */ event) => onClick(number, event)} onContextMenu=${(/** @type {any} */ event) => onContextMenu(number, event)}
            onFocus=${() => focusedKey !== keyOf(item) && setFocusedKey(keyOf(item))} onDblClick=${() => open?.(item)}
            style=${{ transform: `translate(${left}px, ${top}px)`, width: `${layout.width}px`, height: `${height}px` }}>${contentOf(item, keyOf(item), isChosen)}</div>`;
      })}
      ${band && html`<div class="band" style=${{ left: `${band.left}px`, top: `${band.top}px`, width: `${band.right - band.left}px`, height: `${band.bottom - band.top}px` }}></div>`}
    </div>
  `;
}
