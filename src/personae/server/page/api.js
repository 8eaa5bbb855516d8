// The service's API: one function to ask, one for lists in pages. What changes something goes through the outbox.
export const root = new URL("api/v1/", document.baseURI);

/** Why a request was not answered: the sentence of the problem document, its code, and the rest of it. */
export class Refused extends Error {
  /** @param {{detail?: string, code?: string, status?: number}} problem */
  constructor(problem) {
    super(problem.detail ?? "The server gave no reason.");
    this.code = problem.code ?? "";
    this.status = problem.status ?? 0;
    this.problem = problem;
  }
}

/** The server cannot be reached: to be tried again. */
export class Away extends Error {}

/** @type {{name: string, role: string, csrf: string}} */
export let session = { name: "", role: "", csrf: "" };

/** Who this is. To be called first. */
export async function signIn() {
  session = await get("session");
  return session;
}

/**
 * @param {string} path from /api/v1/ on
 * @param {Record<string, string | number | boolean | undefined>} [query]
 * @returns {Promise<any>}
 */
export function get(path, query = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return ask(url, { method: "GET" });
}

/**
 * Change something; the same `request` sent again is done once.
 * @param {string} method
 * @param {string} path
 * @param {any} body JSON, or a form
 * @param {string} [request]
 * @returns {Promise<any>}
 */
export function send(method, path, body, request = crypto.randomUUID()) {
  /** @type {Record<string, string>} */
  const headers = { "X-Personae": session.csrf, "Idempotency-Key": request };
  const isForm = body instanceof FormData;
  if (!isForm && body !== undefined) headers["Content-Type"] = "application/json";
  return ask(new URL(path, root), { method, headers, body: isForm || body === undefined ? body : JSON.stringify(body) });
}

/** @param {URL} url @param {RequestInit} options */
async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    throw new Away(String(error));
  }
  const text = await answer.text();
  let body;
  try {
    body = text ? JSON.parse(text) : {};
  } catch {
    throw new Away(`${answer.status}`);
  }
  if (answer.ok) return body;
  // A proxy says these where the server is away.
  if ([502, 504].includes(answer.status) || body.code === "busy") throw new Away(body.detail ?? "");
  throw new Refused(body);
}

/**
 * Every row of a list that comes in pages.
 * @param {string} path
 * @param {string} rows the member that holds them
 * @param {Record<string, any>} [query]
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
