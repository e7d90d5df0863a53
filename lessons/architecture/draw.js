/* 「GPT-1 vs GPT-2」: one text through two drawings, a panel beside them. Python computes every number; this draws them. */
import { fill, html, intoSight, still } from "../../assets/js/dom.js";
import { waitingPlace } from "../../assets/js/views/waiting.js";
import { board } from "./board.js";
import { columnPlaces, drawColumn, streamScale } from "./diagram.js";
import { buildLabs } from "./labs.js";
import { drawPanel } from "./panel.js";

const CHANGES = ["ln", "final", "init", "vocabulary", "context", "sizes"];
const TERMS = ["embed", "position", "blocks", "unembed"];
const NARROW = 900; // px, where the panel goes below the drawings

/** The drawings follow each letter of the text. */
export const typing = true;

/** What the signs in the drawings mean; waiting is told in its place. */
const key = (stage) => {
  const { words } = stage;
  const key = html("div", { class: "key" }, stage.head);
  stage.waitingPlace = waitingPlace(key);
  for (const name of ["key_shape", "key_std"]) {
    const entry = html("span", {}, key);
    html("b", {}, entry, name === "key_shape" ? "[T,d]" : "σ");
    entry.append(` ${words[name]}`);
  }
  const ramp = html("span", {}, key, words.key_colour);
  html("i", { class: "ramp" }, ramp);
  ramp.append(words.key_colour_end);
};

/** The bar over the drawings: the five differences, or the terms of equation (2); at its end the block. */
const steps = (stage, parts, at) => {
  const { words } = stage;
  const bar = html("div", { class: "steps" }, at);
  parts.stepsTitle = html("h2", {}, bar);
  parts.steps = new Map();
  const list = html("div", { class: "step-list", role: "group", "aria-label": words.changed }, bar);
  [...CHANGES, ...TERMS].forEach((name) => {
    const term = TERMS.includes(name);
    const button = html("button", { "data-key": name, class: term ? "of-equation" : "of-changes" }, list);
    if (!term) html("i", {}, button, String(CHANGES.indexOf(name) + 1));
    html("span", {}, button, words[`${term ? "term" : "change"}.${name}`]);
    button.addEventListener("click", () => stage.act({ type: "light", lit: stage.value?.lit === name ? "none" : name }, "light"));
    parts.steps.set(name, button);
  });
  parts.bringIntoSight = inSight(list, parts.steps);
  parts.mode = html("button", { class: "mode", "data-key": "mode" }, bar);
  parts.mode.addEventListener("click", () => stage.act({ type: "light", lit: TERMS.includes(stage.value?.lit) ? "ln" : "embed" }, "light"));
  const walk = html("label", { class: "walk" }, bar);
  parts.blockName = html("span", {}, walk);
  parts.block = html("input", { type: "range", min: 0, max: 3, step: 1, "aria-label": words.block_range, "data-key": "block" }, walk);
  parts.block.addEventListener("input", () => {
    showBlock(stage, Number(parts.block.value));
    stage.act({ type: "open", block: Number(parts.block.value) }, "block");
  });
};

/** A row that scrolls on a phone shows the button that has been lit, once; where she scrolls to afterwards is hers. */
const inSight = (list, buttons) => {
  let last;
  return (lit) => {
    if (lit === last || !list.clientWidth) return; // a tab that is not open has no widths: when it is
    last = lit;
    if (!buttons.has(lit)) return;
    intoSight(buttons.get(lit), list);
  };
};

const showBlock = ({ parts, words }, block) => {
  parts.blockName.textContent = fill(words.block, { n: block });
  parts.block.style.setProperty("--fill", `${(100 * block) / Math.max(1, parts.block.max)}%`);
};

const drawSteps = (stage, value) => {
  const { parts, words } = stage;
  const equation = TERMS.includes(value.lit);
  parts.stepsTitle.textContent = equation ? words.equation : words.changed;
  parts.mode.textContent = equation ? words.to_changed : words.equation;
  const order = equation ? TERMS : CHANGES;
  for (const [name, button] of parts.steps) {
    button.hidden = TERMS.includes(name) !== equation;
    button.setAttribute("aria-pressed", String(name === value.lit));
    button.classList.toggle("past", order.indexOf(name) < order.indexOf(value.lit));
  }
  parts.bringIntoSight(value.lit);
  parts.block.max = value.blocks - 1;
  if (!stage.waiting.some((entry) => entry.slot === "block")) parts.block.value = value.open;
  showBlock(stage, Number(parts.block.value));
};

const EMPTY = { n_layer: 4, n_head: 6, d_model: 192, open: 2, model: "", tokens: [], tensors: {}, heads: null, next: null, alt: "" };
const emptyPicture = { lit: "none", side: "", node: "", row: -1, open: 2, blocks: 4, subs: {}, columns: ["gpt1", "gpt2"].map((side) => ({ ...EMPTY, side })) };

/** What the panel and the drawings call; `point` needs no answer from Python. */
const actions = (stage) => ({
  pick: (side, node) => stage.act({ type: "pick", side, node }, "pick"),
  close: () => stage.act({ type: "pick", node: null }, "pick"),
  mark: (row) => stage.act({ type: "mark", row }, "mark"),
  light: (lit) => stage.act({ type: "light", lit }, "light"),
  head: (head) => stage.act({ type: "head", head }, "head"),
  point: (word) => {
    if (stage.pointed === word) return;
    stage.pointed = word;
    for (const picture of [...(stage.drawings ?? []), stage.panel]) picture?.point(word);
  },
});

/** Both drawings. Until the models are there, the boxes without their numbers. */
const columns = (stage, value) => {
  const { parts, words } = stage;
  const scale = streamScale(value.columns);
  const places = columnPlaces(value.columns, Math.max(parts.gpt1.clientWidth, parts.gpt2.clientWidth));
  const arrived = value.lit === "ln" && stage.litBefore && stage.litBefore !== "ln";
  if (value !== emptyPicture) stage.litBefore = value.lit;
  const on = actions(stage);
  stage.drawings = value.columns.map((column) => {
    const chosen = column.side === value.side;
    const look = { lit: value.lit, sub: value.subs[column.side] ?? "", node: chosen ? value.node : "", row: chosen ? value.row : -1, arrived, scale, ...places };
    const pick = (node) => {
      on.pick(column.side, node);
      if (innerWidth <= NARROW) parts.panel.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
    };
    if (!parts[column.side].clientWidth) return { point() {} }; // on a phone, the one that is not shown
    return drawColumn(parts[column.side], column, look, words, { ...on, pick, open: (block) => stage.act({ type: "open", block }, "block") });
  });
};

/** On a phone one of the two columns is shown, with a switch between them. */
const switchSides = (stage, parts, pair) => {
  const seg = html("div", { class: "seg sides", role: "group", "aria-label": stage.words.picture });
  pair.before(seg);
  const buttons = ["gpt1", "gpt2"].map((side) => html("button", { "data-key": `show-${side}` }, seg, side === "gpt1" ? "GPT-1" : "GPT-2"));
  parts.showSide = (side) => {
    if (pair.dataset.shown === side) return;
    pair.dataset.shown = side;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(side === `gpt${index + 1}`)));
  };
  buttons.forEach((button, index) => button.addEventListener("click", () => { parts.showSide(`gpt${index + 1}`); stage.paint(); }));
  parts.showSide("gpt1");
};

export const build = (stage) => {
  const { parts } = stage;
  key(stage);
  const main = html("div", { class: "arch-main" }, stage.picture);
  const picture = html("section", { class: "arch-picture", "aria-label": stage.words.picture }, main);
  steps(stage, parts, picture);
  const pair = html("div", { class: "arch-pair" }, picture);
  for (const side of ["gpt1", "gpt2"]) parts[side] = html("div", { class: `arch-column ${side}` }, pair);
  switchSides(stage, parts, pair);
  parts.panel = html("aside", { class: "panel", "aria-label": stage.words.panel }, main);
  parts.labs = buildLabs(stage.more, stage.words, stage.fields, (action, slot) => stage.act(action, slot));
  drawSteps(stage, emptyPicture);
  columns(stage, emptyPicture);
  new MutationObserver(() => stage.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] }); // a canvas knows no CSS variables
};

export const draw = (stage) => {
  const { parts, value, words } = stage;
  drawSteps(stage, value);
  if (value.side && value.side !== parts.sideOfPanel) parts.showSide(value.side);
  parts.sideOfPanel = value.side;
  stage.pointed = null; // the next move of the mouse or the focus points anew
  columns(stage, value.ready ? value : emptyPicture);
  if (value.panel) {
    const tokens = value.panel.tokens ?? [];
    const row = value.row < 0 || value.row >= tokens.length ? tokens.length - 1 : value.row;
    stage.panel = drawPanel(parts.panel, value, { row, lit: value.lit }, words, actions(stage));
  }
  parts.labs(value, stage);
};

export { board };
