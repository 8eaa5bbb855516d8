// Everybody over all films and photo sets; at the address of one of them their own page.
import { everybody, followEverybody, mayEdit, nameAll, notFaces, setAside, takeBackLast } from "../everyone.js";
import { batch, computed, effect, html, signal, useEffect } from "../html.js";
import { bind } from "../keys.js";
import { plain } from "../names.js";
import { useFocusAfter } from "../parts/focus.js";
import { Grid } from "../parts/grid.js";
import { HowToSelect } from "../parts/how_to_select.js";
import { Name } from "../parts/name.js";
import { Face } from "../parts/people_row.js";
import { askWho } from "../parts/who_dialog.js";
import { address, go, place } from "../router.js";
import { media } from "../state.js";
import { TEXTS } from "../texts.js";
import { Person } from "./person.js";

/** @typedef {import("../everyone.js").Somebody} Somebody */

const T = TEXTS.people;
const CELL = { width: 148, height: 228, gap: 10 };
/** So many that are selected stand in the address; an address may not grow without end. */
const MOST_IN_ADDRESS = 60;
const KINDS = /** @type {const} */ (["everybody", "named", "unknown", "stranger"]);

/** @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
const chosen = signal(new Set());

const isList = computed(() => place.value.view === "people" && !place.value.id);
const filter = computed(() => ({
  show: place.value.query.get("show") ?? "everybody", text: place.value.query.get("q") ?? "", medium: place.value.query.get("in") ?? "",
}));

/** Who is shown. */
const shown = computed(() => {
  const { show, text, medium } = filter.value;
  const wanted = plain(text);
  return (everybody.value ?? []).filter(
    (one) =>
      (show === "everybody" ? one.kind !== "stranger" || wanted : one.kind === show) &&
      (!medium || one.parts.some((part) => part.medium === medium)) && (!wanted || plain(one.name).includes(wanted)),
  );
});
const selected = computed(() => shown.value.filter((one) => chosen.value.has(one.id)));

/** What the others are: who has no name, is shown and not selected. */
const others = computed(() => shown.value.filter((one) => one.kind === "unknown" && !chosen.value.has(one.id)));

/** @param {Record<string, string | null>} change */
function filterBy(change) {
  const query = Object.fromEntries(place.value.query);
  for (const [name, value] of Object.entries(change)) {
    if (value) query[name] = value;
    else delete query[name];
  }
  go(address("people", "", query), true);
}

/** The selection stands in the address, and comes from it. */
function followSelection() {
  const first = place.value.query.get("sel");
  chosen.value = new Set(first ? first.split(",") : []);
  return effect(() => {
    const ids = [...chosen.value];
    if (!isList.value) return;
    const sel = ids.length && ids.length <= MOST_IN_ADDRESS ? ids.join(",") : null;
    if ((place.peek().query.get("sel") ?? null) !== sel) queueMicrotask(() => filterBy({ sel }));
  });
}

export function View() {
  useEffect(followEverybody, []);
  const id = place.value.id;
  if (id) return html`<${Person} key=${id} id=${id} />`;
  return html`<${List} />`;
}

function List() {
  useEffect(followSelection, []);
  useEffect(() => {
    if (!mayEdit()) return undefined;
    const some = (/** @type {() => void} */ run) => () => (selected.value.length ? void run() : false);
    return bind([
      { keys: "Delete", text: T.strangers, run: some(() => aside(selected.value)) },
      { keys: "n", text: T.name, run: some(() => name(selected.value)) },
      { keys: "m", text: T.merge, run: some(() => merge(selected.value)) },
      { keys: "x", text: T.noFace, run: some(() => noFaces(selected.value)) },
      { keys: "Ctrl+a", text: T.all, run: selectAll },
      { keys: "Escape", text: T.clear, run: some(clear) },
      { keys: "Ctrl+z", text: TEXTS.undo, run: () => void takeBackLast() },
    ]);
  }, []);
  const people = shown.value;
  if (everybody.value === null) return html`<h1 class="visually-hidden">${T.title}</h1><p class="none" aria-busy="true"></p>`;
  return html`
    <h1 class="visually-hidden">${T.title}</h1>
    <${Filter} />
    ${people.length
      ? html`<${Grid} items=${people} keyOf=${keyOf} draw=${drawSomebody} labelOf=${labelOf} cell=${CELL} label=${T.title} chosen=${mayEdit() ? chosen : null} open=${open} />`
      : html`<p class="none">${everybody.value.length ? T.noneHere : T.none}</p>`}
    ${selected.value.length ? html`<${Chosen} />` : null}`;
}

function selectAll() {
  chosen.value = new Set(shown.value.map(keyOf));
}

function clear() {
  chosen.value = new Set();
}

const keyOf = (/** @type {Somebody} */ one) => one.id;
const labelOf = (/** @type {Somebody} */ one) => T.label(one.name, shortFacts(one));
const open = (/** @type {Somebody} */ one) => go(address("people", one.id));

/** @param {Somebody} one */
function shortFacts(one) {
  const facts = [one.face_time_s ? TEXTS.seconds(one.face_time_s) : T.faces(one.faces)];
  if (one.films + one.photo_sets > 1) facts.push(one.films ? T.films(one.films) : T.sets(one.photo_sets));
  return facts.join(" · ");
}

/** @param {Somebody} one */
function drawSomebody(one) {
  const [first] = one.parts;
  // Whom only a number tells from others: the film is a line of its own, or all look alike where the line ends.
  const film = one.kind !== "named" && first && one.name !== first.who && one.name.startsWith(first.who) ? one.name.slice(first.who.length).trim() : "";
  const called = film ? first.who : one.name;
  return html`
    <div class=${`somebody ${one.kind}`} key=${one.id}>
      <${Face} key=${one.id} one=${one} />
      <span class="called"><${Name} name=${called} most=${34} /></span>${" "}
      ${film ? html`<span class="quiet"><${Name} name=${film} most=${30} /></span>${" "}` : null}
      <span class="quiet">${shortFacts(one)}</span>
    </div>`;
}

function Filter() {
  const { show, text, medium } = filter.value;
  const all = everybody.value ?? [];
  const countOf = (/** @type {string} */ kind) => all.filter((one) => (kind === "everybody" ? one.kind !== "stranger" : one.kind === kind)).length;
  const kinds = mayEdit() ? KINDS : [];
  return html`
    <div class="filter">
      <div class="kinds" role="group" aria-label=${T.title}>
        ${kinds.map((kind) => html`
          <button type="button" key=${kind} aria-pressed=${show === kind} onClick=${() => filterBy({ show: kind === "everybody" ? null : kind })}>
            ${T[kind]} <span class="number">${countOf(kind).toLocaleString()}</span></button>`)}
      </div>
      <input type="search" value=${text} placeholder=${T.search} aria-label=${T.search} onInput=${(/** @type {any} */ event) => filterBy({ q: event.currentTarget.value || null })} />
      <select aria-label=${T.inAll} value=${medium} onChange=${(/** @type {any} */ event) => filterBy({ in: event.currentTarget.value || null })}>
        <option value="">${T.inAll}</option>
        ${[...media.value.values()].map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}
      </select>
      ${mayEdit() ? html`<button type="button" onClick=${selectAll}>${T.all} <kbd>Ctrl+A</kbd></button>` : null}
      <span class="quiet shown" role="status">${T.count(shown.value.length)}</span>
    </div>
    <${HowToSelect} kind=${mayEdit() ? "selects" : "opens"} />`;
}

function Chosen() {
  useFocusAfter();
  const people = selected.value;
  const rest = others.value;
  return html`
    <div class="chosen-bar" role="region" aria-label=${T.chosen(people.length)}>
      <strong>${T.chosen(people.length)}</strong>
      <button type="button" class="main" onClick=${() => name(people)}>${T.name} <kbd>n</kbd></button>
      ${people.length > 1 ? html`<button type="button" onClick=${() => merge(people)}>${T.merge} <kbd>m</kbd></button>` : null}
      <button type="button" onClick=${() => aside(people)}>${people.length > 1 ? T.strangers : T.stranger1} <kbd>Del</kbd></button>
      <button type="button" onClick=${() => noFaces(people)}>${T.noFace} <kbd>x</kbd></button>
      ${rest.length ? html`<button type="button" onClick=${() => aside(rest)}>${T.others(rest.length)}</button>` : null}
      ${people.length === 1 ? html`<a class="button" href=${address("people", people[0].id)}>${T.open} <kbd>Enter</kbd></a>` : null}
      <button type="button" onClick=${clear}>${T.clear} <kbd>Esc</kbd></button>
    </div>`;
}

/** @param {readonly Somebody[]} people */
function aside(people) {
  batch(() => {
    const done = new Set(people.map(keyOf));
    chosen.value = new Set([...chosen.value].filter((id) => !done.has(id)));
    void setAside(people);
  });
}

/** @param {readonly Somebody[]} people */
function noFaces(people) {
  batch(() => {
    clear();
    void notFaces(people);
  });
}

/** @param {readonly Somebody[]} people */
async function name(people) {
  const said = await askWho({ people });
  if (!said?.name) return;
  clear();
  void nameAll(people, said.name);
}

/** @param {readonly Somebody[]} people */
async function merge(people) {
  if (people.length < 2) return name(people);
  const said = await askWho({ people, merge: true });
  if (!said) return undefined;
  clear();
  return void nameAll(people, said.name);
}
