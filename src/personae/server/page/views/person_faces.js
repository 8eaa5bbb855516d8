// Every face of one person, those first that agree least with the others; selecting parts them.
import { partsOf as everyPart, say, sendSaid } from "../everyone.js";
import { effect, html, signal, useEffect, useMemo } from "../html.js";
import { bind } from "../keys.js";
import { askFor } from "../parts/dialog.js";
import { useFocusAfter } from "../parts/focus.js";
import { Grid } from "../parts/grid.js";
import { HowToSelect } from "../parts/how_to_select.js";
import { BoxedPhoto } from "../parts/photo.js";
import { Loop } from "../parts/player.js";
import { clock } from "../parts/time.js";
import { askWho } from "../parts/who_dialog.js";
import { address, go, place } from "../router.js";
import { media } from "../state.js";
import { TEXTS } from "../texts.js";

/** @typedef {{medium: string, who: string, track: number | null, photo: string | null, path: string | null, number: number | null, start_s: number,
 *  seconds: number, agreement: number | null, quality: number, flaw: "small" | "poor" | null, sure: boolean, crop: import("../questions.js").Crop | null}} Face */
/** @typedef {import("../everyone.js").Somebody} Somebody */

const T = TEXTS.people.person;
const CELL = { width: 118, height: 152, gap: 8 };
const MOST_IN_ADDRESS = 60;
/** So much less than the middle one is told. */
const ODD = 0.25;

/** Its place in lists, and in the address. @param {Face} one */
const keyOf = (one) => (one.track === null ? `${one.medium}.${one.photo}.${one.number}` : `${one.medium}.${one.track}`);
const labelOf = (/** @type {Face} */ one) =>
  [whereOf(one), one.agreement === null ? "" : T.agreement(Math.max(one.agreement, 0)), one.flaw ? T[one.flaw] : ""].filter(Boolean).join(", ");

/** @param {Face} one */
function whereOf(one) {
  const name = media.value.get(one.medium)?.name ?? "";
  return one.track === null ? `${name}, ${(one.path ?? "").split("/").at(-1)}` : T.at(name, clock(one.start_s));
}

/** @param {{canAct: boolean, one: Somebody, faces: Face[] | null, setFaces: (faces: Face[]) => void, read: () => void}} props */
export function PersonFaces({ canAct, one, faces, setFaces, read }) {
  const chosen = useMemo(() => signal(/** @type {ReadonlySet<string>} */ (new Set((place.value.query.get("sel") ?? "").split(",").filter(Boolean)))), [one.id]);
  useEffect(() => effect(() => rememberIn(place.peek().id, chosen.value)), [chosen]);
  const all = faces ?? [];
  const selected = all.filter((each) => chosen.value.has(keyOf(each)));
  const odd = useMemo(() => oddBelow(all), [all]);

  /** @param {any} what @param {string} text @param {readonly Face[]} [about] */
  const tellOf = async (what, text, about = selected, more = /** @type {any[]} */ ([])) => {
    const gone = new Set(what.say === "confirm" ? [] : about.map(keyOf));
    chosen.value = new Set();
    setFaces(all.filter((each) => !gone.has(keyOf(each))));
    await sendSaid("POST", "people/decisions", { parts: [...partsOf(one, about), ...more], ...what }, text, "people");
    read();
  };
  const acts = {
    own: () => tellOf({ say: "own" }, TEXTS.people.said.own(selected.length)),
    stranger: () => tellOf({ say: "stranger" }, TEXTS.people.said.facesStranger(selected.length)),
    none: () => tellOf({ say: "no_face" }, TEXTS.people.said.facesNone(selected.length)),
    but: () => tellOf({ say: one.kind === "named" ? "not_them" : "own", others: "confirm" }, TEXTS.people.said.but(one.name, selected.length), selected, restOf(one, selected)),
    right: async () => {
      await say([one], { say: "confirm" }, TEXTS.people.said.right(one.name));
      read();
    },
    name: async () => {
      const about = selected;
      const said = await askWho({ people: [one], faces: { count: about.length, parts: partsOf(one, about) } });
      if (said?.name) await tellOf({ say: "name", to: said.name }, TEXTS.people.said.faces(about.length, said.name), about);
    },
  };
  useEffect(() => {
    if (!canAct) return undefined;
    const some = (/** @type {() => void} */ run) => () => (selected.length ? void run() : false);
    return bind([
      { keys: "s", text: T.own, run: some(acts.own) },
      { keys: "n", text: T.name, run: some(() => void acts.name()) },
      { keys: "Delete", text: T.stranger1, run: some(acts.stranger) },
      { keys: "x", text: T.noFace, run: some(acts.none) },
      { keys: "b", text: T.butKey, run: some(acts.but) },
      { keys: "Ctrl+a", text: TEXTS.people.all, run: () => void (chosen.value = new Set(all.map(keyOf))) },
      { keys: "Escape", text: TEXTS.people.clear, run: some(() => (chosen.value = new Set())) },
    ]);
  }, [all, selected.length, one, canAct]);
  return html`
    <section aria-labelledby="person-faces">
      <div class="faces-head">
        <h2 id="person-faces">${T.faces} <span class="quiet">${all.length ? all.length.toLocaleString() : ""}</span></h2>
        <span class="quiet">${T.least}</span>
        ${canAct && all.length > 1 ? html`<button type="button" onClick=${() => void acts.right()}>${T.right}</button>` : null}
      </div>
      <${HowToSelect} kind=${canAct ? "selects" : "opens"} />
      ${faces === null
        ? html`<p class="none" aria-busy="true"></p>`
        : html`<${Grid} items=${all} keyOf=${keyOf} draw=${(/** @type {Face} */ each) => drawFace(each, odd)} labelOf=${labelOf} cell=${CELL} label=${T.faces}
            chosen=${canAct ? chosen : null} open=${look} />`}
      ${selected.length && canAct ? html`<${Chosen} one=${one} selected=${selected} acts=${acts} clear=${() => (chosen.value = new Set())} />` : null}
    </section>`;
}

/** What can be said of those that are selected. @param {{one: Somebody, selected: readonly Face[], acts: Record<string, () => any>, clear: () => void}} props */
function Chosen({ one, selected, acts, clear }) {
  useFocusAfter();
  return html`
    <div class="chosen-bar" role="region" aria-label=${TEXTS.people.chosen(selected.length)}>
      <strong>${TEXTS.people.chosen(selected.length)}</strong>
      <button type="button" class="main" title=${T.butTitle(one.kind === "named" ? one.name : "")} onClick=${acts.but}>${T.but(selected.length)} <kbd>b</kbd></button>
      <button type="button" title=${T.ownTitle} onClick=${acts.own}>${T.own} <kbd>s</kbd></button>
      <button type="button" onClick=${acts.name}>${T.name} <kbd>n</kbd></button>
      <button type="button" onClick=${acts.stranger}>${T.stranger1} <kbd>Del</kbd></button>
      <button type="button" onClick=${acts.none}>${T.noFace} <kbd>x</kbd></button>
      ${selected.length === 1 ? html`<button type="button" onClick=${() => void look(selected[0])}>${T.look} <kbd>Enter</kbd></button>` : null}
      <button type="button" onClick=${clear}>${TEXTS.people.clear} <kbd>Esc</kbd></button>
    </div>`;
}

/** The selection stands in the address. @param {string} id @param {ReadonlySet<string>} keys */
function rememberIn(id, keys) {
  const { sel: before, ...rest } = Object.fromEntries(place.peek().query);
  const sel = keys.size && keys.size <= MOST_IN_ADDRESS ? [...keys].join(",") : undefined;
  if (before === sel || place.peek().view !== "people") return;
  queueMicrotask(() => go(address("people", id, sel ? { ...rest, sel } : rest), true));
}

/** Below which agreement a face is told to be unlike: much less than the middle one. @param {readonly Face[]} faces */
function oddBelow(faces) {
  const known = faces.flatMap((each) => (each.agreement === null ? [] : [each.agreement])).sort((a, b) => a - b);
  return known.length < 3 ? -1 : known[Math.floor(known.length / 2)] - ODD;
}

/** What a body says of some faces. @param {Somebody} one @param {readonly Face[]} faces */
function partsOf(one, faces) {
  /** @type {Map<string, Face[]>} */
  const by = new Map();
  for (const each of faces) by.set(`${each.medium} ${each.who}`, [...(by.get(`${each.medium} ${each.who}`) ?? []), each]);
  return [...by.values()].map((own) => {
    const part = one.parts.find((each) => each.medium === own[0].medium && each.who === own[0].who) ?? one.parts.find((each) => each.medium === own[0].medium);
    const who = part?.number ? { number: part.number } : { who: part?.who ?? own[0].who };
    const faces = own[0].track === null ? { faces: own.map((each) => ({ photo: each.path, face: each.number })) } : { tracks: own.map((each) => each.track) };
    return { medium: own[0].medium, position: part?.position ?? null, ...who, ...faces };
  });
}

/** Where none of the faces is: all of them are right there. @param {Somebody} one @param {readonly Face[]} faces */
function restOf(one, faces) {
  const touched = new Set(faces.map((each) => `${each.medium} ${each.who}`));
  return everyPart([{ ...one, parts: one.parts.filter((part) => !touched.has(`${part.medium} ${part.who}`)) }]);
}

/** @param {Face} one @param {number} odd */
function drawFace(one, odd) {
  const isOdd = one.agreement !== null && one.agreement < odd;
  return html`
    <div class=${`own-face ${isOdd ? "odd" : ""}`}>
      ${one.crop ? html`<img src=${one.crop.address} alt="" loading="lazy" decoding="async" draggable=${false} />` : html`<span class="no-crop">${T.noPicture}</span>`}
      <span class="badges">
        ${isOdd ? html`<span class="badge" title=${T.odd_title}>${T.odd}</span>` : null}
        ${one.flaw ? html`<span class="badge" title=${T[/** @type {"small_title" | "poor_title"} */ (`${one.flaw}_title`)]}>${T[one.flaw]}</span>` : null}
      </span>
      <span class="quiet where" title=${whereOf(one)}>${one.agreement === null ? "" : html`<span title=${T.agreementTitle(one.agreement)}>${TEXTS.percent(Math.max(one.agreement, 0))}</span> `}${one.track === null ? "" : clock(one.start_s)}</span>
    </div>`;
}

/** Where a face is from, larger. @param {Face} one */
async function look(one) {
  const { crop } = one;
  const shown = crop === null ? html`<p class="none">${T.noPicture}</p>`
    : one.track === null
      ? html`<${BoxedPhoto} address=${crop.photo_address} box=${crop.box} size=${crop.size} label=${one.who} />`
      : html`<${Loop} medium=${one.medium} from_s=${one.start_s - 1} to_s=${one.start_s + one.seconds + 1} at_s=${crop.at_s} box=${crop.box} size=${crop.size} label=${one.who} />`;
  await askFor({ title: whereOf(one), body: shown, confirm: TEXTS.close });
}
