// What this browser keeps for the page. Where it keeps nothing (it is forbidden, full or damaged), this tab remembers.
import { signal } from "./html.js";

const PREFIX = "personae-";
/** What could not be written: for as long as this tab is open. @type {Map<string, string>} */
const memory = new Map();
/** Whether something is only remembered by this tab. */
export const isForgetful = signal(false);

/** @returns {Storage | null} */
function disk() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** A value; undefined for none, and for what is no JSON. @param {string} key @returns {any} */
export function load(key) {
  const text = memory.get(key) ?? disk()?.getItem(PREFIX + key);
  if (text === null || text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} key @param {any} value */
export function save(key, value) {
  const text = JSON.stringify(value);
  memory.delete(key);
  try {
    const own = disk();
    if (!own) throw new Error("no storage");
    own.setItem(PREFIX + key, text);
  } catch {
    memory.set(key, text);
    isForgetful.value = true;
  }
}

/** @param {string} key */
export function drop(key) {
  memory.delete(key);
  disk()?.removeItem(PREFIX + key);
}

/** The keys that begin so, in order. @param {string} start */
export function keysOf(start) {
  const own = disk();
  const found = new Set(own ? Array.from({ length: own.length }, (_, at) => own.key(at) ?? "") : []);
  const all = [...[...found].filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length)), ...memory.keys()];
  return [...new Set(all)].filter((key) => key.startsWith(start)).sort();
}

/** Call `changed` when another tab has written something whose key begins so. @param {string} start
 * @param {(isNew: boolean) => void} changed `isNew`: there was nothing before */
export function watch(start, changed) {
  addEventListener("storage", (event) => {
    if (event.key === null || event.key.startsWith(PREFIX + start)) changed(event.oldValue === null && event.newValue !== null);
  });
}

/** An id for this tab, the same after a reload. */
export function tabId() {
  const id = crypto.randomUUID();
  try {
    const known = sessionStorage.getItem(`${PREFIX}tab`) ?? id;
    sessionStorage.setItem(`${PREFIX}tab`, known);
    return known;
  } catch {
    return id;
  }
}
