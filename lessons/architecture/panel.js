/* The panel beside the two drawings: one tensor in full, its distribution, formula and line of code; or what is lit. */
import { arrow, canvas, count, fill, html, svg } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";
import { aboutToken } from "../../assets/js/views/chip.js";
import { formula } from "../../assets/js/views/formula.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { shapeOf, signedNumber } from "./diagram.js";
import { tensorHeads, tensorRows, tensors } from "./heatmaps.js";

const HISTOGRAM = { height: 60, base: 41, bins: 35 };
const SYMBOLS = { x: "ink-2", y: "model-ink", μ: "mu", σ: "sigma", Q: "q-ink", K: "k-ink", V: "v-ink" };
const num = (value, digits = 2) => signedNumber(value, digits);

const { mean, spread, rowOf, named, plain } = tensors;
const length = (values) => Math.hypot(...values);

const heading = (at, panel, words, on) => {
  const head = html("div", { class: "panel-head" }, at);
  html("h2", {}, head, panel.title);
  if (panel.twins) {
    const pair = html("div", { class: "seg", role: "group", "aria-label": words.picture }, head);
    for (const side of ["gpt1", "gpt2"]) {
      const there = panel.twins.includes(side);
      const button = html("button", { "aria-pressed": String(side === panel.side), disabled: !there, "data-key": `side-${side}` }, pair, side === "gpt1" ? "GPT-1" : "GPT-2");
      button.addEventListener("click", () => on.pick(side, panel.name));
    }
    const close = html("button", { class: "close", "aria-label": words.close, title: words.close, "data-key": "close" }, head, "×");
    close.addEventListener("click", () => on.close());
  }
  if (panel.name) {
    const about = html("p", { class: "about" }, at);
    html("code", { "aria-hidden": "true" }, about, panel.name); // the heading says it in words
    about.append(` ${shapeOf(panel.shape)}`);
  }
  rich(html("p", { class: "panel-say" }, at), panel.say);
};

/** The numbers of one token: what went in as an outline, what comes out as bars. */
const histogram = (at, before, after, token, words) => {
  const width = Math.max(240, at.clientWidth);
  const { height, base, bins } = HISTOGRAM;
  const [left, right] = [10, width - 108];
  const shown = before ?? after;
  const reach = 3.5 * Math.max(spread(shown), spread(after)) || 1; // what lies beyond is in the outermost bars
  const x = (value) => left + ((value + reach) / (2 * reach)) * (right - left);
  const counts = (values) => {
    const bars = Array(bins).fill(0);
    for (const value of values) bars[Math.max(0, Math.min(bins - 1, Math.floor(((value + reach) / (2 * reach)) * bins)))] += 1;
    return bars;
  };
  const out = counts(after);
  const into = before && counts(before);
  const most = Math.max(...out, ...(into ?? [0]));
  const y = (count) => base - (count / most) * 32;
  const step = (right - left) / bins;
  const drawing = canvas(at, width, height, fill(words.histogram, { token: plain(token), n: after.length }));
  out.forEach((count, index) => count && svg("rect", { class: "bin", x: left + index * step + 0.4, y: y(count), width: step - 0.8, height: base - y(count) }, drawing));
  if (into) svg("path", { class: "outline", d: `M${left} ${base}${into.map((count, index) => `V${y(count)}H${left + (index + 1) * step}`).join("")}V${base}` }, drawing);
  svg("path", { class: "axis", d: `M${left} ${base + 0.5}H${right}` }, drawing);
  for (const value of [-reach, 0, reach]) svg("text", { x: x(value), y: base + 17, "text-anchor": value < 0 ? "start" : value > 0 ? "end" : "middle", class: "mute" }, drawing, num(value, reach < 2 ? 2 : 1));
  const [middle, sigma] = [mean(shown), spread(shown)];
  svg("path", { class: "mu", d: `M${x(middle)} 8V${base}` }, drawing);
  svg("text", { class: "mu-name", x: x(middle) - 5, y: 11, "text-anchor": "end" }, drawing, "μ");
  svg("path", { class: "sigma", d: `M${x(middle)} 13H${Math.min(right, x(middle + sigma))}m0 -4v8` }, drawing);
  svg("text", { class: "sigma-name", x: Math.min(right, x(middle + sigma)) + 5, y: 18 }, drawing, "σ");
  svg("text", { x: width, y: 14, "text-anchor": "end", class: "mute" }, drawing, fill(words.numbers, { n: count(after.length) }));
  svg("text", { x: width, y: 33, "text-anchor": "end", class: "mute" }, drawing, words.length);
  svg("text", { x: width, y: 52, "text-anchor": "end", style: "font-weight:700;font-size:14px" }, drawing, before ? `${num(length(before), 1)} → ${num(length(after), 1)}` : num(length(after), 1));
};

/** What an LN does to the numbers of one token: as they come in, at mean 0 and standard deviation 1, and after γ and β. */
const threeSteps = (at, before, hat, after, panel, token, words) => {
  const width = Math.max(240, at.clientWidth);
  const { height, base } = HISTOGRAM;
  const bins = 21;
  const gap = 46;
  const wide = (width - 2 * gap) / 3;
  const sets = [before, hat, after];
  const reach = 3.2 * Math.max(...sets.map(spread), 0.01); // one scale for all three, so that what is narrow looks narrow
  const told = sets.map((values) => num(spread(values)));
  const drawing = canvas(at, width, height + 12, fill(words["norm.alt"], { token: plain(token), x: told[0], hat: told[1], y: told[2] }));
  sets.forEach((values, index) => {
    const left = index * (wide + gap);
    const bars = Array(bins).fill(0);
    for (const value of values) bars[Math.max(0, Math.min(bins - 1, Math.floor(((value + reach) / (2 * reach)) * bins)))] += 1;
    const most = Math.max(...bars);
    const step = wide / bins;
    bars.forEach((count, bin) => count && svg("rect", { class: index === 2 ? "bin" : "bin hollow", x: left + bin * step + 0.4, y: base - (count / most) * 34, width: step - 0.8, height: (count / most) * 34 }, drawing));
    svg("path", { class: "axis", d: `M${left} ${base + 0.5}h${wide}` }, drawing);
    const middle = left + wide / 2;
    const name = svg("text", { x: middle, y: base + 17, "text-anchor": "middle", style: "font-size:14px" }, drawing);
    svg("tspan", { style: "font-style:italic" }, name, ["x", "x̂", "y"][index]);
    svg("tspan", { class: "sigma-name" }, name, "  σ ");
    svg("tspan", { style: "font-weight:700" }, name, told[index]);
    if (index === 2) return;
    arrow(drawing, left + wide + 6, base - 12, left + wide + gap - 6, base - 12, { stroke: "var(--ink-2)", width: 1.5 });
    svg("text", { x: left + wide + gap / 2, y: base - 20, "text-anchor": "middle", class: "mute", style: "font-size:13px" }, drawing, index ? "×γ +β" : "−μ ÷σ");
  });
  rich(html("p", { class: "panel-norm" }, at), panel.layer_norm.say);
};

/** The formula, what its symbols are, and the same with the numbers of one token. */
const formulas = (at, panel) => {
  const row = html("div", { class: "panel-formula" }, at);
  formula(row, panel.formula, SYMBOLS);
  const where = html("div", { class: "where" }, row);
  for (const [symbol, shape] of panel.where) {
    const pair = html("span", {}, where);
    html("i", {}, pair, symbol);
    pair.append(` ${shape}`);
  }
  if (!panel.filled) return;
  html("span", { class: "say" }, where, panel.filled.say);
  formula(html("div", { class: "panel-filled", tabindex: 0, role: "group", "aria-label": panel.filled.say }, at), panel.filled.formula);
};

const code = (at, panel) => {
  const list = html("div", { class: "panel-code", tabindex: 0 }, at);
  for (const [side, line] of panel.code) {
    html("span", { class: `${side}${side === panel.side ? " on" : ""}` }, list, side === "gpt1" ? "GPT-1" : "GPT-2");
    html("code", { class: side === panel.side ? "on" : "" }, list, line);
  }
};

const tensor = (at, panel, look, words, on) => {
  const x = panel.x && tensorRows(at, panel, panel.x, "x", look, words, on);
  const y = tensorRows(at, panel, panel.y, "y", look, words, on);
  const before = x && rowOf(x.values, panel.x, look.row);
  const after = rowOf(y.values, panel.y, look.row);
  const numbers = html("div", { class: "histogram" }, at);
  if (panel.layer_norm) threeSteps(numbers, before, Array.from(heat.floats(panel.layer_norm.hat)), after, panel, panel.tokens[look.row], words);
  else histogram(numbers, before, after, panel.tokens[look.row], words);
  formulas(at, panel);
  code(at, panel);
  return [x, y];
};

const heads = (at, panel, look, words, on) => {
  const full = tensorHeads(at, panel, look, words, on);
  formulas(at, panel);
  code(at, panel);
  return [full];
};

const table = (at, rows, words) => {
  const made = html("table", { class: "panel-table" }, at);
  const head = html("tr", {}, html("thead", {}, made));
  for (const [name, cls] of [["", ""], ["GPT-1", "gpt1"], ["GPT-2", "gpt2"]]) html(name ? "th" : "td", { scope: name ? "col" : null, class: cls }, head, name);
  const body = html("tbody", {}, made);
  for (const [name, ...values] of rows) {
    const line = html("tr", {}, body);
    html("th", { scope: "row" }, line, name);
    for (const value of values) html("td", {}, line, value);
  }
};

/** The rows of a difference, and the text as both models cut it. */
export const changeTable = (at, panel, words) => {
  table(at, panel.rows, words);
  for (const cut of panel.cuts) {
    const line = html("div", { class: `cut ${cut.side}` }, at);
    html("b", {}, line, `${cut.side === "gpt1" ? "GPT-1" : "GPT-2"} · ${cut.count}`);
    const chips = html("div", {}, line);
    for (const token of cut.tokens) html("span", { class: token.part_of ? "token part" : "token", title: aboutToken(token, words) }, chips, named(token));
    if (cut.more) html("span", { class: "about" }, chips, fill(words.more, { n: cut.more }));
  }
};

const change = (at, panel, words) => {
  changeTable(at, panel, words);
  html("p", { class: "about source" }, at, panel.source);
};

/** Equation (2) with the lit term in a frame, and below it that term's place in both models. */
const EQUATION = [
  [["msub", "h", "0"], "=", ["embed", "U", ["msub", "W", "e"]], ["position", "+", ["msub", "W", "p"]]],
  [["msub", "h", "l"], "=", ["blocks", "transformer_block", "(", ["msub", "h", ["mrow", "l", "−", "1"]], ")"]],
  [["mrow", "P", "(", "u", ")"], "=", ["unembed", "softmax", "(", ["msub", "h", "n"], ["msubsup", "W", "e", "T"], ")"]],
];
export const equationTwo = (at, lit, words, light) => {
  const names = ["embed", "position", "blocks", "unembed"];
  for (const line of EQUATION) {
    const row = html("div", { class: "equation-line" }, at);
    for (const part of line) {
      const term = Array.isArray(part) && names.includes(part[0]);
      const place = term ? html("button", { class: "equation-term", "aria-label": words[`term.${part[0]}`], "aria-pressed": String(part[0] === lit), "data-key": `eq-${part[0]}` }, row) : html("span", {}, row);
      formula(place, term ? ["mrow", ...part.slice(1)] : Array.isArray(part) ? part : ["mrow", part], {}, { inline: true });
      if (term) place.addEventListener("click", () => light(part[0]));
    }
  }
};

/** The lit term's place in both models: shape, standard deviation, first numbers. */
export const termValues = (at, panel, words) => {
  const pair = html("div", { class: "term-pair" }, at);
  for (const { side, places } of panel.columns) {
    const block = html("div", { class: `term-values ${side}` }, pair);
    html("b", {}, block, side === "gpt1" ? "GPT-1" : "GPT-2");
    for (const place of places) {
      const line = html("p", {}, block);
      html("i", {}, line, place.symbol);
      html("span", {}, line, place.shape);
      html("b", { title: words.std }, line, place.std);
      html("small", {}, line, place.values);
    }
  }
};

const term = (at, panel, look, words, on) => {
  equationTwo(html("div", { class: "equation" }, at), look.lit, words, on.light);
  termValues(at, panel, words);
  html("p", { class: "about source" }, at, panel.source);
};

/** value: the picture · look: {row (counted from 0), lit} · on: {pick, close, mark, head, point, light, open} -> {point(word)} */
export const drawPanel = (at, value, look, words, on) => {
  const { panel } = value;
  at.replaceChildren();
  at.className = `panel ${panel ? (panel.side ?? "both") : "both"}`;
  let heatmaps = [];
  if (!panel) return { point() {} };
  heading(at, panel, words, on);
  if (panel.kind === "tensor") heatmaps = tensor(at, panel, look, words, on);
  else if (panel.kind === "heads") heatmaps = heads(at, panel, look, words, on);
  else if (panel.kind === "change") change(at, panel, words);
  else if (panel.kind === "term") term(at, panel, look, words, on);
  else {
    const open = html("button", { class: "quiet", "data-key": "open-ln" }, at, fill(words.open_ln, { n: value.columns[1].open }));
    open.addEventListener("click", () => on.pick("gpt2", `blocks.${value.columns[1].open}.ln1.hook_normalized`));
  }
  return { point: (word) => heatmaps.forEach((heatmap) => heatmap?.point(word)) };
};
