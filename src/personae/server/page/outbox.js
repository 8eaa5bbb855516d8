// What was said and not yet sent: kept in this browser until the server has it, sent in order, each once.
//
// The page goes on at once. A server that is away, a closed tab or a crash loses nothing: what is left is sent, with the
// same ids, as soon as there is a page and a server again. What was said is remembered too, to be taken back.
import { Away, get, Refused, send, session, SignedOut, untilForgotten } from "./api.js";
import { listen } from "./events.js";
import { batch, signal } from "./html.js";
import { amend, commandOf, commands, isOwn, keepCommand, letters, onWritten, remove, said, waiting, write } from "./letters.js";

/** @typedef {import("./letters.js").Letter} Letter */
/** @typedef {import("./letters.js").Said} Said */

const LOCK = "personae-outbox";
const AGAIN_AFTER_MS = [500, 1000, 2000, 5000];
/** So often a letter is tried that the server has a fault with; then it is given up, and that is told. */
const MOST_FAULTS = 5;
/** Paths of decisions: others may have decided about the same people meanwhile. */
const DECISIONS = /^(people\/decisions|decisions|media\/[^/]+\/decisions)$/;
const MOST_KNOWN = 50;

export { waiting };
/** Whether the server could not be reached at the last attempt. */
export const isAway = signal(false);
/** Whether the key does not count any more: nothing is sent until somebody signs in. */
export const isSignedOut = signal(false);

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(LOCK) : null;
/** @type {Map<string, {done: (answer: any) => void, refused: (error: Refused) => void}>} */
const listeners = new Map();
/** Who is told of what was refused though nobody waits for it any more: it was said before the page was loaded anew.
 * @type {Set<(letter: Letter, error: Refused) => void>} */
const mourners = new Set();
let isSending = false;
let failures = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let again;
/** Whether the server was away: another one may be at its address since, which has another project. */
let isDoubted = false;

/**
 * Say something; it is sent as soon as it can be. Resolves with the answer, rejects with `Refused`.
 * @param {string} method @param {string} path @param {any} body
 * @param {{text?: string, question?: string, asked?: Letter["asked"], undo?: Said["undo"], undoes?: string}} [about] `undo`:
 *  what takes it back; without it it cannot be
 * @returns {Promise<any>}
 */
export function post(method, path, body, { text = "", question, asked, undo, undoes } = {}) {
  const { id } = write({ id: crypto.randomUUID(), method, path, body, text, question, asked, undoes }, undo);
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
  remove(one);
  const path = one.undo === "cast" ? "cast/undo" : "undo";
  return { said: one, done: post("POST", path, {}, { text: one.text, undoes: one.id }) };
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
    if (navigator.locks) await navigator.locks.request(LOCK, sendAll);
    else await sendAll();
  } finally {
    isSending = false;
  }
  if (letters().length && !isAway.value && !isSignedOut.value) void flush();
}

async function sendAll() {
  for (;;) {
    await untilForgotten();
    unsay();
    if (isDoubted && !(await isSameServer())) return;
    const [first] = letters();
    if (!first) return reached();
    const body = first.undoes ? commandOf(first.undoes) : knowing(first);
    try {
      // What was refused has nothing to be taken back.
      const answer = first.undoes && !body ? {} : await send(first.method, first.path, body, first.id, sent(first));
      reached();
      ended(first, answer);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Away)) throw error;
      if (error instanceof Away && !isFault(first, error)) return later(error);
      reached();
      ended(first, null, error instanceof Refused ? error : new Refused(error.problem ?? {}));
    }
  }
}

/** What was never sent is taken back by not sending it. */
function unsay() {
  const all = letters();
  for (const undoing of all) {
    const one = all.find((each) => each.id === undoing.undoes);
    if (!one || one.isSent) continue;
    ended(one, {});
    ended(undoing, {});
  }
}

/** Whether the server can be reached and has the same project for the same key; where it has another one the page is loaded
 * anew. */
async function isSameServer() {
  const { name, project } = session.value;
  try {
    const now = await get("session");
    if (now.name !== name || now.project !== project) {
      location.reload(); // what this page shows is somebody else's
      return false;
    }
    session.value = now;
  } catch (error) {
    later(error);
    return false;
  }
  isDoubted = false;
  return true;
}

/** What is to be sent is sent by the key that it was said with. @param {Letter} letter */
function sent(letter) {
  if (!letter.isSent) amend(letter, { isSent: true });
  const { name, project } = session.value;
  return () => session.value.name === name && session.value.project === project;
}

/** Whether a letter is given up. @param {Letter} letter @param {Away} error */
function isFault(letter, error) {
  if (!error.isFault) return false;
  const tries = (letter.tries ?? 0) + 1;
  amend(letter, { tries, isSent: true });
  return tries >= MOST_FAULTS;
}

/** @param {unknown} error */
function later(error) {
  isDoubted = true;
  batch(() => {
    isSignedOut.value = error instanceof SignedOut;
    isAway.value = !isSignedOut.value;
  });
  clearTimeout(again);
  if (!isSignedOut.value) again = setTimeout(flush, AGAIN_AFTER_MS[Math.min(failures++, AGAIN_AFTER_MS.length - 1)]);
}

/** The server has answered, here or in another tab. */
function reached() {
  failures = 0;
  batch(() => {
    isAway.value = false;
    isSignedOut.value = false;
  });
}

/** The body of a letter, with the commands of this browser that came before it: they are no changes of others. Kept with
 * it, for it is the same however often it is sent. @param {Letter} letter */
function knowing(letter) {
  const { body } = letter;
  if (!DECISIONS.test(letter.path) || !body || body.known) return body;
  const whole = { ...body, known: commands().slice(-MOST_KNOWN) };
  letter.body = whole;
  amend(letter, { body: whole });
  return whole;
}

/** @param {Letter} letter @param {any} answer null where it was refused @param {Refused} [error] */
function ended(letter, answer, error) {
  const body = answer && undoOf(answer);
  if (body) keepCommand(letter.id, body);
  if (error) for (const one of said()) if (one.id === letter.id) remove(one);
  remove(letter);
  told(letter, answer, error ?? null);
  channel?.postMessage({ letter, answer, problem: error?.problem ?? null });
}

/** Whoever waits for a letter here is told, in whichever tab it was written.
 * @param {Letter} letter @param {any} answer @param {Refused | null} error */
function told(letter, answer, error) {
  const listener = listeners.get(letter.id);
  listeners.delete(letter.id);
  if (!error) listener?.done(answer);
  else if (listener) listener.refused(error);
  else if (letter.text) for (const mourner of mourners) mourner(letter, error);
}

/** What takes back what an answer says was done. @param {any} answer */
function undoOf(answer) {
  if (Array.isArray(answer.edits)) return answer.edits.length ? { edit: answer.edits.at(-1) } : null;
  return answer.request ? { command: answer.request } : null;
}

channel?.addEventListener("message", ({ data }) => {
  remove(data.letter); // this tab may be the only one that remembers it
  if (isOwn(data.letter)) reached();
  if (listeners.has(data.letter.id)) told(data.letter, data.answer, data.problem ? new Refused(data.problem) : null);
});
// Whoever wrote it may be closed before it is sent.
onWritten(() => void flush());
listen((kind) => {
  if (kind === "away") isDoubted = true;
  else if (kind === "hello" && isDoubted) void flush();
});
addEventListener("online", () => void flush());
