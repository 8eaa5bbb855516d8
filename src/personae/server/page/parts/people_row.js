// A few people in one line, with their pictures: whom something is about.
import { factsOf, pictureOf } from "../everyone.js";
import { html } from "../html.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";

const MOST = 8;

/** @param {{people: readonly import("../everyone.js").Somebody[]}} props */
export function PeopleRow({ people }) {
  const more = people.length - MOST;
  return html`
    <ul class="people-row">
      ${people.slice(0, MOST).map((one) => html`
        <li key=${one.id}><${Face} one=${one} /><span class="of"><${Name} name=${one.name} most=${24} /><span class="quiet">${factsOf(one)}</span></span></li>`)}
      ${more > 0 ? html`<li class="quiet">${TEXTS.people.dialog.more(more)}</li>` : null}
    </ul>`;
}

/** Somebody's picture, empty where there is none. @param {{one: import("../everyone.js").Somebody}} props */
export function Face({ one }) {
  const gone = (/** @type {any} */ event) => event.currentTarget.classList.add("gone");
  return html`<img class="face" src=${pictureOf(one)} alt="" loading="lazy" decoding="async" onError=${gone} draggable=${false} />`;
}
