// The review queue: one question after the other, answered by a few keys.
import { every, may } from "../api.js";
import { understood } from "../commands.js";
import { batch, html, signal, useEffect, useLayoutEffect, useRef } from "../html.js";
import { bind } from "../keys.js";
import { found } from "../names.js";
import { post } from "../outbox.js";
import { AskedOfCast, isOfCast } from "../parts/ask_cast.js";
import { Name } from "../parts/name.js";
import { BoxedPhoto } from "../parts/photo.js";
import { Loop } from "../parts/player.js";
import { clock } from "../parts/time.js";
import { answer, ask, askAgain, begin, countPutOff, current, followQuestions, isDeaf, isUnanswered, later, others, questions, readQuestions, standing, typing, undo, wrong } from "../questions.js";
import { address, go, place } from "../router.js";
import { given, isKnown, jobs, learns, media, names, setLearns, soon, tell } from "../state.js";
import { TEXTS } from "../texts.js";

/** @typedef {import("../questions.js").Question} Question */
/** @typedef {import("../questions.js").Candidate} Candidate */
/** @typedef {import("../questions.js").Crop} Crop */

const SURE = 0.8;
const T = TEXTS.review;

const typed = typing;
/** Which of the names Enter takes: its place in the list. */
const at = signal(0);
/** Of a question about spans or photos: those that are somebody else. @type {import("@preact/signals").Signal<ReadonlySet<number>>} */
const marked = signal(new Set());
/** The crop that is looked at. */
const lookedAt = signal(0);

/** @param {string} id */
function comes(id) {
  batch(() => {
    begin(id);
    const all = named();
    waitingNames.value = all.filter((one) => !one.photos && !one.isUsed).slice(0, MOST);
    lastNames.value = [...given.value].reverse().flatMap((name) => all.filter((one) => one.name === name));
    at.value = 0;
    marked.value = new Set();
    lookedAt.value = 0;
  });
}

/** @param {Question} question @param {any} letter @param {string} text @param {Question[]} [more] */
function say(question, letter, text, more) {
  if (!isDeaf()) answer(question, letter, text, more);
}

/** Of somebody: everywhere they are. @param {Question} question @param {any} what @param {string} text @param {Question[]} [more] */
function sayOfPerson(question, what, text, more) {
  say(question, { path: "people/decisions", body: { parts: partsOf(question.parts), ...what } }, text, more);
}

/** @param {import("../questions.js").Part[]} parts */
function partsOf(parts) {
  return parts.map(({ medium, number, position }) => ({ medium, number, position }));
}

/** Of spans or faces of one film or set: what to say of those that were marked, and of the others.
 * @param {Question} question @param {{marked?: any, others?: any}} what @param {string} text */
function sayOfSpans(question, what, text) {
  const rows = question.kind === "spans" ? question.spans : question.faces;
  const said = rows.flatMap((row, number) => {
    const one = marked.value.has(number) ? what.marked : what.others;
    return one ? [{ who: "appearance" in row ? row.appearance : { photo: row.path, face: row.number }, ...one }] : [];
  });
  say(question, { path: `media/${question.medium}/decisions`, body: { said, position: question.position, learn: learns.value && said.some((one) => one.say === "name") } }, text);
}

/** The names to choose from: those of the question, or those that hold what is typed.
 * @param {Question} question @returns {Candidate[]} */
function choices(question) {
  const said = understood(typed.value);
  if (said.kind === "merge") {
    const people = (questions.value ?? []).filter((one) => one.kind === "person" && one.id !== question.id);
    const unknown = people.map((one) => ({ name: one.who, probability: null, character: null, other: one.parts[0], picture: one.crops[0]?.address ?? null }));
    return found([...named(), ...unknown], said.text);
  }
  const suggested = question.kind === "person" ? question.candidates : [];
  if (["enter", "suggestion"].includes(said.kind)) return question.kind === "person" ? offered(question) : [];
  if (said.kind !== "name" || typed.value.startsWith("=")) return [];
  const known = new Map(suggested.map((one) => [one.name, one]));
  const all = named().map((one) => known.get(one.name) ?? one);
  return found([...all, ...suggested.filter((one) => one.other)], said.text, 9, (one) => rank(one));
}

/**
 * Who is offered while nothing is typed: who is likely; then names that were given beforehand and that nobody has yet, for
 * those are looked for; then who is nearest, and whom somebody named last: the rest of a film is mostly of them.
 * @param {Question} question @returns {Candidate[]}
 */
function offered(question) {
  const likely = question.candidates.filter(isLikely);
  const nearest = question.candidates.filter((one) => !isLikely(one));
  const all = [...likely, ...waitingNames.value, ...nearest, ...lastNames.value];
  return all.filter((one, number) => all.findIndex((each) => each.name === one.name) === number).slice(0, MOST);
}

const MOST = 9;
const LIKELY = 0.05;
/** What is less probable is no suggestion. @param {Candidate} one */
const isLikely = (one) => (one.probability ?? 0) >= LIKELY;
/** Names that wait for somebody, and those that were given last: as they were when the question came, so that none changes
 * its number under the fingers. @type {import("@preact/signals").Signal<Candidate[]>} */
const waitingNames = signal([]);
/** @type {import("@preact/signals").Signal<Candidate[]>} */
const lastNames = signal([]);

/** Every name, as a choice. @returns {(Candidate & {photos: number, isUsed: boolean})[]} */
function named() {
  return names.value.map(({ name, id, photos, isUsed }) => ({ name, probability: null, character: id ?? name, other: null, picture: null, photos, isUsed }));
}

/** Among names that fit what is typed as well: those that are likely; then those that nobody has yet, for who has photos
 * would have been known. @param {any} one */
function rank(one) {
  if (one.probability !== null && one.probability !== undefined) return -one.probability;
  return one.photos ? 2 : one.isUsed ? 1 : 0;
}

/** @param {Question} question */
function isClear(question) {
  const [first] = question.candidates;
  return question.kind === "person" && first !== undefined && (first.probability ?? 0) >= SURE;
}

/** What the line means, done. @param {Question} question */
function enter(question) {
  const what = understood(typed.value);
  const choice = choices(question);
  const chosen = choice[at.value] ?? choice[0];
  switch (what.kind) {
    case "enter":
      if (question.kind !== "person") return confirm(question);
      return isClear(question) || at.value ? take(question, chosen) : later(question);
    case "suggestion":
      return digit(question, what.number);
    case "name":
      if (chosen && !typed.value.startsWith("=")) return take(question, chosen);
      return take(question, { name: what.text, probability: null, character: null, other: null, picture: null });
    case "merge":
      return chosen ? merge(question, chosen) : complain(T.noSuch(what.text));
    default:
      return command(question, what.kind, what.text);
  }
}

/** @param {Question} question @param {string} kind @param {string} text */
function command(question, kind, text = "") {
  const isPerson = question.kind === "person";
  switch (kind) {
    case "stranger":
    case "no_face":
      if (isPerson) return sayOfPerson(question, { say: kind }, T.said[kind]);
      return sayOfSpans(question, markedAs({ say: kind }), T.said[kind]);
    case "new":
      if (isPerson) return sayOfPerson(question, { say: "name", new: true }, T.said.new);
      return sayOfSpans(question, markedAs({ say: "not_them" }), T.said.not(question.who));
    case "strangers":
      return void strangers();
    case "later":
      return later(question);
    case "undo":
      typed.value = "";
      return void undo();
    case "help":
      typed.value = "";
      return go(address("keys"));
    default:
      return complain(T.noCommand(text));
  }
}

/** What is said of the spans that were marked, the others being right; of all where none was.
 * @param {any} one */
function markedAs(one) {
  return marked.value.size ? { marked: one, others: { say: "confirm" } } : { others: one };
}

/** @param {string} sentence */
function complain(sentence) {
  wrong.value = sentence;
}

/** @param {Question} question @param {number} number */
function digit(question, number) {
  if (question.kind === "person") {
    const one = choices(question)[number - 1];
    return one ? take(question, one) : complain(T.noNumber(number));
  }
  const rows = question.kind === "spans" ? question.spans : question.faces;
  if (number < 1 || number > rows.length) return complain(T.noNumber(number));
  return mark(number - 1);
}

/** @param {number} number */
function mark(number) {
  const own = new Set(marked.value);
  if (!own.delete(number)) own.add(number);
  batch(() => {
    marked.value = own;
    lookedAt.value = number;
  });
}

/** @param {Question} question @param {Candidate} one @returns {void} */
function take(question, one) {
  if (!one.other && !given.value.has(one.name)) given.value = new Set(given.value).add(one.name);
  if (question.kind !== "person") return sayOfSpans(question, markedAs({ say: "name", to: one.name }), T.said.name(one.name));
  if (one.other) return merge(question, one);
  return sayOfPerson(question, { say: "name", to: one.name, learn: learns.value }, T.said.name(one.name));
}

/** @param {Question} question @param {Candidate} one @returns {void} */
function merge(question, one) {
  const part = one.other;
  if (!part) return take(question, one);
  const other = questions.value?.find((each) => each.parts.some((own) => own.medium === part.medium && own.number === part.number));
  const parts = other?.parts ?? [part];
  const here = new Set(question.parts.map((each) => each.medium));
  if (!parts.some((each) => here.has(each.medium))) return complain(T.notBoth);
  return sayOfPerson(question, { say: "merge", other: partsOf(parts) }, T.said.merge(one.name), other && [other]);
}

/** @param {Question} question */
function confirm(question) {
  const count = marked.value.size;
  const text = count ? T.said.some(question.who, T.marked(count)) : T.said.confirm(question.who);
  sayOfSpans(question, { marked: { say: "not_them" }, others: { say: "confirm" } }, text);
}

/** Everybody who is left is a stranger: one command, one undo. */
async function strangers() {
  if (isDeaf()) return;
  const all = await every("questions", "questions", { kind: "person" }).catch((error) => {
    tell(error.message, { isBad: true });
    return [];
  });
  const left = all.filter(isUnanswered);
  if (!left.length) return;
  // The one that is asked comes back when this is taken back.
  const first = left.find((/** @type {Question} */ one) => one.id === current.value?.id) ?? left[0];
  const body = { parts: left.flatMap((/** @type {Question} */ one) => partsOf(one.parts)), say: "stranger" };
  say(first, { path: "people/decisions", body }, T.said.strangers(left.length), left.filter((one) => one !== first));
}

/** Look again for those whom the cast has learnt. */
const relabel = soon(async () => {
  await post("POST", "relabel", { only_stale: true });
}, 0);

export function View() {
  useEffect(() => {
    if (questions.value === null) readQuestions().catch((error) => tell(error.message, { isBad: true }));
    return followQuestions();
  }, []);
  useEffect(() => {
    if (place.value.view === "review" && place.value.id && questions.value && current.value?.id !== place.value.id) void readQuestions();
  }, [place.value.id]);
  if (!may("editor")) return html`<p class="none">${TEXTS.role("viewer")}</p>`;
  if (questions.value === null) return html`<p class="none" aria-busy="true">${TEXTS.loading}</p>`;
  const question = current.value;
  const nothing = countPutOff.value || !standing.value.left ? html`<${Nothing} />` : html`<${More} />`;
  return html`<div class="review">
    <${Standing} />
    ${question ? html`<${isOfCast(question) ? AskedOfCast : Asked} question=${question} />` : nothing}
  </div>`;
}

/** @param {{question: Question}} props */
function Asked({ question }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => {
    comes(question.id);
    field.current?.focus({ preventScroll: true });
    ask(question.id);
  }, [question.id]);
  useEffect(
    () =>
      bind([
        { keys: "Enter", text: TEXTS.keys.enter, always: true, run: () => enter(question) },
        { keys: "Escape", text: TEXTS.keys.later, always: true, run: () => later(question) },
        { keys: "Ctrl+z", text: TEXTS.keys.undo, always: true, run: () => (typed.value ? false : void undo()) },
        { keys: "Delete", text: TEXTS.keys.stranger, always: true, run: () => (typed.value ? false : command(question, "stranger")) },
        { keys: "Shift+Delete", text: TEXTS.keys.strangers, always: true, run: () => (typed.value ? false : void strangers()) },
        { keys: "ArrowDown", text: TEXTS.keys.down, always: true, run: () => move(question, 1) },
        { keys: "ArrowUp", text: TEXTS.keys.down, always: true, run: () => move(question, -1) },
        { keys: "?", text: TEXTS.keys.help, run: () => go(address("keys")) },
      ]),
    [question],
  );
  // What had the focus may be gone: a button of a message, or one of the question before.
  useEffect(() => {
    if (document.activeElement === document.body) field.current?.focus({ preventScroll: true });
  });
  const choice = choices(question);
  const said = understood(typed.value);
  const isNew = said.kind === "name" && (!choice.length || typed.value.startsWith("="));
  const crop = question.crops[lookedAt.value] ?? question.crops[0];
  return html`
    <article class="asked" aria-labelledby="asked" data-id=${question.id} data-kind=${question.kind} data-who=${question.who}>
      <div class="seen">
        <${Crops} question=${question} />
        ${crop && html`<${Context} key=${`${question.id} ${crop.address}`} question=${question} crop=${crop} />`}
      </div>
      <div class="answer">
        <h1 id="asked">${titleOf(question)}</h1>
        <p class="quiet facts">
          ${question.parts.map((part) => html`<${Part} key=${part.medium + part.number} part=${part} />`)}
          ${question.medium && html`<a href=${address(question.kind === "spans" ? "films" : "photos", question.medium)}><${Name} name=${question.name} /></a> `}
          <span>${T.settles(question.settles_s)}</span>
        </p>
        <p class="quiet why">${whyOf(question)}</p>
        ${question.kind === "spans" ? html`<${Compared} question=${question} />` : null}
        ${question.id in others.value ? html`<p class="open">${T.open(others.value[question.id])}</p>` : null}
        <label class="name-field">
          <span class="label">${T.field}</span>
          <input ref=${field} value=${typed.value} onInput=${(/** @type {any} */ event) => onInput(event, question)} autocomplete="off" autocapitalize="words"
            placeholder=${question.kind !== "person" ? T.hintSpans : choice.length ? T.hintNumbers : T.hint} spellcheck=${false}
            role="combobox" aria-expanded=${choice.length > 0} aria-controls="choices" aria-describedby="wrong" enterkeyhint="done" />
        </label>
        <p id="wrong" class="wrong" role="alert">${wrong.value}</p>
        <${Choices} question=${question} choice=${choice} />
        ${isNew && html`<p class="new-name">${T.newName(said.text)}</p>`}
        ${!typed.value && !question.candidates.some(isLikely) && question.kind === "person" ? html`<p class="quiet">${T.unlikely}</p>` : null}
        <${Actions} question=${question} />
      </div>
    </article>
  `;
}

/** @param {any} event @param {Question} question */
function onInput(event, question) {
  const before = typed.value;
  const text = event.currentTarget.value;
  if (text === "?") {
    event.currentTarget.value = "";
    return go(address("keys"));
  }
  const last = text.slice(-1);
  // A number takes a name at once where nothing is typed, and right after letters where no name goes on with it; after a
  // space it is a part of a new one ("Soldier 2").
  const isNumber = /^[1-9]$/.test(last) && text.length === before.length + 1 && !/^[.=]|\s$/.test(before);
  if (isNumber && (!before || !found(named(), text).length)) {
    const one = choices(question)[Number(last) - 1];
    const isMark = !before && question.kind !== "person";
    event.currentTarget.value = before;
    wrong.value = "";
    if (isMark) return digit(question, Number(last));
    if (one) return take(question, one);
    if (!before) return complain(T.noNumber(Number(last)));
    event.currentTarget.value = text;
  }
  return batch(() => {
    wrong.value = "";
    at.value = 0;
    typed.value = text;
  });
}

/** @param {Question} question @param {number} step */
function move(question, step) {
  const count = choices(question).length;
  if (count) at.value = (at.value + step + count) % count;
}

/** @param {Question} question */
function titleOf(question) {
  if (question.kind === "person") return T.who;
  const count = Math.max(question.spans.length, question.faces.length);
  return count > 1 ? T.areAll(question.who) : T.is(question.who);
}

/** @param {Question} question */
function whyOf(question) {
  const [first] = question.candidates.filter(isLikely);
  if (question.kind === "person") return first ? T.why.near(first.name, first.probability ?? 0) : T.why.person;
  const [least] = question.kind === "spans" ? question.spans : question.faces;
  return T.why.spans(least.confidence, least.similarity);
}

/** Whom the model took them for, and who they could be otherwise, as pictures. @param {{question: Question}} props */
function Compared({ question }) {
  const span = question.spans[lookedAt.value] ?? question.spans[0];
  const other = span?.runner_up;
  return html`
    <ul class="compared">
      <li>${question.picture ? html`<img src=${question.picture} alt="" width="64" height="64" />` : html`<span class="no-picture"></span>`}
        <span><${Name} name=${question.who} /><br /><span class="quiet">${T.similarity(span?.similarity ?? 0)}</span></span></li>
      ${other && html`<li>${other.picture ? html`<img src=${other.picture} alt="" width="64" height="64" />` : html`<span class="no-picture"></span>`}
        <span><${Name} name=${other.name} /><br /><span class="quiet">${T.next(other.probability ?? 0)}</span></span></li>`}
    </ul>`;
}

/** @param {{part: import("../questions.js").Part}} props */
function Part({ part }) {
  const seen = part.kind === "film" ? T.appearances(part.faces) : T.faces(part.faces);
  return html`<a href=${address("people", `${part.medium}.${part.number}`)}><${Name} name=${part.name} /></a> <span>${seen}${part.face_time_s ? `, ${TEXTS.seconds(part.face_time_s)}` : ""}</span> `;
}

/** @param {{question: Question}} props */
function Crops({ question }) {
  const isPerson = question.kind === "person";
  return html`
    <ul class=${`crops ${isPerson ? "" : "to-mark"}`}>
      ${question.crops.map((crop, number) => {
        const isOut = !isPerson && marked.value.has(number);
        const look = () => (lookedAt.value = number);
        const where = crop.at_s === null ? "" : T.at(clock(crop.at_s));
        return html`
          <li key=${`${crop.address} ${number}`} class=${isOut ? "out" : ""}>
            <button type="button" aria-pressed=${isPerson ? null : isOut} aria-current=${number === lookedAt.value ? "true" : null}
              onClick=${isPerson ? look : () => mark(number)} onMouseEnter=${look} aria-label=${T.picture(number + 1, where)}>
              <img src=${crop.address} alt="" width="160" height="160" />
              ${isPerson ? null : html`<kbd>${number + 1}</kbd>`}
              ${crop.quality < 0.3 ? html`<span class="badge" title=${T.small_title}>${T.poor}</span>` : null}
            </button>
          </li>`;
      })}
    </ul>`;
}

/** Where a crop is from. @param {{question: Question, crop: Crop}} props */
function Context({ question, crop }) {
  if (crop.photo_address) return html`<${BoxedPhoto} address=${crop.photo_address} box=${crop.box} size=${crop.size} label=${question.who} />`;
  const span = question.kind === "spans" ? question.spans[lookedAt.value] ?? question.spans[0] : null;
  const at_s = crop.at_s ?? 0;
  const from_s = (span?.start_s ?? crop.path[0]?.[0] ?? at_s) - 1;
  const to_s = (span?.end_s ?? crop.path.at(-1)?.[0] ?? at_s) + 1;
  return html`<${Loop} medium=${crop.medium} from_s=${from_s} to_s=${to_s} at_s=${at_s} path=${crop.path} box=${crop.box} size=${crop.size} label=${question.who} />`;
}

/** @param {{question: Question, choice: Candidate[]}} props */
function Choices({ question, choice }) {
  const isTaken = (/** @type {number} */ number) => number === at.value && (typed.value !== "" || isClear(question) || at.value > 0);
  return html`
    <ol id="choices" class="choices" role="listbox" aria-label=${T.field}>
      ${choice.map(
        (one, number) => html`
          <li key=${one.name} role="presentation">
            <button type="button" role="option" aria-selected=${isTaken(number)} tabindex="-1" class=${isTaken(number) ? "taken" : ""} onClick=${() => take(question, one)}>
              <kbd>${number + 1}</kbd>
              ${one.picture ? html`<img src=${one.picture} alt="" width="40" height="40" />` : html`<span class="no-picture"></span>`}
              <${Name} name=${one.name} />
              ${one.probability === null || !isLikely(one) ? null : html`<span class="probability">${TEXTS.percent(one.probability)}</span>`}
            </button>
          </li>`,
      )}
    </ol>`;
}

/** @param {{question: Question}} props */
function Actions({ question }) {
  const isPerson = question.kind === "person";
  const text = TEXTS.actions;
  const open = questions.value?.filter((one) => one.kind === "person").length ?? 0;
  return html`
    <div class="actions">
      ${isPerson ? null : html`<${Act} keys="Enter" text=${marked.value.size ? text.rest : text.yes} run=${() => confirm(question)} />`}
      <${Act} keys=".s" text=${text.stranger} run=${() => command(question, "stranger")} />
      <${Act} keys=".x" text=${text.noFace} run=${() => command(question, "no_face")} />
      <${Act} keys=".n" text=${isPerson ? text.newPerson : text.notThem} run=${() => command(question, "new")} />
      ${isPerson && html`<${Act} keys=".m" text=${text.merge} run=${() => typeLine(".m ")} />`}
      <${Act} keys="Esc" text=${text.later} run=${() => later(question)} />
      <${Act} keys="Ctrl+Z" text=${text.undo} run=${() => void undo()} />
      ${open > 1 && html`<${Act} keys=".s all" text=${text.strangers} run=${() => void strangers()} />`}
      <a class="button" href=${address("keys")}>${text.help} <kbd>?</kbd></a>
    </div>
    <label class="switch" title=${T.learnTitle}>
      <input type="checkbox" checked=${learns.value} onChange=${(/** @type {any} */ event) => setLearns(event.currentTarget.checked)} /> ${T.learn}
    </label>`;
}

/** @param {string} line */
function typeLine(line) {
  typed.value = line;
  /** @type {HTMLElement | null} */ (document.querySelector(".name-field input"))?.focus();
}

/** @param {{keys: string, text: string, run: () => void}} props */
function Act({ keys, text, run }) {
  return html`<button type="button" onClick=${run}>${text} <kbd>${keys}</kbd></button>`;
}

function Standing() {
  const { share, left } = standing.value;
  return html`
    <div class="progress">
      <progress max="1" value=${share} aria-label=${T.decided(share)}></progress>
      <span>${T.decided(share)}, ${T.left(left)}</span>
    </div>`;
}

/** Those that were read are answered, and there are more. */
function More() {
  useEffect(() => void readQuestions().catch((error) => tell(error.message, { isBad: true })), []);
  return html`<p class="none" aria-busy="true">${TEXTS.loading}</p>`;
}

function Nothing() {
  const stale = [...media.value.values()].filter((one) => one.stale).length;
  const isScanning = [...jobs.value.values()].some((job) => ["scan", "keep", "relabel"].includes(job.kind) && ["running", "waiting"].includes(job.state));
  const left = countPutOff.value;
  const run = left ? askAgain : stale && !isScanning ? relabel : null;
  useEffect(() => bind([
    { keys: "Enter", text: T.lookAgain, run: () => (run ? run() : false) },
    { keys: "Shift+Delete", text: TEXTS.keys.strangers, run: () => (left ? void strangers() : false) },
    { keys: "Ctrl+z", text: TEXTS.keys.undo, run: () => void undo() },
    { keys: "?", text: TEXTS.keys.help, run: () => go(address("keys")) },
  ]), [run, left]);
  const text = left ? T.putOff(left) : isScanning ? T.scanning : isKnown.value && !media.value.size ? T.none : T.done;
  return html`
    <div class="nothing">
      <p>${text}</p>
      ${left ? html`<button type="button" class="main" onClick=${askAgain}>${T.askAgain} <kbd>Enter</kbd></button>
        <button type="button" onClick=${() => void strangers()}>${T.others(left)} <kbd>Shift+Delete</kbd></button>` : null}
      ${stale && !isScanning ? html`<p>${T.stale(stale)}</p><button type="button" class=${left ? "" : "main"} onClick=${relabel}>${T.lookAgain} ${left ? null : html`<kbd>Enter</kbd>`}</button>` : null}
      ${media.value.size ? html`<button type="button" onClick=${() => void undo()}>${TEXTS.undo} <kbd>Ctrl+Z</kbd></button>` : html`<a class="button main" href=${address("start")}>${TEXTS.views.start}</a>`}
    </div>`;
}
