// Scores wait in this browser until the server has receipted them. Each carries the time at which it was given: sent twice, it is one.
"use strict";
const box = document.querySelector("[data-queue]");
const KEY = box && `vnest-scores-${box.dataset.judge}`;
const RETRY = 4000;
let sending = false;

const waiting = () => JSON.parse(localStorage.getItem(KEY) || "[]");
const keep = (scores) => localStorage.setItem(KEY, JSON.stringify(scores));
const formOf = (score) => document.querySelector(`form[data-stage="${CSS.escape(score.stage)}"][data-entry="${CSS.escape(score.entry)}"]`);

function say(score, text) {
  const form = formOf(score);
  if (form) form.querySelector("[data-outcome]").textContent = text;
}

function show(text) {
  const count = waiting().length;
  box.textContent = (count ? `${box.dataset.sayWaiting} ${count}` : box.dataset.sayEmpty) + (text ? ` ${text}` : "");
}

function receipted(score, seq) {
  say(score, `${box.dataset.sayArrived} ${seq}`);
  const mark = document.querySelector(`[data-given="${CSS.escape(`${score.stage}/${score.entry}`)}"]`);
  if (mark) mark.textContent = "✓";
  const form = formOf(score);
  if (form) { form.elements.reason.required = true; form.elements.reason.value = ""; }
}

async function send() {
  if (sending) return;
  sending = true;
  try {
    for (let scores = waiting(); scores.length; scores = waiting()) {
      const score = scores[0];
      const answer = await fetch("/api/contest/scores", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": box.dataset.csrf },
        body: JSON.stringify(score),
      });
      if (answer.status === 401 || answer.status === 403) { show(box.dataset.sayLogin); return; }
      if (answer.status === 429 || answer.status >= 500) { show(); return; }
      const found = await answer.json();
      keep(waiting().filter((other) => other.at !== score.at || other.entry !== score.entry || other.stage !== score.stage));
      if (answer.ok) { receipted(score, found.seq); show(); } else { say(score, `${box.dataset.sayRefused} ${found.detail}`); show(); }
    }
  } catch (error) {
    show(); // no connection: they go on waiting
  } finally {
    sending = false;
  }
}

if (box) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.action.endsWith("/logout") && waiting().length) { event.preventDefault(); show(box.dataset.sayLeave); return; }
    if (!form.matches("[data-score]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const marks = {};
    for (const field of form.querySelectorAll("[name^=mark_]")) marks[field.name.slice(5)] = field.value;
    const score = { stage: form.dataset.stage, entry: form.dataset.entry, marks, at: new Date().toISOString(), reason: form.elements.reason.value };
    keep([...waiting(), score]);
    say(score, box.dataset.saySent);
    show();
    send();
  }, true);
  addEventListener("online", send);
  setInterval(send, RETRY);
  show();
  for (const score of waiting()) say(score, box.dataset.saySent);
  send();
  // The page opens without a connection too, as it was last seen.
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/contest/worker.js", { scope: "/contest/judging" });
}
