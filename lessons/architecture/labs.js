/* The labs of 「GPT-1 vs GPT-2」, folded under the drawings. A lab is measured while it is open, one random start at a time. */
import { fill, html, percent } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";
import { fold } from "../../assets/js/views/folds.js";
import { lineChart } from "../../assets/js/views/line_chart.js";

const SIDES = ["gpt1", "gpt2"];
const INITS = ["gpt", "xavier"];
const range = (n, from = 0) => Array.from({ length: n }, (_, index) => from + index);
const told = (words, name, curves) => fill(words["lab.chart"], { name, curves: curves.map((curve) => curve.name).join(", ") });

/** Slider of the depth, and in lab 1 the box for 1/√N and the choice of the start values. `send` is told what has been set. */
const depthControl = (at, words, { low, high }, id, inits, send) => {
  const row = html("div", { class: "lab-control" }, at);
  html("label", { for: `depth-${id}` }, row, words["lab.depth"]);
  const slider = html("input", { id: `depth-${id}`, type: "range", min: low, max: high, step: 1, "data-key": `depth-${id}` }, row);
  const shown = html("output", { for: `depth-${id}` }, row);
  let box = null;
  const radios = [];
  if (inits) {
    const label = html("label", { class: "check" }, row);
    box = html("input", { type: "checkbox", "data-key": "scaled" }, label);
    html("span", {}, label, words["lab.scaled"]);
    const group = html("fieldset", { class: "lab-control" }, at);
    html("legend", {}, group, words["lab.init"]);
    for (const value of inits) {
      const choice = html("label", { class: "check" }, group);
      radios.push(html("input", { type: "radio", name: "lab-init", value, "data-key": `init-${value}` }, choice));
      html("span", {}, choice, words[`lab.init.${value}`]);
    }
  }
  const news = html("p", { class: "about", role: "status" }, at);
  const bar = html("progress", { max: 1, "aria-label": words["lab.depth"] }, at);
  const show = (depth) => { shown.textContent = depth; slider.style.setProperty("--fill", `${(100 * (depth - low)) / (high - low)}%`); };
  const tell = () => {
    show(slider.value);
    const init = radios.find((radio) => radio.checked)?.value;
    send({ depth: Number(slider.value), ...(inits && { scaled: box.checked, init }) });
  };
  slider.addEventListener("input", tell);
  for (const choice of [box, ...radios]) choice?.addEventListener("change", tell);
  return (labs, part, moving) => {
    if (!moving) {
      slider.value = labs.depth;
      if (box) box.checked = labs.scaled;
      for (const radio of radios) radio.checked = radio.value === labs.init;
    }
    show(slider.value);
    news.textContent = part.progress;
    bar.value = part.n_done / part.n_starts;
    bar.style.visibility = part.n_done < part.n_starts ? "visible" : "hidden";
  };
};

const spreadCurve = (spread, name, colour, dash) => ({ name, colour, dash, values: spread.mean, low: spread.low, high: spread.high });

const gradients = (place, part, words) => {
  if (part.curves.length) {
    const curves = part.curves.map((spread, index) => spreadCurve(spread, ["post-LN", "pre-LN"][index], SIDES[index]));
    lineChart(place.chart, curves, range(part.curves[0].mean.length), { x: words["lab.block"], y: words["lab.gradient"], log: true }, told(words, words["lab.gradient"], curves));
  }
  rich(place.say, part.say);
  place.training.replaceChildren();
  for (const line of [part.why, part.whose]) if (line) rich(html("p", { class: "about" }, place.training), line);
  if (!part.training) return;
  html("h3", {}, place.training, words["lab.training"]);
  html("p", { class: "about" }, place.training, part.training.say);
  const pair = html("div", { class: "lab-pair" }, place.training);
  for (const group of part.training.groups) {
    const frame = html("div", {}, pair);
    html("b", {}, frame, group.title);
    const curves = group.runs.map((run) => {
      const post = run.placement === "post_ln";
      const name = `${post ? "post-LN" : "pre-LN"}${run.warm_up ? " ↗" : ""}`;
      return { name, colour: post ? "gpt1" : "gpt2", values: run.mean, low: run.low, high: run.high, dash: run.warm_up ? null : "5 4" };
    });
    lineChart(html("div", {}, frame), curves, part.training.steps, { x: words["lab.step"], y: words["lab.loss"], from: part.training.best }, told(words, group.title, curves));
    rich(html("p", { class: "lab-say" }, frame), group.say);
  }
  html("p", { class: "about" }, place.training, `↗ ${words["lab.with_warm_up"]}, ┄ ${words["lab.without_warm_up"]}. ${words["lab.best"]}: ${part.training.best.toFixed(2)}`);
  html("p", { class: "about" }, place.training, part.training.source);
};

const walk = (place, part, words) => {
  rich(place.say, part.say);
  if (!part.curves.length) return;
  const names = [words["lab.plain"], words["lab.by_root"]];
  const curves = part.curves.map((spread, index) => spreadCurve(spread, names[index], ["warn", "gpt2"][index]));
  part.predicted.forEach((values, index) => curves.push({ name: index ? "" : words["lab.predicted"], colour: "ink-2", dash: "4 4", values }));
  lineChart(place.chart, curves, range(part.predicted[0].length), { x: words["lab.addition"], y: words.std }, told(words, words.std, curves));
};

/** The layers from top to bottom, as in the drawings: what each would put first. */
const lens = (place, part, words) => {
  rich(place.say, part.say);
  place.chart.replaceChildren();
  const pair = html("div", { class: "lab-pair" }, place.chart);
  for (const column of part.columns) {
    const table = html("table", { class: `lens ${column.side}` }, pair);
    html("caption", {}, table, column.side === "gpt1" ? "GPT-1" : "GPT-2");
    const body = html("tbody", {}, table);
    for (const row of [...column.rows].reverse()) {
      const line = html("tr", {}, body);
      html("th", { scope: "row" }, line, row.n_blocks ? fill(words["lab.after"], { n: row.n_blocks }) : words["lab.before"]);
      for (const { piece, p } of row.top) {
        const cell = html("td", {}, line);
        html("span", { class: "token" }, cell, piece);
        html("small", {}, cell, percent(p, 0));
        html("i", { style: `width:${(100 * p).toFixed(1)}%` }, cell);
      }
    }
  }
  const deepest = Math.max(...part.columns.map((column) => column.norms.length));
  const curves = part.columns.map(({ side, norms }) => ({ name: side === "gpt1" ? "GPT-1" : "GPT-2", colour: side, values: norms }));
  lineChart(html("div", {}, place.chart), curves, range(deepest), { x: words["lab.block"], y: words["lab.norm"] }, told(words, words["lab.norm"], curves));
  place.training.replaceChildren();
  for (const line of [part.why, part.source]) if (line) rich(html("p", { class: "about" }, place.training), line);
};

const parameters = (place, part) => {
  rich(place.say, part.say);
  place.chart.replaceChildren();
  const table = html("table", { class: "panel-table counts" }, html("div", { class: "wide" }, place.chart));
  const head = html("thead", {}, table);
  const top = html("tr", {}, head);
  html("td", {}, top);
  for (const [index, name] of ["GPT-1", "GPT-2"].entries()) html("th", { scope: "colgroup", colspan: 2, class: SIDES[index] }, top, name);
  const second = html("tr", {}, head);
  html("td", {}, second);
  part.head.forEach((name, index) => html("th", { scope: "col", class: SIDES[Math.floor(index / 2)] }, second, name));
  const body = html("tbody", {}, table);
  for (const [name, ...values] of part.rows) {
    const line = html("tr", {}, body);
    html("th", { scope: "row" }, line, name);
    for (const value of values) html("td", {}, line, value);
  }
};

const DRAW = { gradients, walk, lens, parameters };

/** Build the folds once -> a function that draws what is open and asks for the next random start. */
export const buildLabs = (parent, words, fields, act) => {
  const places = {};
  for (const name of Object.keys(DRAW)) {
    const body = fold(parent, words[`lab.${name}`], words[`lab.${name}_about`], (on) => act({ type: "lab", lab: name, on }, `lab-${name}`));
    body.classList.add("lab");
    const place = (places[name] = { fold: body.parentNode });
    if (name === "gradients" || name === "walk") place.control = depthControl(body, words, fields.depth, name, name === "gradients" && INITS, (set) => act({ type: "depth", ...places.set, ...set }, "depth"));
    place.chart = html("div", { class: "lab-chart" }, body);
    place.say = html("p", { class: "lab-say", "aria-live": "polite" }, body);
    place.training = html("div", {}, body);
  }
  return ({ labs }, stage) => {
    places.set = { scaled: labs.scaled, init: labs.init };
    const moving = stage.waiting.some((entry) => entry.slot === "depth");
    let missing = false;
    for (const name of Object.keys(DRAW)) {
      const part = labs[name];
      if (!part) { // a scene has begun anew while the fold stands open
        if (places[name].fold.open && !stage.waiting.length) act({ type: "lab", lab: name, on: true }, `lab-${name}`);
        continue;
      }
      places[name].fold.open = true;
      places[name].control?.(labs, part, moving);
      DRAW[name](places[name], part, words);
      missing ||= part.n_done < part.n_starts;
    }
    if (missing && !moving) act({ type: "start" }, "start"); // one at a time, so that a moved slider comes next
  };
};
