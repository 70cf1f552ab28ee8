// Hears from the server that something changed, and tells it that this page is there.
"use strict";

// Browsers open six connections to a server at most. So of the pages that are looked
// at one listens, and tells the others.
const others = new BroadcastChannel("desk");
function hear(word) {
  if (word === "changed") refresh();
  else if (!document.hidden) toast("The server cannot be reached. This page goes on when it is back.");
}

let looked = null; // ends with being looked at
function listen() {
  if (document.hidden) {
    looked?.abort();
    looked = null;
  } else if (!looked) {
    looked = new AbortController();
    const { signal } = looked;
    const locks = navigator.locks ?? { request: (_name, _options, its) => its() }; // browsers have none for http from elsewhere
    locks.request("events", { signal }, () => stream(signal)).catch(() => {}); // hidden before its turn
    refresh(); // for what it missed
  }
}

// stream listens until nobody looks at the page.
async function stream(signal) {
  if (signal.aborted) return;
  const events = new EventSource(`${base}/events`);
  const say = (word) => { hear(word); others.postMessage(word); };
  events.addEventListener("changed", () => say("changed"));
  events.onerror = () => { // mostly it tries again by itself
    setTimeout(() => {
      if (signal.aborted || events.readyState === EventSource.OPEN) return;
      say("away");
      if (events.readyState === EventSource.CONNECTING) return;
      looked.abort();
      looked = null;
      listen();
    }, 1500);
  };
  await new Promise((ended) => signal.addEventListener("abort", ended));
  events.close();
}

// Presence: this page says that it is there, and when it goes.
const here = crypto.randomUUID?.() ?? String(Math.random());
function tell(what) {
  return navigator.sendBeacon(`${base}/${what}`, new URLSearchParams({ page: here }));
}

if (base) {
  others.onmessage = (event) => hear(event.data);
  tell("here");
  setInterval(() => tell("here"), 10_000);
  addEventListener("pagehide", () => tell("gone"));
  addEventListener("pageshow", (event) => { if (event.persisted) tell("here"); });
  document.addEventListener("visibilitychange", listen);
  listen();
}
