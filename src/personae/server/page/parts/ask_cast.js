// Questions about the cast in the review queue: photos that seem wrong, photos that disagree, characters who seem one.
import { understood } from "../commands.js";
import { batch, html, signal, useEffect, useLayoutEffect, useRef } from "../html.js";
import { bind } from "../keys.js";
import { found } from "../names.js";
import { answer, ask, begin, isDeaf, later, others as openElsewhere, typing, undo, wrong } from "../questions.js";
import { address, go } from "../router.js";
import { characters } from "../state.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";

/** @typedef {import("../questions.js").Question} Question */
/** @typedef {{id: string, character: string, file: string, status: string, picture: string | null, original: string | null,
 *  resembles: string | null, resembles_picture: string | null, group: number}} AskedPhoto */

const T = TEXTS.askCast;
const R = TEXTS.review;
const KINDS = ["outliers", "disagreement", "look_alikes"];

const typed = typing;
const at = signal(0);
/** Photos that show somebody else. @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
const marked = signal(new Set());

/** Whether a question is about the cast. @param {Question} question */
export function isOfCast(question) {
  return KINDS.includes(question.kind);
}

/** @param {Question} question @param {string} path @param {any} body @param {string} text */
function say(question, path, body, text) {
  if (!isDeaf()) answer(question, { path, body, undo: "cast" }, text);
}

/** What the photos are: those that were marked are somebody else's. @param {Question} question @param {string} [name] whose the others are */
function settle(question, name) {
  const [who] = question.characters;
  const photos = question.photos.map((one) => one.id);
  const out = photos.filter((one) => marked.value.has(one));
  // A name alone is that of all of them; of photos that disagree it has to be said which.
  if (name && !out.length) {
    if (question.kind !== "outliers") return complain(T.hint);
    out.push(...photos);
  }
  const right = photos.filter((one) => !out.includes(one));
  const text = name ? T.said.give(name) : out.length ? T.said.some(who.name, out.length) : T.said.yes(who.name);
  return say(question, `characters/${who.id}/photos/confirm`, { photos: right, others: out, ...(name ? { others_are: name } : {}) }, text);
}

/** None of them shows the character, or those that were marked do not. @param {Question} question */
function notThem(question) {
  if (question.kind === "look_alikes") return apart(question);
  if (marked.value.size || question.kind === "disagreement") return marked.value.size ? settle(question) : complain(T.hint);
  const [who] = question.characters;
  return say(question, `characters/${who.id}/photos/confirm`, { others: question.photos.map((one) => one.id) }, T.said.not(who.name));
}

/** The one with more photos stays. @param {Question} question */
function ordered(question) {
  const photos = new Map(characters.value.map((one) => [one.id, one.photos]));
  return [...question.characters].sort((a, b) => (photos.get(b.id) ?? 0) - (photos.get(a.id) ?? 0));
}

/** @param {Question} question @param {number} [number] whose name stays, from 1: else that of the one with more photos */
function merge(question, number) {
  const [first, second] = question.characters;
  const [into, from] = number ? (number === 1 ? [first, second] : [second, first]) : ordered(question);
  say(question, "characters/merge", { characters: [into.id, from.id], into: into.name }, TEXTS.cast.said.merge([from.name, into.name], into.name));
}

/** @param {Question} question */
function apart(question) {
  const [one, other] = question.characters;
  say(question, "characters/apart", { characters: [one.id, other.id] }, TEXTS.cast.said.apart(one.name, other.name));
}

/** @param {string} sentence */
function complain(sentence) {
  wrong.value = sentence;
}

/** @param {Question} question */
function choices(question) {
  const said = understood(typed.value);
  if (question.kind === "look_alikes" || said.kind !== "name" || typed.value.startsWith("=")) return [];
  return found(characters.value.filter((one) => one.id !== question.characters[0].id), said.text);
}

/** @param {Question} question */
function enter(question) {
  const said = understood(typed.value);
  const isPair = question.kind === "look_alikes";
  switch (said.kind) {
    case "enter":
      return isPair ? later(question) : settle(question);
    case "suggestion":
      return isPair ? pick(question, said.number) : mark(question, said.number);
    case "name": {
      if (isPair) return complain(R.noSuch(said.text));
      const all = choices(question);
      return settle(question, (all[at.value] ?? all[0])?.name ?? said.text);
    }
    case "stranger":
    case "no_face":
    case "new":
      return notThem(question);
    case "merge":
      return complain(R.noCommand(typed.value));
    case "later":
      return later(question);
    case "undo":
      typed.value = "";
      return void undo();
    case "help":
      typed.value = "";
      return go(address("keys"));
    default:
      return isPair && /^\.m$/i.test(typed.value.trim()) ? merge(question) : complain(R.noCommand(said.text));
  }
}

/** @param {Question} question @param {number} number from 1 */
function mark(question, number) {
  const one = question.photos[number - 1];
  return one ? toggle([one.id]) : complain(R.noNumber(number));
}

/** @param {Question} question @param {number} number */
function pick(question, number) {
  return question.characters[number - 1] ? merge(question, number) : complain(R.noNumber(number));
}

/** @param {string[]} ids */
function toggle(ids) {
  const own = new Set(marked.value);
  const all = ids.every((id) => own.has(id));
  for (const id of ids) all ? own.delete(id) : own.add(id);
  marked.value = own;
}

/** @param {{question: Question}} props */
export function AskedOfCast({ question }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => {
    batch(() => {
      begin(question.id);
      at.value = 0;
      marked.value = new Set();
    });
    field.current?.focus({ preventScroll: true });
    ask(question.id);
  }, [question.id]);
  useEffect(() => bind([
    { keys: "Enter", text: TEXTS.keys.enter, always: true, run: () => enter(question) },
    { keys: "Escape", text: TEXTS.keys.later, always: true, run: () => later(question) },
    { keys: "Ctrl+z", text: TEXTS.keys.undo, always: true, run: () => (typed.value ? false : void undo()) },
    { keys: "Delete", text: T.not, always: true, run: () => (typed.value ? false : notThem(question)) },
    { keys: "ArrowDown", text: TEXTS.keys.down, always: true, run: () => void at.value++ },
    { keys: "ArrowUp", text: TEXTS.keys.down, always: true, run: () => void (at.value = Math.max(0, at.value - 1)) },
    { keys: "?", text: TEXTS.keys.help, run: () => go(address("keys")) },
  ]), [question]);
  const isPair = question.kind === "look_alikes";
  const [who, other] = question.characters;
  const all = choices(question);
  const said = understood(typed.value);
  const title = isPair ? T.lookAlikes(who.name, other.name) : question.kind === "outliers" ? T.outliers(who.name, question.photos.length) : T.disagreement(who.name);
  return html`
    <article class="asked of-cast" aria-labelledby="asked" data-id=${question.id} data-kind=${question.kind}>
      <div class="seen"><${Groups} question=${question} /></div>
      <div class="answer">
        <h1 id="asked">${title}</h1>
        <p class="quiet facts">
          ${question.characters.map((one) => html`<a key=${one.id} class="about" href=${address("cast", one.id)}>${one.picture && html`<img class="face" src=${one.picture} alt="" width="40" height="40" />`}<${Name} name=${one.name} /></a>`)}
          <span>${T.inCast}</span> <span>${R.settles(question.settles_s)}</span>
        </p>
        <p class="quiet why">${whyOf(question)}</p>
        ${question.id in openElsewhere.value ? html`<p class="open">${R.open(openElsewhere.value[question.id])}</p>` : null}
        <label class="name-field">
          <span class="label">${R.field}</span>
          <input ref=${field} value=${typed.value} onInput=${(/** @type {any} */ event) => onInput(event, question)} autocomplete="off" autocapitalize="words" spellcheck=${false}
            placeholder=${isPair ? T.hintPair : question.photos.length > 1 ? T.hint : T.hintOne} role="combobox" aria-expanded=${all.length > 0} aria-controls="choices" aria-describedby="wrong" />
        </label>
        <p id="wrong" class="wrong" role="alert">${wrong.value}</p>
        <ol id="choices" class="choices" role="listbox" aria-label=${R.field}>
          ${all.map((one, number) => html`<li key=${one.id} role="option" aria-selected=${number === at.value}>
            <button type="button" tabindex="-1" class=${number === at.value ? "taken" : ""} onClick=${() => settle(question, one.name)}><kbd>${number + 1}</kbd><span class="no-picture"></span><${Name} name=${one.name} /></button></li>`)}
        </ol>
        ${said.kind === "name" && !all.length && !isPair ? html`<p class="new-name">${R.newName(said.text)}</p>` : null}
        <${Actions} question=${question} />
      </div>
    </article>`;
}

/** @param {any} event @param {Question} question */
function onInput(event, question) {
  const text = event.currentTarget.value;
  if (/^[1-9]$/.test(text) && !typed.value) {
    event.currentTarget.value = "";
    return question.kind === "look_alikes" ? pick(question, Number(text)) : mark(question, Number(text));
  }
  return batch(() => {
    wrong.value = "";
    at.value = 0;
    typed.value = text;
  });
}

/** @param {Question} question */
function whyOf(question) {
  const [who] = question.characters;
  if (question.kind === "look_alikes") {
    return T.why.lookAlikes;
  }
  if (question.kind === "disagreement") return T.why.disagreement;
  const names = [...new Set(question.photos.flatMap((one) => (one.resembles ? [one.resembles] : [])))];
  const why = question.photos.some((one) => one.status === "rejected") ? T.why.outliers(who.name) : T.why.enrolled(who.name);
  return [why, ...names.slice(0, 3).map(T.why.resembles)].join(" ");
}

/** @param {{question: Question}} props */
function Groups({ question }) {
  const groups = [...new Set(question.photos.map((one) => one.group))];
  let number = 0;
  return groups.map((group) => {
    const own = question.photos.filter((one) => one.group === group);
    const title = question.kind === "look_alikes" ? question.characters[group]?.name : groups.length > 1 ? T.group(group + 1) : "";
    return html`
      <section key=${group}>
        ${title && html`<h2><${Name} name=${title} /> ${question.kind === "disagreement" ? html`<button type="button" onClick=${() => toggle(own.map((one) => one.id))}>${T.markGroup}</button>` : null}</h2>`}
        <ul class="crops to-mark">${own.map((one) => html`<${Photo} key=${one.id} question=${question} photo=${one} number=${++number} />`)}</ul>
      </section>`;
  });
}

/** @param {{question: Question, photo: AskedPhoto, number: number}} props */
function Photo({ question, photo, number }) {
  const isOut = marked.value.has(photo.id);
  const where = photo.picture ?? (photo.original ? `${photo.original}?width=480` : null);
  const look = where ? html`<img class=${photo.picture ? "" : "whole"} src=${where} alt="" />` : html`<span class="no-face" title=${TEXTS.cast.notAtHand}>?</span>`;
  const label = `${number}: ${photo.file}`;
  if (question.kind === "look_alikes") return html`<li>${look}</li>`;
  return html`
    <li class=${isOut ? "out" : ""}>
      <button type="button" aria-pressed=${isOut} aria-label=${label} title=${photo.file} onClick=${() => toggle([photo.id])}>${look}${number < 10 ? html`<kbd>${number}</kbd>` : null}</button>
      ${photo.resembles_picture ? html`<p class="resembles quiet"><img class="face" src=${photo.resembles_picture} alt="" width="32" height="32" /> <span>${T.why.resembles(photo.resembles ?? "")}</span></p>` : null}
    </li>`;
}

/** @param {{question: Question}} props */
function Actions({ question }) {
  const count = marked.value.size;
  const acts = question.kind === "look_alikes"
    ? [...question.characters.map((one, number) => [String(number + 1), T.one(question.characters[1 - number].name, one.name), () => merge(question, number + 1)]), [".n", T.two, () => apart(question)]]
    : [["Enter", count ? T.rest : question.photos.length > 1 ? T.yesAll : T.yes, () => settle(question)], ...(question.kind === "outliers" ? [["Del", T.not, () => notThem(question)]] : [])];
  return html`
    <div class="actions">
      ${[...acts, ["Esc", TEXTS.actions.later, () => later(question)], ["Ctrl+Z", TEXTS.actions.undo, () => void undo()]].map(
        ([keys, text, run]) => html`<button key=${keys} type="button" onClick=${run}>${text} <kbd>${keys}</kbd></button>`)}
      <a class="button" href=${address("keys")}>${TEXTS.actions.help} <kbd>?</kbd></a>
    </div>`;
}
