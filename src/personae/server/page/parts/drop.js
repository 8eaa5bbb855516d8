// Where files are dropped, or chosen.
import { html, useRef, useState } from "../html.js";

/**
 * `take`: the files, with the path below the folder that was dropped, where one was.
 * @param {{text: string, accept?: string, folders?: boolean, take: (files: {file: File, path: string}[]) => void, children?: any}} props
 */
export function Drop({ text, accept = "image/*", folders = false, take, children }) {
  const [isOver, setOver] = useState(false);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const onDrop = async (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter((one) => one !== null && one !== undefined);
    const found = entries.length ? (await Promise.all(entries.map((one) => filesOf(one, "")))).flat() : [...(event.dataTransfer?.files ?? [])].map(alone);
    if (found.length) take(found);
  };
  const onChange = (/** @type {any} */ event) => {
    const found = [...event.currentTarget.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
    event.currentTarget.value = "";
    if (found.length) take(found);
  };
  return html`
    <div class=${`drop ${isOver ? "over" : ""}`} onDragOver=${(/** @type {DragEvent} */ event) => { event.preventDefault(); setOver(true); }}
      onDragLeave=${() => setOver(false)} onDrop=${onDrop}>
      ${children}
      <button type="button" onClick=${() => field.current?.click()}>${text}</button>
      <input ref=${field} type="file" multiple accept=${folders ? null : accept} webkitdirectory=${folders} hidden onChange=${onChange} aria-label=${text} />
    </div>`;
}

/** @param {File} file */
function alone(file) {
  return { file, path: file.name };
}

/** @param {any} entry @param {string} above @returns {Promise<{file: File, path: string}[]>} */
async function filesOf(entry, above) {
  const path = above ? `${above}/${entry.name}` : entry.name;
  if (entry.isFile) return [{ file: await new Promise((done, failed) => entry.file(done, failed)), path }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // It gives a hundred at a time.
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return found;
    for (const one of some) found.push(...(await filesOf(one, path)));
  }
}
