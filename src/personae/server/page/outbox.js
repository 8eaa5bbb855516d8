// What was said and not yet sent: kept in this browser until the server has it, sent in order, each once.
//
// The page goes on at once. A server that is away, a closed tab or a crash loses nothing: what is left is sent, with the
// same ids, as soon as there is a page and a server again. What was said is remembered too, to be taken back.
import { Away, Refused, send, session, untilForgotten } from "./api.js";
import { batch, signal } from "./html.js";

const LETTERS = "personae-outbox";
const SAID = "personae-said";
const MOST_SAID = 200;
const AGAIN_AFTER_MS = [500, 1000, 2000, 5000];

/**
 * Something to be sent. `of`: whose key it was said with; `text`: what it says; `question`: which one it answers.
 * @typedef {{id: string, of: string, method: string, path: string, body: any, text: string, question?: string,
 *  undoes?: string}} Letter
 */
/**
 * Something that was said and can be taken back: by its letter, and by the command that the server made of it.
 * `undo`: what takes it back.
 * @typedef {{id: string, text: string, question?: string, request?: string, undo: "people" | "cast"}} Said
 */

/** How many are not sent yet. */
export const waiting = signal(letters().length);
/** Whether the server could not be reached at the last attempt. */
export const isAway = signal(false);
/** The last thing said here. */
export const last = signal(/** @type {Said | null} */ (said().at(-1) ?? null));

/** @type {Map<string, {done: (answer: any) => void, refused: (error: Refused) => void}>} */
const listeners = new Map();
/** What was refused though nobody here waited for it: it was said before the page was loaded anew.
 * @type {Set<(letter: Letter, error: Refused) => void>} */
const mourners = new Set();
let isSending = false;
let failures = 0;

/** @returns {Letter[]} */
function letters() {
  return read(LETTERS);
}

/** @returns {Said[]} */
function said() {
  return read(SAID);
}

/** @param {string} key */
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {Letter[]} all */
function writeLetters(all) {
  localStorage.setItem(LETTERS, JSON.stringify(all));
  waiting.value = all.length;
}

/** @param {Said[]} all */
function writeSaid(all) {
  localStorage.setItem(SAID, JSON.stringify(all.slice(-MOST_SAID)));
  last.value = all.at(-1) ?? null;
}

/**
 * Say something; it is sent as soon as it can be. Resolves with the answer, rejects with `Refused`.
 * @param {string} method @param {string} path @param {any} body
 * @param {{text?: string, question?: string, undo?: Said["undo"], undoes?: string}} [about] `undo`: what takes it back;
 *  without it it cannot be
 * @returns {Promise<any>}
 */
export function post(method, path, body, { text = "", question, undo, undoes } = {}) {
  const id = crypto.randomUUID();
  if (undo) writeSaid([...said(), { id, text, question, undo }]);
  writeLetters([...letters(), { id, of: session.value.name, method, path, body, text, question, undoes }]);
  const answer = new Promise((done, refused) => listeners.set(id, { done, refused }));
  void flush();
  return answer;
}

/**
 * Take the last thing back that was said in this browser, or the one with that letter; what it was, null for none.
 * @param {string} [id]
 * @returns {{said: Said, done: Promise<any>} | null}
 */
export function takeBack(id) {
  const all = said();
  const one = id === undefined ? all.at(-1) : all.find((each) => each.id === id);
  if (!one) return null;
  writeSaid(all.filter((each) => each !== one));
  const path = one.undo === "cast" ? "cast/undo" : "undo";
  return { said: one, done: post("POST", path, { of: one.request ?? null }, { text: one.text, undoes: one.id }) };
}

/** The questions whose answers wait. */
export function unsent() {
  return letters().flatMap((letter) => (letter.question ? [letter.question] : []));
}

/** @param {(letter: Letter, error: Refused) => void} mourner */
export function onRefused(mourner) {
  mourners.add(mourner);
  return () => mourners.delete(mourner);
}

/** Send what waits. One tab at a time: another one's letters are not sent twice at once. */
export async function flush() {
  if (isSending) return;
  isSending = true;
  try {
    if (navigator.locks) await navigator.locks.request(LETTERS, sendAll);
    else await sendAll();
  } finally {
    isSending = false;
  }
  if (own().length && !isAway.value) void flush();
}

/** Those of whose key this is: what was said with another one waits for it. */
function own() {
  return letters().filter((letter) => letter.of === session.value.name);
}

async function sendAll() {
  for (let all = own(); all.length; all = own()) {
    await untilForgotten();
    const first = knowing(all[0]);
    const before = first.undoes ? commandOf(first.body?.of, first.undoes) : null;
    try {
      // What was never taken, for it was refused, need not be taken back.
      const answer = first.undoes && !before ? {} : await send(first.method, first.path, before ?? first.body, first.id);
      ended(first, answer);
      listeners.get(first.id)?.done(answer);
    } catch (error) {
      if (error instanceof Away) {
        isAway.value = true;
        setTimeout(flush, AGAIN_AFTER_MS[Math.min(failures++, AGAIN_AFTER_MS.length - 1)]);
        return;
      }
      ended(first, null);
      if (!(error instanceof Refused)) throw error;
      const listener = listeners.get(first.id);
      if (listener) listener.refused(error);
      else for (const mourner of mourners) mourner(first, error);
    }
    listeners.delete(first.id);
  }
}

/** Paths of decisions: others may have decided about the same people meanwhile. */
const DECISIONS = /^(people\/decisions|decisions|media\/[^/]+\/decisions)$/;
const MOST_KNOWN = 50;

/** A letter with the commands of this browser that came before it: they are no changes of others. Kept with it, for it
 * is the same however often it is sent. @param {Letter} letter @returns {Letter} */
function knowing(letter) {
  if (!DECISIONS.test(letter.path) || letter.body.known) return letter;
  const commands = /** @type {[string, any][]} */ (read(COMMANDS)).map(([, body]) => body.command).filter(Boolean);
  const whole = { ...letter, body: { ...letter.body, known: commands.slice(-MOST_KNOWN) } };
  writeLetters(letters().map((one) => (one.id === whole.id ? whole : one)));
  return whole;
}

/** What takes back letters that were sent, in this tab or another one. */
const COMMANDS = "personae-commands";

/** The body that takes back a letter. @param {any} known @param {string} letter */
function commandOf(known, letter) {
  return known ?? Object.fromEntries(/** @type {[string, any][]} */ (read(COMMANDS)))[letter] ?? null;
}

/** @param {Letter} letter @param {any} answer null where it was refused */
function ended(letter, answer) {
  batch(() => {
    failures = 0;
    isAway.value = false;
    const body = answer && undoOf(answer);
    if (body) localStorage.setItem(COMMANDS, JSON.stringify([...read(COMMANDS), [letter.id, body]].slice(-MOST_SAID)));
    const kept = said().filter((one) => answer !== null || one.id !== letter.id);
    writeSaid(kept.map((one) => (one.id === letter.id && body ? { ...one, request: body } : one)));
    writeLetters(letters().filter((one) => one.id !== letter.id));
  });
}

/** What takes back what an answer says was done. @param {any} answer */
function undoOf(answer) {
  if (Array.isArray(answer.edits)) return answer.edits.length ? { edit: answer.edits.at(-1) } : null;
  return answer.request ? { command: answer.request } : null;
}

addEventListener("storage", (event) => {
  if (event.key === LETTERS) waiting.value = letters().length;
  if (event.key === SAID) last.value = said().at(-1) ?? null;
});
addEventListener("online", () => void flush());
