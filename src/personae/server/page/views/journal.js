// Everything that was decided, newest first: in films and photo sets, and about the cast. Each can be taken back.
import { every, get, may } from "../api.js";
import { everybody, followEverybody, takeBackLast } from "../everyone.js";
import { listen } from "../events.js";
import { computed, html, signal, useEffect, useMemo, useState } from "../html.js";
import { bind } from "../keys.js";
import { post } from "../outbox.js";
import { Name } from "../parts/name.js";
import { Rows } from "../parts/rows.js";
import { date } from "../parts/time.js";
import { sentenceOf } from "../questions.js";
import { address, go, place } from "../router.js";
import { media, names, soon, tell } from "../state.js";
import { TEXTS } from "../texts.js";

/** @typedef {{medium: string, number: number, said: string, by: string, at: string, undone_by: number | null, takes_back: number[], decision: any}} Entry */
/** @typedef {{id: number, time: string, action: string, undone_by: number | null, undoable: boolean, undoes: number | null, character: string | null,
 *  characters: string[], photos: number, into: string | null, file: string | null, moved: any[], rejected: any[]}} Edit */
/** A line of the list. `medium`: "cast" for an edit; `back`: whether it can be taken back.
 * @typedef {{key: string, medium: string, number: number, at: string, by: string, said: string, undoneBy: string, back: boolean, isUndo: boolean}} Line */

const T = TEXTS.journal;
const CAST = "cast";
const AT_ONCE = 200;
const WIDE = matchMedia("(min-width: 46.01rem)");

const filter = computed(() => ({ medium: place.value.query.get("in") ?? "", who: place.value.query.get("who") ?? "" }));
const isWide = signal(WIDE.matches);
WIDE.addEventListener("change", () => (isWide.value = WIDE.matches));

/** @param {Record<string, string>} change */
function filterBy(change) {
  const query = { in: filter.value.medium, who: filter.value.who, ...change };
  go(address("journal", "", Object.fromEntries(Object.entries(query).filter(([, value]) => value))));
}

export function View() {
  const { medium, who } = filter.value;
  const told = useJournal(medium, who);
  useEffect(followEverybody, []);
  useEffect(() => bind([{ keys: "Ctrl+z", text: TEXTS.undo, run: () => void takeBackLast().then(told.read) }]), [told.read]);
  if (!may("editor")) return html`<p class="none">${TEXTS.role("viewer")}</p>`;
  const people = useMemo(() => [...new Set([...names.value.map((one) => one.name), ...(who ? [who] : [])])].sort((a, b) => a.localeCompare(b)), [names.value, who, everybody.value]);
  return html`
    <h1 class="visually-hidden">${TEXTS.views.journal}</h1>
    <div class="filter">
      <select aria-label=${T.where} value=${medium} onChange=${(/** @type {any} */ event) => filterBy({ in: event.currentTarget.value })}>
        <option value="">${T.all}</option>
        <option value=${CAST}>${T.cast}</option>
        ${[...media.value.values()].map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}
      </select>
      <select aria-label=${T.person} value=${who} onChange=${(/** @type {any} */ event) => filterBy({ who: event.currentTarget.value })}>
        <option value="">${T.anybody}</option>
        ${people.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>
    </div>
    ${told.lines === null
      ? html`<p class="none" aria-busy="true"></p>`
      : told.lines.length
        ? html`<${Rows} items=${told.lines} keyOf=${(/** @type {Line} */ one) => one.key} draw=${(/** @type {Line} */ one) => html`<${Said} line=${one} back=${told.back} />`}
            height=${isWide.value ? 56 : 104} label=${T.list} count=${told.count} more=${told.more} />`
        : html`<p class="none">${medium || who ? T.noneHere : T.none}</p>`}`;
}

/** What was decided, kept up to date. @param {string} medium @param {string} who */
function useJournal(medium, who) {
  const [entries, setEntries] = useState(/** @type {Entry[] | null} */ (null));
  const [count, setCount] = useState(0);
  const [edits, setEdits] = useState(/** @type {Edit[]} */ ([]));
  const state = useMemo(() => {
    let reading = 0;
    let next = /** @type {string | null} */ (null);
    let isReading = false;
    /** @type {Entry[]} */
    let all = [];
    const page = (/** @type {number} */ limit, /** @type {string | undefined} */ cursor = undefined) =>
      get("decisions", { limit, cursor, medium: medium || undefined, who: who || undefined });
    const read = async () => {
      const own = ++reading;
      const [told, log] = await Promise.all([
        medium === CAST ? { decisions: [], position: 0, next: null } : page(Math.min(1000, Math.max(AT_ONCE, all.length))),
        medium && medium !== CAST ? [] : every("cast/log", "edits"),
      ]);
      if (own !== reading) return;
      ({ next } = told);
      all = told.decisions;
      setEntries(all);
      setCount(told.position);
      setEdits(log);
    };
    const more = async () => {
      if (next === null || isReading) return;
      isReading = true;
      const own = reading;
      try {
        const told = await page(AT_ONCE, next);
        if (own !== reading) return;
        ({ next } = told);
        all = [...all, ...told.decisions];
        setEntries(all);
      } catch (error) {
        tell(sentenceOf(error), { isBad: true });
      } finally {
        isReading = false;
      }
    };
    return { read: soon(read, 100), more: () => void more(), stop: () => void ++reading };
  }, [medium, who]);
  useEffect(() => {
    setEntries(null);
    state.read();
    const stop = listen((kind) => ["media", "decision", "cast", "training", "reset", "forgetting"].includes(kind) && state.read());
    return () => {
      stop();
      state.stop();
    };
  }, [state]);
  const shown = useMemo(() => {
    const of = new Map(edits.map((one) => [one.id, one]));
    return edits.filter((one) => !who || isAbout(one, who) || (one.undoes !== null && of.has(one.undoes) && isAbout(/** @type {Edit} */ (of.get(one.undoes)), who)));
  }, [edits, who]);
  const lines = useMemo(() => (entries === null ? null : linesOf(entries, shown, edits)), [entries, shown, edits]);
  /** @param {Line} line */
  const back = async (line) => {
    const done = await takeBack(line);
    state.read();
    return done;
  };
  return { lines, count: count + shown.length, read: state.read, more: state.more, back };
}

/** @param {Line} line */
async function takeBack(line) {
  const isCast = line.medium === CAST;
  const path = isCast ? "cast/undo" : `media/${line.medium}/undo`;
  const again = async (/** @type {any} */ body) => {
    try {
      await post("POST", path, body);
      tell(TEXTS.undone);
    } catch (error) {
      tell(sentenceOf(error), { isBad: true });
    }
  };
  try {
    const answer = await post("POST", path, isCast ? { edit: line.number } : { decision: String(line.number) });
    const held = (answer.again ?? []).join("; ");
    const text = held ? T.holds(held) : T.done(line.said);
    // What it had taught is taught again by a job; the sentences of the server would say twice what holds.
    const notes = held ? (answer.job ? [T.teachesAgain] : []) : answer.notes ?? [];
    // Of a film the undo is the last entry of its journal now: it is taken back by its number.
    const run = isCast ? undefined : () => void again({ decision: String(answer.position) });
    tell([text, ...notes].join(" "), run ? { act: { text: TEXTS.undo, run } } : {});
  } catch (error) {
    tell(sentenceOf(error), { isBad: true });
  }
}

/** Newest first; of one second, what was written down later first. @param {readonly Entry[]} entries @param {readonly Edit[]} edits those that are shown
 * @param {readonly Edit[]} log every edit of the cast @returns {Line[]} */
function linesOf(entries, edits, log) {
  const of = new Map(entries.map((one) => [`${one.medium} ${one.number}`, one]));
  const editOf = new Map(log.map((one) => [one.id, one]));
  /** What holds by it: of what took an undo back, that what was taken back holds again. @type {(one: Entry) => string} */
  const said = (one) => {
    if (!one.takes_back.length) return decisionWords(one);
    const first = of.get(`${one.medium} ${one.takes_back[0]}`);
    if (!first) return T.undoOfEarlier(one.takes_back.length);
    if (first.takes_back.length) {
      const what = of.get(`${first.medium} ${first.takes_back[0]}`);
      return what ? T.holdsAgain(and(said(what), first.takes_back.length)) : T.holdsAgainEarlier;
    }
    return T.undo(and(said(first), one.takes_back.length));
  };
  const and = (/** @type {string} */ first, /** @type {number} */ n) => (n > 1 ? T.andMore(first, n - 1) : first);
  /** @type {Line[]} */
  const lines = entries.map((one) => {
    const by = one.undone_by === null ? null : of.get(`${one.medium} ${one.undone_by}`);
    return {
      key: `${one.medium} ${one.number}`, medium: one.medium, number: one.number, at: one.at, by: one.by, said: said(one), isUndo: one.takes_back.length > 0,
      undoneBy: one.undone_by === null ? "" : T.undoneBy(by?.by ?? "", by ? date(by.at) : ""), back: one.undone_by === null,
    };
  });
  for (const one of edits) {
    const by = one.undone_by === null ? null : editOf.get(one.undone_by);
    lines.push({
      key: `${CAST} ${one.id}`, medium: CAST, number: one.id, at: one.time, by: "", said: wordsOf(one, editOf), isUndo: one.undoes !== null,
      undoneBy: one.undone_by === null ? "" : T.undoneBy("", by ? date(by.time) : ""), back: one.undoable && one.undone_by === null,
    });
  }
  const time = (/** @type {Line} */ one) => new Date(one.at).getTime() || 0;
  return lines.sort((a, b) => time(b) - time(a) || (a.medium < b.medium ? -1 : a.medium > b.medium ? 1 : b.number - a.number));
}

/** A decision in words: of some faces how many, and whose. @param {Entry} one @returns {string} */
function decisionWords(one) {
  const { kind, parts = [], to } = one.decision;
  const who = nameOf(parts[0]?.who);
  const faces = parts.reduce((/** @type {number} */ n, /** @type {any} */ part) => n + part.places.length, 0);
  const words = /** @type {Record<string, ((who: string, n: number, to: string) => string) | undefined>} */ (T.decisions)[kind];
  return words && who && faces ? words(who, faces, nameOf(to)) : one.said;
}

/** @param {{character: string | null, unknown: number | null} | null | undefined} who */
function nameOf(who) {
  return who ? who.character ?? (who.unknown === null ? "" : T.unknown(who.unknown)) : "";
}

/** An edit of the cast in words. @param {Edit} one @param {Map<number, Edit>} all @returns {string} */
function wordsOf(one, all) {
  const who = one.character ?? "";
  const list = one.characters.join(", ");
  const before = one.undoes === null ? undefined : all.get(one.undoes);
  const photos = T.photos(Math.max(one.photos, one.file ? 1 : 0));
  const whose = who || [...new Set(one.moved.flatMap((each) => each.before ?? []))].join(", ");
  switch (one.action) {
    case "undo": return before ? T.edits.undo(wordsOf(before, all)) : T.edits.undoOfGone();
    case "add": return T.edits.add(who || list, photos);
    case "names": return T.edits.names(list);
    case "rename": return T.edits.rename(who, one.into ?? "");
    case "merge": return T.edits.merge(list, one.into ?? "");
    case "split": return T.edits.split(who, one.into ?? "", photos);
    case "confirm": return one.into ? T.edits.given(who, one.into, photos) : T.edits.confirm(who, photos);
    case "apart": return T.edits.apart(list);
    case "reject": return T.edits.reject(who);
    case "remove": return who ? T.edits.removed(who) : T.edits.remove(whose, photos);
    case "forget": return T.edits.forget();
    case "fresh": return T.edits.fresh(photos);
    case "train": return T.edits.train();
    case "learn": return T.edits.learn(who || list, photos);
    default: return T.edits.other(one.action, who || list);
  }
}

/** @param {Edit} one @param {string} who */
function isAbout(one, who) {
  const said = [one.character, one.into, ...one.characters, ...one.moved.flatMap((each) => [each.before, each.after])];
  return said.includes(who);
}

/** @param {{line: Line, back: (line: Line) => Promise<void>}} props */
function Said({ line, back }) {
  const [isBusy, setBusy] = useState(false);
  const name = line.medium === CAST ? T.cast : media.value.get(line.medium)?.name ?? "";
  const run = async () => {
    setBusy(true);
    await back(line);
    setBusy(false);
  };
  return html`
    <div class=${`said-line ${line.undoneBy ? "undone" : ""} ${line.isUndo ? "undo" : ""}`}>
      <time class="quiet" dateTime=${line.at} title=${line.at}>${date(line.at)}</time>
      <span class="what"><${Words} text=${line.said} />${line.undoneBy ? html` <span class="quiet by-what">(${line.undoneBy})</span>` : null}</span>
      <span class="quiet where"><${Name} name=${name} most=${28} />${line.by ? html`<span class="by"><${Name} name=${line.by} most=${20} /></span>` : null}</span>
      ${line.back ? html`<button type="button" disabled=${isBusy} onClick=${run} aria-label=${`${T.takeBack}: ${line.said}`}>${T.takeBack}</button>` : html`<span></span>`}
    </div>`;
}

/** A sentence, whole on hover: names in it may be long. @param {{text: string}} props */
function Words({ text }) {
  return html`<bdi class="words" title=${text}>${text}</bdi>`;
}

