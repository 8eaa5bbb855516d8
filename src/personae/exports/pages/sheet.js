"use strict";
const sheet = document.querySelector(".cards"), cards = [...document.querySelectorAll(".card")];
if (cards.length) {
  const done = document.querySelector("#done"), meter = document.querySelector(".meter i");
  const save = document.querySelector("#save"), author = document.querySelector("#author");
  const key = "personae:" + sheet.dataset.key;
  const decisions = new Map();
  let current = 0;
  // Kept in the browser, so that a closed tab loses nothing; some browsers forbid that for local files.
  const remember = () => {
    try { localStorage.setItem(key, JSON.stringify({ author: author.value, decisions: [...decisions] })); } catch { /* not kept */ }
  };
  const show = () => {
    cards.forEach((card, number) => {
      const found = decisions.get(card.dataset.id);
      if (found) card.dataset.decision = found.decision; else delete card.dataset.decision;
      if (number === current) card.setAttribute("aria-current", "true"); else card.removeAttribute("aria-current");
    });
    done.textContent = `${decisions.size} of ${cards.length} decided`;
    meter.style.width = `${100 * decisions.size / cards.length}%`;
    save.disabled = decisions.size === 0;
  };
  // Beside the question: the face that is surest to be the character, to compare with.
  const asked = document.querySelector("#asked"), question = document.querySelector("#question");
  const surest = new Map(cards.map(card => [card.querySelector("b").textContent, card]));
  // Who is taken for a picture in the picture is in no total, until somebody says that they are alive, or who they are.
  const ask = () => {
    const name = cards[current].querySelector("b").textContent, of = surest.get(name);
    const pictured = cards[current].hasAttribute("data-depicted");
    question.textContent = (of === cards[current] ? `Is this ${name}` : `Is this the same person: ${name}`) + (pictured ? ", and alive?" : "?");
    document.querySelector("#alive").hidden = !pictured;
    asked.replaceChildren(of.querySelector(".face").cloneNode(true));
    asked.className = of.className.replace("card", "");
    asked.style.cssText = of.style.cssText;
    asked.title = `The surest picture of ${name}`;
  };
  const go = number => {
    current = Math.max(0, Math.min(cards.length - 1, number));
    show();
    ask();
    cards[current].scrollIntoView({ block: "nearest", behavior: "smooth" });
  };
  const decide = decision => {
    decisions.set(cards[current].dataset.id, { decision, date: new Date().toISOString().replace(/\.\d+Z$/, "Z") });
    remember();
    go(current + 1);
  };
  const undo = () => {
    const last = [...decisions.keys()].pop();
    if (last === undefined) return;
    decisions.delete(last);
    remember();
    go(cards.findIndex(card => card.dataset.id === last));
  };
  // A header and a line per decision, as a film's journal has them. The same decision has the same id in every file.
  const rows = () => [
    { schema: sheet.dataset.schema,
      film: { content_id: sheet.dataset.film, path: sheet.dataset.path, size: JSON.parse(sheet.dataset.size) } },
    ...[...decisions].map(([id, { decision, date }]) => {
      const { who, place, span_s } = JSON.parse(cards.find(card => card.dataset.id === id).dataset.facts);
      const kind = decision === "wrong" ? "not" : decision, name = [sheet.dataset.key, id, kind, date].join("-");
      return { id: name, kind, by: author.value.trim(), at: date, on: 0, request: name, parts: [{ who, places: [place] }], span_s };
    }),
  ];
  const columns = () => {
    const top = cards[0].offsetTop;
    const second = cards.findIndex(card => card.offsetTop > top);
    return second < 0 ? cards.length : second;
  };
  const keys = {
    j: () => decide("right"), a: () => decide("alive"), p: () => decide("depicted"), f: () => decide("wrong"), u: undo, ArrowRight: () => go(current + 1), ArrowLeft: () => go(current - 1),
    ArrowDown: () => go(current + columns()), ArrowUp: () => go(current - columns()),
  };
  addEventListener("keydown", event => {
    if (event.target === author || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key] || keys[event.key.toLowerCase()];
    if (act) { event.preventDefault(); act(); }
  });
  sheet.addEventListener("click", event => {
    const card = event.target.closest(".card");
    if (card) go(cards.indexOf(card));
  });
  for (const decision of ["right", "alive", "depicted"])
    document.querySelector("#" + decision).addEventListener("click", () => decide(decision));
  document.querySelector("#wrong").addEventListener("click", () => decide("wrong"));
  document.querySelector("#undo").addEventListener("click", undo);
  author.addEventListener("input", remember);
  save.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(rows().map(row => JSON.stringify(row) + "\n"), { type: "application/jsonl" }));
    link.download = sheet.dataset.download;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  try {
    const kept = JSON.parse(localStorage.getItem(key) || "{}");
    author.value = kept.author || "";
    for (const [id, found] of kept.decisions || []) if (cards.some(card => card.dataset.id === id)) decisions.set(id, found);
  } catch { /* nothing kept */ }
  go(Math.max(0, cards.findIndex(card => !decisions.has(card.dataset.id))));
}
