// A scoreboard or console that goes on by itself: what the server sends is put where the page has it already.
"use strict";
const area = document.querySelector("[data-live]");
const chinese = document.documentElement.lang.startsWith("zh");
const part = (name) => area.querySelector(`[data-${name}]`);
const named = (thing) => (chinese && thing.name_zh ? thing.name_zh : thing.name);
let showing = null;
let ahead = 0; // milliseconds that the server's clock is ahead of this one
let arrived = 0;

function cell(kind, text, className) {
  const made = document.createElement(kind);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function ranking(rows) {
  part("ranking").hidden = rows === null;
  const body = part("ranking").querySelector("tbody");
  body.replaceChildren(...(rows || []).map((row) => {
    const line = document.createElement("tr");
    if (row.through) line.className = "through";
    const entry = cell("th", "");
    entry.scope = "row";
    const link = cell("a", `${row.entry} ${named(row)}`);
    link.href = `/contest/entries/${encodeURIComponent(row.entry)}`;
    entry.append(link);
    line.append(cell("td", row.place ?? "–", "number"), entry, cell("td", row.result ?? "–", "number"), cell("td", `${row.scores}/${row.wanted}`, "number"));
    return line;
  }));
}

function panel(judges) {
  const table = part("panel");
  if (!table || !judges) return;
  table.querySelector("tbody").replaceChildren(...judges.map((judge) => {
    const line = document.createElement("tr");
    const name = cell("th", `${judge.judge} ${judge.name}`);
    name.scope = "row";
    const on = judge.on === null ? "–" : judge.on ? table.dataset.sayYes : table.dataset.sayNo;
    line.append(name, cell("td", on), cell("td", `${judge.scored}/${judge.assigned}`, "number"), cell("td", judge.missing.join(", ")));
    return line;
  }));
}

function clock() {
  const time = part("time");
  if (!showing || !showing.seconds) { time.textContent = ""; return; }
  const left = Math.ceil(showing.seconds - (Date.now() + ahead - Date.parse(showing.since)) / 1000);
  const all = Math.abs(left);
  time.textContent = `${left < 0 ? "−" : ""}${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")}`;
  time.classList.toggle("over", left < 0);
}

function show(board) {
  ahead = Date.parse(board.now) - Date.now();
  const state = part("state");
  const before = state.dataset.state;
  state.dataset.state = board.scoreboard;
  state.textContent = state.getAttribute(`data-say-${board.scoreboard}`);
  part("refused").hidden = !board.refused;
  part("refused").textContent = board.refused || "";
  ranking(board.rows);
  panel(board.panel);
  const was = showing;
  showing = board.showing;
  if (showing) {
    part("entry").textContent = `${showing.entry} ${named(showing)}`;
    part("phase").textContent = part("clock").getAttribute(`data-say-${showing.phase}`);
  }
  clock();
  return before !== board.scoreboard || (was && showing && (was.entry !== showing.entry || was.phase !== showing.phase)) || (!was && showing);
}

if (area) {
  show(JSON.parse(area.dataset.board));
  setInterval(clock, 250);
  const source = new EventSource(area.dataset.live);
  const connection = part("connection");
  source.addEventListener("open", () => { if (connection) connection.textContent = connection.dataset.sayOn; });
  source.addEventListener("error", () => { if (connection) connection.textContent = connection.dataset.sayOff; });
  for (const kind of ["score_arrived", "score_submitted"]) {
    source.addEventListener(kind, () => {
      arrived += 1;
      if (part("arrived")) part("arrived").textContent = arrived;
    });
  }
  source.addEventListener("board", (message) => {
    // On the console the buttons of another stage or entry come from the server; nobody types there meanwhile but a reason.
    if (show(JSON.parse(message.data)) && part("panel") && !document.getElementById("reason").value) location.reload();
  });
}
