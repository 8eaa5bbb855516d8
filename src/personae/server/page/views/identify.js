// Who is in a picture: dropped, or below a media root. Each face with its name, how sure that is, and who else it may be.
import { get, may, send, session, urlOf } from "../api.js";
import { batch, html, signal, useEffect, useState } from "../html.js";
import { sendPhotos, sentenceOf, takeBackEdits } from "../parts/cast_edits.js";
import { askFor } from "../parts/dialog.js";
import { Drop } from "../parts/drop.js";
import { Folders } from "../parts/folders.js";
import { Name } from "../parts/name.js";
import { Face } from "../parts/pictures.js";
import { shares } from "../parts/player.js";
import { address, go, place } from "../router.js";
import { characters, ended, tell } from "../state.js";
import { TEXTS } from "../texts.js";

/** `picture`: where it is shown from; `source`: of a media root.
 * @typedef {{name: string, file: File | null, source: {root: string, path: string} | null, picture: string, found: any, wrong: string}} Shown */

const T = TEXTS.identify;
const BESIDE = 0.6; // so much of a face's box is kept around it where it is sent alone

/** @type {import("@preact/signals").Signal<Shown[]>} */
const pictures = signal([]);

/** @param {number} number @param {Partial<Shown>} more */
function set(number, more) {
  const all = [...pictures.value];
  all[number] = { ...all[number], ...more };
  pictures.value = all;
}

/** @param {{file: File}[]} files */
async function take(files) {
  const first = pictures.value.length;
  pictures.value = [...pictures.value, ...files.map(({ file }) => ({ name: file.name, file, source: null, picture: URL.createObjectURL(file), found: null, wrong: "" }))];
  for (let number = first; number < first + files.length; number++) await look(number);
}

/** @param {number} number */
async function look(number) {
  const one = pictures.value[number];
  try {
    let answer;
    if (one.source) answer = await get(`roots/${one.source.root}/identify`, { path: one.source.path });
    else {
      const form = new FormData();
      form.append("photo", /** @type {File} */ (one.file));
      answer = await send("POST", "identify", form);
    }
    const [found] = answer.pictures;
    set(number, { found, wrong: found.error ?? "" });
  } catch (error) {
    set(number, { wrong: sentenceOf(error) });
  }
}

/** A picture below a media root, as the address has it. @param {string} root @param {string} path */
async function open(root, path) {
  const known = pictures.value.findIndex((one) => one.source?.root === root && one.source.path === path);
  if (known >= 0) return;
  const number = pictures.value.length;
  pictures.value = [...pictures.value, { name: path, file: null, source: { root, path }, picture: String(urlOf(`roots/${root}/picture`, { path, width: 1600 })), found: null, wrong: "" }];
  await look(number);
}

export function View() {
  const [chooses, setChooses] = useState(false);
  const root = place.value.query.get("root") ?? "";
  const path = place.value.query.get("path") ?? "";
  useEffect(() => {
    if (root && path) void open(root, path);
  }, [root, path]);
  const clear = () => batch(() => {
    for (const one of pictures.value) if (one.file) URL.revokeObjectURL(one.picture);
    pictures.value = [];
    go(address("identify"), true);
  });
  return html`
    <h1>${T.title}</h1>
    <${Drop} text=${T.choose} take=${take}>
      <p>${T.drop}</p>
      <button type="button" aria-expanded=${chooses} onClick=${() => setChooses(!chooses)}>${T.fromRoot}</button>
    </${Drop}>
    ${chooses && html`<section class="chooser"><${Folders} what="photos" label=${T.fromRoot} confirm="" pick=${(/** @type {string} */ at, /** @type {string} */ what) => go(address("identify", "", { root: at, path: what }))} /></section>`}
    ${pictures.value.length ? html`<p><button type="button" onClick=${clear}>${T.clear}</button></p>` : null}
    ${[...pictures.value.entries()].reverse().map(([number, one]) => html`<${Picture} key=${number} number=${number} one=${one} />`)}`;
}

/** @param {{number: number, one: Shown}} props */
function Picture({ number, one }) {
  const [at, setAt] = useState(-1);
  const [isBroken, setBroken] = useState(false);
  const { found, wrong } = one;
  const faces = found?.faces ?? [];
  return html`
    <section class="identified" aria-label=${one.name}>
      <h2><${Name} name=${one.name} /></h2>
      ${wrong ? html`<p class="bad" role="alert">${wrong}</p>` : null}
      <div class="beside">
        <figure class="boxed">
          ${isBroken ? html`<p class="none">${T.notShown}</p>` : html`<img src=${one.picture} alt=${one.name} onError=${() => setBroken(true)} />`}
          ${found?.size && !isBroken ? faces.map((/** @type {any} */ face, /** @type {number} */ place_) => html`
            <button key=${place_} type="button" class=${`box ${face.character ? "" : "unknown"} ${at === place_ ? "at" : ""}`} style=${shares(face.box, found.size)}
              aria-label=${T.face(place_ + 1, face.character)} onMouseEnter=${() => setAt(place_)} onClick=${() => setAt(place_)}><span>${face.character ?? "?"}</span></button>`) : null}
        </figure>
        <div>
          ${found === null && !wrong ? html`<p class="quiet" role="status">${T.looking}</p>` : null}
          ${found && !wrong ? html`<p class="quiet" role="status">${T.count(faces.length)} ${found.note ?? ""}</p>` : null}
          <ol class="who-list">
            ${faces.map((/** @type {any} */ face, /** @type {number} */ which) => html`<li key=${which} class=${at === which ? "at" : ""} onMouseEnter=${() => setAt(which)}><${Found} one=${one} face=${face} which=${which} count=${faces.length} /></li>`)}
          </ol>
          ${faces.length ? html`<button type="button" onClick=${() => void download(number)}>${T.download}</button>` : null}
        </div>
      </div>
    </section>`;
}

/** @param {{one: Shown, face: any, which: number, count: number}} props */
function Found({ one, face, which, count }) {
  const known = new Map(characters.value.map((each) => [each.name, each]));
  const own = face.character ? known.get(face.character) : null;
  const others = face.candidates.filter((/** @type {any} */ each) => each.character !== face.character).slice(0, 1);
  return html`
    <div class="found">
      <span class="number">${which + 1}</span>
      <${Face} address=${own?.picture ?? null} size=${56} />
      <div>
        <p>${face.character ? html`<a href=${own ? address("cast", own.id) : null}><strong><${Name} name=${face.character} /></strong></a>` : html`<strong>${T.unknown}</strong>`}
          ${face.character && face.confidence !== null ? html` <span class="quiet">${T.sure(face.confidence)}</span>` : null}</p>
        <p class="quiet">${face.similarity === null ? "" : T.similarity(face.similarity, face.character)}</p>
        ${others.map((/** @type {any} */ each) => html`<p key=${each.character} class="runner-up quiet"><${Face} address=${known.get(each.character)?.picture ?? null} size=${28} /> ${face.character ? T.runnerUp : T.nearest} <${Name} name=${each.character} /> (${each.similarity.toFixed(2)})</p>`)}
        ${face.quality.reasons.length ? html`<p class="quiet">${TEXTS.cast.reason(face.quality.reasons[0]).text}</p>` : null}
        ${may("editor") && html`<p><button type="button" onClick=${() => void teach(one, face, count)}>${T.thisIs}</button>
          ${face.character && own ? html`<button type="button" onClick=${() => void notThem(one, which, own)}>${TEXTS.cast.notThem}</button>` : null}</p>`}
      </div>
    </div>`;
}

/** Add a face to a character's photos: the whole photo where it is the only one, else what is around it. @param {Shown} one @param {any} face @param {number} count */
async function teach(one, face, count) {
  const name = await askFor({ title: T.whoIs, confirm: TEXTS.cast.add, field: { label: TEXTS.cast.knownOrNew, options: characters.value.map((each) => each.name), value: face.character ?? "" } });
  if (!name) return;
  const id = characters.value.find((each) => each.name === name)?.id;
  try {
    const file = count === 1 && one.file ? one.file : await cutOut(one, face.box);
    tell(T.adding(name));
    const sent = await sendPhotos({ id, name }, [file], () => {});
    const why = sent.error || sent.rejected.map((each) => `${TEXTS.cast.reason(each.reason).text} ${TEXTS.cast.reason(each.reason).todo}`).join(" ");
    if (!sent.added) return tell(why || T.knew(name), { isBad: Boolean(why) });
    tell(TEXTS.cast.said.added(name, sent.added), { act: { text: TEXTS.undo, run: () => void takeBackEdits(sent.edits, TEXTS.cast.said.added(name, sent.added)) } });
    await Promise.all(pictures.value.map((_, number) => look(number)));
  } catch (error) {
    tell(sentenceOf(error), { isBad: true });
  }
}

/** @param {Shown} one @returns {Promise<Blob>} */
async function contentOf(one) {
  if (one.file) return one.file;
  return (await fetch(urlOf(`roots/${one.source?.root}/picture`, { path: one.source?.path }))).blob();
}

/** A face with what is around it, as a file of its own. @param {Shown} one @param {number[]} box */
async function cutOut(one, [left, top, right, bottom]) {
  const picture = await createImageBitmap(await contentOf(one));
  const [wide, high] = [(right - left) * BESIDE, (bottom - top) * BESIDE];
  const x = Math.max(0, left - wide);
  const y = Math.max(0, top - high);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(Math.min(picture.width, right + wide) - x);
  canvas.height = Math.round(Math.min(picture.height, bottom + high) - y);
  canvas.getContext("2d")?.drawImage(picture, -x, -y);
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error(T.notShown);
  return new File([blob], "face.png", { type: "image/png" });
}

/** @param {Shown} one @param {number} which @param {{id: string, name: string}} who */
async function notThem(one, which, who) {
  const form = new FormData();
  form.append("face", String(which + 1));
  form.append("photo", await contentOf(one), "photo.jpg");
  try {
    const { job } = await send("POST", `characters/${who.id}/reject`, form);
    const done = await ended(job.id);
    if (done.state !== "done") return tell(done.error?.detail ?? TEXTS.cast.cancelled, { isBad: true });
    const text = T.notSaid(who.name);
    tell(text, { act: { text: TEXTS.undo, run: () => void takeBackEdits(done.result.edits, text) } });
    await Promise.all(pictures.value.map((_, number) => look(number)));
  } catch (error) {
    tell(sentenceOf(error), { isBad: true });
  }
}

/** @param {number} number */
async function download(number) {
  const one = pictures.value[number];
  try {
    /** @type {Response} */
    let answer;
    if (one.source) answer = await fetch(urlOf(`roots/${one.source.root}/identify/picture`, { path: one.source.path }));
    else {
      const form = new FormData();
      form.append("photo", /** @type {File} */ (one.file));
      answer = await fetch(urlOf("identify/picture"), { method: "POST", body: form, headers: { "X-Personae": session.value.csrf } });
    }
    if (!answer.ok) throw new Error((await answer.json()).detail);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `${(one.name.split("/").at(-1) ?? "photo").replace(/\.[^.]+$/, "")}.named.jpg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) {
    tell(sentenceOf(error), { isBad: true });
  }
}
