// What several views share: media, names, jobs, messages. Read once, and again when an event says so.
import { Away, every, get, SignedOut } from "./api.js";
import { listen } from "./events.js";
import { batch, computed, signal } from "./html.js";
import { forgetTexts } from "./letters.js";
import { load, save } from "./store.js";

/** @typedef {{id: string, name: string, photos: number, rejected: number, picture: string | null}} Character */
/** @typedef {{id: string, kind: string, name: string, position: number | null, stale: boolean, characters: string[],
 *  unknown: number | null, strangers: number | null, decided: number | null, duration_s: number | null,
 *  size: [number, number] | null, frame_rate: string | null, photos: number | null, faces: number | null}} Medium */

/** The cast. @type {import("@preact/signals").Signal<Character[]>} */
export const characters = signal([]);
/** Films and sets of photos, by id. @type {import("@preact/signals").Signal<Map<string, Medium>>} */
export const media = signal(new Map());
/** Jobs, by id. @type {import("@preact/signals").Signal<Map<string, any>>} */
export const jobs = signal(new Map());
/** Whether all of these were read once: before that nothing is said to be missing. */
export const isKnown = signal(false);
/** @typedef {{text: string, isBad: boolean, act?: {text: string, run: () => void}}} Message */
/** @type {import("@preact/signals").Signal<Message | null>} */
export const message = signal(null);

/** Names that were given here just now, and may not have arrived. @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
export const given = signal(new Set());

/** Names that may be given: of the cast, and of all films and sets; `used`: whether somebody has it in one of them.
 * @type {import("@preact/signals").ReadonlySignal<{name: string, id: string | null, photos: number, isUsed: boolean}[]>} */
export const names = computed(() => {
  const used = new Set([...[...media.value.values()].flatMap((one) => one.characters), ...given.value]);
  const cast = characters.value.map((one) => ({ name: one.name, id: one.id, photos: one.photos, isUsed: used.has(one.name) }));
  const known = new Set(cast.map((one) => one.name));
  const others = [...used].filter((name) => !known.has(name)).map((name) => ({ name, id: null, photos: 0, isUsed: true }));
  return [...cast, ...others].sort((a, b) => a.name.localeCompare(b.name));
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let hiding;

const LONGEST = 320;
/** So many films and sets that changed at once are read one by one. */
const MANY = 8;

/** Tell the user something, for a while. @param {string} text @param {{isBad?: boolean, act?: {text: string, run: () => void}}} [more] */
export function tell(text, { isBad = false, act } = {}) {
  message.value = { text: text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text, isBad, act };
  clearTimeout(hiding);
  hiding = setTimeout(() => (message.value = null), isBad ? 15000 : 8000);
}

export async function readCharacters() {
  characters.value = await every("characters", "characters");
}

export async function readMedia() {
  const [films, sets] = await Promise.all([every("films", "films"), every("photo-sets", "photo_sets")]);
  media.value = new Map([...films, ...sets].map((one) => [one.id, one]));
}

/** One film or set that has changed. @param {string} id */
export async function readMedium(id) {
  const known = media.value.get(id);
  if (!known) return readMedia();
  /** @type {Medium} */
  const one = await get(`${known.kind === "film" ? "films" : "photo-sets"}/${id}`);
  media.value = new Map(media.value).set(id, one);
  return undefined;
}

export async function readJobs() {
  const told = jobs.value;
  const found = new Map((await every("jobs", "jobs")).map((job) => [job.id, job]));
  for (const [id, job] of jobs.value) if (told.get(id) !== job) found.set(id, job); // newer, by an event
  jobs.value = found;
}

export async function readAll() {
  await Promise.all([readMedia(), readCharacters(), readJobs()]);
  isKnown.value = true;
}

/**
 * Call `work` once soon, however often it is asked for meanwhile.
 * @param {() => Promise<any>} work @param {number} [after_ms]
 */
export function soon(work, after_ms = 150) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      work().catch((error) => isTold(error) || tell(error.message, { isBad: true }));
    }, after_ms);
  };
}

/** Whether the frame tells of an error: the server is away. @param {unknown} error */
export function isTold(error) {
  return error instanceof Away && !(error instanceof SignedOut) && error.problem === null;
}

/** Whether a name teaches the cast. */
export const learns = signal(load("learn") !== "off");

/** @param {boolean} isOn */
export function setLearns(isOn) {
  save("learn", isOn ? "on" : "off");
  learns.value = isOn;
}

/** Keep what is shared up to date. */
export function keepUpToDate() {
  const castChanged = soon(readCharacters);
  const mediaChanged = soon(readMedia, 300);
  const everything = soon(readAll);
  /** @type {Set<string>} */
  const changed = new Set();
  const some = soon(async () => {
    const ids = [...changed];
    changed.clear();
    if (ids.length > Math.max(MANY, media.value.size / 8) || ids.some((id) => !media.value.has(id))) return readMedia();
    await Promise.all(ids.map(readMedium));
    return undefined;
  });
  listen((kind, data) => {
    if (kind === "job") {
      batch(() => (jobs.value = new Map(jobs.value).set(data.id, data)));
    } else if (kind === "cast" || kind === "training") castChanged();
    else if (kind === "media" && data.id && !data.gone) {
      changed.add(data.id);
      some();
    } else if (kind === "media") mediaChanged();
    else if (kind === "reset" || kind === "forgetting") {
      given.value = new Set();
      if (kind === "forgetting") forgetTexts();
      everything();
    }
  });
}

/** Wait until a job has ended. @param {string} id @returns {Promise<any>} */
export async function ended(id) {
  for (;;) {
    const { job } = await get(`jobs/${id}`, { wait_s: 20 });
    if (!["waiting", "running"].includes(job.state)) return job;
  }
}
