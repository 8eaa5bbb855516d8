// A question that has to be answered before anything goes on, and what stands in it.
import { html, render, useEffect, useRef, useState } from "../html.js";
import { TEXTS } from "../texts.js";
import { focusBack } from "./focus.js";

/**
 * Ask something; resolves with what was typed ("" where nothing is), or null where it was closed.
 * `typed`: what has to be typed to confirm; `field`: a field to fill, with its label and first value, what it offers, and
 * whether it has several lines.
 * @param {{title: string, body?: any, confirm: string, isDanger?: boolean, typed?: string, field?: {label: string, value?: string, options?: string[], isLong?: boolean}}} asked
 * @returns {Promise<string | null>}
 */
export function askFor(asked) {
  return new Promise((resolve) => {
    const place = document.createElement("div");
    document.body.append(place);
    const before = document.activeElement;
    const end = (/** @type {string | null} */ said) => {
      render(null, place);
      place.remove();
      focusBack(before);
      resolve(said);
    };
    render(html`<${Dialog} ...${asked} end=${end} />`, place);
  });
}

/** @param {{title: string, body?: any, confirm: string, isDanger?: boolean, typed?: string, field?: {label: string, value?: string, options?: string[], isLong?: boolean}, end: (said: string | null) => void}} props */
function Dialog({ title, body, confirm, isDanger = false, typed, field, end }) {
  const own = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [text, setText] = useState(field?.value ?? "");
  useEffect(() => own.current?.showModal(), []);
  const isReady = typed === undefined || text.trim() === typed;
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isReady) end(text.trim());
  };
  return html`
    <dialog ref=${own} aria-labelledby="dialog-title" onCancel=${() => end(null)}>
      <form onSubmit=${onSubmit}>
        <h2 id="dialog-title">${title}</h2>
        <div class="body">${body}</div>
        ${(typed !== undefined || field) &&
        html`<label><span class="label">${field?.label ?? TEXTS.typeToConfirm(typed ?? "")}</span>
          ${field?.isLong
            ? html`<textarea rows="8" value=${text} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} spellcheck=${false} autofocus></textarea>`
            : html`<input value=${text} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} autocomplete="off" spellcheck=${false} list=${field?.options ? "dialog-options" : null} autofocus />`}</label>
          ${field?.options ? html`<datalist id="dialog-options">${field.options.map((one) => html`<option key=${one} value=${one}></option>`)}</datalist>` : null}`}
        <p class="actions">
          <button type="button" onClick=${() => end(null)}>${TEXTS.cancel}</button>
          <button type="submit" class=${isDanger ? "danger" : "main"} disabled=${!isReady}>${confirm}</button>
        </p>
      </form>
    </dialog>`;
}
