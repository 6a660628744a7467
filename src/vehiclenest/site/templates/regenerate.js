// Draws the Sankey of an element, the waterfall of cost and the tornado of a claim; switches language, route, element and claim.
"use strict";
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const chosen = { flowRoute: 0, element: "Li", moneyRoute: 0, driver: 0 };
  const chinese = () => root.lang.startsWith("zh");
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const called = (name) => plain(chinese() ? name.zh : name.en);
  const kilograms = (kg) => `${kg.toLocaleString("en", { maximumFractionDigits: Math.abs(kg) < 10 ? 2 : 0 })} kg`;
  const font = () => ({ family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("ink") });
  const ruler = document.createElement("canvas").getContext("2d");

  function widest(texts) {
    const { family, size } = font();
    ruler.font = `${size}px ${family}`;
    return Math.ceil(Math.max(0, ...texts.map((text) => ruler.measureText(text).width)));
  }

  function faint(name) {
    ruler.fillStyle = colour(name);
    const hex = ruler.fillStyle;
    return `rgba(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(",")},0.4)`;
  }

  function draw(id, traces, layout) {
    const box = document.getElementById(id);
    if (!box) return;
    const clear = "rgba(0,0,0,0)";
    Plotly.react(
      box, traces,
      { font: font(), paper_bgcolor: clear, plot_bgcolor: clear, showlegend: false, width: box.clientWidth, ...layout },
      { displayModeBar: false },
    );
  }

  function bars(id, rows, symmetric) {
    const names = rows.map((row) => row.label);
    const places = rows.map((_, place) => place);
    const ends = rows.flatMap((row) => [row.start, row.start + row.value, 0]);
    const high = symmetric ? 1 : Math.max(...ends);
    const low = symmetric ? -1 : Math.min(...ends);
    const axis = { fixedrange: true, zeroline: false, showgrid: false, ticks: "" };
    const right = widest(rows.map((row) => row.text)) + 12;
    draw(
      id,
      [{
        type: "bar", orientation: "h", y: places, x: rows.map((row) => row.value), base: rows.map((row) => row.start),
        marker: { color: rows.map((row) => colour(row.colour)) }, width: 0.62, hoverinfo: "skip",
      }],
      {
        height: rows.length * 28 + 12, margin: { l: widest(names) + 14, r: right, t: 6, b: 6 },
        xaxis: { ...axis, showticklabels: false, range: [low, high] },
        yaxis: { ...axis, tickvals: places, ticktext: names, range: [rows.length - 0.5, -0.5], ticklabelstandoff: 4 },
        shapes: [{ type: "line", x0: 0, x1: 0, yref: "paper", y0: 0, y1: 1, line: { color: colour("strong"), width: 1 } }],
        annotations: rows.map((row, place) => ({
          text: row.text, x: 1, xref: "paper", y: place, xanchor: "right", xshift: right, yanchor: "middle", showarrow: false,
        })),
      },
    );
  }

  function drawFlow() {
    const outcome = data.outcomes[chosen.flowRoute];
    const found = outcome.flows.find((item) => item.element === chosen.element) ?? outcome.flows[0];
    const flows = found.flows;
    const label = (flow) => `${called(flow.name)} ${kilograms(Math.abs(flow.kg))}`;
    const middle = flows.length;
    draw("chart-flow", [{
      type: "sankey", arrangement: "snap", valueformat: ",.2f", valuesuffix: " kg",
      node: {
        label: [...flows.map(label), `${found.element} ${kilograms(found.kg)}`],
        color: [...flows.map((flow) => colour(flow.kg < 0 ? "stage-dismantling" : "end-reuse")), colour("total")],
        pad: 18, thickness: 14, line: { width: 0 }, hovertemplate: "%{label}<extra></extra>",
      },
      link: {
        source: flows.map((flow, place) => (flow.kg < 0 ? place : middle)),
        target: flows.map((flow, place) => (flow.kg < 0 ? middle : place)),
        value: flows.map((flow) => Math.abs(flow.kg)),
        color: flows.map((flow) => faint(flow.kg < 0 ? "stage-dismantling" : "end-reuse")),
        hovertemplate: "%{source.label} → %{target.label}<extra></extra>",
      },
    }], { height: Math.max(280, flows.length * 42), margin: { l: 4, r: 4, t: 10, b: 10 } });
  }

  function drawMoney() {
    bars("chart-money", data.outcomes[chosen.moneyRoute].money.map((row) => ({ ...row, label: called(row.name) })), false);
  }

  function drawDrivers() {
    const found = data.drivers[chosen.driver];
    if (!found) return;
    bars("chart-drivers", found.bars.map((bar) => ({
      label: bar.name, value: bar.value, start: 0, colour: bar.value < 0 ? "expense" : "gain", text: bar.value.toFixed(2),
    })), true);
  }

  function choices(id, options, key) {
    const box = document.getElementById(id);
    if (!box) return;
    box.replaceChildren(...options.map(([value, text]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.setAttribute("aria-pressed", String(chosen[key] === value));
      button.addEventListener("click", () => {
        chosen[key] = value;
        drawAll();
      });
      return button;
    }));
  }

  function drawAll() {
    const word = (name) => (chinese() ? name.zh : name.en);
    const routes = data.outcomes.map((outcome, place) => [place, word(outcome.route)]);
    const elements = data.outcomes[chosen.flowRoute].flows.map((item) => item.element);
    if (!elements.includes(chosen.element)) chosen.element = elements[0];
    choices("flow-routes", routes, "flowRoute");
    choices("flow-choices", elements.map((element) => [element, element]), "element");
    choices("money-routes", routes, "moneyRoute");
    const claims = document.getElementById("driver-choices");
    claims?.replaceChildren(...data.drivers.map((item, place) => new Option(`${word(item.claim)} · ${word(item.boundary)}`, place, false, place === chosen.driver)));
    drawFlow();
    drawMoney();
    drawDrivers();
  }

  function speak(language) {
    root.lang = language;
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    drawAll();
  }

  document.getElementById("driver-choices")?.addEventListener("change", (event) => {
    chosen.driver = Number(event.target.value);
    drawDrivers();
  });
  const languages = document.querySelector(".languages");
  languages.hidden = false;
  languages.addEventListener("click", (event) => {
    const language = event.target.dataset.language;
    if (language) speak(language);
  });
  root.classList.add("script");
  window.addEventListener("resize", drawAll);
  speak(navigator.language.startsWith("zh") || location.hash === "#zh" ? "zh-CN" : "en");
})();
