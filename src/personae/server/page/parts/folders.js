// A chooser of folders, or of photos, below the media roots.
import { every, get } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { tell } from "../state.js";
import { TEXTS } from "../texts.js";
import { Name } from "./name.js";

const T = TEXTS.folders;

/**
 * `what`: "folders", or "photos" too; `pick`: what is chosen, with its root.
 * @param {{what: "folders" | "photos", label: string, pick: (root: string, path: string) => void, confirm: string}} props
 */
export function Folders({ what, label, pick, confirm }) {
  const [roots, setRoots] = useState(/** @type {{id: string, name: string}[]} */ ([]));
  const [at, setAt] = useState({ root: "", folder: "" });
  const [entries, setEntries] = useState(/** @type {any[] | null} */ (null));
  const [letters, setLetters] = useState("");
  useEffect(() => {
    get("roots").then(({ roots: all }) => {
      setRoots(all);
      if (all.length) setAt({ root: all[0].id, folder: "" });
    }, (error) => tell(error.message, { isBad: true }));
  }, []);
  useEffect(() => {
    if (!at.root) return undefined;
    let isOver = false;
    const path = `roots/${at.root}/${what === "photos" ? "photos" : "films"}`;
    every(path, "entries", { folder: at.folder, ...(letters.trim() ? { q: letters } : {}) }).then(
      (found) => !isOver && setEntries(found.filter((one) => one.kind !== "film")),
      (error) => !isOver && tell(error.message, { isBad: true }),
    );
    return () => {
      isOver = true;
    };
  }, [at.root, at.folder, letters]);
  const parts = at.folder ? at.folder.split("/") : [];
  const to = (/** @type {string} */ folder) => {
    setLetters("");
    setAt({ ...at, folder });
  };
  if (!roots.length) return html`<p class="quiet">${T.none}</p>`;
  return html`
    <div class="folders" role="group" aria-label=${label}>
      <p class="way">
        <select aria-label=${T.root} value=${at.root} onChange=${(/** @type {any} */ event) => setAt({ root: event.currentTarget.value, folder: "" })}>
          ${roots.map((one) => html`<option key=${one.id} value=${one.id}>${one.name}</option>`)}
        </select>
        ${parts.map((part, number) => html`<span aria-hidden="true">/</span><button key=${number} type="button" onClick=${() => to(parts.slice(0, number + 1).join("/"))}><${Name} name=${part} most=${24} /></button>`)}
        ${parts.length ? html`<button type="button" onClick=${() => to(parts.slice(0, -1).join("/"))}>${T.up}</button>` : null}
        <input type="search" aria-label=${T.search} placeholder=${T.search} value=${letters} onInput=${(/** @type {any} */ event) => setLetters(event.currentTarget.value)} />
      </p>
      <ul class="entries">
        ${(entries ?? []).slice(0, 500).map(
          (one) => html`<li key=${one.path}>
            <button type="button" onClick=${() => (one.kind === "folder" ? to(one.path) : pick(at.root, one.path))}>
              <span aria-hidden="true">${one.kind === "folder" ? "▸" : "▪"}</span> <${Name} name=${letters ? one.path : one.name} /></button></li>`,
        )}
        ${entries && !entries.length ? html`<li class="quiet">${T.empty}</li>` : null}
      </ul>
      ${what === "folders" ? html`<p><button type="button" class="main" disabled=${!at.folder} onClick=${() => pick(at.root, at.folder)}>${confirm}${parts.length ? html`: <${Name} name=${parts.at(-1)} most=${24} />` : ""}</button></p>` : null}
    </div>`;
}
