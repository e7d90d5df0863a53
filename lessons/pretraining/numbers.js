/* How this lesson writes its numbers and tokens, and where the stops of its axis are. */
import { count } from "../../assets/js/dom.js";
import { readable } from "../../assets/js/views/chip.js";

export const mean = (all) => (all.length ? all.reduce((sum, one) => sum + one, 0) / all.length : 0);
export const nats = (value, digits = 2) => {
  const shown = value.toFixed(digits).replace("-", "−");
  return Number(value.toFixed(digits)) === 0 ? (0).toFixed(digits) : shown;
};
export const chance = (p) => (p >= 0.0095 ? p.toFixed(2) : p >= 0.0005 ? p.toFixed(3) : "<0.001");
export const perplexity = (value) => (value >= 1e7 ? value.toExponential(1) : value >= 99.5 ? count(Math.round(value)) : value.toFixed(1));
export const named = (token) => (token.space ? "·" : "") + readable(token);

/** Which stop of the axis is on show. */
export const stopOf = (value) => (value.axis ? Math.max(0, value.axis.stops.findIndex((one) => one.at === value.at.step)) : 0);

/** Marks at 0 and above, at most five of them. */
export const ticks = (most) => {
  const step = [1, 2, 4, 5, 10, 20, 25, 50, 100, 200, 500, 1000].find((one) => most / one < 4.6) ?? 10 ** Math.ceil(Math.log10(most / 4));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
};
