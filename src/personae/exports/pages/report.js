"use strict";
const lanes = document.querySelector(".lanes");
if (lanes) {
  const length = Number(lanes.dataset.seconds), axis = lanes.querySelector(".ticks");
  const readout = document.querySelector(".readout"), slider = document.querySelector(".zoom input");
  const clock = s => {
    const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60, rest = String(Math.floor(s % 60)).padStart(2, "0");
    return h ? `${h}:${String(m).padStart(2, "0")}:${rest}` : `${m}:${rest}`;
  };
  const ticks = () => {
    const room = Math.max(1, axis.clientWidth / 84);
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].find(s => length / s <= room) || 14400;
    axis.replaceChildren();
    for (let s = 0; s < length; s += step) {
      if ((1 - s / length) * axis.clientWidth < 48) break;
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
