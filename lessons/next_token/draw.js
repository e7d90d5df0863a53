/* 「GPT란?」: one token at a time. Python computes every number; this draws them. */
import { count, fill, html, percent, svg } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";
import { aboutToken, readable } from "../../assets/js/views/chip.js";
import { distribution } from "../../assets/js/views/distribution.js";
import { fold } from "../../assets/js/views/folds.js";
import { formula } from "../../assets/js/views/formula.js";
import { pathTree } from "../../assets/js/views/path_tree.js";
import { tokenStrip } from "../../assets/js/views/token_strip.js";
import { waitingPlace } from "../../assets/js/views/waiting.js";
import { board } from "./board.js";

const PLAY_EVERY = 1100; // ms

const icon = (button, path, filled) => {
  const drawing = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", width: 16, height: 16 });
  svg("path", { d: path, fill: filled ? "currentColor" : "none", stroke: filled ? "none" : "currentColor", "stroke-width": 1.8 }, drawing);
  button.prepend(drawing);
  return drawing;
};
const PLAY = "M4 2.5v11l9-5.5z";
const PAUSE = "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z";
const UNDO = "M6 3 2.5 6.5 6 10M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6";

const buttons = (stage, parts, picture) => {
  const { words } = stage;
  const act = html("div", { class: "act" }, picture);
  parts.go = html("button", { id: "go", "data-key": "go", "data-main": true }, act);
  html("span", {}, parts.go, words.go);
  html("kbd", {}, parts.go, words.space);
  parts.go.addEventListener("click", () => stage.act({ type: "draw" }));
  const pair = html("div", { class: "pair" }, act);
  parts.play = html("button", { id: "play", class: "quiet", title: words.play, "data-key": "play" }, pair);
  parts.playIcon = icon(parts.play, PLAY, true);
  parts.playWord = html("span", {}, parts.play, words.play);
  parts.play.addEventListener("click", () => play(stage, !parts.timer));
  parts.interrupt = ({ target, key }) => { // the button itself stops by its own press
    if (!parts.play.contains(target) || (key && key !== " " && key !== "Enter")) play(stage, false);
  };
  const undo = html("button", { id: "undo", class: "quiet", title: words.undo, "data-key": "undo" }, pair);
  icon(undo, UNDO, false);
  html("span", {}, undo, words.undo);
  undo.addEventListener("click", () => { play(stage, false); stage.act({ type: "undo" }); });
  const say = html("div", { class: "say" }, act);
  stage.waitingPlace = waitingPlace(say);
  parts.say = html("p", { "aria-live": "polite" }, say);
};

/** Draw on until the end of the text, a limit, an error, any press, covered bars, or another place. */
const play = (stage, on) => {
  const { parts, words } = stage;
  clearInterval(parts.timer);
  const next = () => {
    if (!stage.at.clientWidth || stage.value.hidden) play(stage, false);
    else if (!stage.pending) stage.act({ type: "draw" });
  };
  parts.timer = on ? setInterval(next, PLAY_EVERY) : 0;
  for (const event of ["pointerdown", "keydown", "popstate"]) {
    if (on) addEventListener(event, parts.interrupt, true); else removeEventListener(event, parts.interrupt, true);
  }
  if (on) next();
  parts.play.classList.toggle("on", on);
  parts.play.title = on ? words.pause : words.play;
  parts.playWord.textContent = on ? words.pause : words.play;
  parts.playIcon.firstChild.setAttribute("d", on ? PAUSE : PLAY);
};

/** The three filters in the order in which they work, then the seed of the draw. */
const knobs = (stage, parts, at) => {
  const { words, fields } = stage;
  const row = html("div", { class: "knobs" }, at);
  parts.knobs = {};
  for (const name of ["temperature", "top_k", "top_p"]) {
    const { low, high, step, stops } = fields[name];
    const knob = html("div", { class: "knob" }, row);
    const line = html("div", {}, knob);
    html("label", { for: `knob-${name}` }, line, words[name]);
    const output = html("output", { for: `knob-${name}` }, line);
    const note = html("span", {}, line);
    const input = html("input", { id: `knob-${name}`, type: "range", min: stops ? 0 : low, max: stops ? stops.length - 1 : high, step }, knob);
    input.addEventListener("input", () => {
      showKnob(stage, name, output, input);
      stage.act({ type: "knob", knob: name, value: knobValue(stage, name, input) }, `knob-${name}`);
    });
    parts.knobs[name] = { input, output, note };
  }
  const seed = html("div", { class: "knob seed" }, row);
  html("label", { for: "knob-seed" }, html("div", {}, seed), words.seed);
  parts.seed = html("input", { id: "knob-seed", type: "number", min: fields.seed.low, max: fields.seed.high, step: 1, title: words.seed_note }, seed);
  parts.seedNote = html("p", { class: "seed-note", role: "status" }, seed);
  parts.seed.addEventListener("change", () => {
    const { low, high } = fields.seed;
    const [text, value] = [parts.seed.value, Number(parts.seed.value)];
    const good = text !== "" && Number.isInteger(value) && value >= low && value <= high;
    parts.seedNote.textContent = good ? "" : fill(words.seed_range, { low, high: count(high), now: stage.value.knobs.seed });
    if (good) stage.act({ type: "knob", knob: "seed", value }, "knob-seed");
    else parts.seed.value = stage.value.knobs.seed;
  });
  parts.seed.addEventListener("input", () => { parts.seedNote.textContent = ""; });
};
const knobValue = (stage, name, input) => stage.fields[name].stops?.[Number(input.value)] ?? Number(input.value);
const showKnob = (stage, name, output, input) => {
  const value = knobValue(stage, name, input);
  const off = (name === "top_k" && value === 0) || (name === "top_p" && value === 1);
  const text = off ? stage.words.off : name === "top_k" ? String(value) : value.toFixed(2);
  output.textContent = text;
  input.setAttribute("aria-valuetext", text);
  input.style.setProperty("--fill", `${(100 * (input.value - input.min)) / (input.max - input.min)}%`);
};

const guessPanel = (stage, parts, at) => {
  const { words } = stage;
  const panel = html("form", { class: "cover", hidden: true }, at);
  parts.cover = panel;
  parts.coverAsk = html("p", {}, panel);
  const row = html("div", {}, panel);
  const input = html("input", { "aria-label": words.guess_label, autocomplete: "off", placeholder: words.guess_placeholder, maxlength: 60 }, row);
  html("button", { class: "quiet dark" }, row, words.check);
  const reveal = html("button", { type: "button", class: "quiet" }, row, words.reveal);
  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) { stage.act({ type: "guess", text: input.value }); input.value = ""; }
  });
  reveal.addEventListener("click", () => stage.act({ type: "hide", on: false }));
};

const distributionPart = (stage, parts, picture) => {
  const { words } = stage;
  const column = html("div", { class: "dist-column" }, picture);
  knobs(stage, parts, column);
  const frame = html("div", { class: "dist-frame" }, column);
  const tools = html("div", { class: "dist-tools" }, frame);
  html("span", { class: "hint" }, tools, words.hint);
  const hide = html("button", { class: "link", "data-key": "hide" }, tools, words.hide);
  hide.addEventListener("click", () => stage.act({ type: "hide", on: true }));
  parts.hide = hide;
  parts.dist = html("div", { class: "dist" }, frame);
  guessPanel(stage, parts, frame);
};

const folds = (stage, parts) => {
  const { more, words } = stage;
  const compare = fold(more, words.compare, words.compare_about, (open) => { if (open !== Boolean(stage.value?.compare)) stage.act({ type: "compare", on: open }, "compare"); });
  parts.compareFold = compare.closest("details");
  parts.compare = html("div", { class: "compare" }, compare);
  const maths = fold(more, words.formula, words.formula_about);
  const symbol = { T: "warn" };
  formula(maths, ["mrow", ["msub", "p", "i"], "=", ["mfrac", ["mrow", "exp", "(", ["msub", "z", "i"], "/", "T", ")"], ["mrow", ["msub", "Σ", "j"], "exp", "(", ["msub", "z", "j"], "/", "T", ")"]]], symbol);
  rich(html("p", {}, maths), words.formula_text);
  const cache = fold(more, words.cache_title, words.cache_about);
  rich(html("p", {}, cache), words.cache_text);
  parts.cacheNow = html("p", { class: "mute" }, cache);
};

const drawCompare = (at, rows, words) => {
  at.replaceChildren();
  if (!rows) return;
  const table = html("table", {}, at);
  const head = html("tr", {}, html("thead", {}, table));
  for (const name of [words.method, words.continued, words.probability]) html("th", { scope: "col" }, head, name);
  const body = html("tbody", {}, table);
  for (const row of rows) {
    const line = html("tr", {}, body);
    const method = html("th", { scope: "row" }, line);
    html("b", {}, method, row.name);
    html("small", {}, method, row.about);
    const tokens = html("td", { class: "tokens" }, line);
    for (const token of row.tokens) html("span", { class: "token", title: `${aboutToken(token, words)} · ${percent(token.p)}` }, tokens, (token.space ? "·" : "") + readable(token));
    html("td", { class: "number" }, line, row.p);
  }
};

export const build = (stage) => {
  const { parts } = stage;
  const picture = html("section", { class: "picture", "aria-label": stage.words.picture }, stage.picture);
  parts.strip = html("div", { class: "strip" }, picture);
  const whole = html("p", { class: "whole", tabindex: 0 }, picture);
  html("b", {}, whole, stage.words.whole_text);
  parts.whole = html("span", {}, whole);
  buttons(stage, parts, picture);
  distributionPart(stage, parts, picture);
  parts.tree = html("div", { class: "tree-frame" }, html("div", { class: "paths" }, picture));
  folds(stage, parts);
};

export const draw = (stage) => {
  const { parts, value, words } = stage;
  parts.go.querySelector("span").textContent = value.ended ? words.again : words.go;
  if (parts.timer && (value.ended || value.hidden || value.notice)) play(stage, false);
  tokenStrip(parts.strip, value, words, stage.before);
  parts.whole.textContent = value.text + value.grown;
  rich(parts.say, value.say);
  for (const [name, { input, output, note }] of Object.entries(parts.knobs)) {
    const waiting = stage.waiting.some((entry) => entry.slot === `knob-${name}`);
    if (!waiting) input.value = stage.fields[name].stops?.indexOf(value.knobs[name]) ?? value.knobs[name];
    showKnob(stage, name, output, input);
    note.textContent = value.notes[name] ?? "";
  }
  if (document.activeElement !== parts.seed) parts.seed.value = value.knobs.seed;
  const covers = value.hidden && parts.cover.hidden;
  parts.cover.hidden = !value.hidden;
  parts.cover.closest(".own-picture").classList.toggle("covering", value.hidden);
  if (covers && innerWidth <= 900) parts.cover.scrollIntoView({ block: "center" }); // on a phone it lies below
  parts.hide.hidden = value.hidden || !value.ready;
  rich(parts.coverAsk, value.cover);
  parts.dist.classList.toggle("covered", value.hidden);
  parts.dist.toggleAttribute("inert", value.hidden);
  if (value.ready) {
    distribution(parts.dist, value, words, (id) => stage.act({ type: "pick", id }));
    pathTree(parts.tree, value, words, (index) => stage.act({ type: "go", node: index }));
  }
  drawCompare(parts.compare, value.compare, words);
  if (stage.pending?.type !== "compare" && !stage.waiting.some((entry) => entry.slot === "compare")) parts.compareFold.open = Boolean(value.compare);
  parts.cacheNow.textContent = value.cache_now;
};

export { board };

export const space = (stage) => { stage.act({ type: "draw" }); };
