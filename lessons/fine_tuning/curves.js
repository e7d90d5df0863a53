/* The curves of a run: L1, L2 and L3 = L2 + the band λ · L1; a change of λ is marked. Below it dev accuracy, runs laid over each other. */
import { canvas, fill, svg } from "../../assets/js/dom.js";
import { losses } from "./run.js";

const two = (value) => value.toFixed(2);
const path = (points) => points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

const label = (drawing, x, y, index, colour, value, name, anchor) => {
  const text = svg("text", { x, y, "text-anchor": anchor, class: "curve-label", style: `fill:var(--${colour})` }, drawing);
  svg("tspan", { class: "maths-letter" }, text, "L");
  svg("tspan", { dy: 3, style: "font-size:14px" }, text, index);
  svg("tspan", { dy: -3, dx: 5 }, text, two(value));
  if (name) svg("tspan", { dx: 7, class: "curve-name" }, text, name);
};

const ticks = (most) => {
  const step = [0.5, 1, 2, 4].find((one) => most / one <= 4.2) ?? 5;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
};

/** run: as in run.js · look: {scrub: a step or null, lambda: that of the slider} · on: {scrub(step or null)} */
export const lossCurves = (at, run, look, words, on) => {
  const width = at.clientWidth;
  const height = at.clientHeight;
  if (!width || !height) return;
  const { steps, settings } = run;
  const [left, right, top, bottom] = [26, 8, 26, 20];
  const shown = losses(run, look.scrub, look.scrub === null ? look.lambda : null);
  const most = Math.max(1, ...steps.map((step) => Math.max(step.l1, step.l2s + step.lambda * step.l1s))) * 1.06;
  const X = (step) => left + (step / settings.steps) * (width - left - right);
  const Y = (value) => height - bottom - (Math.min(value, most) / most) * (height - top - bottom);
  const drawing = canvas(at, width, height, shown ? fill(words["curve.alt"], { step: shown.step, l1: two(shown.l1), l2: two(shown.l2), l3: two(shown.l3) }) : words["curve.empty"]);
  for (const tick of ticks(most)) {
    svg("path", { d: `M${left} ${Y(tick)}H${width - right}`, class: "grid-line" }, drawing);
    svg("text", { x: left - 6, y: Y(tick) + 5, "text-anchor": "end", class: "mute" }, drawing, tick);
  }
  svg("text", { x: left, y: height - 4, class: "mute" }, drawing, "0");
  svg("text", { x: width - right, y: height - 4, "text-anchor": "end", class: "mute" }, drawing, fill(words["curve.steps"], { n: settings.steps }));
  if (!shown) {
    svg("text", { x: (left + width) / 2, y: height / 2, "text-anchor": "middle", class: "mute" }, drawing, words["curve.empty"]);
    return;
  }
  const last = steps.at(-1);
  const l2 = steps.map((step) => [X(step.step), Y(step.l2s)]);
  const l3 = steps.map((step) => [X(step.step), Y(step.l2s + step.lambda * step.l1s)]);
  svg("path", { d: `${path(l2)}L${X(last.step)} ${Y(0)}L${X(steps[0].step)} ${Y(0)}Z`, class: "area l2" }, drawing);
  svg("path", { d: `${path(l3)}${path(l2.slice().reverse()).replace("M", "L")}Z`, class: "area l1" }, drawing);
  for (const name of ["l1", "l2"]) svg("path", { d: path(steps.map((step) => [X(step.step), Y(step[name])])), class: `curve thin ${name}` }, drawing);
  // L1 is dashed where it is only measured: λ = 0
  let part = [];
  const pieces = [];
  steps.forEach((step, index) => {
    if (index && (step.lambda > 0) !== (steps[index - 1].lambda > 0)) { pieces.push([part, steps[index - 1].lambda > 0]); part = part.slice(-1); }
    part.push([X(step.step), Y(step.l1s)]);
  });
  pieces.push([part, last.lambda > 0]);
  for (const [points, counts] of pieces) svg("path", { d: path(points), class: "curve l1", "stroke-dasharray": counts ? undefined : "5 4" }, drawing);
  svg("path", { d: path(l2), class: "curve l2" }, drawing);
  svg("path", { d: path(l3), class: "curve l3" }, drawing);
  let free_to = width; // names stand from the newest to the oldest, as far as there is room
  for (const change of [...run.changes].reverse()) {
    const x = X(change.step);
    const name = `λ ${Number(two(change.from))} → ${Number(two(change.to))}`;
    const half = 8 + name.length * 4.1;
    const middle = Math.min(Math.max(x, left + half), width - right - half);
    const named = middle + half <= free_to;
    svg("path", { d: `M${x} ${named ? 20 : top}V${height - bottom}`, class: "change" }, drawing);
    if (named) {
      free_to = middle - half - 4;
      svg("rect", { x: middle - half, y: 0, width: 2 * half, height: 21, rx: 10, class: "change-tag" }, drawing);
      svg("text", { x: middle, y: 16, "text-anchor": "middle", class: "change-name" }, drawing, name);
    }
    svg("path", { d: `M${x - 5} ${height - bottom}l5 -6l5 6l-5 6z`, class: "change-mark" }, drawing);
  }
  const x = X(shown.step);
  const held = look.scrub !== null;
  svg("path", { d: `M${x} ${top - 4}V${height - bottom + 4}`, class: "now-line", "stroke-dasharray": held ? "3 3" : undefined }, drawing);
  if (shown.step > settings.steps * 0.05 && shown.step < settings.steps * 0.88) svg("text", { x, y: height - 4, "text-anchor": "middle", class: "now-step" }, drawing, shown.step);
  if (!held && look.lambda !== last.lambda) svg("path", { d: `M${x} ${Y(last.l2s + last.lambda * last.l1s)}V${Y(shown.l3)}`, class: "will" }, drawing);
  const rows = [["1", "l1-ink", shown.l1, shown.lambda > 0 ? words["name.l1.short"] : words["name.l1.only"]], ["3", "ink", shown.l3, words["name.l3.short"]], ["2", "l2-ink", shown.l2, words["name.l2.short"]]]
    .map(([index, colour, value, name]) => ({ index, colour, value, name, y: Y(value) }));
  for (const row of rows) svg("circle", { cx: x, cy: row.y, r: row.index === "3" ? 5.5 : 4.5, class: `dot l${row.index}` }, drawing);
  rows.sort((a, b) => a.y - b.y);
  rows.forEach((row) => { row.y = Math.min(row.y, height - bottom - 6); });
  for (let index = rows.length - 2; index >= 0; index -= 1) rows[index].y = Math.min(rows[index].y, rows[index + 1].y - 20);
  const free = shown.step < settings.steps * 0.66;
  for (const row of rows) label(drawing, free ? x + 14 : x - 14, row.y + (free ? 5 : -8), row.index, row.colour, row.value, width > 360 ? row.name : "", free ? "start" : "end");
  const step = (event) => {
    const box = at.getBoundingClientRect();
    const found = Math.round(((event.clientX - box.left) / box.width * width - left) / (width - left - right) * settings.steps);
    return found >= 1 && found < last.step ? found : null;
  };
  at.onpointermove = (event) => event.pointerType === "mouse" && on.scrub(step(event));
  at.onpointerdown = (event) => on.scrub(step(event));
  at.onpointerleave = () => on.scrub(null);
};

/** Dev accuracy of the run and of those laid over it. runs: kept ones, `hidden` not drawn. */
export const accuracyCurves = (at, run, runs, look, words) => {
  const width = at.clientWidth;
  const height = at.clientHeight;
  if (!width || !height) return;
  const [left, right, top, bottom] = [30, 26, 8, 18];
  const longest = Math.max(run.settings.steps, ...runs.filter((one) => !one.hidden).map((one) => one.settings.steps));
  const all = [run, ...runs.filter((one) => !one.hidden)].flatMap((one) => one.dev.map((found) => found.accuracy));
  const low = Math.min(0.5, ...all.map((value) => Math.floor(value * 10) / 10));
  const X = (step) => left + (step / longest) * (width - left - right);
  const Y = (value) => height - bottom - ((value - low) / (1 - low)) * (height - top - bottom);
  const newest = run.dev.at(-1);
  const drawing = canvas(at, width, height, newest ? fill(words["accuracy.alt"], { step: newest.step, accuracy: newest.accuracy.toFixed(3) }) : words["accuracy.empty"]);
  for (const tick of [low, (1 + low) / 2, 1]) {
    svg("path", { d: `M${left} ${Y(tick)}H${width - right}`, class: "grid-line" }, drawing);
    svg("text", { x: left - 6, y: Y(tick) + 5, "text-anchor": "end", class: "mute" }, drawing, tick.toFixed(low === 0.5 && tick === 0.75 ? 2 : 1));
  }
  const ends = [];
  runs.forEach((one, index) => {
    if (one.hidden || !one.dev.length) return;
    const points = one.dev.map((found) => [X(found.step), Y(found.accuracy)]);
    svg("path", { d: path(points), class: "curve kept", "stroke-dasharray": one.settings.layers < 0 ? "2 4" : undefined }, drawing);
    ends.push({ x: points.at(-1)[0], y: points.at(-1)[1], name: index + 1 });
  });
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, index) => { if (index) end.y = Math.max(end.y, ends[index - 1].y + 15); });
  for (const end of ends) svg("text", { x: end.x + 6, y: end.y + 5, class: "kept-name" }, drawing, end.name);
  const points = run.dev.map((found) => [X(found.step), Y(found.accuracy)]);
  if (points.length) {
    svg("path", { d: path(points), class: "curve run" }, drawing);
    for (const [x, y] of points) svg("circle", { cx: x, cy: y, r: 2.6, class: "dot run" }, drawing);
    svg("circle", { cx: points.at(-1)[0], cy: points.at(-1)[1], r: 5, class: "dot newest" }, drawing);
  }
  for (const change of run.changes) svg("path", { d: `M${X(change.step)} ${top - 4}V${height - bottom}`, class: "change" }, drawing);
  if (look.scrub !== null) svg("path", { d: `M${X(look.scrub)} ${top}V${height - bottom}`, class: "now-line", "stroke-dasharray": "3 3" }, drawing);
  svg("text", { x: left, y: height - 3, class: "mute" }, drawing, "0");
  svg("text", { x: width - right, y: height - 3, "text-anchor": "end", class: "mute" }, drawing, longest);
};
