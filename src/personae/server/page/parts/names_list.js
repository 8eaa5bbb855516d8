// A list of names, pasted: they can be given before anybody has photos.
import { html, useState } from "../html.js";
import { post } from "../outbox.js";
import { characters, tell } from "../state.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.start;
const LONGEST = 500;

/** The names of a list, each once, as it stands there first: one a line, with or without a number or a dash before it. @param {string} text */
export function namesIn(text) {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/u, "").trim().normalize("NFC"));
  const found = new Map();
  for (const line of lines) {
    const isName = line && line.length <= LONGEST;
    if (isName && !found.has(keyOf(line))) found.set(keyOf(line), line); // as it was written first
  }
  return [...found.values()];
}

/** Names that differ in case alone are one; accents tell two people apart. @param {string} name */
function keyOf(name) {
  return name.normalize("NFC").toLocaleLowerCase();
}

export function NamesList() {
  const [text, setText] = useState("");
  const all = namesIn(text);
  const known = new Set(characters.value.map((one) => keyOf(one.name)));
  const fresh = all.filter((name) => !known.has(keyOf(name)));
  const onSubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!fresh.length) return;
    tell(T.added(fresh.length));
    setText("");
    await post("POST", "characters", { names: fresh }, { text: T.added(fresh.length), undo: "cast" }).catch((error) => {
      setText(text);
      tell(error.message, { isBad: true });
    });
  };
  return html`
    <form onSubmit=${onSubmit} class="names-list">
      <textarea rows="8" aria-label=${T.names} placeholder=${T.namesHint} value=${text} spellcheck=${false} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)}></textarea>
      <p class="actions"><button type="submit" class="main" disabled=${!fresh.length}>${T.add(fresh.length)}</button>
        <span class="quiet" role="status">${all.length ? T.newOf(fresh.length, all.length) : ""}</span></p>
    </form>`;
}
