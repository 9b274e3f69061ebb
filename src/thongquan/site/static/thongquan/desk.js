// What the keyboard does. Pages work without it: every key is written on a link or a button that does the same.
//   j k        next, previous row        Enter   open it          Esc   back to the list, or close what is open
//   a letter   the act whose button shows it                      / or Ctrl K   the search field
"use strict";

const typing = (element) => element.matches("input, select, textarea, [contenteditable]");
const rows = () => Array.from(document.querySelectorAll("[data-row]"));

function choose(row) {
  for (const other of rows()) other.classList.toggle("here", other === row);
  row.scrollIntoView({ block: "nearest" });
  const link = row.querySelector("a");
  link.focus({ preventScroll: true });
  row.dispatchEvent(new Event("chosen"));
}

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const now = all.findIndex((row) => row.classList.contains("here"));
  choose(all[Math.min(all.length - 1, Math.max(0, now + by))]);
  return true;
}

function open(letter) {
  const target = document.querySelector(`[data-key="${letter}"]`);
  if (!target) return false;
  if (target.matches("summary")) {
    target.parentElement.open = true;
    const field = target.parentElement.querySelector("input:not([type=hidden]), select, textarea, button");
    if (field) field.focus();
  } else {
    target.click();
  }
  return true;
}

function escape(element) {
  if (typing(element)) {
    element.blur();
    return true;
  }
  const opened = document.querySelector("details.act[open]");
  if (opened) {
    opened.open = false;
    opened.querySelector("summary").focus();
    return true;
  }
  const back = document.querySelector("[data-back]");
  if (back) back.click();
  return Boolean(back);
}

function enter(element) {
  const row = document.querySelector("[data-row].here");
  if (!row || element.matches("a, button, summary")) return false;
  row.querySelector("a").click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const element = event.target instanceof Element ? event.target : document.body;
  if (event.key === "Escape" ? escape(element) : false) return event.preventDefault();
  if (typing(element)) return;
  let done = false;
  if (event.key === "j") done = step(1);
  else if (event.key === "k") done = step(-1);
  else if (event.key === "Enter") done = enter(element);
  else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) search.focus();
    done = Boolean(search);
  } else if (/^[a-z]$/i.test(event.key)) done = open(event.key.toUpperCase());
  if (done) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (row && !event.target.closest("a, button, input, label")) choose(row);
});

// A form that is sent once is not sent again by a second press; its key would make the second answer the first.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.once === undefined) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// The summary of what is wrong is read out first.
const summary = document.querySelector(".errors");
if (summary) summary.focus();
