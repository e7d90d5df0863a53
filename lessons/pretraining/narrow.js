/* The stage on a phone or in a narrow window: the sentence as rows, time below, the two controls at hand. */
import { count, fill, fit, html, svg, textWidth } from "../../assets/js/dom.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { moveTo, setWindow, windowOf } from "./controls.js";
import { chance, mean, named, nats, perplexity, stopOf, ticks, windowKey } from "./numbers.js";
import { mark, spread } from "./wide.js";

const ROW = 27; // px
const LEFT = { chip: 48, width: 66, bars: 122 };
const NUMBERS = { both: 100, share: 54 }; // px, of −log P and P; of P alone, "<0.001"

const text = (parent, x, y, words, { cls, anchor, weight } = {}) => svg("text", { x, y, class: cls, "text-anchor": anchor, "font-weight": weight }, parent, words);
const path = (parent, d, cls, more = {}) => svg("path", { d, class: cls, ...more }, parent);

/** The sentence as rows of bars. */
const rows = (drawing, stage, shown, width) => {
  const { value, words } = stage;
  const n = value.tokens.length;
  const chosen = Math.round(shown.chosen[0]);
  const first = Math.round(shown.first[0]);
  const height = 22 + n * ROW + 2;
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  Object.assign(drawing.style, { width: `${width}px`, height: `${height}px` });
  drawing.replaceChildren();
  const pattern = svg("pattern", { id: "pre-hatch", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("defs", {}, drawing));
  svg("rect", { width: 5, height: 5, class: "hatch-ground" }, pattern);
  path(pattern, "M0 0V5", "hatch-line", { "stroke-width": 3.4 });
  const room = width - LEFT.bars - NUMBERS.both;
  const most = Math.max(6.4, ...shown.now, ...(shown.on[0] > 0.01 ? shown.was : [])) * 1.04;
  const X = (nat) => LEFT.bars + (nat / most) * room;
  const Y = (index) => 22 + index * ROW;
  const look = value.bars.looks[chosen - 1] ?? [];
  const scales = heat.scales();
  if (n > 1) svg("rect", { class: "beam", x: 24, y: Y(shown.first[0]), width: LEFT.bars - 24 + room, height: (shown.chosen[0] - shown.first[0]) * ROW }, drawing);
  text(drawing, width - NUMBERS.share, 14, "−log P", { cls: "quiet", anchor: "end" });
  text(drawing, width, 14, "P", { cls: "quiet maths", anchor: "end" });
  for (const nat of ticks(most)) {
    path(drawing, `M${X(nat)} 18V${height - 2}`, nat ? "grid" : "axis");
    if (X(nat) < width - NUMBERS.both - 6) text(drawing, X(nat), 14, String(nat), { cls: "quiet", anchor: "middle" });
  }
  if (n > 1) path(drawing, `M34 ${Y(first) + 1}H24V${Y(chosen) - 1}H34`, "wire thick");
  value.tokens.forEach((token, index) => {
    const y = Y(index);
    const me = index === chosen;
    const sees = index >= first && index < chosen;
    const share = sees ? (look[index - chosen + look.length] ?? 0) : 0;
    const group = svg("g", { class: "row" }, drawing);
    svg("rect", { x: 40, y, width: width - 40, height: ROW, fill: "transparent" }, group);
    const box = svg("rect", { class: `token ${me ? "me" : sees ? "sees" : ""}`, x: LEFT.chip, y: y + 2, width: LEFT.width, height: ROW - 4, rx: 6 }, group);
    const [r, green, b] = scales.attention[Math.round(255 * share)];
    if (sees) box.style.fill = `rgb(${r},${green},${b})`;
    const state = me ? "me" : sees ? (share > 0.45 ? "on-dark" : "on-light") : "";
    text(group, LEFT.chip + LEFT.width / 2, y + 19, fit(named(token), LEFT.width - 8, 15, me ? 700 : 400), { cls: `token-name ${state}`, anchor: "middle", weight: me ? 700 : undefined });
    if (!index) return;
    const now = shown.now[index - 1];
    const solid = Math.min(now, shown.full[index - 1]);
    svg("rect", { class: "now", x: X(0), y: y + 6, width: Math.max(0.5, X(solid) - X(0)), height: ROW - 12 }, group);
    if (now - solid > 0.015) svg("rect", { class: "cost", x: X(solid), y: y + 6, width: X(now) - X(solid), height: ROW - 12 }, group);
    if (shown.on[0] > 0.02) path(group, `M${X(0)} ${y + 4}H${X(shown.was[index - 1])}V${y + ROW - 4}H${X(0)}`, "was", { opacity: shown.on[0] });
    text(group, width - NUMBERS.share, y + 19, nats(value.bars.now[index - 1]), { anchor: "end", weight: me ? 700 : undefined });
    text(group, width, y + 19, chance(Math.exp(-value.bars.now[index - 1])), { cls: me ? "" : "quiet", anchor: "end", weight: me ? 700 : undefined });
  });
  if (n > 1) path(drawing, `M${X(mean(shown.now))} 18V${height - 2}`, "mean-line");
  void words;
  return Y(first);
};

/** The road below: loss, head, zero-shot, one line through all. */
const timeline = (drawing, stage, shown, width) => {
  const { value, words, own } = stage;
  drawing.replaceChildren();
  if (!value.axis) return;
  const stops = value.axis.stops;
  const points = own.roads?.[value.road.key] ?? [];
  const left = 30;
  const gutter = Math.max(74, ...(value.zero?.curves ?? []).map((one) => textWidth(`${one.name} 0.00`, 14) + 16));
  const last = stops.at(-1).place;
  const gap = (width - left - gutter) / (last + 0.9);
  const X = (place) => left + (place + 0.45) * gap;
  const means = points.map((one, index) => [stops[index].place, one.mean]);
  const losses = stops.filter((one) => one.loss !== null).map((one) => [one.place, one.loss]);
  const most = Math.max(5, ...means.map(([, one]) => one), ...losses.map(([, one]) => one)) * 1.04;
  const [top, low] = [34, 136];
  const Y = (nat) => low - (nat / most) * (low - top);
  const line = (all, F) => all.map(([place, one], index) => `${index ? "L" : "M"}${X(place).toFixed(1)} ${F(one).toFixed(1)}`).join("");
  const place = shown.place[0];
  const size = Math.min(44, gap - 3);
  const [film, zero] = [166, 166 + size + 64];
  const height = zero + 96;
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  Object.assign(drawing.style, { width: `${width}px`, height: `${height}px` });
  text(drawing, 0, 20, words.mean_of_sentence, { weight: 700 });
  for (const nat of ticks(most)) {
    path(drawing, `M${left} ${Y(nat)}H${width - gutter}`, nat ? "grid" : "axis");
    text(drawing, left - 8, Y(nat) + 5, String(nat), { cls: "quiet", anchor: "end" });
  }
  if (losses.length) path(drawing, line(losses, Y), "held-out");
  if (means.length > 1) path(drawing, line(means, Y), "curve");
  for (const [one, nat] of means) svg("circle", { cx: X(one), cy: Y(nat), r: 3.2, class: "point" }, drawing);
  const ends = [{ y: Y(losses.at(-1)?.[1] ?? 0), name: words.held_out, cls: "quiet" }];
  if (means.length) ends.push({ y: Y(means.at(-1)[1]), name: fill(words.full_k, { k: value.at.k }), cls: "l1" });
  for (const one of spread(ends, 17, low)) text(drawing, width - gutter + 6, one.y + 4, one.name, { cls: one.cls });
  path(drawing, `M${X(place)} ${top}V${height - 6}`, "wire");
  svg("circle", { cx: X(place), cy: Y(mean(shown.now)), r: 6, class: "now-point" }, drawing);
  const now = stopOf(value);
  stops.forEach((one, index) => {
    if (index === now || (index % 2 === 0 && Math.abs(one.place - stops[now].place) > 1.2)) text(drawing, X(one.place), low + 19, index === stops.length - 1 && index !== now ? words.end : count(one.step), { cls: index === now ? "haloed" : "quiet haloed", anchor: "middle", weight: index === now ? 700 : undefined });
    const point = points[index];
    if (!point) return;
    const made = html("canvas");
    const colours = heat.scales();
    heat.attention(heat.pen(made, size, size), { x: 0, y: 0, w: size, h: size }, point.pattern.side, heat.bytes(point.pattern.data), 0, 255, colours);
    svg("image", { href: made.toDataURL(), x: X(one.place) - size / 2, y: film, width: size, height: size }, drawing);
    svg("rect", { class: index === now ? "film-frame now" : "film-frame", x: X(one.place) - size / 2, y: film, width: size, height: size }, drawing);
  });
  const head = text(drawing, 0, film + size + 20, `${fill(words.head_name, { head: `${value.at.layer}.${value.at.head}` })} `, { weight: 700, cls: "haloed" });
  if (stops[now].induction !== null) svg("tspan", { "font-weight": 400, class: "quiet" }, head, `${words.induction} ${nats(stops[now].induction)}`);
  if (!value.zero) return;
  const title = text(drawing, 0, zero - 14, `${words.zero_shot} `, { weight: 700, cls: "haloed" });
  svg("tspan", { "font-weight": 400, class: "quiet" }, title, words.zero_axis);
  const curves = value.zero.curves;
  const [least, best] = [Math.min(0, ...curves.flatMap((one) => one.values)), Math.max(1, ...curves.flatMap((one) => one.values))];
  const Q = (one) => zero + 84 - ((one - least) / (best - least)) * 84;
  for (const one of [0, 1]) {
    path(drawing, `M${left} ${Q(one)}H${width - gutter}`, one ? "axis dashed" : "axis");
    text(drawing, left - 8, Q(one) + 5, String(one), { cls: "quiet", anchor: "end" });
  }
  const names = curves.map((curve, kind) => {
    path(drawing, line(curve.values.map((one, index) => [stops[index].place, one]), Q), "l2-curve");
    mark(drawing, kind, X(place), Q(curve.values[now]), 5, "l2 edged");
    return { y: Q(curve.values.at(-1)), kind, name: `${curve.name} ${nats(curve.values[now])}` };
  });
  for (const one of spread(names, 17, zero + 88)) {
    mark(drawing, one.kind, width - gutter + 2, one.y, 3.6, "l2");
    text(drawing, width, one.y + 5, one.name, { cls: "l2", anchor: "end" });
  }
};

export const narrow = (at, stage) => {
  const { words, parts } = stage;
  const sums = html("p", { class: "sums" });
  const place = html("div", { class: "rows-place" });
  at.append(sums, place);
  const drawing = svg("svg", { role: "img" }, place);
  const hits = html("div", {}, place);
  const pill = html("div", { class: "kpill tall", role: "slider", tabindex: 0, "aria-label": words.k_label, "aria-valuemin": 1, "aria-orientation": "vertical", "data-key": "k-tall" }, place);
  html("i", {}, pill, "k");
  const number = html("span", {}, pill);
  pill.hidden = true; // until there are tokens
  const time = svg("svg", { class: "time", role: "img", "aria-label": words.mean_of_sentence });
  let dragging = false;
  const row = (event) => Math.floor((event.clientY - drawing.getBoundingClientRect().top - 22) / ROW);
  pill.addEventListener("pointerdown", (event) => { dragging = true; pill.setPointerCapture(event.pointerId); event.preventDefault(); pill.focus({ preventScroll: true }); });
  pill.addEventListener("pointermove", (event) => { if (dragging && stage.value?.at) setWindow(stage, row(event) < 0 ? stage.value.at.most_k : stage.value.at.token - Math.min(row(event), stage.value.at.token - 1)); });
  for (const end of ["pointerup", "pointercancel"]) pill.addEventListener(end, () => { dragging = false; });
  pill.addEventListener("keydown", (event) => {
    const to = stage.value?.at && windowKey(event.key, windowOf(stage), stage.value.at.most_k);
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    setWindow(stage, to);
  });
  const dock = html("div", { class: "dock" });
  const take = html("button", { class: "btn pri", "data-key": "take-dock" }, dock, words.take);
  take.addEventListener("click", () => parts.step.go(1));
  const label = html("label", {}, dock);
  const told = html("span", {}, label);
  const slider = html("input", { type: "range", min: 0, step: 1, "aria-label": words.scrub, "data-key": "scrub-dock" }, label);
  slider.addEventListener("input", () => moveTo(stage, Number(slider.value)));
  return {
    dock, time,
    paint(value, shown) {
      const width = at.clientWidth - 26;
      const y = rows(drawing, stage, shown, width);
      number.textContent = `=${windowOf(stage)}`;
      pill.hidden = value.tokens.length < 2;
      pill.style.top = `${Math.max(23, Math.min(y, 22 + Math.round(shown.chosen[0]) * ROW - 26))}px`;
      for (const [name, one] of [["aria-valuemax", value.at.most_k], ["aria-valuenow", windowOf(stage)], ["aria-valuetext", fill(words.k_about, { k: windowOf(stage) })]]) pill.setAttribute(name, one);
      timeline(time, stage, shown, width);
    },
    draw(value, on) {
      for (const element of [sums, place, time, dock]) element.style.display = on ? "" : "none";
      if (!on) return;
      drawing.setAttribute("aria-label", words.board_label);
      const average = mean(value.bars.now);
      sums.replaceChildren();
      for (const [name, one] of [[words.sum, nats(value.bars.sum)], [words.mean, nats(average)], [words.perplexity, perplexity(average)]]) {
        const part = html("span", {}, sums, `${name} `);
        html("b", {}, part, one);
      }
      hits.replaceChildren();
      value.tokens.forEach((token, index) => {
        if (!index) return;
        const about = fill(words.choose_place, { i: index + 1, token: named(token), v: nats(value.bars.now[index - 1]) });
        const button = html("button", { class: "tok row-hit", "aria-label": about, "aria-pressed": String(index === value.at.token), "data-key": `row${index}`, style: `top:${22 + index * ROW}px;height:${ROW}px` }, hits);
        button.addEventListener("click", () => stage.act({ type: "choose", token: index }, "choose"));
      });
      label.style.visibility = value.axis ? "" : "hidden";
      take.disabled = !value.step || value.step.full;
      if (!value.axis) return;
      const now = stopOf(value);
      slider.max = value.axis.stops.length - 1;
      if (stage.pending?.type !== "scrub" && !stage.waiting.some((one) => one.slot === "scrub")) slider.value = now;
      slider.style.setProperty("--fill", `${(100 * now) / (value.axis.stops.length - 1)}%`);
      slider.setAttribute("aria-valuetext", fill(words.scrub_about, { n: count(value.axis.stops[now].step), tokens: count(value.axis.stops[now].tokens) }));
      told.replaceChildren("Θ ");
      html("b", {}, told, count(value.axis.stops[now].step));
      told.append(words.steps === "스텝" ? words.steps : ` ${words.steps}`);
    },
  };
};
