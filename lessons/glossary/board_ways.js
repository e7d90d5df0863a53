/* Boards of 「용어」: one of the three ways, the examples, and the table. */
import { count, fill, fit, percent, press, svg, textWidth } from "../../assets/js/dom.js";
import { beeswarm } from "../../assets/js/views/few_shot.js";
import { cellsOf, text } from "./board_parts.js";

const WAYS = ["fine-tuning", "prompt-tuning", "in-context"];
const LEFT = 64, RIGHT = 1216;

const chips = (drawing, y, parts) => {
  let x = LEFT;
  parts.forEach(([cls, words]) => {
    if (cls === "arrow") { text(drawing, x + 8, y + 38, 32, "→", { cls: "quiet" }); x += 50; return; }
    if (cls === "vectors") {
      for (let n = 0; n < words; n += 1) svg("rect", { class: "cell-changed", x: x + n * 15, y, width: 10, height: 54, rx: 4 }, drawing);
      x += words * 15 + 10;
      return;
    }
    const width = textWidth(words, 30, 600) + 36;
    svg("rect", { class: cls, x, y, width, height: 54, rx: 10 }, drawing);
    text(drawing, x + width / 2, y + 38, 30, words, { anchor: "middle" });
    x += width + 6;
  });
};

/** How many numbers one way changes, drawn to scale. */
export const way = (drawing, stage, term) => {
  const { value: { counts, ways }, words } = stage;
  const n = Math.ceil(counts.cells);
  const changed = { "fine-tuning": counts.full, "prompt-tuning": counts.prompt }[term] ?? 0;
  text(drawing, LEFT, 190, 84, count(changed), { bold: true, cls: changed ? "changed" : "" });
  text(drawing, LEFT + textWidth(count(changed), 84, 700) + 20, 190, 34, changed ? words.change : words.no_change, { cls: "quiet" });
  const end = cellsOf(drawing, { x: LEFT, y: 226, width: 1152, columns: 56, n, changed: term === "fine-tuning" ? n : 0 });
  if (term === "prompt-tuning") {
    svg("rect", { class: "cell-changed", x: end.x + 6, y: end.y, width: Math.max(2, end.side * 0.8 * (changed / 10_000)), height: end.side * 0.8 }, drawing);
    svg("circle", { class: "ring", cx: end.x + 8, cy: end.y + end.side * 0.4, r: end.side * 0.75 }, drawing);
    text(drawing, Math.min(RIGHT, end.x + end.side * 2), end.y + end.side * 2.4, 28, fill(words.cells_of, { n: counts.prompt_cells }), { anchor: "end", cls: "changed" });
  }
  const [sentence, answer] = [["chip-board", words["in.sentence"]], ["chip-board", words["in.answer"]]];
  const arrow = ["arrow"];
  const shown = { "fine-tuning": [sentence, arrow, ["chip-new", "Wᵧ"], arrow, answer], "prompt-tuning": [["vectors", counts.vectors], sentence, arrow, answer] };
  chips(drawing, 396, shown[term] ?? [sentence, arrow, answer]);
  const row = ways.rows.find(({ id }) => id === term);
  ways.tasks.forEach((tasks, index) => {
    const x = LEFT + index * 390;
    text(drawing, x, 512, 28, fill(words["ways.stored"], { n: tasks }), { cls: "quiet" });
    text(drawing, x, 562, 42, row.stored[index], { bold: true });
  });
};

/** The prompt as it is, the answers, and the recorded dots by the number of examples. */
export const examples = (drawing, stage) => {
  const { value: { few }, words } = stage;
  const lines = [...few.examples.map(([word, answer]) => `${word} = ${answer},`), `${few.asked} =`];
  const two = lines.length > 5;
  lines.forEach((line, index) => {
    const last = index === lines.length - 1;
    const x = LEFT + (two && index % 2 ? 296 : 0);
    const y = 150 + (two ? Math.floor(index / 2) : index) * 44;
    if (last) svg("rect", { class: "hit", x: x - 10, y: y - 32, width: textWidth(line, 30, 700) + 20, height: 42, rx: 8 }, drawing);
    text(drawing, x, y, 30, fit(line, two ? 284 : 540, 30, last ? 700 : 400), { bold: last, cls: last ? "on-chosen" : "" });
  });
  if (few.kind === "b") text(drawing, LEFT, 388, 24, fit(few.about, 600, 24), { cls: "quiet" });
  [...few.answers, { ...few.rest, piece: fill(words["few.rest"], { n: few.n_candidates - few.answers.length }) }].forEach((row, index) => {
    const y = 420 + index * 52;
    text(drawing, LEFT, y + 28, 28, fit(row.piece, 170, 28, 700), { bold: row.right, cls: row.right ? "" : "quiet" });
    svg("rect", { class: row.right ? "bar true" : "bar", x: LEFT + 184, y: y + 3, width: Math.max(2, 210 * row.p), height: 32 }, drawing);
    text(drawing, LEFT + 500, y + 29, 28, row.told, { bold: row.right, anchor: "end" });
    if (row.right) text(drawing, LEFT + 512, y + 28, 24, words["few.right"], { cls: "good" });
  });
  plot(drawing, stage, { x: 700, y: 140, width: 516, height: 340 });
};

const plot = (drawing, stage, box) => {
  const { value: { few }, words } = stage;
  const [left, bottom] = [box.x + 70, box.y + box.height];
  const y = (share) => bottom - share * box.height;
  const step = (box.width - 70) / few.stops.length;
  for (const share of [0, 0.5, 1]) {
    svg("line", { class: "grid", x1: left, x2: box.x + box.width, y1: y(share), y2: y(share) }, drawing);
    text(drawing, left - 12, y(share) + 9, 26, percent(share, 0), { anchor: "end", cls: "quiet" });
  }
  few.stops.forEach((n, index) => {
    const centre = left + step * (index + 0.5);
    const on = n === few.shots;
    const row = few.recorded.find((one) => one.shots === n);
    if (row) {
      svg("line", { class: on ? "mean on" : "mean", x1: centre - 36, x2: centre + 36, y1: y(row.mean), y2: y(row.mean) }, drawing);
      for (const [dx, point] of beeswarm(row.points, y, 14, 36)) svg("circle", { class: on ? "dot on" : "dot", cx: centre + dx, cy: y(point), r: 6.4 }, drawing);
    }
    const group = press(svg("g", { class: "candidate" }, drawing), fill(words["few.n"], { n }), `board-shots-${n}`, () => stage.act({ type: "set", name: "shots", value: n }, "shots"));
    svg("rect", { class: on ? "pill on" : "pill", x: centre - 34, y: bottom + 26, width: 68, height: 48, rx: 24 }, group);
    text(group, centre, bottom + 60, 28, String(n), { bold: true, anchor: "middle", cls: on ? "on-pill" : "" });
  });
  text(drawing, box.x + box.width, bottom + 112, 24, `${words["few.how_many"]} ${words["few.dot"]}`, { anchor: "end", cls: "quiet" });
};

/** The three ways side by side; what ran here stands in ink, what is recorded in grey. */
export const table = (drawing, stage) => {
  const { value: { ways }, own, words } = stage;
  const x = (index) => 620 + index * 298;
  WAYS.forEach((term, index) => text(drawing, x(index), 160, 28, words[`node.${term}`], { bold: true, anchor: "end" }));
  const line = (y, name, values, size = 30, grey = () => false) => {
    svg("line", { class: "grid", x1: LEFT, x2: RIGHT, y1: y - 46, y2: y - 46 }, drawing);
    text(drawing, LEFT, y, 28, name, { cls: "quiet" });
    values.forEach((told, index) => text(drawing, x(index), y, size, told, { bold: size > 30, anchor: "end", cls: grey(index) ? "quiet" : "" }));
  };
  const live = WAYS.map((term) => (own.results?.[term]?.of === ways.lang ? own.results[term] : null));
  const found = ways.rows.map((row, index) => live[index] ?? Object.values(row.recorded).at(-1));
  const right = (one) => (one ? fill(words["ways.of"], { n: Array.isArray(one.right) ? one.right.filter(Boolean).length : one.right, all: ways.sentences.length }) : "…");
  line(226, words["ways.changed"], ways.rows.map((row) => count(row.changed)));
  ways.tasks.forEach((tasks, n) => line(292 + 66 * n, fill(words["ways.stored"], { n: tasks }), ways.rows.map((row) => row.stored[n])));
  line(490, words["ways.seconds"], found.map((one) => (one ? fill(words["ways.s"], { n: one.seconds < 10 ? one.seconds.toFixed(1) : Math.round(one.seconds) }) : "…")), 30, (index) => !live[index]);
  line(560, words["ways.right"], found.map(right), 40, (index) => !live[index]);
  text(drawing, RIGHT, 604, 24, live.every(Boolean) ? "" : words["ways.grey"], { anchor: "end", cls: "quiet" });
};
