// Times as people read them: moments in a film by its own clock, dates as the browser has them.

/** A moment of a film, from its first picture on. @param {number} s */
export function clock(s) {
  const whole = Math.max(0, Math.floor(s));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((n) => String(n).padStart(2, "0"));
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${parts.join(":")}` : `${Math.floor(whole / 60)}:${parts[1]}`;
}

/** A date and time: today's without the date. @param {number | string} when seconds since 1970, or as a journal has it */
export function date(when) {
  const then = new Date(typeof when === "number" ? 1000 * when : when);
  if (Number.isNaN(then.getTime())) return String(when);
  const isToday = then.toDateString() === new Date().toDateString();
  return then.toLocaleString([], isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}
