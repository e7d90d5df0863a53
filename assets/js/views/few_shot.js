/* Zero, one or a few examples before a question: accuracy against their number, the prompt, the answers. Data: app/views/few_shot.py. */
import { fill, html, percent, svg } from "../dom.js";

const PLOT = { width: 336, height: 84, left: 40, top: 8, bottom: 76, dot: 3.2, apart: 7.1, half: 24 };
const LINES = [0, 0.5, 1];
const KINDS = [["zero", 1], ["one", 1], ["few-shot", 3]];

const y = (share) => PLOT.bottom - share * (PLOT.bottom - PLOT.top);
/** Dots at one height stand side by side: each takes the free place nearest to the middle. high(point): its y -> [[dx, point], …] */
export const beeswarm = (points, high = y, apart = PLOT.apart, half = PLOT.half) => {
  const put = [];
  for (const point of [...points].sort((a, b) => a - b)) {
    let dx = 0;
    for (let tries = 0; put.some(([x, other]) => Math.hypot(x - dx, high(other) - high(point)) < apart); tries += 1) dx = (tries % 2 ? -1 : 1) * Math.ceil(tries / 2) * 0.8;
    put.push([dx, point]);
  }
  const widest = Math.max(...put.map(([dx]) => Math.abs(dx)), 1);
  return put.map(([dx, point]) => [dx * Math.min(1, half / widest), point]); // many equal ones overlap rather than reach another column
};

/** Recorded dots, a line for the mean of each number of examples, and those measured now. */
const plot = (at, { recorded, shots, stops }, live, words) => {
  at.replaceChildren();
  const told = recorded.map((row) => fill(words["few.read"], { k: row.shots, mean: percent(row.mean, 0) })).join(", ");
  const drawing = svg("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img", "aria-label": told }, at);
  const wide = (PLOT.width - PLOT.left) / stops.length;
  const x = (index) => PLOT.left + wide * (index + 0.5);
  const on = stops.indexOf(shots);
  if (on >= 0) svg("rect", { class: "chosen", x: x(on) - 27, y: 0, width: 54, height: PLOT.height, rx: 8 }, drawing);
  for (const line of LINES) {
    svg("line", { class: "grid", x1: PLOT.left, x2: PLOT.width, y1: y(line), y2: y(line) }, drawing);
    svg("text", { x: PLOT.left - 6, y: y(line) + 5, "text-anchor": "end" }, drawing, percent(line, 0));
  }
  recorded.forEach((row) => {
    const index = stops.indexOf(row.shots);
    if (index < 0) return;
    const cls = index === on ? "recorded on" : "recorded";
    svg("line", { class: `mean ${cls}`, x1: x(index) - 26, x2: x(index) + 26, y1: y(row.mean), y2: y(row.mean) }, drawing);
    for (const [dx, point] of beeswarm(row.points)) svg("circle", { class: cls, cx: x(index) + dx, cy: y(point), r: PLOT.dot }, drawing);
  });
  const high = (recorded.at(-1)?.mean ?? 0) > 0.5; // the note stands where no dots are
  svg("text", { x: high ? PLOT.width - 4 : PLOT.left + 6, y: high ? y(0) - 6 : y(1) + 16, "text-anchor": high ? "end" : "start" }, drawing, words["few.dot"]);
  live.forEach((one) => {
    const index = stops.indexOf(one.shots);
    if (index >= 0) svg("path", { class: "live", d: `M${x(index) + 19} ${y(one.accuracy) - 5}l5 5l-5 5l-5-5z` }, drawing);
  });
};

/** words: those of `few.*`. on: {shots(n), relation(name), again(), measure()} -> draw(data, live), live: {points: [{shots, accuracy}], say, busy} */
export const fewShot = (at, words, on) => {
  at.classList.add("few-shot");
  const ask = html("p", { class: "few-ask" }, at);
  html("b", {}, ask, words["few.how_many"]);
  const choice = html("select", { "data-key": "few-relation", "aria-label": words["few.relations"] }, ask);
  choice.addEventListener("change", () => on.relation(choice.value));
  const drawing = html("div", { class: "few-plot" }, at);
  const axis = html("div", { class: "few-axis", role: "group", "aria-label": words["few.how_many"] }, at);
  html("span", {}, axis, words["few.examples"]);
  let buttons = [];
  const prompt = html("div", { class: "few-prompt" }, at);
  const head = html("p", { class: "few-head" }, prompt);
  html("span", {}, head, words["few.prompt"]);
  const again = html("button", { class: "link", "data-key": "few-again" }, head, words["few.again"]);
  again.addEventListener("click", () => on.again());
  const exact = html("p", { class: "few-exact", tabindex: 0 }, prompt);
  const answers = html("div", { class: "few-answers", role: "list", "aria-label": words["few.answers"] }, prompt);
  const foot = html("div", { class: "few-foot" }, at);
  const measure = html("button", { class: "quiet small", "data-key": "few-measure" }, foot, words["few.measure"]);
  measure.addEventListener("click", () => on.measure());
  const say = html("p", { role: "status" }, foot);
  let listed = "";

  const list = ({ relations, relation }) => {
    const key = relations.map(({ name }) => name).join();
    if (key !== listed) {
      listed = key;
      choice.replaceChildren();
      for (const kind of ["a", "b"]) {
        const group = html("optgroup", { label: words[`few.kind.${kind}`] }, choice);
        for (const one of relations) if (one.kind === kind) html("option", { value: one.name }, group, one.label);
      }
    }
    choice.value = relation;
  };

  const stopsOf = ({ stops, shots }) => {
    if (buttons.length !== stops.length) {
      buttons = stops.map((n) => {
        const button = html("button", { "data-key": `few-${n}`, "aria-label": fill(words["few.n"], { n }) }, axis, String(n));
        button.addEventListener("click", () => on.shots(n));
        return button;
      });
      html("span", {}, axis);
      for (const [name, columns] of KINDS) html("span", { class: "kind", style: `grid-column:span ${columns}` }, axis, name);
    }
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(stops[index] === shots)));
  };

  /** The very string that the model reads: nothing stands in it that is not in the prompt. */
  const readText = ({ examples, asked }) => {
    exact.replaceChildren();
    for (const [word, answer] of examples) {
      const one = html("span", { class: "given" }, exact);
      one.append(`${word} = `);
      html("b", {}, one, answer);
      exact.append(", ");
    }
    html("span", { class: "asked" }, exact, `${asked} =`);
  };

  const bars = (data) => {
    answers.replaceChildren();
    for (const row of [...data.answers, { ...data.rest, piece: fill(words["few.rest"], { n: data.n_candidates - data.answers.length }), rest: true }]) {
      const line = html("span", { role: "listitem", class: `one${row.right ? " right" : ""}${row.rest ? " rest" : ""}`, style: `--p:${row.p}` }, answers);
      html("span", { class: "name", title: row.piece }, line, row.piece);
      html("i", { "aria-hidden": "true" }, line);
      html("span", { class: "n" }, line, row.told);
      html("span", { class: "mark" }, line, row.right ? words["few.right"] : "");
    }
  };

  return (data, live) => {
    if (!data) return;
    list(data);
    plot(drawing, data, live.points.filter((one) => one.of === `${data.model} ${data.relation}`), words);
    stopsOf(data);
    readText(data);
    bars(data);
    measure.disabled = Boolean(live.busy);
    say.textContent = live.busy || live.say || (data.kind === "b" ? data.about : "");
    drawing.title = data.source;
  };
};
