// Finding a name by a few letters: inside words, without case and accents, however the letters are composed.

/** As it is compared. @param {string} text */
export function plain(text) {
  return text.normalize("NFKD").replace(/\p{Mark}/gu, "").toLocaleLowerCase().replace(/\s+/gu, " ").trim();
}

/**
 * Those of `names` that hold `typed`, best first: the whole name, its beginning, a word's beginning, inside a word.
 * @template {{name: string}} T
 * @param {readonly T[]} names @param {string} typed @param {number} [most]
 * @param {(one: T) => number} [order] among those that fit as well: the least first
 * @returns {T[]}
 */
export function found(names, typed, most = 9, order = () => 0) {
  const wanted = plain(typed);
  if (!wanted) return [];
  /** @type {[number, number, number, T][]} */
  const ranked = [];
  names.forEach((one, place) => {
    const own = plain(one.name);
    const at = own.indexOf(wanted);
    if (at < 0) return;
    const rank = own === wanted ? 0 : at === 0 ? 1 : isWordStart(own, wanted) ? 2 : 3;
    ranked.push([rank, order(one), place, one]);
  });
  return ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).slice(0, most).map(([, , , one]) => one);
}

/** @param {string} own @param {string} wanted */
function isWordStart(own, wanted) {
  for (let at = own.indexOf(wanted); at >= 0; at = own.indexOf(wanted, at + 1)) {
    if (at === 0 || !/[\p{Letter}\p{Number}]/u.test(own[at - 1])) return true;
  }
  return false;
}
