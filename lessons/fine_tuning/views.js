/* What can stand in the middle beside the run: layers transferred (Figure 2 left), what a run may change, own data. */
import { canvas, count, fill, html, svg } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";

const accuracy = (percent) => `${percent.toFixed(1)}`;

/** Recorded points in grey with their spread, the learner's own over them. own: [{k, accuracy (0 … 1), steps}] · on.pick(k) */
export const layersView = (at, part, own, picked, words, on) => {
  at.replaceChildren();
  if (!part) return;
  const head = html("div", { class: "view-head" }, at);
  html("h2", {}, head, fill(words["layers.title"], { steps: part.steps }));
  html("span", { class: "mute" }, head, words["layers.paper"]);
  const plot = html("div", { class: "layers-plot" }, at);
  const width = plot.clientWidth || 720;
  const height = plot.clientHeight || 210;
  const [left, right, top, bottom] = [44, 12, 14, 46];
  const X = (index) => left + ((index + 0.5) / part.points.length) * (width - left - right);
  const Y = (value) => height - bottom - ((value - 40) / 60) * (height - top - bottom);
  const drawing = canvas(plot, width, height, `${words["layers.alt"]} ${part.points.map((point) => `${point.name} ${accuracy(point.mean)}`).join(", ")}`);
  for (const tick of [40, 60, 80, 100]) {
    svg("path", { d: `M${left} ${Y(tick)}H${width - right}`, class: "grid-line" }, drawing);
    svg("text", { x: left - 8, y: Y(tick) + 5, "text-anchor": "end", class: "mute" }, drawing, `${tick}%`);
  }
  svg("path", { d: part.points.map((point, index) => `${index ? "L" : "M"}${X(index)} ${Y(point.mean)}`).join(""), class: "curve kept" }, drawing);
  part.points.forEach((point, index) => {
    const x = X(index);
    svg("path", { d: `M${x} ${Y(Math.max(...point.values))}V${Y(Math.min(...point.values))}`, class: "spread" }, drawing);
    for (const value of point.values) svg("circle", { cx: x, cy: Y(value), r: 3, class: "one-seed" }, drawing);
    svg("circle", { cx: x, cy: Y(point.mean), r: 6, class: "recorded" }, drawing);
    const above = Y(Math.max(...point.values)) - 10;
    svg("text", { x, y: above < 12 ? Y(Math.min(...point.values)) + 20 : above, "text-anchor": "middle", class: "mute" }, drawing, accuracy(point.mean));
    for (const one of own.filter((run) => run.k === point.k)) {
      svg("path", { d: `M${x - 8} ${Y(100 * one.accuracy)}l8 -8l8 8l-8 8z`, class: "own-point" }, drawing);
      svg("text", { x: x + 12, y: Y(100 * one.accuracy) + 5, class: "own-name" }, drawing, accuracy(100 * one.accuracy));
    }
  });
  const row = html("div", { class: "starts", role: "group", "aria-label": words["layers.pick"] }, at);
  part.points.forEach((point) => {
    const button = html("button", { class: "start-at", "aria-pressed": String(point.k === picked), "data-key": `layers${point.k}` }, row, point.name);
    button.addEventListener("click", () => on.pick(point.k));
  });
  if (part.note) html("p", { class: "mute" }, at, part.note);
  html("p", { class: "mute source" }, at, part.source);
};

/** How many numbers change, and what it gives. on.pick(trained) */
export const partsView = (at, part, picked, words, on) => {
  at.replaceChildren();
  if (!part) return;
  html("h2", {}, at, words["parts.title"]);
  const row = html("div", { class: "starts", role: "group", "aria-label": words["parts.pick"] }, at);
  for (const name of ["full", "last", "head", "prompts"]) {
    const button = html("button", { class: "start-at", "aria-pressed": String(name === picked), "data-key": `trained-${name}` }, row, words[`trained.${name}`]);
    button.addEventListener("click", () => on.pick(name));
  }
  const table = html("table", { class: "parts" }, at);
  const top = html("tr", {}, html("thead", {}, table));
  for (const name of ["parts.what", "parts.numbers", "parts.accuracy"]) html("th", { scope: "col" }, top, words[name]);
  const body = html("tbody", {}, table);
  const most = Math.max(...part.rows.map((one) => one.n));
  for (const one of part.rows) {
    const line = html("tr", {}, body);
    html("th", { scope: "row" }, line, one.name);
    const n = html("td", {}, line);
    html("span", { class: "number" }, n, count(one.n));
    html("i", { class: "amount", style: `width:${Math.max(2, (Math.log(one.n) / Math.log(most)) * 84)}px` }, n);
    const found = html("td", {}, line);
    html("i", { class: "amount score", style: `width:${one.mean}px` }, found);
    html("span", { class: "number" }, found, `${accuracy(one.mean)} ± ${one.spread.toFixed(1)}`);
  }
  html("p", { class: "mute" }, at, [words["parts.scale"], part.note].filter(Boolean).join(" "));
  html("p", { class: "mute source" }, at, part.source);
};

/** λ on and off as it was recorded, in a fold; beside it the paper's Table 5. */
export const lambdaTable = (at, part, paper, words) => {
  at.replaceChildren();
  if (!part) return;
  rich(html("p", {}, at), part.say);
  const table = html("table", { class: "parts" }, at);
  const top = html("tr", {}, html("thead", {}, table));
  for (const name of ["lambdas.lambda", "parts.accuracy", "lambdas.task", "lambdas.world"]) html("th", { scope: "col" }, top, words[name]);
  const body = html("tbody", {}, table);
  const start = html("tr", {}, body);
  html("th", { scope: "row" }, start, words["language.before"]);
  html("td", {}, start, "–");
  for (const value of part.before) html("td", {}, start, value);
  for (const row of part.rows) {
    const line = html("tr", {}, body);
    html("th", { scope: "row" }, line, `λ = ${row.lambda}`);
    html("td", {}, line, `${accuracy(row.mean)} ± ${row.spread.toFixed(1)}`);
    for (const value of [row.l1_task, row.l1_held_out]) html("td", {}, line, value);
  }
  if (part.note) html("p", { class: "mute" }, at, part.note);
  html("p", { class: "mute source" }, at, part.source);
  html("h3", {}, at, words["paper.title"]);
  rich(html("p", {}, at), paper.say);
  const plot = html("div", { class: "table5" }, at);
  const width = plot.clientWidth || 640;
  const step = 26;
  const drawing = canvas(plot, width, 28 + step * paper.rows.length, paper.rows.map((row) => `${row.name} ${row.points > 0 ? "+" : ""}${row.points}`).join(", "));
  const [middle, scale] = [width * 0.5, width * 0.11];
  svg("path", { d: `M${middle} 16V${20 + step * paper.rows.length}`, class: "wire" }, drawing);
  svg("text", { x: middle - 10, y: 12, "text-anchor": "end", class: "mute" }, drawing, words["paper.lost"]);
  svg("text", { x: middle + 10, y: 12, class: "mute" }, drawing, words["paper.gained"]);
  paper.rows.forEach((row, index) => {
    const y = 34 + index * step;
    const x = middle + row.points * scale;
    const up = row.points > 0;
    svg("text", { x: 0, y: y + 5 }, drawing, row.name);
    svg("path", { d: `M${middle} ${y}H${x}`, class: up ? "gain" : "loss" }, drawing);
    if (up) svg("circle", { cx: x, cy: y, r: 5, class: "gain" }, drawing); else svg("rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, class: "loss" }, drawing);
    svg("text", { x: x + (up ? 11 : -11), y: y + 5, "text-anchor": up ? "start" : "end", class: "mute" }, drawing, `${up ? "+" : "−"}${Math.abs(row.points).toFixed(1)}`);
  });
  html("p", { class: "mute source" }, at, words["paper.source"]);
};
