// What runs, what waits, what failed and why; files to fetch.
import { get } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { JobLine } from "../parts/job.js";
import { FilmsStanding } from "../parts/scans.js";
import { date } from "../parts/time.js";
import { address, place } from "../router.js";
import { isKnown, jobs } from "../state.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.jobs;
const SHOWN = 5;

export function View() {
  const { id } = place.value;
  return id ? html`<${One} key=${id} id=${id} />` : html`<${All} />`;
}

function All() {
  const all = [...jobs.value.values()];
  const open = all.filter((job) => ["running", "waiting"].includes(job.state)).sort(byTurn);
  const ended = all.filter((job) => !["running", "waiting"].includes(job.state)).sort((a, b) => (b.ended_at ?? b.asked_at) - (a.ended_at ?? a.asked_at));
  const latest = ended.slice(0, SHOWN);
  const earlier = ended.slice(SHOWN);
  const list = (/** @type {any[]} */ some, /** @type {string} */ id) => html`<ul class="jobs" id=${id}>${some.map((job) => html`<${JobLine} key=${job.id} job=${job} />`)}</ul>`;
  return html`
    <h1>${TEXTS.views.jobs}</h1>
    ${!all.length && isKnown.value ? html`<p class="none">${T.none}</p>` : null}
    ${!all.length && !isKnown.value ? html`<p class="none" aria-busy="true"></p>` : null}
    <${FilmsStanding} />
    ${list([...open, ...latest], "jobs")}
    ${earlier.length > 0 && html`<${Earlier} count=${earlier.length} draw=${() => list(earlier, "earlier-jobs")} />`}
  `;
}

/** Drawn when it is opened: there may be thousands. @param {{count: number, draw: () => any}} props */
function Earlier({ count, draw }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}><summary>${T.earlier(count)}</summary>${isOpen && draw()}</details>`;
}

/** What runs first, then in the order in which they are taken. @param {any} a @param {any} b */
function byTurn(a, b) {
  return Number(b.state === "running") - Number(a.state === "running") || b.priority - a.priority || a.asked_at - b.asked_at;
}

/** @param {{id: string}} props */
function One({ id }) {
  const job = jobs.value.get(id);
  const [history, setHistory] = useState(/** @type {{time: number, text: string}[]} */ ([]));
  const [isGone, setGone] = useState(false);
  const state = job ? `${job.state} ${job.priority} ${job.wants_cancel}` : "";
  useEffect(() => {
    let isOver = false;
    get(`jobs/${id}`).then(
      (told) => {
        if (isOver) return;
        setHistory(told.history);
        if (!jobs.value.has(id)) jobs.value = new Map(jobs.value).set(id, told.job);
      },
      (error) => !isOver && error.status === 404 && setGone(true),
    );
    return () => {
      isOver = true;
    };
  }, [id, state]);
  return html`
    <a class="quiet back-link" href=${address("jobs")}>${TEXTS.views.jobs}</a>
    ${job ? html`<ul class="jobs one"><${JobLine} job=${job} isOpen=${true} /></ul>` : html`<p class="none">${isGone ? T.noSuch : ""}</p>`}
    ${history.length > 0 && html`<h2>${T.history}</h2><ol class="history">${history.map((line) => html`<li><span class="quiet">${date(line.time)}</span> ${line.text}</li>`)}</ol>`}
  `;
}
