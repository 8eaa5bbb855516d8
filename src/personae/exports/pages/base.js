"use strict";
// Opened from disk the page knows where it lies: commands get whole paths, and can be typed in any folder.
const quoted = word => /^[\w@%+=:,.\/-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\"'\"'") + "'";
if (location.protocol === "file:") {
  for (const place of document.querySelectorAll("[data-typed]")) {
    const path = place.dataset.typed;
    if (/^(\/|[A-Za-z]:|\\)/.test(path) || path === "FILE") continue;
    const url = new URL(path.split(/[\/\\]/).map(encodeURIComponent).join("/"), location.href);
    place.textContent = quoted(decodeURIComponent(url.pathname).replace(/^\/(?=[A-Za-z]:)/, ""));
  }
}
