// How far all films are that are scanned together, in one line: done, failed, how fast, when they will be ready.
import { html } from "../html.js";
import { jobs } from "../state.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.jobs.films;
const OPEN = new Set(["running", "waiting"]);
const WATCHED_MS = 5_000;

/** Since when this page has watched the films of now. @type {{first: number, at: number, share: number} | null} */
let watched = null;

/** Films that were asked for one after the other without a pause: those that are open, and what ended meanwhile. */
function together() {
  const all = [...jobs.value.values()].filter((job) => job.kind === "scan");
  const found = all.filter((job) => OPEN.has(job.state));
  let first = Math.min(...found.map((job) => job.asked_at));
  for (const job of all.filter((one) => !OPEN.has(one.state)).sort((a, b) => b.ended_at - a.ended_at)) {
    if (job.ended_at < first) break;
    first = Math.min(first, job.asked_at);
    found.push(job);
  }
  return { found, first };
}

/** @param {any} job */
function share(job) {
  if (!OPEN.has(job.state)) return 1;
  const { stage, done, total } = job.progress;
  return job.state === "running" && stage === "film" && total ? Math.min(done / total, 1) : 0;
}

export function FilmsStanding() {
  const { found, first } = together();
  const open = found.filter((job) => OPEN.has(job.state));
  if (!open.length || found.length < 2) {
    watched = null;
    return null;
  }
  const ended = found.length - open.length;
  const failed = found.filter((job) => job.state === "failed").length;
  const shares = found.reduce((sum, job) => sum + share(job), 0);
  // By this page's own clock: the server's may be another.
  if (!watched || watched.first !== first) watched = { first, at: performance.now(), share: shares };
  const passed = performance.now() - watched.at;
  const speed = (shares - watched.share) / passed;
  const left_s = passed > WATCHED_MS && speed > 0 ? (found.length - shares) / speed / 1000 : null;
  // What each film says that other machines scan is about all of them.
  const others = open.map((job) => job.progress.message ?? "").find((one) => /\bmachines?\b/.test(one));
  const facts = [T.done(ended, found.length), failed && T.failed(failed), others, left_s !== null && T.ready(TEXTS.seconds(left_s))];
  return html`<p id="films-standing" role="status">${facts.filter(Boolean).join(" · ")}</p>`;
}
