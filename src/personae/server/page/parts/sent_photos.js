// What becomes of photos that were sent: how far it is, how many were taken, which were not and why.
import { html } from "../html.js";
import { jobs } from "../state.js";
import { TEXTS } from "../texts.js";
import { takeBackEdits } from "./cast_edits.js";
import { Name } from "./name.js";

const T = TEXTS.cast;
const MOST = 30;

/** @param {{sendings: import("./cast_edits.js").Sent[], clear: () => void}} props */
export function SentList({ sendings, clear }) {
  const all = sendings.filter(Boolean);
  if (!all.length) return null;
  return html`
    <section class="sent" aria-live="polite">
      ${all.map((one, number) => html`<${One} key=${number} sent=${one} />`)}
      ${all.every((one) => one.isOver) ? html`<button type="button" onClick=${clear}>${TEXTS.close}</button>` : null}
    </section>`;
}

/** @param {{sent: import("./cast_edits.js").Sent}} props */
function One({ sent }) {
  const { done = 0, total = null } = jobs.value.get(sent.job)?.progress ?? {};
  return html`
    <div>
      <p><${Name} name=${sent.name} />: ${sent.isOver ? T.added(sent.added, sent.rejected.length) : T.sending(sent.count)}
        ${sent.isOver && sent.edits.length ? html` <button type="button" onClick=${() => void takeBackEdits(sent.edits, T.said.added(sent.name, sent.added))}>${TEXTS.undo}</button>` : null}</p>
      ${sent.isOver ? null : html`<progress max=${total || 1} value=${total ? done : null} aria-label=${T.sending(sent.count)}></progress>`}
      ${sent.error && html`<p class="bad">${sent.error}</p>`}
      ${sent.rejected.length ? html`<ul class="reasons">${sent.rejected.slice(0, MOST).map((one, number) => html`<li key=${number}><${Name} name=${one.photo} />: ${T.reason(one.reason).text} ${T.reason(one.reason).todo}</li>`)}</ul>` : null}
    </div>`;
}
