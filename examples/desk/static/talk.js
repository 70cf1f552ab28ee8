// What the fields and buttons of a conversation do besides: Enter sends, a phrase is
// put into the message, and the server hears who is writing and what was read.
"use strict";

// Enter sends a message, with Shift it is a new line.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !("enter" in event.target.dataset)) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// A phrase that is offered can be put into the message, to be changed there.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const field = button && document.getElementById(button.dataset.into);
  if (!field) return;
  field.value = [field.value, button.dataset.insert].filter(Boolean).join(" ");
  field.focus();
});

// Who is writing counts as there; it is enough to say so now and then.
let wrote = 0;
document.addEventListener("input", (event) => {
  const url = event.target.dataset.typing;
  if (!url || Date.now() - wrote < 3000) return;
  wrote = Date.now();
  navigator.sendBeacon(url);
});

// Answers are read when they are there and somebody can see them.
let read = "";
async function tellRead() {
  const url = document.querySelector("[data-read]")?.dataset.read ?? "";
  if (document.hidden || url === "" || url === read) return;
  read = url;
  const done = await fetch(url, { method: "POST" }).then((response) => response.ok, () => false);
  if (!done) read = "";
}
document.addEventListener("shown", tellRead);
document.addEventListener("visibilitychange", tellRead);
tellRead();

// Browsers that do not know command and commandfor yet open dialogs with this.
if (!("command" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (button?.getAttribute("command") === "show-modal") dialog?.showModal();
    else dialog?.close();
  });
}
