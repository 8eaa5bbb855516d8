// What stands around every view: where one can go, what the server says, and what was done last.
import { isForgetting, may, session } from "../api.js";
import { isLive } from "../events.js";
import { html } from "../html.js";
import { isAway, isSignedOut, waiting } from "../outbox.js";
import { address } from "../router.js";
import { jobs, message } from "../state.js";
import { isForgetful } from "../store.js";
import { TEXTS } from "../texts.js";

/** View -> the role that it takes. @type {[string, "viewer" | "editor" | "admin"][]} */
const PLACES = [
  ["review", "editor"], ["people", "viewer"], ["films", "viewer"], ["photos", "viewer"], ["cast", "viewer"],
  ["identify", "viewer"], ["jobs", "viewer"], ["journal", "editor"],
];

/** @param {{view: string, children?: any}} props */
export function Frame({ view, children }) {
  return html`
    <a class="skip" href="#main" onClick=${skip}>${TEXTS.skip}</a>
    <header class="frame">
      <a class="brand" href=${address("")}>Personae</a>
      <nav aria-label=${TEXTS.navigation}>
        ${PLACES.filter(([, role]) => may(role)).map(
          ([name]) => html`
            <a key=${name} href=${address(name)} aria-current=${name === view ? "page" : null}>
              ${TEXTS.views[name]}${name === "jobs" ? html`<${Running} />` : null}
            </a>`,
        )}
        <a class="add" href=${address("start")} aria-current=${view === "start" ? "page" : null}>${TEXTS.views.start}</a>
      </nav>
      <span class="who" title=${TEXTS.role(session.value.role)}>${session.value.name}</span>
    </header>
    <${Standing} />
    <main id="main" tabindex="-1" class=${`view ${view}`}>${children}</main>
    <${Message} />
  `;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Running() {
  const count = [...jobs.value.values()].filter((job) => ["running", "waiting"].includes(job.state)).length;
  return count ? html` <span class="count" title=${TEXTS.running(count)}>${count}</span>` : null;
}

/** Whether the server is there, and what it has not got yet. */
function Standing() {
  if (isLive.value && isForgetting.value) return html`<${Forgetting} />`;
  const away = isAway.value || !isLive.value;
  const forgetful = isForgetful.value ? TEXTS.forgetful : "";
  const unsent = waiting.value && (isAway.value || isSignedOut.value) ? TEXTS.unsent(waiting.value) : "";
  if (isSignedOut.value) {
    return html`<p class="standing" role="status">${TEXTS.signedOut} ${unsent} ${forgetful} <button type="button" onClick=${() => location.reload()}>${TEXTS.signIn}</button></p>`;
  }
  return html`<p class="standing" role="status" hidden=${!away && !forgetful}>${away ? `${TEXTS.away} ${unsent} ` : ""}${forgetful}</p>`;
}

function Forgetting() {
  const job = [...jobs.value.values()].find((one) => one.kind === "forget" && one.state === "running");
  const { done = 0, total = null } = job?.progress ?? {};
  return html`
    <div class="standing forgetting">
      <p role="status">${TEXTS.forgetting}</p>
      ${total ? html`<progress aria-label=${TEXTS.jobs.progress} max=${total} value=${done}></progress> <span>${TEXTS.jobs.of(done, total)}</span>` : null}
    </div>`;
}

function Message() {
  const told = message.value;
  return html`
    <div class="message" role="status" aria-live="polite">
      ${told &&
      html`<p class=${told.isBad ? "bad" : ""}>
        <span>${told.text}</span>
        ${told.act && html`<button type="button" onClick=${told.act.run}>${told.act.text}</button>`}
        <button type="button" class="close" aria-label=${TEXTS.close} onClick=${() => (message.value = null)}>×</button>
      </p>`}
    </div>
  `;
}
