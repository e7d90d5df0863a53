/* The distribution of the next token: bars before and after temperature, top-k and top-p, laid end to end into the strip from
   0 to 1 that the random number falls on. */
import { canvas, count, fill, fit, percent, press, svg, textWidth } from "../dom.js";
import { chip, readable } from "./chip.js";

const TOP = 24;

const layout = (width) => {
  const narrow = width < 560;
  const [chip, numbers, fan, strip, needle] = narrow ? [84, 62, 30, 50, 44] : [112, 130, 84, 72, 96];
  const bars = width - chip - numbers - fan - strip - needle;
  const xNumbers = chip + bars;
  return { narrow, row: narrow ? 25 : 23, chip, bars, numbers, strip, xNumbers, xFan: xNumbers + numbers + 8, xStrip: xNumbers + numbers + fan, xEnd: xNumbers + numbers + fan + strip };
};

const headings = (drawing, words, g) => {
  const after = g.xNumbers + g.numbers;
  const before = g.narrow ? after - 30 - textWidth(words.after, 14) : g.xNumbers + 56;
  svg("rect", { class: "before", x: before - 20 - textWidth(words.before, 14), y: 2.75, width: 14, height: 13 }, drawing);
  svg("text", { x: before, y: 14, "text-anchor": "end", class: "mute" }, drawing, words.before);
  svg("rect", { class: "after", x: after - 20 - textWidth(words.after, 14), y: 4.5, width: 14, height: 10 }, drawing);
  svg("text", { x: after, y: 14, "text-anchor": "end", class: "mute" }, drawing, words.after);
  svg("text", { x: g.xStrip + g.strip / 2, y: 14, "text-anchor": "middle", style: "font-weight:700" }, drawing, words.draw);
};

/** From each bar to its box on the strip; the box has the token's name where there is room beside the needle. */
const boxes = (drawing, rows, hit, needle, words, g, y) => {
  rows.forEach((row, index) => row.spans.forEach(([low, high]) => {
    const on = index === hit;
    const [a, b] = [TOP + index * g.row + 4, TOP + (index + 1) * g.row - 4];
    const [y1, y2] = [y(low), y(high)];
    const middle = (g.xFan + g.xStrip) / 2;
    const d = `M${g.xFan} ${a}C${middle} ${a} ${middle} ${y1} ${g.xStrip} ${y1}L${g.xStrip} ${y2}C${middle} ${y2} ${middle} ${b} ${g.xFan} ${b}Z`;
    svg("path", { d, class: on ? "fan hit" : "fan" }, drawing);
    const box = on ? "box hit" : row.rest ? "box rest" : "box";
    svg("rect", { class: box, x: g.xStrip, y: y1 + 0.75, width: g.strip, height: Math.max(0.5, y2 - y1 - 1.5), rx: 2 }, drawing);
    let [centre, room] = [(y1 + y2) / 2, y2 - y1];
    if (on && needle !== null && Math.abs(needle - centre) < 13) {
      const upper = needle - y1 > y2 - needle;
      room = upper ? needle - y1 : y2 - needle;
      centre = upper ? (y1 + needle) / 2 : (needle + y2) / 2;
    }
    if (room < 16) return;
    const name = fit(row.rest ? words.rest : readable(row), g.strip - 6, 14, on ? 700 : 500);
    svg("text", { x: g.xStrip + g.strip / 2, y: centre + 5, "text-anchor": "middle", class: on ? "on-chosen" : row.rest ? "on-rest" : "on-model", style: `font-size:14px;font-weight:${on ? 700 : 500}` }, drawing, name);
  }));
};

const scale = (drawing, g, y, u) => {
  for (const at of [0, 0.25, 0.5, 0.75, 1]) {
    svg("line", { x1: g.xEnd + 2, x2: g.xEnd + 6, y1: y(at), y2: y(at), stroke: "var(--ink-2)", "stroke-width": 1.5 }, drawing);
    const covered = u !== null && (at === 0 ? u < 0.14 : u > 0.8);
    if (at % 1 === 0 && !covered) svg("text", { x: g.xEnd + 13, y: y(at) + (at ? 0 : 10), class: "mute" }, drawing, at);
  }
};

/** Where the random number fell. */
const pointer = (drawing, u, y, bottom, words, width, g) => {
  svg("path", { d: `M${g.xStrip - 5} ${y}H${g.xEnd + 12}`, class: "needle", "stroke-width": 2.5 }, drawing);
  svg("path", { d: `M${g.xEnd + 2} ${y}l11 -7v14z`, fill: "var(--ink)" }, drawing);
  svg("circle", { cx: g.xStrip - 5, cy: y, r: 4, fill: "var(--ink)" }, drawing);
  if (g.narrow) {
    svg("text", { x: width, y: y < TOP + 24 ? y + 22 : y - 11, "text-anchor": "end", style: "font-weight:700" }, drawing, u.toFixed(2));
    return;
  }
  const text = Math.min(Math.max(y, TOP + 8), bottom - 26);
  svg("text", { x: g.xEnd + 20, y: text + 7, style: "font-size:21px;font-weight:700" }, drawing, u.toFixed(3));
  svg("text", { x: g.xEnd + 20, y: text + 26, class: "mute" }, drawing, words.random);
};

const bar = (drawing, row, index, hit, words, g, length, pick) => {
  const y = TOP + index * g.row;
  const middle = y + g.row / 2;
  const on = index === hit;
  const cut = row.after <= 0;
  const outside = cut ? fill(words.outside, { filter: row.cut }) : percent(row.after);
  const group = svg("g", { class: `candidate${cut ? " cut" : ""}${row.guess ? " guess" : ""}` }, drawing);
  svg("rect", { class: "ground", x: -6, y, width: g.xNumbers + g.numbers + 10, height: g.row, rx: 5 }, group);
  if (row.rest) {
    svg("text", { x: 0, y: middle + 5, class: "mute" }, group, g.narrow ? words.rest : fill(words.rest_count, { n: count(row.rest) }));
  } else {
    const width = Math.min(g.chip - 6, textWidth((row.space ? "·" : "") + readable(row), 15, on ? 700 : 400) + 14);
    chip(group, 0.75 + width / 2, middle - 9.75, row, on ? "hit" : cut ? "off" : "small", { size: 15, height: 19.5, padding: 7, most: g.chip - 6, words });
  }
  if (!cut) svg("rect", { class: on ? "after hit" : "after", x: g.chip, y: middle - 5, width: length(row.after), height: 10 }, group);
  svg("rect", { class: cut ? "before cut" : "before", x: g.chip, y: middle - 7.5, width: Math.max(1, length(row.before)), height: 15 }, group);
  if (!g.narrow) svg("text", { x: g.xNumbers + 56, y: middle + 5, "text-anchor": "end", class: cut ? "cut" : "mute", style: "font-size:15px" }, group, percent(row.before));
  svg("text", { x: g.xNumbers + g.numbers, y: middle + 5, "text-anchor": "end", class: cut ? "cut" : "", style: cut ? "font-size:14px" : "font-weight:700" }, group, outside);
  if (row.guess) svg("text", { class: "guess-mark", x: Math.min(g.chip + length(Math.max(row.after, row.before)) + 8, g.xNumbers - 50), y: middle + 5 }, group, words.my_guess);
  if (row.rest) group.setAttribute("aria-hidden", "true");
  else press(group, `${readable(row)}, ${words.before} ${percent(row.before)}, ${words.after} ${outside}`, `token${row.id}`, () => pick(row.id));
};

/**
 * value.rows: [{id, piece, space, before, after, spans: [[low, high]], cut: "" | "top-k" | "top-p", guess}], the last with `rest`, the number of
 * all other tokens · value.hit: the row of the drawn token, -1 for none · value.u: the random number, null when chosen by hand
 */
export const distribution = (at, value, words, pick) => {
  const width = at.clientWidth;
  if (!width) return; // its tab has just been left
  const g = layout(width);
  const { rows, hit, u } = value;
  const bottom = TOP + rows.length * g.row;
  const drawing = canvas(at, width, bottom + 4, value.alt.distribution);
  const largest = Math.max(...rows.map((row) => Math.max(row.before, row.after))) * 1.02;
  const length = (p) => (p / largest) * g.bars;
  const y = (p) => TOP + p * (bottom - TOP);
  const needle = value.drawn && u !== null ? y(u) : null;
  headings(drawing, words, g);
  boxes(drawing, rows, hit, needle, words, g, y);
  scale(drawing, g, y, needle === null ? null : u);
  if (needle !== null) pointer(drawing, u, needle, bottom, words, width, g);
  rows.forEach((row, index) => bar(drawing, row, index, hit, words, g, length, pick));
  for (const filter of ["top-p", "top-k"]) {
    const first = rows.findIndex((row) => row.cut === filter);
    if (first < 1 || rows[first].rest) continue;
    const line = TOP + first * g.row;
    svg("line", { class: "cut-line", x1: g.chip + 4, x2: g.xNumbers + g.numbers, y1: line, y2: line }, drawing);
  }
  svg("line", { x1: g.chip, x2: g.chip, y1: TOP, y2: bottom, stroke: "var(--ink)", "stroke-width": 1.5 }, drawing);
};
