// A field for a name: letters find names, arrows and numbers choose, Enter takes; dots begin the terminal's commands.
import { understood } from "../commands.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { found } from "../names.js";
import { names } from "../state.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";

const T = TEXTS.nameField;
const MOST = 9;

/**
 * `likely`: names that are offered while nothing is typed; `take`: what to do with a name; `command`: with a command,
 * false where it is none here; `enter`: with Enter in an empty field.
 * @param {{label: string, likely?: readonly string[], take: (name: string) => void, command?: (kind: string) => boolean | void, enter?: () => void,
 *  isFocused?: boolean, hint?: string}} props
 */
export function NameField({ label, likely = [], take, command, enter, isFocused = false, hint = T.hint }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [wrong, setWrong] = useState("");
  const id = useRef(`names-${crypto.randomUUID().slice(0, 8)}`).current;
  useEffect(() => {
    if (isFocused) field.current?.focus({ preventScroll: true });
  }, [isFocused]);
  const said = understood(typed);
  const isExact = typed.startsWith("=");
  const choice = !typed ? likely.slice(0, MOST) : said.kind === "name" && !isExact ? found(names.value, said.text, MOST).map((one) => one.name) : [];
  const isNew = said.kind === "name" && (!choice.length || isExact) && said.text !== "";
  const done = (/** @type {string} */ name) => {
    setTyped("");
    setAt(0);
    setWrong("");
    take(name);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const isNumber = !typed && /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (step && choice.length) setAt(Math.max(0, Math.min(choice.length - 1, at + step)));
    else if (isNumber && choice[Number(event.key) - 1]) done(choice[Number(event.key) - 1]);
    else if (event.key === "Enter") onEnter();
    else if (event.key === "Escape" && typed) setTyped("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onEnter = () => {
    if (said.kind === "enter") return at ? done(choice[at]) : enter?.();
    if (said.kind === "name") return done(isExact || !choice.length ? said.text : choice[at] ?? choice[0]);
    if (command && command(said.kind) !== false) return setTyped("");
    return setWrong(TEXTS.review.noCommand(typed));
  };
  return html`
    <div class="naming">
      <label class="name-field"><span class="label">${label}</span>
        <input ref=${field} value=${typed} placeholder=${hint} autocomplete="off" autocapitalize="words" spellcheck=${false} enterkeyhint="done"
          role="combobox" aria-expanded=${choice.length > 0} aria-controls=${id} aria-describedby=${`${id}-wrong`}
          aria-activedescendant=${choice.length ? `${id}-${at}` : null} aria-autocomplete="list"
          onInput=${(/** @type {any} */ event) => { setTyped(event.currentTarget.value); setAt(0); setWrong(""); }} onKeyDown=${onKeyDown} /></label>
      <p id=${`${id}-wrong`} class="wrong" role="alert" hidden=${!wrong}>${wrong}</p>
      <ol id=${id} class="found" role="listbox" aria-label=${label} hidden=${!choice.length}>
        ${choice.map((name, number) => html`
          <li key=${name} id=${`${id}-${number}`} role="option" aria-selected=${number === at} class=${number === at && typed ? "taken" : ""}
            onClick=${() => done(name)}>${typed ? null : html`<kbd>${number + 1}</kbd> `}<${Name} name=${name} /></li>`)}
      </ol>
      ${isNew ? html`<p class="new-name">${TEXTS.review.newName(said.text)}</p>` : null}
    </div>`;
}
