// Small plots, drawn as SVG: bars and a curve. Colours are those of the page, so that they are read in dark and light.
import { html } from "../html.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";

/** A bar for each row: how much of it is good, wrong and open; the numbers stand beside it.
 * @param {{rows: {name: string, address?: string, right: number, wrong: number, text: string}[], label: string}} props */
export function Bars({ rows, label }) {
  return html`
    <ul class="bars" aria-label=${label}>
      ${rows.map((row) => html`
        <li key=${row.name}>
          ${row.address ? html`<a href=${row.address}><${Name} name=${row.name} most=${26} /></a>` : html`<${Name} name=${row.name} most=${26} />`}
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label=${row.text}>
            <rect class="bar-open" width="100" height="8" />
            <rect class="bar-right" width=${100 * row.right} height="8" />
            <rect class="bar-wrong" x=${100 * row.right} width=${100 * row.wrong} height="8" />
          </svg>
          <span class="quiet">${row.text}</span>
        </li>`)}
    </ul>`;
}

/**
 * A curve over shares, with the place where the model stands now. `log`: the first share by powers of ten.
 * @param {{points: [number, number][], at: [number, number] | null, x: string, y: string, label: string}} props
 */
export function Curve({ points, at, x, y, label }) {
  const least = 0.001;
  const across = (/** @type {number} */ share) => 40 + 250 * (Math.log10(Math.max(share, least)) / -Math.log10(least) + 1);
  const up = (/** @type {number} */ share) => 150 - 140 * share;
  const line = points.map(([a, b]) => `${across(a).toFixed(1)},${up(b).toFixed(1)}`).join(" ");
  return html`
    <figure class="curve">
      <svg viewBox="0 0 310 185" role="img" aria-label=${label}>
        ${[0, 0.5, 1].map((share) => html`<line key=${share} class="grid-line" x1="40" x2="290" y1=${up(share)} y2=${up(share)} /><text x="36" y=${up(share) + 4} text-anchor="end">${TEXTS.percent(share)}</text>`)}
        ${[0.001, 0.01, 0.1, 1].map((share) => html`<line key=${share} class="grid-line" x1=${across(share)} x2=${across(share)} y1="10" y2="150" /><text x=${across(share)} y="164" text-anchor="middle">${100 * share} %</text>`)}
        <polyline class="line" points=${line} />
        ${at && html`<circle class="here" cx=${across(at[0])} cy=${up(at[1])} r="4" />`}
        <text x="165" y="181" text-anchor="middle">${x}</text>
      </svg>
      <figcaption class="quiet">${y}</figcaption>
    </figure>`;
}
