// Edits of the cast, as every view makes them: told with an Undo, kept while the server is away; and photos sent to it.
import { Away, Refused, send } from "../api.js";
import { post } from "../outbox.js";
import { ended, tell } from "../state.js";
import { TEXTS } from "../texts.js";

const AT_ONCE = 40;
const T = TEXTS.cast;

/**
 * Make an edit, and tell it with an Undo. Resolves with the answer, or null where it was refused (which is told).
 * @param {string} method @param {string} path @param {any} body @param {string} text what it does
 * @returns {Promise<any>}
 */
export async function edit(method, path, body, text) {
  tell(text);
  try {
    const answer = await post(method, path, body, { text, undo: "cast" });
    const notes = [text, ...(answer.notes ?? [])].join(" ");
    tell(notes, answer.edits?.length ? { act: { text: TEXTS.undo, run: () => void takeBackEdits(answer.edits, text) } } : {});
    return answer;
  } catch (error) {
    tell(sentenceOf(error), { isBad: true });
    return null;
  }
}

/** Take edits back, whatever came after them. @param {number[]} edits @param {string} text */
export async function takeBackEdits(edits, text) {
  try {
    for (const one of [...edits].reverse()) await post("POST", "cast/undo", { edit: one }, { text });
    tell(`${TEXTS.undone} (${text})`);
  } catch (error) {
    tell(sentenceOf(error), { isBad: true });
  }
}

/** @param {unknown} error */
export function sentenceOf(error) {
  if (error instanceof Away) return TEXTS.away;
  return error instanceof Refused ? error.message : String(error);
}

/**
 * What becomes of photos that are sent. `job`: the id of the job that enrols them, once it is known.
 * @typedef {{name: string, count: number, job: string, sent: number, added: number, rejected: {photo: string, reason: string, detail: string}[],
 *  error: string, edits: number[], isOver: boolean}} Sent
 */

/**
 * Enrol photos: of the character with that id, or of who is called so (known or new). In portions, one after the other.
 * @param {{id?: string, name: string, look?: string}} to @param {File[]} files @param {(sent: Sent) => void} told how far it is
 * @returns {Promise<Sent>}
 */
export async function sendPhotos(to, files, told) {
  /** @type {Sent} */
  let sent = { name: to.name, count: files.length, job: "", sent: 0, added: 0, rejected: [], error: "", edits: [], isOver: false };
  const now = (/** @type {Partial<Sent>} */ more) => told((sent = { ...sent, ...more }));
  now({});
  for (let first = 0; first < files.length; first += AT_ONCE) {
    const portion = files.slice(first, first + AT_ONCE);
    const form = new FormData();
    if (!to.id) form.append("name", to.name);
    if (to.look) form.append("look", to.look);
    for (const file of portion) form.append("photos", file);
    try {
      const { job } = await send("POST", to.id ? `characters/${to.id}/photos` : "photos-of-cast", form);
      now({ job: job.id, sent: first + portion.length });
      const done = await ended(job.id);
      if (done.state !== "done") {
        // None of these could be used: the others may be.
        const why = done.error?.detail ?? T.cancelled;
        now({ error: [...(sent.error ? [sent.error] : []), named(why, portion)].join(" ") });
        continue;
      }
      const { added = 0, rejected = [], edits = [] } = done.result;
      now({
        added: sent.added + added,
        edits: [...sent.edits, ...edits],
        rejected: [...sent.rejected, ...rejected.map((/** @type {any} */ one) => ({ ...one, photo: named(one.photo, portion), detail: named(one.detail, portion) }))],
      });
    } catch (error) {
      now({ error: sentenceOf(error), isOver: true });
      return sent;
    }
  }
  now({ isOver: true });
  return sent;
}

/** What the server calls "photo 3" is called as its file was. @param {string} text @param {File[]} files */
function named(text, files) {
  return text.replace(/\bphoto (\d+)(?:\.\w+)?\b/g, (all, number) => files[Number(number) - 1]?.name ?? all);
}
