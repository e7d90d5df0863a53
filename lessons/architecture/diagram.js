/* One architecture as a drawing: the residual stream rises, attention and MLP add to it, LN stands where the architecture has it.
   The two columns share one geometry, so that a difference between them is a difference between the models. */
import { fill, fit, html, percent, press, svg, textWidth } from "../../assets/js/dom.js";
import { aboutToken, readable } from "../../assets/js/views/chip.js";
import { heat } from "../../assets/js/views/heatmap.js";

const BLOCK = 240;  // height of the open block
const HALF = 120;   // of which attention and MLP have one half each
const FOLDED = { wide: 20, slim: 26 }; // a finger needs more than a mouse
const SLIM = 390;   // px, below which a column leaves out what it can
const GAP = 5;
const LEAST_TARGET = 44; // px wide, for a finger
const TOP = 84;     // room above the blocks: heading, unembedding, final LN
const BELOW = 57;   // room below them: position and token embedding
const WIDEST = 36;  // of the stream, at the largest standard deviation on screen
const OUT = { gpt1: "ln2.hook_normalized", gpt2: "hook_resid_post" };

/** The bars from bottom to top: every block alone while there are few, else those far from the open one together. */
const bars = (n, open) => {
  const one = (block) => ({ first: block, last: block });
  if (n <= 4) return Array.from({ length: n }, (_, block) => one(block));
  const group = (first, last) => (first > last ? [] : [{ first, last }]);
  return [...group(0, open - 2), ...group(Math.max(open - 1, 0), open - 1), one(open), ...group(open + 1, Math.min(open + 1, n - 1)), ...group(open + 2, n - 1)];
};

/** How many bars a column has below and above its open block. */
const around = ({ n_layer, open }) => {
  const all = bars(n_layer, open);
  const below = all.findIndex((bar) => bar.first <= open && open <= bar.last);
  return [below, all.length - 1 - below];
};

/** -> {height, below}: of two drawings whose open blocks stand side by side, also where the models differ in depth. */
export const columnPlaces = (columns, width) => {
  const [below, above] = [0, 1].map((side) => Math.max(...columns.map((column) => around(column)[side])));
  return { below, height: TOP + BELOW + BLOCK + (below + above) * (FOLDED[width < SLIM ? "slim" : "wide"] + GAP) };
};

const num = (value, digits = 2) => value.toFixed(digits).replace("-", "−");
export const signedNumber = num;
export const shapeOf = (shape) => `[${shape.join(",")}]`;

class Drawing {
  /**
   * column: what Python says of one model · look: {lit, node, arrived, scale, height, below} · on: {pick(node), open(block), point(word), mark(row)}
   */
  constructor(at, column, look, words, on) {
    Object.assign(this, { at, column, look, words, on, pre: column.side === "gpt2", thumbs: [], tokens: [], flow: [], later: [] });
    this.width = Math.min(400, at.clientWidth || 400);
    this.slim = this.width < SLIM;
    this.foldedHeight = FOLDED[this.slim ? "slim" : "wide"];
    this.spine = this.slim ? 124 : 132;
    this.boxWidth = this.slim ? 102 : 110;
    this.boxX = this.width - this.boxWidth - 1;
    this.tagX = this.slim ? 193 : 202;
    this.tagWidth = this.boxX - this.tagX - 10;
    this.infoX = this.spine + 26;
    this.infoThumb = this.slim ? 66 : 78;
    this.infoThumbX = this.width - (this.slim ? 78 : 66) - this.infoThumb;
    this.height = look.height;
    at.replaceChildren();
    this.svg = svg("svg", { width: this.width, height: this.height, viewBox: `0 0 ${this.width} ${this.height}`, role: "group", "aria-label": column.alt, "data-lit": look.lit }, at);
    this.canvas = html("canvas", { "aria-hidden": "true" }, at);
    this.marks = svg("svg", { width: this.width, height: this.height, class: "marks", "aria-hidden": "true" }, at);
  }

  tensor(name) { return this.column.tensors[name]; }
  wide(name) { return Math.max(2.5, this.look.scale * (this.tensor(name)?.std ?? 0)); }
  text(parent, x, y, words, cls = "", anchor) { return svg("text", { x, y, class: cls, "text-anchor": anchor }, parent, words); }
  chevron(x, y, tip) {
    const points = { left: [8, -4.5, 8, 4.5], right: [-8, -4.5, -8, 4.5] }[tip];
    svg("path", { class: "head", d: `M${x} ${y}l${points[0]} ${points[1]}v9z` }, this.svg);
  }
  leg(d) { svg("path", { class: "leg", d }, this.svg); }

  /** A place that can be pressed; everything known about its tensor is its text alternative, which names it as the panel does. */
  node(name, cls, box, label, parent = this.svg) {
    const tensor = this.tensor(name);
    const boxed = cls === "tag" && /ln|embed|logits/.test(name); // its box carries the ring
    const on = this.look.node === name && !boxed ? " on" : "";
    const group = svg("g", { class: `spot ${cls}${on}`, "data-node": name }, parent);
    svg("rect", { class: "hit", ...box, rx: 6 }, group);
    const called = label ?? tensor?.title ?? "";
    const told = tensor ? `${called}, ${shapeOf(tensor.shape)}, ${this.words.mean} ${num(tensor.mean)}, ${this.words.std} ${num(tensor.std)}, ${this.words.length} ${num(tensor.norm, 1)}` : called;
    svg("title", {}, group, told);
    return press(group, told, `${this.column.side}:${name}:${cls.split(" ")[0]}`, () => this.on.pick(name));
  }

  /** Thumbnail with shape and standard deviation below it. */
  tag(name, x, y, width, height, { beside } = {}) {
    const tensor = this.tensor(name);
    if (!tensor) return;
    const wrote = beside ?? [x, y + height + 16];
    const full = !this.slim || beside === undefined;
    const box = beside ? { x: beside[0] - 4, y: y - 5, width: x + width - beside[0] + 8, height: height + 10 } : { x: x - 2, y: y - 2, width: Math.max(width, 84) + 4, height: height + 21 };
    const group = this.node(name, "tag", box);
    const line = this.text(group, ...wrote, "", tensor.shape[0] > 9 ? "tight" : "");
    if (full && !(this.slim && width < 70)) svg("tspan", { class: "q" }, line, `${shapeOf(tensor.shape)} `);
    svg("tspan", { class: "b" }, line, num(tensor.std));
    this.thumbs.push({ x, y, w: width, h: height, thumb: tensor.thumb });
  }

  lnBox(name, x, y, width, label, cls) {
    const box = { x, y: y - 12, width, height: 24 };
    const group = this.node(name, `ln ${cls}`, box, this.tensor(name)?.title ?? label);
    svg("rect", { class: "box", ...box, rx: 7 }, group);
    this.text(group, x + width / 2, y + 5, label, "b", "middle");
    return group;
  }

  weight(name, x, y, width, height, letter, cls, raised) {
    const box = { x, y, width, height };
    const group = this.node(name, `weight ${cls}`, box, `W${letter}`);
    svg("rect", { class: "box", ...box, rx: 7 }, group);
    const written = this.text(group, x + width / 2, y + height / 2 + 5, "W", "maths", "middle");
    svg("tspan", { dy: 4, "font-size": 12 }, written, letter);
    if (raised) svg("tspan", { dy: -9, "font-size": 12 }, written, raised);
  }

  sum(y, cls = "") {
    const group = svg("g", { class: `sum ${cls}` }, this.svg);
    svg("circle", { cx: this.spine, cy: y, r: 11 }, group);
    svg("path", { d: `M${this.spine - 6} ${y}h12M${this.spine} ${y - 6}v12` }, group);
  }

  /** From bottom to top, so that the stream grows as the values do. */
  draw() {
    const { column, look } = this;
    const frame = svg("g", {}, this.svg);
    this.stream = svg("g", {}, this.svg);
    const floor = this.height - BELOW;
    const yToken = this.height - 14;
    const yPosition = floor + 14;
    this.flow.push([yToken - 12, this.wide("hook_embed")], [yPosition + 8, this.wide("hook_embed")], [yPosition - 10, this.wide("blocks.0.hook_resid_pre")]);
    let bottom = floor - (look.below - around(column)[0]) * (this.foldedHeight + GAP);
    for (const bar of bars(column.n_layer, column.open)) {
      const open = bar.first === column.open && bar.last === column.open;
      const height = open ? BLOCK : this.foldedHeight;
      if (open) this.block(frame, bottom);
      else this.folded(frame, bar, bottom - height);
      bottom -= height + GAP;
    }
    this.finish(bottom);
    this.embeddings(yToken, yPosition);
    this.paintStream();
    for (const step of this.later) step();
    this.text(this.svg, 2, 21, column.side === "gpt1" ? "GPT-1" : "GPT-2", "b title");
    const beside = this.spine - 18; // the stream
    this.text(this.svg, 2, 43, fit(this.look.sub, beside / 0.94, 14, 600), textWidth(this.look.sub, 14, 600) > beside ? "sub tight" : "sub");
    const named = /^tiny-gpt[12]$/.test(column.model) ? [] : [column.model.split("/").pop()];
    const besideLn = this.spine - 36; // the final LN stands there
    [...named, ...(column.dims ?? [])].slice(0, 2).forEach((line, index) => this.text(this.svg, 2, 61 + 17 * index, fit(line, this.spine - 24, 14), textWidth(line, 14) > besideLn ? "q tight" : "q"));
    this.paintThumbs();
    return this;
  }

  folded(frame, { first, last }, top) {
    const { column, words } = this;
    const name = `blocks.${last}.${OUT[column.side]}`;
    const before = first === 0 ? "blocks.0.hook_resid_pre" : `blocks.${first - 1}.${OUT[column.side]}`;
    this.flow.push([top + this.foldedHeight, this.wide(before)], [top, this.wide(name)]);
    const middle = top + this.foldedHeight / 2;
    const group = svg("g", { class: "spot bar e-blocks" }, frame);
    svg("rect", { class: "strip", x: 0, y: top, width: this.width, height: this.foldedHeight, rx: 6 }, group);
    this.later.push(() => {
      const target = last < column.open ? last : first;
      const title = first === last ? fill(words.block, { n: first }) : fill(words.group, { first, last });
      press(group, fill(words.unfold, { n: target }), `${column.side}:block${first}`, () => this.on.open(target));
      this.text(group, 10, middle + 5, title, "b");
      svg("path", { class: "fold-mark", d: `M${this.width - 19} ${middle - 2.5}l5 5 5 -5` }, group);
      this.tag(name, this.infoThumbX, middle - 7.5, this.infoThumb, 15, { beside: [this.infoX + 4, middle + 5] });
    });
  }

  block(frame, bottom) {
    const { column, words } = this;
    const inside = `blocks.${column.open}.`;
    svg("rect", { class: "frame e-blocks", x: 0, y: bottom - BLOCK, width: this.width, height: BLOCK, rx: 10 }, frame);
    const halves = [
      { box: "attn.hook_pattern", added: "hook_attn_out", sum: "hook_resid_mid", ln: "ln1.hook_normalized", before: "hook_resid_pre" },
      { box: "mlp.hook_post", added: "hook_mlp_out", sum: "hook_resid_post", ln: "ln2.hook_normalized", before: this.pre ? "hook_resid_mid" : "ln1.hook_normalized" },
    ];
    halves.forEach((half, index) => this.half(index, bottom - HALF * index, Object.fromEntries(Object.entries(half).map(([key, name]) => [key, inside + name]))));
    this.flow.push([bottom - BLOCK, this.wide(inside + OUT[column.side])]);
    this.later.push(() => {
      this.text(this.svg, 8, bottom - HALF - 40, fill(words.block, { n: column.open }), "b big");
      this.text(this.svg, 8, bottom - HALF - 20, `blocks.${column.open}`, "q mono").setAttribute("aria-hidden", "true");
    });
  }

  /** Attention (index 0) or MLP (index 1) with its way out of the stream, its sum and its LN. */
  half(index, base, names) {
    const { spine, pre, words, column } = this;
    const [low, high, ln] = [base - 20, base - 70, base - 106];
    this.flow.push([base, this.wide(names.before)], [high + 9, this.wide(names.before)], [high - 11, this.wide(names.sum)]);
    if (!pre) this.flow.push([ln + 12, this.wide(names.sum)], [ln - 12, this.wide(names.ln)]);
    const after = pre ? names.sum : names.ln;
    this.later.push(() => {
      this.leg(`M${spine + this.wide(names.before) / 2} ${low}H${this.boxX - 5}`);
      this.chevron(this.boxX - 1, low, "right");
      this.leg(`M${this.boxX} ${high}H${spine + 17}`);
      this.chevron(spine + 12, high, "left");
      const badge = svg("g", { class: "note-init" }, this.svg);
      const factor = pre ? "×1/√N" : "×1";
      svg("rect", { x: spine + 15, y: high + 6, width: pre ? 52 : 30, height: 21, rx: 6 }, badge); // above it stands what the sum measures
      this.text(badge, spine + 15 + (pre ? 26 : 15), high + 22, factor, "", "middle");
      if (pre) this.tag(names.ln, this.tagX, low - 23, this.tagWidth, 20);
      this.tag(names.added, this.tagX, high - 23, this.tagWidth, 20);
      this.subBlock(index, base - 91, names);
      this.layerNorm(index, ln, low, names);
      this.sum(high, "s-init");
      if (index === 0) {
        svg("path", { class: "hair", d: `M91 ${base - 42}H${spine - this.wide(names.before) / 2}` }, this.svg);
        this.tag(names.before, 6, base - 54, 82, 20);
      }
      svg("path", { class: "hair", d: `M91 ${ln}H${pre ? spine - this.wide(after) / 2 : spine - 32}` }, this.svg);
      this.tag(after, 6, ln - 11, 82, 20);
      if (!pre && this.tensor(names.sum)) {
        const spot = this.node(names.sum, "value", { x: spine + 15, y: ln + 6, width: 44, height: 25 });
        this.text(spot, spine + 21, ln + 23, num(this.tensor(names.sum).std), "b");
      }
      if (pre || index) return;
      svg("title", {}, badge, words["change.init"]);
    });
  }

  layerNorm(index, ln, low, names) {
    const { spine, pre, words } = this;
    const label = `LN ${index + 1}`;
    if (!pre) return void this.lnBox(names.ln, spine - 32, ln, 64, label, "s-ln");
    const box = this.lnBox(names.ln, spine + 22, low, this.slim ? 40 : 44, label, "s-ln");
    if (this.look.arrived) {
      box.style.setProperty("--dx", "-44px");
      box.style.setProperty("--dy", `${ln - low}px`);
      box.classList.add("moved");
    }
    const ghost = svg("g", { class: "note-ln" }, this.svg);
    svg("rect", { class: "ghost", x: spine - 32, y: ln - 12, width: 64, height: 24, rx: 7 }, ghost);
    svg("path", { class: "move", d: `M${spine + 33} ${ln}C${spine + 60} ${ln + 3} ${spine + 58} ${low - 48} ${spine + 46} ${low - 22}` }, ghost);
    svg("path", { class: "move-head", d: `M${spine + 42} ${low - 14}l-1.5 -10 8.5 4z` }, ghost);
    if (index) this.text(ghost, spine + (this.slim ? 40 : 64), ln + 3, words.old_place, "old");
  }

  subBlock(index, top, names) {
    const { boxX, boxWidth, words, column, slim } = this;
    const box = { x: boxX, y: top, width: boxWidth, height: 87 };
    const group = this.node(names.box, `part ${index ? "s-mlp" : "s-attention"}`, box, index ? "MLP" : words.attention);
    svg("rect", { class: "box", ...box, rx: 9 }, group);
    const title = index ? "MLP" : words.attention;
    const about = index ? "GELU" : fill(words.heads, { n: column.n_head });
    const room = boxWidth - 17 - textWidth(title, 14, 700);
    const written = textWidth(about, 14) > room ? `×${column.n_head}` : about;
    this.text(group, boxX + 8, top + 18, title, textWidth(written, 14) > room ? "b tight" : "b");
    this.text(group, boxX + boxWidth - 7, top + 18, written, "q", "end");
    if (index) {
      const hidden = this.tensor(names.box);
      const d = column.d_model;
      this.text(group, boxX + boxWidth / 2, top + 77, slim ? `${4 * d}` : `${d}→${4 * d}→${d}`, "q", "middle");
      if (hidden) this.thumbs.push({ x: boxX + 10, y: top + 28, w: boxWidth - 20, h: 30, thumb: hidden.thumb });
      return;
    }
    if (!column.heads) return;
    const shown = Math.min(column.heads.heads, 12);
    const across = shown > 6 ? 4 : 3;
    const size = shown > 6 ? 18 : 27;
    const left = boxX + (boxWidth - across * (size + 4) + 4) / 2;
    for (let head = 0; head < shown; head += 1) {
      this.thumbs.push({ x: left + (head % across) * (size + 4), y: top + 25 + Math.floor(head / across) * (size + 3), w: size, h: size, head });
    }
  }

  /** Final LN where there is one, the way back to the vocabulary, softmax and the next token. */
  finish(top) {
    const { column, spine, pre, width, slim, words } = this;
    const last = `blocks.${column.n_layer - 1}.${OUT[column.side]}`;
    const end = pre ? "ln_final.hook_normalized" : last;
    const y = Math.min(top - 8, 64);
    this.flow.push([y + 14, this.wide(last)], [y - 12, this.wide(end)], [50, this.wide(end)]);
    this.later.push(() => {
      if (pre) {
        this.lnBox(end, spine - 32, y, 64, "LN f", "s-final");
        this.tag(end, this.infoThumbX, y - 7.5, this.infoThumb, 15, { beside: [this.infoX + 12, y + 5] });
      } else {
        const ghost = svg("g", { class: "note-final" }, this.svg);
        svg("rect", { class: "ghost", x: spine - 32, y: y - 12, width: 64, height: 24, rx: 7 }, ghost);
        this.text(ghost, this.infoX + 12, y + 5, words.not_here, "old");
      }
      const x = spine + (slim ? 26 : 30);
      const wide = slim ? 46 : 50;
      svg("path", { class: "bend", d: `M${spine} 50.5V40Q${spine} 26 ${spine + 14} 26H${x}`, "stroke-width": this.wide(end) }, this.stream);
      this.weight("logits", x, 12, wide, 28, "e", "s-vocabulary e-unembed", "T");
      const token = this.nextToken();
      const softmax = width - token - 76;
      this.leg(`M${x + wide} 26H${softmax - 5}`);
      this.chevron(softmax - 1, 26, "right");
      const logits = this.tensor("logits");
      const room = softmax - x - wide;
      if (logits) {
        const reach = Math.max(LEAST_TARGET, room - 8); // on a phone it reaches under the word softmax, which is no target
        const spot = this.node("logits", "tag", { x: x + wide + 3, y: 0, width: reach, height: 46 });
        if (room > 66) this.text(spot, x + wide + room / 2 - 2, 44, shapeOf(logits.shape), "q", "middle");
        this.thumbs.push({ x: x + wide + 6, y: slim ? 8 : 2, w: room - 14, h: slim ? 15 : 20, thumb: logits.thumb });
      }
      const out = svg("g", { class: "e-unembed softmax" }, this.svg);
      svg("rect", { class: "box round", x: softmax, y: 12, width: 66, height: 28, rx: 14 }, out);
      this.text(out, softmax + 33, 31, "softmax", "", "middle");
      this.leg(`M${softmax + 66} 26H${softmax + 70}`);
      this.chevron(softmax + 75, 26, "right");
    });
  }

  /** -> how wide it is. */
  nextToken() {
    const { column, width } = this;
    if (!column.next) return 30;
    const name = fit((column.next.space ? "·" : "") + readable(column.next), 52, 15, 700);
    const wide = Math.max(30, textWidth(name, 15, 700) + 10);
    const group = svg("g", { class: "next-token" }, this.svg);
    svg("rect", { x: width - wide, y: 2, width: wide - 1, height: 25, rx: 6 }, group);
    this.text(group, width - wide / 2, 19, name, "b on-chosen", "middle");
    this.text(this.svg, width - 1, 44, percent(column.next.p, 0), "b", "end");
    svg("title", {}, group, aboutToken(column.next, this.words));
    return wide;
  }

  embeddings(yToken, yPosition) {
    const { width, spine, column, slim } = this;
    this.later.push(() => {
      this.leg(`M${width - 52} ${yPosition}H${spine + 17}`);
      this.chevron(spine + 12, yPosition, "left");
      this.weight("hook_pos_embed", width - 52, yPosition - 12, 52, 24, "p", "s-context e-position");
      if (this.tensor("hook_pos_embed")) {
        const written = `${slim ? "" : shapeOf(this.tensor("hook_pos_embed").shape)} ${num(this.tensor("hook_pos_embed").std)}`.trim();
        svg("rect", { class: "gap", x: this.infoX, y: yPosition - 9, width: textWidth(written, 14, 600) + 10, height: 18 }, this.svg);
        this.tag("hook_pos_embed", this.infoThumbX, yPosition - 7.5, this.infoThumb, 15, { beside: [this.infoX + 4, yPosition + 5] });
      }
      this.sum(yPosition, "e-position");
      this.tag("blocks.0.hook_resid_pre", 6, yPosition - 9, 82, 18);
      this.weight("hook_embed", spine - 32, yToken - 12, 64, 24, "e", "s-vocabulary e-embed");
      this.chips(spine + 44, yToken);
    });
  }

  /** The last tokens that fit, each of them a button that marks its row. */
  chips(left, y) {
    const { column, width } = this;
    const size = 14;
    const names = column.tokens.map((token) => fit((token.space ? "·" : "") + readable(token), 90, size, 500));
    const widths = names.map((name) => Math.max(24, textWidth(name, size, 500) + 10));
    let first = names.length;
    let room = width - left;
    while (first > 0 && room - widths[first - 1] - 4 >= (first > 1 ? 16 : -4)) { first -= 1; room -= widths[first] + 4; }
    this.leg(`M${left - 6} ${y}H${left}`);
    this.chevron(left - 11, y, "left");
    let x = left;
    if (first > 0 || column.n_dropped) { this.text(this.svg, x, y + 5, "…", "q"); x += 16; }
    for (let row = first; row < names.length; row += 1) {
      const token = column.tokens[row];
      const group = svg("g", { class: `spot token${token.part_of ? " part-token" : ""}${row === this.look.row ? " on" : ""}` }, this.svg);
      svg("rect", { class: "box", x, y: y - 12, width: widths[row], height: 24, rx: 6 }, group);
      this.text(group, x + widths[row] / 2, y + 5, names[row], "", "middle");
      this.tokens.push({ group, token });
      svg("title", {}, group, aboutToken(token, this.words));
      press(group, readable(token), `${column.side}:token${row}`, () => this.on.mark(row));
      for (const [event, word] of [["pointerenter", token.word], ["focus", token.word], ["pointerleave", null], ["blur", null]]) group.addEventListener(event, () => this.on.point(word));
      x += widths[row] + 4;
    }
  }

  paintStream() {
    const edge = (points, sign) => points.map(([y, wide], i) => {
      const x = this.spine + (sign * wide) / 2;
      if (!i) return `${x} ${y}`;
      const [before, old] = points[i - 1];
      const middle = (before + y) / 2;
      return `C${this.spine + (sign * old) / 2} ${middle} ${x} ${middle} ${x} ${y}`;
    }).join("");
    const d = `M${edge(this.flow, -1)}L${edge([...this.flow].reverse(), 1)}Z`;
    svg("path", { class: "stream", d }, this.stream);
    for (const y of [this.height - 34]) svg("path", { class: "chevron", d: `M${this.spine - 4} ${y + 2}l4 -4 4 4` }, this.stream);
  }

  paintThumbs() {
    const pen = heat.pen(this.canvas, this.width, this.height);
    const colours = heat.scales();
    const heads = this.column.heads;
    const bytes = heads && heat.bytes(heads.data);
    for (const thumb of this.thumbs) {
      if (thumb.head === undefined) heat.thumbnail(pen, thumb, thumb.thumb, colours);
      else heat.attention(pen, thumb, heads.rows, bytes, thumb.head * heads.rows * heads.rows, 255, colours);
    }
  }

  /** Frame the rows of the tokens of one word in every heatmap, and the tokens; null takes the frames away. */
  point(word) {
    this.marks.replaceChildren();
    for (const { group, token } of this.tokens) group.classList.toggle("pointed", token.word === word);
    if (word === null) return;
    const { tokens } = this.column;
    tokens.forEach((token, row) => {
      if (token.word !== word) return;
      for (const thumb of this.thumbs) {
        const rows = thumb.head === undefined ? thumb.thumb.rows : this.column.heads.rows;
        const at = row - (tokens.length - rows);
        if (at < 0) continue;
        const height = thumb.h / rows;
        svg("rect", { x: thumb.x - 1.5, y: thumb.y + at * height - 1, width: thumb.w + 3, height: height + 2 }, this.marks);
      }
    });
  }
}

export const drawColumn = (at, column, look, words, on) => new Drawing(at, column, look, words, on).draw();
export const streamScale = (columns) => {
  const streams = (column) => Object.entries(column.tensors).filter(([name]) => /resid|ln2\.hook|ln1\.hook|ln_final/.test(name) && !(column.side === "gpt2" && /blocks.*ln/.test(name)));
  const largest = Math.max(...columns.flatMap((column) => streams(column).map(([, tensor]) => tensor.std)), 1e-6);
  return WIDEST / largest;
};
