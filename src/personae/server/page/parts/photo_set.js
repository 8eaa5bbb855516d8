// The photos of one set as a grid with boxes and names, with filters; what is chosen of them stands in the address.
import { may, urlOf } from "../api.js";
import { computed, html, signal, useEffect, useMemo } from "../html.js";
import { plain } from "../names.js";
import { address, go, place } from "../router.js";
import { TEXTS } from "../texts.js";
import { Grid } from "./grid.js";
import { HowToSelect } from "./how_to_select.js";
import { Name } from "./name.js";
import { PhotoLarge } from "./photo_large.js";
import { PhotoSelection } from "./photo_selection.js";
import { failure, follow, photos, total } from "./photo_store.js";
import { BoxedThumb } from "./photo_thumb.js";

/** @typedef {import("./photo_store.js").Photo} Photo */

const T = TEXTS.photos;
const CELL = { width: 165, height: 150, gap: 8 };
/** So many that are selected stand in the address. */
const MOST_IN_ADDRESS = 60;
/** Who is asked for besides people. */
const NONE = ["?unknown", "?none", "?drawn", "?unsure"];
const UNSURE = 0.8;

/** What is selected. @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
const chosen = signal(new Set());

/** What the address asks for. */
const asked = computed(() => {
  const query = place.value.query;
  return { who: query.get("who") ?? "", text: query.get("q") ?? "", sort: query.get("sort") ?? "path", photo: query.get("photo") ?? "" };
});
const wanted = computed(() => `${asked.value.who}\n${asked.value.text}\n${asked.value.sort}`);

/** @param {Photo} photo @param {string} who */
function shows(photo, who) {
  if (!who) return true;
  if (who === "?none") return photo.faces.length === 0;
  return photo.faces.some((one) => {
    if (who === "?unknown") return one.unknown !== null && !one.isStranger;
    if (who === "?drawn") return one.isDrawn;
    if (who === "?unsure") return one.character !== null && !one.isOurs && one.confidence < UNSURE;
    return one.name === who;
  });
}

/** @param {Photo} photo */
function leastSure(photo) {
  return photo.faces.reduce((least, one) => (one.isOurs ? least : Math.min(least, one.character === null ? 0 : one.confidence)), 2);
}

/** Those that the address asks for, in its order. */
export const shown = computed(() => {
  const [who, text, sort] = wanted.value.split("\n");
  const letters = plain(text);
  const found = photos.value.filter((one) => (!letters || one.letters.includes(letters)) && shows(one, who));
  if (sort === "back") found.reverse();
  else if (sort === "faces") found.sort((a, b) => b.faces.length - a.faces.length);
  else if (sort === "unsure") {
    const sure = new Map(found.map((one) => [one, leastSure(one)]));
    found.sort((a, b) => (sure.get(a) ?? 2) - (sure.get(b) ?? 2));
  }
  return found;
});

/** The people of the set, those of most faces first. */
const people = computed(() => {
  /** @type {Map<string, {name: string, count: number, isKnown: boolean}>} */
  const found = new Map();
  for (const photo of photos.value) {
    for (const face of photo.faces) {
      if (face.isStranger || face.unknown === 0) continue;
      const own = found.get(face.name) ?? { name: face.name, count: 0, isKnown: face.character !== null };
      own.count += 1;
      found.set(face.name, own);
    }
  }
  return [...found.values()].sort((a, b) => Number(b.isKnown) - Number(a.isKnown) || b.count - a.count);
});

/** Go on with another filter, selection or photo. @param {string} set @param {Record<string, string>} changed */
export function show(set, changed, replace = false) {
  const query = { who: asked.value.who, q: asked.value.text, sort: asked.value.sort, photo: asked.value.photo, sel: place.value.query.get("sel") ?? "", face: place.value.query.get("face") ?? "", ...changed };
  const kept = Object.entries(query).filter(([key, value]) => value && !(key === "sort" && value === "path"));
  go(address("photos", set, Object.fromEntries(kept)), replace);
}

/** @param {{set: import("../state.js").Medium}} props */
export function SetOfPhotos({ set }) {
  useEffect(() => follow(set.id), [set.id]);
  useEffect(() => {
    chosen.value = new Set((place.value.query.get("sel") ?? "").split(".").filter(Boolean));
    let isFirst = true;
    const stop = chosen.subscribe((ids) => {
      if (isFirst) return void (isFirst = false);
      // More than fit stay selected here, and are not in a link.
      if (place.value.view === "photos" && place.value.id === set.id) show(set.id, { sel: ids.size <= MOST_IN_ADDRESS ? [...ids].join(".") : "" }, true);
      return undefined;
    });
    return stop;
  }, [set.id]);
  if (asked.value.photo) return html`<${PhotoLarge} set=${set} photo=${asked.value.photo} />`;
  return html`<${All} set=${set} />`;
}

/** @param {{set: import("../state.js").Medium}} props */
function All({ set }) {
  const items = shown.value;
  const open = (/** @type {Photo} */ one) => show(set.id, { photo: one.id });
  const draw = useMemo(() => (/** @type {Photo} */ one) => html`<${BoxedThumb} set=${set.id} photo=${one} room=${CELL} />`, [set.id]);
  const isRead = total.value !== null && photos.value.length === total.value;
  return html`
    <div class="photo-set">
      <header>
        <h1><${Name} name=${set.name} /></h1>
        <p class="quiet" role="status">${failure.value || (isRead ? T.shown(items.length, photos.value.length) : total.value ? T.reading(photos.value.length, total.value) : "")}</p>
        <span class="downloads">
          <a class="button" download href=${urlOf(`media/${set.id}/sidecars`).href}>${T.sidecars}</a>
          <a class="button" download href=${urlOf(`media/${set.id}/sidecars`, { adobe_names: true }).href}>${T.adobe}</a>
        </span>
      </header>
      <${Filters} set=${set} />
      <${HowToSelect} kind=${may("editor") ? "selects" : "opens"} />
      ${isRead && !items.length ? html`<p class="none">${T.nothing}</p>` : null}
      <${Grid} items=${items} keyOf=${keyOf} labelOf=${labelOf} label=${set.name} cell=${CELL} draw=${draw} chosen=${may("editor") ? chosen : null} open=${open} />
      ${may("editor") && chosen.value.size ? html`<${PhotoSelection} set=${set} chosen=${chosen} shown=${items} />` : null}
    </div>`;
}

/** @param {Photo} one */
const keyOf = (one) => one.id;
/** @param {Photo} one */
const labelOf = (one) => T.label(one.path, one.faces.map((face) => face.name).join(", "));

/** @param {{set: import("../state.js").Medium}} props */
function Filters({ set }) {
  const { who, text, sort } = asked.value;
  const set_ = (/** @type {string} */ key) => (/** @type {any} */ event) => show(set.id, { [key]: event.currentTarget.value }, true);
  const specials = may("editor") ? NONE : NONE.filter((one) => one !== "?unknown");
  const called = [T.noName, T.noFaces, T.drawn, T.unsure];
  const known = people.value;
  return html`
    <form class="filters" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <label><span class="label">${T.who}</span>
        <select value=${who} onChange=${set_("who")}>
          <option value="">${T.anybody}</option>
          ${specials.map((one) => html`<option key=${one} value=${one}>${called[NONE.indexOf(one)]}</option>`)}
          ${who && !NONE.includes(who) && !known.some((one) => one.name === who) ? html`<option value=${who}>${who}</option>` : null}
          ${known.map((one) => html`<option key=${one.name} value=${one.name}>${one.name} (${one.count.toLocaleString()})</option>`)}
        </select></label>
      <label><span class="label">${T.path}</span><input type="search" value=${text} onInput=${set_("q")} spellcheck=${false} autocomplete="off" /></label>
      <label><span class="label">${T.sort}</span>
        <select value=${sort} onChange=${set_("sort")}>${Object.entries(T.sorts).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}</select></label>
    </form>`;
}
