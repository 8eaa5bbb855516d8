// Letters that wait to be sent, and what was said and can be taken back: of one project, and of one key.
//
// Each has an entry of its own in the browser's store, so that tabs that write at the same moment lose nothing.
import { session } from "./api.js";
import { batch, signal } from "./html.js";
import { drop, keysOf, load, save, watch } from "./store.js";

const MOST_SAID = 200;

/**
 * Something to be sent. `text`: what it says; `question`: which one it answers; `asked`: that question, and what was typed, to
 * be asked again where it is refused; `undoes`: the letter that it takes back; `isSent`: it was sent once, and may have
 * arrived; `tries`: how often the server had a fault with it.
 * @typedef {{id: string, key: string, method: string, path: string, body: any, text: string, question?: string,
 *  asked?: {question: any, line: string}, undoes?: string, isSent?: boolean, tries?: number}} Letter
 */
/**
 * Something that was said and can be taken back, by its letter; `undo`: what takes it back.
 * @typedef {{id: string, key: string, text: string, question?: string, undo: "people" | "cast"}} Said
 */

/** How many letters wait. */
export const waiting = signal(0);
/** The last thing said here. @type {import("@preact/signals").Signal<Said | null>} */
export const last = signal(null);

let counter = 0;

/** Of whom entries are: another project, or another key, has others. @param {string} kind */
function start(kind) {
  return `${kind}:${session.value.project}:${session.value.name}:`;
}

/** Entries sort by time. */
function order() {
  return `${String(Date.now()).padStart(15, "0")}.${String(counter++).padStart(6, "0")}.${crypto.randomUUID().slice(0, 8)}`;
}

/** What the members of each kind are; "?": or nothing. @type {Record<string, Record<string, string>>} */
const MEMBERS = {
  letter: { id: "string", method: "string", path: "string", text: "string?", question: "string?", asked: "object?", undoes: "string?", tries: "number?" },
  said: { id: "string", text: "string?", question: "string?", undo: "string" },
  command: { id: "string", body: "object", at: "number" },
};
/** What a browser sends as a header, and in the address of a request to this server. */
const ID = /^[!-~]{1,200}$/;
const METHOD = /^(POST|PUT|PATCH|DELETE)$/;
const PATH = /^[a-z-]+(\/|$)/;

/** @param {string} kind @param {any} one */
function isWhole(kind, one) {
  if (one === null || typeof one !== "object" || !ID.test(one.id)) return false;
  for (const [name, type] of Object.entries(MEMBERS[kind])) {
    if (one[name] === undefined ? !type.endsWith("?") : typeof one[name] !== type.replace("?", "") || one[name] === null) return false;
  }
  return kind !== "letter" || (METHOD.test(one.method) && PATH.test(one.path));
}

/** @param {string} kind @returns {any[]} */
function every(kind) {
  return keysOf(start(kind)).flatMap((key) => {
    const one = load(key);
    if (isWhole(kind, one)) return [{ ...one, key }];
    drop(key); // damaged: nobody can tell what it said
    return [];
  });
}

/** Whether it is of this project and key. @param {Letter} letter */
export function isOwn(letter) {
  return letter.key.startsWith(start("letter"));
}

/** Those that wait, in order. @returns {Letter[]} */
export function letters() {
  return every("letter");
}

/** What was said, in order. @returns {Said[]} */
export function said() {
  return every("said");
}

/** Bring the signals up to date. */
export function recount() {
  batch(() => {
    waiting.value = letters().length;
    last.value = said().at(-1) ?? null;
  });
}

/** @param {Omit<Letter, "key">} letter @param {Said["undo"]} [undo] @returns {Letter} */
export function write(letter, undo) {
  const at = order();
  const key = `${start("letter")}${at}`;
  save(key, letter);
  if (undo) {
    save(`${start("said")}${at}`, { id: letter.id, text: letter.text, question: letter.question, undo });
    for (const old of keysOf(start("said")).slice(0, -MOST_SAID)) drop(old);
  }
  recount();
  return { ...letter, key };
}

/** @param {Letter} letter @param {Partial<Letter>} more @returns {Letter} */
export function amend(letter, more) {
  const { key, ...rest } = { ...letter, ...more };
  save(key, rest);
  return { key, ...rest };
}

/** @param {Letter | Said} one */
export function remove(one) {
  drop(one.key);
  recount();
}

/** Remember what takes back a letter that has arrived. @param {string} letter @param {any} body */
export function keepCommand(letter, body) {
  save(`${start("command")}${letter}`, { id: letter, body, at: Date.now() });
  const all = every("command").sort((a, b) => a.at - b.at);
  for (const old of all.slice(0, -MOST_SAID)) drop(old.key);
}

/** What takes back a letter; null where it has not arrived. @param {string} letter */
export function commandOf(letter) {
  return load(`${start("command")}${letter}`)?.body ?? null;
}

/** The commands of decisions that have arrived, oldest first. @returns {string[]} */
export function commands() {
  return every("command").sort((a, b) => a.at - b.at).flatMap((one) => (typeof one.body.command === "string" ? [one.body.command] : []));
}

/** Somebody was forgotten: what was said may name them. It can still be taken back. */
export function forgetTexts() {
  for (const key of keysOf("said:")) {
    const one = load(key);
    if (one?.text) save(key, { ...one, text: "" });
  }
  for (const key of keysOf("letter:")) {
    const one = load(key);
    if (one?.asked) save(key, { ...one, asked: undefined });
  }
  recount();
}

/** Call `written` when another tab has written a letter. @param {() => void} written */
export function onWritten(written) {
  watch("letter:", (isNew) => isNew && written());
}

watch("", recount);
