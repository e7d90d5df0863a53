/* A few dev sentences whose probabilities move while the run goes on, and what became of the language model. */
import { fill, html, percent, svg } from "../../assets/js/dom.js";
import { say } from "../../assets/js/particle.js";
import { accuracyAt, languageAt, lastChange } from "./run.js";

const WIDTH = 120;

const mark = (parent, right, words) => {
  const at = html("span", { class: "mark" }, parent);
  const drawing = svg("svg", { viewBox: "0 0 18 18", width: 18, height: 18, role: "img", "aria-label": words[right ? "dev.right" : "dev.wrong"] }, at);
  if (right) svg("circle", { cx: 9, cy: 9, r: 5.5, class: "is-right" }, drawing);
  else svg("path", { d: "M4 4L14 14M14 4L4 14", class: "is-wrong" }, drawing);
};

/** Two labels: the bar grows from the middle towards the label it says; more: from the left, with the right label's probability. */
const bar = (parent, p, before, right, towards) => {
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} 24`, width: WIDTH, height: 24, "aria-hidden": "true" }, parent);
  const x = p * WIDTH;
  const from = towards === null ? 0 : WIDTH / 2;
  svg("rect", { x: 0, y: 5, width: WIDTH, height: 14, rx: 2, class: "rail" }, drawing);
  svg("rect", { x: Math.min(x, from), y: 5, width: Math.max(1, Math.abs(x - from)), height: 14, class: right ? "is-right" : "is-wrong" }, drawing);
  if (towards !== null) svg("path", { d: `M${WIDTH / 2} 1V23`, class: "half" }, drawing);
  if (before !== null) svg("path", { d: `M${before * WIDTH} 1V23`, class: "was" }, drawing);
  if (towards !== null) svg("path", { d: towards ? `M${WIDTH - 1} 5l7 7l-7 7z` : "M1 5l-7 7l7 7z", class: "answer" }, drawing);
};

/** value.dev: [{text, label}] · look.scrub */
export const devSentences = (place, value, run, look, words) => {
  const found = accuracyAt(run, look.scrub ?? Infinity);
  const probabilities = found?.probabilities ?? null;
  const reference = lastChange(run)?.step ?? 0;
  const before = accuracyAt(run, reference)?.probabilities ?? null;
  const known = run.dev_rows ?? value.dev ?? [];
  const chosen = (run.dev_rows ? [0, 1, 2, 3] : value.dev_shown ?? []).filter((index) => index < known.length);
  const two = run.labels.length === 2;
  place.about.textContent = !found ? words["dev.empty"] : probabilities ? fill(words["dev.count"], { step: found.step, n: chosen.length, right: chosen.filter((index) => best(probabilities[index]) === known[index].label).length }) : "";
  place.axis.hidden = !two;
  if (two) { place.ends[0].textContent = run.labels[1]; place.ends[1].textContent = run.labels[0]; }
  place.was.hidden = !before || !found || reference >= found.step;
  place.was.lastChild.textContent = fill(words["dev.was"], { step: accuracyAt(run, reference)?.step ?? 0 });
  place.list.replaceChildren();
  chosen.forEach((index) => {
    const row = known[index];
    const item = html("li", {}, place.list);
    const all = probabilities?.[index];
    const right = all ? best(all) === row.label : null;
    if (right === null) html("span", { class: "mark" }, item, "·"); else mark(item, right, words);
    if (right === false) item.className = "wrong";
    html("span", { class: "sentence", title: row.text }, item, row.text);
    const at = (values) => (two ? values[0] : values[row.label]);
    if (all) bar(item, at(all), before && reference < found.step ? at(before[index]) : null, right, two ? row.label === 0 : null);
    else html("span", { class: "rail-empty" }, item);
    html("span", { class: "p" }, item, all ? percent(at(all), 0) : "–");
    if (!two) html("span", { class: "its-label" }, item, run.labels[row.label]);
  });
};
const best = (values) => values.indexOf(Math.max(...values));

export const buildDev = (parent, words) => {
  const head = html("div", { class: "side-head" }, parent);
  html("h2", {}, head, words["dev.title"]);
  const about = html("span", { class: "mute" }, head);
  const axis = html("div", { class: "axis" }, parent);
  html("span", {}, axis);
  const keys = html("span", { class: "keys" }, axis);
  const answer = html("span", {}, keys);
  svg("path", { d: "M1 2l6 5l-6 5z", class: "answer" }, svg("svg", { width: 8, height: 14, "aria-hidden": "true" }, answer));
  answer.append(words["dev.answer"]);
  const was = html("span", {}, keys);
  svg("path", { d: "M3 0V16", class: "was" }, svg("svg", { width: 6, height: 16, "aria-hidden": "true" }, was));
  html("span", {}, was);
  const ends = html("div", { class: "ends" }, axis);
  const list = html("ul", { class: "dev" }, parent);
  return { about, axis, was, list, ends: [html("span", {}, ends), html("span", {}, ends)] };
};

const tokens = (parent, entry, pieces, beginning) => {
  const line = html("div", { class: "continued" }, parent);
  html("span", { class: "begun" }, line, beginning);
  entry.ids.forEach((id, index) => {
    const again = entry.ids.slice(0, index).includes(id);
    const piece = html("span", { class: again ? "piece again" : "piece" }, line);
    const [text, space] = pieces?.[id] ?? [`#${id}`, false];
    if (space) html("i", { "aria-hidden": "true" }, piece, "·");
    piece.append(text);
  });
};

/** run.language: [{step, task, world, ids}]: L1 on the task's text and on text of the model's own world, and its continuation */
export const languageModel = (place, value, run, look, words, pieces) => {
  place.replaceChildren();
  const change = lastChange(run);
  const now = languageAt(run, look.scrub ?? Infinity);
  const first = run.language[0];
  if (!first) { html("p", { class: "mute" }, place, words["language.empty"]); return; }
  const entries = [[first, words["language.before"], false]];
  const between = change && languageAt(run, change.step);
  if (between && between.step > 0 && between.step < now.step) entries.push([between, say(words["language.at"], { step: between.step, lambda: Number(change.from.toFixed(2)) }), false]);
  if (now.step > 0) entries.push([now, say(words["language.now"], { step: now.step }), true]);
  for (const [entry, name, newest] of entries) {
    const item = html("li", { class: newest ? "newest" : "" }, place);
    const head = html("div", { class: "side-line" }, item);
    html(newest ? "b" : "span", {}, head, name);
    const numbers = html("span", { class: "l1" }, head);
    html("span", {}, numbers, `${words["language.task"]} `);
    html("b", {}, numbers, entry.task.toFixed(2));
    html("span", {}, numbers, ` ${words["language.world"]} `);
    html("b", {}, numbers, entry.world.toFixed(2));
    tokens(item, entry, pieces, value.beginning?.text ?? "");
  }
};
