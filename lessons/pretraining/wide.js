/* The stage at its full width: bars of this sentence at the left, the road of pre-training at the right, one axis through both. */
import { canvas, count, fill, fit, html, svg, textWidth } from "../../assets/js/dom.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { chance, isOne, mean, named, nats, perplexity, stopOf, ticks, upright } from "./numbers.js";

export const WIDE = { width: 1230, height: 478, x0: 68, most: 46, room: 530, top: 82, low: 246, road: 704, step: 48 };
const { x0, top, low, road, step } = WIDE;
const FIRST = road + 22;
const ZERO = { top: 374, low: 450 };
export const FILM = { top: 290, size: 40 };
const DENSE = 38; // px of a column, under which tokens stand upright
const THIN = 15;
const HEADROOM = 6.4; // nats that always fit

const text = (parent, x, y, words, { cls, anchor, weight, size } = {}) =>
  svg("text", { x, y, class: cls, "text-anchor": anchor, "font-weight": weight, style: size ? `font-size:${size}px` : undefined }, parent, words);
const path = (parent, d, cls, more = {}) => svg("path", { d, class: cls, ...more }, parent);

/** Where everything of one picture stands. */
export const geometry = (value, shown) => {
  const n = value.tokens.length;
  const column = Math.min(WIDE.most, WIDE.room / Math.max(1, n));
  const highest = Math.max(HEADROOM, ...shown.now, ...(shown.on[0] > 0.01 ? shown.was : []));
  const scale = (low - top) / (highest * 1.06);
  return { n, column, highest, X: (index) => x0 + index * column, Y: (nat) => low - nat * scale, P: (place) => FIRST + place * step };
};

/** A value between the points of a curve. points: [[place, value]] in order. */
const along = (points, place) => {
  const after = points.findIndex(([one]) => one >= place);
  if (after <= 0) return points[after === 0 ? 0 : points.length - 1]?.[1];
  const [[a, low_], [b, high]] = [points[after - 1], points[after]];
  return low_ + ((high - low_) * (place - a)) / (b - a);
};
const upTo = (points, place) => [...points.filter(([one]) => one < place), [place, along(points, place)]];
const from = (points, place) => [[place, along(points, place)], ...points.filter(([one]) => one > place)];
const line = (points, X, Y) => points.map(([place, one], index) => `${index ? "L" : "M"}${X(place).toFixed(1)} ${Y(one).toFixed(1)}`).join("");

/** A mark of its own for each task: circle, square, triangle, diamond. */
export const mark = (parent, kind, x, y, r, cls) => {
  if (kind === 0) return svg("circle", { cx: x, cy: y, r, class: cls }, parent);
  if (kind === 1) return svg("rect", { x: x - r * 0.88, y: y - r * 0.88, width: r * 1.76, height: r * 1.76, class: cls }, parent);
  return path(parent, kind === 2 ? `M${x} ${y - r * 1.15}L${x + r * 1.1} ${y + r * 0.85}H${x - r * 1.1}Z` : `M${x} ${y - r * 1.3}L${x + r * 1.3} ${y}L${x} ${y + r * 1.3}L${x - r * 1.3} ${y}Z`, cls);
};

/** Lines one under another at least `gap` apart, none below `lowest`. */
export const spread = (lines, gap, lowest) => {
  lines.sort((a, b) => a.y - b.y);
  lines.forEach((one, index) => { if (index) one.y = Math.max(one.y, lines[index - 1].y + gap); });
  let limit = lowest;
  for (const one of [...lines].reverse()) { one.y = Math.min(one.y, limit); limit = one.y - gap; }
  return lines;
};

const hatch = (drawing) => {
  const pattern = svg("pattern", { id: "pre-hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("defs", {}, drawing));
  svg("rect", { width: 5, height: 5, class: "hatch-ground" }, pattern);
  path(pattern, "M0 0V5", "hatch-line", { "stroke-width": 3.4 });
};

const bars = (drawing, value, shown, g) => {
  const { X, Y, column, n } = g;
  const wide = Math.max(1.5, Math.min(30, column * 0.66));
  for (let index = 1; index < n; index += 1) {
    const x = X(index) + (column - wide) / 2;
    const [now, was] = [shown.now[index - 1], shown.was[index - 1]];
    const solid = Math.min(now, shown.full[index - 1]);
    svg("rect", { class: "now", x, y: Y(solid), width: wide, height: Math.max(0.5, low - Y(solid)) }, drawing);
    if (now - solid > 0.015) svg("rect", { class: "cost", x, y: Y(now), width: wide, height: Math.max(0, Y(solid) - Y(now)) }, drawing);
    if (shown.on[0] > 0.02) path(drawing, `M${x - 2.5} ${low}V${Y(was)}H${x + wide + 2.5}V${low}`, "was", { opacity: shown.on[0] });
  }
};

const tokens = (drawing, value, words, g, chosen, first) => {
  const { X, column, n } = g;
  const { bars: { now, looks }, tokens: all } = value;
  const roomy = column >= DENSE;
  const look = looks[chosen - 1] ?? [];
  const scales = heat.scales();
  all.forEach((token, index) => {
    const me = index === chosen;
    const sees = index >= first && index < chosen;
    const state = me ? "me" : sees ? "sees" : "";
    const middle = X(index) + column / 2;
    const weight = me ? 700 : undefined;
    if (roomy) {
      svg("rect", { class: `token ${state}`, x: X(index) + 2, y: 250, width: column - 4, height: 28, rx: 6 }, drawing);
      const name = named(token);
      const size = [15, 14, 13, 12].find((one) => textWidth(name, one, weight ?? 400) <= column - 6) ?? 12;
      text(drawing, middle, 264 + size * 0.36, fit(name, column - 6, size, weight), { cls: `token-name ${state}`, anchor: "middle", weight, size });
      if (!index) { for (const y of [297, 315]) text(drawing, middle, y, "—", { cls: "quiet", anchor: "middle" }); return; }
      const tight = [14, 13, 12, 11].find((one) => textWidth("<0.001", one, 700) <= column) ?? 11;
      text(drawing, middle, 297, nats(now[index - 1]), { cls: "l1", anchor: "middle", weight, size: tight });
      text(drawing, middle, 315, chance(Math.exp(-now[index - 1])), { cls: me ? "" : "quiet", anchor: "middle", weight, size: tight });
    } else if (textWidth(upright(token, column, weight), 14, weight ?? 400) <= column - 1 || (me && isOne(token))) {
      const name = upright(token, column, weight);
      const wide = Math.max(column - 1, textWidth(name, 14, 700) + 6);
      if (me) svg("rect", { class: "token me", x: middle - wide / 2, y: 250, width: wide, height: 28, rx: 5 }, drawing);
      text(drawing, middle, 269, name, { cls: `token-name ${state}`, anchor: "middle", weight });
    } else if (column >= THIN || me) {
      const name = svg("text", { class: `token-name ${state}`, style: "font-size:14px", "font-weight": weight, transform: `translate(${middle - 5} 252)rotate(90)` }, drawing, fit(named(token), 66, 14, weight));
      if (me) {
        const long = Math.min(70, textWidth(name.textContent, 14, 700)) + 8;
        name.before(svg("rect", { class: "token me", x: middle - 10, y: 248, width: 20, height: long, rx: 5 }));
      }
    }
    if (!sees) return;
    const share = look[index - chosen + look.length] ?? 0; // the window may still be gliding
    const [r, green, b] = scales.attention[Math.round(255 * share)];
    svg("rect", { x: X(index) + (roomy ? 2 : 0.5), y: 322, width: Math.max(1, column - (roomy ? 4 : 1)), height: 19, rx: roomy ? 3 : 1, style: `fill:rgb(${r},${green},${b})` }, drawing);
    if (roomy && share >= 0.095) text(drawing, middle, 336, share.toFixed(2), { cls: share > 0.45 ? "on-dark" : "on-light", anchor: "middle", weight: 600 });
  });
  text(drawing, x0 - 8, 336, fill(words.head_name, { head: `${value.at.layer}.${value.at.head}` }), { cls: "quiet", anchor: "end", size: 14 });
  if (!roomy) return;
  const minus = text(drawing, x0 - 10, 297, "−log ", { cls: "l1", anchor: "end" });
  svg("tspan", { class: "maths" }, minus, "P");
  text(drawing, x0 - 10, 315, "P", { cls: "quiet maths", anchor: "end", size: 16 });
};

const roadCurves = (drawing, value, words, g, points, place) => {
  const { P, Y } = g;
  const last = value.axis.stops.at(-1).place;
  const means = points.map((one, index) => [value.axis.stops[index].place, one.mean]);
  const fulls = points.map((one, index) => [value.axis.stops[index].place, one.full]);
  const losses = value.axis.stops.filter((one) => one.loss !== null).map((one) => [one.place, one.loss]);
  const short = value.at.k < value.at.most_k;
  const limited = (one) => Math.max(top - 6, Y(one));
  const both = means.length > 1 ? [[upTo(means, place), upTo(fulls, place), ""], [from(means, place), from(fulls, place), "later"]] : [];
  const arrived = means.length === value.axis.stops.length;
  for (const [a, b, cls] of arrived ? both : [[means, fulls, ""]]) {
    if (a.length < 2) continue;
    if (short) {
      path(drawing, `${line(a, P, limited)}${[...b].reverse().map(([one, nat]) => `L${P(one).toFixed(1)} ${limited(nat).toFixed(1)}`).join("")}Z`, `cost ${cls}`);
      path(drawing, line(b, P, limited), `curve thin ${cls}`);
    }
    path(drawing, line(a, P, limited), `curve ${cls}`);
  }
  path(drawing, line(losses.filter(([one]) => one <= place).concat(place > losses[0][0] ? [[Math.min(place, losses.at(-1)[0]), along(losses, Math.min(place, losses.at(-1)[0]))]] : []), P, limited), "held-out");
  path(drawing, line(from(losses, Math.min(place, losses.at(-1)[0])), P, limited), "held-out later");
  for (const [one, nat] of means) svg("circle", { cx: P(one), cy: limited(nat), r: 3.4, class: `point ${one > place + 0.01 ? "later" : ""}` }, drawing);
  const names = [{ y: limited(losses.at(-1)[1]), name: words.held_out, cls: "quiet" }];
  if (means.length) names.push({ y: limited(means.at(-1)[1]) - 2, name: fill(words.full_k, { k: value.at.k }), cls: "l1", weight: 700 });
  if (means.length && short) names.push({ y: limited(fulls.at(-1)[1]), name: fill(words.full_k, { k: value.at.most_k }), cls: "l1" });
  for (const one of spread(names, 17, low - 4)) text(drawing, P(last) + 26, one.y + 4, one.name, { cls: one.cls, weight: one.weight });
  return means;
};

const zeroShot = (drawing, value, words, g, place, own) => {
  const { P } = g;
  const stops = value.axis.stops;
  const right = P(stops.at(-1).place);
  const curves = value.zero.curves;
  const most = Math.max(1, ...curves.flatMap((one) => one.values));
  const least = Math.min(0, ...curves.flatMap((one) => one.values));
  const Y = (one) => ZERO.low - ((one - least) / (most - least)) * (ZERO.low - ZERO.top);
  if (curves.some((one) => one.task === "acceptability" && Math.max(...one.values) > 1)) text(drawing, road + 2, ZERO.low + 24, words.zero_above, { cls: "quiet haloed" });
  path(drawing, `M${road} ${Y(0)}H${right + 22}`, "axis");
  path(drawing, `M${road} ${Y(1)}H${right + 22}`, "axis dashed");
  text(drawing, road - 12, (Y(0) + Y(1)) / 2 + 5, words.zero_shot, { anchor: "end", weight: 700 });
  text(drawing, road - 12, Y(1) + 5, words.tuned, { cls: "quiet", anchor: "end" });
  text(drawing, road - 12, Y(0) + 5, words.guessing, { cls: "quiet", anchor: "end" });
  text(drawing, road + 2, Y(1) - 7, words.no_labels, { cls: "quiet haloed" });
  const names = curves.map((curve, kind) => {
    const points = curve.values.map((one, index) => [stops[index].place, one]);
    path(drawing, line(upTo(points, place), P, Y), "l2-curve");
    path(drawing, line(from(points, place), P, Y), "l2-curve later");
    for (const [one, share] of points) mark(drawing, kind, P(one), Y(share), 3, `l2 ${one > place + 0.01 ? "later" : ""}`);
    mark(drawing, kind, P(place), Y(along(points, place)), 5.2, "l2 edged");
    return { y: Y(points.at(-1)[1]), name: curve.name, kind, now: along(points, place) };
  });
  const live = own.live;
  if (live && live.value !== null && live.value !== undefined) {
    const stop = stops.find((one) => one.at === live.at);
    if (stop) svg("circle", { cx: P(stop.place), cy: Math.max(ZERO.top - 8, Math.min(ZERO.low + 6, Y(live.value))), r: 8, class: "live-ring" }, drawing);
  }
  for (const one of spread(names, 17, ZERO.low + 2)) {
    mark(drawing, one.kind, right + 24, one.y, 3.6, "l2");
    const name = text(drawing, right + 32, one.y + 5, `${one.name} `, { cls: "l2" });
    svg("tspan", { "font-weight": 700 }, name, nats(one.now));
  }
};

const wires = (drawing, value, places, board, g, chosen, first, place) => {
  const origin = board.getBoundingClientRect();
  const at = (element) => { const box = element.getBoundingClientRect(); return box.left + box.width / 2 - origin.left - 1; };
  if (value.axis) {
    const [x, y] = [g.P(place), 52];
    const start = at(places.theta);
    path(drawing, `M${start} 40V${y - 6}q0 6 6 6H${x - 6}q6 0 6 6V${low + 4}`, "wire");
  }
  if (value.tokens.length < 2) return;
  const [left, right] = [g.X(first), g.X(chosen)];
  const [start, y, bracket] = [at(places.k), 58, 74];
  const end = Math.min(Math.max(left, x0 - 6), right);
  const turn = start > end ? -6 : 6;
  path(drawing, `M${start} 44V${y - 6}q0 6 ${turn} 6H${end - turn}q${turn} 0 ${turn} 6V${bracket}`, "wire");
  path(drawing, `M${left + 0.8} ${bracket + 8}V${bracket}H${right - 0.8}V${bracket + 8}`, "wire thick");
};

/** Draw everything that glides. shown: {now, full, was, on, place, first, chosen}. */
export const paintWide = (drawing, stage, shown, places) => {
  const { value, words, own } = stage;
  drawing.replaceChildren();
  hatch(drawing);
  const g = geometry(value, shown);
  const { X, Y, P } = g;
  const chosen = Math.round(shown.chosen[0]);
  const first = Math.round(shown.first[0]);
  const place = shown.place[0];
  const average = mean(shown.now);
  const stop = value.axis?.stops[stopOf(value)];
  const right = value.axis ? P(value.axis.stops.at(-1).place) + 22 : WIDE.x0 + g.n * g.column;
  if (value.tokens.length > 1) svg("rect", { class: "beam", x: x0 + shown.first[0] * g.column, y: top - 8, width: Math.max(0, (shown.chosen[0] - shown.first[0]) * g.column), height: 343 - top + 8 }, drawing);
  for (const nat of ticks(g.highest)) {
    path(drawing, `M${x0} ${Y(nat)}H${right}`, nat ? "grid" : "axis");
    text(drawing, x0 - 10, Y(nat) + 5, String(nat), { cls: "quiet", anchor: "end" });
  }
  text(drawing, x0 + 5, Y(ticks(g.highest).at(-1)) + 5, words.nats, { cls: "quiet haloed" });
  if (value.axis) {
    const v = Math.log(value.axis.vocabulary);
    text(drawing, place < 2.4 ? P(place) + 12 : road + 2, top + 7, fill(words.before_learning, { n: count(value.axis.vocabulary), v: nats(v) }), { cls: "quiet haloed" });
    roadCurves(drawing, value, words, g, own.roads?.[value.road.key] ?? [], place);
  }
  if (g.n > 1) {
    bars(drawing, value, shown, g);
    const y = Y(average);
    path(drawing, `M${x0} ${y}H${value.axis ? P(place) : X(g.n)}`, "mean-ground");
    path(drawing, `M${x0} ${y}H${value.axis ? P(place) : X(g.n)}`, "mean-line");
  }
  wires(drawing, value, places, drawing.parentNode, g, chosen, first, place);
  tokens(drawing, value, words, g, chosen, first);
  const edge = road - 12;
  const sum = text(drawing, edge, 299, `${words.sum} `, { cls: "l1", anchor: "end" });
  svg("tspan", { "font-weight": 700, style: "font-size:17px" }, sum, nats(value.bars.sum));
  if (g.n > 1) {
    const y = Y(average);
    const below = y < low - 26;
    const told = text(drawing, edge, Math.max(top - 2, y - 8), `${words.mean} `, { cls: "l1 haloed", anchor: "end" });
    svg("tspan", { "font-weight": 700, style: "font-size:17px" }, told, nats(average));
    const more = text(drawing, edge, below ? y + 19 : y - 28, `${words.perplexity} `, { cls: "l1 haloed", anchor: "end" });
    svg("tspan", { "font-weight": 700 }, more, perplexity(average));
  }
  if (!value.axis) return;
  if (shown.on[0] > 0.5 && value.at.taken.length) svg("circle", { cx: P(place), cy: Y(value.bars.was_mean), r: 4.6, class: "was-point", opacity: shown.on[0] }, drawing);
  if (value.world) {
    const [x, before, after] = [P(place), Y(value.world.before), Math.max(top, Y(Math.min(value.world.after, g.highest)))];
    path(drawing, `M${x + 13} ${before}V${after}`, "world-line");
    path(drawing, `M${x + 9} ${after + (after < before ? 7 : -7)}L${x + 13} ${after}L${x + 17} ${after + (after < before ? 7 : -7)}`, "world-line");
    const left = place > 3;
    const told = text(drawing, left ? x - 12 : x + 24, top + 28, `${words.others} `, { cls: "quiet haloed", anchor: left ? "end" : "start" });
    svg("tspan", {}, told, `${nats(value.world.before)} → `);
    svg("tspan", { "font-weight": 700, class: "ink" }, told, nats(value.world.after));
  }
  svg("circle", { cx: P(place), cy: Y(average), r: 6.5, class: "now-point" }, drawing);
  path(drawing, `M${P(0)} 265H${P(value.axis.stops.at(-1).place)}`, "track");
  value.axis.stops.forEach((one, index) => {
    const last = index === value.axis.stops.length - 1;
    if (Math.abs(one.place - place) > 0.97) text(drawing, P(one.place), 270, last ? words.end : count(one.step), { cls: "quiet haloed wide-halo", anchor: "middle" });
  });
  text(drawing, right + 12, 270, words.steps, { cls: "quiet" });
  if ((own.roads?.[value.road.key]?.length ?? 0) < value.axis.stops.length) text(drawing, right, FILM.top + 24, words.road_waits, { cls: "quiet haloed", anchor: "end" });
  if (value.axis.stops.some((one) => one.induction !== null)) text(drawing, edge, 350, words.induction, { cls: "quiet", anchor: "end" });
  value.axis.stops.forEach((one) => {
    if (one.induction !== null) text(drawing, P(one.place), 350, nats(one.induction), { cls: one === stop ? "haloed" : "quiet haloed", anchor: "middle", weight: one === stop ? 700 : undefined });
  });
  if (value.zero) zeroShot(drawing, value, words, g, place, own);
};

/** The drawing itself, once. */
export const wideDrawing = (at, label) => {
  const drawing = canvas(html("div", { class: "wide pic" }, at), WIDE.width, WIDE.height, label);
  drawing.setAttribute("aria-hidden", "true");
  return drawing;
};
