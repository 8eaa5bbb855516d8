// One character: every photo with its quality, the rejected ones with the reason, who looks like them; and all edits.
import { every, get, may, Refused } from "../api.js";
import { listen } from "../events.js";
import { Fragment, html, signal, useEffect, useState } from "../html.js";
import { edit, sendPhotos, sentenceOf, takeBackEdits } from "../parts/cast_edits.js";
import { askFor } from "../parts/dialog.js";
import { Drop } from "../parts/drop.js";
import { Grid } from "../parts/grid.js";
import { Name } from "../parts/name.js";
import { Face, pictureOf } from "../parts/pictures.js";
import { SentList } from "../parts/sent_photos.js";
import { address, go, place } from "../router.js";
import { characters, soon, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { merge, remove } from "./cast.js";

/**
 * @typedef {{id: string, file: string, status: string, reason: string | null, detail: string, look: string | null, quality: number | null,
 *  face_px: number | null, picture: string | null, original: string | null, confirmed: boolean}} Photo
 */

const T = TEXTS.cast;
const POOR = 0.3;
const SMALL_PX = 60;

/** @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
const chosen = signal(new Set());
/** @type {import("@preact/signals").Signal<import("../parts/cast_edits.js").Sent[]>} */
const sendings = signal([]);

/** @param {{id: string}} props */
export function CharacterPage({ id }) {
  const [card, setCard] = useState(/** @type {any} */ (null));
  const [photos, setPhotos] = useState(/** @type {Photo[] | null} */ (null));
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    chosen.value = new Set();
    sendings.value = [];
    const read = async () => {
      try {
        const [now, all] = await Promise.all([get(`characters/${id}`), every(`characters/${id}/photos`, "photos")]);
        setCard(now);
        setPhotos(all);
        setWrong("");
        const there = new Set(all.map((one) => one.id));
        if ([...chosen.value].some((one) => !there.has(one))) chosen.value = new Set([...chosen.value].filter((one) => there.has(one)));
      } catch (error) {
        if (error instanceof Refused && error.status === 404) setWrong(T.gone);
        else tell(sentenceOf(error), { isBad: true });
      }
    };
    void read();
    const again = soon(read);
    return listen((kind) => ["cast", "training", "reset", "forgetting"].includes(kind) && again());
  }, [id]);
  if (wrong) return html`<p class="none">${wrong} <a href=${address("cast")}>${TEXTS.views.cast}</a></p>`;
  if (!card || !photos) return html`<p class="none" aria-busy="true"></p>`;
  const enrolled = photos.filter((one) => one.status === "enrolled");
  const rejected = photos.filter((one) => one.status === "rejected");
  const canEdit = may("editor");
  return html`
    <article class="character">
      <${Head} card=${card} />
      ${canEdit && html`<${Adding} card=${card} />`}
      <h2 id="photos">${T.photosTitle(enrolled.length)}</h2>
      ${canEdit && enrolled.length ? html`<${Selection} card=${card} photos=${photos} />` : null}
      ${enrolled.length ? html`<${Grid} items=${enrolled} keyOf=${keyOf} draw=${Enrolled} labelOf=${labelOf} cell=${{ width: 112, height: 150, gap: 8 }} label=${T.photosTitle(enrolled.length)} chosen=${canEdit ? chosen : null} toggles />` : html`<p class="quiet">${T.noPhotos}</p>`}
      ${rejected.length ? html`<${Rejected} card=${card} photos=${rejected} />` : null}
      ${card.look_alikes.length ? html`<${LookAlikes} card=${card} />` : null}
      ${card.roles.length ? html`<h2>${T.roles(card.performer)}</h2><ul class="others">${card.roles.map((/** @type {any} */ one) => html`<li key=${one.id}><a href=${address("cast", one.id)}><${Face} address=${one.picture} /> <${Name} name=${one.name} /></a></li>`)}</ul>` : null}
    </article>`;
}

const keyOf = (/** @type {Photo} */ one) => one.id;
const labelOf = (/** @type {Photo} */ one) => [one.file, ...badges(one).map(([text]) => text)].join(", ");

/** What there is to say of a face: short, and in a sentence. @param {Photo} one @returns {[string, string][]} */
function badges(one) {
  /** @type {[string, string][]} */
  const all = [];
  if (one.quality !== null && one.quality < POOR) all.push([T.poor, TEXTS.review.small_title]);
  else if (one.face_px !== null && one.face_px < SMALL_PX) all.push([T.small, T.smallTitle(one.face_px)]);
  else if (one.quality !== null) all.push([TEXTS.percent(one.quality), T.quality]);
  if (one.look) all.push([one.look, T.look]);
  if (one.confirmed) all.push(["✓", T.confirmedTitle]);
  return all;
}

/** @param {Photo} one */
function Enrolled(one) {
  return html`
    <div class="photo-cell" title=${one.file}>
      ${one.picture || one.original
        ? html`<img src=${one.picture ? pictureOf(one.picture) : `${pictureOf(one.original)}?width=240`} alt="" loading="lazy" draggable=${false} />`
        : html`<span class="no-face" aria-hidden="true">?</span>`}
      <span class="badges">${badges(one).map(([text, title]) => html`<span key=${text} class="badge" title=${title}>${text}</span>`)}</span>
    </div>`;
}

/** @param {{card: any}} props */
function Head({ card }) {
  const [renames, setRenames] = useState(false);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const name = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("name")).trim();
    setRenames(false);
    if (name && name !== card.name) await edit("PATCH", `characters/${card.id}`, { name }, T.said.rename(card.name, name));
  };
  const mergeWith = async () => {
    const others = characters.value.filter((one) => one.id !== card.id);
    const name = await askFor({ title: T.mergeWith(card.name), confirm: T.next, field: { label: TEXTS.review.field, options: others.map((one) => one.name) } });
    const other = others.find((one) => one.name === name);
    if (name && !other) return tell(TEXTS.review.noSuch(name), { isBad: true });
    return other ? merge([card, other]) : undefined;
  };
  const leave = async () => {
    await remove([card]);
    go(address("cast"));
  };
  return html`
    <header class="who-head">
      <${Face} address=${card.picture} size=${96} />
      <div>
        ${renames
          ? html`<form class="rename" onSubmit=${save} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && setRenames(false)}>
              <input name="name" aria-label=${T.newName} value=${card.name} autocomplete="off" spellcheck=${false} ref=${(/** @type {HTMLInputElement | null} */ field) => field?.focus()} />
              <button type="submit" class="main">${T.rename}</button> <button type="button" onClick=${() => setRenames(false)}>${TEXTS.cancel}</button></form>`
          : html`<h1><${Name} name=${card.name} most=${80} /></h1>`}
        <p class="quiet facts">
          <span>${T.photos(card.photos, card.rejected)}</span>
          ${card.looks.length ? html`<span>${T.looks(card.looks)}</span>` : null}
          ${card.performer ? html`<span>${T.playedBy(card.performer)}</span>` : null}
          <a href=${address("people", card.id)}>${T.appearances}</a>
        </p>
        ${may("editor") && !renames
          ? html`<p class="actions"><button type="button" onClick=${() => setRenames(true)}>${T.rename}</button>
              <button type="button" onClick=${() => void mergeWith()}>${T.mergeInto}</button>
              <button type="button" onClick=${() => void leave()}>${T.remove}</button></p>`
          : null}
      </div>
    </header>`;
}

/** @param {{card: any}} props */
function Adding({ card }) {
  const [look, setLook] = useState("");
  const take = (/** @type {{file: File, path: string}[]} */ files) => {
    const number = sendings.value.length;
    void sendPhotos({ id: card.id, name: card.name, look: look.trim() || undefined }, files.map(({ file }) => file), (sent) => {
      const all = [...sendings.value];
      all[number] = sent;
      sendings.value = all;
    });
  };
  return html`
    <${Drop} text=${T.choose} take=${take}>
      <p>${T.dropHere(card.name)}</p>
      <label class="look"><span class="label">${T.lookField}</span><input value=${look} list="looks" onInput=${(/** @type {any} */ event) => setLook(event.currentTarget.value)} /></label>
      <datalist id="looks">${card.looks.map((/** @type {string} */ one) => html`<option key=${one} value=${one}></option>`)}</datalist>
    </${Drop}>
    <${SentList} sendings=${sendings.value} clear=${() => (sendings.value = [])} />`;
}

/** What can be done with the photos that are selected. @param {{card: any, photos: Photo[]}} props */
function Selection({ card, photos }) {
  const { query } = place.value;
  useEffect(() => {
    const asked = (query.get("photos") ?? "").split(",").filter(Boolean);
    if (asked.length && !chosen.value.size) chosen.value = new Set(asked);
  }, []);
  useEffect(() => {
    const now = [...chosen.value].slice(0, 50).join(",");
    if (place.value.id === card.id) go(address("cast", card.id, now ? { photos: now } : {}), true);
  }, [chosen.value]);
  const own = photos.filter((one) => chosen.value.has(one.id)).map((one) => one.id);
  const count = own.length;
  return html`
    <div class="selection" role="toolbar" aria-label=${T.selected(count)}>
      <span role="status">${count ? T.selected(count) : T.howToSelect}</span>
      ${count ? html`<${Actions} card=${card} own=${own} />` : null}
    </div>`;
}

/** @param {{card: any, own: string[]}} props */
function Actions({ card, own }) {
  const count = own.length;
  const path = `characters/${card.id}/photos`;
  const done = () => (chosen.value = new Set());
  return html`<${Fragment}>
    <button type="button" onClick=${() => { void edit("POST", `${path}/remove`, { photos: own }, T.said.out(count)); done(); }}>${T.takeOut}</button>
    <button type="button" title=${T.notThemTitle} onClick=${() => { void reject(card, own); done(); }}>${T.notThem}</button>
    <button type="button" onClick=${() => void give(card, own)}>${T.give}</button>
    <button type="button" title=${T.confirmTitle} onClick=${() => { void edit("POST", `${path}/confirm`, { photos: own }, T.said.confirmed(card.name, count)); done(); }}>${T.confirm}</button>
    <button type="button" onClick=${done}>${T.selectNone}</button>
  </${Fragment}>`;
}

/** Learn that these faces are not theirs: each is an edit. @param {any} card @param {string[]} own */
async function reject(card, own) {
  /** @type {number[]} */
  const edits = [];
  for (const photo of own) {
    const made = await edit("POST", `characters/${card.id}/photos/${photo}/reject`, undefined, T.said.not(card.name, 1));
    if (made) edits.push(...made.edits);
  }
  const text = T.said.not(card.name, edits.length);
  if (edits.length) tell(text, { act: { text: TEXTS.undo, run: () => void takeBackEdits(edits, text) } });
}

/** Give photos to another character, known or new. @param {any} card @param {string[]} own */
export async function give(card, own) {
  const options = characters.value.filter((one) => one.id !== card.id).map((one) => one.name);
  const name = await askFor({ title: T.giveTitle(own.length), confirm: T.give, field: { label: T.knownOrNew, options } });
  if (!name) return;
  if (await edit("POST", `characters/${card.id}/photos/confirm`, { others: own, others_are: name }, T.said.give(own.length, name))) chosen.value = new Set();
}

/** @param {{card: any, photos: Photo[]}} props */
function Rejected({ card, photos }) {
  const canEdit = may("editor");
  return html`
    <h2 id="rejected">${T.rejectedTitle(photos.length)}</h2>
    <ul class="rejected">
      ${photos.slice(0, 200).map((one) => {
        const { text, todo } = T.reason(one.reason ?? "");
        return html`
          <li key=${one.id}>
            ${one.original ? html`<a href=${pictureOf(one.original)} target="_blank" rel="noreferrer"><img src=${`${pictureOf(one.original)}?width=240`} alt=${one.file} loading="lazy" /></a>` : html`<span class="no-face" title=${T.notAtHand}>?</span>`}
            <div>
              <p><strong><${Name} name=${one.file} /></strong></p>
              <p>${text}</p>
              <p class="quiet">${todo}</p>
              ${one.detail ? html`<p class="quiet detail">${one.detail}</p>` : null}
              ${canEdit
                ? html`<p class="actions">
                    ${one.reason === "OUTLIER" ? html`<button type="button" onClick=${() => void edit("POST", `characters/${card.id}/photos/confirm`, { photos: [one.id] }, T.said.confirmed(card.name, 1))}>${T.yesThem(card.name)}</button>
                      <button type="button" onClick=${() => void give(card, [one.id])}>${T.give}</button>` : null}
                    ${one.reason === "UNREADABLE" ? null : html`<button type="button" onClick=${() => void edit("POST", `characters/${card.id}/photos/remove`, { photos: [one.id] }, T.said.out(1))}>${T.takeOut}</button>`}</p>`
                : null}
            </div>
          </li>`;
      })}
    </ul>`;
}

/** @param {{card: any}} props */
function LookAlikes({ card }) {
  const apart = (/** @type {any} */ one) => edit("POST", "characters/apart", { characters: [card.id, one.id] }, T.said.apart(card.name, one.name));
  return html`
    <h2>${T.alikeTitle}</h2>
    <p class="quiet">${T.alikeAbout(card.name)}</p>
    <ul class="others">
      ${card.look_alikes.map((/** @type {any} */ one) => html`
        <li key=${one.id}><a href=${address("cast", one.id)}><${Face} address=${one.picture} /> <${Name} name=${one.name} /></a> <span class="quiet">${T.wouldPass(one.photos)}</span>
          ${may("editor") ? html`<button type="button" onClick=${() => void merge([card, one])}>${T.areOne}</button> <button type="button" onClick=${() => void apart(one)}>${T.areTwo}</button>` : null}</li>`)}
    </ul>`;
}
