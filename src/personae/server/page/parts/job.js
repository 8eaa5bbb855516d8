// A job as a line: what it does, how far it is, why it failed, and what can be done about it.
import { may, send, urlOf } from "../api.js";
import { html, useState } from "../html.js";
import { address } from "../router.js";
import { characters, media } from "../state.js";
import { TEXTS } from "../texts.js";
import { cut } from "./name.js";
import { date } from "./time.js";

const T = TEXTS.jobs;
/** Kind of a job -> who may change one; the others take an editor. @type {Record<string, "admin">} */
const ROLES = { train: "admin", tune: "admin", calibrate: "admin", forget: "admin" };
/** Jobs that are asked for anew in another way: what they were given is not kept. */
const NOT_AGAIN = new Set(["add", "reject", "forget"]);
const FIRST = 100;

/** What a job does, in words. @param {any} job */
export function titleOf(job) {
  // By the name of today.
  const about = (job.character && characters.value.find((one) => one.id === job.character)?.name) || job.about;
  return (T.kinds[job.kind] ?? ((/** @type {string} */ what) => `${job.kind} ${what}`))(cut(about, 60)).trim();
}

/** @param {{job: any, isOpen?: boolean}} props `isOpen`: it is the only one that is shown */
export function JobLine({ job, isOpen = false }) {
  const [refused, setRefused] = useState("");
  const isRunning = job.state === "running";
  const isWaiting = job.state === "waiting";
  const progress = job.progress;
  const act = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body = undefined) => {
    setRefused("");
    try {
      await send(method, path, body);
    } catch (error) {
      setRefused(error instanceof Error ? error.message : String(error));
    }
  };
  const mayAct = may(ROLES[job.kind] ?? "editor");
  const ids = [job.result.medium, ...(job.result.media ?? [])].filter((id) => media.value.has(id));
  return html`
    <li class=${`job ${job.state}`} id=${`job-${job.id}`}>
      <div class="job-head">
        ${isOpen ? html`<h1 title=${job.about}>${titleOf(job)}</h1>` : html`<a class="job-title" href=${address("jobs", job.id)} title=${job.about}>${titleOf(job)}</a>`}
        <span class=${`state ${job.state}`}>${job.wants_cancel && (isRunning || isWaiting) ? T.cancelling : T.states[job.state]}</span>
        <span class="quiet facts">${factsOf(job)}</span>
        <span class="job-acts">
          ${job.state === "done" && job.kind === "export" && may("editor") && html`<a class="button" download href=${urlOf(`jobs/${job.id}/file`).href}>${T.download}</a>`}
          ${ids.slice(0, 3).map((id) => html`<a key=${id} class="button" href=${address(media.value.get(id)?.kind === "film" ? "films" : "photos", id)}>${T.open}</a>`)}
          ${mayAct && isWaiting && job.priority < FIRST && !job.wants_cancel && html`<button type="button" onClick=${() => act("PATCH", `jobs/${job.id}`, { priority: FIRST })}>${T.first}</button>`}
          ${mayAct && isWaiting && job.priority > 0 && html`<button type="button" onClick=${() => act("PATCH", `jobs/${job.id}`, { priority: 0 })}>${T.notFirst}</button>`}
          ${mayAct && (isRunning || isWaiting) && html`<button type="button" key="act" disabled=${job.wants_cancel && !refused} onClick=${() => act("POST", `jobs/${job.id}/cancel`)}>${TEXTS.cancel}</button>`}
          ${mayAct && ["failed", "cancelled"].includes(job.state) && !NOT_AGAIN.has(job.kind) && html`<button type="button" key="act" onClick=${() => act("POST", `jobs/${job.id}/retry`)}>${T.again}</button>`}
        </span>
      </div>
      ${isRunning && html`
        <div class="job-progress">
          <progress aria-label=${T.progress} max=${progress.total || 1} value=${progress.total ? progress.done : null}></progress>
          <span class="quiet">${progressOf(progress)}</span>
        </div>`}
      ${job.state === "failed" && html`<p class="bad why">${job.error.detail ?? T.failed}</p>`}
      ${refused && html`<p class="bad" role="alert">${refused}</p>`}
    </li>`;
}

/** @param {any} progress */
export function progressOf(progress) {
  if (!progress.stage) return T.begins;
  const stage = T.stages[progress.stage] ?? progress.stage;
  const of = progress.total ? T.of(progress.done, progress.total) : progress.done ? progress.done.toLocaleString() : "";
  const more = progress.stage === "film" && progress.message ? `, ${progress.message}` : "";
  return `${stage}: ${of} ${progress.unit ?? ""}`.trim() + more;
}

/** Who asked for it and when, how long it took. @param {any} job */
function factsOf(job) {
  const facts = [];
  if (job.by) facts.push(job.by);
  if (job.state === "waiting") {
    facts.push(T.askedAt(date(job.asked_at)));
    if (job.priority > 0) facts.push(T.isFirst);
  } else if (job.state === "running") facts.push(T.since(date(job.began_at ?? job.asked_at)));
  else {
    facts.push(date(job.ended_at ?? job.asked_at));
    if (job.began_at && job.ended_at) facts.push(T.took(TEXTS.seconds(job.ended_at - job.began_at)));
  }
  return facts.join(" · ");
}
