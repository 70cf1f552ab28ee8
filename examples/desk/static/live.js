// Keeps the page as the server has it. Everything works by plain forms and links;
// this sends forms without leaving the page, and asks for the page anew whenever
// the server says that something changed. What somebody is typing stays.
"use strict";

const base = document.body.dataset.base;
const byID = (id) => document.getElementById(id);
const start = () => document.querySelector("[data-focus]"); // where a page begins for who uses the keyboard

// show makes the page what the server answered. The form that was sent is made new;
// others stay as they are while somebody is at work in them.
function show(response, html, sent) {
  if (response.redirected && response.url !== location.href.split("#")[0]) {
    location.assign(response.url); // what is kept here is not for another page
    return;
  }
  const next = new DOMParser().parseFromString(html, "text/html");
  const followed = [...document.querySelectorAll("[data-follow]")].filter((list) => sent || atEnd(list));
  sent?.closest("dialog")?.close();
  sent?.reset();
  delete sent?.dataset.keep;
  delete sent?.dataset.unanswered;
  const focused = document.activeElement.id;
  Idiomorph.morph(document.body, next.body, { callbacks: {
    beforeNodeMorphed: morphs,
    beforeNodeRemoved: (old) => !(old instanceof Element) || !(inUse(old) || (!sent && old.matches("[role=alert]"))),
  } });
  document.title = next.title;
  followed.forEach(toEnd);
  showDialogs();
  if (document.activeElement === document.body) (byID(focused) ?? (sent && byID("text")) ?? start())?.focus();
  document.dispatchEvent(new Event("shown"));
}

function morphs(old, fresh) {
  if (old instanceof HTMLFormElement && "unanswered" in old.dataset) keepID(old, fresh);
  if (old.id === "toast" || (old instanceof HTMLDialogElement && old.open)) return false;
  if (old instanceof HTMLFormElement && edited(old)) {
    if (!onTheWay.has(old)) renew(old, fresh);
    return false;
  }
  if (old instanceof HTMLDetailsElement) fresh.open = old.open;
  return true;
}

// inUse tells whether somebody is at work in what would go: they hear of it when
// they send it. Why something was refused stays until something else is sent.
const inUse = (element) => [element, ...element.querySelectorAll("dialog, form")]
  .some((e) => (e instanceof HTMLDialogElement && e.open) || (e instanceof HTMLFormElement && edited(e)));

// edited tells whether a form holds something that the server did not put there, or
// gave back because it was refused.
function edited(form) {
  return "keep" in form.dataset || [...form.elements].some((field) => {
    if (field.type === "range") return field === document.activeElement && field.value !== field.defaultValue;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field instanceof HTMLSelectElement) return chosen(field);
    return field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
  });
}

// chosen tells whether another option is chosen than at first, which is the first one
// if the page does not say.
const chosen = ({ options, selectedIndex }) => selectedIndex !== Math.max(0, [...options].findIndex((o) => o.defaultSelected));

// renew gives a form that is kept what is not typed: its ID, and what is seen now.
function renew(form, fresh) {
  for (const field of fresh.querySelectorAll("input[type=hidden]")) {
    const old = form.elements.namedItem(field.name);
    if (old?.type === "hidden") old.value = field.value;
  }
}

// keepID lets a form whose answer got lost keep its ID: sent again, it counts once.
function keepID(form, fresh) {
  fresh.dataset.unanswered = "";
  fresh.querySelector("[name=request]")?.setAttribute("value", form.elements.namedItem("request")?.value ?? "");
}

// A list that grows is followed while its end is seen. On a phone the page scrolls.
const scroller = (list) => getComputedStyle(list).overflowY === "visible" ? document.scrollingElement : list;
const left = (box) => box.scrollHeight - box.scrollTop - box.clientHeight;
const atEnd = (list) => left(scroller(list)) < 40;
const toEnd = (list) => { scroller(list).scrollTop = scroller(list).scrollHeight; };

// showDialogs makes dialogs that the server left open what they are with a click.
function showDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]:not(:modal)")) {
    dialog.close();
    dialog.showModal();
  }
}

// isPage tells whether an answer is what can be shown, be it a refusal.
const isPage = (response) => response.status < 500 && response.headers.get("Content-Type")?.startsWith("text/html");

// One question at a time, and none while a form is on its way, because its answer
// is newer: what changes meanwhile is asked for once more afterwards.
const onTheWay = new Set();
let sends = 0, asking = false, again = false;
async function refresh() {
  again = asking || onTheWay.size > 0;
  if (again) return;
  asking = true;
  const before = sends;
  try {
    const response = await fetch(location.href);
    const html = await response.text();
    if (sends !== before) again = true;
    else if (isPage(response)) show(response, html);
  } catch {
    // The server is away; the stream of events says when it is back.
  } finally {
    asking = false;
    if (again) setTimeout(refresh, 50);
  }
}

// send sends a form. Until the answer is there it stays as it is and cannot be sent
// again; sent again after that it counts once, because its ID is the same.
async function send(form, submitter) {
  if (onTheWay.has(form)) return;
  onTheWay.add(form);
  sends++;
  const message = form.querySelector("[data-enter]"), said = message?.value;
  const slider = form.querySelector("[data-submit]"), stood = slider?.value;
  let moved; // to where, meanwhile
  try {
    const response = await fetch(submitter?.getAttribute("formaction") || form.getAttribute("action"), {
      method: "POST",
      body: new URLSearchParams(new FormData(form, submitter)),
    });
    const html = await response.text();
    if (response.status === 413) throw new Error("That is too long.");
    if (!isPage(response)) throw new Error("The server did not do it.");
    const meanwhile = message?.value.startsWith(said) ? message.value.slice(said.length) : "";
    if (slider && slider.value !== stood) moved = slider.value;
    show(response, html, form);
    if (meanwhile) message.value += meanwhile;
    if (moved) slider.value = moved;
  } catch (problem) {
    form.dataset.unanswered = "";
    toast(problem instanceof TypeError ? "The server did not answer. Please try again: it counts once." : problem.message);
  } finally {
    onTheWay.delete(form);
    if (moved) form.requestSubmit();
    else if (again) refresh();
  }
}

// toast shows a line over everything else for a while.
let over;
function toast(text) {
  const line = byID("toast");
  (document.querySelector("dialog:modal") ?? document.body).append(line);
  line.textContent = text;
  line.hidden = false;
  clearTimeout(over);
  over = setTimeout(() => { line.hidden = true; }, 5000);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || "plain" in form.dataset) return;
  event.preventDefault();
  send(form, event.submitter);
});

document.addEventListener("change", (event) => {
  if ("submit" in event.target.dataset) event.target.form.requestSubmit();
});

for (const list of document.querySelectorAll("[data-follow]")) {
  if (scroller(list) === list || byID("text")) toEnd(list);
}
showDialogs();
if (document.activeElement === document.body) start()?.focus({ preventScroll: true });
