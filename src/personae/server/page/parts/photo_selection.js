// What can be said of the faces of one person in the photos that are selected.
import { html, useState } from "../html.js";
import { TEXTS } from "../texts.js";
import { askFor } from "./dialog.js";
import { sayEach, sayOf } from "./photo_deciding.js";

/** @typedef {import("./photo_store.js").Photo} Photo */

const T = TEXTS.photos;
/** The server takes so many at once. */
const MOST = 1000;

/** @param {{set: import("../state.js").Medium, chosen: import("@preact/signals").Signal<ReadonlySet<string>>, shown: readonly Photo[]}} props */
export function PhotoSelection({ set, chosen, shown }) {
  const own = shown.filter((one) => chosen.value.has(one.id));
  const [wanted, setWanted] = useState("");
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const photo of own) for (const face of photo.faces) counts.set(face.name, (counts.get(face.name) ?? 0) + 1);
  const people = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const who = counts.has(wanted) ? wanted : people[0] ?? "";
  const facesIn = (/** @type {readonly Photo[]} */ some) =>
    some.flatMap((photo) => photo.faces.filter((face) => face.name === who).map((face) => ({ photo, face }))).slice(0, MOST);
  const faces = facesIn(own);
  const isKnown = faces.some((one) => one.face.character !== null);
  const others = facesIn(shown.filter((one) => !chosen.value.has(one.id)));
  const done = () => (chosen.value = new Set());
  const say = (/** @type {import("./photo_deciding.js").Said} */ said) => {
    void sayOf(set.id, faces, said);
    done();
  };
  const but = () => {
    const each = [...faces.map((one) => ({ ...one, said: /** @type {const} */ ("not_them") })), ...others.map((one) => ({ ...one, said: /** @type {const} */ ("confirm") }))];
    void sayEach(set.id, each.slice(0, MOST), T.saidBut(who, others.length, faces.length));
    done();
  };
  const name = async () => {
    const typed = await askFor({ title: T.facesOf(who, faces.length), confirm: T.nameAll, field: { label: T.name, value: "" } });
    if (!typed) return;
    void sayOf(set.id, faces, "name", typed);
    done();
  };
  return html`
    <section class="chosen-bar" aria-label=${T.chosen(own.length)}>
      <strong>${T.chosen(own.length)}</strong>
      ${people.length ? html`<label>${T.whose} <select value=${who} onChange=${(/** @type {any} */ event) => setWanted(event.currentTarget.value)}>
        ${people.map((one) => html`<option key=${one} value=${one}>${one} (${counts.get(one)})</option>`)}</select></label>` : null}
      ${faces.length ? html`
        ${isKnown ? html`
          <button type="button" onClick=${() => say("not_them")}>${T.areNot(who)}</button>
          <button type="button" onClick=${() => say("confirm")}>${T.areAll(who)}</button>
          ${others.length ? html`<button type="button" onClick=${but}>${T.butThese(who)}</button>` : null}`
        : html`<button type="button" onClick=${() => say("stranger")}>${T.strangersAll}</button>`}
        <button type="button" onClick=${() => void name()}>${T.nameAll}</button>` : null}
      <button type="button" onClick=${done}>${T.clear}</button>
    </section>`;
}
