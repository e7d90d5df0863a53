/* A small chart of a few curves, each with its name at its end and, where there is one, the band from smallest to largest. */
import { canvas, fit, svg } from "../dom.js";

const [LEFT, RIGHT, TOP, FOOT] = [52, 118, 30, 40]; // px around the plane

const ticks = (low, high, log) => {
  if (log) {
    const from = Math.ceil(Math.log10(low));
    const decades = Array.from({ length: Math.max(0, Math.floor(Math.log10(high)) - from + 1) }, (_, i) => 10 ** (from + i));
    return decades.length > 1 ? decades : [low, high];
  }
  return [low, (low + high) / 2, high];
};
const short = (value) => (value === 0 ? "0" : Math.abs(value) < 0.1 ? value.toPrecision(1) : Math.abs(value) < 10 ? value.toPrecision(2) : value.toFixed(0));

/**
 * curves: [{name, colour, values, low, high, dash}], values one for each of `xs`
 * axes: {x, y, log, from}: names of the axes, a logarithmic y, the smallest y shown
 */
export const lineChart = (at, curves, xs, axes, label) => {
  const width = Math.min(620, Math.max(300, at.clientWidth));
  const height = 236;
  const drawing = canvas(at, width, height, label);
  drawing.classList.add("line-chart");
  const all = curves.flatMap((curve) => [...curve.values, ...(curve.low ?? []), ...(curve.high ?? [])]);
  const low = axes.log ? Math.min(...all) : axes.from ?? 0;
  const high = Math.max(...all);
  const scale = (value) => (axes.log ? Math.log(value) : value);
  const x = (value) => LEFT + ((value - xs[0]) / (xs.at(-1) - xs[0] || 1)) * (width - LEFT - RIGHT);
  const y = (value) => height - FOOT - ((scale(value) - scale(low)) / (scale(high) - scale(low) || 1)) * (height - FOOT - TOP);
  svg("text", { x: 0, y: 14, class: "mute" }, drawing, axes.y);
  for (const tick of ticks(low, high, axes.log)) {
    svg("path", { class: "grid", d: `M${LEFT} ${y(tick)}H${width - RIGHT}` }, drawing);
    svg("text", { x: LEFT - 6, y: y(tick) + 5, "text-anchor": "end", class: "mute" }, drawing, short(tick));
  }
  for (const [value, anchor] of [[xs[0], "start"], [xs.at(-1), "end"]]) svg("text", { x: x(value), y: height - FOOT + 18, "text-anchor": anchor, class: "mute" }, drawing, String(value));
  svg("text", { x: (LEFT + width - RIGHT) / 2, y: height - FOOT + 18, "text-anchor": "middle", class: "mute" }, drawing, axes.x);
  const line = (values) => values.map((value, i) => `${i ? "L" : "M"}${x(xs[i]).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  for (const { low: under, high: over, colour } of curves) {
    if (!under) continue;
    const back = [...under.keys()].reverse().map((i) => `L${x(xs[i]).toFixed(1)} ${y(Math.max(under[i], low)).toFixed(1)}`).join("");
    svg("path", { d: `${line(over)}${back}Z`, fill: `var(--${colour})`, opacity: 0.18 }, drawing);
  }
  const names = [];
  for (const { name, colour, values, dash } of curves) {
    svg("path", { d: line(values), fill: "none", stroke: `var(--${colour})`, "stroke-width": dash ? 2 : 3, "stroke-dasharray": dash }, drawing);
    names.push({ name, colour, y: y(values.at(-1)) + 5 });
  }
  names.sort((a, b) => a.y - b.y);
  names.forEach((entry, index) => { if (index) entry.y = Math.max(entry.y, names[index - 1].y + 16); }); // names do not lie on each other
  for (let index = names.length - 1, floor = height - FOOT + 5; index >= 0; index -= 1, floor -= 16) names[index].y = Math.min(names[index].y, floor); // nor under the plane
  names.forEach((entry) => {
    svg("text", { x: width - RIGHT + 8, y: entry.y, style: `font-size:14px;font-weight:600;fill:var(--${entry.colour}-ink, var(--ink))` }, drawing, fit(entry.name, RIGHT - 8, 14, 600));
  });
};
