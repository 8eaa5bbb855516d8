// How far a job is, and what came of it.
import { send } from "../api.js";
import { html } from "../html.js";
import { jobs, tell } from "../state.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.jobLine;

/** @param {{id: string, title: string}} props */
export function JobLine({ id, title }) {
  const job = jobs.value.get(id);
  const { stage = "", done = 0, total = null } = job?.progress ?? {};
  const state = job?.state ?? "waiting";
  const isOpen = ["waiting", "running"].includes(state);
  const cancel = () => send("POST", `jobs/${id}/cancel`).catch((error) => tell(error.message, { isBad: true }));
  return html`
    <div class="job-line" role="status">
      <p>${title}: ${isOpen && stage ? T.stage(stage, done, total) : T.state(state)} ${isOpen ? html`<button type="button" onClick=${cancel}>${TEXTS.cancel}</button>` : null}</p>
      ${isOpen && html`<progress max=${total || 1} value=${total && stage ? done : null} aria-label=${title}></progress>`}
      ${state === "failed" && html`<p class="bad">${job.error?.detail ?? job.error?.code}</p>`}
    </div>`;
}
