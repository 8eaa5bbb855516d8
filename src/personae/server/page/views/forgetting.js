// Forgetting somebody for good: what will go is shown, the name is typed once, and what came of it is told.
import { leaveOut } from "../everyone.js";
import { html, signal } from "../html.js";
import { post } from "../outbox.js";
import { askFor } from "../parts/dialog.js";
import { PeopleRow } from "../parts/people_row.js";
import { sentenceOf } from "../questions.js";
import { address, go, place } from "../router.js";
import { characters, ended, message, tell } from "../state.js";
import { TEXTS } from "../texts.js";

const T = TEXTS.people.forget;

/** Whom this tab has asked to be forgotten, until that is done; empty for nobody. */
export const beingForgotten = signal("");

/** @param {import("../everyone.js").Somebody} one */
export async function forgetSomebody(one) {
  const photos = characters.value.find((each) => each.id === one.character)?.photos ?? 0;
  const scenes = one.parts.filter((part) => part.kind === "film").reduce((all, part) => all + part.faces, 0);
  const body = html`
    <${PeopleRow} people=${[one]} />
    <p>${T.goes}</p>
    <ul>
      <li>${T.faces(one.faces, one.films + one.photo_sets)}</li>
      ${scenes ? html`<li>${T.films(scenes)}</li>` : null}
      ${photos ? html`<li>${T.photos(photos)}</li>` : null}
    </ul>
    <p class="quiet">${T.files}</p>`;
  const said = await askFor({ title: T.title(one.name), body, confirm: T.confirm, isDanger: true, typed: one.name });
  if (said === null) return;
  try {
    beingForgotten.value = one.name;
    // There is no undo: it is no letter that can be taken back.
    const { job } = await post("POST", "forget", { name: one.name });
    tell(T.runs(one.name));
    const done = await ended(job.id);
    if (done.state !== "done") throw new Error(T.failed(done.error?.detail ?? done.state));
    leaveOut(one.id);
    if (place.value.view === "people" && place.value.id === one.id) go(address("people"), true);
    message.value = null; // they are not being forgotten any more
    await report(one.name, done.result);
  } catch (error) {
    tell(error instanceof Error && !("problem" in error) ? error.message : sentenceOf(error), { isBad: true });
  } finally {
    beingForgotten.value = "";
  }
}

/** @param {string} name @param {any} result */
async function report(name, result) {
  const removed = Object.entries(result.removed ?? {}).filter(([, count]) => count);
  const left = [...(result.found ?? []), ...(result.unreached ?? []), ...(result.exports ?? [])];
  const body = html`
    ${removed.length ? html`<h3>${T.removed}</h3><ul>${removed.map(([what, count]) => html`<li key=${what}>${what}: ${Number(count).toLocaleString()}</li>`)}</ul>` : null}
    <p>${T.searched(result.searched ?? 0)} ${left.length ? "" : T.nothingLeft}</p>
    ${left.length ? html`<h3>${T.left}</h3><ul>${left.map((each, at) => html`<li key=${at}>${each.file ?? ""} ${each.what}</li>`)}</ul>` : null}`;
  await askFor({ title: T.done(name), body, confirm: TEXTS.close });
}

