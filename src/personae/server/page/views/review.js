// The review queue: one question after the other, answered by a few keys.
import { get, Refused } from "../api.js";
import { understood } from "../commands.js";
import { listen } from "../events.js";
import { batch, html, signal, useEffect, useLayoutEffect, useRef } from "../html.js";
import { bind } from "../keys.js";
import { found } from "../names.js";
import { post } from "../outbox.js";
import { Name } from "../parts/name.js";
import { address, go, place } from "../router.js";
import { characters, soon, tell } from "../state.js";
import { TEXTS } from "../texts.js";

/**
 * @typedef {{name: string, probability: number | null, character: string | null, other: string | null, picture: string | null}} Candidate
 * @typedef {{address: string, at_s: number | null}} Crop
 * @typedef {{id: string, kind: string, settles_s: number, who: string, parts: any[], crops: Crop[], spans: any[], candidates: Candidate[]}} Question
 */

/** @type {import("@preact/signals").Signal<Question[] | null>} */
const questions = signal(null);
const decided = signal({ share: 0, left: 0 });
/** Those that were answered or put off here, until the server's own list says so. @type {Set<string>} */
const answered = new Set();
const putOff = new Set();
const typed = signal("");
const isWrong = signal("");
/** Spans of a question that are not who they are said to be. @type {import("@preact/signals").Signal<Set<number>>} */
const chosen = signal(new Set());
/** The last answers, to be taken back. @type {{question: Question, undo: () => Promise<any>}[]} */
const said = [];

async function read() {
  const page = await get("questions", { limit: 200 });
  batch(() => {
    questions.value = page.questions.filter((/** @type {Question} */ one) => !answered.has(one.id));
    decided.value = { share: page.decided_share, left: page.left };
  });
}

/** What is asked now: that of the address, else the first that was not put off. */
function current() {
  const all = (questions.value ?? []).filter((one) => !answered.has(one.id));
  return all.find((one) => one.id === place.value.id) ?? all.find((one) => !putOff.has(one.id)) ?? all[0] ?? null;
}

function next() {
  batch(() => {
    typed.value = "";
    isWrong.value = "";
    chosen.value = new Set();
    questions.value = [...(questions.value ?? [])];
  });
  const following = current();
  if (following) go(address("review", following.id), true);
  prefetch();
}

/** Have the pictures of the next questions at hand before they are asked. */
function prefetch() {
  for (const one of (questions.value ?? []).slice(0, 4)) {
    for (const crop of one.crops) new Image().src = crop.address;
    for (const each of one.candidates) if (each.picture) new Image().src = each.picture;
  }
}

/**
 * Answer a question: at once here, and as soon as it can be at the server.
 * @param {Question} question @param {any} body @param {string} text
 */
function answer(question, body, text) {
  answered.add(question.id);
  const kept = typed.value;
  const sent = post("POST", `questions/${question.id}/answer`, body, question.id);
  const entry = { question, undo: async () => post("POST", "undo", { command: (await sent).request }) };
  said.push(entry);
  tell(text, { undo: takeBack });
  next();
  sent.then(
    (done) => done.warnings.length && tell(done.warnings.join(" ")),
    (error) => {
      said.splice(said.indexOf(entry), 1);
      answered.delete(question.id);
      typed.value = kept;
      const others = error instanceof Refused && error.code === "changed" ? error.problem.said?.join(" ") : "";
      isWrong.value = others ? TEXTS.conflict(others) : error.message;
      go(address("review", question.id), true);
      void refresh();
    },
  );
}

/** Take the last answer back, and ask it again. */
async function takeBack() {
  const last = said.pop();
  try {
    if (last) await last.undo();
    else await post("POST", "undo", {});
  } catch (error) {
    tell(error.message, { isBad: true });
    return;
  }
  if (last) answered.delete(last.question.id);
  tell(TEXTS.undone);
  await read();
  if (last) go(address("review", last.question.id), true);
}

/** The names to choose from: those of the question, or those that hold what is typed. @param {Question} question */
function choices(question) {
  if (!typed.value || typed.value.startsWith(".")) return question.candidates.slice(0, 9);
  const known = question.candidates.filter((one) => one.character === null);
  const named = found(characters.value, typed.value);
  return [
    ...named.map((one) => ({ name: one.name, probability: null, character: one.id, other: null, picture: null })),
    ...found(known, typed.value, 3),
  ].slice(0, 9);
}

/** What Enter does. @param {Question} question */
function enter(question) {
  const what = understood(typed.value);
  const choice = choices(question);
  switch (what.kind) {
    case "enter":
      if (question.kind !== "person") return confirmSpans(question);
      return isClear(question) ? take(question, question.candidates[0]) : later(question);
    case "suggestion": {
      const one = choice[(what.number ?? 0) - 1];
      return one ? take(question, one) : wrong(`There is no number ${what.number}.`);
    }
    case "name":
      if (choice.length && !typed.value.startsWith("=")) return take(question, choice[0]);
      return answer(question, { say: "name", to: what.text }, `${what.text}.`);
    case "merge":
      return answer(question, { say: "merge", to: what.text }, `The same as ${what.text}.`);
    case "stranger":
      return answer(question, { say: "stranger" }, "A stranger.");
    case "no_face":
      return answer(question, { say: "no_face" }, "No face.");
    case "new":
      return answer(question, { say: "new" }, "Somebody new.");
    case "strangers":
      return strangers();
    case "later":
      return later(question);
    case "undo":
      typed.value = "";
      return void takeBack();
    case "help":
      typed.value = "";
      return go(address("keys"));
    default:
      return wrong(`${what.text} is no command. All of them: .?`);
  }
}

/** @param {string} text */
function wrong(text) {
  isWrong.value = text;
}

/** @param {Question} question */
function isClear(question) {
  const [first] = question.candidates;
  return first !== undefined && first.character !== null && (first.probability ?? 0) >= 0.8;
}

/** @param {Question} question @param {Candidate} one */
function take(question, one) {
  if (one.other !== null) answer(question, { say: "merge", to: one.name, other: one.other }, `The same as ${one.name}.`);
  else answer(question, { say: "name", to: one.name, only: [...chosen.value] }, `${one.name}.`);
}

/** All right but those that were chosen. @param {Question} question */
function confirmSpans(question) {
  answer(question, { say: "confirm", but: [...chosen.value] }, `${question.who}.`);
}

/** @param {Question} question */
function later(question) {
  putOff.add(question.id);
  next();
}

/** Everybody who is left is a stranger. */
function strangers() {
  const left = (questions.value ?? []).filter((one) => one.kind === "person" && !answered.has(one.id));
  for (const one of left) answered.add(one.id);
  const sent = post("POST", "questions/strangers", { questions: left.map((one) => one.id) });
  said.push({ question: left[0], undo: async () => post("POST", "undo", { command: (await sent).request }) });
  tell(`${left.length} set aside as strangers.`, { undo: takeBack });
  next();
  sent.catch((error) => {
    for (const one of left) answered.delete(one.id);
    tell(error.message, { isBad: true });
    void read();
  });
}

const refresh = soon(read);

export function Review() {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (questions.value === null) read().then(prefetch, (error) => tell(error.message, { isBad: true }));
    return listen((kind) => (kind === "media" || kind === "cast" || kind === "reset" || kind === "decision") && refresh());
  }, []);
  const question = current();
  useEffect(
    () =>
      bind([
        { keys: "Enter", text: TEXTS.keys.enter, always: true, run: () => question && enter(question) },
        { keys: "Escape", text: TEXTS.keys.later, always: true, run: () => question && later(question) },
        { keys: "Ctrl+z", text: TEXTS.keys.undo, always: true, run: takeBack },
        { keys: "Delete", text: TEXTS.keys.stranger, always: true, run: () => question && answer(question, { say: "stranger" }, "A stranger.") },
      ]),
    [question?.id],
  );
  useLayoutEffect(() => field.current?.focus(), [question?.id]);
  if (questions.value === null) return html`<p class="none">…</p>`;
  if (!question) return html`<${Empty} />`;
  const choice = choices(question);
  const onInput = (/** @type {InputEvent & {currentTarget: HTMLInputElement}} */ event) => {
    const text = event.currentTarget.value;
    isWrong.value = "";
    // While nothing else is typed, a number takes a candidate at once.
    if (typed.value === "" && /^[1-9]$/.test(text) && choice[Number(text) - 1]) {
      event.currentTarget.value = "";
      take(question, choice[Number(text) - 1]);
      return;
    }
    typed.value = text;
  };
  return html`
    <div class="review">
      <${Progress} />
      <article aria-labelledby="asked">
        <h1 id="asked">${question.kind === "person" ? TEXTS.whoIs : TEXTS.isThis(question.who)}</h1>
        <p class="facts">${question.parts.map((part) => html`<${Part} part=${part} />`)}</p>
        <ul class="crops">
          ${question.crops.map((crop, at) => html`<li key=${crop.address}><${CropPicture} crop=${crop} at=${at} question=${question} /></li>`)}
        </ul>
        <label class="asked-name">
          <span>${TEXTS.nameField}</span>
          <input ref=${field} value=${typed.value} onInput=${onInput} placeholder=${TEXTS.nameHint} autocomplete="off"
            autocapitalize="words" spellcheck=${false} aria-describedby="wrong" role="combobox" aria-expanded="true" aria-controls="choices" />
        </label>
        <p id="wrong" class="wrong" role="alert">${isWrong.value}</p>
        <ol id="choices" class="choices">
          ${choice.map(
            (one, at) => html`
              <li key=${one.name}>
                <button type="button" class=${at === 0 && (typed.value || isClear(question)) ? "taken" : ""} onClick=${() => take(question, one)}>
                  <kbd>${at + 1}</kbd>
                  ${one.picture ? html`<img src=${one.picture} alt="" width="40" height="40" />` : html`<span class="no-picture"></span>`}
                  <${Name} name=${one.name} />
                  ${one.probability === null ? null : html`<span class="probability">${TEXTS.probability(one.probability)}</span>`}
                </button>
              </li>
            `,
          )}
          ${typed.value && !choice.length && !typed.value.startsWith(".") ? html`<li class="new">${TEXTS.newName(typed.value)}</li>` : null}
          ${!typed.value && !choice.length ? html`<li class="none">${TEXTS.unlikely}</li>` : null}
        </ol>
        <div class="actions">
          <${Act} keys=".s" text=${TEXTS.keys.stranger} run=${() => answer(question, { say: "stranger" }, "A stranger.")} />
          <${Act} keys=".x" text=${TEXTS.keys.noFace} run=${() => answer(question, { say: "no_face" }, "No face.")} />
          <${Act} keys=".n" text=${TEXTS.keys.newPerson} run=${() => answer(question, { say: "new" }, "Somebody new.")} />
          <${Act} keys="Esc" text=${TEXTS.keys.later} run=${() => later(question)} />
          <${Act} keys="Ctrl Z" text=${TEXTS.keys.undo} run=${takeBack} />
          <${Act} keys=".s all" text=${TEXTS.keys.all} run=${strangers} />
        </div>
      </article>
    </div>
  `;
}

/** @param {{keys: string, text: string, run: () => void}} props */
function Act({ keys, text, run }) {
  return html`<button type="button" onClick=${run}>${text} <kbd>${keys}</kbd></button>`;
}

function Progress() {
  const { share, left } = decided.value;
  return html`
    <div class="progress">
      <progress max="1" value=${share} aria-label=${TEXTS.decided(share)}></progress>
      <span>${TEXTS.decided(share)}</span><span>${TEXTS.left(left)}</span>
    </div>
  `;
}

/** @param {{part: any}} props */
function Part({ part }) {
  const where = address(part.kind === "film" ? "films" : "photos", part.medium);
  const seen = part.kind === "film" ? TEXTS.appearances(part.faces) : TEXTS.faces(part.faces);
  return html`<a href=${where}><${Name} name=${part.name} /></a> <span>${seen}${part.face_time_s ? `, ${TEXTS.seconds(part.face_time_s)}` : ""}</span> `;
}

/** @param {{crop: Crop, at: number, question: Question}} props */
function CropPicture({ crop, at, question }) {
  if (question.kind === "person") return html`<img src=${crop.address} alt="" />`;
  const isOut = chosen.value.has(at);
  const toggle = () => {
    const own = new Set(chosen.value);
    if (!own.delete(at)) own.add(at);
    chosen.value = own;
  };
  return html`<button type="button" aria-pressed=${isOut} class=${isOut ? "out" : ""} onClick=${toggle}><img src=${crop.address} alt="" /></button>`;
}

function Empty() {
  return html`<div class="review"><${Progress} /><p class="none">${TEXTS.nothingOpen}</p></div>`;
}
