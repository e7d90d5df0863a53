/* 「GPT-1 vs GPT-2」 beside a presenter: both open blocks large, nothing under 24 px. One 1280 × 720 drawing that the window scales. */
import { arrow, canvas, fill, fit, html, percent, press, svg, textWidth } from "../../assets/js/dom.js";
import { boardDots } from "../../assets/js/views/board_dots.js";
import { readable } from "../../assets/js/views/chip.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { shapeOf, signedNumber, streamScale } from "./diagram.js";
import { changeTable, equationTwo, termValues } from "./panel.js";

const WIDE = 566;
const COLUMNS = { gpt1: 64, gpt2: 650 };
const SPINE = 150;           // from the left of a column
const [ROOF, FLOOR] = [188, 560]; // of the open block
const PART = { x: 360, width: 206, height: 104 };
const WIDEST = 44;
const MOST_HEADS = 6; // drawn; of more only the number is told

const text = (parent, x, y, size, words, { bold, anchor, cls } = {}) =>
  svg("text", { x, y, "text-anchor": anchor, class: cls, style: `font-size:${size}px;font-weight:${bold ? 700 : 400}` }, parent, words);

class Column {
  constructor(drawing, column, look, words) {
    Object.assign(this, { column, look, words, pre: column.side === "gpt2" });
    this.at = svg("g", { class: column.side, transform: `translate(${look.left} 0)` }, drawing);
  }

  std(name) { return this.column.tensors[name]?.std ?? 0; }
  wide(name) { return Math.max(4, this.look.scale * this.std(name)); }
  value(name) { return signedNumber(this.std(name)); }

  press(name, label) {
    const group = svg("g", { class: "candidate" }, this.at);
    if (this.look.node === name) group.dataset.chosen = "1";
    return press(group, `${label}, ${shapeOf(this.column.tensors[name]?.shape ?? [])}, ${this.words.std} ${this.value(name)}`, `${this.column.side}:${name}`, () => this.look.pick(this.column.side, name));
  }

  layerNorm(name, x, y, label, cls) {
    const group = this.press(name, label);
    group.setAttribute("class", `candidate ${cls}`);
    svg("rect", { class: "ln-box", x, y: y - 20, width: 88, height: 40, rx: 10 }, group);
    text(group, x + 44, y + 9, 26, label, { bold: true, anchor: "middle" });
  }

  sum(y) {
    const group = svg("g", { class: "plus" }, this.at);
    svg("circle", { cx: SPINE, cy: y, r: 17 }, group);
    svg("path", { d: `M${SPINE - 9} ${y}h18M${SPINE} ${y - 9}v18` }, group);
  }

  draw() {
    const { column, words, pre, look } = this;
    const inside = `blocks.${column.open}.`;
    const out = pre ? "hook_resid_post" : "ln2.hook_normalized";
    text(this.at, 0, 124, 38, pre ? "GPT-2" : "GPT-1", { bold: true, cls: "name" });
    svg("rect", { class: look.lit === "blocks" ? "ground lit" : "ground", x: 0, y: ROOF, width: WIDE, height: FLOOR - ROOF, rx: 16 }, this.at);
    this.streams(inside, out);
    text(this.at, WIDE - 12, (ROOF + FLOOR) / 2 + 26, 26, look.sub, { bold: true, anchor: "end", cls: "name" });
    text(this.at, 14, FLOOR - 14, 26, fill(words.block, { n: column.open }), { bold: true });
    [["attn.hook_pattern", "hook_attn_out", "hook_resid_mid", "ln1.hook_normalized", "LN 1"], ["mlp.hook_post", "hook_mlp_out", "hook_resid_post", "ln2.hook_normalized", "LN 2"]]
      .forEach(([box, added, sum, ln, label], index) => this.half(index, FLOOR - index * 186, inside + box, inside + added, inside + sum, inside + ln, label));
    this.top();
    this.bottom();
  }

  streams(inside, out) {
    const { column, pre } = this;
    const mid = pre ? "hook_resid_mid" : "ln1.hook_normalized";
    const end = pre ? "ln_final.hook_normalized" : `blocks.${column.n_layer - 1}.${out}`;
    const last = `blocks.${column.n_layer - 1}.${out}`;
    const flow = [
      [612, "blocks.0.hook_resid_pre"], [584, inside + "hook_resid_pre"], [468, inside + "hook_resid_pre"],
      [440, inside + "hook_resid_mid"], [412, inside + "hook_resid_mid"], [392, inside + mid], [282, inside + mid],
      [254, inside + "hook_resid_post"], [226, inside + "hook_resid_post"], [206, inside + out], [ROOF, inside + out], [168, last], [140, end], [129, end],
    ].map(([y, name]) => [y, this.wide(name)]);
    const edge = (points, sign) => points.map(([y, wide], i) => `${i ? "L" : ""}${SPINE + (sign * wide) / 2} ${y}`).join("");
    svg("path", { class: "stream", d: `M${edge(flow, -1)}L${edge([...flow].reverse(), 1)}Z` }, this.at);
  }

  /** Base is the lower end of the half: attention below, MLP above. */
  half(index, base, box, added, sum, ln, label) {
    const { pre, words, look } = this;
    const [low, high, lnY] = [base - 42, base - 106, base - 158];
    const lit = look.lit === "ln" ? "lit" : "";
    arrow(this.at, SPINE + 22, low, PART.x - 3, low, { stroke: "var(--ink-2)", width: 3 });
    arrow(this.at, PART.x, high, SPINE + 21, high, { stroke: "var(--ink-2)", width: 3 });
    const group = this.press(box, index ? "MLP" : words.attention);
    svg("rect", { class: "part-box", x: PART.x, y: base - 126, width: PART.width - 12, height: PART.height, rx: 14 }, group);
    text(group, PART.x + 18, base - 84, 30, index ? "MLP" : words.attention, { bold: true });
    const { heads, n_head } = this.column;
    if (!index && heads && n_head <= MOST_HEADS) this.heads(group, base - 66);
    else text(group, PART.x + 18, base - 46, 24, index ? "GELU" : fill(words.heads, { n: n_head }));
    text(this.at, SPINE + 36, high - 12, 26, this.value(added), { bold: true });
    if (look.lit !== "init") this.thumb(this.at, added, SPINE + 104, high - 38, 96, 30);
    if (index) this.thumb(group, box, PART.x + 94, base - 68, 88, 30);
    if (look.lit === "init") {
      const factor = pre ? "×1/√N" : "×1";
      const wide = textWidth(factor, 24, 700) + 12;
      svg("rect", { class: "badge", x: SPINE + 102, y: high - 42, width: wide, height: 36, rx: 9 }, this.at);
      text(this.at, SPINE + 102 + wide / 2, high - 16, 24, factor, { bold: true, anchor: "middle", cls: "on" });
    }
    if (pre) {
      this.layerNorm(ln, SPINE + 52, low, label, `ln ${lit}`);
      if (look.lit === "ln") svg("rect", { class: "old-place", x: SPINE - 44, y: lnY - 20, width: 88, height: 40, rx: 10 }, this.at);
    } else this.layerNorm(ln, SPINE - 44, lnY, label, `ln ${lit}`);
    const after = pre ? sum : ln;
    text(this.at, SPINE - 54, lnY + 9, 26, this.value(after), { bold: true, anchor: "end" });
    this.thumb(this.at, after, 12, lnY + 17, 84, 22);
    if (!pre) text(this.at, SPINE - 54, high + 13, 26, this.value(sum), { anchor: "end", cls: "quiet" });
    this.sum(high);
  }

  /** A tensor's thumbnail, as in the drawings of the page. */
  thumb(at, name, x, y, width, height) {
    const { thumb } = this.column.tensors[name] ?? {};
    if (!thumb) return;
    const canvas = document.createElement("canvas");
    heat.thumbnail(heat.pen(canvas, width, height), { x: 1, y: 1, w: width - 2, h: height - 2 }, thumb, heat.scales());
    svg("image", { href: canvas.toDataURL(), x, y, width, height }, at);
  }

  /** The open block's attention patterns, side by side. */
  heads(group, y) {
    const { heads } = this.column;
    const size = Math.min(34, 168 / heads.heads - 3);
    const canvas = document.createElement("canvas");
    const pen = heat.pen(canvas, (size + 3) * heads.heads, size);
    const bytes = heat.bytes(heads.data);
    const colours = heat.scales();
    for (let head = 0; head < heads.heads; head += 1) {
      heat.attention(pen, { x: head * (size + 3) + 0.5, y: 0.5, w: size - 1, h: size - 1 }, heads.rows, bytes, head * heads.rows * heads.rows, 255, colours);
    }
    svg("image", { href: canvas.toDataURL(), x: PART.x + 14, y, width: (size + 3) * heads.heads, height: size }, group);
  }

  top() {
    const { pre, look, column } = this;
    if (pre) this.layerNorm("ln_final.hook_normalized", SPINE - 44, 152, "LN f", look.lit === "final" ? "ln lit" : "ln");
    const lit = ["unembed", "vocabulary"].includes(look.lit) ? " lit" : "";
    text(this.at, SPINE + 62, 160, 26, pre ? this.value("ln_final.hook_normalized") : "", { bold: true });
    const group = this.press("logits", "softmax");
    svg("rect", { class: `part-box${lit}`, x: 226, y: 92, width: 178, height: 42, rx: 21 }, group);
    const formula = text(group, 315, 121, 25, "softmax(h W", { anchor: "middle" });
    svg("tspan", { dy: 5, "font-size": 24 }, formula, "ᵀ");
    svg("tspan", { dy: -5 }, formula, ")");
    svg("path", { class: "stream-line", d: `M${SPINE} 129.5V127Q${SPINE} 113 ${SPINE + 14} 113H224`, "stroke-width": this.wide(pre ? "ln_final.hook_normalized" : `blocks.${column.n_layer - 1}.ln2.hook_normalized`) }, this.at);
    arrow(this.at, 404, 113, 438, 113, { stroke: "var(--ink-2)", width: 3 });
    if (!column.next) return;
    const name = fit((column.next.space ? "·" : "") + readable(column.next), 118, 30, 700);
    svg("rect", { class: "next", x: 442, y: 88, width: 124, height: 50, rx: 10 }, this.at);
    text(this.at, 504, 123, 30, name, { bold: true, anchor: "middle", cls: "on-chosen" });
    text(this.at, 560, 170, 26, percent(column.next.p), { bold: true, anchor: "end" });
  }

  bottom() {
    const { look, column, words } = this;
    const letter = (x, sign, lit) => {
      svg("rect", { class: `part-box${lit ? " lit" : ""}`, x, y: 590, width: 62, height: 40, rx: 10 }, this.at);
      const made = text(this.at, x + 31, 619, 28, "W", { anchor: "middle" });
      svg("tspan", { "font-size": 24, dy: 4 }, made, sign);
    };
    letter(SPINE - 31, "e", ["embed", "vocabulary"].includes(look.lit));
    text(this.at, SPINE + 40, 619, 28, "+");
    letter(SPINE + 64, "p", ["position", "context"].includes(look.lit));
    let x = SPINE + 144;
    const names = column.tokens.map((token) => (token.space ? "·" : "") + readable(token));
    names.forEach((name, index) => {
      const short = fit(name, 120, 24);
      const wide = textWidth(short, 24) + 16;
      if (x + wide > WIDE - (index < names.length - 1 ? 26 : 0)) {
        if (x < WIDE) text(this.at, x, 618, 24, "…");
        x = WIDE;
        return;
      }
      svg("rect", { class: "token-cell", x, y: 590, width: wide, height: 40, rx: 8 }, this.at);
      text(this.at, x + wide / 2, 618, 24, short, { anchor: "middle" });
      x += wide + 6;
    });
    svg("title", {}, this.at, words.picture);
  }
}

/** `sentence` broken into lines of at most `room` pixels. */
const inLines = (sentence, room, size) => sentence.split(" ").reduce((lines, word) => {
  const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
  if (lines.length && textWidth(longer, size) <= room) lines[lines.length - 1] = longer;
  else lines.push(word);
  return lines;
}, []);

const foot = (drawing, stage, value) => {
  const say = stage.scenes[value.scene]?.say ?? value.lead;
  const plain = say.replace(/\[\[(?:[^\]|]*\|)?([^\]]*)\]\]/g, "$1").replace(/\*\*/g, "");
  const lines = inLines(plain, 1152, 24);
  lines.slice(0, 2).forEach((line, index) => text(drawing, 64, 664 + 34 * index, 24, index ? fit(line, 820, 24) : line));
  boardDots(drawing, stage, 1216 - (stage.scenes.length + 2) * 18.7, 692, 10);
};

/** HTML inside the board: x, y, width and height in its pixels. */
const inside = (drawing, x, y, width, height) => html("div", { class: "board-inside" }, svg("foreignObject", { x, y, width, height }, drawing));

/** One head large: rows are the tokens that look, columns those that are looked at. */
const largeHead = (drawing, value, words) => {
  const { panel } = value;
  const { rows } = panel.pattern;
  const [left, top, size] = [796, 142, 380];
  const canvas = document.createElement("canvas");
  const values = heat.floats(panel.pattern);
  const bytes = Uint8Array.from(values, (one) => Math.round(255 * one));
  heat.attention(heat.pen(canvas, size, size), { x: 0, y: 0, w: size, h: size }, rows, bytes, 0, 255, heat.scales());
  text(drawing, left, top - 18, 30, `GPT-${panel.side.at(-1)} · ${fill(words.head, { n: panel.head })}`, { bold: true });
  svg("image", { href: canvas.toDataURL(), x: left, y: top, width: size, height: size }, drawing);
  svg("rect", { class: "board-frame", x: left, y: top, width: size, height: size }, drawing);
  const step = size / rows;
  const every = Math.ceil(26 / step);
  const names = panel.tokens.map((token) => (token.space ? "·" : "") + readable(token));
  const below = step > 44 && names.every((name) => textWidth(name, 24) < step - 4); // else those at the left are enough
  names.forEach((name, index) => {
    if (index % every) return;
    text(drawing, left - 10, top + (index + 0.5) * step + 9, 24, fit(name, 120, 24), { anchor: "end" });
    if (below) text(drawing, left + (index + 0.5) * step, top + size + 28, 24, name, { anchor: "middle" });
  });
  words.reads.replace(/\[\[(?:[^\]|]*\|)?([^\]]*)\]\]/g, "$1").split(", ").forEach((line, index) => text(drawing, left, top + size + 58 + 30 * index, 24, line, { cls: "quiet" }));
};

/** What stands in the place of the other column where a scene is about one thing: a term, a head, a table, both cuts. */
const besides = (drawing, value, words, light) => {
  const { panel } = value;
  if (panel.kind === "heads") return largeHead(drawing, value, words);
  const at = inside(drawing, 664, 96, 552, 540);
  html("h3", {}, at, panel.title);
  if (panel.kind === "term") {
    equationTwo(html("div", { class: "equation" }, at), value.lit, words, light);
    termValues(at, panel, words);
  } else changeTable(at, panel, words);
  return at;
};
const LARGE = ["vocabulary", "sizes", "context"];
const isLarge = ({ panel, lit }) => panel && (["heads", "term"].includes(panel.kind) || (panel.kind === "change" && LARGE.includes(lit)));

export const board = (stage) => {
  const { value, words } = stage;
  const drawing = canvas(stage.board, "100%", "100%", words.picture, "0 0 1280 720");
  drawing.classList.add("arch-board");
  const title = stage.scenes[value.scene]?.title ?? words.title;
  text(drawing, 64, 62, Math.min(46, 1150 / textWidth(title, 1, 700)), title, { bold: true });
  svg("path", { class: "between", d: "M640 96V636" }, drawing);
  const scale = value.ready ? streamScale(value.columns) * (WIDEST / 36) : 0;
  const pick = (side, node) => stage.act({ type: "pick", side, node }, "pick");
  const large = value.ready && isLarge(value);
  const shown = large ? value.columns.filter((column) => column.side === (value.panel.side ?? value.side)) : value.columns;
  for (const column of shown) new Column(drawing, column, { lit: value.lit, sub: value.subs[column.side], node: column.side === value.side ? value.node : "", scale, pick, left: large ? COLUMNS.gpt1 : COLUMNS[column.side] }, words).draw();
  if (large) besides(drawing, value, words, (lit) => stage.act({ type: "light", lit }, "light"));
  foot(drawing, stage, value);
};
