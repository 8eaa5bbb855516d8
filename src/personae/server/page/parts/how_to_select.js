// How things in a grid are selected and opened, in the words of the device that is at hand.
import { html } from "../html.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.howToSelect;

/** `kind`: "selects": a click selects; "opens": it opens; "toggles": it adds to what is selected.
 * @param {{kind?: "selects" | "opens" | "toggles"}} props */
export function HowToSelect({ kind = "selects" }) {
  const isTouch = matchMedia("(pointer: coarse)").matches;
  const [mouse, touch] = { selects: [T.mouse, T.touch], opens: [T.opens, T.tapOpens], toggles: [T.toggles, T.tapToggles] }[kind];
  return html`<p class="quiet how">${isTouch ? touch : mouse}</p>`;
}
