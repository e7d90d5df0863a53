/* Numbers and vectors as they stand in the drawings of 「어텐션」. */
import { svg } from "../../assets/js/dom.js";
import { readable } from "../../assets/js/views/chip.js";

/** 0.42, −0.42; what rounds to nothing has no sign. */
export const number = (value, digits = 2) => value.toFixed(digits).replace(/^-(?=.*[1-9])/, "−").replace(/^-/, "");
/** +0.42, −0.42, 0.00 */
export const signed = (value, digits = 2) => (value > 0 && Number(value.toFixed(digits)) ? "+" : "") + number(value, digits);
export const named = (token) => (token.space ? "·" : "") + readable(token);
export const headName = (layer, head) => `${layer}.${head}`;

/** One vector as bars from its middle line, a single path. most: the value of a full bar. */
export const bars = (parent, values, colour, width, height, label, most = Math.max(...values.map(Math.abs)) || 1) => {
  const drawing = svg("svg", { class: "bars", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, parent);
  const step = width / values.length;
  const middle = height / 2;
  const path = Array.from(values, (value, index) => {
    const high = Math.min(1, Math.abs(value) / most) * (middle - 0.5);
    return `M${(index * step + 0.4).toFixed(1)} ${middle}v${(value > 0 ? -high : high).toFixed(1)}h${Math.max(0.5, step - 0.9).toFixed(1)}V${middle}z`;
  }).join("");
  svg("path", { d: `M0 ${middle}H${width}`, stroke: "var(--edge)", "stroke-width": 1 }, drawing);
  svg("path", { d: path, fill: colour }, drawing);
  return drawing;
};
