// Keeps the page as the server has it. Everything works by plain forms and links;
// this sends forms without leaving the page, and asks for the page anew whenever
// the server says that something changed. What somebody is typing stays.
"use strict";

const base = document.body.dataset.base;

// morph makes the page what html says. The form that was sent is made new; others
// stay as they are while somebody is at work in them.
function morph(html, sent) {
  const next = new DOMParser().parseFromString(html, "text/html");
  const followed = [...document.querySelectorAll("[data-follow]")].filter(atEnd).map((list) => list.id);
  sent?.closest("dialog")?.close();
  sent?.reset();
  Idiomorph.morph(document.body, next.body, {
    morphStyle: "outerHTML",
    callbacks: {
      beforeNodeMorphed(old, fresh) {
        if (old instanceof HTMLFormElement && old !== sent && edited(old)) return false;
        if (old instanceof HTMLDialogElement && old.open) return false;
        if (old instanceof HTMLDetailsElement) fresh.open = old.open;
      },
    },
  });
  document.title = next.title;
  for (const id of followed) toEnd(document.getElementById(id));
  showDialogs();
}

const atEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 40;
const toEnd = (list) => { if (list) list.scrollTop = list.scrollHeight; };

// edited tells whether a form holds something that the server did not put there.
function edited(form) {
  return [...form.elements].some((field) => {
    if (field.type === "range") return field === document.activeElement && field.value !== field.defaultValue;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field instanceof HTMLSelectElement) return [...field.options].some((o) => o.selected !== o.defaultSelected) && field.selectedIndex > 0;
    return field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
  });
}

// showDialogs makes dialogs that the server left open what they are with a click.
function showDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]:not(:modal)")) {
    dialog.close();
    dialog.showModal();
  }
}

// One question at a time: what changes meanwhile is asked for once more afterwards.
let asking = false, again = false;
async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  try {
    const response = await fetch(location.href);
    const html = await response.text();
    if (sending === 0) morph(html);
  } catch {
    // The server is away; the stream of events says when it is back.
  } finally {
    asking = false;
    if (again) { again = false; setTimeout(refresh, 50); }
  }
}

let sending = 0;
async function send(form, submitter) {
  sending++;
  try {
    const response = await fetch(submitter?.getAttribute("formaction") || form.getAttribute("action"), {
      method: "POST",
      body: new URLSearchParams(new FormData(form, submitter)),
    });
    const html = await response.text();
    if (response.redirected && response.url !== location.href) history.pushState(null, "", response.url);
    morph(html, form);
  } catch {
    toast("The server cannot be reached. Nothing was sent.");
  } finally {
    sending--;
  }
}

function toast(text) {
  const line = document.getElementById("toast");
  line.textContent = text;
  line.hidden = false;
  setTimeout(() => { line.hidden = true; }, 5000);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || "plain" in form.dataset) return;
  event.preventDefault();
  send(form, event.submitter);
});

// Enter sends a message, with Shift it is a new line.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !("enter" in event.target.dataset)) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

document.addEventListener("change", (event) => {
  if ("submit" in event.target.dataset) event.target.form.requestSubmit();
});

// A phrase that is offered can be put into the message, to be changed there.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const field = document.getElementById(button.dataset.into);
  field.value = button.dataset.insert;
  field.focus();
});

window.addEventListener("popstate", refresh);

// Presence: this page says that it is there, and when it goes.
const here = crypto.randomUUID?.() ?? String(Math.random());
function tell(what) {
  return navigator.sendBeacon(`${base}/${what}`, new URLSearchParams({ page: here }));
}

// Browsers open six connections to a server at most, so pages that nobody looks at
// hold none; they ask anew when they are looked at.
let stream = null;
function listen() {
  if (document.hidden) {
    stream?.close();
    stream = null;
    return;
  }
  if (stream) return;
  stream = new EventSource(`${base}/events`);
  stream.addEventListener("changed", refresh);
}

document.querySelectorAll("[data-follow]").forEach(toEnd);
showDialogs();
if (base) {
  tell("here");
  setInterval(() => tell("here"), 10_000);
  addEventListener("pagehide", () => tell("gone"));
  addEventListener("pageshow", (event) => { if (event.persisted) tell("here"); });
  document.addEventListener("visibilitychange", listen);
  listen();
}
