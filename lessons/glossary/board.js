/* 「용어」 beside a presenter: the blank, the model, one way, the examples or the table. 1280 × 720, nothing under 24 px. */
import { arrow, canvas, fill, fit, press, svg, textWidth } from "../../assets/js/dom.js";
import { boardDots } from "../../assets/js/views/board_dots.js";
import { around } from "./blank.js";
import { cellsOf, text } from "./board_parts.js";
import { examples, table, way } from "./board_ways.js";

const named = (token) => token.label || token.piece;
const plain = (say) => say.replace(/\[\[(?:[^\]|]*\|)?([^\]]*)\]\]/g, "$1").replace(/\*\*/g, "").replace(/[\u2068\u2069]/g, "");
const SIZE = 30;
const MASK = { row: 34, gap: 4, columns: 560, top: 240, bar: 40, bottom: 618 };

/** `sentence` broken into lines of at most `room` pixels. */
const inLines = (sentence, room, size) => sentence.split(" ").reduce((lines, word) => {
  const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
  if (lines.length && textWidth(longer, size) <= room) lines[lines.length - 1] = longer;
  else lines.push(word);
  return lines;
}, []);

/** One upstream task: tokens, mask, distribution. */
const upstream = (drawing, stage, who, x) => {
  const { value: { blank }, words } = stage;
  const causal = who === "gpt";
  text(drawing, x, 150, 32, words[causal ? "node.gpt" : "node.masked-lm"], { bold: true });
  text(drawing, x + MASK.columns, 150, 26, words[`blank.who.${who}`], { cls: "quiet", anchor: "end" });
  const [first, end] = around(blank.tokens, blank.position, 250);
  const wide = blank.tokens.slice(first, end).map((token) => Math.max(44, textWidth(named(token), SIZE, 600) + 22));
  const [before, after] = [first, blank.tokens.length - end].map((n) => (n ? fill(words["blank.more"], { n }) : ""));
  const cut = (mark) => (mark ? textWidth(mark, 24) + 10 : 0);
  const columns = MASK.columns - cut(before) - cut(after);
  const spare = Math.max(0, columns - wide.reduce((sum, one) => sum + one + MASK.gap, 0)) / wide.length;
  const scale = Math.min(1, columns / wide.reduce((sum, one) => sum + one + MASK.gap, 0));
  const asks = causal ? blank.position - 1 : blank.position;
  const high = Math.min(MASK.row, (MASK.bottom - MASK.top - 18 - MASK.bar * blank[who].length) / (end - first) - MASK.gap);
  let left = x + cut(before);
  if (before) text(drawing, x, 210, 24, before, { cls: "quiet" });
  wide.forEach((one, column) => {
    const index = first + column;
    const width = (one + Math.min(spare, 30)) * scale;
    const here = index === blank.position;
    const group = press(svg("g", { class: "candidate" }, drawing), `${words["blank.place"]} ${named(blank.tokens[index])}`, `board-${who}-${index}`, () => stage.act({ type: "set", name: "position", value: index }, "position"));
    svg("rect", { class: here ? "hit" : causal && index > blank.position ? "chip-ghost" : "chip-board", x: left, y: 174, width, height: 52, rx: 10 }, group);
    text(group, left + width / 2, 211, SIZE, here ? "?" : fit(named(blank.tokens[index]), width - 8, SIZE, 600), { bold: here, anchor: "middle", cls: here ? "on-chosen" : causal && index > blank.position ? "quiet" : "" });
    for (let row = first; row < end; row += 1) {
      const sees = !causal || index <= row;
      svg("rect", { class: `${sees ? "see" : "blind"}${row === asks ? " on" : ""}`, x: left, y: MASK.top + (row - first) * (high + MASK.gap), width, height: high, rx: 5 }, drawing);
    }
    left += width + MASK.gap;
  });
  if (after) text(drawing, left + 4, 210, 24, after, { cls: "quiet" });
  const top = MASK.top + 18 + (end - first) * (high + MASK.gap);
  blank[who].forEach((row, index) => {
    const y = top + index * MASK.bar;
    text(drawing, x, y + 26, 28, fit(named(row), 130, 28, 700), { bold: row.hidden, cls: row.hidden ? "" : "quiet" });
    svg("rect", { class: row.hidden ? "bar true" : row.rest ? "bar rest" : "bar", x: x + 142, y: y + 3, width: Math.max(2, 300 * row.p), height: 30 }, drawing);
    text(drawing, x + MASK.columns, y + 27, 28, row.told, { bold: row.hidden, anchor: "end" });
  });
};

/** The model as cells, and the four tasks that begin with it. */
const model = (drawing, stage) => {
  const { value: { counts }, words } = stage;
  text(drawing, 64, 160, 34, words["node.language-model"], { bold: true });
  text(drawing, 1216, 160, 30, `${words.n_numbers.replace("{n}", counts.n.toLocaleString("en-US"))} · ▪ ${words.one_cell}`, { anchor: "end", cls: "quiet" });
  cellsOf(drawing, { x: 64, y: 184, width: 1152, columns: 56, n: Math.ceil(counts.cells) });
  const tasks = ["classification", "entailment", "generation", "choice"];
  text(drawing, 64, 402, 34, words["node.downstream"], { bold: true });
  tasks.forEach((task, index) => {
    const x = 64 + index * 294;
    arrow(drawing, x + 135, 430, x + 135, 506, { stroke: "var(--l1)", width: 4 });
    svg("rect", { class: "chip-board", x, y: 516, width: 270, height: 74, rx: 12 }, drawing);
    text(drawing, x + 135, 564, 32, words[`task.${task}`], { bold: true, anchor: "middle" });
  });
};

const picture = (drawing, stage) => {
  const { value } = stage;
  if (value.table) return table(drawing, stage);
  if (value.demo === "few") return examples(drawing, stage);
  if (value.demo === "ways") return way(drawing, stage, value.term);
  if (value.demo === "tasks" || ["transfer-learning", "language-model"].includes(value.term)) return model(drawing, stage);
  upstream(drawing, stage, "gpt", 64);
  return upstream(drawing, stage, "bert", 656);
};

const foot = (drawing, stage) => {
  const { value, scenes } = stage;
  const shown = ["upstream", "blank", "masks"].includes(scenes[value.scene]?.id) ? value.look : scenes[value.scene]?.say ?? value.look;
  inLines(plain(shown ?? ""), 1152, 26).slice(0, 2).forEach((line, index) => text(drawing, 64, 652 + 36 * index, 26, index ? fit(line, 800, 26) : line));
  boardDots(drawing, stage, 1216 - (scenes.length + 2) * 18.7, 692, 10);
};

export const board = (stage) => {
  const { value, words } = stage;
  const drawing = canvas(stage.board, "100%", "100%", words["map.label"], "0 0 1280 720");
  drawing.classList.add("glossary-board");
  const title = stage.scenes[value.scene]?.title ?? words.title;
  text(drawing, 64, 80, Math.min(46, 1150 / textWidth(title, 1, 700)), title, { bold: true });
  if (value.ready) picture(drawing, stage);
  foot(drawing, stage);
};
