// What can be said about somebody in a film: of one appearance, or of them wherever they are in it.
import { get, may } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { found } from "../names.js";
import { post } from "../outbox.js";
import { undo } from "../questions.js";
import { names, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";
import { clock } from "./time.js";
import { beside, lookOf } from "./timeline.js";

/** @typedef {import("./timeline.js").Row} Row @typedef {import("./timeline.js").Appearance} Appearance @typedef {import("./timeline.js").Timeline} Timeline */

const T = TEXTS.film;
const MOST_NAMES = 6;

/** Say it, at once here and in order at the server. @param {string} id @param {any[]} said @param {number | null} position @param {string} text */
function say(id, said, position, text, learn = false) {
  const sent = post("POST", `media/${id}/decisions`, { said, position, learn }, { text, undo: "people" });
  tell(text, { act: { text: TEXTS.undo, run: undo } });
  sent.then(
    (done) => done.warnings?.length && tell(done.warnings.join(" "), { act: { text: TEXTS.undo, run: undo } }),
    (error) => tell(error.code === "changed" ? TEXTS.review.conflict(error.problem.by?.[0] ?? "", (error.problem.said ?? []).join(" ")) : error.message, { isBad: true }),
  );
}

/**
 * `chosen`: the appearance at the time that the page stands at; `renamed`: somebody goes by another name from now on.
 * @param {{id: string, row: Row, chosen: Appearance | null, timeline: Timeline, picture: string, now: import("@preact/signals").ReadonlySignal<number>,
 *  pick: (row: Row, t: number) => void, renamed: (name: string) => void, close: () => void}} props
 */
export function Said({ id, row, chosen, timeline, picture, now, pick, renamed, close }) {
  const [isWhole, setWhole] = useState(!chosen);
  const whole = isWhole || !chosen;
  const who = whole || !chosen ? row.name : chosen.id;
  const { position } = timeline;
  const isUnknown = row.character === null;
  const crops = useCrops(id, chosen, row);
  const before = beside(row, chosen?.start_s ?? now.value, -1);
  const after = beside(row, chosen?.start_s ?? now.value, 1);
  const call = (/** @type {string} */ name) => {
    say(id, [{ say: "name", who, to: name }], position, T.said.name(row.name, name), true);
    if (whole || row.spans.length === 1) renamed(name);
  };
  const simply = (/** @type {string} */ what, /** @type {string} */ text) => say(id, [{ say: what, who }], position, text);
  const trim = (/** @type {{start_s?: number, end_s?: number}} */ to) => chosen && say(id, [{ say: "trim", who: chosen.id, ...to }], position, T.said.trim(row.name));
  const t = now.value;
  return html`
    <section class="said" aria-label=${T.about(row.name)}>
      <header>
        ${picture && html`<img src=${picture} alt="" />`}
        <div><h2><${Name} name=${row.name} most=${40} /></h2>
          <p class="quiet">${T.total(TEXTS.seconds(row.face_s), row.spans.length)}</p></div>
        <button type="button" class="close" aria-label=${TEXTS.close} onClick=${close}>×</button>
      </header>
      ${crops.length > 0 && html`<ul class="said-crops">${crops.map((crop) => html`<li key=${crop.address}><button type="button" onClick=${() => crop.at_s !== null && pick(row, crop.at_s)} aria-label=${T.faceAt(clock(crop.at_s ?? 0))}><img src=${crop.address} alt="" loading="lazy" /></button></li>`)}</ul>`}
      <p class="spans-of">
        <button type="button" disabled=${!before} onClick=${() => before && pick(row, before.start_s)} aria-label=${T.before}>←</button>
        <span>${chosen ? html`${T.span(clock(chosen.start_s), clock(chosen.end_s))} <span class="quiet">${how(chosen)}</span>` : html`<span class="quiet">${T.notNow}</span>`}</span>
        <button type="button" disabled=${!after} onClick=${() => after && pick(row, after.start_s)} aria-label=${T.after}>→</button>
      </p>
      ${may("editor") && html`
        <fieldset class="scope"><legend class="visually-hidden">${T.scope}</legend>
          <label class="switch"><input type="radio" name="scope" checked=${!whole} disabled=${!chosen} onChange=${() => setWhole(false)} /> ${T.one}</label>
          <label class="switch"><input type="radio" name="scope" checked=${whole} onChange=${() => setWhole(true)} /> ${T.everywhere(row.spans.length)}</label>
        </fieldset>
        <${NameField} label=${isUnknown ? T.nameThem : T.rename} take=${call} but=${row.name} />
        <p class="actions">
          ${!isUnknown && html`<button type="button" onClick=${() => simply("confirm", T.said.confirm(row.name))}>${T.confirm}</button>
            <button type="button" onClick=${() => simply("not_them", T.said.not(row.name))}>${TEXTS.actions.notThem}</button>`}
          ${!row.isStranger && html`<button type="button" onClick=${() => simply("stranger", T.said.stranger(row.name))}>${TEXTS.actions.stranger}</button>`}
          <button type="button" onClick=${() => simply("no_face", T.said.noFace)}>${TEXTS.actions.noFace}</button>
          ${!whole && row.spans.length > 1 && html`<button type="button" onClick=${() => say(id, [{ say: "name", who, new: true }], position, T.said.somebodyElse)}>${T.somebodyElse}</button>`}
          ${chosen && html`<button type="button" onClick=${() => simply(chosen.depicted ? "alive" : "depicted", chosen.depicted ? T.said.alive : T.said.depicted)}>${chosen.depicted ? T.alive : T.depicted}</button>`}
        </p>
        ${chosen && !whole && html`
          <p class="actions trim"><span class="quiet">${T.trim}</span>
            <button type="button" disabled=${t >= chosen.end_s} onClick=${() => trim({ start_s: round(t) })}>${T.begins(clock(t))}</button>
            <button type="button" disabled=${t <= chosen.start_s} onClick=${() => trim({ end_s: round(t) })}>${T.ends(clock(t))}</button></p>`}`}
    </section>`;
}

/** @param {number} t */
function round(t) {
  return Math.round(1000 * t) / 1000;
}

/** How it is known that they are there. @param {Appearance} one */
function how(one) {
  const look = T.looks[lookOf(one)];
  return one.decided_by === "person" ? `${look}, ${T.byPerson}` : one.character === null ? look : `${look}, ${T.sure(TEXTS.percent(one.confidence))}`;
}

/** Pictures of an appearance, or of somebody. @param {string} id @param {Appearance | null} chosen @param {Row} row */
function useCrops(id, chosen, row) {
  const [crops, setCrops] = useState(/** @type {{address: string, at_s: number | null}[]} */ ([]));
  useEffect(() => {
    let isOver = false;
    const who = chosen ? { appearance: chosen.id } : row.unknown !== null ? { by: "person", unknown: row.unknown } : row.character_id ? { by: "person", character: row.character_id } : null;
    if (!who) return undefined;
    get(`media/${id}/crops`, who).then(
      (page) => isOver || setCrops((page.crops[0]?.pictures ?? []).slice(0, 6)),
      () => {}, // without pictures it can be said all the same
    );
    return () => {
      isOver = true;
    };
  }, [id, chosen?.id, row.name]);
  return crops;
}

/** A field for a name, with those that fit. @param {{label: string, take: (name: string) => void, but?: string, value?: string, onText?: (text: string) => void}} props */
export function NameField({ label, take, but = "", value, onText }) {
  const [typed, setTyped] = useState(value ?? "");
  const [at, setAt] = useState(0);
  const fits = found(names.value.filter((one) => one.name !== but), typed, MOST_NAMES);
  const isNew = typed.trim() && !fits.some((one) => one.name === typed.trim());
  const choices = [...fits.map((one) => one.name), ...(isNew ? [typed.trim()] : [])];
  const change = (/** @type {string} */ text) => {
    setTyped(text);
    setAt(0);
    onText?.(text);
  };
  const choose = (/** @type {string} */ name) => {
    change(onText ? name : "");
    take(name);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") setAt(Math.max(0, Math.min(choices.length - 1, at + (event.key === "ArrowDown" ? 1 : -1))));
    else if (event.key === "Enter" && choices[at]) choose(choices[at]);
    else return;
    event.preventDefault();
  };
  return html`
    <div class="name-choice">
      <input type="text" aria-label=${label} placeholder=${label} value=${typed} autocomplete="off" spellcheck=${false} onKeyDown=${onKeyDown}
        onInput=${(/** @type {any} */ event) => change(event.currentTarget.value)} />
      ${typed.trim() && !(onText && fits.some((one) => one.name === typed)) && html`<ul>${choices.map((name, number) => html`
        <li key=${name}><button type="button" class=${number === at ? "taken" : ""} onClick=${() => choose(name)}><${Name} name=${name} />${isNew && number === choices.length - 1 ? html` <span class="badge">${T.newName}</span>` : null}</button></li>`)}</ul>`}
    </div>`;
}

/** Somebody is there though no face was found. @param {{id: string, timeline: Timeline, now: import("@preact/signals").ReadonlySignal<number>, close: () => void}} props */
export function AddSomebody({ id, timeline, now, close }) {
  const [name, setName] = useState("");
  const [from, setFrom] = useState(round(now.value));
  const [to, setTo] = useState(round(Math.min(now.value + 2, timeline.length_s)));
  const isReady = name.trim() && to > from;
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!isReady) return;
    say(id, [{ say: "add", who: name.trim(), start_s: from, end_s: to }], null, T.said.add(name.trim(), clock(from), clock(to)));
    close();
  };
  const field = (/** @type {string} */ label, /** @type {number} */ value, /** @type {(s: number) => void} */ set) => html`
    <label>${label} <input type="number" min="0" max=${timeline.length_s} step="0.1" value=${value} onInput=${(/** @type {any} */ event) => set(Number(event.currentTarget.value))} />
      <button type="button" onClick=${() => set(round(now.value))}>${T.now}</button></label>`;
  return html`
    <form class="add-somebody" onSubmit=${onSubmit}>
      <p class="quiet">${T.addAbout}</p>
      <${NameField} label=${T.addWho} take=${setName} onText=${setName} />
      <p class="actions">${field(T.from, from, setFrom)} ${field(T.to, to, setTo)}</p>
      <p class="actions"><button type="submit" class="main" disabled=${!isReady}>${T.addThem}</button><button type="button" onClick=${close}>${TEXTS.cancel}</button></p>
    </form>`;
}
