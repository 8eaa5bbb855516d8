// Keys: one listener; views say what theirs mean. Commands are the terminal's (".s"), typed in the name field.
import { signal } from "./html.js";
import { load, save } from "./store.js";

const STORED = "single-keys";
/** Held down these do once what they do: a question is not answered by the key that was meant for the one before. */
const ONCE = new Set(["Enter", "Escape", "Delete", "Shift+Delete", "Ctrl+z"]);

/** Whether single keys outside of fields do something; can be switched off. */
export const areSingleKeysOn = signal(load(STORED) !== "off");

/** @param {boolean} isOn */
export function switchSingleKeys(isOn) {
  save(STORED, isOn ? "on" : "off");
  areSingleKeysOn.value = isOn;
}

/**
 * `keys`: "Enter", "Ctrl+z", "1"; `always`: also while something is typed; `run`: false where it was no matter of it.
 * @typedef {{keys: string, text: string, run: () => void | boolean, always?: boolean}} Binding
 */

/** @type {Binding[][]} */
const stack = [];

/** @param {Binding[]} bindings @returns {() => void} that ends it */
export function bind(bindings) {
  stack.push(bindings);
  return () => {
    const at = stack.indexOf(bindings);
    if (at >= 0) stack.splice(at, 1);
  };
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && event.key.length > 1) parts.push("Shift");
  return [...parts, event.key.length === 1 && parts.length ? event.key.toLowerCase() : event.key].join("+");
}

/** @param {EventTarget | null} target */
function isField(target) {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

export function watchKeys() {
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return; // it has the keys
    const isTyping = isField(event.target);
    const name = pressed(event);
    if (!isTyping && name.length === 1 && !areSingleKeysOn.value) return;
    // A button that has the focus is pressed by Enter and the space bar itself.
    if (["Enter", " "].includes(name) && event.target instanceof Element && event.target.closest("button, a[href], summary")) return;
    for (const bindings of [...stack].reverse()) {
      const found = bindings.find((one) => one.keys === name && (one.always || !isTyping));
      if (found && ((event.repeat && ONCE.has(name)) || found.run() !== false)) {
        event.preventDefault();
        return;
      }
    }
  });
}
