// The photos of one set: read in parts at first, and then only those that changed.
import { get } from "../api.js";
import { listen } from "../events.js";
import { batch, signal } from "../html.js";
import { soon, tell } from "../state.js";

/**
 * A face of a photo. `isOurs`: decided by a person.
 * @typedef {{number: number, box: [number, number, number, number], name: string, character: string | null, unknown: number | null,
 *  isOurs: boolean, isDepicted: boolean, isStranger: boolean, isDrawn: boolean, confidence: number}} Face
 */
/** @typedef {{id: string, path: string, letters: string, digest: string, size: [number, number], faces: Face[]}} Photo */

const FIRST = 500;
const REST = 2500;
const [OURS, DEPICTED, STRANGER, DRAWN] = [1, 2, 4, 8];

/** The photos by path, as far as they are read. @type {import("@preact/signals").Signal<readonly Photo[]>} */
export const photos = signal([]);
/** How many the set has; null before that is known. @type {import("@preact/signals").Signal<number | null>} */
export const total = signal(null);
/** Why they cannot be read. */
export const failure = signal("");

let reading = 0;
let state = "";
let opened = "";
/** How many decisions the journal held when these were read. @type {number | null} */
let position = null;

/** @param {any[]} row @returns {Photo} */
function photoOf([id, path, digest, width, height, faces]) {
  // Most paths have no accents: only the others are taken apart.
  const letters = /^[\x20-\x7e]*$/.test(path) ? path.toLowerCase() : path.normalize("NFKD").replace(/\p{Mark}/gu, "").toLocaleLowerCase();
  return { id, path, letters, digest, size: [width, height], faces: faces.map(faceOf) };
}

/** @param {any[]} row @returns {Face} */
function faceOf([number, x1, y1, x2, y2, name, character, unknown, bits, confidence]) {
  return {
    number, box: [x1, y1, x2, y2], name, character, unknown, confidence, isOurs: Boolean(bits & OURS), isDepicted: Boolean(bits & DEPICTED),
    isStranger: Boolean(bits & STRANGER), isDrawn: Boolean(bits & DRAWN),
  };
}

/** What the journal held, to decide upon. */
export function seenAt() {
  return position;
}

/** Read a set, and keep it up to date until the answer is called. @param {string} id @returns {() => void} */
export function follow(id) {
  const own = ++reading;
  if (opened !== id) {
    batch(() => {
      photos.value = [];
      total.value = null;
    });
    state = "";
  }
  opened = id;
  failure.value = "";
  const again = soon(() => readChanges(id, own), 60);
  const complain = (/** @type {any} */ error) => own === reading && (failure.value = error.message);
  (state ? readChanges(id, own) : readAll(id, own)).catch(complain);
  const stop = listen((kind, data) => {
    if (kind === "reset" || kind === "forgetting" || kind === "cast" || (kind === "media" && (!data.id || data.id === id))) again();
  });
  return () => {
    reading += own === reading ? 1 : 0;
    stop();
  };
}

/** @param {string} id @param {number} own */
async function readAll(id, own) {
  /** @type {Photo[]} */
  const found = [];
  let start = /** @type {number | null} */ (0);
  let first = "";
  while (start !== null) {
    const told = await get(`photo-sets/${id}/overview`, { start, limit: start ? REST : FIRST });
    if (own !== reading) return;
    first ||= told.state;
    found.push(...told.photos.map(photoOf));
    start = told.next;
    batch(() => {
      // A set that is read anew stays as it is until all of it is there.
      if (start === null || found.length > photos.value.length) photos.value = [...found];
      total.value = told.total;
    });
    position = told.position;
  }
  state = first;
  await readChanges(id, own); // what changed meanwhile
}

/** @param {string} id @param {number} own */
async function readChanges(id, own) {
  if (!state || own !== reading) return;
  /** @type {Map<string, Photo>} */
  const changed = new Map();
  let start = /** @type {number | null} */ (0);
  let last;
  const since = state;
  while (start !== null) {
    const told = await get(`photo-sets/${id}/overview`, { since, start, limit: REST });
    if (own !== reading) return;
    if (told.is_all) return readAll(id, own);
    for (const row of told.photos) changed.set(row[0], photoOf(row));
    start = told.next;
    last = told;
  }
  state = last.state;
  position = last.position;
  if (changed.size) photos.value = photos.value.map((one) => changed.get(one.id) ?? one);
}

/**
 * Show at once what was said of some faces. @param {ReadonlyMap<string, (faces: Face[]) => Face[]>} changes photo -> its faces after
 */
export function foresee(changes) {
  photos.value = photos.value.map((one) => {
    const change = changes.get(one.id);
    return change ? { ...one, faces: change(one.faces) } : one;
  });
}

/** Read again what was foreseen and not taken. */
export async function recover() {
  state = "";
  await readAll(opened, reading).catch((error) => tell(error.message, { isBad: true }));
}
