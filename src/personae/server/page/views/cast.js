// The cast: a card for each character; several are merged or removed at once; photos and folders are dropped onto it.
import { may } from "../api.js";
import { html, signal, useEffect, useMemo, useRef } from "../html.js";
import { found, plain } from "../names.js";
import { edit, sendPhotos, takeBackEdits } from "../parts/cast_edits.js";
import { askFor } from "../parts/dialog.js";
import { Drop } from "../parts/drop.js";
import { Grid } from "../parts/grid.js";
import { HowToSelect } from "../parts/how_to_select.js";
import { Previews } from "../parts/previews.js";
import { Name } from "../parts/name.js";
import { Face, pictureOf } from "../parts/pictures.js";
import { SentList } from "../parts/sent_photos.js";
import { address, go, place } from "../router.js";
import { characters, isKnown, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { CharacterPage } from "./character.js";

/** @typedef {import("../parts/cast_edits.js").Sent} Sent */
/** @typedef {{id: string, name: string, photos: number, rejected: number, picture: string | null}} Character */

const T = TEXTS.cast;
const MOST_IN_ADDRESS = 50;
const PHOTO = /\.(jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif)$/i;

/** Who is selected. @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
const chosen = signal(new Set());
/** What was dropped, and what became of it. @type {import("@preact/signals").Signal<Sent[]>} */
const sendings = signal([]);

export function View() {
  const { id } = place.value;
  return id ? html`<${CharacterPage} key=${id} id=${id} />` : html`<${List} />`;
}

/** @param {Record<string, string>} change */
function ask(change) {
  const query = { ...Object.fromEntries(place.value.query), ...change };
  go(address("cast", "", Object.fromEntries(Object.entries(query).filter(([, value]) => value))), true);
}

function List() {
  const { query } = place.value;
  const letters = query.get("q") ?? "";
  const only = query.get("only") ?? "";
  const selects = query.has("select");
  const began = useRef(false);
  if (!began.current) {
    began.current = true;
    chosen.value = new Set((query.get("select") ?? "").split(",").filter((one) => one && one !== "1"));
  }
  useEffect(() => {
    if (selects) ask({ select: [...chosen.value].slice(0, MOST_IN_ADDRESS).join(",") || "1" });
  }, [chosen.value, selects]);
  const all = /** @type {Character[]} */ (characters.value);
  const shown = useMemo(() => {
    const kept = all.filter((one) => (only === "none" ? !one.photos : only === "rejected" ? one.rejected : true));
    return plain(letters) ? found(kept, letters, kept.length) : kept;
  }, [all, letters, only]);
  const selected = all.filter((one) => chosen.value.has(one.id));
  const open = (/** @type {Character} */ one) => go(address("cast", one.id));
  const canEdit = may("editor");
  return html`
    <header class="cast-head">
      <h1>${TEXTS.views.cast}</h1>
      <span class="quiet">${isKnown.value && T.count(all.length, all.reduce((sum, one) => sum + one.photos, 0))}</span>
      <span class="links"><a class="button" href=${address("model")}>${TEXTS.views.model}</a></span>
    </header>
    ${canEdit && html`<${Adding} />`}
    <div class="cast-tools">
      <input type="search" value=${letters} placeholder=${T.search} aria-label=${T.search} onInput=${(/** @type {any} */ event) => ask({ q: event.currentTarget.value })} />
      <select aria-label=${T.filter} value=${only} onChange=${(/** @type {any} */ event) => ask({ only: event.currentTarget.value })}>
        <option value="">${T.all}</option><option value="none">${T.withoutPhotos}</option><option value="rejected">${T.withRejected}</option>
      </select>
      ${canEdit && html`<button type="button" aria-pressed=${selects} onClick=${() => { chosen.value = new Set(); ask({ select: selects ? "" : "1" }); }}>${selects ? T.stopSelecting : T.select}</button>`}
    </div>
    ${selects && html`
      <div class="selection" role="status">
        <span>${T.selected(selected.length)}</span>
        <button type="button" disabled=${selected.length < 2} onClick=${() => void merge(selected)}>${T.merge}</button>
        <button type="button" disabled=${selected.length < 1} onClick=${() => void remove(selected)}>${T.remove}</button>
      </div>`}
    ${shown.length ? html`<${HowToSelect} kind=${selects ? "toggles" : "opens"} />` : null}
    ${isKnown.value && !all.length ? html`<p class="none">${T.nobody}</p>` : null}
    ${isKnown.value && all.length && !shown.length ? html`<p class="none">${T.nobodySo}</p>` : null}
    <${Grid} items=${shown} keyOf=${(/** @type {Character} */ one) => one.id} labelOf=${(/** @type {Character} */ one) => `${one.name}, ${T.photos(one.photos, one.rejected)}`}
      draw=${Card} cell=${{ width: 140, height: 206, gap: 10 }} label=${TEXTS.views.cast} chosen=${selects ? chosen : null} toggles open=${open} />
  `;
}

/** @param {Character} one */
function Card(one) {
  return html`
    <div class="card">
      ${one.picture ? html`<img src=${pictureOf(one.picture)} alt="" loading="lazy" draggable=${false} />` : html`<span class="no-face"></span>`}
      <${Name} name=${one.name} most=${34} />${" "}
      <span class="quiet">${T.photos(one.photos, 0)}${one.rejected ? html` <span class="badge">${T.rejected(one.rejected)}</span>` : null}</span>
    </div>`;
}

function Adding() {
  return html`
    <${Drop} text=${T.choose} take=${take}>
      <p>${T.drop}</p>
      <button type="button" onClick=${() => void paste()}>${T.paste}</button>
    </${Drop}>
    <${SentList} sendings=${sendings.value} clear=${() => (sendings.value = sendings.value.filter((one) => !one.isOver))} />`;
}

/** Names without photos, one a line. */
async function paste() {
  const text = await askFor({ title: T.paste, body: html`<p>${T.pasteAbout}</p>`, confirm: T.add, field: { label: T.names, isLong: true } });
  const names = (text ?? "").split(/[\n;]+|,(?!\d)/).map((one) => one.trim()).filter(Boolean);
  if (names.length) await edit("POST", "characters", { names: [...new Set(names)] }, T.said.names(names.length));
}

/** Photos in folders are of who the folder is called; for others it is asked whose they are. @param {{file: File, path: string}[]} files */
async function take(files) {
  const photos = files.filter(({ file, path }) => file.type.startsWith("image/") || PHOTO.test(path));
  /** @type {Map<string, File[]>} */
  const own = new Map();
  for (const { file, path } of photos) {
    const name = path.split("/").at(-2) ?? "";
    own.set(name, [...(own.get(name) ?? []), file]);
  }
  const loose = own.get("");
  own.delete("");
  if (loose) {
    const name = await askFor({ title: T.whose(loose.length), body: html`<${Previews} files=${loose} />`, confirm: T.add, field: { label: TEXTS.review.field, options: characters.value.map((one) => one.name) } });
    if (name) own.set(name, [...(own.get(name) ?? []), ...loose]);
  }
  for (const [name, some] of own) {
    const number = sendings.value.length;
    const known = characters.value.find((one) => one.name === name);
    await sendPhotos({ id: known?.id, name }, some, (sent) => {
      const all = [...sendings.value];
      all[number] = sent;
      sendings.value = all;
    });
  }
}

/** Make several one: who goes into whom, and which name stays, is said and chosen beforehand. @param {Character[]} several */
export async function merge(several) {
  const [most] = [...several].sort((a, b) => b.photos - a.photos);
  const into = signal(most.name);
  const Body = () => html`
    <p>${T.mergeAbout}</p>
    <fieldset><legend>${T.whichName}</legend>
      ${several.map((one) => html`<label key=${one.id} class="choice"><input type="radio" name="into" checked=${into.value === one.name} onChange=${() => (into.value = one.name)} />
        <${Face} address=${one.picture} size=${36} /> <${Name} name=${one.name} /> <span class="quiet">${T.photos(one.photos, 0)}</span></label>`)}
    </fieldset>
    <p>${T.goes(several.filter((one) => one.name !== into.value).map((one) => one.name), into.value)}</p>`;
  if ((await askFor({ title: T.mergeTitle(several.length), body: html`<${Body} />`, confirm: T.merge })) === null) return;
  // The one whose name stays is the one whose id stays: it comes first.
  const ordered = [...several].sort((a, b) => Number(b.name === into.value) - Number(a.name === into.value));
  const done = await edit("POST", "characters/merge", { characters: ordered.map((one) => one.id), into: into.value }, T.said.merge(several.map((one) => one.name), into.value));
  if (!done) return;
  chosen.value = new Set();
  if (place.value.view === "cast" && place.value.id) go(address("cast", ordered[0].id), true);
}

/** @param {Character[]} several */
export async function remove(several) {
  /** @type {number[]} */
  const edits = [];
  for (const one of several) {
    const done = await edit("DELETE", `characters/${one.id}`, undefined, T.said.remove(one.name));
    if (done) edits.push(...done.edits);
  }
  chosen.value = new Set();
  if (several.length > 1) {
    const text = T.said.removed(edits.length);
    tell(text, { act: { text: TEXTS.undo, run: () => void takeBackEdits(edits, text) } });
  }
}
