/* One head large: its name and score, curves or heatmap, and the button that cuts it. */
import { fill, fit, html } from "../../assets/js/dom.js";
import { fullHeatmap } from "../../assets/js/views/full_heatmap.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { PAGE, curves, sizes } from "./curves.js";
import { isMeasuring, shown } from "./map.js";
import { headName, named, number } from "./numbers.js";
import { canTurn, isTurned, turn, turning } from "./turn.js";

const ROOM = 352; // px, of the drawing
const NAMES = 82; // px beside a heatmap

/** Weights of the pattern on show -> (query, key) => weight. */
export const weightsOf = (large) => {
  const values = heat.floats(large.pattern);
  const { rows } = large.pattern;
  return (query, key) => values[query * rows + key];
};

/** "인덕션 0.91", or "0.91 → 0.03" where a cut has moved it: the score that ranks, or that of the label. */
const tag = (at, one, rank, words) => {
  at.replaceChildren();
  const name = rank === "label" ? one.label : rank;
  if (!name) return at.append(words.unclear);
  html("span", { class: "word" }, at, `${words[`score.${name}`]} `);
  const [now, was] = [one[name], one.was[name]];
  if (was !== null && now !== null && Math.abs(was - now) > 0.03) at.append(`${shown(name, was, words)} → `);
  html("b", {}, at, shown(name, now, words));
};

export const hero = (at, stage) => {
  const { words } = stage;
  const bar = html("div", { class: "bar" }, at);
  const name = html("h2", {}, bar);
  const about = html("span", { class: "about" }, bar);
  const seg = html("div", { class: "seg", role: "group", "aria-label": words.mode }, bar);
  const modes = ["curves", "heatmap"].map((mode) => {
    const button = html("button", { "data-key": `mode-${mode}` }, seg, words[`mode.${mode}`]);
    button.addEventListener("click", () => stage.act({ type: "set", name: "mode", value: mode }, "mode"));
    return [mode, button];
  });
  const cut = html("button", { class: "cut", "data-key": "cut" }, bar);
  const partOf = () => headName(stage.value.at.layer, stage.value.at.head);
  cut.addEventListener("click", () => turn(stage, partOf()));
  const plot = html("div", { class: "plot" }, at);
  const note = html("p", { class: "off-note", hidden: true }, at);

  const heatmap = (value, weights) => {
    const { tokens, at: { query } } = value;
    const n = tokens.length;
    const frame = html("div", { class: "square" }, plot);
    const width = Math.min(plot.clientWidth - NAMES, 420);
    const rowHeight = Math.min(ROOM - 26, width) / n;
    const left = html("div", { class: "names", style: `height:${rowHeight * n}px` }, frame);
    const every = Math.ceil((innerWidth <= 900 ? 24 : 15) / rowHeight);
    tokens.forEach((token, row) => {
      if (row % every && row !== query) return;
      const button = html("button", { "aria-pressed": String(row === query), style: `top:${(row + 0.5) * rowHeight}px`, "data-key": `name${row}`, title: named(token) }, left, named(token));
      button.addEventListener("click", () => stage.act({ type: "mark", query: row }, "mark"));
    });
    const values = heat.floats(value.large.pattern);
    for (let row = 0; row < n; row += 1) values.fill(NaN, row * n + row + 1, (row + 1) * n); // not seen
    const tell = (row, column) => {
      const [token, other] = [row, column].map((index) => named(tokens[index]));
      return column > row ? fill(words.not_seen, { token, other }) : `${token} → ${other}: ${number(weights(row, column), 4)}`;
    };
    fullHeatmap(
      html("div", { class: "weights" }, frame), "attention",
      { rows: n, columns: n, values, low: 0, high: 1, scale: "attention", row: query, same: value.large.pattern.data },
      { width: rowHeight * n, rowHeight, kind: words.heat_kind, about: tell, loading: words.heat_loading, label: `${value.large.name}. ${words.heat_keys}` },
      { point() {}, mark: (row) => stage.act({ type: "mark", query: row }, "mark"), zoom() {} },
    );
    const below = html("div", { class: "columns", "aria-hidden": "true" }, frame);
    if (rowHeight >= 34) tokens.forEach((token) => html("span", { style: `width:${rowHeight}px` }, below, fit(named(token), rowHeight - 3, 14)));
  };

  const drawCurves = (value, weights) => {
    const { tokens, row, at: { query } } = value;
    const key = stage.own.key ?? row.strongest;
    const scroll = stage.own.scrolled === stage.own.row ? plot.scrollTop : null;
    const on = {
      query: (index) => stage.act({ type: "mark", query: index }, "mark"),
      key: (index) => { if (index <= value.at.query && stage.own.key !== index) { stage.own.key = index; stage.parts.strip(stage.value); } },
    };
    curves(plot, { tokens, weights, row, query, key, label: value.large.name }, words, sizes(plot.clientWidth), { width: plot.clientWidth, height: ROOM }, on);
    const high = plot.firstElementChild.height.baseVal.value;
    const place = ((Math.max(query, row.strongest) + 2) * (high - PAGE.top)) / tokens.length + PAGE.top - plot.clientHeight;
    plot.scrollTop = scroll ?? Math.max(0, place); // the token that looks is in sight
    stage.own.scrolled = stage.own.row;
  };

  return (value) => {
    name.textContent = fill(words.one_head, { name: headName(value.at.layer, value.at.head) });
    const off = Boolean(value.cuts?.some((one) => one.part === partOf() || (one.kind === "attention" && one.layer === value.at.layer)));
    const turned = isTurned(value, partOf());
    const say = turning(value, words, turned);
    cut.textContent = say.button;
    cut.setAttribute("aria-label", fill(say.aria, { name: partOf() }));
    cut.setAttribute("aria-pressed", String(turned));
    cut.disabled = !canTurn(value);
    for (const [mode, button] of modes) button.setAttribute("aria-pressed", String(mode === value.mode));
    at.classList.toggle("is-off", off);
    note.hidden = !off;
    note.textContent = off ? words[value.how === "mean" ? "off_note_mean" : "off_note"] : "";
    if (!value.ready) return;
    if (isMeasuring(value)) about.replaceChildren();
    else tag(about, value.scores[value.at.layer * value.heads + value.at.head], value.rank, words);
    const weights = weightsOf(value.large);
    plot.classList.toggle("long", value.tokens.length * PAGE.least + PAGE.top > ROOM && value.mode === "curves");
    if (value.mode === "heatmap") { plot.replaceChildren(); heatmap(value, weights); } else drawCurves(value, weights);
  };
};
