// Everybody in films and photo sets: read once, kept up to date, and changed here at once when something is said.
import { every, may, urlOf } from "./api.js";
import { listen } from "./events.js";
import { computed, signal } from "./html.js";
import { onRefused, post } from "./outbox.js";
import { sentenceOf, undo } from "./questions.js";
import { characters, learns, media, soon, tell } from "./state.js";
import { TEXTS } from "./texts.js";

/** @typedef {{medium: string, kind: "film" | "photos", name: string, who: string, number: number | null, position: number | null,
 *  faces: number, face_time_s: number}} SeenPart */
/** @typedef {{id: string, kind: "named" | "unknown" | "stranger", name: string, character: string | null, faces: number, face_time_s: number,
 *  films: number, photo_sets: number, parts: SeenPart[]}} Somebody */

const T = TEXTS.people;

/** As the server told them; null before it did. @type {import("@preact/signals").Signal<Somebody[] | null>} */
export const everybody = signal(null);

/** By name. @type {import("@preact/signals").ReadonlySignal<Map<string, Somebody>>} */
export const byName = computed(() => new Map((everybody.value ?? []).filter((one) => one.kind === "named").map((one) => [one.name, one])));

let readings = 0;
/** What is said and not yet answered: until then the server's list does not have it. */
let onTheWay = 0;

export async function readEverybody() {
  const reading = ++readings;
  const found = await every("people/everybody", "people");
  if (reading === readings && !onTheWay) everybody.value = found;
}

export const refresh = soon(readEverybody, 100);

/** Somebody is no more: they are not shown until the list is read again. @param {string} id */
export function leaveOut(id) {
  if (everybody.value) everybody.value = everybody.value.filter((one) => one.id !== id);
}

/** Keep it up to date while it is shown. @returns {() => void} that ends it */
export function followEverybody() {
  refresh();
  const stops = [
    listen((kind) => ["media", "cast", "reset", "forgetting"].includes(kind) && refresh()),
    onRefused(refresh),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Where somebody's picture is: the server knows which shows them best. @param {Somebody} one */
export function pictureOf(one) {
  // What was decided may change whose face is the best one.
  const at = one.parts.reduce((sum, part) => sum + (part.position ?? 0), 0);
  return urlOf(`people/${encodeURIComponent(one.id)}/picture`, { v: `${one.faces}-${at}` }).href;
}

/** How much there is of somebody, in words. @param {{face_time_s: number, films: number, photo_sets: number, parts: readonly SeenPart[]}} one */
export function factsOf(one) {
  const of = (/** @type {string} */ kind) => one.parts.reduce((all, part) => all + (part.kind === kind ? part.faces : 0), 0);
  const found = [];
  if (one.face_time_s) found.push(TEXTS.seconds(one.face_time_s));
  if (one.films) found.push(`${T.scenes(of("film"))} ${T.in} ${T.films(one.films)}`);
  if (one.photo_sets) found.push(`${T.faces(of("photos"))} ${T.in} ${T.sets(one.photo_sets)}`);
  return found.join(", ");
}

/** Several as one. @param {readonly Somebody[]} people */
export function sum(people) {
  const parts = people.flatMap((one) => one.parts);
  const of = (/** @type {string} */ kind) => new Set(parts.filter((part) => part.kind === kind).map((part) => part.medium)).size;
  return {
    parts, faces: people.reduce((all, one) => all + one.faces, 0), face_time_s: people.reduce((all, one) => all + one.face_time_s, 0),
    films: of("film"), photo_sets: of("photos"),
  };
}

/** Whom a body is about. @param {readonly Somebody[]} people */
export function partsOf(people) {
  return people.flatMap((one) =>
    one.parts.map(({ medium, number, who, position }) => (number === null ? { medium, who, position } : { medium, number, position })),
  );
}

/**
 * Say something of people: shown at once, sent as soon as it can be, with an undo.
 * @param {readonly Somebody[]} people @param {any} what @param {string} text @param {(all: Somebody[]) => Somebody[]} [change]
 */
export function say(people, what, text, change) {
  return sendSaid("POST", "people/decisions", { parts: partsOf(people), ...what }, text, "people", change);
}

/**
 * @param {string} method @param {string} path @param {any} body @param {string} text @param {"people" | "cast"} kind
 * @param {(all: Somebody[]) => Somebody[]} [change]
 */
export async function sendSaid(method, path, body, text, kind, change) {
  onTheWay++;
  if (change && everybody.value) everybody.value = change(everybody.value);
  tell(text, { act: { text: TEXTS.undo, run: takeBackLast } });
  try {
    const done = await post(method, path, body, { text, undo: kind });
    const warnings = [...new Set([...(done.warnings ?? []), ...(done.notes ?? [])])];
    if (warnings.length) tell(`${text} ${warnings.join(" ")}`, { act: { text: TEXTS.undo, run: takeBackLast } });
    return true;
  } catch (error) {
    tell(sentenceOf(error), { isBad: true });
    return false;
  } finally {
    onTheWay--;
    refresh();
  }
}

/** Take the last thing back. */
export async function takeBackLast() {
  await undo();
  refresh();
}

/** @param {readonly Somebody[]} people */
export function setAside(people) {
  const ids = new Set(people.map((one) => one.id));
  return say(people, { say: "stranger" }, T.said.strangers(people.length), (all) =>
    all.map((one) => (ids.has(one.id) ? { ...one, kind: "stranger", character: null } : one)));
}

/** @param {readonly Somebody[]} people */
export function notFaces(people) {
  const ids = new Set(people.map((one) => one.id));
  return say(people, { say: "no_face" }, T.said.noFace(people.length), (all) => all.filter((one) => !ids.has(one.id)));
}

/**
 * Give people a name; null: they are one without a name.
 * @param {readonly Somebody[]} people @param {string | null} name
 */
export function nameAll(people, name) {
  const [first] = people;
  const ids = new Set(people.map((one) => one.id));
  const known = name === null ? null : byName.value.get(name);
  if (people.length === 1 && first.character && name !== null && !known && !characters.value.some((one) => one.name === name)) {
    // A character of the cast: it has the new name everywhere.
    const text = T.said.name(first.name, name);
    return sendSaid("PATCH", `characters/${first.character}`, { name }, text, "cast", (all) =>
      all.map((one) => (one.id === first.id ? { ...one, name } : one)));
  }
  const joined = known && !ids.has(known.id) ? [known, ...people] : [...people];
  const text = joined.length === 1 ? T.said.name(first.name, name ?? "") : T.said.merge(joined.length, name ?? first.name);
  const what = joined.length > 1 ? { say: "merge", to: name } : { say: "name", to: name, learn: learns.value };
  return say(joined, what, text, (all) => {
    const one = { ...(known ?? first), ...sum(joined), name: name ?? first.name, kind: /** @type {"unknown" | "named"} */ (name === null ? "unknown" : "named"),
      parts: joined.flatMap((each) => each.parts) };
    const gone = new Set(joined.map((each) => each.id));
    return all.flatMap((each) => (each.id === (known ?? first).id ? [one] : gone.has(each.id) ? [] : [each]));
  });
}

/** Whether all of them can be one without a name: every film that shows one shows another too. @param {readonly Somebody[]} people */
export function needsName(people) {
  /** @type {Map<string, Set<string>>} */
  const shown = new Map();
  for (const one of people) for (const part of one.parts) shown.set(part.medium, (shown.get(part.medium) ?? new Set()).add(one.id));
  return [...shown.values()].some((own) => own.size < 2);
}

/** What a film or set is called. @param {string} id */
export function mediumName(id) {
  return media.value.get(id)?.name ?? "";
}

export const mayEdit = () => may("editor");
