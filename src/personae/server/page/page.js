// The plain page: films and sets of photos, and how far jobs are. It reads everything once, and again what an event
// says has changed.
const api = new URL("api/v1/", document.baseURI);
const jobs = new Map();
const media = new Map();
let csrf = "";

/** Ask the service; throws the sentence of its problem document. */
async function ask(path, method = "GET") {
  const headers = method === "GET" ? {} : { "X-Personae": csrf };
  const answer = await fetch(new URL(path, api), { method, headers });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
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

function element(name, text, kind = "") {
  const found = document.createElement(name);
  found.textContent = text;
  if (kind) found.className = kind;
  return found;
}

const KINDS = {
  scan: "Scan", relabel: "Name anew", train: "Train", add: "Add photos", evaluate: "Evaluate", forget: "Forget",
  tune: "Tune", calibrate: "Calibrate", keep: "Keep photos", export: "Export", learn: "Teach", reject: "Reject a photo",
};
const STATES = { waiting: "waits", running: "running", done: "done", failed: "failed", cancelled: "cancelled" };
const SHOWN_ENDED = 10;
const NAMES_SHOWN = 4;

function jobRow(job) {
  const row = element("li", "");
  const { done, total, unit, stage } = job.progress;
  const name = element("span", [KINDS[job.kind] ?? job.kind, job.about].filter(Boolean).join(" "), "name");
  name.title = name.textContent;
  row.append(name);
  row.append(element("span", job.wants_cancel ? "is being cancelled" : STATES[job.state], `word ${job.state}`));
  const when = new Date(1000 * (job.ended_at ?? job.began_at ?? job.asked_at)).toLocaleString();
  const far = job.state === "running" && total ? `${stage}: ${Math.round(done)} of ${Math.round(total)} ${unit}` : when;
  row.append(element("p", [far, job.by && `by ${job.by}`].filter(Boolean).join(" · "), "facts"));
  if (job.state === "waiting" || (job.state === "running" && !job.wants_cancel)) {
    row.append(acting("Cancel", `jobs/${job.id}/cancel`));
  } else if (job.state === "failed" || job.state === "cancelled") {
    row.append(acting("Again", `jobs/${job.id}/retry`));
  }
  if (job.state === "running" && total) {
    const bar = element("progress", "");
    bar.max = total;
    bar.value = done;
    bar.setAttribute("aria-label", stage);
    row.append(bar);
  }
  if (job.error.detail) row.append(element("p", job.error.detail, "why"));
  return row;
}

function acting(text, path) {
  const button = element("button", text);
  button.type = "button";
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const { job } = await ask(path, "POST");
      jobs.set(job.id, job);
      drawJobs();
    } catch (error) {
      say(error.message, true);
      button.disabled = false;
    }
  });
  return button;
}

function drawJobs() {
  const order = { running: 0, waiting: 1 };
  const all = [...jobs.values()];
  const open = all.filter((job) => job.state in order).sort((a, b) => order[a.state] - order[b.state]);
  const ended = all.filter((job) => !(job.state in order)).sort((a, b) => b.ended_at - a.ended_at);
  const shown = [...open, ...ended.slice(0, SHOWN_ENDED)];
  document.getElementById("jobs").replaceChildren(...shown.map(jobRow));
  document.getElementById("no-jobs").hidden = open.length > 0;
}

function drawMedia() {
  const rows = [...media.values()].sort((a, b) => a.name.localeCompare(b.name));
  document.getElementById("media").replaceChildren(
    ...rows.map((one) => {
      const row = element("li", "");
      const name = element("span", one.name, "name");
      name.title = one.name;
      row.append(name, element("span", one.kind === "film" ? "film" : "photos", "word"));
      row.append(element("p", factsOf(one), "facts"));
      return row;
    }),
  );
  document.getElementById("no-media").hidden = rows.length > 0;
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

async function readJobs() {
  const found = await every("jobs?limit=1000", "jobs");
  jobs.clear();
  for (const job of found) jobs.set(job.id, job);
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
  const events = new EventSource(new URL("events", api));
  events.addEventListener("hello", () => say("Live: changes appear by themselves."));
  events.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    jobs.set(job.id, job);
    drawJobs();
  });
  events.addEventListener("media", mediaChanged);
  events.addEventListener("forgetting", mediaChanged);
  events.addEventListener("reset", () => readAll().catch((error) => say(error.message, true)));
  events.addEventListener("error", () => say("The server is away. This page goes on when it is back.", true));
}

try {
  ({ csrf } = await ask("session"));
  follow();
  await readAll();
} catch (error) {
  say(error.message, true);
}
