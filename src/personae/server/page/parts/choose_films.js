// The folders that the server reads: choose films to be scanned, or folders of photos to be kept as a set.
import { every, get } from "../api.js";
import { html, signal, useEffect, useRef, useState } from "../html.js";
import { post } from "../outbox.js";
import { address, go, place } from "../router.js";
import { media, tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";
import { Rows } from "./rows.js";

/** @typedef {{kind: "folder" | "film", name: string, path: string, medium: string | null}} Entry */

const T = TEXTS.start;
const ROW_PX = 40;
const SEARCH_AFTER_MS = 200;
const MOST_FILMS = 1000;

/** What is chosen: paths below a root. @type {import("@preact/signals").Signal<ReadonlySet<string>>} */
const chosen = signal(new Set());

/** @param {{root: string, folder: string, q: string}} props as the address has them */
export function ChooseFilms({ root, folder, q }) {
  const [roots, setRoots] = useState(/** @type {{id: string, name: string}[] | null} */ (null));
  const [entries, setEntries] = useState(/** @type {Entry[] | null} */ (null));
  const [wrong, setWrong] = useState("");
  const [asOne, setAsOne] = useState(false);
  const anchor = useRef("");
  const own = roots?.find((one) => one.id === root) ?? roots?.[0] ?? null;
  const scannedOf = media.value; // a scan that is done shows here
  useEffect(() => void get("roots").then((told) => setRoots(told.roots), (error) => setWrong(error.message)), []);
  useEffect(() => {
    if (!own) return undefined;
    let isOver = false;
    const timer = setTimeout(() => {
      every(`roots/${own.id}/films`, "entries", { folder, q: q || undefined }).then(
        (found) => {
          if (isOver) return;
          for (const one of found) kinds.set(one.path, one.kind);
          setEntries(found);
          setWrong("");
        },
        (error) => {
          if (isOver) return;
          setEntries([]);
          setWrong(error.message);
        },
      );
    }, q ? SEARCH_AFTER_MS : 0);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [own?.id, folder, q, scannedOf.size]);
  /** @param {Record<string, string>} changed */
  const shows = (changed, replace = false) => {
    const next = { root: own?.id ?? "", folder, q, ...changed };
    go(address(place.value.view || "start", "", Object.fromEntries(Object.entries(next).filter(([, value]) => value))), replace);
  };
  const found = entries ?? [];
  const films = found.filter((one) => one.kind === "film");
  const isOn = (/** @type {Entry} */ one) => chosen.value.has(one.path);
  /** @param {Entry} one @param {{shiftKey: boolean}} event */
  const choose = (one, event) => {
    const next = new Set(chosen.value);
    const from = found.findIndex((each) => each.path === anchor.current);
    const to = found.findIndex((each) => each.path === one.path);
    if (event.shiftKey && from >= 0) {
      for (const each of found.slice(Math.min(from, to), Math.max(from, to) + 1)) if (each.kind === one.kind) next.add(each.path);
    } else if (!next.delete(one.path)) next.add(one.path);
    if (!event.shiftKey) anchor.current = one.path;
    chosen.value = next;
  };
  const all = (/** @type {boolean} */ isNew) => (chosen.value = new Set(films.filter((one) => !isNew || !one.medium).map((one) => one.path)));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const path = /** @type {HTMLElement} */ (event.target).closest("[data-path]")?.getAttribute("data-path");
    const one = found.find((each) => each.path === path);
    if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && !(event.target instanceof HTMLInputElement && event.target.type === "search")) all(false);
    else if (event.key === "Escape" && chosen.value.size) chosen.value = new Set();
    else if (event.shiftKey && ["ArrowDown", "ArrowUp"].includes(event.key) && one) {
      const beside = found[found.indexOf(one) + (event.key === "ArrowDown" ? 1 : -1)];
      if (beside) chosen.value = new Set([...chosen.value, one.path, beside.path]);
      return; // the focus moves on as without Shift
    } else return;
    event.preventDefault();
  };
  // Those of other folders stay chosen while one looks around.
  const picked = [...chosen.value];
  const pickedFilms = picked.filter((path) => kinds.get(path) !== "folder");
  const pickedFolders = picked.filter((path) => kinds.get(path) === "folder");
  const begin = async () => {
    if (!own) return;
    try {
      const inside = (await Promise.all(pickedFolders.map((path) => filmsIn(own.id, path)))).flat();
      const paths = [...new Set([...pickedFilms, ...inside])].sort(byName.compare);
      if (!paths.length) return tell(T.noFilms, { isBad: true });
      if (paths.length > MOST_FILMS) return tell(T.tooMany(paths.length, MOST_FILMS), { isBad: true });
      tell(T.scans(paths.length, asOne && paths.length > 1));
      chosen.value = new Set();
      await post("POST", "films", { root: own.id, paths, as_one: asOne && paths.length > 1 }, { text: T.scans(paths.length, asOne) });
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error), { isBad: true });
    }
    return undefined;
  };
  const keep = async () => {
    if (!own) return;
    try {
      tell(T.keeps(pickedFolders.length));
      chosen.value = new Set();
      for (const path of pickedFolders) await post("POST", "photo-sets", { root: own.id, paths: [path] }, { text: T.keeps(1) });
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error), { isBad: true });
    }
  };
  const crumbs = folder.split("/").filter(Boolean);
  const row = (/** @type {Entry} */ one) => html`
    <div class=${`entry ${isOn(one) ? "chosen" : ""}`} data-path=${one.path}>
      <input type="checkbox" checked=${isOn(one)} aria-label=${T.choose(one.name)} onClick=${(/** @type {MouseEvent} */ event) => { event.preventDefault(); setTimeout(() => choose(one, event)); }} />
      ${one.kind === "folder"
        ? html`<button type="button" class="plain" onClick=${() => shows({ folder: one.path, q: "" })}><span aria-hidden="true">▸</span> <${Name} name=${q ? one.path : one.name} most=${56} /></button>`
        : html`<button type="button" class="plain" aria-pressed=${isOn(one)} onClick=${(/** @type {MouseEvent} */ event) => choose(one, event)}><${Name} name=${q ? one.path : one.name} most=${56} /></button>`}
      ${one.medium ? html`<a class="badge done" href=${address("films", one.medium)}>${T.scanned}</a>` : null}
    </div>`;
  return html`
    <div class="folders" onKeyDown=${onKeyDown}>
      <div class="tools">
        ${roots && roots.length > 1 ? html`<select aria-label=${T.root} value=${own?.id} onChange=${(/** @type {any} */ event) => { chosen.value = new Set(); shows({ root: event.currentTarget.value, folder: "", q: "" }); }}>
          ${roots.map((one) => html`<option value=${one.id}>${one.name}</option>`)}</select>` : null}
        <input type="search" placeholder=${T.search} aria-label=${T.search} value=${q} onInput=${(/** @type {any} */ event) => shows({ q: event.currentTarget.value }, true)} />
      </div>
      <nav class="crumbs" aria-label=${T.folder}>
        <button type="button" class="plain" onClick=${() => shows({ folder: "", q: "" })}>${own?.name ?? ""}</button>
        ${crumbs.map((name, at) => html`<span aria-hidden="true">/</span><button type="button" class="plain" aria-current=${at === crumbs.length - 1 ? "page" : null} onClick=${() => shows({ folder: crumbs.slice(0, at + 1).join("/"), q: "" })}><${Name} name=${name} most=${30} /></button>`)}
      </nav>
      <div class="entries" tabindex="-1">
        ${wrong ? html`<p class="bad">${wrong}</p>` : null}
        ${entries && !found.length && !wrong ? html`<p class="none">${q ? T.noSuch(q) : T.empty}</p>` : null}
        <${Rows} items=${found} keyOf=${(/** @type {Entry} */ one) => one.path} height=${ROW_PX} label=${T.inFolder} draw=${row} />
      </div>
      <p class="actions">
        ${films.length > 0 && html`<button type="button" onClick=${() => all(true)}>${T.allNew(films.filter((one) => !one.medium).length)}</button>`}
        ${picked.length > 0 && html`<button type="button" onClick=${() => (chosen.value = new Set())}>${T.none}</button>`}
      </p>
      <p class="actions">
        <button type="button" class="main" disabled=${!picked.length} onClick=${begin}>${T.scan(pickedFilms.length, pickedFolders.length)}</button>
        ${pickedFilms.length > 1 && html`<label class="switch"><input type="checkbox" checked=${asOne} onChange=${(/** @type {any} */ event) => setAsOne(event.currentTarget.checked)} /> ${T.asOne}</label>`}
        ${pickedFolders.length > 0 && !pickedFilms.length && html`<button type="button" onClick=${keep}>${T.keep(pickedFolders.length)}</button>`}
      </p>
    </div>`;
}

/** What each path is, of all that were seen. @type {Map<string, string>} */
const kinds = new Map();
const byName = new Intl.Collator(undefined, { numeric: true });

/** The films in a folder, at any depth. @param {string} root @param {string} folder @returns {Promise<string[]>} */
async function filmsIn(root, folder) {
  /** @type {Entry[]} */
  const found = await every(`roots/${root}/films`, "entries", { folder });
  const deeper = [];
  for (const one of found) if (one.kind === "folder") deeper.push(...(await filmsIn(root, one.path)));
  return [...found.filter((one) => one.kind === "film").map((one) => one.path), ...deeper];
}
