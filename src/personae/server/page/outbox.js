// What was answered and not yet sent: kept in this browser until the server has it, sent in order, each once.
//
// The page goes on at once. A server that is away, a closed tab or a crash loses nothing: what is left is sent, with the
// same ids, as soon as there is a page and a server again.
import { batch, signal } from "./html.js";
import { Away, Refused, send } from "./api.js";

const KEY = "personae-outbox";
const AGAIN_AFTER_MS = [500, 1000, 2000, 5000];

/**
 * @typedef {{id: string, method: string, path: string, body: any, about?: string}} Letter
 * `about`: the question that it answers.
 */

/** How many are not sent yet. */
export const waiting = signal(read().length);
/** Whether the server could not be reached at the last attempt. */
export const isAway = signal(false);

/** @type {Map<string, {done: (answer: any) => void, refused: (error: Refused) => void}>} */
const listeners = new Map();
let isSending = false;
let failures = 0;

/** @returns {Letter[]} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {Letter[]} letters */
function write(letters) {
  localStorage.setItem(KEY, JSON.stringify(letters));
  waiting.value = letters.length;
}

/**
 * Send something as soon as it can be; resolves with the answer, rejects with `Refused`.
 * @param {string} method @param {string} path @param {any} body @param {string} [about]
 * @returns {Promise<any>}
 */
export function post(method, path, body, about) {
  const id = crypto.randomUUID();
  write([...read(), { id, method, path, body, about }]);
  const answer = new Promise((done, refused) => listeners.set(id, { done, refused }));
  void flush();
  return answer;
}

/** Send what waits. One tab at a time: another one's letters are not sent twice at once. */
export async function flush() {
  if (isSending) return;
  isSending = true;
  try {
    if (navigator.locks) await navigator.locks.request("personae-outbox", sendAll);
    else await sendAll();
  } finally {
    isSending = false;
  }
}

async function sendAll() {
  for (let letters = read(); letters.length; letters = read()) {
    const [first] = letters;
    try {
      const answer = await send(first.method, first.path, first.body, first.id);
      ended(first.id);
      listeners.get(first.id)?.done(answer);
    } catch (error) {
      if (error instanceof Away) {
        isAway.value = true;
        setTimeout(flush, AGAIN_AFTER_MS[Math.min(failures++, AGAIN_AFTER_MS.length - 1)]);
        return;
      }
      ended(first.id);
      if (error instanceof Refused) listeners.get(first.id)?.refused(error);
      else throw error;
    }
  }
}

/** @param {string} id */
function ended(id) {
  batch(() => {
    failures = 0;
    isAway.value = false;
    write(read().filter((letter) => letter.id !== id));
  });
}

addEventListener("storage", (event) => {
  if (event.key === KEY) waiting.value = read().length;
});
