/* 「사전학습」 beside a presenter: one 1280 × 720 drawing, nothing under 24 px. Bars at the left, at the right what the scene is about. */
import { canvas, count, fill, fit, press, svg, textWidth } from "../../assets/js/dom.js";
import { boardDots } from "../../assets/js/views/board_dots.js";
import { readable } from "../../assets/js/views/chip.js";
import { PICTURES } from "./background.js";
import { chance, mean, named, nats, perplexity, stopOf, ticks } from "./numbers.js";
import { mark, spread } from "./wide.js";

const LEFT = { x: 110, width: 640, top: 170, low: 452 };
const RIGHT = { x: 830, width: 390 };
const FOOT = 640;

const text = (parent, x, y, size, words, { bold, anchor, cls } = {}) =>
  svg("text", { x, y, class: cls, "text-anchor": anchor, style: `font-size:${size}px;font-weight:${bold ? 700 : 400}` }, parent, words);
const path = (parent, d, cls, more = {}) => svg("path", { d, class: cls, ...more }, parent);
const plain = (say) => say.replace(/\[\[(?:[^\]|]*\|)?([^\]]*)\]\]/g, "$1").replace(/\*\*/g, "").replace(/[\u2068\u2069]/g, "");
const inLines = (sentence, room, size) => sentence.split(" ").reduce((lines, word) => {
  const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
  if (lines.length && textWidth(longer, size) <= room) lines[lines.length - 1] = longer;
  else lines.push(word);
  return lines;
}, []);

const hatch = (drawing) => {
  const pattern = svg("pattern", { id: "pre-hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("defs", {}, drawing));
  svg("rect", { width: 8, height: 8, class: "hatch-ground" }, pattern);
  path(pattern, "M0 0V8", "hatch-line", { "stroke-width": 6 });
};

const formula = (drawing, value) => {
  const line = text(drawing, 64, 134, 34, "", { cls: "maths" });
  const part = (words, cls, style) => svg("tspan", { class: cls, style }, line, words);
  const low = (words, cls) => { svg("tspan", { class: cls, dy: 9, style: "font-size:24px" }, line, words); svg("tspan", { dy: -9, style: "font-size:24px" }, line, "\u200b"); };
  part("L", "l1"); low("1", "l1"); part("(U) = ", "");
  part("Σ", "l1"); low("i", "l1"); part(" log P", "l1"); part("( ", "");
  const before = line.textContent.length;
  part("u", "on-chosen"); low("i", "on-chosen"); part(" | u", ""); low("i−k"); part(", …, u", ""); low("i−1"); part(" ; Θ ) = ", "");
  part(nats(-value.bars.sum), "l1", "font-weight:700;font-style:normal;font-family:var(--font-text)");
  const [left, right_] = [line.getStartPositionOfChar(before).x, line.getEndPositionOfChar(before + 1).x];
  line.before(svg("rect", { class: "token me", x: left - 6, y: 104, width: right_ - left + 14, height: 44, rx: 9 }));
};

/** Bars of the sentence, upright names under them. */
const bars = (drawing, stage) => {
  const { value, words } = stage;
  const { bars: found, tokens, at } = value;
  const n = tokens.length;
  const column = LEFT.width / Math.max(1, n);
  const most = Math.max(4, ...found.now, ...(found.was ?? [])) * 1.05;
  const Y = (nat) => LEFT.low - (nat / most) * (LEFT.low - LEFT.top);
  const X = (index) => LEFT.x + index * column;
  const first = Math.max(0, at.token - at.k);
  if (n > 1) svg("rect", { class: "beam", x: X(first), y: LEFT.top - 10, width: (at.token - first) * column, height: LEFT.low - LEFT.top + 10 }, drawing);
  for (const nat of ticks(most)) {
    path(drawing, `M${LEFT.x} ${Y(nat)}H${LEFT.x + LEFT.width}`, nat ? "grid" : "axis");
    text(drawing, LEFT.x - 12, Y(nat) + 9, 24, String(nat), { cls: "quiet", anchor: "end" });
  }
  const wide = Math.min(42, column * 0.64);
  const lines = Math.max(1, Math.ceil((Math.max(...tokens.map((token) => textWidth(named(token), 24, 700))) + 20) / column)); // names under each other
  const pressed = (index) => {
    const about = fill(words.choose_place, { i: index + 1, token: named(tokens[index]), v: nats(found.now[index - 1]) });
    return press(svg("g", { class: "candidate" }, drawing), about, `board-token${index}`, () => stage.act({ type: "choose", token: index }, "choose"));
  };
  tokens.forEach((token, index) => {
    const middle = X(index) + column / 2;
    const me = index === at.token;
    if (lines <= 3) {
      const y = LEFT.low + 10 + (index % lines) * 42;
      const wide_ = textWidth(named(token), 24, 700) + 16;
      const x = Math.max(LEFT.x - 40, middle - wide_ / 2);
      const group = index ? pressed(index) : svg("g", {}, drawing);
      if (index % lines) path(group, `M${middle} ${LEFT.low + 3}V${y}`, "grid");
      svg("rect", { class: me ? "token me" : "token none", x, y, width: wide_, height: 38, rx: 8 }, group);
      text(group, x + 8, y + 28, 24, named(token), { cls: `token-name ${me ? "me" : "sees"}`, bold: me });
    } else if (textWidth(named(token), 24, 700) <= column - 6) {
      const group = index ? pressed(index) : svg("g", {}, drawing);
      svg("rect", { class: me ? "token me" : "token none", x: X(index) + 1, y: LEFT.low + 8, width: column - 2, height: 38, rx: 7 }, group);
      text(group, middle, LEFT.low + 36, 24, named(token), { cls: `token-name ${me ? "me" : "sees"}`, anchor: "middle", bold: me });
    } else if (column >= 28) {
      const long = Math.min(148, textWidth(named(token), 24, 700)) + 18;
      const group = index ? pressed(index) : svg("g", {}, drawing);
      svg("rect", { class: me ? "token me" : "token none", x: middle - 17, y: LEFT.low + 8, width: 34, height: long, rx: 7 }, group);
      svg("text", { class: `token-name ${me ? "me" : "sees"}`, transform: `translate(${middle - 8} ${LEFT.low + 17})rotate(90)`, style: `font-size:24px;font-weight:${me ? 700 : 400}` }, group, fit(named(token), 150, 24, 700));
    }
    if (!index) return;
    const [now, was] = [found.now[index - 1], found.was?.[index - 1]];
    const solid = Math.min(now, found.full[index - 1]);
    svg("rect", { class: "now", x: middle - wide / 2, y: Y(solid), width: wide, height: Math.max(1, LEFT.low - Y(solid)) }, drawing);
    if (now - solid > 0.02) svg("rect", { class: "cost", x: middle - wide / 2, y: Y(now), width: wide, height: Y(solid) - Y(now) }, drawing);
    if (was !== undefined) path(drawing, `M${middle - wide / 2 - 3} ${LEFT.low}V${Y(was)}H${middle + wide / 2 + 3}V${LEFT.low}`, "was bold");
  });
  if (n > 1) path(drawing, `M${LEFT.x} ${Y(found.mean)}H${LEFT.x + LEFT.width}`, "mean-line bold");
};

const title = (drawing, y, words) => {
  const size = Math.max(24, Math.min(28, RIGHT.width / textWidth(words, 1, 700)));
  return text(drawing, RIGHT.x, y, size, fit(words, RIGHT.width, size, 700), { bold: true });
};

/** Large numbers of this sentence. */
const sums = (drawing, { value, words }, y = 186) => {
  const was = value.bars.was ? value.bars.was.reduce((sum, one) => sum + one, 0) : null;
  text(drawing, RIGHT.x, y, 26, words.sum, { cls: "quiet" });
  const first = was === null ? "" : `${nats(was)} →`;
  if (first) text(drawing, RIGHT.x, y + 60, 34, first, { cls: "quiet" });
  text(drawing, RIGHT.x + (first ? textWidth(first, 34) + 18 : 0), y + 60, 58, nats(value.bars.sum), { bold: true, cls: "l1" });
  text(drawing, RIGHT.x, y + 112, 26, `${words.mean} ${nats(value.bars.mean)}`);
  text(drawing, RIGHT.x + RIGHT.width, y + 112, 26, `${words.perplexity} ${perplexity(value.bars.mean)}`, { anchor: "end" });
};

const expected = (drawing, { value, words }, y) => {
  const top = value.bars.top[value.at.token - 1];
  if (!top) return;
  title(drawing, y, `‘${readable(value.tokens[value.at.token])}’ ${words.place_p}`);
  const most = Math.max(...top.map((one) => one.p));
  top.slice(0, 5).forEach((one, index) => {
    const line = y + 48 + index * 44;
    text(drawing, RIGHT.x, line, 26, fit(named(one), 130, 26), { bold: one.here });
    svg("rect", { class: one.here ? "board-bar hit" : "board-bar", x: RIGHT.x + 142, y: line - 22, width: Math.max(2, (170 * one.p) / most), height: 26 }, drawing);
    text(drawing, RIGHT.x + RIGHT.width, line, 26, chance(one.p), { anchor: "end", bold: one.here });
  });
};

const others = (drawing, { value, words }, y) => {
  if (!value.world) return;
  title(drawing, y, words.world_head);
  const most = Math.max(value.world.before, value.world.after);
  [["before", words.world_before], ["after", words.world_after]].forEach(([side, name], index) => {
    const line = y + 50 + index * 48;
    text(drawing, RIGHT.x, line, 26, name);
    svg("rect", { class: side === "after" ? "world-after" : "world-before", x: RIGHT.x + 112, y: line - 22, width: (190 * value.world[side]) / most, height: 26 }, drawing);
    text(drawing, RIGHT.x + RIGHT.width, line, 26, nats(value.world[side]), { anchor: "end", bold: true });
  });
};

const prior = (drawing, { value, words, own }, y) => {
  const found = value.step && own.ahead?.[value.theta];
  if (!found) return;
  title(drawing, y, "MAP: + (w/2)‖Θ‖²");
  text(drawing, RIGHT.x, y + 62, 48, nats(found.prior, 1), { bold: true });
  text(drawing, RIGHT.x, y + 108, 26, `w = 0.01, ‖Θ‖ = ${nats(found.weights, 1)}`);
  svg("rect", { class: "world-before", x: RIGHT.x, y: y + 136, width: RIGHT.width, height: 30 }, drawing);
  svg("rect", { class: "world-after", x: RIGHT.x, y: y + 136, width: RIGHT.width * found.share, height: 30 }, drawing);
  text(drawing, RIGHT.x, y + 202, 26, `${words.prior_share}: ${(100 * found.share).toFixed(1)}%`);
};

/** The road: this sentence's mean, the induction score, or the zero-shot curves. */
const road = (drawing, stage, y, kind) => {
  const { value, words, own } = stage;
  if (!value.axis) return text(drawing, RIGHT.x, y, 26, fill(words.full_k, { k: value.at.k }));
  const stops = value.axis.stops;
  const last = stops.at(-1).place;
  const [top, low] = [y + (kind === "zero" ? 66 : 40), y + 300];
  const ofCurve = (name, share) => `${name} ${nats(share)}`;
  const gutter = Math.max(0, ...(kind === "zero" ? (value.zero?.curves ?? []) : []).map((one) => textWidth(ofCurve(one.name, one.values.at(-1)), 24))) + 4;
  const X = (place) => RIGHT.x + 40 + (place / last) * (RIGHT.width - (kind === "zero" ? gutter + 82 : 60));
  const now = stops[stopOf(value)];
  const label = kind === "zero" ? words.zero_shot : kind === "induction" ? words.induction : words.mean_of_sentence;
  title(drawing, y, label);
  if (kind === "zero") text(drawing, RIGHT.x, y + 36, 24, fit(words.zero_axis, RIGHT.width, 24), { cls: "quiet" });
  let curves;
  if (kind === "zero" && value.zero) curves = value.zero.curves.map((one, index) => ({ name: one.name, kind: index, cls: "l2", points: one.values.map((share, at) => [stops[at].place, share]) }));
  else if (kind === "induction") curves = [{ name: "", cls: "l1", points: stops.filter((one) => one.induction !== null).map((one) => [one.place, one.induction]) }];
  else curves = [{ name: "", cls: "l1", points: (own.roads?.[value.road.key] ?? []).map((one, index) => [stops[index].place, one.mean]) }];
  const all = curves.flatMap((one) => one.points.map(([, share]) => share));
  const [least, most] = [Math.min(0, ...all), Math.max(1, ...all)];
  const Y = (one) => low - ((one - least) / (most - least)) * (low - top);
  path(drawing, `M${RIGHT.x + 24} ${Y(0)}H${X(last) + 16}`, "axis");
  for (const tick of ticks(most)) text(drawing, RIGHT.x + 16, Y(tick) + 9, 24, String(tick), { cls: "quiet", anchor: "end" });
  if (kind !== "mean") path(drawing, `M${RIGHT.x + 24} ${Y(1)}H${X(last) + 16}`, "axis dashed");
  path(drawing, `M${X(now.place)} ${top - 10}V${low + 8}`, "wire");
  const names = [];
  for (const curve of curves) {
    if (!curve.points.length) continue;
    path(drawing, curve.points.map(([place, share], index) => `${index ? "L" : "M"}${X(place)} ${Y(share)}`).join(""), `${curve.cls === "l2" ? "l2-curve" : "curve"} bold`);
    for (const [place, share] of curve.points) if (curve.cls === "l2") mark(drawing, curve.kind, X(place), Y(share), 6, "l2"); else svg("circle", { cx: X(place), cy: Y(share), r: 6, class: "point" }, drawing);
    if (curve.name) names.push({ y: Y(curve.points.at(-1)[1]), ...curve });
  }
  for (const one of spread(names, 30, low + 4)) {
    mark(drawing, one.kind, X(last) + 26, one.y, 7, "l2");
    text(drawing, X(last) + 42, one.y + 9, 24, ofCurve(one.name, one.points.at(-1)[1]), { cls: "l2" });
  }
  text(drawing, X(now.place), low + 42, 24, count(now.step), { bold: true, anchor: now.place > last - 1 ? "end" : now.place < 1 ? "start" : "middle" });
  const writes = own.writes?.[value.theta];
  if (writes && kind !== "zero") {
    const said = writes.prompt.concat(writes.new).map((one, index) => (index && one.space ? " " : "") + readable(one)).join("");
    inLines(said, RIGHT.width, 24).slice(0, 2).forEach((one, index) => text(drawing, RIGHT.x, low + 90 + index * 34, 24, one));
  }
};

const network = (drawing) => {
  const lines = ["h₀ = U Wₑ + Wₚ", "hₗ = block(hₗ₋₁)", "P(u) = softmax(hₙ Wₑᵀ)"];
  lines.forEach((one, index) => {
    const y = 196 + index * 118;
    svg("rect", { class: "shared-model", x: RIGHT.x, y: y - 46, width: RIGHT.width, height: 78, rx: 14 }, drawing);
    text(drawing, RIGHT.x + 22, y + 6, 32, one, { cls: "maths" });
    if (index < 2) path(drawing, `M${RIGHT.x + RIGHT.width / 2} ${y + 34}v34`, "wire");
  });
};

const right = (drawing, stage) => {
  const { value } = stage;
  const scene = stage.scenes[value.scene]?.id;
  if (scene === "network") return network(drawing);
  if (scene === "prior" || value.at.prior) { prior(drawing, stage, 180); return; }
  if (value.at.taken.length) { sums(drawing, stage); others(drawing, stage, 380); return; }
  if (scene === "zero") return road(drawing, stage, 168, "zero");
  if (scene === "induction") return road(drawing, stage, 168, "induction");
  if (scene === "road" || scene === "hope") return road(drawing, stage, 168, "mean");
  sums(drawing, stage);
  expected(drawing, stage, 366);
};

export const board = (stage) => {
  const { value, words } = stage;
  const drawing = canvas(stage.board, "100%", "100%", words.board_label, "0 0 1280 720");
  drawing.classList.add("pre-board");
  hatch(drawing);
  const head = stage.scenes[value.scene]?.title ?? words.title;
  text(drawing, 64, 72, Math.min(44, 1150 / textWidth(head, 1, 700)), head, { bold: true });
  if (!value.ready) text(drawing, 64, 330, 32, words.loading);
  else if (value.view !== "stage" && value.background) PICTURES[value.view](drawing, stage, value.background, { x: 64, y: 104, w: 1152, h: 470 }, 25);
  else if (value.bars) {
    formula(drawing, value);
    bars(drawing, stage);
    right(drawing, stage);
  }
  const say = stage.scenes[value.scene]?.say ?? value.lead ?? "";
  inLines(plain(say), 1152, 24).slice(0, 2).forEach((line, index) => text(drawing, 64, FOOT + 34 * index, 24, index ? fit(line, 740, 24) : line));
  boardDots(drawing, stage, 1216 - (stage.scenes.length + 2) * 18.7, 690, 10);
};
