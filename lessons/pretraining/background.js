/* The pictures of GPT1 배경, the same on the page and on a presenter's board: what differs is `size`, the pixels of its letters. */
import { arrow, canvas, count, fill, fit, html, svg, textWidth } from "../../assets/js/dom.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { named, nats } from "./numbers.js";

const text = (parent, x, y, size, words, { cls, anchor, bold } = {}) =>
  svg("text", { x, y, class: cls, "text-anchor": anchor, style: `font-size:${size}px;font-weight:${bold ? 700 : 400}` }, parent, words);
const rect = (parent, x, y, width, height, cls, rx) => svg("rect", { x, y, width: Math.max(0, width), height: Math.max(0, height), class: cls, rx }, parent);

/** `sentence` in lines of at most `room` pixels. */
const inLines = (sentence, room, size) => sentence.split(" ").reduce((lines, word) => {
  const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
  if (lines.length && textWidth(longer, size) <= room) lines[lines.length - 1] = longer;
  else lines.push(word);
  return lines;
}, []);

/** A phone: one thing below the other, where a page has them side by side. */
const isNarrow = (box) => box.w < 800;

/** A bar from 0 to 100 percent with the line of guessing in it. */
const accuracy = (at, x, y, wide, high, share, cls, size) => {
  rect(at, x, y, wide, high, "ground-bar", 3);
  rect(at, x, y, (wide * share) / 100, high, cls, 3);
  svg("path", { d: `M${x + wide / 2} ${y - 4}V${y + high + 4}`, class: "coin" }, at);
  text(at, x + wide + 8, y + high / 2 + size * 0.36, size, `${share.toFixed(1)}%`, { bold: true });
};

/** All numbers of a model, a cell for ten thousand. */
const numbers = (at, n, x, y, wide, high) => {
  const cells = Math.round(n / 10000);
  const side = Math.max(3, Math.floor(Math.sqrt((wide * high) / cells)));
  const columns = Math.max(1, Math.floor(wide / side));
  for (let index = 0; index < cells; index += 1) rect(at, x + (index % columns) * side, y + Math.floor(index / columns) * side, side - 2, side - 2, "cell-new");
};

/** A model of its own for each task. */
const tasks = (at, { words }, found, box, size) => {
  const columns = isNarrow(box) ? 2 : 3; // on a phone they are wider
  const step = box.w / columns;
  const high = box.h / Math.ceil(found.rows.length / columns);
  found.rows.forEach((row, index) => {
    const [x, y] = [box.x + (index % columns) * step, box.y + Math.floor(index / columns) * high];
    rect(at, x, y, step - 24, high - 22, "own-model", 14);
    text(at, x + 18, y + size * 1.5, size * 1.15, row.name, { bold: true });
    const labelled = fill(words.n_labels, { n: count(row.labels) });
    const below = textWidth(row.name, size * 1.15, 700) + textWidth(labelled, size) + 74 > step ? size * 1.5 : 0; // a line of its own where both do not fit
    text(at, below ? x + 18 : x + step - 42, y + size * 1.5 + below, size, labelled, { cls: "l2", anchor: below ? undefined : "end" });
    text(at, x + 18, y + size * 3.1 + below, size, fill(words.n_numbers, { n: count(found.numbers) }));
    text(at, x + 18, y + size * 4.5 + below, size, words.from_scratch, { cls: "quiet" });
    accuracy(at, x + 18, y + size * 5.2 + below, step - 66 - size * 4.2, size * 0.9, row.scratch, "l2-bar", size);
    numbers(at, found.numbers, x + 18, y + size * 6.9 + below, step - 62, high - 22 - size * 7.6 - below);
  });
  text(at, box.x, box.y + box.h + size * 0.4, size, `${words.coin} · ${fill(words.cell_numbers, { n: count(10000) })}`, { cls: "quiet" });
};

/** One cell for a thousand texts. */
const labels = (at, { words }, found, box, size) => {
  const cells = Math.round(found.documents / found.cell);
  const narrow = isNarrow(box);
  const gap = size * (narrow ? 1.8 : 2.6);
  const low = narrow ? size * 2.6 + gap * Math.ceil(found.sets.length / 2) : 0; // of the labelled ones, below
  const wide = narrow ? box.w : box.w * 0.66;
  const side = Math.floor(Math.sqrt((wide * (box.h - size * 4 - low)) / cells));
  const columns = Math.floor(wide / side);
  const top = box.y + size * 2.4;
  text(at, box.x, box.y + size, size * 1.15, `${words.unlabelled}: ${fill(words.n_texts, { n: count(found.documents) })}`, { bold: true, cls: "l1" });
  for (let index = 0; index < cells; index += 1) rect(at, box.x + (index % columns) * side, top + Math.floor(index / columns) * side, side - 2, side - 2, "cell-l1", 1);
  const [left, head] = narrow ? [box.x, top + Math.ceil(cells / columns) * side + size * 1.8] : [box.x + wide + 40, box.y + size];
  text(at, left, head, size * 1.15, words.labelled, { bold: true, cls: "l2" });
  const step = Math.min((box.h - size * 4) / found.sets.length, gap);
  found.sets.forEach((one, row) => {
    const [x, y] = narrow ? [left + (row % 2) * (wide / 2), head + size * 0.8 + Math.floor(row / 2) * gap] : [left, top + row * step];
    for (let index = 0; index < Math.round(one.n / found.cell); index += 1) rect(at, x + index * side, y, side - 2, side - 2, "cell-l2", 1);
    text(at, x + 2 * side + 10, y + side / 2 + size * 0.3, size, `${one.name} ${count(one.n)}`);
  });
  text(at, box.x, box.y + box.h, size, `${fill(words.cell, { n: count(found.cell) })} · ${fill(words.n_tokens, { n: count(found.tokens) })}`, { cls: "quiet" });
};

/** What an objective must give: a label once, or the next token everywhere. */
const goal = (at, { words, value }, found, box, size) => {
  const half = box.h * 0.36;
  text(at, box.x, box.y + size, size * 1.1, words.label_answer, { bold: true, cls: "l2" });
  text(at, box.x + box.w, box.y + size, size, words.one_answer, { anchor: "end" });
  const example = fit(found.example.text, box.w * 0.66, size);
  text(at, box.x, box.y + size * 3.2, size, example);
  const end = box.x + textWidth(example, size) + 14;
  arrow(at, end, box.y + size * 2.85, end + 56, box.y + size * 2.85, { stroke: "var(--l2)", width: 2.5 });
  rect(at, end + 64, box.y + size * 1.9, textWidth(found.example.label, size, 700) + 28, size * 1.9, "label-box", 8);
  text(at, end + 78, box.y + size * 3.2, size, found.example.label, { bold: true, cls: "l2" });
  const second = box.y + half * 0.92;
  text(at, box.x, second, size * 1.1, words.next_answer, { bold: true, cls: "l1" });
  const answers = `${fill(words.many_answers, { n: found.targets })} · ${words.nobody}`;
  const beside = textWidth(words.next_answer, size * 1.1, 700) + textWidth(answers, size) + size < box.w;
  text(at, beside ? box.x + box.w : box.x, beside ? second : second + size * 1.5, size, answers, { anchor: beside ? "end" : undefined });
  const shown = value.tokens.slice(0, Math.min(15, Math.floor(box.w / (size * 4.6))));
  const left = value.tokens.length - shown.length;
  const column = box.w / Math.max(1, shown.length + (left ? 1 : 0));
  const low = second + size * 2 + box.h * 0.17;
  const most = Math.max(1, ...found.surprise.slice(0, shown.length - 1));
  shown.forEach((token, index) => {
    const x = box.x + index * column;
    rect(at, x + 2, low, column - 6, size * 1.9, index ? "target-box" : "first-box", 7);
    const letters = [size, size * 0.85, 24, 14].filter((one) => one >= (size > 20 ? 24 : 12)).find((one) => textWidth(named(token), one) < column - 12) ?? (size > 20 ? 24 : 12);
    text(at, x + column / 2 - 1, low + size * 0.95 + letters * 0.36, letters, fit(named(token), column - 12, letters), { anchor: "middle" });
    if (!index) return;
    const tall = (found.surprise[index - 1] / most) * box.h * 0.13;
    rect(at, x + column / 2 - 12, low - 4 - tall, 24, tall, "now");
    if (column > size * 2.4) text(at, x + column / 2, low - 10 - tall, size > 20 ? 24 : 14, nats(found.surprise[index - 1]), { cls: "l1", anchor: "middle" });
  });
  if (left) {
    const [more, letters] = [fill(words.more_tokens, { n: left }), size > 20 ? 24 : 14];
    const fits = textWidth(more, letters) < column - 6; // else it stands below
    text(at, box.x + box.w, low + size * (fits ? 1.3 : 2.8), letters, more, { cls: "quiet", anchor: "end" });
  }
  const third = low + size * 4;
  text(at, box.x, third, size, words.needs, { bold: true });
  const columns = box.h < 600 && size > 20 ? 2 : 1; // there is less room on a board
  const each = Math.min(size * 1.7, (box.y + box.h - third) / (4 / columns));
  ["need.labels", "need.number", "need.gradient", "need.use"].forEach((name, index) => {
    const x = box.x + (index % columns) * (box.w / 2);
    const y = third + each * (Math.floor(index / columns) + 1) - each * 0.06;
    svg("path", { d: `M${x + 2} ${y - size * 0.35}l${size * 0.28} ${size * 0.3}l${size * 0.5} ${-size * 0.62}`, class: name === "need.use" ? "tick open" : "tick" }, at);
    text(at, x + size * 1.3, y, size, words[name]);
    if (name === "need.use" && columns === 1) text(at, box.x + box.w, y, size, words["need.shown"], { cls: "quiet", anchor: "end" });
  });
};

/** One model, one last vector, and a small W on it for each task. */
const transfer = (at, { words }, found, box, size) => {
  const narrow = isNarrow(box);
  const wide = narrow ? box.w : box.w * 0.36;
  const middle = narrow ? box.y + size * 3.4 : box.y + box.h / 2;
  rect(at, box.x, middle - size * 3.4, wide, size * 6.4, "shared-model", 16);
  text(at, box.x + wide / 2, middle - size * 1.5, size * 1.15, words.shared, { anchor: "middle", bold: true });
  text(at, box.x + wide / 2, middle + size * 0.1, size, fill(words.n_numbers, { n: count(found.numbers) }), { anchor: "middle" });
  const made = document.createElement("canvas");
  const values = Float32Array.from(found.activation);
  const most = Math.max(1e-9, ...values.map(Math.abs));
  heat.signed(heat.pen(made, found.d, 8), { x: 0, y: 0, w: found.d, h: 8 }, 1, found.d, values, most, heat.scales());
  svg("image", { href: made.toDataURL(), x: box.x + 18, y: middle + size * 0.9, width: wide - 36, height: size * 1.3, preserveAspectRatio: "none" }, at);
  const [about, anchor] = narrow ? [box.x + size * 2, undefined] : [box.x + wide / 2, "middle"];
  inLines(fill(words.last_vector, { d: found.d }), narrow ? wide - size * 2 : wide, size).forEach((one, index) => text(at, about, middle + size * (4.6 + index * 1.4), size, one, { anchor, cls: "quiet" }));
  const from = narrow ? size * 9 : 0; // below the shared one
  const step = (box.h - from - (narrow ? size : 0)) / found.heads.length;
  const x = narrow ? box.x + size * 3 : box.x + box.w * 0.5;
  found.heads.forEach((one, index) => {
    const y = box.y + from + step * (index + 0.5);
    const branch = narrow ? `M${box.x + size} ${middle + size * 3}V${y - size}q0 ${size} ${size} ${size}H${x - 8}` : `M${box.x + wide} ${middle + size * 1.5}C${x - 60} ${middle + size} ${x - 110} ${y} ${x - 8} ${y}`;
    svg("path", { d: branch, class: "branch" }, at);
    rect(at, x, y - size * 1.05, size * 4.6, size * 2.1, "label-box", 8);
    text(at, x + size * 2.3, y + size * 0.36, size, fill(words.added, { n: count(one.numbers) }), { anchor: "middle", bold: true, cls: "l2" });
    text(at, x + size * 5.1, y + size * 0.36, size, one.name);
    accuracy(at, x + size * 10.4, y - size * 0.45, box.x + box.w - x - size * 15, size * 0.9, one.tuned, "l2-bar", size);
  });
  text(at, box.x + box.w, box.y + box.h + size * 0.7, size, words.tuned_accuracy, { cls: "quiet", anchor: "end" });
};

/** Step 1: this sentence at the models of the road. */
const textFirst = (at, words, found, box, size) => {
  text(at, box.x, box.y + size, size * 1.15, words.plan_one, { bold: true, cls: "l1" });
  text(at, box.x, box.y + size * 2.6, size, fill(words.n_tokens, { n: count(found.tokens) }), { cls: "quiet" });
  const [top, low] = [box.y + size * 5, box.y + box.h - size * 1.4];
  const most = Math.max(...found.means, 0.1);
  const X = (index) => box.x + 34 + (index * (box.w - 46 - size * 2)) / Math.max(1, found.means.length - 1);
  const Y = (one) => low - (one / most) * (low - top);
  svg("path", { d: `M${box.x + 20} ${low}H${box.x + box.w}`, class: "axis" }, at);
  svg("path", { d: found.means.map((one, index) => `${index ? "L" : "M"}${X(index)} ${Y(one)}`).join(""), class: "curve" }, at);
  found.means.forEach((one, index) => svg("circle", { cx: X(index), cy: Y(one), r: 5, class: "point" }, at));
  text(at, X(0) + 12, Y(found.means[0]) - 6, size, nats(found.means[0]), { bold: true, cls: "l1" });
  text(at, X(found.means.length - 1) + 12, Y(found.means.at(-1)) - 4, size, nats(found.means.at(-1)), { bold: true, cls: "l1" });
  text(at, box.x, box.y + box.h + size * 0.4, size, words.plan_mean, { cls: "quiet" });
};

/** Step 2: the tasks, from these weights and from random ones. */
const thenLabels = (at, words, found, box, size) => {
  const { x } = box;
  text(at, x, box.y + size, size * 1.15, words.plan_two, { bold: true, cls: "l2" });
  text(at, x, box.y + size * 2.6, size, fill(words.n_labels, { n: count(found.labels) }), { cls: "quiet" });
  const step = (box.h - size * 4.2) / found.rows.length;
  const names = Math.max(...found.rows.map((row) => textWidth(row.name, size))) + 14;
  found.rows.forEach((row, index) => {
    const y = box.y + size * 4 + step * index;
    text(at, x, y + size * 0.9, size, row.name);
    const long = box.x + box.w - x - names - size * 4.4;
    accuracy(at, x + names, y, long, size * 0.75, row.tuned, "l2-bar", size);
    rect(at, x + names, y + size * 1.0, (long * row.scratch) / 100, size * 0.45, "scratch-bar", 2);
  });
  const y = box.y + box.h + size * 0.4;
  rect(at, x, y - size * 0.7, size * 0.8, size * 0.75, "l2-bar");
  text(at, x + size * 1.1, y, size, words.pretrained_start, { cls: "quiet" });
  const next = x + size * 2.4 + textWidth(words.pretrained_start, size);
  rect(at, next, y - size * 0.6, size * 0.8, size * 0.45, "scratch-bar");
  text(at, next + size * 1.1, y, size, words.from_scratch, { cls: "quiet" });
};

/** First text, then labels: this sentence on the way through step 1, the tasks after step 2. */
const plan = (at, { words }, found, box, size) => {
  if (isNarrow(box)) {
    const [upper, lower] = [0.42, 0.5].map((share) => box.h * share);
    textFirst(at, words, found, { ...box, h: upper }, size);
    const [middle, gap] = [box.x + box.w / 2, box.y + upper + size * 0.9];
    arrow(at, middle, gap, middle, gap + size * 1.4, { stroke: "var(--ink)", width: 3 });
    text(at, middle + 14, gap + size, size * 1.2, "Θ");
    thenLabels(at, words, found, { ...box, y: box.y + box.h - lower, h: lower }, size);
    return;
  }
  const wide = box.w * 0.42;
  textFirst(at, words, found, { ...box, w: wide - 40 }, size);
  arrow(at, box.x + wide - 24, box.y + box.h / 2, box.x + wide + 30, box.y + box.h / 2, { stroke: "var(--ink)", width: 3 });
  text(at, box.x + wide + 2, box.y + box.h / 2 - 14, size * 1.2, "Θ", { anchor: "middle" });
  thenLabels(at, words, found, { ...box, x: box.x + wide + 48, w: box.w - wide - 48 }, size);
};

const PHONE = { tasks: 960, labels: 760, goal: 700, transfer: 860, plan: 960 }; // how high

export const PICTURES = { tasks, labels, goal, transfer, plan };

/** The picture of the page; without numbers it says what is waited for. */
export const backgrounds = (at, stage) => ({
  draw(value) {
    at.hidden = value.view === "stage";
    if (at.hidden) return;
    at.replaceChildren();
    if (!value.background) { html("p", { class: "quiet-text" }, at, stage.words.loading_picture); return; }
    const phone = stage.at.clientWidth < 900;
    const [width, height] = phone ? [648, PHONE[value.view]] : [1190, 430];
    const holder = html("div", {}, at);
    const drawing = canvas(holder, width, height, stage.scenes[value.scene]?.title ?? stage.words.title, `0 0 ${width} ${height}`);
    Object.assign(drawing.style, { width: "100%", height: "auto" });
    PICTURES[value.view](drawing, stage, value.background, { x: 4, y: 6, w: width - 12, h: height - 34 }, phone ? 24 : 16);
    if (value.background.record) html("p", { class: "quiet-text" }, at, value.background.record);
  },
});
