/* One head large as curves: from the token that looks to those it sees. Also the same on a board, larger. */
import { canvas, fill, fit, press, svg, textWidth } from "../../assets/js/dom.js";
import { named } from "./numbers.js";

const FAINT = 0.05;       // a weight below it is not drawn for tokens that are not chosen
const MOST_FAINT = 32;    // tokens; of more only the chosen one has curves
export const PAGE = { pitch: 44, least: 22, text: 16, small: 14, big: 20, top: 24, chip: 32, index: 24, numbers: 52, notes: 90, widest: 92 };
const PHONE = { ...PAGE, text: 14, index: 22, numbers: 44, notes: 86, widest: 72, big: 18 };
export const sizes = (width) => (width < 400 ? PHONE : PAGE);

/** A weight as a share of the way to the darkest blue. */
const share = (weight) => Math.round(100 * weight ** 0.86);
const tint = (weight) => `color-mix(in srgb, var(--attn-1) ${share(weight)}%, var(--attn-0))`;
const onTint = (weight) => (weight > 0.42 ? "var(--on-attn)" : "var(--ink)");

const RELATIONS = { same: "relation.same", previous: "relation.previous", first: "relation.first" };

/** What is said beside a key: the same token, the one right after it, the one before, the first. */
const notes = (row, key, words) => {
  const about = row.relations[key];
  if (about === "induction") return { [key - 1]: words.same_token, [key]: words.right_after };
  return about && about !== "self" ? { [key]: words[RELATIONS[about]] } : {};
};

/**
 * at: emptied · data: {tokens, weights(query, key), row, query, key} · g: sizes, as PAGE · room: {width, height}
 * on: {query(index), key(index)}
 */
export const curves = (at, { tokens, weights, row, query, key, label }, words, g, room, on) => {
  const n = tokens.length;
  const numbers = g.index + 9 * Math.max(0, String(n).length - 2); // room for the number of a token
  const pitch = Math.max(g.least, Math.min(g.pitch, (room.height - g.top) / n));
  const height = g.top + n * pitch + 2;
  const size = Math.min(g.text, Math.max(g.small, pitch - 9));
  const chipHeight = Math.min(g.chip, pitch - 3);
  const widest = Math.max(...tokens.map((token) => textWidth(named(token), g.text, 700))) + 18;
  const cw = Math.max(g.chip * 2, Math.min(g.widest, widest));
  const [x1, x2] = [numbers + cw, room.width - g.numbers - g.notes - cw];
  const y = (index) => g.top + (index + 0.5) * pitch;
  const drawing = canvas(at, room.width, height, label);
  const text = (parent, x, yy, words_, { size: s = g.small, weight = 400, anchor, cls } = {}) =>
    svg("text", { x, y: yy, "text-anchor": anchor, class: cls, style: `font-size:${s}px;font-weight:${weight}` }, parent, words_);
  const heading = (x, anchor, words_, letter) => {
    const made = text(drawing, x, g.small + 1, `${words_} `, { anchor, cls: "quiet-text" });
    if (letter) svg("tspan", { class: `${letter}-letter` }, made, letter);
  };
  heading(numbers + cw / 2, "middle", words.asking, "q");
  heading(x2 + cw, "end", words.seen, "k");
  heading(x2 + cw + 10, "start", words.weight_short);

  const curve = (from, to, weight, strong) => {
    const [a, b, bend] = [y(from), y(to), (x2 - x1) * 0.46];
    const width = strong ? (1 + weight * 11) * (g.text / 16) : 0.8 + weight * 5;
    svg("path", {
      class: "curve", d: `M${x1 + 2} ${a}C${x1 + bend} ${a} ${x2 - bend} ${b} ${x2 - 2} ${b}`,
      "stroke-width": width.toFixed(2), opacity: (strong ? 0.22 + 0.7 * weight : 0.04 + 0.17 * weight).toFixed(3),
    }, drawing);
  };
  for (let from = 0; from < n && n <= MOST_FAINT; from += 1) {
    if (from !== query) for (let to = 0; to <= from; to += 1) if (weights(from, to) > FAINT) curve(from, to, weights(from, to), false);
  }
  for (let to = 0; to <= query; to += 1) curve(query, to, weights(query, to), true);

  const told = notes(row, row.strongest, words);
  tokens.forEach((token, index) => {
    const chosen = index === query;
    const name = fit(named(token), cw - 10, size, chosen ? 700 : 400);
    const left = svg("g", { class: `spot asks${chosen ? " chosen" : ""}` }, drawing);
    text(left, numbers - 8, y(index) + 5, index + 1, { anchor: "end", cls: "quiet-text" });
    svg("rect", { x: numbers, y: y(index) - chipHeight / 2, width: cw, height: chipHeight, rx: 6 }, left);
    text(left, numbers + cw / 2, y(index) + size * 0.36, name, { size, weight: chosen ? 700 : 400, anchor: "middle" });
    press(left, fill(words.choose_token, { i: index + 1, token: named(token) }), `query${index}`, () => on.query(index));
    left.setAttribute("aria-pressed", String(chosen));

    const seen = index <= query;
    const weight = seen ? weights(query, index) : 0;
    const right = svg("g", { class: `spot seen${seen ? "" : " closed"}${index === key ? " pointed" : ""}` }, drawing);
    svg("rect", { x: x2, y: y(index) - chipHeight / 2, width: cw, height: chipHeight, rx: 6, style: seen ? `fill:${tint(weight)}` : "" }, right);
    text(right, x2 + cw / 2, y(index) + size * 0.36, name, { size, weight: weight > 0.4 ? 700 : 400, anchor: "middle" }).style.fill = seen ? onTint(weight) : "var(--cut)";
    if (seen) {
      const strong = weight > 0.3;
      text(right, x2 + cw + 10, y(index) + 6, weight.toFixed(2), { size: strong ? Math.min(g.big, Math.max(g.small, pitch - 7)) : size, weight: strong ? 700 : 400, cls: strong ? "" : "quiet-text" });
      if (told[index]) text(right, x2 + cw + g.numbers + 12, y(index) + 5, fit(told[index], g.notes - 12, g.small), { weight: index === row.strongest ? 600 : 400, cls: index === row.strongest ? "" : "quiet-text" });
      press(right, fill(words.point_key, { i: index + 1, token: named(token), w: weight.toFixed(2) }), `key${index}`, () => on.key(index));
      right.addEventListener("pointerenter", () => on.key(index, true));
    }
  });
  if (row.relations[row.strongest] === "induction") {
    const [a, b, x] = [y(row.strongest - 1), y(row.strongest), x2 + cw + g.numbers + 2];
    svg("path", { class: "bracket", d: `M${x + 4} ${a + 2}C${x - 5} ${a + 12} ${x - 5} ${b - 14} ${x + 3} ${b - 4}M${x - 3} ${b - 6}L${x + 4} ${b - 3}L${x + 3} ${b - 11}` }, drawing);
  }
  return drawing;
};
