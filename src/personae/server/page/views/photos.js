// Sets of photos, the photos of one, and one of them large.
import { may } from "../api.js";
import { html } from "../html.js";
import { post } from "../outbox.js";
import { Name } from "../parts/name.js";
import { SetOfPhotos } from "../parts/photo_set.js";
import { address, place } from "../router.js";
import { isKnown, media, tell } from "../state.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.photos;

export function View() {
  const { id } = place.value;
  if (!id) return html`<${Sets} />`;
  const set = media.value.get(id);
  if (set?.kind === "photos") return html`<${SetOfPhotos} key=${id} set=${set} />`;
  return html`<p class="none" aria-busy=${!isKnown.value}>${isKnown.value ? T.gone : ""}</p>`;
}

function Sets() {
  const sets = [...media.value.values()].filter((one) => one.kind === "photos").sort((a, b) => a.name.localeCompare(b.name));
  const add = may("editor") ? html`<a class="button" href=${address("start")}>${T.add}</a>` : null;
  return html`
    <div class="photo-sets">
      <header><h1>${T.title}</h1>${add}</header>
      ${!sets.length && isKnown.value ? html`<p class="none">${T.none}</p>` : null}
      <ul>${sets.map((one) => html`<li key=${one.id}><${SetCard} set=${one} /></li>`)}</ul>
    </div>`;
}

/** @param {{set: import("../state.js").Medium}} props */
function SetCard({ set }) {
  const facts = [
    T.count(set.photos ?? 0), set.faces === null ? null : T.faces(set.faces), T.people(set.characters.length), set.unknown ? T.unknown(set.unknown) : null,
    set.strangers ? T.strangers(set.strangers) : null,
  ].filter(Boolean);
  return html`
    <h2><a href=${address("photos", set.id)}><${Name} name=${set.name} /></a></h2>
    <p class="quiet">${facts.join(" · ")}</p>
    ${set.decided === null ? null : html`<p class="share"><progress max="1" value=${set.decided} aria-label=${T.decided(set.decided)}></progress> <span class="quiet">${T.decided(set.decided)}</span></p>`}
    ${set.stale && may("editor") ? html`<${Stale} set=${set} />` : null}`;
}

/** @param {{set: import("../state.js").Medium}} props */
export function Stale({ set }) {
  const relabel = () => {
    tell(T.relabelled(set.name));
    post("POST", `media/${set.id}/relabel`, undefined, { text: T.relabel }).catch((error) => tell(error.message, { isBad: true }));
  };
  return html`<p class="stale">${T.stale} <button type="button" onClick=${relabel}>${T.relabel}</button></p>`;
}
