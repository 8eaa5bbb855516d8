// One person over all films and photo sets: where they are, every face, what made them one.
import { every, get, isForgetting, may } from "../api.js";
import { everybody, factsOf, mayEdit, nameAll, notFaces, pictureOf, sendSaid, setAside, takeBackLast } from "../everyone.js";
import { listen } from "../events.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { bind } from "../keys.js";
import { isFocusLost } from "../parts/focus.js";
import { Name } from "../parts/name.js";
import { date } from "../parts/time.js";
import { askWho } from "../parts/who_dialog.js";
import { address, go, place } from "../router.js";
import { soon, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { beingForgotten, forgetSomebody } from "./forgetting.js";
import { PersonFaces } from "./person_faces.js";

/** @typedef {import("../everyone.js").Somebody} Somebody */
/** @typedef {{command: string, at: string, by: string, media: string[], people: Record<string, number>}} Merge */

const T = TEXTS.people.person;
/** On their own page the name is not cut. */
const WHOLE = 1000;

/** @param {{id: string}} props */
export function Person({ id }) {
  const { one, merges, faces, setFaces, isGone, read } = usePerson(id);
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const isThere = one !== null;
  // What was pressed to come here is gone: the page is read from its heading on.
  useEffect(() => {
    if (isThere && isFocusLost()) heading.current?.focus({ preventScroll: true });
  }, [isThere]);
  useEffect(() => {
    if (!one || !mayEdit() || beingForgotten.value === one.name || isForgetting.value) return undefined;
    return bind([
      { keys: "Ctrl+z", text: TEXTS.undo, run: () => void takeBackLast().then(read) },
      { keys: "r", text: TEXTS.people.name, run: () => void rename(one) },
      { keys: "m", text: TEXTS.people.mergeWith, run: () => void same(one) },
    ]);
  }, [one, beingForgotten.value, isForgetting.value]);
  if (isGone) return html`<p class="none">${TEXTS.people.gone}</p><p><a href=${address("people")}>${T.back}</a></p>`;
  if (!one) return html`<p class="none" aria-busy="true"></p>`;
  const isGoing = beingForgotten.value === one.name;
  // Nothing can be said while the project forgets somebody.
  const canAct = mayEdit() && !isGoing && !isForgetting.value;
  return html`
    <article class="person" aria-labelledby="person-name">
      <p class="back"><a href=${address("people")}>← ${T.back}</a></p>
      <header>
        <img class="portrait" src=${pictureOf(one)} alt="" onError=${(/** @type {any} */ event) => event.currentTarget.classList.add("gone")} />
        <div class="told">
          <h1 id="person-name" ref=${heading} tabindex="-1"><${Name} name=${one.name} most=${WHOLE} /></h1>
          <p class="quiet">${factsOf(one)}</p>
          ${one.kind === "named" ? null : html`<p class="quiet">${T[one.kind]}</p>`}
          ${isGoing ? html`<p role="status">${TEXTS.people.forget.runs(one.name)}</p>` : null}
        </div>
        ${canAct ? html`<${Actions} one=${one} read=${read} />` : null}
      </header>
      <${Parts} one=${one} />
      <${Merges} one=${one} merges=${canAct ? merges : []} read=${read} />
      <${PersonFaces} canAct=${canAct} one=${one} faces=${faces} setFaces=${setFaces} read=${read} />
    </article>`;
}

/** What the server tells of somebody, kept up to date. @param {string} id */
function usePerson(id) {
  const [one, setOne] = useState(/** @type {Somebody | null} */ (everybody.peek()?.find((each) => each.id === id) ?? null));
  const [merges, setMerges] = useState(/** @type {Merge[]} */ ([]));
  const [faces, setFaces] = useState(/** @type {import("./person_faces.js").Face[] | null} */ (null));
  const [isGone, setGone] = useState(false);
  const state = useMemo(() => {
    let reading = 0;
    const read = async () => {
      const own = ++reading;
      try {
        const path = `people/${encodeURIComponent(id)}`;
        const told = await get(path);
        if (own !== reading) return;
        setOne(told.person);
        setMerges(told.merges);
        setGone(false);
        const all = await every(`${path}/faces`, "faces");
        if (own === reading) setFaces(all);
      } catch (error) {
        if (own !== reading) return;
        if (error instanceof Error && "status" in error && error.status === 404) setGone(true);
        else tell(String(error instanceof Error ? error.message : error), { isBad: true });
      }
    };
    return { read, soon: soon(read, 120), stop: () => void ++reading };
  }, [id]);
  useEffect(() => {
    void state.read();
    const stop = listen((kind) => ["media", "cast", "reset", "forgetting"].includes(kind) && state.soon());
    return () => {
      stop();
      state.stop();
    };
  }, [state]);
  return { one, merges, faces, setFaces, isGone, read: state.soon };
}

/** @param {{one: Somebody, read: () => void}} props */
function Actions({ one, read }) {
  const text = TEXTS.people;
  const isNamed = one.kind === "named";
  const leave = (/** @type {(people: Somebody[]) => Promise<boolean>} */ act) => async () => {
    const done = act([one]);
    if (isNamed) return void (await done, read());
    return go(address("people"));
  };
  return html`
    <div class="actions">
      <button type="button" class=${isNamed ? "" : "main"} onClick=${() => rename(one)}>${isNamed ? text.rename : text.name} <kbd>r</kbd></button>
      <button type="button" onClick=${() => same(one)}>${text.mergeWith} <kbd>m</kbd></button>
      ${one.kind === "stranger" ? null : html`<button type="button" onClick=${leave(setAside)}>${text.stranger1}</button>`}
      ${isNamed ? null : html`<button type="button" onClick=${leave(notFaces)}>${text.noFace}</button>`}
      <button type="button" onClick=${() => void takeBackLast().then(read)}>${TEXTS.undo} <kbd>Ctrl+Z</kbd></button>
      <a class="button" href=${address("journal", "", { who: one.kind === "named" ? one.name : one.parts[0].who, ...(one.kind === "named" ? {} : { in: one.parts[0].medium }) })}>${T.journal}</a>
      ${one.character ? html`<a class="button" href=${address("cast", one.character)}>${T.cast}</a>` : null}
      ${isNamed && may("admin") ? html`<button type="button" class="danger" onClick=${() => void forgetSomebody(one)}>${T.forget}</button>` : null}
    </div>`;
}

/** Another name, or the first one. @param {Somebody} one */
async function rename(one) {
  const said = await askWho({ people: [one] });
  if (said?.name) await goWith(nameAll([one], said.name), said.name, one);
}

/** The same as somebody else. @param {Somebody} one */
async function same(one) {
  const said = await askWho({ people: [one], merge: true });
  if (said?.name) await goWith(nameAll([one], said.name), said.name, one);
}

/** Go on to where somebody is with the new name, when the server knows. @param {Promise<boolean>} done @param {string} name @param {Somebody} one */
async function goWith(done, name, one) {
  if (!(await done)) return;
  if (place.value.view !== "people" || place.value.id === "" ) return;
  const all = await every("people/everybody", "people").catch(() => []);
  const now = all.find((/** @type {Somebody} */ each) => each.kind === "named" && each.name === name);
  if (now && now.id !== one.id) go(address("people", now.id), true);
}

/** Which films and photos show them. @param {{one: Somebody}} props */
function Parts({ one }) {
  const most = Math.max(...one.parts.map((part) => part.face_time_s), 0.001);
  return html`
    <section aria-labelledby="person-films">
      <h2 id="person-films">${T.films}</h2>
      <ul class="parts">
        ${one.parts.map((part) => {
          const seen = part.kind === "film" ? TEXTS.people.scenes(part.faces) : TEXTS.people.faces(part.faces);
          return html`
            <li key=${`${part.medium} ${part.who}`}>
              <a href=${address(part.kind === "film" ? "films" : "photos", part.medium)}><${Name} name=${part.name} /></a>
              <span class="bar" aria-hidden="true"><span style=${{ width: `${(100 * part.face_time_s) / most}%` }}></span></span>
              <span class="quiet">${part.face_time_s ? `${TEXTS.seconds(part.face_time_s)}, ` : ""}${seen}</span>
            </li>`;
        })}
      </ul>
    </section>`;
}

/** @param {{one: Somebody, merges: Merge[], read: () => void}} props */
function Merges({ one, merges, read }) {
  if (!merges.length) return null;
  const apart = async (/** @type {Merge} */ merge) => {
    await sendSaid("POST", "people/take-apart", { command: merge.command }, TEXTS.people.said.apart, "people");
    read();
  };
  return html`
    <section aria-labelledby="person-merges">
      <h2 id="person-merges">${T.merges}</h2>
      <ul class="merges">
        ${merges.map((merge) => html`
          <li key=${merge.command}>
            <span class="said">${sentenceOf(merge, one.name)}</span>
            <span class="quiet">${merge.by ? `${T.by(merge.by)}, ` : ""}${date(merge.at)}</span>
            <button type="button" onClick=${() => apart(merge)}>${T.takeApart}</button>
          </li>`)}
      </ul>
    </section>`;
}

/** @param {Merge} merge @param {string} name */
function sentenceOf(merge, name) {
  const all = Object.entries(merge.people);
  const others = all.filter(([who]) => who !== name).map(([who, count]) => (count ? `${who} (${TEXTS.people.faces(count)})` : who));
  const list = others.join(T.and);
  return all.length - others.length || others.length < 2 ? T.joined(list, name) : T.merged(list);
}

