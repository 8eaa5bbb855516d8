const lanes = document.querySelector(".lanes");
if (lanes) {
  const length = Number(lanes.dataset.seconds), axis = lanes.querySelector(".ticks");
  const readout = document.querySelector(".readout"), slider = document.querySelector(".zoom input");
  // As everywhere on the page: hours, minutes, seconds, tenths.
  const two = number => String(number).padStart(2, "0");
  const clock = s => `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(Math.floor(s % 60))}.0`;
  const ticks = () => {
    const room = Math.max(1, axis.clientWidth / 92);
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].find(s => length / s <= room) || 14400;
    axis.replaceChildren();
    for (let s = 0; s < length; s += step) {
      if ((1 - s / length) * axis.clientWidth < 64) break;
      const tick = document.createElement("s");
      tick.style.left = `${100 * s / length}%`;
      tick.textContent = clock(s);
      axis.append(tick);
    }
  };
  const zoom = () => { lanes.style.setProperty("--zoom", 2 ** Number(slider.value)); ticks(); };
  slider.addEventListener("input", zoom);
  addEventListener("resize", ticks);
  const show = event => {
    const bar = event.target.closest("i[data-t]");
    if (!bar) return;
    lanes.querySelectorAll("i.on").forEach(other => other.classList.remove("on"));
    bar.classList.add("on");
    const name = document.createElement("b");
    name.textContent = bar.closest(".lane").dataset.name;
    readout.replaceChildren(name, "  " + bar.dataset.t);
  };
  lanes.addEventListener("pointerover", show);
  lanes.addEventListener("click", show);
  zoom();
}
// A click on somebody puts them into the command beside.
for (const cards of document.querySelectorAll(".people")) cards.addEventListener("click", event => {
  const card = event.target.closest("[data-name]"), who = cards.parentElement.querySelector("[data-who]");
  if (card && who) who.textContent = quoted(card.dataset.name);
});
