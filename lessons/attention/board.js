/* 「어텐션」 beside a presenter: one head large, at its right all heads, what the cut does, the exchange or the mask. 1280 × 720, nothing under 24 px. */
import { canvas, fill, fit, percent, press, svg, textWidth } from "../../assets/js/dom.js";
import { boardDots } from "../../assets/js/views/board_dots.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { curves } from "./curves.js";
import { weightsOf } from "./hero.js";
import { openSquare } from "./mask.js";
import { headName, named, number, signed } from "./numbers.js";
import { vectors } from "./row.js";

const LARGE = { pitch: 62, least: 50, text: 26, small: 24, big: 30, top: 40, chip: 46, index: 42, numbers: 76, notes: 160, widest: 150 };
const LEFT = { x: 64, y: 150, width: 700, height: 470 };
const RIGHT = { x: 806, y: 96, width: 410 };
const MOST_TOKENS = 9; // as curves; of more a heatmap

const text = (parent, x, y, size, words, { bold, anchor, cls } = {}) =>
  svg("text", { x, y, "text-anchor": anchor, class: cls, style: `font-size:${size}px;font-weight:${bold ? 700 : 400}` }, parent, words);
const plain = (say) => say.replace(/\[\[(?:[^\]|]*\|)?([^\]]*)\]\]/g, "$1").replace(/\*\*/g, "").replace(/[\u2068\u2069]/g, "");

/** `sentence` broken into lines of at most `room` pixels. */
const inLines = (sentence, room, size) => sentence.split(" ").reduce((lines, word) => {
  const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
  if (lines.length && textWidth(longer, size) <= room) lines[lines.length - 1] = longer;
  else lines.push(word);
  return lines;
}, []);

const picture = (parent, x, y, width, height, paint) => {
  const made = document.createElement("canvas");
  paint(made);
  svg("image", { href: made.toDataURL(), x, y, width, height }, parent);
};

/** The head on show: curves, or with many tokens its pattern. */
const large = (drawing, stage) => {
  const { value, words } = stage;
  const { at: place } = value;
  const one = value.scores[place.layer * value.heads + place.head];
  const name = fill(words.one_head, { name: headName(place.layer, place.head) });
  const told = one.label ? `${words[`score.${one.label}`]} ${one[one.label] === null ? "" : one[one.label].toFixed(2)}` : words.unclear;
  const off = value.cuts.some((cut) => cut.part === headName(place.layer, place.head));
  text(drawing, LEFT.x, 128, 32, name, { bold: true });
  text(drawing, LEFT.x + textWidth(name, 32, 700) + 18, 128, 26, off ? words.is_off : told, { cls: "quiet" });
  const weights = weightsOf(value.large);
  if (value.tokens.length <= MOST_TOKENS) {
    const inside = svg("g", { transform: `translate(${LEFT.x} ${LEFT.y})`, opacity: off ? 0.4 : 1 }, drawing);
    const nest = { replaceChildren: (...all) => inside.replaceChildren(...all) };
    const on = { query: (index) => stage.act({ type: "mark", query: index }, "mark"), key: () => {} };
    curves(nest, { tokens: value.tokens, weights, row: value.row, query: place.query, key: value.row.strongest, label: name }, words, LARGE, LEFT, on);
    return;
  }
  const size = 440;
  const { rows } = value.large.pattern;
  const bytes = Uint8Array.from(heat.floats(value.large.pattern), (one_) => Math.round(255 * one_));
  picture(drawing, LEFT.x + 130, LEFT.y, size, size, (made) => heat.attention(heat.pen(made, size, size), { x: 0, y: 0, w: size, h: size }, rows, bytes, 0, 255, heat.scales()));
  svg("rect", { class: "frame", x: LEFT.x + 130, y: LEFT.y, width: size, height: size }, drawing);
  const every = Math.ceil((26 * rows) / size);
  value.tokens.forEach((token, index) => {
    if (index % every) return;
    const group = press(svg("g", { class: "candidate" }, drawing), fill(words.choose_token, { i: index + 1, token: named(token) }), `board-query${index}`, () => stage.act({ type: "mark", query: index }, "mark"));
    text(group, LEFT.x + 120, LEFT.y + ((index + 0.5) * size) / rows + 9, 24, fit(named(token), 116, 24, 700), { anchor: "end", bold: index === place.query });
  });
  svg("rect", { class: "chosen-frame", x: LEFT.x + 130, y: LEFT.y + (place.query * size) / rows, width: size, height: size / rows }, drawing);
};

/** All heads, the one on show framed. */
const allHeads = (drawing, stage) => {
  const { value, words } = stage;
  const { layers, heads } = value;
  const step = Math.min(RIGHT.width / heads, 470 / layers);
  const size = step - 10;
  text(drawing, RIGHT.x, 128, 28, fill(words.n_heads, { n: layers * heads }), { bold: true });
  const bytes = heat.bytes(value.map.data);
  const { side } = value.map;
  const colours = heat.scales();
  const first = LEFT.y + 18;
  const numbered = step >= 34; // blocks down, heads across, from 0
  for (let head = 0; numbered && head < heads; head += 1) text(drawing, RIGHT.x + head * step + size / 2, first - 8, 24, String(head), { anchor: "middle", cls: "quiet" });
  for (let layer = 0; numbered && layer < layers; layer += 1) text(drawing, RIGHT.x - 10, first + layer * step + size / 2 + 9, 24, String(layer), { anchor: "end", cls: "quiet" });
  for (let index = 0; index < layers * heads; index += 1) {
    const [layer, head] = [Math.floor(index / heads), index % heads];
    const [x, y] = [RIGHT.x + head * step, first + layer * step];
    const name = headName(layer, head);
    const group = press(svg("g", { class: "candidate" }, drawing), fill(words.one_head, { name }), `board${name}`, () => stage.act({ type: "pick", layer, head }, "pick"));
    picture(group, x, y, size, size, (made) => heat.attention(heat.pen(made, size, size), { x: 0, y: 0, w: size, h: size }, side, bytes, index * side * side, 255, colours));
    svg("rect", { class: layer === value.at.layer && head === value.at.head ? "chosen-frame" : "frame", x: x - 2, y: y - 2, width: size + 4, height: size + 4, rx: 5 }, group);
    if (value.cuts.some((one) => one.part === name)) svg("path", { class: "hatch", d: `M${x} ${y}l${size} ${size}M${x + size} ${y}l${-size} ${size}` }, group);
  }
  labelled(drawing, stage, first + layers * step + 40);
};

const SPARK = { width: 290, height: 48 };

/** A vector as thin bars around a line. */
const spark = (drawing, y, values, letter) => {
  const most = Math.max(1e-9, ...Array.from(values, Math.abs));
  const [x, wide, half] = [RIGHT.x + RIGHT.width - SPARK.width, SPARK.width / values.length, SPARK.height / 2];
  svg("path", { d: `M${x} ${y}h${SPARK.width}`, class: "axis" }, drawing);
  values.forEach((value, index) => {
    const tall = (half * Math.abs(value)) / most;
    svg("rect", { x: x + index * wide, y: value > 0 ? y - tall : y, width: Math.max(1, wide - 1), height: Math.max(0.5, tall), style: `fill:var(--${letter === "z" ? "ink" : letter})` }, drawing);
  });
};

/** The row of the chosen token, filled in for the key that gets most: q · k / √d, softmax, times v, z. */
const filled = (drawing, stage) => {
  const { value: { row, tokens, at: { query } }, words } = stage;
  const key = row.strongest;
  const { q, k, v, z } = vectors(row);
  const formula = text(drawing, RIGHT.x, 128, 30, "", {});
  for (const [part, letter] of [["softmax(", ""], ["Q", "q"], ["K", "k"], ["ᵀ/√d) ", ""], ["V", "v"]]) svg("tspan", letter ? { class: "maths", style: `fill:var(--${letter}-ink)` } : {}, formula, part);
  const vector = (y, letter, index, values) => {
    const name = text(drawing, RIGHT.x, y + 9, 26, "", { bold: true });
    svg("tspan", { class: "maths", style: letter === "z" ? undefined : `fill:var(--${letter}-ink)` }, name, letter);
    if (index !== null) svg("tspan", { style: "font-size:24px;font-weight:400" }, name, ` ${fit(named(tokens[index]), 96, 24)}`);
    spark(drawing, y, values, letter);
  };
  vector(186, "q", query, q);
  vector(256, "k", key, k[key]);
  text(drawing, RIGHT.x, 330, 26, `q·k / √${row.d} = ${number(row.scores[key])}`);
  text(drawing, RIGHT.x, 372, 26, `→ softmax ${row.weights[key].toFixed(2)}`, { bold: true });
  vector(432, "v", key, v[key]);
  text(drawing, RIGHT.x, 500, 26, `${row.weights[key].toFixed(2)} × v + ${fill(words.others, { n: query })} =`);
  vector(560, "z", null, z);
};

/** Which heads have earned which label, a line each. */
const labelled = (drawing, { value, words }, y) => {
  const lines = ["previous", "same", "induction", "first"].map((label) => {
    const names = value.scores.flatMap((one, index) => (one.label === label ? [headName(Math.floor(index / value.heads), index % value.heads)] : []));
    if (!names.length) return null;
    const all = names.join(", ");
    const told = textWidth(all, 24) < RIGHT.width - 130 ? all : fill(words.n_heads, { n: names.length });
    return [words[`score.${label}`], told];
  }).filter(Boolean);
  lines.forEach(([label, told], index) => {
    text(drawing, RIGHT.x, y + 36 * index, 24, label, { cls: "quiet" });
    text(drawing, RIGHT.x + 130, y + 36 * index, 24, told, { bold: true });
  });
};

/** Bars before (outlined) and after (filled). */
const bars = (drawing, rows, y, words, now) => {
  const most = Math.max(...rows.flatMap((row) => [row.before, row.after])) || 1;
  rows.forEach((row, index) => {
    const top = y + index * 52;
    text(drawing, RIGHT.x, top + 27, 26, fit(named(row), 118, 26));
    svg("rect", { class: "now", x: RIGHT.x + 126, y: top + 6, width: Math.max(1, (176 * row.after) / most), height: 26 }, drawing);
    svg("rect", { class: "was", x: RIGHT.x + 126, y: top + 1, width: Math.max(1, (176 * row.before) / most), height: 36 }, drawing);
    text(drawing, RIGHT.x + RIGHT.width, top + 28, 26, percent(row.after), { bold: true, anchor: "end" });
  });
  const legend = y + rows.length * 52 + 34;
  svg("rect", { class: "now", x: RIGHT.x, y: legend - 18, width: 20, height: 20 }, drawing);
  text(drawing, RIGHT.x + 30, legend, 24, now);
  const after = RIGHT.x + 60 + textWidth(now, 24);
  svg("rect", { class: "was", x: after, y: legend - 18, width: 20, height: 20 }, drawing);
  text(drawing, after + 30, legend, 24, words.before_word);
};

const cut = (drawing, stage) => {
  const { value, words } = stage;
  const { effect } = value;
  text(drawing, RIGHT.x, 128, 28, fit(value.cuts.map((one) => one.name).join(", "), RIGHT.width - 80, 28, 700), { bold: true });
  text(drawing, RIGHT.x + RIGHT.width, 128, 24, words.is_off, { anchor: "end", cls: "quiet" });
  const change = signed(Number(effect.after.toFixed(2)) - Number(effect.before.toFixed(2)));
  text(drawing, RIGHT.x, 206, 58, change, { bold: true });
  text(drawing, RIGHT.x + textWidth(change, 58, 700) + 16, 184, 24, fit(fill(words.change_of, { piece: effect.piece }), RIGHT.width - textWidth(change, 58, 700) - 16, 24), { cls: "quiet" });
  text(drawing, RIGHT.x + textWidth(change, 58, 700) + 16, 214, 24, `${number(effect.before)} → ${number(effect.after)}`, { cls: "quiet" });
  bars(drawing, effect.rows, 250, words, words.after_word);
};

const exchanged = (drawing, stage) => {
  const { value, words } = stage;
  const { exchange } = value;
  inLines(`${words.other}: ${exchange.other}`, RIGHT.width, 24).slice(0, 2).forEach((line, index) => text(drawing, RIGHT.x, 124 + 32 * index, 24, line));
  if (exchange.say) return inLines(exchange.say, RIGHT.width, 24).forEach((line, index) => text(drawing, RIGHT.x, 220 + 34 * index, 24, line, { cls: "quiet" }));
  text(drawing, RIGHT.x, 240, 58, number(exchange.carried), { bold: true });
  inLines(words.carried_about, RIGHT.width - 160, 24).forEach((line, index) => text(drawing, RIGHT.x + 160, 214 + 32 * index, 24, line, { cls: "quiet" }));
  text(drawing, RIGHT.x, 300, 26, fit(exchange.swaps.map((one) => one.name).join(", "), RIGHT.width, 26), { bold: true });
  bars(drawing, exchange.rows, 330, words, words.swapped_word);
};

const masked = (drawing, stage) => {
  const { value, words } = stage;
  const size = 340;
  text(drawing, RIGHT.x, 128, 28, words.without_mask, { bold: true });
  picture(drawing, RIGHT.x, LEFT.y, size, size, (made) => openSquare(made, size, value.unmasked.rows, heat.bytes(value.unmasked.data)));
  svg("rect", { class: "frame", x: RIGHT.x, y: LEFT.y, width: size, height: size }, drawing);
  const line = size / value.unmasked.rows;
  svg("rect", { class: "chosen-frame", x: RIGHT.x, y: LEFT.y + value.at.query * line, width: size, height: line }, drawing);
  inLines(words.not_trained, RIGHT.width, 26).forEach((line, index) => text(drawing, RIGHT.x, LEFT.y + size + 44 + 36 * index, 26, line, { bold: true }));
};

const foot = (drawing, stage) => {
  const { value } = stage;
  const say = value.cuts?.length || value.tool !== "cut" ? value.look : (stage.scenes[value.scene]?.say ?? value.lead ?? "");
  const lines = inLines(plain(say), 1152, 24);
  lines.slice(0, 2).forEach((line, index) => text(drawing, 64, 664 + 34 * index, 24, index ? fit(line, 820, 24) : line));
  boardDots(drawing, stage, 1216 - (stage.scenes.length + 2) * 18.7, 692, 10);
};

export const board = (stage) => {
  const { value, words } = stage;
  const drawing = canvas(stage.board, "100%", "100%", words.map_label, "0 0 1280 720");
  drawing.classList.add("att-board");
  const title = stage.scenes[value.scene]?.title ?? words.title;
  text(drawing, 64, 70, Math.min(46, 1150 / textWidth(title, 1, 700)), title, { bold: true });
  if (value.ready) {
    large(drawing, stage);
    if (value.tool === "exchange" && value.exchange) exchanged(drawing, stage);
    else if (value.tool === "mask" && value.unmasked) masked(drawing, stage);
    else if (value.cuts.length) cut(drawing, stage);
    else if (stage.scenes[value.scene]?.id === "row") filled(drawing, stage);
    else allHeads(drawing, stage);
  }
  foot(drawing, stage);
};
