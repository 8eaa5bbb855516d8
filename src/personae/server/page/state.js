// What several views share: the names there are, jobs, and messages. Read once, and again when an event says so.
import { every } from "./api.js";
import { listen } from "./events.js";
import { batch, signal } from "./html.js";

/** @typedef {{id: string, name: string, photos: number}} Character */
/** @type {import("@preact/signals").Signal<Character[]>} */
export const characters = signal([]);
/** @type {import("@preact/signals").Signal<Map<string, any>>} */
export const jobs = signal(new Map());
/** @type {import("@preact/signals").Signal<{text: string, isBad: boolean, undo?: () => void} | null>} */
export const message = signal(null);

let hiding = 0;

/** Tell the user something, for a while. @param {string} text @param {{isBad?: boolean, undo?: () => void}} [more] */
export function tell(text, { isBad = false, undo } = {}) {
  message.value = { text, isBad, undo };
  clearTimeout(hiding);
  hiding = setTimeout(() => (message.value = null), isBad ? 12000 : 6000);
}

export async function readCharacters() {
  characters.value = await every("characters", "characters");
}

export async function readJobs() {
  const found = await every("jobs", "jobs");
  jobs.value = new Map(found.map((job) => [job.id, job]));
}

/**
 * Call `work` once soon, however often it is asked for meanwhile.
 * @param {() => Promise<void>} work @param {number} [after_ms]
 */
export function soon(work, after_ms = 150) {
  let timer = 0;
  return () => {
    if (timer) return;
    timer = setTimeout(() => {
      timer = 0;
      work().catch((error) => tell(error.message, { isBad: true }));
    }, after_ms);
  };
}

/** Keep what is shared up to date. */
export function keepUpToDate() {
  const castChanged = soon(readCharacters);
  const everything = soon(async () => {
    await Promise.all([readCharacters(), readJobs()]);
  });
  listen((kind, data) => {
    if (kind === "job") {
      batch(() => (jobs.value = new Map(jobs.value).set(data.id, data)));
    } else if (kind === "cast" || kind === "training") castChanged();
    else if (kind === "reset" || kind === "forgetting") everything();
  });
}
