// One stream of events per browser, shared by its tabs: a browser opens six connections to a server of HTTP/1.1, and
// eight tabs with a stream each would leave none for anything else. The tab that holds the lock reads for all.
import { isForgetting, root } from "./api.js";
import { signal } from "./html.js";

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("personae-events") : null;
const KINDS = ["job", "media", "cast", "decision", "training", "people", "forgetting", "reset"];
const TRY_AGAIN_MS = 2000;
/** Whether events come in; before anything is known they are thought to. */
export const isLive = signal(true);

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
  const wasForgetting = isForgetting.peek();
  if (kind === "forgetting") isForgetting.value = data.active;
  else if (kind === "hello") isForgetting.value = data.forgetting ?? false;
  // While somebody is being forgotten the lists keep what they show; then all is read again.
  if (isForgetting.peek() && !["job", "hello", "away"].includes(kind)) return;
  for (const listener of listeners) listener(kind, data);
  if (wasForgetting && !isForgetting.peek() && kind === "hello") for (const listener of listeners) listener("reset", {});
}

/** Begin to listen. */
export function follow() {
  if (!channel || !navigator.locks) return read();
  channel.addEventListener("message", ({ data }) => {
    if (data.kind !== "hello?") tell(data.kind, data.data);
  });
  // Held until this tab ends; then the next one reads.
  void navigator.locks.request("personae-events", () => {
    read();
    return new Promise(() => {});
  });
  return channel.postMessage({ kind: "hello?", data: {} });
}

function read() {
  /** @type {EventSource} */
  let stream;
  let wasAway = false;
  /** @param {string} kind @param {any} data */
  const say = (kind, data) => {
    tell(kind, data);
    channel?.postMessage({ kind, data });
  };
  const open = () => {
    stream = new EventSource(new URL("events", root));
    stream.addEventListener("hello", (event) => {
      say("hello", JSON.parse(event.data));
      if (wasAway) say("reset", {}); // a new stream does not know what this one has missed
      wasAway = false;
    });
    stream.addEventListener("error", () => {
      say("away", {});
      // The browser gives up where something else answered: a proxy without its server.
      if (stream.readyState !== EventSource.CLOSED) return;
      wasAway = true;
      setTimeout(open, TRY_AGAIN_MS);
    });
    for (const kind of KINDS) stream.addEventListener(kind, (event) => say(kind, JSON.parse(event.data)));
  };
  open();
  channel?.addEventListener("message", ({ data }) => {
    if (data.kind === "hello?") channel.postMessage({ kind: stream.readyState === EventSource.OPEN ? "hello" : "away", data: { forgetting: isForgetting.peek() } });
  });
}
