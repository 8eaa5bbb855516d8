// The plain page: films and sets of photos, and how far jobs are. It reads everything once, and again what an event
// says has changed. A row stays the same element while it is shown, so that focus and clicks are not lost.
const api = new URL("api/v1/", document.baseURI);
const jobs = new Map();
const media = new Map();
const told = new Map(); // jobs by events since they were last asked for: newer than what is read
let csrf = "";
let mayAct = false;
let events = null;

/** Ask the service; throws the sentence of its problem document. */
async function ask(path, method = "GET") {
  const headers = method === "GET" ? {} : { "X-Personae": csrf };
  const answer = await fetch(new URL(path, api), { method, headers });
  const body = await answer.json().catch(() => ({ detail: "The server does not answer." }));
  if (!answer.ok) throw Object.assign(new Error(body.detail), { status: answer.status });
  return body;
}

/** Every row of a list that comes in pages. */
async function every(path, rows) {
  const found = [];
  for (let next = ""; next !== null; ) {
    const more = next === "" ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(next)}`;
    const page = await ask(`${path}${more}`);
    found.push(...page[rows]);
    next = page.next;
  }
  return found;
}

const KINDS = {
  scan: "Scan", relabel: "Name anew", train: "Train", add: "Add photos", evaluate: "Evaluate", forget: "Forget",
  tune: "Tune", calibrate: "Calibrate", keep: "Keep photos", export: "Export", learn: "Teach", reject: "Reject a photo",
};
const STATES = { waiting: "waits", running: "running", done: "done", failed: "failed", cancelled: "cancelled" };
const SHOWN_ENDED = 5;
const NAMES_SHOWN = 4;

function element(name, kind = "") {
  const found = document.createElement(name);
  found.className = kind;
  return found;
}

/** Only what is new is written. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = text === "";
}

/** A list in which each job or medium has a row, kept by its id. */
class Rows {
  constructor(id, Row) {
    this.list = document.getElementById(id);
    this.Row = Row;
    this.rows = new Map();
  }

  show(ones) {
    const focused = document.activeElement;
    const wanted = new Set(ones.map((one) => one.id));
    for (const [id, row] of this.rows) {
      if (wanted.has(id)) continue;
      row.item.remove();
      this.rows.delete(id);
    }
    let next = this.list.firstElementChild;
    for (const one of ones) {
      if (!this.rows.has(one.id)) this.rows.set(one.id, new this.Row());
      const row = this.rows.get(one.id);
      row.show(one);
      if (row.item === next) next = next.nextElementSibling;
      else this.list.insertBefore(row.item, next);
    }
    // A row that had to move has lost it.
    if (this.list.contains(focused) && !focused.hidden) focused.focus({ preventScroll: true });
  }
}

class MediumRow {
  constructor() {
    this.item = element("li");
    this.name = element("span", "name");
    this.word = element("span", "word");
    this.facts = element("p", "facts");
    this.item.append(this.name, this.word, this.facts);
  }

  show(one) {
    write(this.name, one.name);
    this.name.title = one.name;
    write(this.word, one.kind === "film" ? "film" : "photos");
    write(this.facts, factsOf(one));
  }
}

class JobRow {
  constructor() {
    this.item = element("li");
    this.item.tabIndex = -1;
    this.name = element("span", "name");
    this.word = element("span");
    this.facts = element("p", "facts");
    this.cancel = this.button("Cancel", "cancel");
    this.again = this.button("Again", "retry");
    this.bar = element("progress");
    this.why = element("p", "why");
    this.refused = element("p", "why");
    this.refused.setAttribute("role", "alert");
    this.item.append(this.name, this.word, this.facts, this.cancel, this.again, this.bar, this.why, this.refused);
    write(this.refused, "");
  }

  show(job) {
    if (this.job?.state !== job.state) write(this.refused, "");
    this.job = job;
    const { done, total, unit, stage } = job.progress;
    const counts = job.state === "running" && total > 0;
    write(this.name, [KINDS[job.kind] ?? job.kind, job.about].filter(Boolean).join(" "));
    this.name.title = this.name.textContent;
    write(this.word, job.wants_cancel && job.state === "running" ? "is being cancelled" : STATES[job.state]);
    this.word.className = `word ${job.state}`;
    const far = counts ? `${stage}: ${Math.round(done)} of ${Math.round(total)} ${unit}` : whenOf(job);
    write(this.facts, [far, job.by && `by ${job.by}`].filter(Boolean).join(" · "));
    this.offer(this.cancel, job.state === "waiting" || (job.state === "running" && !job.wants_cancel));
    this.offer(this.again, job.state === "failed" || job.state === "cancelled");
    this.bar.hidden = !counts;
    if (counts) {
      this.bar.max = total;
      this.bar.value = done;
      this.bar.setAttribute("aria-label", stage);
    }
    write(this.why, job.error.detail ?? "");
  }

  button(text, path) {
    const button = element("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", async () => {
      if (button.ariaDisabled === "true") return;
      button.ariaDisabled = "true"; // one that is disabled would lose the focus
      try {
        const { job } = await ask(`jobs/${this.job.id}/${path}`, "POST");
        jobTold(job);
      } catch (error) {
        write(this.refused, error.message);
      }
      button.ariaDisabled = "false";
    });
    return button;
  }

  offer(button, isOffered) {
    const isShown = isOffered && mayAct;
    const hadFocus = document.activeElement === button;
    button.hidden = !isShown;
    if (hadFocus && !isShown) this.item.focus({ preventScroll: true });
  }
}

/** The moment that counts for how a job stands; of today without the date. */
function whenOf(job) {
  const [word, seconds] =
    job.state === "waiting" ? ["asked for ", job.asked_at]
    : job.state === "running" ? ["since ", job.began_at]
    : ["", job.ended_at];
  const then = new Date(1000 * seconds);
  const isToday = then.toDateString() === new Date().toDateString();
  return word + then.toLocaleString([], { dateStyle: isToday ? undefined : "medium", timeStyle: "short" });
}

const latestJobs = new Rows("jobs", JobRow);
const earlierJobs = new Rows("earlier-jobs", JobRow);
const mediaRows = new Rows("media", MediumRow);
const earlier = document.getElementById("earlier");
earlier.addEventListener("toggle", () => drawJobs());

function drawJobs() {
  const order = { running: 0, waiting: 1 };
  const all = [...jobs.values()];
  const open = all.filter((job) => job.state in order).sort((a, b) => order[a.state] - order[b.state]);
  const ended = all.filter((job) => !(job.state in order)).sort((a, b) => b.ended_at - a.ended_at);
  const more = ended.slice(SHOWN_ENDED);
  latestJobs.show([...open, ...ended.slice(0, SHOWN_ENDED)]);
  earlierJobs.show(earlier.open ? more : []);
  earlier.hidden = more.length === 0;
  write(earlier.querySelector("summary"), `${counted(more.length, "earlier job")}`);
  document.getElementById("no-jobs").hidden = open.length > 0;
}

function drawMedia() {
  mediaRows.show([...media.values()].sort((a, b) => a.name.localeCompare(b.name)));
  document.getElementById("no-media").hidden = media.size > 0;
}

function factsOf(one) {
  const facts = [];
  if (one.duration_s !== null) {
    const minutes = Math.floor(one.duration_s / 60);
    facts.push(`${minutes}:${String(Math.floor(one.duration_s % 60)).padStart(2, "0")}`);
  }
  if (one.photos !== null) facts.push(counted(one.photos, "photo"));
  const named = one.characters.length;
  if (named) facts.push(named <= NAMES_SHOWN ? one.characters.join(", ") : counted(named, "name"));
  if (one.unknown) facts.push(`${one.unknown} without a name`);
  if (one.decided !== null) facts.push(`${Math.floor(100 * one.decided)} % decided`);
  if (one.stale) facts.push("named by an earlier model");
  return facts.join(" · ");
}

function counted(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function say(text, isBad = false) {
  const state = document.getElementById("state");
  state.textContent = text;
  state.className = isBad ? "away" : "";
}

let jobsAreKnown = false;

function jobTold(job) {
  told.set(job.id, job);
  jobs.set(job.id, job);
  if (jobsAreKnown) drawJobs();
}

async function readJobs() {
  told.clear();
  const found = await every("jobs?limit=1000", "jobs");
  jobs.clear();
  for (const job of [...found, ...told.values()]) jobs.set(job.id, job);
  jobsAreKnown = true;
  drawJobs();
}

async function readMedia() {
  const found = [...(await every("films?limit=1000", "films")), ...(await every("photo-sets?limit=1000", "photo_sets"))];
  media.clear();
  for (const one of found) media.set(one.id, one);
  drawMedia();
}

let reading = null;
/** Read the media again soon; many events at once are one reading. */
function mediaChanged() {
  reading ??= setTimeout(() => {
    reading = null;
    readMedia().catch((error) => say(error.message, true));
  }, 200);
}

async function readAll() {
  await Promise.all([readJobs(), readMedia()]);
}

function follow() {
  events?.close();
  events = new EventSource(new URL("events", api));
  events.addEventListener("hello", () => say("Live: changes appear by themselves."));
  events.addEventListener("job", (event) => jobTold(JSON.parse(event.data)));
  events.addEventListener("media", mediaChanged);
  events.addEventListener("forgetting", mediaChanged);
  events.addEventListener("reset", () => readAll().catch((error) => say(error.message, true)));
  events.addEventListener("error", () => {
    say("The server is away. This page goes on when it is back.", true);
    // The browser gives up where something else answered: a proxy without its server, or the key has ended.
    if (events.readyState === EventSource.CLOSED) startSoon();
  });
}

const TRY_AGAIN_MS = 5000;
let starting = null;
function startSoon() {
  starting ??= setTimeout(() => {
    starting = null;
    start();
  }, TRY_AGAIN_MS);
}

async function start() {
  try {
    const session = await ask("session");
    csrf = session.csrf;
    mayAct = session.role !== "viewer";
    follow();
    await readAll();
  } catch (error) {
    say(error.message, true);
    if (error.status !== 401) startSoon();
  }
}

start();
