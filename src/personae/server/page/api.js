// The service's API: one function to ask, one for lists in pages. What changes something goes through the outbox.
import { signal } from "./html.js";

export const root = new URL("api/v1/", document.baseURI);

/** Why a request was not answered: the sentence of the problem document, its code, and the rest of it. */
export class Refused extends Error {
  /** @param {{detail?: string, code?: string, status?: number, [more: string]: any}} problem */
  constructor(problem) {
    super(problem.detail ?? "The server gave no reason.");
    this.code = problem.code ?? "";
    this.status = problem.status ?? 0;
    this.problem = problem;
  }
}

/** The server cannot be reached, or cannot answer just now: to be tried again. `isFault`: it has a fault. */
export class Away extends Error {
  /** @param {string} why @param {any} [problem] @param {boolean} [isFault] */
  constructor(why, problem = null, isFault = false) {
    super(why);
    this.problem = problem;
    this.isFault = isFault;
  }
}

/** Whether somebody is being forgotten: until that is done the server answers about jobs alone. */
export const isForgetting = signal(false);
/** What is answered meanwhile. */
const ANSWERED_MEANWHILE = /^(jobs|session)\b/;
const BUSY_TRIES = 3;
const BUSY_AGAIN_MS = 2000;

/** Until nobody is being forgotten. @returns {Promise<void>} */
export function untilForgotten() {
  if (!isForgetting.peek()) return Promise.resolve();
  return new Promise((done) => {
    const stop = isForgetting.subscribe((now) => {
      if (now) return;
      queueMicrotask(() => stop());
      done();
    });
  });
}

/** The key does not count any more: somebody has to sign in. */
export class SignedOut extends Away {}

/** Whose key this is, and of which project. @type {import("@preact/signals").Signal<{name: string, role: string, csrf: string, project: string}>} */
export const session = signal({ name: "", role: "", csrf: "", project: "" });

/** Whether this key may do what takes a role. @param {"viewer" | "editor" | "admin"} role */
export function may(role) {
  const order = ["viewer", "editor", "admin"];
  return order.indexOf(session.value.role) >= order.indexOf(role);
}

/** Who this is. To be called first. */
export async function signIn() {
  session.value = await get("session");
}

/**
 * The whole address of something that an answer tells, or of a path from /api/v1/ on.
 * @param {string} path @param {Record<string, string | number | boolean | undefined>} [query]
 */
export function urlOf(path, query = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

/**
 * Where the server has no time it is asked again; while somebody is being forgotten, when that is done.
 * @param {string} path from /api/v1/ on
 * @param {Record<string, string | number | boolean | undefined>} [query]
 * @returns {Promise<any>}
 */
export async function get(path, query = {}) {
  for (let tries = 1; ; tries += 1) {
    if (!ANSWERED_MEANWHILE.test(path)) await untilForgotten();
    try {
      return await ask(urlOf(path, query), { method: "GET" });
    } catch (error) {
      if (!(error instanceof Away && error.problem?.code === "busy") || (tries >= BUSY_TRIES && !isForgetting.peek())) throw error;
      await new Promise((done) => setTimeout(done, BUSY_AGAIN_MS));
    }
  }
}

/**
 * Change something; the same `request` sent again is done once.
 * @param {string} method
 * @param {string} path
 * @param {any} [body] JSON, or a form
 * @param {string} [request]
 * @param {() => boolean} [isSame] whether whoever signs in meanwhile may send it
 * @returns {Promise<any>}
 */
export async function send(method, path, body, request = crypto.randomUUID(), isSame = () => true) {
  const isForm = body instanceof FormData;
  /** @returns {Promise<any>} */
  const once = () => {
    /** @type {Record<string, string>} */
    const headers = { "X-Personae": session.value.csrf, "Idempotency-Key": request };
    if (!isForm && body !== undefined) headers["Content-Type"] = "application/json";
    return ask(new URL(path, root), { method, headers, body: isForm || body === undefined ? body : JSON.stringify(body) });
  };
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "csrf") throw error;
    await signIn(); // somebody has signed in anew in another tab
    if (!isSame()) {
      location.reload(); // what this page shows is somebody else's
      throw new SignedOut(error.message);
    }
    return once();
  }
}

/** What is answered so is to be asked again. */
const PASSING = new Set([408, 421, 425, 429, 502, 503, 504, 507]);

/** @param {URL} url @param {RequestInit} options */
async function ask(url, options) {
  let answer;
  let text;
  try {
    answer = await fetch(url, options);
    text = await answer.text();
  } catch (error) {
    throw new Away(String(error));
  }
  if (answer.status === 204) return {};
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Away(`${answer.status}`); // a proxy without its server
  }
  if (answer.ok) return body;
  if (answer.status === 401) throw new SignedOut(body.detail ?? "");
  // What no problem document says is no answer of ours.
  if (typeof body?.code !== "string" || PASSING.has(answer.status)) throw new Away(body?.detail ?? `${answer.status}`, body);
  if (answer.status >= 500 && answer.status !== 501) throw new Away(body.detail ?? "", body, true);
  throw new Refused({ status: answer.status, ...body });
}

/**
 * Every row of a list that comes in pages.
 * @param {string} path
 * @param {string} rows the member that holds them
 * @param {Record<string, any>} [query]
 * @returns {Promise<any[]>}
 */
export async function every(path, rows, query = {}) {
  const found = [];
  let cursor;
  do {
    const page = await get(path, { limit: 1000, ...query, cursor });
    found.push(...page[rows]);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}
