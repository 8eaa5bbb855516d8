// Addresses of views: back, reload and a link that is sent to somebody show the same.
import { signal } from "./html.js";

const base = new URL(document.baseURI).pathname;

/** @typedef {{view: string, id: string, query: URLSearchParams}} Place */

/** @returns {Place} */
function here() {
  const [view = "", id = ""] = location.pathname.slice(base.length).split("/").map(decoded);
  return { view, id, query: new URLSearchParams(location.search) };
}

/** A part of an address; one that is malformed leads nowhere. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Where this page is. */
export const place = signal(here());

/** @param {string} view @param {string} [id] @param {Record<string, string>} [query] */
export function address(view, id = "", query = {}) {
  const path = [view, ...(id ? [id] : [])].map(encodeURIComponent).join("/");
  const search = new URLSearchParams(query).toString();
  return `${base}${path}${search ? `?${search}` : ""}`;
}

/** @param {string} to an address @param {boolean} [replace] without an entry in the history */
export function go(to, replace = false) {
  if (to === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  place.value = here();
}

addEventListener("popstate", () => (place.value = here()));
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const url = new URL(link.getAttribute("href") ?? "", document.baseURI);
  if (link.hasAttribute("download") || link.getAttribute("target") || url.origin !== location.origin) return;
  if (!url.pathname.startsWith(base) || url.pathname.startsWith(`${base}api/`)) return;
  event.preventDefault();
  go(url.pathname + url.search);
});
