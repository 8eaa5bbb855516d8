// What is said of faces in photos: shown at once, sent in order, taken back with Undo.
import { Refused } from "../api.js";
import { last } from "../letters.js";
import { post, takeBack, waiting } from "../outbox.js";
import { sentenceOf } from "../questions.js";
import { learns, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { foresee, photos, recover, seenAt } from "./photo_store.js";

/** @typedef {import("./photo_store.js").Face} Face */
/** @typedef {import("./photo_store.js").Photo} Photo */
/** @typedef {{photo: Photo, face: Face}} Chosen */
/** @typedef {"name" | "new" | "confirm" | "not_them" | "no_face" | "stranger" | "depicted" | "alive"} Said */

const T = TEXTS.photos;
const HERE = "personae-photos-said";
/** What was said here of each set, in this tab: what is said elsewhere is not taken back from here. @type {Map<string, string[]>} */
const here = new Map(keptLetters());
const MOST_KEPT = 100;

/** What this tab said before it was loaded anew; nothing where the browser keeps nothing. @returns {[string, string[]][]} */
function keptLetters() {
  try {
    return Object.entries(JSON.parse(sessionStorage.getItem(HERE) ?? "{}")).filter(([, letters]) => Array.isArray(letters));
  } catch {
    return [];
  }
}

/** The letters in which something was said of a set, in order. @param {string} set @returns {string[]} */
function lettersOf(set) {
  return here.get(set) ?? [];
}

/** @param {string} set @param {string[]} letters */
function keepLetters(set, letters) {
  here.set(set, letters.slice(-MOST_KEPT));
  try {
    sessionStorage.setItem(HERE, JSON.stringify(Object.fromEntries(here)));
  } catch {
    // It is remembered until this tab is loaded anew.
  }
}

/** Take back what was said last of a set in this tab, or in the letter of that id, and say what it was.
 * @param {string} set @param {string} [letter] */
export async function takeBackHere(set, letter) {
  const all = lettersOf(set);
  const wanted = letter ? all.filter((one) => one === letter) : [...all].reverse();
  for (const one of wanted) {
    keepLetters(set, lettersOf(set).filter((each) => each !== one));
    const taken = takeBack(one);
    if (!taken) continue; // it was refused, or taken back elsewhere
    try {
      await taken.done;
      tell(T.takenBack(taken.said.text));
    } catch (error) {
      tell(sentenceOf(error), { isBad: true });
    }
    return recover();
  }
  return tell(T.nothingSaid);
}

/**
 * Say one thing of some faces of a set. @param {string} set @param {readonly Chosen[]} chosen @param {Said} said @param {string} [name]
 */
export function sayOf(set, chosen, said, name = "") {
  return sayEach(set, chosen.map((one) => ({ ...one, said, name })), T.said(said, name, chosen.length));
}

/** Say different things of faces, as one command. @param {string} set @param {readonly (Chosen & {said: Said, name?: string})[]} each @param {string} text */
export function sayEach(set, each, text) {
  /** @type {Map<string, Map<number, {said: Said, name: string}>>} */
  const of = new Map();
  for (const one of each) of.set(one.photo.id, (of.get(one.photo.id) ?? new Map()).set(one.face.number, { said: one.said, name: one.name ?? "" }));
  foresee(new Map([...of].map(([id, own]) => [id, (/** @type {Face[]} */ faces) => faces.flatMap((face) => after(face, own.get(face.number)))])));
  const body = each.map(({ photo, face, said, name }) => ({
    say: ["new", "name"].includes(said) ? "name" : said, who: { photo: photo.path, face: face.number },
    ...(said === "name" ? { to: name } : {}), ...(said === "new" ? { new: true } : {}),
  }));
  return send(set, body, of.size === 1 ? each[0].photo.path : "", text);
}

/** A face after what was said of it: none where it is none. @param {Face} face @param {{said: Said, name: string} | undefined} one @returns {Face[]} */
function after(face, one) {
  if (!one) return [face];
  const ours = { ...face, isOurs: true };
  switch (one.said) {
    case "no_face":
      return [];
    case "name":
      return [{ ...ours, name: one.name, character: face.name === one.name ? face.character : "?", unknown: null, confidence: 1 }];
    case "new":
    case "not_them":
      return [{ ...ours, name: T.somebody, character: null, unknown: 0 }];
    case "stranger":
      return [{ ...ours, name: face.unknown === null ? T.somebody : face.name, character: null, unknown: face.unknown ?? 0, isStranger: true }];
    case "depicted":
    case "alive":
      return [{ ...face, isDepicted: one.said === "depicted" }];
    default:
      return [{ ...ours, confidence: 1 }];
  }
}

/**
 * A box that somebody drew is a face. @param {string} set @param {Photo} photo @param {[number, number, number, number]} box @param {string} name
 * empty: somebody new
 */
export function draw(set, photo, box, name) {
  const number = Math.max(0, ...photo.faces.map((one) => one.number)) + 1;
  /** @type {Face} */
  const face = { number, box, name: name || T.somebody, character: name ? "?" : null, unknown: name ? null : 0, isOurs: true, isDepicted: false, isStranger: false, isDrawn: true, confidence: 1 };
  foresee(new Map([[photo.id, (/** @type {Face[]} */ faces) => [...faces, face]]]));
  return send(set, [{ say: "add", who: name || "?", new: !name, photo: photo.path, box }], photo.path, T.drew(name));
}

/** @param {string} set @param {any[]} said @param {string} path of the photo, where it is one @param {string} text */
async function send(set, said, path, text) {
  // What waits here was said upon the same: it is not somebody else's.
  const isAlone = waiting.value === 0;
  const learn = learns.value && said.some((one) => one.say === "name" && one.to);
  const sent = post("POST", `media/${set}/decisions`, { said, learn, ...(isAlone && seenAt() !== null ? { position: seenAt() } : {}) }, { text: path ? `${path}: ${text}` : text, undo: "people" });
  const letter = last.peek()?.id ?? "";
  keepLetters(set, [...lettersOf(set), letter]);
  const undo = { act: { text: TEXTS.undo, run: () => void takeBackHere(set, letter) } };
  tell(text, undo);
  try {
    const done = await sent;
    if (done.warnings?.length) tell(done.warnings.join(" "), undo);
  } catch (error) {
    const sentence = error instanceof Refused && error.code === "changed"
      ? TEXTS.review.conflict(error.problem.by?.[0] ?? "", (error.problem.said ?? []).join(" ")) : /** @type {any} */ (error).message;
    tell(sentence, { isBad: true });
    await recover();
  }
}

/** The names that are likely for a face: those of most faces of the set. @param {number} [most] @returns {string[]} */
export function often(most = 9) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const photo of photos.value) for (const face of photo.faces) if (face.character) counts.set(face.name, (counts.get(face.name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, most).map(([name]) => name);
}
