// What names the faces, in plain words; training, tuning and calibrating; and how good it is, as plots.
import { get, may, send } from "../api.js";
import { listen } from "../events.js";
import { html, signal, useEffect, useState } from "../html.js";
import { sentenceOf } from "../parts/cast_edits.js";
import { askFor } from "../parts/dialog.js";
import { Folders } from "../parts/folders.js";
import { JobLine } from "../parts/job_line.js";
import { Name } from "../parts/name.js";
import { Face } from "../parts/pictures.js";
import { Bars, Curve } from "../parts/plots.js";
import { date } from "../parts/time.js";
import { address, go, place } from "../router.js";
import { characters, ended, jobs, soon, tell } from "../state.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.model;
const FEW = 3;
const MOST_BARS = 60;

/** Jobs that were begun here: kind -> id. @type {import("@preact/signals").Signal<Record<string, string>>} */
const begun = signal({});
/** What tuning or calibrating said last. @type {import("@preact/signals").Signal<string[]>} */
const said = signal([]);

/** @param {string} kind @param {any} body */
async function begin(kind, body) {
  said.value = [];
  try {
    const { job } = await send("POST", kind, body);
    begun.value = { ...begun.value, [kind]: job.id };
    const done = await ended(job.id);
    if (done.state !== "done") return done.error?.detail ? tell(done.error.detail, { isBad: true }) : undefined;
    if (kind === "evaluate") return go(address("model", job.id));
    said.value = T.outcome(kind, done.result);
    return tell(T.isDone(kind));
  } catch (error) {
    return tell(sentenceOf(error), { isBad: true });
  }
}

export function View() {
  const [model, setModel] = useState(/** @type {any} */ (undefined));
  useEffect(() => {
    const read = () => get("model").then((answer) => setModel(answer.model), (error) => tell(error.message, { isBad: true }));
    void read();
    const again = soon(read);
    return listen((kind) => ["training", "cast", "reset", "forgetting"].includes(kind) && again());
  }, []);
  const open = [...jobs.value.values()].filter((job) => ["train", "tune", "calibrate", "evaluate"].includes(job.kind) && ["waiting", "running"].includes(job.state));
  const failed = Object.entries(begun.value).filter(([, id]) => jobs.value.get(id)?.state === "failed");
  return html`
    <article class="model-card">
      <h1>${TEXTS.views.model}</h1>
      ${model === undefined ? html`<p aria-busy="true"></p>` : model === null ? html`<p class="none">${T.nobody}</p>` : html`<${Card} model=${model} />`}
      ${may("editor") && html`<${Work} hasModel=${Boolean(model)} />`}
      ${open.map((job) => html`<${JobLine} key=${job.id} id=${job.id} title=${T.work(job.kind, job.about)} />`)}
      ${failed.map(([kind, id]) => html`<${JobLine} key=${id} id=${id} title=${T.work(kind, "")} />`)}
      ${said.value.length ? html`<ul class="outcome" role="status">${said.value.map((one, number) => html`<li key=${number}>${one}</li>`)}</ul>` : null}
      ${may("editor") && model ? html`<${Evaluated} />` : null}
    </article>`;
}

/** @param {{model: any}} props */
function Card({ model }) {
  const few = model.characters.filter((/** @type {any} */ one) => one.photos < FEW);
  const photos = model.characters.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.photos, 0);
  return html`
    <p class="lead">${model.method === "model" ? T.names(model.characters.length, photos) : T.fallback}</p>
    ${model.outdated ? html`<p class="open">${T.outdated}</p>` : null}
    <dl>
      ${model.far === null ? null : html`<dt>${T.far}</dt><dd>${T.farAbout(model.far)}</dd>`}
      <dt>${T.threshold}</dt><dd>${T.thresholdAbout(model.threshold)}</dd>
      ${model.created ? html`<dt>${T.created}</dt><dd>${date(model.created)}</dd>` : null}
      <dt>${T.weak}</dt><dd>${few.length || model.without_photos.length ? null : T.nothingWeak}
        ${few.length ? html`<p>${T.few(few.length)} <${Links} names=${few.map((/** @type {any} */ one) => one.name)} /></p>` : null}
        ${model.without_photos.length ? html`<p>${T.without(model.without_photos.length)} <${Links} names=${model.without_photos} /></p>` : null}</dd>
    </dl>
    <details><summary>${T.more}</summary><p class="quiet">${T.details(model)}</p></details>`;
}

/** @param {{names: string[]}} props */
function Links({ names }) {
  const known = new Map(characters.value.map((one) => [one.name, one.id]));
  const links = names.slice(0, 12).map((name) => (known.has(name) ? html`<a key=${name} href=${address("cast", known.get(name))}><${Name} name=${name} /></a> ` : html`<${Name} key=${name} name=${name} /> `));
  return html`<span class="names">${links}${names.length > 12 ? T.andMore(names.length - 12) : ""}</span>`;
}

/** @param {{hasModel: boolean}} props */
function Work({ hasModel }) {
  const [chooses, setChooses] = useState("");
  const pick = (/** @type {string} */ root, /** @type {string} */ folder) => {
    const kind = chooses;
    setChooses("");
    void begin(kind, { root, folder });
  };
  const far = async () => {
    const text = await askFor({ title: T.farTitle, body: html`<p>${T.farHow}</p>`, confirm: T.set, field: { label: T.farField, value: "1" } });
    const share = Number((text ?? "").replace("%", "").replace(",", ".")) / 100;
    if (text === null) return undefined;
    return share > 0 && share <= 0.5 ? begin("calibrate", { far: share }) : tell(T.farWrong, { isBad: true });
  };
  const isAdmin = may("admin");
  const toggle = (/** @type {string} */ kind) => setChooses(chooses === kind ? "" : kind);
  return html`
    <p class="actions">
      ${isAdmin && html`<button type="button" class=${hasModel ? "" : "main"} aria-expanded=${chooses === "train"} onClick=${() => toggle("train")}>${T.train}</button>`}
      ${hasModel && html`<button type="button" onClick=${() => void begin("evaluate", {})}>${T.evaluate}</button>`}
      ${isAdmin && hasModel ? html`<button type="button" title=${T.tuneAbout} onClick=${() => void begin("tune", { save: true })}>${T.tune}</button>
        <button type="button" onClick=${() => void far()}>${T.calibrate}</button>
        <button type="button" title=${T.measureAbout} aria-expanded=${chooses === "calibrate"} onClick=${() => toggle("calibrate")}>${T.measure}</button>` : null}
    </p>
    ${chooses && html`<section class="chooser"><p>${chooses === "train" ? T.trainAbout : T.measureAbout}</p><${Folders} what="folders" label=${T.folder} pick=${pick} confirm=${chooses === "train" ? T.train : T.measure} /></section>`}`;
}

/** The evaluation of the address, or the last one. */
function Evaluated() {
  const done = [...jobs.value.values()].filter((job) => job.kind === "evaluate" && job.state === "done").sort((a, b) => b.asked_at - a.asked_at);
  const id = place.value.id || done[0]?.id || "";
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => {
    setFound(null);
    if (id) get(`evaluations/${id}`).then(setFound, (error) => tell(error.message, { isBad: true }));
  }, [id]);
  if (!found) return html`<p class="quiet">${id ? "" : T.neverEvaluated}</p>`;
  const rows = [...found.characters].sort((a, b) => (a.recall.value ?? 1) - (b.recall.value ?? 1));
  const known = new Map(characters.value.map((one) => [one.name, one]));
  const pairs = rows.flatMap((row) => row.confusions.map((/** @type {any} */ one) => ({ from: row.character, to: one.character ?? one[0], count: one.photos ?? one[1] })));
  const strangers = found.strangers[0];
  return html`
    <section class="evaluation" aria-labelledby="good">
      <h2 id="good">${T.how} <span class="quiet">${date(found.created)}</span></h2>
      <p class="lead">${T.right(found.right.value, found.tested)}</p>
      <${Bars} label=${T.how} rows=${[{ name: T.everybody, right: found.right.value ?? 0, wrong: found.wrong.value ?? 0, text: T.shares(found.right.value, found.wrong.value) }]} />
      ${strangers ? html`<p>${T.strangers(strangers.far.value, strangers.faces)}</p>` : null}
      ${found.roc.length ? html`<${Curve} points=${found.roc} at=${strangers && strangers.far.value !== null ? [strangers.far.value, found.right.value ?? 0] : null} x=${T.curveX} y=${T.curveY} label=${T.curveLabel(found.right.value, strangers?.far.value ?? null)} />` : null}
      <h3>${T.each}</h3>
      <p class="quiet legend"><span class="key bar-right"></span> ${T.legendRight} <span class="key bar-wrong"></span> ${T.legendWrong} <span class="key bar-open"></span> ${T.legendOpen}</p>
      <${Bars} label=${T.each} rows=${rows.slice(0, MOST_BARS).map((row) => ({
        name: row.character, address: known.has(row.character) ? address("cast", known.get(row.character)?.id) : undefined,
        right: row.recall.value ?? 0, wrong: Math.max(0, 1 - (row.recall.value ?? 0) - (row.unknown_share.value ?? 0)), text: T.ofTested(row.recall.count, row.tested),
      }))} />
      ${rows.length > MOST_BARS ? html`<p class="quiet">${T.onlyWorst(MOST_BARS)}</p>` : null}
      <h3>${T.confused}</h3>
      ${pairs.length ? html`<ul class="pairs">${pairs.map((one) => html`<li key=${`${one.from} ${one.to}`}><${Face} address=${known.get(one.from)?.picture ?? null} /> <${Name} name=${one.from} />
        <span class="quiet">${T.takenFor(one.count)}</span> <${Face} address=${known.get(one.to)?.picture ?? null} /> <${Name} name=${one.to} /></li>`)}</ul>` : html`<p class="quiet">${T.noneConfused}</p>`}
    </section>`;
}
