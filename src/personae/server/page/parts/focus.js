// Where the focus goes when what had it is gone: never to nowhere.
import { useEffect } from "../html.js";

/** Whether nothing has the focus. */
export function isFocusLost() {
  return document.activeElement === null || document.activeElement === document.body;
}

/** Back to what had it before; where that is gone or was nothing, to the heading or the content. @param {Element | null} before */
export function focusBack(before) {
  if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus({ preventScroll: true });
  if (isFocusLost()) focusContent();
}

/** To what would have it in a list of pictures, the heading, or the content. */
export function focusContent() {
  const found = ["#main h1[tabindex]", "#main .grid [tabindex='0']", "#main"].map((each) => document.querySelector(each)).find(Boolean);
  /** @type {HTMLElement | null | undefined} */ (found)?.focus({ preventScroll: true });
}

/** When this part goes with what had the focus in it, the list of pictures has it. */
export function useFocusAfter() {
  useEffect(() => () => void requestAnimationFrame(() => {
    if (!isFocusLost() || document.querySelector("dialog[open]")) return;
    const cell = /** @type {HTMLElement | null} */ (document.querySelector("#main .grid [tabindex='0']"));
    if (cell) cell.focus({ preventScroll: true });
    else focusContent();
  }), []);
}
