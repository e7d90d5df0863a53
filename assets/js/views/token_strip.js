/* The Input/Output strip of the slides: what goes in below, what comes out above, one token per column. */
import { arrow, canvas, count, fill, fit, still, svg, textWidth } from "../dom.js";
import { chip } from "./chip.js";

const COLUMN_HEIGHT = 40;
const MODEL_HEIGHT = 20;
const MODEL_Y = 51;
const INPUT_Y = 90;
const [DOWN, UP] = [9, 9]; // of a column's two arrows from its middle

const rowNames = (drawing, words, narrow) => {
  for (const [y, name, small] of [[0, words.output, words.output_small], [INPUT_Y, words.input, words.input_small]]) {
    svg("text", { x: 0, y: y + (narrow || !small ? 26 : 17), style: `font-weight:700;font-size:${narrow ? 15 : 16}px` }, drawing, name);
    if (small && !narrow) svg("text", { x: 0, y: y + 35, class: "mute" }, drawing, small);
  }
};

/** The model over all the tokens that it reads: from each an arrow up into it, and one out of it to the token that it gave. */
const model = (drawing, inputs, output, value, words) => {
  const colour = `var(--${value.architecture})`;
  const [left, right] = [inputs[0].left, inputs.at(-1).right];
  svg("rect", { class: "strip-model", x: left, y: MODEL_Y, width: right - left, height: MODEL_HEIGHT, rx: 6, fill: colour }, drawing);
  const room = right - left - 16;
  const all = fill(words.reads_all, { n: value.n_context });
  const told = textWidth(all, 14, 700) < room ? all : "GPT";
  svg("text", { class: "on-model", x: (left + right) / 2, y: MODEL_Y + 15, "text-anchor": "middle", style: "font-weight:700;font-size:14px" }, drawing, told);
  for (const { up } of inputs) arrow(drawing, up, INPUT_Y - 2, up, MODEL_Y + MODEL_HEIGHT + 2, { stroke: colour, width: 1.8 });
  if (output === null) return;
  const path = `M${right} ${MODEL_Y + MODEL_HEIGHT / 2}H${output - 6}q6 0 6 -6V${COLUMN_HEIGHT + 9}`;
  svg("path", { d: path, fill: "none", stroke: colour, "stroke-width": 3 }, drawing);
  svg("path", { d: `M${output - 6} ${COLUMN_HEIGHT + 11}l6 -9l6 9z`, fill: colour }, drawing);
};

const cacheMarks = (drawing, x, y, width, fresh) => {
  ["k", "v"].forEach((name, index) => {
    svg("rect", { class: `cache ${name}${fresh ? " fresh" : ""}`, x: x - width / 2 + 4 + index * (width / 2 - 3), y, width: width / 2 - 5, height: 5, rx: 2.5 }, drawing);
  });
};

/** The context window as a bar, and how many numbers the KV cache saved at this step. */
const memo = (drawing, value, words, width, y, narrow) => {
  const label = svg("text", { x: 0, y, class: "mute" }, drawing, words.window);
  const x = textWidth(words.window, 14) + 9;
  const barWidth = narrow ? 110 : 150;
  const used = Math.min(1, value.n_context / value.n_ctx);
  svg("rect", { class: "window-frame", x, y: y - 11, width: barWidth, height: 10.5, rx: 2.5 }, drawing);
  svg("rect", { class: value.n_dropped ? "window-used full" : "window-used", x: x + 1.5, y: y - 9.5, width: Math.max(2, used * (barWidth - 3)), height: 7.5 }, drawing);
  const filled = fill(words.window_used, { used: value.n_context, all: count(value.n_ctx) });
  svg("text", { x: x + barWidth + 9, y, style: "font-weight:700;font-size:14px" }, drawing, filled);
  svg("title", {}, label, value.window_note);
  if (value.kv_saved === null) return;
  const saved = fill(words.numbers, { n: count(value.kv_saved) });
  const about = narrow ? words.cache_short : words.cache;
  const savedWidth = textWidth(saved, 14, 700);
  const right = narrow ? textWidth(about, 14) + 42 + savedWidth : width;
  const line = narrow ? y + 22 : y;
  svg("text", { x: right, y: line, "text-anchor": "end", style: "font-weight:700;font-size:14px" }, drawing, saved);
  svg("text", { x: right - savedWidth - 8, y: line, "text-anchor": "end", class: "mute" }, drawing, about);
  const marks = right - savedWidth - 8 - textWidth(about, 14) - 36;
  for (const [index, name] of ["k", "v"].entries()) svg("rect", { class: `cache ${name}`, x: marks + 16 * index, y: line - 7, width: 12, height: 5, rx: 2 }, drawing);
};

/** What came out goes in: past the model, behind it. */
const down = (drawing, x) => {
  svg("path", { d: `M${x} ${COLUMN_HEIGHT + 4}V${MODEL_Y - 2}`, stroke: "var(--ink-2)", "stroke-width": 1.5, "stroke-dasharray": "1.6 4.4" }, drawing);
  arrow(drawing, x, MODEL_Y + MODEL_HEIGHT + 2, x, INPUT_Y - 2, { stroke: "var(--ink-2)", width: 1.5, dash: "1.6 4.4" });
};

/** In the output, where the learner's own text would stand: it was typed, the model gave none of it. */
const typedWords = (drawing, n, x, x0, words) => {
  if (n <= 0) return;
  const [left, right] = [Math.max(x(0) - 40, x0 + 4), x(n - 1) + 40];
  svg("rect", { class: "typed", x: left, y: 4, width: right - left, height: 32, rx: 9 }, drawing);
  svg("text", { class: "mute", x: (left + right) / 2, y: 25, "text-anchor": "middle", style: "font-size:14px" }, drawing, fit(words.typed, right - left - 12, 14));
};

/** The chip that stood in the output comes down to the input. */
const comeDown = (chip, height) => {
  if (!chip || still()) return;
  chip.animate([{ transform: `translateY(${-height}px)` }, { transform: "none" }], { duration: 220, easing: "ease-in-out" });
};

/**
 * before: the value drawn before this one, or null; what came down since then is shown coming down
 * value.tokens: the last tokens of the input · value.offset: how many stand before them · value.drawn: the token drawn, or null
 * value.n_typed: how many tokens of the input the learner has typed
 */
export const tokenStrip = (at, value, words, before = null) => {
  const width = at.clientWidth;
  const narrow = width < 560;
  const columns = narrow ? 4 : 6;
  const tokens = value.drawn ? [...value.tokens, value.drawn] : value.tokens;
  const inputs = value.tokens.length;
  const from = Math.max(0, inputs + 1 - columns);
  const more = value.offset + from > 0; // tokens that do not fit stand to the left, as …
  const label = Math.max(textWidth(words.output, 15, 700), textWidth(words.input, 15, 700));
  const x0 = narrow ? label + (more ? 22 : 0) : 76;
  const pitch = (width - x0) / columns;
  const look = { size: narrow ? 17 : 19, least: 13, padding: narrow ? 8 : 14, most: pitch - 8, words };
  const drawing = canvas(at, width, INPUT_Y + COLUMN_HEIGHT + (narrow ? 60 : 42), value.alt.strip);
  const x = (column) => x0 + pitch * (column + 0.5);
  const cameDown = before?.drawn && value.n_input === before.n_input + 1 && value.tokens.at(-1)?.id === before.drawn.id;
  rowNames(drawing, words, narrow);
  if (more) svg("text", { x: x0 - 4, y: INPUT_Y + 26, class: "mute", "text-anchor": "end" }, drawing, "…");
  const shown = Math.min(inputs - from, columns);
  if (shown > 0) {
    const places = Array.from({ length: shown }, (_, column) => ({ up: x(column) + (column + from + value.offset < value.n_typed ? 0 : UP), left: Math.max(x(column) - 44, x0 + 2), right: x(column) + 44 }));
    if (more) places[0].left = x0 - 4;
    model(drawing, places, value.drawn && shown < columns ? x(shown) : null, value, words);
  }
  typedWords(drawing, Math.min(shown, value.n_typed - value.offset - from), x, x0, words);
  for (let column = 0; column < columns; column += 1) {
    const index = column + from;
    const last = index === inputs - 1;
    if (index >= tokens.length) {
      for (const y of [0, INPUT_Y]) chip(drawing, x(column), y, null, "empty", look);
      continue;
    }
    const typed = index + value.offset < value.n_typed;
    if (!typed && index < inputs) down(drawing, x(column) - DOWN);
    if (!typed) chip(drawing, x(column), 0, tokens[index], index === inputs ? "hit" : "", look);
    const chipWidth = chip(drawing, x(column), INPUT_Y, tokens[index], index === inputs ? "next" : "in", look);
    if (cameDown && last) comeDown(drawing.lastElementChild, INPUT_Y);
    if (index < inputs && value.kv_saved !== null) cacheMarks(drawing, x(column), INPUT_Y + COLUMN_HEIGHT + 4, chipWidth, index >= inputs - value.kv_fresh);
  }
  if (value.n_ctx) memo(drawing, value, words, width, INPUT_Y + COLUMN_HEIGHT + 29, narrow);
};
