// One photo large: its faces are chosen and named, and a box is drawn where one was not found.
import { may } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { bind } from "../keys.js";
import { address, place } from "../router.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";
import { NameField } from "./name_field.js";
import { draw, often, sayOf, takeBackHere } from "./photo_deciding.js";
import { shown, show } from "./photo_set.js";
import { photos, total } from "./photo_store.js";
import { kindOf, pictureOf } from "./photo_thumb.js";
import { shares } from "./player.js";

/** @typedef {import("./photo_store.js").Photo} Photo */
/** @typedef {import("./photo_store.js").Face} Face */
/** @typedef {[number, number, number, number]} Box */

const T = TEXTS.photos;
const WIDTH = 1600;
const DRAG_FROM_PX = 6;
const LEAST_PX = 8;
const FACES = "faces";

/** @param {{set: import("../state.js").Medium, photo: string}} props */
export function PhotoLarge({ set, photo: id }) {
  const all = shown.value;
  const at = all.findIndex((one) => one.id === id);
  const photo = all[at] ?? photos.value.find((one) => one.id === id);
  const chosen = Number(place.value.query.get("face") ?? 0);
  const [box, setBox] = useState(/** @type {Box | null} */ (null));
  const goTo = (/** @type {number} */ step) => {
    const next = all[at + step];
    if (!next) return false;
    setBox(null);
    show(set.id, { photo: next.id, face: "" }, true);
    return true;
  };
  const begin = () => photo && may("editor") && setBox(middle(photo.size));
  useEffect(() => (box ? typeIntoField() : undefined), [box !== null]);
  useEffect(
    () => bind([
      { keys: "ArrowLeft", text: T.previous, run: () => goTo(-1) },
      { keys: "ArrowRight", text: T.next, run: () => goTo(1) },
      { keys: "d", text: T.draw, run: () => (box ? false : void begin()) },
      { keys: "Ctrl+z", text: TEXTS.keys.undo, always: true, run: () => (isTyped() ? false : box ? setBox(null) : void takeBackHere(set.id)) },
      { keys: "Escape", text: T.back, always: true, run: () => (box ? setBox(null) : chosen ? show(set.id, { face: "" }, true) : show(set.id, { photo: "", face: "" })) },
    ]),
    [id, at, all, box, chosen],
  );
  useEffect(() => {
    for (const beside of [all[at + 1], all[at - 1]]) if (beside) new Image().src = pictureOf(set.id, beside, WIDTH);
  }, [id]);
  if (!photo) return html`<p class="none">${total.value !== null && photos.value.length === total.value ? TEXTS.nowhere : ""}</p>`;
  const face = photo.faces.find((one) => one.number === chosen);
  return html`
    <div class="photo-large">
      <nav aria-label=${T.place(at + 1, all.length)}>
        <a class="button" href=${address("photos", set.id, rest())}>${T.back} <kbd>Esc</kbd></a>
        <button type="button" disabled=${at <= 0} onClick=${() => goTo(-1)} aria-label=${T.previous}>←</button>
        <button type="button" disabled=${at < 0 || at >= all.length - 1} onClick=${() => goTo(1)} aria-label=${T.next}>→</button>
        <span class="quiet">${at < 0 ? "" : T.place(at + 1, all.length)}</span>
        ${may("editor") ? html`<button type="button" aria-pressed=${box !== null} onClick=${() => (box ? setBox(null) : begin())}>${T.draw} <kbd>d</kbd></button>` : null}
      </nav>
      <h1><${Name} name=${photo.path} most=${90} /></h1>
      <div class="both">
        <${Picture} set=${set.id} photo=${photo} chosen=${chosen} box=${box} setBox=${setBox} />
        <div class="about">
          ${box ? html`<${Drawn} set=${set.id} photo=${photo} box=${box} done=${() => setBox(null)} />`
          : face ? html`<${About} key=${`${photo.id} ${face.number}`} set=${set.id} photo=${photo} face=${face} />` : html`<p class="quiet">${may("editor") ? T.choose : ""}</p>`}
          <ol class=${FACES}>${photo.faces.map((one) => html`
            <li key=${one.number}><button type="button" aria-pressed=${one.number === chosen} onClick=${() => choose(set.id, one.number, chosen)}>
              <span class=${`sign ${kindOf(one)}`}></span><${Name} name=${one.name} /></button></li>`)}</ol>
          <p class="quiet hint">${T.keys}</p>
        </div>
      </div>
    </div>`;
}

/** Where the name of a box that waits for one is typed. */
function nameOfBox() {
  return /** @type {HTMLInputElement | null} */ (document.querySelector(".photo-large .naming input"));
}

/** Letters that are typed while a box waits for its name are its name's, whatever has the focus. @returns {() => void} that ends it */
function typeIntoField() {
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const isLetter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.altKey && !event.metaKey;
    const isElsewhere = event.target instanceof Element && event.target.closest("input, select, textarea, dialog");
    if (isLetter && !isElsewhere) nameOfBox()?.focus({ preventScroll: true });
  };
  addEventListener("keydown", onKeyDown, true);
  return () => removeEventListener("keydown", onKeyDown, true);
}

/** Whether something is typed in the field that has the focus: that has its own undo. */
function isTyped() {
  return document.activeElement instanceof HTMLInputElement && document.activeElement.value !== "";
}

/** The address's query without the photo. @returns {Record<string, string>} */
function rest() {
  return Object.fromEntries([...place.value.query].filter(([key]) => !["photo", "face"].includes(key)));
}

/** @param {string} set @param {number} number @param {number} chosen */
function choose(set, number, chosen) {
  show(set, { face: number === chosen ? "" : String(number) }, true);
}

/** @param {[number, number]} size @returns {Box} */
function middle([width, height]) {
  const side = Math.min(width, height) / 4;
  return [(width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2];
}

/** @param {{set: string, photo: Photo, chosen: number, box: Box | null, setBox: (box: Box | null) => void}} props */
function Picture({ set, photo, chosen, box, setBox }) {
  const own = useRef(/** @type {HTMLElement | null} */ (null));
  const drawn = useRef(/** @type {HTMLElement | null} */ (null));
  const [isGone, setGone] = useState(false);
  const [width, height] = photo.size;
  useEffect(() => setGone(false), [photo.id]);
  useEffect(() => {
    if (box && !document.querySelector(".naming input:focus")) drawn.current?.focus({ preventScroll: true });
  }, [box !== null]);
  /** @param {PointerEvent} event */
  const onPointerDown = (event) => {
    const frame = own.current?.getBoundingClientRect();
    if (!frame || event.button || !may("editor") || (event.pointerType === "touch" && !box)) return;
    event.preventDefault();
    const at = (/** @type {PointerEvent} */ one) => [
      clamp(((one.clientX - frame.left) / frame.width) * width, width), clamp(((one.clientY - frame.top) / frame.height) * height, height),
    ];
    const from = at(event);
    const target = event.target instanceof Element ? event.target.closest("button.box") : null;
    let isDragging = false;
    const onMove = (/** @type {PointerEvent} */ now) => {
      isDragging ||= Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) >= DRAG_FROM_PX;
      if (!isDragging) return;
      const to = at(now);
      setBox([Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])]);
    };
    const onUp = () => {
      removeEventListener("pointermove", onMove);
      removeEventListener("pointerup", onUp);
      removeEventListener("pointercancel", onUp);
      if (!isDragging && target instanceof HTMLElement) target.focus();
      if (!isDragging) return;
      // The click that ends a drag chooses nothing.
      const stop = (/** @type {Event} */ click) => click.stopPropagation();
      addEventListener("click", stop, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", stop, true));
      // The box is drawn: now its name is asked for, once the field is there.
      requestAnimationFrame(() => setTimeout(() => nameOfBox()?.focus({ preventScroll: true })));
    };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onUp);
    addEventListener("pointercancel", onUp);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const step = Math.max(1, Math.min(width, height) / 100);
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!by || !box) return;
    event.preventDefault();
    event.stopPropagation();
    const [x, y] = by;
    const [x1, y1, x2, y2] = box;
    if (event.shiftKey) setBox([x1, y1, clamp(Math.max(x1 + LEAST_PX, x2 + x), width), clamp(Math.max(y1 + LEAST_PX, y2 + y), height)]);
    else if (x1 + x >= 0 && x2 + x <= width && y1 + y >= 0 && y2 + y <= height) setBox([x1 + x, y1 + y, x2 + x, y2 + y]);
  };
  return html`
    <figure ref=${own} class=${`whole ${box ? "drawing" : ""}`} style=${{ aspectRatio: `${width} / ${height}`, maxWidth: `calc(75vh * ${width / height})` }} onPointerDown=${onPointerDown}>
      ${isGone ? html`<figcaption>${T.missing}</figcaption>`
      : html`<img key=${photo.id} src=${pictureOf(set, photo, WIDTH)} alt=${photo.path} draggable=${false} onError=${() => setGone(true)} />`}
      ${photo.faces.map((face) => html`
        <button type="button" key=${face.number} class=${`box ${kindOf(face)}`} aria-pressed=${face.number === chosen} aria-label=${T.face(face.number, face.name)}
          style=${shares(face.box, photo.size)} onClick=${() => choose(set, face.number, chosen)}><bdi>${face.name}</bdi></button>`)}
      ${box && html`<button type="button" ref=${drawn} class="box mine" aria-label=${T.box} title=${T.drawing} style=${shares(box, photo.size)} onKeyDown=${onKeyDown}></button>`}
    </figure>`;
}

/** @param {number} value @param {number} most */
function clamp(value, most) {
  return Math.min(Math.max(value, 0), most);
}

/** @param {{set: string, photo: Photo, box: Box, done: () => void}} props */
function Drawn({ set, photo, box, done }) {
  const isLarge = box[2] - box[0] >= LEAST_PX && box[3] - box[1] >= LEAST_PX;
  const say = (/** @type {string} */ name) => {
    if (!isLarge) return;
    done();
    void draw(set, photo, /** @type {Box} */ (box.map((side) => Math.round(side * 10) / 10)), name);
  };
  return html`
    <h2>${T.drewWho}</h2>
    <p class="quiet">${T.drawing}</p>
    <${NameField} label=${T.name} likely=${often()} take=${say} command=${(/** @type {string} */ kind) => (kind === "new" ? say("") : false)} />
    <p class="actions">
      <button type="button" disabled=${!isLarge} onClick=${() => say("")}>${T.somebodyNew} <kbd>.n</kbd></button>
      <button type="button" onClick=${done}>${TEXTS.cancel} <kbd>Esc</kbd></button>
    </p>`;
}

/** @param {{set: string, photo: Photo, face: Face}} props */
function About({ set, photo, face }) {
  const say = (/** @type {import("./photo_deciding.js").Said} */ said, name = "") => {
    void sayOf(set, [{ photo, face }], said, name);
    return true;
  };
  /** @type {Record<string, import("./photo_deciding.js").Said>} */
  const commands = { stranger: "stranger", no_face: "no_face", new: face.character === null ? "new" : "not_them" };
  const command = (/** @type {string} */ kind) => {
    if (kind === "undo") return void takeBackHere(set);
    return kind in commands ? say(commands[kind]) : false;
  };
  const isKnown = face.character !== null;
  return html`
    <h2><${Name} name=${face.name} /></h2>
    <p class="quiet">${face.isOurs ? T.by.person : isKnown ? T.by.model(face.confidence) : ""}${face.isDrawn ? `, ${T.isDrawn}` : ""}</p>
    ${may("editor") ? html`
      <${NameField} label=${T.name} likely=${often().filter((one) => one !== face.name)} isFocused take=${(/** @type {string} */ name) => say("name", name)}
        command=${command} enter=${() => isKnown && !face.isOurs && say("confirm")} />
      <p class="actions">
        ${isKnown && !face.isOurs ? html`<button type="button" class="main" onClick=${() => say("confirm")}>${T.is(face.name)} <kbd>Enter</kbd></button>` : null}
        <button type="button" onClick=${() => say(commands.new)}>${isKnown ? T.isNot(face.name) : T.somebodyNew} <kbd>.n</kbd></button>
        <button type="button" onClick=${() => say("stranger")}>${T.stranger} <kbd>.s</kbd></button>
        <button type="button" onClick=${() => say("no_face")}>${T.noFace} <kbd>.x</kbd></button>
        <button type="button" aria-pressed=${face.isDepicted} onClick=${() => say(face.isDepicted ? "alive" : "depicted")}>${face.isDepicted ? T.alive : T.picture}</button>
        <button type="button" onClick=${() => void takeBackHere(set)}>${TEXTS.undo} <kbd>Ctrl+Z</kbd></button>
      </p>` : null}`;
}
