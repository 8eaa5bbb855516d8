// The page: its frame, and the view that the address says. Everything else is in the modules it loads.
import { Away, isForgetting, Refused, session, SignedOut, signIn } from "./api.js";
import { follow } from "./events.js";
import { Fragment, html, render, signal, useEffect } from "./html.js";
import { watchKeys } from "./keys.js";
import { recount } from "./letters.js";
import { flush, onRefused } from "./outbox.js";
import { Frame } from "./parts/frame.js";
import { askAgain } from "./parts/pictures.js";
import { tellRefused } from "./questions.js";
import { place } from "./router.js";
import { isKnown, keepUpToDate, media, readAll, tell } from "./state.js";
import { TEXTS } from "./texts.js";

/** Which module draws a view. @type {Record<string, () => Promise<{View: any}>>} */
const VIEWS = {
  start: () => import("./views/start.js"),
  review: () => import("./views/review.js"),
  people: () => import("./views/people.js"),
  cast: () => import("./views/cast.js"),
  model: () => import("./views/model.js"),
  films: () => import("./views/films.js"),
  photos: () => import("./views/photos.js"),
  identify: () => import("./views/identify.js"),
  jobs: () => import("./views/jobs.js"),
  journal: () => import("./views/journal.js"),
  keys: () => import("./views/keys.js"),
};
const TRY_AGAIN_MS = 3000;

/** Those that were loaded. @type {import("@preact/signals").Signal<Map<string, any>>} */
const loaded = signal(new Map());
const failed = signal("");
/** Whether where to begin is not known, for somebody is being forgotten. */
const waits = signal(false);

/** @param {string} name */
async function load(name) {
  if (loaded.value.has(name) || !VIEWS[name]) return;
  try {
    const { View } = await VIEWS[name]();
    loaded.value = new Map(loaded.value).set(name, View);
  } catch (error) {
    failed.value = String(error);
    setTimeout(() => load(name), TRY_AGAIN_MS);
  }
}

/** The view of an address: the first one is where there is most to do. */
function viewOf() {
  const name = place.value.view;
  if (name) return name;
  return media.value.size || session.value.role === "viewer" ? "review" : "start";
}

function Page() {
  const name = viewOf();
  useEffect(() => void load(name), [name]);
  const View = loaded.value.get(name);
  const isBefore = waits.value && !place.value.view;
  useEffect(() => {
    document.title = `${TEXTS.views[name] ?? TEXTS.nowhere} · Personae`;
  }, [name]);
  if (!VIEWS[name]) return html`<${Frame} view=""><p class="none">${TEXTS.nowhere}</p></${Frame}>`;
  return html`<${Frame} view=${name}>${View && !isBefore ? html`<${View} />` : html`<p class="none" aria-busy="true">${failed.value}</p>`}</${Frame}>`;
}

// A fault of the page is told, and what was said is kept: loading it anew sends it.
addEventListener("unhandledrejection", (event) => event.reason?.name !== "AbortError" && tell(TEXTS.fault(String(event.reason)), { isBad: true }));
addEventListener("error", (event) => tell(TEXTS.fault(event.message), { isBad: true }));
addEventListener("error", askAgain, { capture: true }); // of images, which does not bubble

/** @returns {Promise<void>} */
function untilForgetting() {
  return new Promise((done) => {
    const stop = isForgetting.subscribe((now) => {
      if (!now) return;
      queueMicrotask(() => stop());
      done();
    });
  });
}

async function start() {
  try {
    await signIn();
  } catch (error) {
    if (error instanceof SignedOut) return location.reload(); // to sign in
    if (!(error instanceof Away) && !(error instanceof Refused)) throw error;
    setTimeout(start, TRY_AGAIN_MS);
    return undefined;
  }
  recount();
  keepUpToDate();
  follow();
  onRefused(tellRefused);
  void flush();
  watchKeys();
  const all = readAll().catch((error) => tell(error.message, { isBad: true }));
  // What there is tells where to begin; while somebody is being forgotten that is not known.
  if (!place.value.view) {
    await Promise.race([all, untilForgetting()]);
    waits.value = isForgetting.value && !isKnown.value;
    void all.then(() => (waits.value = false));
  }
  document.body.replaceChildren();
  render(html`<${Fragment}><${Page} /></${Fragment}>`, document.body);
  return undefined;
}

void start();
