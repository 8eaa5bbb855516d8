// Every key and command, and the switch for single keys.
import { html } from "../html.js";
import { areSingleKeysOn, switchSingleKeys } from "../keys.js";
import { TEXTS } from "../texts.js";

/** @type {[string[], string][]} */
export const ALL = [
  [["a", "b", "…"], TEXTS.keys.letters],
  [["1", "…", "9"], TEXTS.keys.digit],
  [["Enter"], TEXTS.keys.enter],
  [["↓", "↑"], TEXTS.keys.down],
  [["=Name"], TEXTS.keys.exact],
  [[".s", "Delete"], TEXTS.keys.stranger],
  [[".s all", "Shift+Delete"], TEXTS.keys.strangers],
  [[".x"], TEXTS.keys.noFace],
  [[".n"], TEXTS.keys.newPerson],
  [[".m Name"], TEXTS.keys.merge],
  [[".u", "Ctrl+Z"], TEXTS.keys.undo],
  [[".", "Esc"], TEXTS.keys.later],
  [["?", ".?"], TEXTS.keys.help],
  [["Space", "Shift", "Ctrl+A", "Esc"], TEXTS.keys.select],
  [["←", "→", "↑", "↓"], TEXTS.keys.move],
];

export function View() {
  return html`
    <h1>${TEXTS.keys.title}</h1>
    <p class="quiet">${TEXTS.keys.about}</p>
    <table class="keys"><tbody>
      ${ALL.map(([keys, text]) => html`<tr><th scope="row">${keys.map((key) => html`<kbd>${key}</kbd> `)}</th><td>${text}</td></tr>`)}
    </tbody></table>
    <label class="switch">
      <input type="checkbox" checked=${areSingleKeysOn.value} onChange=${(/** @type {any} */ event) => switchSingleKeys(event.currentTarget.checked)} />
      ${TEXTS.keys.single}
    </label>
  `;
}
