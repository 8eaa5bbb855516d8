// A photo with a box on one face.
import { html } from "../html.js";
import { shares } from "./player.js";

/** @param {{address: string, box: [number, number, number, number], size: [number, number] | null, label?: string}} props */
export function BoxedPhoto({ address, box, size, label = "" }) {
  return html`
    <figure class="loop photo" style=${size ? { aspectRatio: `${size[0]} / ${size[1]}`, "--ratio": size[0] / size[1] } : {}}>
      <img src=${`${address}?width=960`} alt=${label} />
      ${size ? html`<span class="box" style=${shares(box, size)}></span>` : null}
    </figure>
  `;
}
