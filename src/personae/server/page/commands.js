// What is typed in the name field, as a value: the terminal's commands, so that nobody learns two languages.

/** @typedef {{kind: "enter" | "suggestion" | "name" | "merge" | "later" | "stranger" | "strangers" | "no_face" | "new" |
 *  "undo" | "help" | "none", text?: string, number?: number}} Said */

/** @type {Record<string, Said["kind"]>} */
export const COMMANDS = {
  ".": "later", ".s": "stranger", ".s all": "strangers", ".x": "no_face", ".n": "new", ".u": "undo", ".?": "help",
};

/** @param {string} line @returns {Said} */
export function understood(line) {
  const text = line.trim().replace(/\s+/g, " ");
  if (!text) return { kind: "enter" };
  if (text.startsWith("=")) return { kind: "name", text: text.slice(1).trim() };
  const merge = /^\.m\s+(.+)$/i.exec(text);
  if (merge) return { kind: "merge", text: merge[1] };
  if (text.startsWith(".")) return { kind: COMMANDS[text.toLowerCase()] ?? "none", text };
  if (/^\d+$/.test(text)) return { kind: "suggestion", number: Number(text.slice(0, 9)) };
  if (/^unknown\s*\d+/i.test(text)) return { kind: "merge", text };
  return { kind: "name", text };
}
