/* softmax(QKᵀ/√d)V with the numbers of one token: a line for one pair, below it the whole row. */
import { fill, html } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";
import { formula } from "../../assets/js/views/formula.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { bars, named, number } from "./numbers.js";

const SYMBOLS = { Q: "q-ink", K: "k-ink", V: "v-ink" };
const TREE = ["mrow", "softmax", "(", "Q", ["msup", "K", "T"], "/", ["msqrt", "d"], ")", "V"];
const MOST_ROWS = 12; // of the table, until all are asked for
const BAR = { width: 138, height: 34 };
const CELL = { width: 150, height: 28 };

/** The vectors of a row -> {q: floats, k: [floats], v: [floats], z}. */
export const vectors = (row) => {
  const all = (part) => { const values = heat.floats(part); return Array.from({ length: part.rows }, (_, at) => values.subarray(at * part.columns, (at + 1) * part.columns)); };
  return { q: all(row.q)[0], k: all(row.k), v: all(row.v), z: all(row.z)[0] };
};
const largest = (rows) => Math.max(1e-9, ...rows.flatMap((values) => Array.from(values, Math.abs)));

const root = (parent, d) => {
  const at = html("span", { class: "root" }, parent, "√");
  html("span", {}, at, d);
  return at;
};

/** One pair: q · k / √d = score → softmax → weight × v + others = z. */
export const strip = (at, stage) => {
  const { words } = stage;
  at.classList.add("strip");
  const head = html("div", { class: "formula-head" }, at);
  formula(head, TREE, SYMBOLS, { inline: true });
  const line = html("div", { class: "pair" }, at);
  return (value) => {
    line.replaceChildren();
    if (!value.ready) return;
    const { row, tokens, at: { query } } = value;
    const key = Math.min(stage.own.key ?? row.strongest, query);
    const { q, k, v, z } = vectors(row);
    const term = (letter, index, token, values, colour) => {
      const frame = html("div", { class: "term-of" }, line);
      const name = html("div", { class: "t" }, frame);
      html("b", { class: letter }, name, letter).append(html("sub", {}, null, index === null ? "" : String(index + 1)));
      name.append(` ${token}`);
      bars(frame, values, colour, BAR.width, BAR.height, fill(words.vector, { letter, token, n: values.length }));
    };
    const sign = (text) => html("span", { class: "sign" }, line, text);
    const val = (title, text) => {
      const frame = html("div", { class: "term-of" }, line);
      html("div", { class: "t" }, frame, title);
      html("div", { class: "val" }, frame, text);
    };
    term("q", query, named(tokens[query]), q, "var(--q)");
    sign("·");
    term("k", key, named(tokens[key]), k[key], "var(--k)");
    const over = sign("/ ");
    root(over, row.d);
    over.append(" =");
    val(words.score_word, number(row.scores[key]));
    sign("→");
    val("softmax", row.weights[key].toFixed(2));
    sign("×");
    term("v", key, named(tokens[key]), v[key], "var(--v)");
    sign(query ? `+ ${fill(words.others, { n: query })} =` : "=");
    term("z", null, row.off ? words.z_off : row.mean ? words.z_mean : words.z_about, z, "var(--ink)");
  };
};

/** Every token that the chosen one sees, one line each; what is behind the mask in a line of its own. */
export const fullRow = (at, stage) => {
  const { words } = stage;
  html("h3", {}, at, words.full_title);
  const about = html("p", { class: "about" }, at);
  const swipe = html("p", { class: "swipe quiet-text", hidden: true }, at, words.swipe);
  const wide = html("div", { class: "wide" }, at);
  const more = html("button", { class: "link", hidden: true, "data-key": "all-rows" }, at);
  more.addEventListener("click", () => stage.show({ allRows: !stage.own.allRows }));

  const draw = (value) => {
    const { row, tokens, at: { query } } = value;
    const { k, v, z } = vectors(row);
    const [mostK, mostV] = [largest(k), largest(v)];
    rich(about, value.row_about);
    const table = html("table", { class: "full-row" });
    const headings = html("tr", {}, html("thead", {}, table));
    html("th", {}, headings, words.col_token);
    html("th", { class: "k" }, headings, words.col_k);
    html("th", { class: "r" }, headings, "q·k");
    root(html("th", { class: "r" }, headings, "÷ "), row.d);
    html("th", {}, headings, words.col_mask);
    html("th", {}, headings, words.col_weight);
    html("th", { class: "v" }, headings, words.col_v);
    html("th", {}, headings, words.col_weighted);
    const body = html("tbody", {}, table);
    const order = row.weights.map((weight, index) => [weight, index]).sort(([a], [b]) => b - a).slice(0, stage.own.allRows ? undefined : MOST_ROWS).map(([, index]) => index).sort((a, b) => a - b);
    const key = stage.own.key ?? row.strongest;
    for (const index of order) {
      const line = html("tr", { class: index === key ? "on" : "" }, body);
      html("span", { class: "token" }, html("th", { scope: "row" }, line), named(tokens[index]));
      const told = (letter) => fill(words.vector, { letter, token: named(tokens[index]), n: row.d });
      bars(html("td", {}, line), k[index], "var(--k)", CELL.width, CELL.height, told("k"), mostK);
      html("td", { class: "r" }, line, number(row.dots[index]));
      html("td", { class: "r" }, line, number(row.scores[index]));
      html("td", {}, line, words.open);
      const weight = html("td", {}, line);
      html("i", { class: "weight-bar", style: `width:${Math.max(1, row.weights[index] * 100)}px` }, weight);
      weight.append(row.weights[index].toFixed(3));
      bars(html("td", {}, line), v[index], "var(--v)", CELL.width, CELL.height, told("v"), mostV);
      bars(html("td", {}, line), v[index].map((one) => one * row.weights[index]), "var(--v)", CELL.width, CELL.height, told("w·v"), mostV);
    }
    if (row.hidden) {
      const line = html("tr", { class: "masked" }, body);
      html("th", { scope: "row", colspan: 3 }, line, fill(words.masked_rows, { n: row.hidden }));
      html("td", { class: "r" }, line, "−∞");
      html("td", {}, line, words.closed);
      html("td", {}, line, "0.000");
      html("td", { colspan: 2 }, line);
    }
    const foot = html("tr", {}, html("tfoot", {}, table));
    html("td", { colspan: 5 }, foot);
    html("td", {}, foot, fill(words.sum, { s: row.weights.reduce((sum, one) => sum + one, 0).toFixed(3) }));
    html("td", { class: "r" }, foot, row.off ? words.z_off : row.mean ? words.z_mean : words.z_sum);
    bars(html("td", {}, foot), z, "var(--ink)", CELL.width, CELL.height, fill(words.vector, { letter: "z", token: "", n: row.d }), mostV);
    wide.replaceChildren(table);
    swipe.hidden = wide.scrollWidth <= wide.clientWidth;
    more.hidden = row.weights.length <= MOST_ROWS;
    more.textContent = stage.own.allRows ? words.fewer_rows : fill(words.all_rows, { n: row.weights.length });
  };

  let waiting = null; // the picture that nobody has scrolled to yet
  let seen = false;
  new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    if (seen && waiting) { draw(waiting); waiting = null; }
  }, { rootMargin: "300px" }).observe(at);
  return (value) => {
    at.hidden = !value.ready;
    if (!value.ready) return;
    if (seen) draw(value); else waiting = value;
  };
};

/** q and k of one token element by element, for GPT-1, which bertviz does not know. */
export const elements = (at, value, words) => {
  const { row, tokens, at: { query } } = value;
  const { q, k } = vectors(row);
  const width = Math.min(200, Math.max(96, (at.clientWidth - 260) / 3));
  const products = k.map((values) => values.map((one, index) => one * q[index]));
  const [mostQ, mostK, mostP] = [largest([q]), largest(k), largest(products)];
  const table = html("table", { class: "full-row elements" }, html("div", { class: "wide" }, at));
  const head = html("tr", {}, html("thead", {}, table));
  for (const name of [words.col_token, `q ${named(tokens[query])}`, "k", "q × k", "q · k", "softmax"]) html("th", {}, head, name);
  const body = html("tbody", {}, table);
  const colours = heat.scales();
  const cells = (line, values, most, letter) => {
    const made = html("canvas", { role: "img", "aria-label": fill(words.vector, { letter, token: "", n: values.length }) }, html("td", {}, line));
    heat.signed(heat.pen(made, width, 22), { x: 0, y: 0, w: width, h: 22 }, 1, values.length, values, most, colours);
  };
  k.forEach((values, index) => {
    const line = html("tr", {}, body);
    html("span", { class: "token" }, html("th", { scope: "row" }, line), named(tokens[index]));
    cells(line, q, mostQ, "q");
    cells(line, values, mostK, "k");
    cells(line, products[index], mostP, "q × k");
    html("td", { class: "r" }, line, number(row.dots[index]));
    const weight = html("td", {}, line);
    html("i", { class: "weight-bar", style: `width:${Math.max(1, row.weights[index] * 100)}px` }, weight);
    weight.append(row.weights[index].toFixed(3));
  });
};
