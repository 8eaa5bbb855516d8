// Photos that are about to be sent, as small pictures: whom somebody names is seen.
import { html, useEffect, useMemo } from "../html.js";
import { TEXTS } from "../texts.js";

const MOST = 12;

/** @param {{files: readonly File[]}} props */
export function Previews({ files }) {
  const addresses = useMemo(() => files.slice(0, MOST).map((file) => URL.createObjectURL(file)), [files]);
  useEffect(() => () => addresses.forEach((one) => URL.revokeObjectURL(one)), [addresses]);
  const more = files.length - addresses.length;
  return html`
    <ul class=${`previews ${files.length === 1 ? "one" : ""}`}>
      ${addresses.map((one, at) => html`<li key=${one}><img src=${one} alt=${files[at].name} title=${files[at].name} onError=${gone} /></li>`)}
      ${more > 0 ? html`<li class="quiet">${TEXTS.people.dialog.more(more)}</li>` : null}
    </ul>`;
}

/** A photo of a kind that browsers cannot show has its name in its place. @param {any} event */
function gone(event) {
  const image = event.currentTarget;
  image.replaceWith(Object.assign(document.createElement("span"), { className: "quiet", textContent: image.alt }));
}
