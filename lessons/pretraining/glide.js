/* What is drawn as numbers, so that it can glide from one picture to the next. */
import { still } from "../../assets/js/dom.js";

const TIME = 210; // ms

/**
 * paint(shown): draws {name: [numbers]}. -> a function that takes the next numbers and lets the old ones become them; where their count has changed they jump.
 */
export const glider = (paint) => {
  let shown = null;
  let frame = 0;
  return (target, jump = false) => {
    cancelAnimationFrame(frame);
    const from = shown;
    const fits = from && Object.keys(target).every((name) => from[name]?.length === target[name].length);
    if (jump || !fits || still()) { shown = target; return paint(shown); }
    const began = performance.now();
    const next = (now) => {
      const part = Math.min(1, Math.max(0, (now - began) / TIME));
      const eased = 1 - (1 - part) ** 3;
      shown = {};
      for (const name of Object.keys(target)) shown[name] = target[name].map((one, index) => from[name][index] + (one - from[name][index]) * eased);
      if (part === 1) shown = target;
      paint(shown);
      if (part < 1) frame = requestAnimationFrame(next);
    };
    next(began);
  };
};
