/* All heads at once: a thumbnail each, what it is named after with the score, and the ranking by any of the six scores. */
import { fill, html, svg } from "../../assets/js/dom.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { headName, named } from "./numbers.js";
import { canTurn, isTurned, turn, turning } from "./turn.js";

const LABELS = ["previous", "first", "same", "induction", ""];
const SCORES = ["previous", "first", "same", "induction", "entropy", "width"];
const MOVED = 0.03; // of a score that is called changed
const GLYPHS = {
  previous: ["M2 2L13 13"], first: ["M2.5 2V13"], same: ["M2.5 8L7 12.5M8 2L13 7"], induction: ["M2.5 7L8.5 13"],
};

const glyph = (parent, label) => {
  const drawing = svg("svg", { width: 15, height: 15, viewBox: "0 0 15 15", "aria-hidden": "true" }, parent);
  for (const d of GLYPHS[label] ?? []) svg("path", { d, fill: "none", stroke: "currentColor", "stroke-width": 2.4, "stroke-linecap": "round" }, drawing);
  if (label === "induction") svg("path", { d: "M2 2L13 13", fill: "none", stroke: "currentColor", "stroke-dasharray": "1.5 2" }, drawing);
  if (!label) for (const [x, y] of [[3, 11], [7, 8.5], [4, 5.5], [10.5, 12]]) svg("circle", { cx: x, cy: y, r: 1.4, fill: "currentColor" }, drawing);
};

/** A score as it is read: a distance with one decimal, the others with two. */
export const shown = (name, value, words) => (value === null ? words.no_score : value.toFixed(name === "width" ? 1 : 2));

/** The scores asked for are not there yet; those of the text must not stand under their name. */
export const isMeasuring = (value) => Boolean(value.ready && value.lists && !value.lists_done);

/** What stands on a thumbnail: the score that ranks, or that of its label, and whether a cut has moved it. */
const scoreOf = (one, rank, words) => {
  const name = rank === "label" ? one.label : rank;
  if (!name) return { name, text: "", moved: 0 };
  const [now, was] = [one[name], one.was[name]];
  const moved = now !== null && was !== null && Math.abs(now - was) > MOVED ? Math.sign(now - was) : 0;
  return { name, text: shown(name, now, words), moved };
};

/** Heads by that score, the largest first; those that cannot be measured last. */
export const ranked = (scores, name) => scores.map((one, index) => [one[name], index]).sort(([a, i], [b, j]) => (b ?? -1) - (a ?? -1) || i - j).map(([, index]) => index);

class Cell {
  constructor(at, layer, head, stage, map) {
    Object.assign(this, { layer, head, stage });
    const name = headName(layer, head);
    this.frame = html("div", { class: "hd", "data-layer": layer }, at);
    this.button = html("button", { class: "pic", "data-key": `head${name}`, "aria-label": fill(stage.words.one_head, { name }) }, this.frame);
    this.canvas = html("canvas", { "aria-hidden": "true" }, this.button);
    this.number = html("span", { class: "num", "aria-hidden": "true" }, this.button);
    this.cut = html("button", { class: "sw", tabindex: -1, "data-key": `cut${name}` }, this.frame);
    this.label = html("span", { class: "nm", "aria-hidden": "true" }, this.frame);
    this.button.addEventListener("click", () => map.pick(layer, head));
    this.cut.addEventListener("click", () => map.toggle(name));
    this.button.addEventListener("keydown", (event) => map.press(event, layer, head));
  }

  draw(value, score, place, size, words) {
    const { layer, head } = this;
    const name = headName(layer, head);
    const off = value.cuts.some((one) => one.part === name || (one.kind === "attention" && one.layer === layer));
    const chosen = layer === value.at.layer && head === value.at.head;
    const told = isMeasuring(value) ? words.lists_running : score.name ? `${words[`score.${score.name}`]} ${score.text}` : words.unclear;
    this.button.title = `${fill(words.one_head, { name })} · ${told}`;
    this.button.setAttribute("aria-label", `${fill(words.one_head, { name })}, ${told}${off ? `, ${words.is_off}` : ""}`);
    this.button.setAttribute("aria-pressed", String(chosen));
    this.button.tabIndex = chosen ? 0 : -1;
    this.frame.className = `hd${chosen ? " sel" : ""}${off ? " off" : ""}${layer === value.at.layer ? " here" : ""}`;
    this.number.textContent = size < 40 || off || isMeasuring(value) ? "" : `${score.text}${score.moved ? (score.moved < 0 ? "↓" : "↑") : ""}`;
    this.number.classList.toggle("moved", Boolean(score.moved));
    const turned = isTurned(value, name);
    const say = turning(value, words, turned);
    this.cut.textContent = say.short;
    this.cut.setAttribute("aria-label", fill(say.aria, { name }));
    this.cut.disabled = !canTurn(value);
    this.label.textContent = turned && value.tool === "exchange" ? words.is_swapped : off ? words.is_off : isMeasuring(value) ? "" : place !== null ? place === undefined ? "" : fill(words.rank_n, { n: place + 1 }) : score.name ? words[`score.${score.name}`] : "—";
  }
}

class HeadMap {
  constructor(at, stage) {
    Object.assign(this, { at, stage, cells: [], signature: "" });
    const { words } = stage;
    const row = html("div", { class: "row1" }, at);
    this.title = html("h2", {}, row);
    this.blocks = html("div", { class: "seg blocks", role: "group", "aria-label": words.block }, row);
    const seg = html("div", { class: "seg source", role: "group", "aria-label": words.measured_on }, row);
    this.source = [false, true].map((lists) => {
      const button = html("button", { "data-key": `lists-${lists}`, title: words[lists ? "on_lists_about" : "on_text_about"] }, seg, words[lists ? "on_lists" : "on_text"]);
      button.addEventListener("click", () => stage.act({ type: "set", name: "lists", value: lists }, "lists"));
      return button;
    });
    const second = html("div", { class: "ranking" }, at);
    this.select = html("select", { "aria-label": words.rank_by, "data-key": "rank" }, second);
    for (const name of ["label", ...SCORES]) html("option", { value: name }, this.select, words[name === "label" ? "rank_label" : `score.${name}`]);
    this.select.addEventListener("change", () => {
      if (stage.value) stage.value = { ...stage.value, rank: this.select.value }; // the scores are all here
      stage.show({});
      stage.act({ type: "set", name: "rank", value: this.select.value }, "rank");
    });
    this.legend = html("div", { class: "legend", role: "group", "aria-label": words.legend }, second);
    for (const label of LABELS) {
      const button = html("button", { "data-key": `legend-${label || "none"}`, title: words[label ? `score.${label}.about` : "unclear"] }, this.legend);
      glyph(button, label);
      button.append(label ? words[`score.${label}`] : "—");
      button.addEventListener("click", () => stage.show({ filter: stage.own.filter === label ? null : label }));
    }
    this.order = html("div", { class: "order", role: "group", "aria-label": words.ranking }, second);
    this.waiting = html("div", { class: "lists-bar", hidden: true }, second);
    html("span", {}, this.waiting, words.lists_running);
    this.bar = html("progress", { max: 1, "aria-label": words.lists_running }, this.waiting);
    this.stop = html("button", { class: "link", "data-key": "stop-lists" }, this.waiting, words.stop);
    this.say = html("p", { class: "map-say" }, at);
    this.grid = html("div", { class: "grid" }, at);
  }

  /** What the numbers are: those of the lists, a score in words, or how heads are counted and named. */
  sentence(value) {
    const { words } = this.stage;
    if (value.lists && value.list?.length) return fill(words.lists_say, { tokens: value.list.map(named).join(" ") });
    return value.rank === "label" ? words.map_say : words[`score.${value.rank}.about`];
  }

  pick(layer, head) { this.stage.act({ type: "pick", layer, head }, "pick"); }
  toggle(name) { turn(this.stage, name); }

  press(event, layer, head) {
    const { layers, heads } = this.stage.value;
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (event.key === "x" || event.key === "Delete") this.toggle(headName(layer, head));
    else if (moves[event.key]) {
      const [down, right] = moves[event.key];
      const [toLayer, toHead] = [(layer + down + layers) % layers, (head + right + heads) % heads];
      this.cells[toLayer * heads + toHead]?.button.focus({ preventScroll: true });
      this.pick(toLayer, toHead);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  build(layers, heads) {
    const { words } = this.stage;
    this.signature = `${layers} ${heads}`;
    this.grid.replaceChildren();
    this.grid.style.setProperty("--heads", heads);
    const few = heads <= 8 && layers <= 6;
    this.grid.classList.toggle("many", !few);
    html("span", { class: "lab", "aria-hidden": "true" }, this.grid, words.block.length < 3 ? words.block : "");
    for (let head = 0; head < heads; head += 1) html("span", { class: "lab", "aria-hidden": "true" }, this.grid, few ? fill(words.head_n, { n: head }) : String(head));
    this.cells = [];
    for (let layer = 0; layer < layers; layer += 1) {
      html("span", { class: "lab lay", "aria-hidden": "true" }, this.grid, String(layer));
      for (let head = 0; head < heads; head += 1) this.cells.push(new Cell(this.grid, layer, head, this.stage, this));
    }
    this.blocks.replaceChildren();
    for (let layer = 0; layer < layers; layer += 1) {
      const button = html("button", { "data-key": `block${layer}`, "aria-label": fill(words.block_n, { n: layer }) }, this.blocks, String(layer));
      button.addEventListener("click", () => this.pick(layer, this.stage.value.at.head));
    }
  }

  /** Side of a thumbnail in pixels. */
  size(value) {
    const narrow = innerWidth <= 900;
    const room = this.at.clientWidth || 402;
    const most = narrow ? 56 : value.layers > 6 || value.heads > 8 ? 40 : 56;
    const across = (room - (narrow ? 0 : 24)) / Math.max(1, value.heads) - (narrow ? 6 : 4);
    const down = narrow ? 99 : 336 / Math.max(1, value.layers) - 6;
    return Math.max(12, Math.floor(Math.min(most, across, value.heads <= 8 && value.layers <= 6 ? 99 : down)));
  }

  draw(value) {
    const { stage } = this;
    const { words } = stage;
    const [layers, heads] = [value.layers ?? 4, value.heads ?? 6];
    if (this.signature !== `${layers} ${heads}`) this.build(layers, heads);
    this.title.textContent = fill(words.n_heads, { n: layers * heads });
    this.say.textContent = this.say.title = this.sentence(value);
    this.source.forEach((button, index) => button.setAttribute("aria-pressed", String(Boolean(index) === value.lists)));
    this.select.value = value.rank;
    this.select.title = words[`score.${value.rank}.about`] ?? "";
    [...this.blocks.children].forEach((button, layer) => button.setAttribute("aria-pressed", String(layer === value.at.layer)));
    [...this.legend.children].forEach((button, index) => button.setAttribute("aria-pressed", String(stage.own.filter === LABELS[index])));
    const measuring = isMeasuring(value);
    this.waiting.hidden = !measuring;
    this.legend.hidden = measuring || value.rank !== "label";
    this.order.hidden = measuring || value.rank === "label";
    if (!value.ready) return;
    const size = this.size(value);
    this.grid.style.setProperty("--thumb", `${size}px`);
    this.paint(value, size);
    const order = value.rank === "label" ? null : ranked(value.scores, value.rank);
    const measured = order?.filter((index) => value.scores[index][value.rank] !== null);
    const places = measured?.reduce((all, index, place) => ({ ...all, [index]: place }), {}) ?? null;
    value.scores.forEach((one, index) => {
      const cell = this.cells[index];
      cell.draw(value, scoreOf(one, value.rank, words), places && places[index], size, words);
      cell.frame.classList.toggle("dim", value.rank === "label" && typeof stage.own.filter === "string" && one.label !== stage.own.filter);
    });
    if (order) this.list(value, order);
  }

  /** The heads in order; pressing one shows it large. */
  list(value, order) {
    const { words } = this.stage;
    this.order.replaceChildren();
    for (const index of order) {
      const [layer, head] = [Math.floor(index / value.heads), index % value.heads];
      const chosen = layer === value.at.layer && head === value.at.head;
      const button = html("button", { "aria-pressed": String(chosen), "data-key": `rank${headName(layer, head)}` }, this.order);
      html("b", {}, button, headName(layer, head));
      button.append(` ${shown(value.rank, value.scores[index][value.rank], words)}`);
      button.addEventListener("click", () => this.pick(layer, head));
    }
  }

  paint(value, size) {
    const { side, data } = value.map;
    const key = `${data.length} ${data.slice(0, 400)} ${data.slice(-80)} ${side} ${size} ${document.documentElement.dataset.theme} ${value.cuts.map((one) => one.part)} ${value.text}`;
    if (this.painted === key) return;
    this.painted = key;
    const bytes = heat.bytes(data);
    const colours = heat.scales();
    colours.edge = null;
    this.cells.forEach((cell, index) => heat.attention(heat.pen(cell.canvas, size, size), { x: 0, y: 0, w: size, h: size }, side, bytes, index * side * side, 255, colours));
  }
}

export const headMap = (at, stage) => new HeadMap(at, stage);
