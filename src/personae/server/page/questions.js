// The queue of questions: what is asked now, what was answered here and may not have arrived, what others look at.
import { get, isForgetting, Refused, send } from "./api.js";
import { listen } from "./events.js";
import { batch, computed, signal } from "./html.js";
import { onRefused, post, takeBack, unsent } from "./outbox.js";
import { address, go, place } from "./router.js";
import { ended, given, isTold, message, soon, tell } from "./state.js";
import { tabId } from "./store.js";
import { TEXTS } from "./texts.js";

/**
 * @typedef {{medium: string, address: string, quality: number, box: [number, number, number, number], size: [number, number] | null, path: [number, number, number, number, number][],
 *  at_s: number | null, pts: number | null, track: number | null, photo: string | null, photo_address: string | null, number: number | null}} Crop
 * @typedef {{medium: string, kind: string, name: string, number: number, who: string, position: number | null, faces: number, face_time_s: number}} Part
 * @typedef {{name: string, probability: number | null, character: string | null, other: Part | null, picture: string | null}} Candidate
 * @typedef {{appearance: number, start_s: number, end_s: number, similarity: number, confidence: number, crops: Crop[], runner_up: Candidate | null}} Span
 * @typedef {{photo: string, path: string, number: number, similarity: number, confidence: number, crops: Crop[]}} Face
 * @typedef {{id: string, kind: "person" | "spans" | "photos" | "outliers" | "disagreement" | "look_alikes", settles_s: number, who: string, medium: string | null, name: string, position: number | null,
 *  parts: Part[], spans: Span[], faces: Face[], crops: Crop[], candidates: Candidate[], picture: string | null,
 *  characters: {id: string, name: string, picture: string | null}[], photos: import("./parts/ask_cast.js").AskedPhoto[]}} Question
 */

const READ_AT_ONCE = 30;
const LOOKING_EVERY_MS = 8000;
/** Who reacts to a picture takes longer: until then a list of names may still change under the fingers. */
const SETTLED_AFTER_MS = 400;
/** The same after a reload: nobody is somebody else to themselves. */
const tab = tabId();

/** As the server told them; null before it did. @type {import("@preact/signals").Signal<Question[] | null>} */
const told = signal(null);
const counts = signal({ decided_s: 0, total_s: 0, left: 0 });
/** The question of an address that was followed, where it is not among those. @type {import("@preact/signals").Signal<Question | null>} */
const linked = signal(null);
/** Answered here, until the server's own list is read after that. @type {import("@preact/signals").Signal<ReadonlyMap<string, number>>} */
const answered = signal(new Map());
/** @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
const putOff = signal(new Set());
/** Questions that others have open -> who does. @type {import("@preact/signals").Signal<Record<string, string>>} */
export const others = signal({});

/** What is open and not answered here. */
export const questions = computed(() => {
  if (told.value === null) return null;
  const extra = linked.value && !told.value.some((one) => one.id === linked.value?.id) ? [linked.value] : [];
  return [...told.value, ...extra].filter((one) => !answered.value.has(one.id));
});

/** Whether nobody has answered a question here. @param {Question} one */
export function isUnanswered(one) {
  return !answered.value.has(one.id);
}

/** How far it is. */
export const standing = computed(() => {
  const { decided_s, total_s, left } = counts.value;
  const own = (told.value ?? []).filter((one) => answered.value.has(one.id));
  const more = own.reduce((sum, one) => sum + (one.characters.length ? 0 : one.settles_s), 0); // the cast is no face time
  return { share: total_s ? Math.min((decided_s + more) / total_s, 1) : 1, left: Math.max(left - own.length, 0) };
});

/** What is asked now: that of the address, else the first that nobody has put off or open. */
export const current = computed(() => {
  const open = questions.value;
  if (!open) return null;
  const asked = place.value.view === "review" || place.value.view === "" ? open.find((one) => one.id === place.value.id) : null;
  const left = open.filter((one) => !putOff.value.has(one.id));
  return asked ?? left.find((one) => !(one.id in others.value)) ?? left[0] ?? null;
});

/** How many were put off: when nothing else is open, they can be asked again. */
export const countPutOff = computed(() => (questions.value ?? []).filter((one) => putOff.value.has(one.id)).length);

/** Ask those again that were put off. */
export function askAgain() {
  putOff.value = new Set();
  ask();
}

let readings = 0;
/** The reading under way, and the one that comes after it. @type {Promise<void> | null} */
let underWay = null;
/** @type {Promise<void> | null} */
let comes = null;

/** Read the queue. Resolves when what is told is as new as this call. One reading at a time: in a large project it takes
 * longer than an answer, and if each answer began one, none would be over before the last. @returns {Promise<void>} */
export function readQuestions() {
  if (!underWay && !comes) return beginReading();
  comes ??= Promise.resolve(underWay).catch(() => {}).then(() => {
    comes = null;
    return beginReading();
  });
  return comes;
}

function beginReading() {
  underWay = read().finally(() => {
    underWay = null;
  });
  return underWay;
}

/** @returns {Promise<void>} */
async function read() {
  const reading = ++readings;
  if (told.value === null) answered.value = new Map(unsent().map((id) => [id, 0]));
  // Those that were put off, or whose answer is on its way, stand before others that are to be asked.
  // At first nobody is asked what others have open: that is known before.
  const [page] = await Promise.all([
    get("questions", { limit: Math.min(READ_AT_ONCE + putOff.value.size + unsure.size, 1000) }),
    told.value === null ? look() : undefined,
  ]);
  const kept = await stillOpen(page);
  batch(() => {
    // What is on its way is in the server's list still, and what arrived after this reading began may be.
    const onTheWay = new Set([...unsent(), ...unsure.keys()]);
    answered.value = new Map([...answered.value].filter(([id]) => onTheWay.has(id) || (arrived.get(id) ?? 0) >= reading));
    counts.value = page;
    told.value = settled(page.questions);
    linked.value = kept;
  });
  prefetch();
}

/** The question that is looked at, where it is not among the first ones that the server tells: it stays. Null where it is
 * open no more. @param {{questions: Question[]}} page @returns {Promise<Question | null>} */
async function stillOpen(page) {
  const { view, id } = place.value;
  if (view !== "review" || !id || answered.value.has(id) || page.questions.some((one) => one.id === id)) return null;
  if (complained.value === id && linked.value?.id === id) return linked.value;
  try {
    return await get(`questions/${id}`);
  } catch (error) {
    if (!(error instanceof Refused)) return linked.value?.id === id ? linked.value : null;
    if (shown.id === id && !arrived.has(id) && !answered.value.has(id)) tell(TEXTS.review.answeredBy);
    return null;
  }
}

/** The question that shows why an answer to it was not taken: it stays until somebody goes on, though it may be open no
 * more. */
const complained = signal("");

/** Answers that are on their way: question -> letter. @type {Map<string, Promise<any>>} */
const unsure = new Map();
/** Answers that have arrived: question -> how many readings had begun then. @type {Map<string, number>} */
const arrived = new Map();

let shown = { id: "", at: 0 };

/** Tell that a question is seen from now on. @param {string} id */
export function isShown(id) {
  if (shown.id !== id) {
    shown = { id, at: performance.now() };
    void look();
  }
}

/** The questions, with the one that is looked at as it is: its names keep their numbers, and new ones come after them.
 * @param {Question[]} now */
function settled(now) {
  if (performance.now() - shown.at < SETTLED_AFTER_MS) return now;
  const before = told.value?.find((one) => one.id === shown.id);
  return now.map((one) => {
    if (!before || one.id !== before.id || !before.candidates.length) return one;
    const fresh = new Map(one.candidates.map((each) => [each.name, each]));
    const kept = before.candidates.map((each) => fresh.get(each.name) ?? { ...each, probability: null });
    const known = new Set(kept.map((each) => each.name));
    return { ...one, candidates: [...kept, ...one.candidates.filter((each) => !known.has(each.name))] };
  });
}

const AT_HAND = 4;
const MOST_AT_HAND = 1000;
/** Addresses of pictures that the browser has. @type {Set<string>} */
const atHand = new Set();

/** Have the pictures of the next questions at hand before they are asked. */
function prefetch() {
  if (atHand.size > MOST_AT_HAND) atHand.clear();
  for (const one of (questions.value ?? []).filter((each) => !putOff.value.has(each.id)).slice(0, AT_HAND)) {
    for (const { address: crop } of one.crops.slice(0, 6)) haveAtHand(crop);
    for (const { picture } of [...one.candidates, ...one.photos.slice(0, 6)]) haveAtHand(picture);
  }
}

/** @param {string | null} picture */
function haveAtHand(picture) {
  if (!picture || atHand.has(picture)) return;
  atHand.add(picture);
  new Image().src = picture;
}

/** What is in the name field: whether somebody is in the middle of an answer. */
export const typing = signal("");
/** Why what was typed is no answer, or was not taken. */
export const wrong = signal("");
/** What was typed to an answer that was not taken, and why it was not: shown with the same question. @type {Map<string, string>} */
const kept = new Map();
/** @type {Map<string, string>} */
const complaints = new Map();
/** The question that was shown before. */
let before = "";
/** The question that somebody has asked to be asked again: it may come before the answer to their undo does. */
let awaited = "";
/** Until when keys answer nothing: a question that came by itself is no answer's to the one before. */
let deafUntil = 0;
const DEAF_MS = 1200;

/** A question comes up, with what was typed to it before. @param {string} id */
export function begin(id) {
  const isSurprise = before !== "" && id !== awaited && cameByItself();
  if (id === awaited) awaited = "";
  if (isSurprise && before !== id) keepTyped();
  before = id;
  isShown(id);
  if (isSurprise) deafUntil = performance.now() + DEAF_MS;
  typing.value = kept.get(id) ?? "";
  wrong.value = complaints.get(id) ?? (isSurprise ? TEXTS.review.replaced : "");
  kept.delete(id);
  complaints.delete(id);
}

/** What is typed to the question that is shown comes back with it. */
function keepTyped() {
  if (typing.value) kept.set(before, typing.value);
}

/** Whether an answer would be one to the question before; that is said. */
export function isDeaf() {
  const isIt = performance.now() < deafUntil;
  if (isIt) wrong.value = TEXTS.review.replaced;
  return isIt;
}

/** Whether they would be taken away from it. */
function isBusy() {
  return typing.value !== "" && ["", "review"].includes(place.value.view);
}

/** When somebody last went on themselves: a question that comes otherwise comes unasked. */
let wentOn = 0;
const GOES_ON_WITHIN_MS = 600;

/** Whether the question that is shown now came by itself. */
export function cameByItself() {
  return performance.now() - wentOn > GOES_ON_WITHIN_MS;
}

/** Go to a question, or to the first that is open. @param {string} [id] */
export function ask(id) {
  wentOn = performance.now();
  if (id !== complained.value) complained.value = "";
  if (id !== undefined) return go(address("review", id), true);
  const next = current.value;
  prefetch();
  return go(next ? address("review", next.id) : address("review"), true);
}

/**
 * Answer a question: at once here, and at the server as soon as it can be.
 * @param {Question} question @param {{method?: string, path: string, body: any, undo?: "people" | "cast"}} letter @param {string} text
 * @param {Question[]} [more] others that it answers or changes: asked again when the server says what became of them
 */
export function answer(question, { method = "POST", path, body, undo: way = "people" }, text, more = []) {
  const asked = { question, line: typing.value };
  typing.value = "";
  const sent = post(method, path, body, { text, question: question.id, asked, undo: way });
  const own = [question, ...more];
  batch(() => {
    const all = new Map(answered.value);
    for (const one of own) {
      unsure.set(one.id, sent);
      all.set(one.id, one.settles_s);
    }
    answered.value = all;
    ask();
  });
  tell(text, { act: { text: TEXTS.undo, run: undo } });
  sent
    .then(
      (done) => {
        warn(done);
        if (done.job?.kind === "learn") void tellLearnt(done.job.id, text);
      },
      (error) => {
        const show = notTaken(asked, body, error);
        isOpenAgain(own);
        // Who is typing an answer to another question is not taken away from it.
        if (!isBusy()) return show();
        return tell(TEXTS.review.refused(text, sentenceOf(error)), { isBad: true, act: { text: TEXTS.review.show, run: show } });
      },
    )
    .finally(() => {
      for (const one of own) {
        arrived.set(one.id, readings);
        if (unsure.get(one.id) === sent) unsure.delete(one.id);
      }
      refresh();
    });
}

/** @param {Question[]} own */
function isOpenAgain(own) {
  const rest = new Map(answered.value);
  for (const one of own) rest.delete(one.id);
  answered.value = rest;
}

/** An answer was not taken. Returns what asks its question again, with what was typed and why it was not taken.
 * @param {{question: Question, line: string}} asked @param {any} body @param {unknown} error */
function notTaken({ question, line }, body, error) {
  const { id } = question;
  kept.set(id, line);
  complaints.set(id, sentenceOf(error));
  if (given.value.has(body?.to)) given.value = new Set([...given.value].filter((one) => one !== body.to));
  return () =>
    batch(() => {
      isOpenAgain([question]);
      complained.value = id;
      linked.value = question;
      if (before === id && !typing.value) begin(id);
      else keepTyped();
      ask(id);
    });
}

/** Tell of what was refused though nobody waits for it any more: the tab that said it was closed, or loaded anew.
 * @param {import("./letters.js").Letter} letter @param {Refused} error */
export function tellRefused(letter, error) {
  const act = letter.asked && { text: TEXTS.review.show, run: notTaken(letter.asked, letter.body, error) };
  tell(TEXTS.review.refused(letter.text, sentenceOf(error)), { isBad: true, act });
}

/** What the cast learnt from an answer, or that it learnt nothing: beside what was told of it, while that still stands.
 * @param {string} job @param {string} text */
async function tellLearnt(job, text) {
  const { state, result } = await ended(job).catch(() => ({ state: "", result: {} }));
  const told = message.value;
  if (state !== "done" || !told || told.isBad || !told.text.startsWith(text)) return;
  const learnt = result.learnt ? TEXTS.review.learnt(result.learnt) : TEXTS.askCast.learntNone;
  tell(`${told.text} ${learnt}`, { act: told.act });
}

/** Tell what may be wrong with what was said. @param {any} done */
function warn(done) {
  const warnings = [...(done.warnings ?? []), ...(done.decided ?? []).flatMap((/** @type {any} */ one) => one.warnings)];
  const different = [...new Set(warnings)];
  if (different.length) tell(different.join(" "), { act: { text: TEXTS.undo, run: undo } });
}

/** What to say of a refusal. @param {unknown} error */
export function sentenceOf(error) {
  if (!(error instanceof Refused)) return String(error);
  if (error.code !== "changed") return error.message;
  return TEXTS.review.conflict(error.problem.by?.[0] ?? "", (error.problem.said ?? []).join(" "));
}

/** Take the last thing back, and ask it again. */
export async function undo() {
  const taken = takeBack();
  if (!taken) return tell(TEXTS.review.nothingHere);
  const { question, text } = taken.said;
  awaited = question ?? "";
  if (question) {
    const rest = new Map(answered.value);
    rest.delete(question);
    answered.value = rest;
  }
  try {
    await taken.done;
    tell(text ? `${TEXTS.undone} (${text})` : TEXTS.undone);
  } catch (error) {
    return tell(sentenceOf(error), { isBad: true });
  }
  shown = { id: "", at: 0 }; // its names may be others now
  try {
    await readQuestions();
  } catch (error) {
    if (!isTold(error)) throw error; // what was never sent is taken back without a server
  }
  if (question && place.value.view === "review") ask(question);
  return undefined;
}

/** Ask a question later. @param {Question} question */
export function later(question) {
  wentOn = performance.now();
  batch(() => {
    putOff.value = new Set(putOff.value).add(question.id);
    go(address("review"), true);
    ask();
  });
  if ((questions.value ?? []).length - putOff.value.size < READ_AT_ONCE / 2) refresh();
}

/** Say what this tab looks at, so that others are asked other questions first. */
async function look() {
  if (isForgetting.peek()) return;
  const isHere = document.visibilityState === "visible" && ["", "review"].includes(place.value.view);
  try {
    const { others: open } = await send("PUT", "questions/open", { tab, question: isHere ? shown.id : "" });
    if (JSON.stringify(open) !== JSON.stringify(others.value)) others.value = open;
  } catch {
    // The server is away, and says so elsewhere.
  }
}

const atOnce = soon(readQuestions, 60);
const inAWhile = soon(readQuestions, 700);

/** Read the queue again; who goes from one question to the next and has many left is not slowed down by it. */
function refresh() {
  const isPlenty = (questions.value ?? []).length - putOff.value.size > READ_AT_ONCE / 2;
  if (isPlenty && !cameByItself()) inAWhile();
  else atOnce();
}

/** Keep the queue up to date while it is shown. */
export function followQuestions() {
  const timer = setInterval(look, LOOKING_EVERY_MS);
  const stops = [
    listen((kind) => ["media", "cast", "people", "reset", "training", "forgetting"].includes(kind) && refresh()),
    onRefused(refresh),
    () => clearInterval(timer),
  ];
  return () => {
    shown = { id: "", at: 0 };
    before = "";
    void look();
    for (const stop of stops) stop();
  };
}
