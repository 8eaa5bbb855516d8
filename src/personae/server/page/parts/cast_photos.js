// Photos of characters, dropped: a folder is named after whom it shows, loose photos ask for a name.
import { send } from "../api.js";
import { html, signal } from "../html.js";
import { characters, ended, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { askFor } from "./dialog.js";
import { Drop } from "./drop.js";
import { Previews } from "./previews.js";

const T = TEXTS.start;
const AT_ONCE = 20;
const AT_ONCE_BYTES = 40_000_000;

/** How far the sending is: null when nothing is sent. @type {import("@preact/signals").Signal<{done: number, all: number, who: string} | null>} */
const sending = signal(null);
/** What could not be sent or used. @type {import("@preact/signals").Signal<string[]>} */
const problems = signal([]);

/** Whose photo it is by its path: the folder that it lies in; empty for a loose one. A folder of looks lies in their
 * character's. @param {string} path @param {number} depth of the folder that holds the characters' folders */
export function whoseIs(path, depth) {
  const folders = path.split("/").slice(0, -1);
  return { who: folders[depth] ?? "", look: folders[depth + 1] ?? "" };
}

/**
 * Photos by character and look. Several folders dropped at once, or one folder: each is a character's, unless it holds
 * folders itself and no photos: then those are.
 * @param {{file: File, path: string}[]} files
 */
export function sorted(files) {
  const photos = files.filter(({ file, path }) => file.type.startsWith("image/") && !path.split("/").some((part) => part.startsWith(".")));
  const tops = new Set(photos.map(({ path }) => (path.includes("/") ? path.split("/")[0] : "")));
  const isCast = tops.size === 1 && !tops.has("") && photos.every(({ path }) => path.split("/").length > 2);
  /** @type {Map<string, {who: string, look: string, photos: File[]}>} */
  const found = new Map();
  for (const { file, path } of photos) {
    const { who, look } = whoseIs(path, isCast ? 1 : 0);
    const key = `${who}/${look}`;
    if (!found.has(key)) found.set(key, { who, look, photos: [] });
    found.get(key)?.photos.push(file);
  }
  return [...found.values()];
}

/** @param {{file: File, path: string}[]} files */
async function take(files) {
  const all = sorted(files);
  if (!all.length) return tell(T.noPhotos, { isBad: true });
  for (const loose of all.filter((one) => !one.who)) {
    const name = await askFor({ title: T.whoIsOn(loose.photos.length), body: html`<${Previews} files=${loose.photos} />`, confirm: T.enrol, field: { label: TEXTS.review.field } });
    if (name) loose.who = name;
  }
  const named = all.filter((one) => one.who);
  const count = named.reduce((sum, one) => sum + one.photos.length, 0);
  if (!count) return undefined;
  problems.value = [];
  let done = 0;
  for (const { who, look, photos } of named) {
    for (const some of batches(photos)) {
      sending.value = { done, all: count, who };
      const form = new FormData();
      form.set("name", who);
      if (look) form.set("look", look);
      for (const photo of some) form.append("photos", photo, photo.name);
      try {
        const { job } = await send("POST", "photos-of-cast", form);
        void tellRefused(who, job.id);
      } catch (error) {
        problems.value = [...problems.value, `${who}: ${error instanceof Error ? error.message : error}`];
      }
      done += some.length;
    }
  }
  sending.value = null;
  tell(T.sent(count, named.length));
  return undefined;
}

/** Say which photos cannot be used, once that is known. @param {string} who @param {string} job */
async function tellRefused(who, job) {
  const { state, error } = await ended(job).catch(() => ({ state: "", error: null })); // the view of jobs has it
  if (state === "failed") problems.value = [...problems.value, `${who}: ${error?.detail ?? TEXTS.jobs.failed}`];
}

/** @param {File[]} photos */
function* batches(photos) {
  let some = /** @type {File[]} */ ([]);
  let bytes = 0;
  for (const photo of photos) {
    if (some.length && (some.length >= AT_ONCE || bytes + photo.size > AT_ONCE_BYTES)) {
      yield some;
      [some, bytes] = [[], 0];
    }
    some.push(photo);
    bytes += photo.size;
  }
  if (some.length) yield some;
}

export function CastPhotos() {
  const now = sending.value;
  const known = characters.value.filter((one) => one.photos > 0).length;
  return html`
    <${Drop} text=${T.choosePhotos} take=${take}><p>${T.drop}</p></${Drop}>
    <p class="actions"><${FolderButton} /></p>
    ${now && html`<div class="job-progress"><progress max=${now.all} value=${now.done} aria-label=${T.sending}></progress><span class="quiet">${T.sendingOf(now.done, now.all, now.who)}</span></div>`}
    ${problems.value.map((one) => html`<p class="bad" role="alert">${one}</p>`)}
    ${known ? html`<p class="quiet">${T.withPhotos(known)}</p>` : null}
  `;
}

/** Folders can be dropped; chosen with a button one at a time. */
function FolderButton() {
  const onChange = (/** @type {any} */ event) => {
    const found = [...event.currentTarget.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
    event.currentTarget.value = "";
    if (found.length) void take(found);
  };
  return html`<label class="button">${T.chooseFolder}<input type="file" webkitdirectory multiple class="visually-hidden" onChange=${onChange} /></label>`;
}
