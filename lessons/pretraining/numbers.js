/* How this lesson writes its numbers and tokens, and where the stops of its axis are. */
import { count, textWidth } from "../../assets/js/dom.js";
import { readable } from "../../assets/js/views/chip.js";

export const mean = (all) => (all.length ? all.reduce((sum, one) => sum + one, 0) / all.length : 0);
export const nats = (value, digits = 2) => {
  const shown = value.toFixed(digits).replace("-", "−");
  return Number(value.toFixed(digits)) === 0 ? (0).toFixed(digits) : shown;
};
export const chance = (p) => (p >= 0.0095 ? p.toFixed(2) : p >= 0.0005 ? p.toFixed(3) : "<0.001");
const MOST_NATS = 100; // of a mean, above which its perplexity is not written out
const written = (value) => (value >= 1e7 ? value.toExponential(1) : value >= 99.5 ? count(Math.round(value)) : value.toFixed(1));
/** The perplexity of a mean −log P in nats. */
export const perplexity = (average) => (average > MOST_NATS ? "> 10⁴³" : written(Math.exp(average)));

/** The window that a key of its slider asks for; none for other keys. mirrored: more is to the left, as in the drawing. */
export const windowKey = (key, k, most, mirrored = false) => {
  const right = mirrored ? -1 : 1;
  const to = { ArrowUp: k + 1, ArrowDown: k - 1, ArrowRight: k + right, ArrowLeft: k - right, PageUp: k + 5, PageDown: k - 5, Home: 1, End: most }[key];
  return to === undefined ? undefined : Math.max(1, Math.min(most, to));
};

export const named = (token) => (token.space ? "·" : "") + readable(token);

/** Is it a single character, which is read upright also where there is little room? */
export const isOne = (token) => [...readable(token)].length === 1;
/** Its name for a narrow column: a single character goes without its space where both do not fit. */
export const upright = (token, column, weight = 400) => (isOne(token) && textWidth(named(token), 14, weight) > column - 1 ? readable(token) : named(token));

/** Which stop of the axis is on show. */
export const stopOf = (value) => (value.axis ? Math.max(0, value.axis.stops.findIndex((one) => one.at === value.at.step)) : 0);

/** Marks at 0 and above, at most five of them. */
export const ticks = (most) => {
  const step = [1, 2, 4, 5, 10, 20, 25, 50, 100, 200, 500, 1000].find((one) => most / one < 4.6) ?? 10 ** Math.ceil(Math.log10(most / 4));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
};
