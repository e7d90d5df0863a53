/* L3 = L2 + λ · L1 with its live values; the slider hangs from the λ of the equation. Beside it L3 as L2 plus the band λ · L1. */
import { canvas, html, svg, textWidth } from "../../assets/js/dom.js";
import { say } from "../../assets/js/particle.js";

const two = (value) => value.toFixed(2);
const THUMB = 58;

const symbol = (parent, letter, index, colour) => {
  const at = html("span", { class: `maths ${colour}` }, parent, letter);
  if (index) html("sub", {}, at, index);
  return at;
};

const term = (parent, letter, index, colour, name) => {
  const at = html("div", { class: "eq-term" }, parent);
  symbol(at, letter, index, `big ${colour}`);
  const value = html("b", { class: colour }, at, "–");
  html("span", { class: "name" }, at, name);
  return { at, value };
};

const operator = (parent, sign) => html("div", { class: "operator", "aria-hidden": "true" }, parent, sign);

/** -> {draw(losses, λ, most)}. on: {slide(λ, done)} */
export const equation = (parent, words, range, on) => {
  const at = html("div", { class: "equation" }, parent);
  const row = html("div", { class: "terms" }, at);
  const l3 = term(row, "L", "3", "l3", words["name.l3"]);
  operator(row, "=");
  const l2 = term(row, "L", "2", "l2", words["name.l2"]);
  operator(row, "+");
  const weight = html("div", { class: "eq-term weight" }, row);
  symbol(weight, "λ", "", "big lambda");
  operator(row, "·");
  const l1 = term(row, "L", "1", "l1", words["name.l1"]);
  const tether = html("div", { class: "tether", "aria-hidden": "true" }, at);
  const slide = html("div", { class: "slide" }, at);
  html("div", { class: "track", "aria-hidden": "true" }, slide);
  const slider = html("input", { type: "range", id: "ft-lambda", min: range.low, max: range.high, step: range.step, "aria-label": words["lambda.label"], "data-key": "lambda" }, slide);
  const thumb = html("div", { class: "thumb", "aria-hidden": "true" }, slide);
  const ticks = html("div", { class: "ticks", "aria-hidden": "true" }, slide);
  for (const [value, name] of [[0, "0"], [0.5, words["lambda.paper"]], [1, "1"], [2, "2"]]) html("span", { style: `left:${(100 * value) / range.high}%` }, ticks, name);
  slider.addEventListener("input", () => on.slide(Number(slider.value), false));
  slider.addEventListener("change", () => on.slide(Number(slider.value), true));

  const place = (value) => {
    const room = slide.clientWidth - THUMB;
    const left = (value / range.high) * room;
    thumb.style.left = `${left}px`;
    thumb.textContent = two(value);
    const from = weight.offsetLeft + weight.offsetWidth / 2;
    const to = slide.offsetLeft + left + THUMB / 2;
    const drawing = canvas(tether, at.clientWidth, tether.clientHeight);
    drawing.setAttribute("aria-hidden", "true");
    const bottom = tether.clientHeight;
    svg("path", { d: `M${from} 0V${bottom - 10}${Math.abs(to - from) < 2 ? "" : `Q${from} ${bottom - 5} ${from + Math.sign(to - from) * 6} ${bottom - 5}H${to - Math.sign(to - from) * 5}Q${to} ${bottom - 5} ${to} ${bottom}`}V${bottom}`, fill: "none", stroke: "var(--lambda)", "stroke-width": 2.5 }, drawing);
  };

  return {
    draw(now, lambda) {
      for (const [one, value] of [[l3, now?.l3], [l2, now?.l2], [l1, now?.l1]]) one.value.textContent = value === undefined ? "–" : two(value);
      if (document.activeElement !== slider || Number(slider.value) !== lambda) slider.value = lambda;
      slider.setAttribute("aria-valuetext", `λ ${two(lambda)}`);
      if (slide.clientWidth) place(lambda);
    },
  };
};

/** L3 as a bar of L2 and λ · L1, with the sentence that says how much of L1 is in it. */
export const sum = (at, now, lambda, words) => {
  at.replaceChildren();
  if (!now) { html("p", { class: "mute" }, at, words["sum.empty"]); return; }
  html("p", {}, at, lambda === 0 ? words["sum.none"] : say(words["sum.some"], { lambda: two(lambda) }));
  const width = at.clientWidth;
  const most = Math.max(now.l2 + 2 * now.l1, now.l3, 1e-6);
  const scale = (value) => Math.max(0, (value / most) * (width - 2));
  const drawing = canvas(html("div", {}, at), width, 92, `L3 ${two(now.l3)} = L2 ${two(now.l2)} + ${two(lambda)} × L1 ${two(now.l1)}`);
  const maths = (x, y, index, colour, value, anchor = "start") => {
    const text = svg("text", { x, y, "text-anchor": anchor, style: `fill:var(--${colour})`, "font-weight": 700 }, drawing);
    svg("tspan", { class: "maths-letter" }, text, "L");
    svg("tspan", { dy: 3, style: "font-size:14px" }, text, index);
    svg("tspan", { dy: -3, dx: 5 }, text, value);
    return text;
  };
  const end = Math.max(scale(now.l3), 4);
  maths(0, 18, "3", "ink", `= ${two(now.l3)}`);
  svg("path", { d: `M1 34V28H${end}V34`, fill: "none", stroke: "var(--ink)", "stroke-width": 2 }, drawing);
  svg("rect", { x: 0, y: 36, width: scale(now.l2), height: 24, fill: "var(--l2)" }, drawing);
  if (lambda > 0) {
    svg("rect", { x: scale(now.l2), y: 36, width: Math.max(1, scale(now.part)), height: 24, fill: "var(--l1)" }, drawing);
    svg("path", { d: `M${scale(now.l2)} 34V64`, stroke: "var(--lambda)", "stroke-width": 2 }, drawing);
  }
  const first = `L2 ${two(now.l2)}`;
  maths(0, 80, "2", "l2-ink", two(now.l2));
  if (lambda <= 0) return;
  const x = Math.max(scale(now.l2) + 4, textWidth(first, 16, 700) + 14);
  const text = svg("text", { x: Math.min(x, width - 170), y: 80, "font-weight": 700 }, drawing);
  svg("tspan", { class: "lambda-letter" }, text, "λ");
  svg("tspan", { style: "fill:var(--l1-ink)" }, text, `·L1 = ${two(lambda)} × ${two(now.l1)} = ${two(now.part)}`);
};
