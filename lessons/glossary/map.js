/* The map: upstream tasks flow into the language model, and three ways lead from it to the downstream tasks. */
import { count, fill, html } from "../../assets/js/dom.js";
import { upstream } from "./blank.js";
import { paintCells } from "./cells.js";
import { TASKS } from "./tasks.js";

const COLUMNS = { model: 70, way: 36 };
const PITCH = 5.2;
const SHOTS = [["zero-shot", 0, "zero"], ["one-shot", 1, "one"], ["few-shot", 4, "few"]];
const NARROW = 900;
const WAYS = ["fine-tuning", "prompt-tuning", "in-context"];
/** Cards that belong to a node of another name. */
const NODE_OF = { "zero-shot": "in-context", "one-shot": "in-context", "few-shot": "in-context", ...Object.fromEntries(Object.keys(TASKS).map((term) => [term, "downstream"])) };

/** A button whose press reaches the whole of its node. */
const head = (node, term, words, on, more) => {
  const button = html("button", { class: "node-name", "data-key": `node-${term}`, "data-term": term, "aria-pressed": "false" }, node);
  html("b", {}, button, words[`node.${term}`]);
  html("span", { class: "twin" }, button);
  if (more) html("span", { class: "aside" }, button, more);
  button.addEventListener("click", () => on.open(term));
  return button;
};

const flow = (at, bands) => {
  const row = html("div", { class: `flow of-${bands.length}`, "aria-hidden": "true" }, at);
  for (const name of bands) html("i", { "data-band": name }, row);
};

/** A picture of what stands in the input of a way: chips and arrows. */
const input = (node, parts) => {
  const row = html("span", { class: "in", "aria-hidden": "true" }, node);
  parts.forEach(([cls, text], index) => {
    if (index && parts[index - 1][0] !== "vectors" && parts[index - 1][0] !== "given") html("u", {}, row, "→");
    if (cls !== "vectors") html("s", { class: cls }, row, text);
    else for (let n = 0, vectors = html("span", { class: "vectors" }, row); n < text; n += 1) html("i", {}, vectors);
  });
  return row;
};

const way = (row, term, words, on) => {
  const node = html("section", { class: `node way of-${term}`, "data-node": term }, row);
  head(node, term, words, on);
  const number = html("p", { class: term === "in-context" ? "number none" : "number" }, node);
  const canvas = html("canvas", { "aria-hidden": "true" }, node);
  return { node, number, canvas };
};

/** on: {open(term), set(name, value, slot), move(where, relative)} -> draw(value) */
export const theMap = (at, stage, on) => {
  const { words } = stage;
  const map = html("div", { class: "map", role: "group", "aria-label": words["map.label"] }, at);
  const rail = (cls, term) => {
    const button = html("button", { class: `rail ${cls}`, "data-key": `node-${term}`, "data-term": term, "data-node": term, "aria-pressed": "false" }, map);
    html("b", {}, button, words[`node.${term}`]);
    html("span", { class: "rail-twin" }, button);
    button.addEventListener("click", () => on.open(term));
  };
  rail("up", "upstream");
  const first = html("div", { class: "row r1" }, map);
  const form = stage.head.querySelector("form.start");
  if (form) first.append(form);
  const demos = ["gpt", "bert"].map((who) => {
    const term = who === "gpt" ? "gpt" : "masked-lm";
    const node = html("section", { class: "node demo", "data-node": term }, first);
    head(node, term, words, on, words[`blank.who.${who}`]);
    return upstream(node, who, words, on);
  });
  flow(map, ["gpt", "bert"]);
  html("p", { class: "legend" }, map, words["blank.legend"]);
  rail("transfer", "transfer-learning");
  const second = html("div", { class: "row r2" }, map);
  const model = html("section", { class: "node model", "data-node": "language-model" }, second);
  head(model, "language-model", words, on);
  model.querySelector(".twin").textContent = words["model.short"];
  const modelCells = html("canvas", { "aria-hidden": "true" }, model);
  const scale = html("span", { class: "scale" }, model);
  flow(map, WAYS);
  const third = html("div", { class: "row r3" }, map);
  const ways = Object.fromEntries(WAYS.map((term) => [term, way(third, term, words, on)]));
  input(ways["fine-tuning"].node, [["", words["in.sentence"]], ["new wy", "Wᵧ"], ["", words["in.answer"]]]);
  const vectors = html("span", {}, ways["prompt-tuning"].node);
  const examples = html("span", {}, ways["in-context"].node);
  const tick = html("em", { class: "tick", "aria-hidden": "true" }, ways["prompt-tuning"].node);
  const shots = html("div", { class: "shots", role: "group", "aria-label": words["few.how_many"] }, ways["in-context"].node);
  const shotButtons = SHOTS.map(([term, n, name]) => {
    const button = html("button", { "data-key": `shots-${name}`, "aria-pressed": "false" }, shots, name);
    button.addEventListener("click", () => { on.open(term); on.set("shots", n, "shots"); });
    return [n, button];
  });
  html("span", { class: "to-panel", "aria-hidden": "true" }, ways["in-context"].node);
  flow(map, WAYS);
  const fourth = html("div", { class: "row r4" }, map);
  const down = html("section", { class: "node down", "data-node": "downstream" }, fourth);
  head(down, "downstream", words, on);
  const tasks = Object.entries(TASKS).map(([term, task]) => {
    const button = html("button", { class: "task", "data-key": `node-${term}`, "aria-pressed": "false" }, down, words[`task.${task}`]);
    button.addEventListener("click", () => on.open(term));
    return [term, button];
  });

  let painted = "";
  /** The cells follow the counts, the theme and the width. */
  const paint = ({ counts }) => {
    const narrow = innerWidth <= NARROW;
    const key = [counts.cells, counts.prompt, document.documentElement.dataset.theme, narrow, narrow && innerWidth].join();
    if (key === painted) return;
    painted = key;
    const n = Math.ceil(counts.cells);
    paintCells(modelCells, { n, columns: COLUMNS.model, pitch: narrow ? (innerWidth - 66) / COLUMNS.model : PITCH });
    const pitch = narrow ? 6.4 : PITCH;
    paintCells(ways["fine-tuning"].canvas, { n, columns: COLUMNS.way, pitch, changed: n });
    paintCells(ways["prompt-tuning"].canvas, { n, columns: COLUMNS.way, pitch, extra: (counts.prompt ?? 0) / 10_000 });
    paintCells(ways["in-context"].canvas, { n, columns: COLUMNS.way, pitch });
  };

  const numbers = ({ counts, shots: chosen }) => {
    const big = (element, number, rest) => {
      element.replaceChildren();
      html("b", {}, element, number === null ? "…" : count(number));
      html("small", {}, element, rest);
    };
    big(ways["fine-tuning"].number, counts.full, words.change);
    big(ways["prompt-tuning"].number, counts.prompt, words.change);
    big(ways["in-context"].number, 0, words.no_change);
    tick.textContent = counts.prompt === null ? "" : fill(words.cells_of, { n: counts.prompt_cells });
    scale.replaceChildren();
    html("b", {}, scale, fill(words.n_numbers, { n: count(counts.n) }));
    html("i", { "aria-hidden": "true" }, scale);
    scale.append(words.one_cell);
    vectors.replaceChildren();
    input(vectors, [["vectors", counts.vectors ?? 8], ["", words["in.sentence"]], ["", words["in.answer"]]]);
    examples.replaceChildren();
    input(examples, [...(chosen ? [["given", fill(words["in.examples"], { n: chosen })]] : []), ["", words["in.sentence"]], ["", words["in.answer"]]]);
  };

  const draw = (value, term) => {
    const chosen = value.table && term === value.term ? WAYS : [NODE_OF[term] ?? term];
    for (const demo of demos) demo(value.blank);
    paint(value);
    numbers(value);
    for (const element of map.querySelectorAll("[data-node]")) element.classList.toggle("on", chosen.includes(element.dataset.node));
    for (const element of map.querySelectorAll("[data-term]")) element.setAttribute("aria-pressed", String(chosen.includes(element.dataset.term)));
    for (const band of map.querySelectorAll("[data-band]")) band.classList.toggle("on", chosen.includes(band.dataset.band));
    for (const [n, button] of shotButtons) button.setAttribute("aria-pressed", String(n === 4 ? value.shots > 1 : value.shots === n));
    for (const [task, button] of tasks) button.setAttribute("aria-pressed", String(task === term));
  };
  /** The names in the other language, when the cards have come. */
  draw.twins = (list) => {
    for (const { id, twin } of list) for (const at of map.querySelectorAll(`[data-term="${CSS.escape(id)}"] :is(.twin, .rail-twin)`)) at.textContent = twin;
  };
  /** The node that a term belongs to, or null. */
  draw.node = (term) => map.querySelector(`[data-node="${NODE_OF[term] ?? term}"]`);
  return draw;
};
