/* The heatmaps of the panel: a tensor with one row for each token, or the pattern of one attention head. */
import { fill, fit, html } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";
import { readable } from "../../assets/js/views/chip.js";
import { fullHeatmap } from "../../assets/js/views/full_heatmap.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { signedNumber } from "./diagram.js";

const SIGMAS = 3; // as in the thumbnails: the colours end there
const MOUSE = { row: 14, room: 72, text: 12 };   // px: most of a row, most of a heatmap, least of a name in a dense one
const FINGER = { row: 24, room: 240, text: 24 };
const SQUARE = { names: 46, gap: 14, most: 260 };
const num = (value, digits = 2) => signedNumber(value, digits);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values) => { const middle = mean(values); return Math.sqrt(mean(values.map((value) => (value - middle) ** 2))); };
const rowOf = (values, part, row) => Array.from(values.subarray(row * part.columns, (row + 1) * part.columns));
const named = (token) => (token.space ? "·" : "") + readable(token);
const plain = (token) => readable(token).trim() || "␣";
export const tensors = { mean, spread, rowOf, named, plain };

const fingers = () => (innerWidth <= 900 ? FINGER : MOUSE);

const ramp = (at, low, high, scale = "ramp") => html("span", { class: "range" }, at, `${low} `).append(html("i", { class: scale }), ` ${high}`);

/** The rows that have a name when each needs `every` rows: the marked one always, and no other too close to it or to the edge. */
const namedRows = (rows, every, marked) => {
  const first = every > 3 ? Math.floor(every / 2) : 0;
  return Array.from({ length: rows }, (_, row) => row).filter((row) => row === marked || (row % every === first && Math.abs(row - marked) >= every));
};

/** The names of the rows, each a button that marks its token. */
const names = (at, panel, rows, rowHeight, letter, look, on) => {
  const size = fingers();
  const buttons = namedRows(rows, Math.ceil(size.text / rowHeight), look.row).map((row) => {
    const token = panel.tokens[row];
    const button = html("button", { "aria-pressed": String(row === look.row), style: `top:${Math.max(7, (row + 0.5) * rowHeight)}px`, "data-key": `${letter}${row}`, title: named(token) }, at, named(token));
    button.addEventListener("click", () => on.mark(row));
    for (const [event, word] of [["pointerenter", token.word], ["focus", token.word], ["pointerleave", null], ["blur", null]]) button.addEventListener(event, () => on.point(word));
    return { button, token };
  });
  return (word) => { for (const { button, token } of buttons) button.classList.toggle("pointed", token.word === word); };
};

/** What a full heatmap tells the rest of the page, and hears from it. */
const shared = (panel, on) => ({ point: (row) => on.point(row === null ? null : panel.tokens[row].word), mark: on.mark });

/** One heatmap: rows are tokens, at the left their names, at the right each row's standard deviation -> {values, point(word)}. */
export const tensorRows = (at, panel, part, letter, look, words, on) => {
  const values = heat.floats(part);
  const range = SIGMAS * spread(Array.from(values)) || 1;
  const size = fingers();
  const rowHeight = Math.max(2, Math.min(size.row, Math.floor(size.room / part.rows)));
  const frame = html("div", { class: rowHeight < MOUSE.row ? "heat dense" : "heat" }, at);
  const title = html("div", { class: "heat-title" }, frame);
  html("i", { class: letter }, title, letter);
  const label = html("span", { title: part.label }, title, part.label);
  const whole = html("button", { class: "link whole", hidden: true, "data-key": `whole-${letter}` }, title, words.heat_whole);
  ramp(title, num(-range), num(range));
  html("span", { class: "right" }, title, words.std);
  const left = html("div", { class: "heat-names" }, frame);
  const picture = html("div", { class: "heat-picture" }, frame);
  const numbers = html("div", { class: "heat-numbers" }, frame);
  const light = names(left, panel, part.rows, rowHeight, letter, look, on);
  for (const row of namedRows(part.rows, Math.ceil(MOUSE.text / rowHeight), look.row)) {
    html("span", { class: row === look.row ? "on" : "", style: `top:${Math.max(7, (row + 0.5) * rowHeight)}px` }, numbers, num(spread(rowOf(values, part, row))));
  }
  const about = (row, column) => {
    const of = part.names?.length ? fill(words.next_at, { token: plain(panel.tokens[row]), next: part.names[column].trim() || "␣" }) : fill(words.value_at, { token: plain(panel.tokens[row]), column });
    return `${of}: ${num(values[row * part.columns + column], 4)}`;
  };
  const full = fullHeatmap(
    html("div", {}, picture), letter,
    { rows: part.rows, columns: part.columns, values, low: -range, high: range, scale: "signed", row: look.row, same: `${panel.side} ${panel.name} ${part.data}` },
    {
      width: Math.max(120, picture.clientWidth), rowHeight, kind: words.heat_kind, about, loading: words.heat_loading,
      label: `${part.label}, ${fill(words.cells, { rows: part.rows, columns: part.columns, low: num(-range), high: num(range) })}. ${words.heat_keys}`,
    },
    { ...shared(panel, on), zoom: (seen) => { label.textContent = seen ? fill(words.heat_zoomed, { first: seen[0], last: seen[1] }) : part.label; whole.hidden = !seen; } },
  );
  whole.addEventListener("click", () => full.zoom(0));
  return { values, point: (word) => { light(word); full.point((row) => panel.tokens[row].word === word); } };
};

/** Every head small, as a button; the chosen one in full -> {point(word)}. */
export const tensorHeads = (at, panel, look, words, on) => {
  const { heads, rows, data } = panel.heads;
  const frame = html("div", { class: "panel-heads" }, at);
  const colours = heat.scales();
  const bytes = heat.bytes(data);
  const across = heads <= 6 ? 3 : 4;
  const small = Math.floor((130 - 4 * (across - 1)) / across);
  const side = html("div", {}, frame);
  const list = html("div", { class: "head-list", role: "group", "aria-label": words.attention, style: `grid-template-columns: repeat(${across}, ${small}px)` }, side);
  for (let head = 0; head < heads; head += 1) {
    const name = fill(words.head, { n: head });
    const button = html("button", { "aria-pressed": String(head === panel.head), "aria-label": name, title: name, "data-key": `head${head}` }, list);
    const canvas = html("canvas", { "aria-hidden": "true" }, button);
    heat.attention(heat.pen(canvas, small, small), { x: 0, y: 0, w: small, h: small }, rows, bytes, head * rows * rows, 255, colours);
    html("span", {}, button, String(head));
    button.addEventListener("click", () => on.head(head));
  }
  rich(html("p", { class: "about" }, side), `${words.reads}. ${words.weight}.`);

  const large = html("div", { class: "head-full" }, frame);
  const title = html("div", { class: "heat-title" }, large);
  html("b", {}, title, fill(words.head, { n: panel.head }));
  ramp(title, "0", "1", "ramp weights");
  const tokens = panel.pattern.rows;
  const size = Math.min(SQUARE.most, large.clientWidth - SQUARE.names);
  const rowHeight = size / tokens;
  const left = html("div", { class: "heat-names", style: `height:${size}px` }, large);
  const light = names(left, panel, tokens, rowHeight, "head", look, on);
  const values = heat.floats(panel.pattern);
  for (let row = 0; row < tokens; row += 1) values.fill(NaN, row * tokens + row + 1, (row + 1) * tokens); // not seen
  const about = (row, column) => {
    const [token, other] = [row, column].map((index) => plain(panel.tokens[index]));
    return column > row ? fill(words.not_seen, { token, other }) : `‘${token}’ → ‘${other}’: ${num(values[row * tokens + column], 4)}`;
  };
  const full = fullHeatmap(
    html("div", { class: "weights" }, large), "head",
    { rows: tokens, columns: tokens, values, low: 0, high: 1, scale: "attention", row: look.row, same: `${panel.side} ${panel.name} ${panel.head} ${panel.pattern.data}` },
    { width: size, rowHeight, kind: words.heat_kind, about, loading: words.heat_loading, label: `${fill(words.head, { n: panel.head })}, ${fill(words.cells, { rows: tokens, columns: tokens, low: "0", high: "1" })}. ${words.heat_keys}` },
    { ...shared(panel, on), zoom() {} },
  );
  const below = html("div", { class: "head-columns", "aria-hidden": "true" }, large);
  if (rowHeight >= 34) panel.tokens.forEach((token) => html("span", { style: `width:${rowHeight}px` }, below, fit(named(token), rowHeight - 2, 14)));
  return { point: (word) => { light(word); full.point((row) => panel.tokens[row].word === word); } };
};
