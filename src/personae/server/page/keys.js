// Keys: one listener, views say what theirs mean. Commands are the terminal's (".s"), typed in the name field.
import { signal } from "./html.js";

/** Whether single keys outside of fields do something; can be switched off. */
export const areSingleKeysOn = signal(localStorage.getItem("personae-keys") !== "off");

/** @typedef {{keys: string, text: string, run: () => void, always?: boolean}} Binding
 * `keys`: "Enter", "Ctrl+z", "1"; `always`: also while something is typed. */

/** @type {Binding[][]} */
const stack = [];

/** What the view that is on top offers, for the list of keys. */
export const offered = signal(/** @type {Binding[]} */ ([]));

/** @param {Binding[]} bindings @returns {() => void} */
export function bind(bindings) {
  stack.push(bindings);
  offered.value = bindings;
  return () => {
    stack.splice(stack.indexOf(bindings), 1);
    offered.value = stack[stack.length - 1] ?? [];
  };
}

/** @param {KeyboardEvent} event */
function said(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && event.key.length > 1) parts.push("Shift");
  return [...parts, event.key.length === 1 && parts.length ? event.key.toLowerCase() : event.key].join("+");
}

addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const target = event.target;
  const isTyping = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
  const name = said(event);
  const isSingle = name.length === 1;
  const binding = stack[stack.length - 1]?.find((one) => one.keys === name && (one.always || !isTyping));
  if (!binding || (isSingle && !isTyping && !areSingleKeysOn.value)) return;
  event.preventDefault();
  binding.run();
});
