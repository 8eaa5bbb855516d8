// One stream of events per browser, shared by its tabs: a browser opens six connections to a server of HTTP/1.1, and
// eight tabs with a stream each would leave none for anything else. The tab that holds the lock reads for all.
import { root } from "./api.js";
import { signal } from "./html.js";

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("personae-events") : null;
const KINDS = ["job", "media", "cast", "decision", "training", "forgetting", "reset"];
/** Whether events come in. */
export const isLive = signal(false);

/** @type {Set<(kind: string, data: any) => void>} */
const listeners = new Set();

/** @param {(kind: string, data: any) => void} listener @returns {() => void} that ends it */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {string} kind @param {any} data */
function tell(kind, data) {
  isLive.value = kind !== "away";
  for (const listener of listeners) listener(kind, data);
}

/** Begin to listen. */
export function follow() {
  if (!channel || !navigator.locks) {
    read();
    return;
  }
  channel.addEventListener("message", ({ data }) => tell(data.kind, data.data));
  // Held until this tab ends; then the next one reads.
  void navigator.locks.request("personae-events", () => {
    read();
    return new Promise(() => {});
  });
  channel.postMessage({ kind: "hello?", data: {} });
}

function read() {
  const stream = new EventSource(new URL("events", root));
  const say = (kind, data) => {
    tell(kind, data);
    channel?.postMessage({ kind, data });
  };
  stream.addEventListener("hello", () => say("hello", {}));
  stream.addEventListener("error", () => say("away", {}));
  for (const kind of KINDS) stream.addEventListener(kind, (event) => say(kind, JSON.parse(event.data)));
  channel?.addEventListener("message", ({ data }) => {
    if (data.kind === "hello?") channel.postMessage({ kind: stream.readyState === EventSource.OPEN ? "hello" : "away", data: {} });
  });
}
