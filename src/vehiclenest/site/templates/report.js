// Draws the charts, switches the language, and searches and sorts the vehicles. Everything it shows is in the page already.
"use strict";
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const narrow = () => window.innerWidth < 700;
  const chinese = () => root.lang.startsWith("zh");
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim() || getComputedStyle(root).getPropertyValue("--strong").trim();
  // Plotly reads markup in its texts.
  const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const called = (name) => plain(chinese() ? name.zh : narrow() ? name.short : name.en);
  const figure = (value, digits) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  // As `_tonnes` does in the page's tables.
  const tonnes = (kg) => {
    const least = 1000 / 10 ** data.digits;
    return kg < least / 2 ? `<${figure(least / 1000, data.digits)} t` : `${figure(kg / 1000, data.digits)} t`;
  };

  const ruler = document.createElement("canvas").getContext("2d");
  const font = () => ({ family: getComputedStyle(document.body).fontFamily, size: narrow() ? 12 : 13, color: colour("ink") });
  function widest(texts) {
    const { family, size } = font();
    ruler.font = `${size}px ${family}`;
    return Math.max(0, ...texts.map((text) => ruler.measureText(text).width));
  }

  function draw(id, traces, layout, config) {
    const box = document.getElementById(id);
    if (!box) return;
    const transparent = "rgba(0,0,0,0)";
    Plotly.react(
      box,
      traces,
      { font: font(), paper_bgcolor: transparent, plot_bgcolor: transparent, showlegend: false, width: box.clientWidth, ...layout },
      { displayModeBar: false, ...config },
    );
  }

  // Every row of a bar chart is: name, bar, figure; the figures stand in a column, so that nothing can overlap.
  function drawBars(id, rows) {
    const box = document.getElementById(id);
    if (!box) return;
    const names = rows.map((row) => called(row.name));
    const places = rows.map((_, place) => place);
    const axis = { fixedrange: true, zeroline: false, showgrid: false, ticks: "" };
    const left = Math.ceil(widest(names)) + 12;
    const right = Math.ceil(widest(rows.map((row) => row.text))) + 12;
    const ends = rows.flatMap((row) => [row.start, row.start + row.value, 0]);
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const margin = (high - low || 1) * 0.01;
    draw(
      id,
      [{
        type: "bar", orientation: "h", y: places, x: rows.map((row) => row.value), base: rows.map((row) => row.start),
        marker: { color: rows.map((row) => colour(row.colour)) }, width: 0.62,
      }],
      {
        height: rows.length * (narrow() ? 26 : 28) + 12, margin: { l: left, r: right, t: 6, b: 6 },
        xaxis: { ...axis, showticklabels: false, range: [low - margin, high + margin] },
        yaxis: { ...axis, tickvals: places, ticktext: names, range: [rows.length - 0.5, -0.5], ticklabelstandoff: 4 },
        shapes: [{ type: "line", x0: 0, x1: 0, yref: "paper", y0: 0, y1: 1, line: { color: colour("strong"), width: 1 } }],
        annotations: rows.map((row, place) => ({
          text: plain(row.text), x: 1, xref: "paper", y: place, xanchor: "right", xshift: right, yanchor: "middle", showarrow: false,
        })),
      },
      { staticPlot: true },
    );
  }

  function drawRates() {
    if (!document.getElementById("chart-rates")) return;
    const words = chinese()
      ? { recycling: "再使用与再利用", recovery: "再使用与回收利用", target: "目标", reuse: "再使用", recycle: "再利用", energy: "能量回收" }
      : { recycling: "Reuse and recycling", recovery: "Reuse and recovery", target: "target", reuse: "Reuse", recycle: "Recycling", energy: "Energy recovery" };
    const parts = [["reuse", "reuse", "end-reuse"], ["recycle", "recycling", "end-recycle"], ["energy", "energy recovery", "end-energy_recovery"]];
    const kinds = data.rates.map((rate) => rate.kind);
    const axis = { fixedrange: true, zeroline: false };
    const whole = 100 * (data.parts.reuse + data.parts.recycling + data.parts["energy recovery"]);
    draw(
      "chart-rates",
      parts.map(([word, use, name]) => ({
        type: "bar", orientation: "h", name: words[word], y: kinds.map((_, place) => place), width: 0.42,
        x: kinds.map((kind) => (use === "energy recovery" && kind === "recycling" ? 0 : 100 * data.parts[use])), marker: { color: colour(name) },
      })),
      {
        barmode: "stack", height: 236, margin: { l: 8, r: 28, t: 8, b: 66 }, showlegend: true,
        legend: { orientation: "h", x: 0, xanchor: "left", y: -0.22, yanchor: "top", traceorder: "normal", itemclick: false, itemdoubleclick: false },
        xaxis: { ...axis, range: [0, Math.max(100, whole)], ticklabeloverflow: "allow", tickvals: [0, 25, 50, 75, 100], ticktext: ["0", "25", "50", "75", "100 %"], gridcolor: colour("line") },
        yaxis: { ...axis, showticklabels: false, showgrid: false, range: [kinds.length - 0.6, -0.75] },
        shapes: data.rates.map((rate, place) => ({
          type: "line", x0: 100 * rate.target, x1: 100 * rate.target, y0: place - 0.3, y1: place + 0.3, line: { color: colour("target"), width: 3 },
        })),
        annotations: data.rates.flatMap((rate, place) => [
          { text: `${words[rate.kind]} <b>${rate.text}</b>`, x: 0, xanchor: "left", y: place - 0.3, yanchor: "bottom", showarrow: false },
          {
            text: `${words.target} ${Math.round(100 * rate.target)} %`, x: 100, xanchor: "right", y: place - 0.3, yanchor: "bottom", showarrow: false,
          },
        ]),
      },
      { staticPlot: true },
    );
  }

  // Wide: vehicles, stage, stream, end. Narrow: stream and end, which leaves room for every name.
  function drawFlow() {
    if (!document.getElementById("chart-flow")) return;
    const nodes = new Map();
    const node = (kind, value, kg) => {
      const key = `${kind} ${value}`;
      const found = nodes.get(key) ?? { place: nodes.size, kind, value, kg: 0 };
      nodes.set(key, found);
      found.kg += kg;
      return found.place;
    };
    const links = new Map();
    const link = (source, target, kg, name) => {
      const key = `${source} ${target}`;
      const found = links.get(key) ?? { source, target, kg: 0, name };
      links.set(key, found);
      found.kg += kg;
    };
    for (const [stage, stream, end, kg] of data.flows) {
      const [from, to] = [node("stream", stream, kg), node("end", end, kg)];
      link(from, to, kg, `end-${end}`);
      if (narrow()) continue;
      const [vehicles, at] = [node("stage", "vehicles", kg), node("stage", stage, kg)];
      link(vehicles, at, kg, `stage-${stage}`);
      link(at, from, kg, `stage-${stage}`);
    }
    const stageOf = Object.fromEntries(data.flows.map(([stage, stream]) => [stream, stage]));
    const all = [...nodes.values()];
    const bands = [...links.values()];
    const rgba = (name) => {
      ruler.fillStyle = colour(name);
      const hex = ruler.fillStyle;
      return `rgba(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(",")},0.4)`;
    };
    draw(
      "chart-flow",
      [{
        type: "sankey", arrangement: "fixed", valueformat: ",.1f", valuesuffix: " kg",
        node: {
          label: all.map((item) => `${called(data.names[item.kind][item.value])} ${plain(tonnes(item.kg))}`),
          color: all.map((item) => colour(item.kind === "end" ? `end-${item.value}` : `stage-${item.kind === "stage" ? item.value : stageOf[item.value]}`)),
          pad: narrow() ? 22 : 20, thickness: narrow() ? 10 : 14, line: { width: 0 }, hovertemplate: "%{label}<extra></extra>",
        },
        link: {
          source: bands.map((band) => band.source), target: bands.map((band) => band.target), value: bands.map((band) => band.kg),
          color: bands.map((band) => rgba(band.name)),
          customdata: bands.map((band) => `${figure(band.kg, 1)} kg`),
          hovertemplate: "%{source.label} → %{target.label}<br>%{customdata}<extra></extra>",
        },
      }],
      { height: narrow() ? 760 : 640, margin: { l: 2, r: 2, t: 12, b: 12 } },
    );
  }

  function drawAll() {
    if (!data.vehicles) return;
    drawFlow();
    drawRates();
    drawBars("chart-mass", data.mass);
    drawBars("chart-money", data.money);
    drawBars("chart-carbon", data.carbon);
  }

  const found = document.getElementById("found");
  const body = document.querySelector("#vehicle-table tbody");
  let rows = [];
  function say() {
    if (!found) return;
    const shown = rows.filter((row) => !row.element.hidden).length;
    const [some, all] = [shown, rows.length].map((count) => count.toLocaleString("en"));
    found.textContent = chinese() ? `${all} 辆中的 ${some} 辆` : `${some} of ${all}`;
  }

  function search(text) {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.element.hidden = !wanted.every((word) => row.text.includes(word));
    say();
  }

  // A cell sorts by its figure where its column holds figures; what is missing comes last either way.
  function sort(head, column) {
    const down = head.ariaSort === "ascending";
    const figures = head.classList.contains("num");
    const keyed = rows.map((row) => {
      const text = row.element.cells[column].textContent;
      return [figures ? parseFloat(text.replaceAll(",", "").replace("−", "-")) : text, row];
    });
    const words = new Intl.Collator("en", { numeric: true });
    const missing = (key) => (figures ? Number.isNaN(key) : key === "" || key === "–");
    keyed.sort(([a], [b]) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      return (figures ? a - b : words.compare(a, b)) * (down ? -1 : 1);
    });
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.ariaSort = down ? "descending" : "ascending";
    body.append(...keyed.map(([, row]) => row.element));
  }

  function prepareTable() {
    if (!body) return;
    rows = [...body.rows].map((element) => ({ element, text: element.textContent.toLowerCase() }));
    const input = document.getElementById("search");
    input.addEventListener("input", () => search(input.value));
    document.querySelector(".tools").hidden = false;
    [...document.querySelectorAll("#vehicle-table thead th")].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(head, column));
      head.append(button);
    });
  }

  function speak(language) {
    root.lang = language;
    for (const button of document.querySelectorAll("[data-language]")) button.ariaPressed = String(button.dataset.language === language);
    say();
    drawAll();
  }

  root.classList.add("script");
  prepareTable();
  for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => speak(button.dataset.language));
  document.querySelector(".languages").hidden = false;
  speak((navigator.language || "en").toLowerCase().startsWith("zh") ? "zh-CN" : "en");

  let width = window.innerWidth;
  let waiting = 0;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 120);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
