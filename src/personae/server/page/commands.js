// What is typed in the name field, as a value: the terminal's commands, so that nobody learns two languages.

/** @typedef {{kind: "enter" | "suggestion" | "name" | "merge" | "later" | "stranger" | "strangers" | "no_face" | "new" |
 *  "undo" | "help" | "none", text: string, number: number}} Said */

/** @type {Record<string, Said["kind"]>} */
const COMMANDS = {
  ".": "later", ".s": "stranger", ".s all": "strangers", ".x": "no_face", ".n": "new", ".u": "undo", ".?": "help", "?": "help",
};

/** @param {string} line @returns {Said} */
export function understood(line) {
  const text = line.trim().replace(/\s+/g, " ");
  const said = (/** @type {Said["kind"]} */ kind, rest = text, number = 0) => ({ kind, text: rest, number });
  if (!text) return said("enter");
  if (text.startsWith("=")) return said("name", text.slice(1).trim());
  const merge = /^\.m\s+(.+)$/i.exec(text);
  if (merge) return said("merge", merge[1]);
  if (text.startsWith(".") || text === "?") return said(COMMANDS[text.toLowerCase()] ?? "none");
  if (/^\d+$/.test(text)) return said("suggestion", text, Number(text.slice(0, 9)));
  return said("name");
}
