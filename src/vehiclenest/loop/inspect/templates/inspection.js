// Draws the map, a section and the histogram, turns the part to a defect, and switches the language. All it shows is in the page.
"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const chinese = () => root.lang.startsWith("zh");
  const narrow = () => window.innerWidth < 700;
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer;
  const vertices = new Float32Array(bytes(data.vertices));
  const triangles = new (data.wide ? Uint32Array : Uint16Array)(bytes(data.triangles));
  const deviation = new Float32Array(bytes(data.deviation));
  const count = deviation.length;
  const number = (value, digits) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
  const length = (mm) => (Math.abs(mm) >= 1 ? `${number(mm, 2)} mm` : `${number(mm * 1000, 0)} µm`);

  const axisOf = (axis) => Float32Array.from({ length: count }, (_, at) => vertices[3 * at + axis]);
  const xyz = [0, 1, 2].map(axisOf);
  const least = xyz.map((values) => values.reduce((a, b) => Math.min(a, b), Infinity));
  const most = xyz.map((values) => values.reduce((a, b) => Math.max(a, b), -Infinity));
  const middle = least.map((low, axis) => (low + most[axis]) / 2);
  const side = 1.04 * Math.max(...least.map((low, axis) => most[axis] - low));

  // Unit outward normals of the vertices, from their triangles by area.
  const normals = new Float32Array(3 * count);
  for (let at = 0; at < triangles.length; at += 3) {
    const [a, b, c] = [0, 1, 2].map((corner) => 3 * triangles[at + corner]);
    const u = [0, 1, 2].map((axis) => vertices[b + axis] - vertices[a + axis]);
    const v = [0, 1, 2].map((axis) => vertices[c + axis] - vertices[a + axis]);
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const corner of [a, b, c]) for (let axis = 0; axis < 3; axis++) normals[corner + axis] += n[axis];
  }
  for (let at = 0; at < normals.length; at += 3) {
    const size = Math.hypot(normals[at], normals[at + 1], normals[at + 2]) || 1;
    for (let axis = 0; axis < 3; axis++) normals[at + axis] /= size;
  }

  const font = () => ({ family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("ink") });
  const base = (box) => ({ font: font(), paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, width: box.clientWidth });

  // Colours: blue inside, orange outside, told apart by every eye; within tolerance one pale tone.
  function colours(end) {
    const band = Math.min(0.98, data.tolerance / end) / 2;
    return [[0, "#08306b"], [0.5 - band, "#9cc7e6"], [0.5 - band, "#f3f2ee"], [0.5 + band, "#f3f2ee"], [0.5 + band, "#fdbe85"], [1, "#7f2704"]];
  }

  const webgl = (() => {
    try {
      return Boolean(document.createElement("canvas").getContext("webgl"));
    } catch {
      return false;
    }
  })();
  const whole = { eye: { x: 0.85, y: -0.85, z: 0.7 }, center: { x: 0, y: 0, z: 0 }, up: { x: 0, y: 0, z: 1 } };
  let camera = whole;
  let chosen = -1;

  // Corners of the triangles that are seen whole, and of the others.
  const seen = [[], [], []];
  const unseen = [[], [], []];
  for (let at = 0; at < triangles.length; at += 3) {
    const known = [0, 1, 2].every((corner) => !Number.isNaN(deviation[triangles[at + corner]]));
    for (let corner = 0; corner < 3; corner++) (known ? seen : unseen)[corner].push(triangles[at + corner]);
  }

  function drawMap() {
    const box = byId("map");
    if (!webgl) {
      box.hidden = true;
      byId("no-webgl").hidden = false;
      return;
    }
    const end = Number(byId("scale").value);
    const [x, y, z] = xyz;
    const shine = { ambient: 0.72, diffuse: 0.5, specular: 0.08, roughness: 0.8 };
    const surface = { type: "mesh3d", x, y, z, lighting: shine, flatshading: false };
    const ticks = [-end, -data.tolerance, 0, data.tolerance, end];
    const bar = narrow()
      ? { orientation: "h", thickness: 14, len: 1, x: 0.5, y: -0.02, yanchor: "top" }
      : { thickness: 16, len: 0.85, x: 1 };
    const traces = [
      {
        ...surface, i: seen[0], j: seen[1], k: seen[2], intensity: Float32Array.from(deviation, (value) => (Number.isNaN(value) ? 0 : value)),
        cmin: -end, cmax: end, colorscale: colours(end), text: Array.from(deviation, (value) => (Number.isNaN(value) ? "" : length(value))),
        hovertemplate: "%{text}<br>%{x:.1f}, %{y:.1f}, %{z:.1f} mm<extra></extra>",
        colorbar: { ...bar, tickvals: ticks, ticktext: ticks.map(length), outlinewidth: 0 },
      },
      {
        ...surface, i: unseen[0], j: unseen[1], k: unseen[2], color: "#7b8488",
        hovertemplate: `${chinese() ? "未扫描到" : "not seen"}<extra></extra>`,
      },
    ];
    if (chosen >= 0) {
      const { centre, kind } = data.defects[chosen];
      const out = normalNear(centre);
      const at = centre.map((value, axis) => value + out[axis] * side * 0.012);
      traces.push({
        type: "scatter3d", mode: "markers+text", x: [at[0]], y: [at[1]], z: [at[2]], hoverinfo: "skip",
        text: [`${chosen + 1} ${data.kinds[kind][chinese() ? 1 : 0]}`], textposition: "top center", textfont: { size: 16, color: "#111111" },
        marker: { size: 8, symbol: "circle", color: "#ffd400", line: { width: 3, color: "#111111" } },
      });
    }
    const axis = (at) => ({ visible: false, range: [middle[at] - side / 2, middle[at] + side / 2], autorange: false, showspikes: false });
    const scene = { xaxis: axis(0), yaxis: axis(1), zaxis: axis(2), aspectmode: "cube", camera, dragmode: "orbit" };
    Plotly.react(
      box, traces,
      { ...base(box), height: narrow() ? 440 : 600, margin: { l: 0, r: 0, t: 0, b: narrow() ? 70 : 0 }, scene },
      { displayModeBar: false, scrollZoom: false },
    );
  }

  function normalNear(point) {
    let best = 0;
    let nearest = Infinity;
    for (let at = 0; at < normals.length; at += 3) {
      const far = (vertices[at] - point[0]) ** 2 + (vertices[at + 1] - point[1]) ** 2 + (vertices[at + 2] - point[2]) ** 2;
      if (far < nearest) [nearest, best] = [far, at];
    }
    return [...normals.subarray(best, best + 3)];
  }

  const named = ([x, y, z]) => ({ x, y, z });
  function look(next) {
    camera = next;
    if (webgl) Plotly.relayout(byId("map"), { "scene.camera": camera });
  }

  function choose(index) {
    chosen = index;
    const { centre } = data.defects[index];
    const out = normalNear(centre);
    const target = centre.map((value, axis) => (value - middle[axis]) / side);
    camera = {
      center: named(target), eye: named(target.map((value, axis) => value + 0.75 * out[axis])),
      up: Math.abs(out[2]) > 0.9 ? { x: 0, y: 1, z: 0 } : { x: 0, y: 0, z: 1 },
    };
    for (const row of document.querySelectorAll("tr[data-defect]")) {
      const mine = Number(row.dataset.defect) === index;
      row.classList.toggle("chosen", mine);
      row.querySelector("button").ariaPressed = String(mine);
    }
    drawMap();
    look(camera);
  }

  function turn(way) {
    if (way === "whole") return look(whole);
    const now = byId("map").layout.scene.camera ?? camera; // where a mouse may have left it
    const [cx, cy, cz] = [now.center.x, now.center.y, now.center.z];
    const [x, y, z] = [now.eye.x - cx, now.eye.y - cy, now.eye.z - cz];
    const radius = Math.hypot(x, y, z);
    let around = Math.atan2(y, x);
    let height = Math.asin(z / radius);
    const step = Math.PI / 12;
    around += way === "left" ? -step : way === "right" ? step : 0;
    height += way === "up" ? step : way === "down" ? -step : 0;
    height = Math.max(-1.5, Math.min(1.5, height));
    const far = Math.max(0.1, radius * (way === "nearer" ? 0.8 : way === "further" ? 1.25 : 1));
    const flat = far * Math.cos(height);
    return look({
      center: now.center, up: { x: 0, y: 0, z: 1 },
      eye: { x: cx + flat * Math.cos(around), y: cy + flat * Math.sin(around), z: cz + far * Math.sin(height) },
    });
  }

  // Every triangle that the plane crosses gives a piece of the outline, and of what was measured where both its ends were seen.
  function section(axis, at, times) {
    const [first, second] = [[1, 2], [0, 2], [0, 1]][axis];
    const outline = { x: [], y: [] };
    const measured = { x: [], y: [] };
    const pieces = (line, ends) => {
      for (const [x, y] of ends) {
        line.x.push(x);
        line.y.push(y);
      }
      line.x.push(null);
      line.y.push(null);
    };
    for (let from = 0; from < triangles.length; from += 3) {
      const ends = [];
      for (let corner = 0; corner < 3; corner++) {
        const a = triangles[from + corner];
        const b = triangles[from + ((corner + 1) % 3)];
        const [low, high] = [vertices[3 * a + axis] - at, vertices[3 * b + axis] - at];
        if (low < 0 === high < 0) continue;
        const share = low / (low - high);
        const between = (values, offset) => values[3 * a + offset] + share * (values[3 * b + offset] - values[3 * a + offset]);
        const off = times * (deviation[a] + share * (deviation[b] - deviation[a]));
        const place = [between(vertices, first), between(vertices, second)];
        ends.push({ place, moved: [place[0] + off * between(normals, first), place[1] + off * between(normals, second)] });
      }
      if (ends.length !== 2) continue;
      pieces(outline, ends.map((end) => end.place));
      if (ends.every((end) => !Number.isNaN(end.moved[0]))) pieces(measured, ends.map((end) => end.moved));
    }
    return { outline, measured, names: [first, second].map((which) => "xyz"[which]) };
  }

  function drawCut() {
    const box = byId("cut");
    const axis = Number(byId("axis").value);
    const at = least[axis] + (most[axis] - least[axis]) * (Number(byId("at").value) + 0.37) / 1001; // beside vertices, which stand on round places
    byId("at-mm").textContent = `${"xyz"[axis]} = ${number(at, 1)} mm`;
    const { outline, measured, names } = section(axis, at, Number(byId("times").value));
    const plain = { zeroline: false, gridcolor: colour("line"), fixedrange: narrow() };
    Plotly.react(
      box,
      [
        { type: "scatter", mode: "lines", ...outline, line: { color: colour("quiet"), width: 1 }, hoverinfo: "skip" },
        { type: "scatter", mode: "lines", ...measured, line: { color: colour("outside"), width: 2.5 }, hoverinfo: "skip" },
      ],
      {
        ...base(box), height: narrow() ? 360 : 480, margin: { l: 56, r: 8, t: 8, b: 44 },
        xaxis: { ...plain, title: { text: `${names[0]}, mm` } }, yaxis: { ...plain, title: { text: `${names[1]}, mm` }, scaleanchor: "x" },
      },
      { displayModeBar: false },
    );
  }

  function drawSpread() {
    const box = byId("spread");
    const { edges, counts } = data.histogram;
    const small = edges.at(-1) < 1;
    const unit = small ? 1000 : 1;
    const centres = counts.map((_, at) => (edges[at] + edges[at + 1]) / 2);
    const band = data.tolerance * unit;
    const tone = (mm) => (mm < -data.tolerance ? colour("inside") : mm > data.tolerance ? colour("outside") : colour("strong"));
    Plotly.react(
      box,
      [{ type: "bar", x: centres.map((mm) => mm * unit), y: counts, marker: { color: centres.map(tone) }, hovertemplate: "%{x:.3~f}: %{y:,}<extra></extra>" }],
      {
        ...base(box), height: 300, bargap: 0.05, margin: { l: 64, r: 8, t: 8, b: 44 },
        xaxis: { title: { text: small ? "µm" : "mm" }, zeroline: false, fixedrange: true, range: [edges[0] * unit, edges.at(-1) * unit] },
        yaxis: { gridcolor: colour("line"), zeroline: false, fixedrange: true, title: { text: chinese() ? "点数" : "points" } },
        shapes: [-band, band].map((x) => ({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: colour("ink"), width: 1.5, dash: "dash" } })),
      },
      { displayModeBar: false },
    );
  }

  function drawAll() {
    drawMap();
    drawCut();
    drawSpread();
  }

  function speak(language) {
    root.lang = language;
    for (const button of document.querySelectorAll("[data-language]")) button.ariaPressed = String(button.dataset.language === language);
    drawAll();
  }

  function options(id, values, say, first) {
    for (const value of values) byId(id).add(new Option(say(value), value, false, value === first));
  }

  root.classList.add("script");
  options("scale", data.scales, (end) => `± ${length(end)}`, data.scales[0]);
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
  options("times", steps, (times) => `× ${times}`, steps.findLast((times) => times * data.scales[0] < 0.06 * side) ?? 1);
  for (const row of document.querySelectorAll("tr[data-defect]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.ariaPressed = "false";
    button.append(...row.cells[0].childNodes);
    row.cells[0].append(button);
    row.addEventListener("click", () => choose(Number(row.dataset.defect)));
  }
  for (const button of document.querySelectorAll("[data-turn]")) button.addEventListener("click", () => turn(button.dataset.turn));
  for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => speak(button.dataset.language));
  byId("scale").addEventListener("change", drawMap);
  for (const id of ["axis", "at", "times"]) byId(id).addEventListener("input", drawCut);
  byId("camera").hidden = !webgl;
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
