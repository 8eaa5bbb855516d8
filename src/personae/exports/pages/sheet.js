const sheet = document.querySelector(".cards"), cards = [...document.querySelectorAll(".card")];
if (cards.length) {
  const find = id => document.querySelector("#" + id);
  const done = find("done"), meter = document.querySelector(".meter i"), told = find("told");
  const save = find("save"), author = find("author"), field = find("name"), list = find("names");
  const key = "personae:" + sheet.dataset.key;
  const facts = new Map(cards.map(card => [card.dataset.id, JSON.parse(card.dataset.facts)]));
  const asked = cards.filter(card => card.dataset.left === undefined);
  // Card -> what was decided, in the order of deciding. `whole`: about all of an unknown person.
  const decisions = new Map();
  let current = 0;
  // Kept in the browser, so that a closed tab loses nothing; some browsers forbid that for local files.
  const remember = () => {
    try { localStorage.setItem(key, JSON.stringify({ author: author.value, decisions: [...decisions] })); } catch { /* not kept */ }
  };
  const who = card => facts.get(card.dataset.id).who;
  const unknownIn = name => Number(/^Unknown (\d+)$/.exec(name || "")?.[1]) || null;
  // Which unknown person a card is of: whoever was said to be another one goes with that one from then on.
  const root = card => {
    const found = decisions.get(card.dataset.id);
    return (found?.whole && unknownIn(found.to)) || who(card)?.unknown;
  };
  const same = card => root(card) ? cards.filter(other => root(other) === root(card)) : [card];
  const badges = { right: "right", wrong: "wrong", alive: "alive", depicted: "picture", stranger: "stranger", no_face: "no face" };
  const show = () => {
    cards.forEach((card, number) => {
      const found = decisions.get(card.dataset.id);
      if (found) { card.dataset.decision = found.decision; card.dataset.badge = found.to || badges[found.decision]; }
      else { delete card.dataset.decision; delete card.dataset.badge; }
      if (number === current) card.setAttribute("aria-current", "true"); else card.removeAttribute("aria-current");
    });
    const count = asked.filter(card => decisions.has(card.dataset.id)).length;
    done.textContent = `${count} of ${asked.length} decided`;
    meter.style.width = `${100 * count / Math.max(1, asked.length)}%`;
    save.disabled = decisions.size === 0;
  };
  const tell = message => { told.textContent = message; told.hidden = !message; };
  // Beside the question: the face that is surest to be the character, to compare with.
  const portrait = find("asked"), question = find("question");
  const nameOf = card => card.querySelector("b").textContent;
  const surest = new Map(asked.map(card => [nameOf(card), card]));
  // Who is taken for a picture in the picture is in no total, until somebody says that they are alive, or who they are.
  const ask = () => {
    const card = cards[current], name = nameOf(card), of = surest.get(name) || card;
    const pictured = card.hasAttribute("data-depicted"), nobody = card.dataset.nobody !== undefined;
    question.textContent = nobody ? "Nobody: who is this after all?"
      : who(card).unknown ? `Who is ${name}?`
      : (of === card ? `Is this ${name}` : `Is this the same person: ${name}`) + (pictured ? ", and alive?" : "?");
    find("alive").hidden = !pictured;
    for (const id of ["right", "wrong", "stranger", "depicted", "no_face"]) find(id).hidden = nobody;
    portrait.replaceChildren(of.querySelector(".face").cloneNode(true));
    portrait.className = of.className.replace("card", "");
    portrait.style.cssText = of.style.cssText;
    portrait.title = `The surest picture of ${name}`;
    // Out of the field: single keys are commands again.
    field.value = "";
    field.blur();
  };
  const go = number => {
    current = Math.max(0, Math.min(cards.length - 1, number));
    show();
    ask();
    cards[current].scrollIntoView({ block: "nearest", behavior: "smooth" });
  };
  const next = () => {
    const left = cards.findIndex((card, number) => number > current && !decisions.has(card.dataset.id));
    go(left < 0 ? current + 1 : left);
  };
  const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const put = (card, one) => { decisions.delete(card.dataset.id); decisions.set(card.dataset.id, { ...one, date: now() }); };
  const decide = (decision, to) => {
    const card = cards[current], nobody = card.dataset.nobody !== undefined;
    if (nobody && decision !== "name") return next();
    if (decision === "alive" && !card.hasAttribute("data-depicted")) return;
    if (decision === "right" && decisions.get(card.dataset.id)?.whole) return next();  // of who they are now
    tell("");
    find("apply").hidden = true;
    // All of an unknown person is named or set aside at once, but for the pictures that were decided one by one.
    const whole = Boolean(who(card)?.unknown) && (decision === "name" || decision === "stranger");
    const group = Math.random().toString(36).slice(2);
    const people = whole ? same(card) : [card];
    for (const other of people) {
      const before = decisions.get(other.dataset.id);
      if (other === card || !before || before.whole || before.decision === "right") put(other, { decision, to, whole, group, of: card.dataset.id });
    }
    remember();
    next();
  };
  const undo = () => {
    const last = [...decisions].pop();
    if (last === undefined) return;
    for (const [id, one] of [...decisions]) if (one.group === last[1].group) decisions.delete(id);
    remember();
    go(cards.findIndex(card => card.dataset.id === last[0]));
  };
  // A name, as the command line takes it; nothing where it can be none.
  const known = () => [...list.options].map(option => option.value);
  // A single letter may be a key that was meant; typed again it is the name.
  let doubted = null;
  const name = typed => {
    const one = typed.normalize("NFC").trim().replace(/\s+/g, " ");
    if (!one) return tell("Type a name, or choose one from the list.");
    if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u.test(one)) return tell("Signs that cannot be seen stand in this name.");
    if (!/[\p{L}\p{N}]/u.test(one)) return tell(`${one} is no name: there is no letter in it.`);
    if ([...one].length === 1 && !known().includes(one) && doubted !== one) {
      doubted = one;
      return tell(`Is ${one} a name? Enter again: yes. Keys are keys outside this field: Esc leaves it.`);
    }
    const number = /^unknown\s*(\d+)$/i.exec(one);
    if (number) {
      const unknown = Number(number[1]);
      if (!cards.some(card => who(card)?.unknown === unknown)) return tell(`There is no Unknown ${unknown} on this sheet.`);
      if (root(cards[current]) === unknown) return decide("right");
      return decide("name", `Unknown ${unknown}`);
    }
    const alike = known().filter(each => each.toLowerCase() === one.toLowerCase());
    const found = known().includes(one) || alike.length !== 1 ? one : alike[0];
    if (found === who(cards[current])?.character) return decide("right");
    if (!known().includes(found)) { const option = document.createElement("option"); option.value = found; list.append(option); }
    decide("name", found);
  };
  const digest = value => {
    let hash = 0x811c9dc5;
    for (const sign of JSON.stringify(value)) hash = Math.imul(hash ^ sign.codePointAt(0), 0x01000193) >>> 0;
    return hash.toString(16);
  };
  // A header and a line per decision, as a film's journal has them. The same decision has the same id in every file.
  // An unknown person's picture that is wrong is somebody of their own, whatever the person is called by then.
  const kind_of = (decision, who) => decision === "name" ? "give" : decision !== "wrong" ? decision : who?.unknown ? "split" : "not";
  const person = to => {
    const unknown = unknownIn(to);
    return { character: unknown ? null : to, character_id: null, unknown };
  };
  const placesOf = ids => ids.flatMap(id => facts.get(id).places || [facts.get(id).place]);
  const single = (id, { decision, to, date }) => {
    const { who, place, span_s } = facts.get(id), kind = kind_of(decision, who);
    const request = [sheet.dataset.key, id, kind, date].join("-") + (to ? "-" + digest(to) : "");
    const row = { id: request, kind, by: author.value.trim(), at: date, on: 0, request, parts: [{ who, places: [place] }] };
    if (span_s) row.span_s = span_s;
    if (to) row.to = person(to);
    return row;
  };
  const whole = (ids, { decision, to, of, date: at }) => {
    const parts = [{ who: facts.get(of).who, places: placesOf(ids) }];
    let kind = decision;
    if (to && person(to).unknown) {
      kind = "merge";
      const other = cards.filter(card => who(card)?.unknown === person(to).unknown);
      parts.unshift({ who: person(to), places: placesOf(other.map(card => card.dataset.id)) });
    }
    const request = [sheet.dataset.key, "u" + parts.at(-1).who.unknown, kind, digest([parts, to, at])].join("-");
    return { id: request, kind, by: author.value.trim(), at, on: 0, request, parts, ...(to ? { to: person(to) } : {}) };
  };
  const rows = () => {
    const singles = [], groups = new Map();
    for (const [id, one] of decisions) {
      if (!one.whole) singles.push(single(id, one));
      else if (groups.has(one.group)) groups.get(one.group)[0].push(id);
      else groups.set(one.group, [[id], one]);
    }
    return [
      { schema: sheet.dataset.schema,
        film: { content_id: sheet.dataset.film, path: sheet.dataset.path, size: JSON.parse(sheet.dataset.size) } },
      ...singles, ...[...groups.values()].map(([ids, one]) => whole(ids, one)),
    ];
  };
  const columns = () => {
    const top = cards[0].offsetTop;
    const second = cards.findIndex(card => card.offsetTop > top);
    return second < 0 ? cards.length : second;
  };
  const type = () => { field.focus(); field.select(); doubted = null; };
  const keys = {
    j: () => decide("right"), f: () => decide("wrong"), n: type, a: () => decide("alive"), p: () => decide("depicted"),
    s: () => decide("stranger"), x: () => decide("no_face"), u: undo, ArrowRight: () => go(current + 1), ArrowLeft: () => go(current - 1),
    ArrowDown: () => go(current + columns()), ArrowUp: () => go(current - columns()),
  };
  // The same words as in `personae name`, for hands that stay on the field.
  const dotted = { ".": next, ".s": keys.s, ".x": keys.x, ".n": keys.f, ".u": undo };
  addEventListener("keydown", event => {
    if (event.target instanceof HTMLInputElement) { if (event.key === "Escape") event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key] || keys[event.key.toLowerCase()];
    if (act) { event.preventDefault(); act(); }
    else if (event.key === ".") type();  // the sign itself then lands in the field
  });
  addEventListener("click", event => {
    const card = event.target.closest(".card");
    if (card) go(cards.indexOf(card));
  });
  for (const decision of ["right", "wrong", "alive", "depicted", "stranger", "no_face"])
    find(decision).addEventListener("click", () => decide(decision));
  find("undo").addEventListener("click", undo);
  find("naming").addEventListener("submit", event => {
    event.preventDefault();
    const typed = field.value.trim();
    if (!typed) return type();
    if (typed.startsWith(".")) return dotted[typed] ? dotted[typed]() : tell(`${typed} is no command. There are . .s .x .n .u`);
    name(typed);
  });
  author.addEventListener("input", remember);
  // A name that no other file has: the browser would add a number, and the command would be about another file.
  const fileName = () => `${sheet.dataset.download}-${now().replace(/[-:Z]/g, "").replace("T", "-")}.jsonl`.replace(/[\/\\:*?"<>|]/g, "_");
  save.addEventListener("click", () => {
    const link = document.createElement("a"), file = fileName();
    link.href = URL.createObjectURL(new Blob(rows().map(row => JSON.stringify(row) + "\n"), { type: "application/jsonl" }));
    link.download = file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    document.querySelector("[data-file]").textContent = "~/Downloads/" + quoted(file);
    find("apply").hidden = false;
  });
  try {
    const kept = JSON.parse(localStorage.getItem(key) || "{}");
    author.value = kept.author || "";
    for (const [id, found] of kept.decisions || []) if (facts.has(id)) decisions.set(id, found);
  } catch { /* nothing kept */ }
  go(Math.max(0, cards.findIndex(card => !decisions.has(card.dataset.id))));
}
