// Who somebody is, asked in a dialog: it says beforehand who goes into whom, how many faces, and which name stays.
import { send } from "../api.js";
import { byName, everybody, factsOf, needsName, partsOf, sum } from "../everyone.js";
import { html, render, useEffect, useMemo, useRef, useState } from "../html.js";
import { found, plain } from "../names.js";
import { characters, names } from "../state.js";
import { TEXTS } from "../texts.js";
import { focusBack } from "./focus.js";
import { Name } from "./name.js";
import { Face, PeopleRow } from "./people_row.js";

/** @typedef {import("../everyone.js").Somebody} Somebody */

const T = TEXTS.people.dialog;
const MOST_CHOICES = 6;
const FORESEEN_AFTER_MS = 250;

/**
 * `people`: who gets the name; `merge`: they become one whatever it is; `faces`: it is about some faces of one of them
 * only: how many, and the parts to be sent. Resolves with the name, with {name: null} where they are one without a
 * name, null where it was closed.
 * @param {{people: readonly Somebody[], merge?: boolean, faces?: {count: number, parts: any[]}}} asked
 * @returns {Promise<{name: string | null} | null>}
 */
export function askWho(asked) {
  return new Promise((resolve) => {
    const place = document.createElement("div");
    document.body.append(place);
    const before = document.activeElement;
    const end = (/** @type {{name: string | null} | null} */ said) => {
      render(null, place);
      place.remove();
      focusBack(before);
      resolve(said);
    };
    render(html`<${WhoDialog} ...${asked} end=${end} />`, place);
  });
}

/** @param {{people: readonly Somebody[], merge?: boolean, faces?: {count: number, parts: any[]}, end: (said: {name: string | null} | null) => void}} props */
function WhoDialog({ people, merge = false, faces, end }) {
  const own = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const named = people.filter((one) => one.kind === "named");
  /** Asked of one person: who else they are. */
  const isSame = merge && people.length === 1;
  const [typed, setTyped] = useState(merge && named.length && people.length > 1 ? named[0].name : "");
  const [isTouched, setTouched] = useState(false);
  const [at, setAt] = useState(-1);
  useEffect(() => own.current?.showModal(), []);

  const choices = useMemo(() => {
    if (isSame && !typed.trim()) return othersThan(people[0]).slice(0, MOST_CHOICES);
    if (isSame) return found(names.value, typed, MOST_CHOICES + 1).filter((one) => one.name !== people[0].name).slice(0, MOST_CHOICES);
    if (merge && named.length && !isTouched) return named.map((one) => ({ name: one.name })).slice(0, MOST_CHOICES);
    return found(names.value, typed, MOST_CHOICES);
  }, [typed, isTouched, names.value, everybody.value]);
  const text = typed.trim().replace(/\s+/g, " ");
  const name = text === "" ? null : (names.value.find((one) => one.name === text) ?? names.value.find((one) => plain(one.name) === plain(text)))?.name ?? text;
  const known = name === null ? null : byName.value.get(name) ?? null;
  const isThem = known !== null && people.length === 1 && known.id === people[0].id;
  const mayBeNameless = merge && !named.length && people.length > 1 && !needsName(people);
  const isInCast = characters.value.some((one) => one.name === name);
  const isReady = !isThem && (!isSame || known !== null || isInCast) && (name !== null || mayBeNameless);
  const warnings = useForeseen(isReady, people, name, known, faces);
  const joins = !faces && isReady && (isSame || people.length > 1 || (known !== null && !isThem));

  const confirm = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (at >= 0 && choices[at]) return take(choices[at].name);
    if (isReady) end({ name });
    return undefined;
  };
  /** @param {string} chosen */
  const take = (chosen) => {
    setTyped(chosen);
    setTouched(false);
    setAt(-1);
    own.current?.querySelector("input")?.focus();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || !choices.length) return;
    event.preventDefault();
    setAt((at + step + choices.length + (at < 0 && step < 0 ? 1 : 0)) % choices.length);
  };
  const isListed = isTouched || (merge && named.length > 1) || (isSame && !typed);
  const title = faces ? T.facesOf(faces.count) : merge ? (people.length > 1 ? T.merge(people.length) : T.mergeOne(people[0].name)) : people.length > 1 ? T.names(people.length) : T.name(people[0].name);
  return html`
    <dialog ref=${own} class="who-dialog" aria-labelledby="dialog-title" onCancel=${() => end(null)}>
      <form onSubmit=${confirm}>
        <h2 id="dialog-title">${title}</h2>
        ${faces ? null : html`<${PeopleRow} people=${people} />`}
        <label class="name-field"><span class="label">${merge && people.length > 1 ? T.fieldStays : T.field}</span>
          <input value=${typed} onInput=${(/** @type {any} */ event) => { setTyped(event.currentTarget.value); setTouched(true); setAt(-1); }} onKeyDown=${onKeyDown}
            role="combobox" aria-expanded=${isListed && choices.length > 0} aria-controls="who-choices" aria-activedescendant=${at >= 0 ? `who-${at}` : null}
            autocomplete="off" spellcheck=${false} autofocus /></label>
        <ul id="who-choices" class="who-choices" role="listbox" aria-label=${T.field} hidden=${!isListed || !choices.length}>
          ${choices.map((one, number) => html`
            <li key=${one.name} id=${`who-${number}`} role="option" aria-selected=${number === at} class=${number === at ? "taken" : ""} onClick=${() => take(one.name)}>
              ${byName.value.get(one.name) ? html`<${Face} one=${byName.value.get(one.name)} />` : html`<span class="face gone"></span>`}
              <${Name} name=${one.name} most=${32} />
              <span class="quiet">${byName.value.get(one.name) ? factsOf(/** @type {Somebody} */ (byName.value.get(one.name))) : ""}</span>
            </li>`)}
        </ul>
        <div class="foreseen" aria-live="polite">
          <${Foreseen} people=${people} name=${name} known=${known} isThem=${isThem} joins=${joins} faces=${faces} mayBeNameless=${mayBeNameless} merge=${merge} />
          ${warnings.map((one) => html`<p key=${one} class="warning">${one}</p>`)}
        </div>
        <p class="actions">
          <button type="button" onClick=${() => end(null)}>${TEXTS.cancel}</button>
          <button type="submit" class="main" disabled=${!isReady}>${isSame ? T.make : joins ? (merge || people.length > 1 ? T.make : T.join) : T.give}</button>
        </p>
      </form>
    </dialog>`;
}

/** What will be, in words. @param {{people: readonly Somebody[], name: string | null, known: Somebody | null, isThem: boolean, joins: boolean, faces?: {count: number}, mayBeNameless: boolean, merge: boolean}} props */
function Foreseen({ people, name, known: found, isThem, joins, faces, mayBeNameless, merge }) {
  if (name === null && merge && people.length > 1) {
    return html`<p>${mayBeNameless ? T.noName(people.length, factsOf(sum(people))) : T.apart}</p>`;
  }
  if (name === null) return null;
  const known = isThem ? null : found;
  if (merge && people.length === 1) return html`<${Same} one=${people[0]} name=${name} known=${known} isThem=${isThem} />`;
  if (faces) return html`<p>${known ? T.facesJoin(known.name, factsOf(known)) : T.newName(name)}</p>`;
  const isIn = known !== null && people.some((one) => one.id === known.id);
  const all = known && !isIn ? [known, ...people] : people;
  const cast = characters.value.find((one) => one.name === name);
  if (!joins) {
    if (known) return null;
    return html`<p>${cast ? T.inCast(name) : T.newName(name)}</p>${people.length === 1 && people[0].character ? html`<p>${T.renames}</p>` : null}`;
  }
  return html`
    ${known && !isIn ? html`<p class="is-somebody"><${Face} one=${known} /> <span>${T.isSomebody(known.name, factsOf(known))}</span></p>` : null}
    <p><strong>${T.becomeOne(all.length, factsOf(sum(all)), name)}</strong> ${T.undo}</p>
    ${all.filter((one) => one.character).length > 1 ? html`<p class="quiet">${T.castToo}</p>` : null}`;
}

/** Who goes into whom, and which name stays. @param {{one: Somebody, name: string, known: Somebody | null, isThem: boolean}} props */
function Same({ one, name, known, isThem }) {
  if (isThem || name === one.name) return html`<p>${T.isThemselves(name)}</p>`;
  const cast = characters.value.some((each) => each.name === name);
  if (!known && !cast) return html`<p>${T.nobodyCalled(name)}</p>`;
  return html`
    ${known ? html`<p class="is-somebody"><${Face} one=${known} /> <span>${T.isSomebody(known.name, factsOf(known))}</span></p>` : html`<p>${T.inCast(name)}</p>`}
    <p><strong>${T.goesInto(one.name, name, factsOf(known ? sum([known, one]) : one))}</strong> ${T.undo}</p>
    ${one.character && (cast || known?.character) ? html`<p class="quiet">${T.castToo}</p>` : null}`;
}

/** Whom one may be the same as: everybody with a name, who is seen most first. @param {Somebody} one */
function othersThan(one) {
  return (everybody.value ?? []).filter((each) => each.kind === "named" && each.id !== one.id).sort((a, b) => b.face_time_s - a.face_time_s || b.faces - a.faces);
}

/** What the server would warn of. @param {boolean} isReady @param {readonly Somebody[]} people @param {string | null} name @param {Somebody | null} known
 * @param {{parts: any[]} | undefined} faces @returns {string[]} */
function useForeseen(isReady, people, name, known, faces) {
  const [told, setTold] = useState(/** @type {string[]} */ ([]));
  useEffect(() => {
    setTold([]);
    const isRename = people.length === 1 && people[0].character && !known && !faces;
    if (!isReady || isRename) return undefined;
    let isOver = false;
    const timer = setTimeout(async () => {
      const all = known && !people.some((one) => one.id === known.id) && !faces ? [known, ...people] : people;
      const body = faces ? { parts: faces.parts, say: "name", to: name } : { parts: partsOf(all), say: all.length > 1 ? "merge" : "name", to: name };
      const found = await send("POST", "people/foresee", body).catch((error) => ({ warnings: [error.message] }));
      if (!isOver) setTold(found.warnings);
    }, FORESEEN_AFTER_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isReady, name, known?.id]);
  return told;
}

