/* 「GPT란?」 beside a presenter: the slide's two rows, with the model between them. One 1280 × 720 drawing that the window scales. */
import { arrow, canvas, fill, fit, percent, press, svg, textWidth } from "../../assets/js/dom.js";
import { boardDots } from "../../assets/js/views/board_dots.js";
import { readable } from "../../assets/js/views/chip.js";

const [OUTPUT_Y, MODEL_Y, INPUT_Y] = [102, 430, 506];
const COLUMNS = 5;
const x = (column) => 196 + column * 207;

const text = (drawing, at, size, words, { bold, anchor, fill, light } = {}) =>
  svg("text", { x: at[0], y: at[1], "text-anchor": anchor, style: `font-size:${size}px;font-weight:${bold ? 700 : light ? 400 : 500};${fill ? `fill:${fill}` : ""}` }, drawing, words);

const cells = (drawing, value, tokens, inputs, from) => {
  for (let column = 0; column < COLUMNS; column += 1) {
    for (const [y, limit] of [[OUTPUT_Y, tokens.length], [INPUT_Y, inputs]]) {
      const index = column + from;
      const filled = index < limit;
      const fresh = filled && y === OUTPUT_Y && index === inputs;
      const look = fresh ? "hit" : filled ? (y === INPUT_Y ? "in" : "out") : "empty";
      svg("rect", { class: `cell ${look}`, x: x(column), y, width: 191, height: 84, rx: 14 }, drawing);
      if (!filled) continue;
      const name = (tokens[index].space ? "·" : "") + readable(tokens[index]);
      const size = Math.max(24, Math.min(50, 1650 / textWidth(name, 10, 600)));
      text(drawing, [x(column) + 95, y + 42 + size * 0.36], size, fit(name, 178, size, 600), { anchor: "middle", bold: true, fill: fresh ? "var(--chosen-ink)" : undefined });
      if (fresh && tokens[index].by_hand) text(drawing, [x(column) + 95, OUTPUT_Y + 112], 24, value.words_by_hand, { anchor: "middle", fill: "var(--ink-2)" });
      if (y === INPUT_Y) arrow(drawing, x(column) + 95, INPUT_Y - 3, x(column) + 95, MODEL_Y + 56, { stroke: `var(--${value.architecture})`, width: 4 });
    }
  }
};

const bars = (drawing, stage, value) => {
  const drawn = value.rows[value.hit];
  const single = value.rows.filter((row) => !row.rest);
  const rows = single.indexOf(drawn) < 5 ? single.slice(0, 5) : [...single.slice(0, 4), drawn];
  const longest = Math.max(...rows.map((row) => row.after));
  rows.forEach((row, index) => {
    const y = 227 + index * 39;
    const on = value.rows.indexOf(row) === value.hit;
    const length = (row.after / longest) * 420;
    const group = svg("g", { class: "candidate" }, drawing);
    svg("rect", { class: "ground", x: 56, y: y - 4, width: 870, height: 37, rx: 6 }, group);
    const name = fit((row.space ? "·" : "") + readable(row), 240, 32, on ? 700 : 500);
    text(group, [313, y + 26], 32, name, { anchor: "end", bold: on });
    svg("rect", { class: on ? "board-bar hit" : "board-bar", x: 324, y, width: Math.max(length, 2), height: 29, rx: 4 }, group);
    const shown = row.after > 0 ? percent(row.after, 0) : fill(stage.words.outside, { filter: row.cut });
    text(group, [336 + length, y + 26], row.after > 0 ? 32 : 24, shown, { bold: on });
    press(group, `${readable(row)}, ${shown}`, `token${row.id}`, () => stage.act({ type: "pick", id: row.id }));
  });
};

const strip = (drawing, stage, value, column) => {
  const y = (p) => 229 + p * 192;
  value.rows.forEach((row, index) => row.spans.forEach(([low, high]) => {
    const on = index === value.hit;
    const height = y(high) - y(low);
    svg("rect", { class: on ? "board-bar hit" : row.rest ? "board-bar rest" : "board-bar", x: 944, y: y(low) + 1, width: 118, height: Math.max(1, height - 2), rx: 4 }, drawing);
    if (height < 27) return;
    const name = fit(row.rest ? stage.words.rest : readable(row), 100, 24, on ? 700 : 500);
    text(drawing, [956, (y(low) + y(high)) / 2 + 9], 24, name, { bold: on, fill: on ? "var(--chosen-ink)" : undefined });
  }));
  if (value.u === null || value.u > 0.22) text(drawing, [1071, 247], 24, "0");
  if (value.u === null || value.u < 0.75) text(drawing, [1071, 421], 24, "1");
  if (!value.drawn || value.u === null) return;
  const needle = y(value.u);
  svg("path", { class: "needle", d: `M1038 ${needle}H1072`, "stroke-width": 4 }, drawing);
  svg("circle", { cx: 1036, cy: needle, r: 7, fill: "var(--ink)" }, drawing);
  svg("path", { d: `M1068 ${needle}l20 -12v24z`, fill: "var(--ink)" }, drawing);
  const line = Math.min(needle, 372); // its words stay above the model
  text(drawing, [1094, line + 16], 46, value.u.toFixed(3), { bold: true });
  text(drawing, [1094, line + 46], 24, stage.words.random, { light: true });
  const rise = x(column) + 95;
  svg("path", { class: "rise", d: `M942 ${needle}H${rise + 8}q-8 0 -8 -8V198` }, drawing);
  svg("path", { d: `M${rise} 190l-8 12h16z`, fill: "var(--ink)" }, drawing);
};

const foot = (drawing, stage, value) => {
  const left = boardDots(drawing, stage, 64, 647);
  const scene = stage.scenes[value.scene];
  if (scene) text(drawing, [left + 12, 664], 24, scene.slide, { bold: true });
  text(drawing, [1215, 664], 24, value.board_note, { anchor: "end", light: true });
};

export const board = (stage) => {
  const { value, words } = stage;
  const drawing = canvas(stage.board, "100%", "100%", value.alt.strip, "0 0 1280 720");
  const tokens = value.drawn ? [...value.tokens, value.drawn] : value.tokens;
  const inputs = value.tokens.length;
  const byNumber = value.drawn && value.u !== null;
  const from = Math.max(0, inputs - COLUMNS + (byNumber ? 2 : 1)); // the line from the draw rises beside the number, not through it
  const title = stage.scenes[value.scene]?.title ?? words.title;
  text(drawing, [64, 74], Math.min(54, 1150 / textWidth(title, 1, 700)), title, { bold: true });
  for (const [y, name] of [[OUTPUT_Y, words.output], [INPUT_Y, words.input]]) text(drawing, [64, y + 54], 30, name, { bold: true });
  cells(drawing, { ...value, words_by_hand: words.by_hand }, tokens, inputs, from);
  svg("rect", { class: `board-model ${value.architecture}`, x: 196, y: MODEL_Y, width: 1019, height: 54, rx: 14 }, drawing);
  text(drawing, [218, 469], 34, "GPT", { bold: true, fill: "#fff" });
  text(drawing, [301, 466], 24, value.model, { fill: "#fff" });
  text(drawing, [1193, 466], 24, value.knobs_line, { anchor: "end", fill: "#fff" });
  svg("path", { d: `M322 222V${MODEL_Y}`, stroke: `var(--${value.architecture})`, "stroke-width": 4 }, drawing);
  if (!value.ready) text(drawing, [340, 320], 32, words.loading, {});
  else if (value.hidden) {
    text(drawing, [340, 320], 40, words.guess_board, { bold: true });
    const button = svg("g", { class: "candidate" }, drawing);
    svg("rect", { class: "cell out", x: 340, y: 346, width: 240, height: 56, rx: 12 }, button);
    text(button, [460, 383], 28, words.reveal, { anchor: "middle" });
    press(button, words.reveal, "reveal", () => stage.act({ type: "hide", on: false }));
  } else {
    bars(drawing, stage, value);
    strip(drawing, stage, value, inputs - from);
  }
  foot(drawing, stage, value);
};
