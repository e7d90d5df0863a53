/* 「Skeleton」: the tokens as chips, and a slider that lights them. Python computes every number; this draws them. */
import { html, svg } from "../../assets/js/dom.js";
import { chip, readable } from "../../assets/js/views/chip.js";

const HEIGHT = 42;

/** Once: the lasting elements, into stage.picture. */
export const build = (stage) => {
  const { fields, id, parts, picture, words } = stage;
  parts.tokens = html("div", { class: "tokens", role: "img" }, picture);
  const control = html("p", { class: "control" }, picture);
  html("label", { for: `${id}-lit` }, control, words.lit);
  parts.shown = html("output", { for: `${id}-lit` }, control);
  const { low, high, step } = fields.lit;
  parts.lit = html("input", { id: `${id}-lit`, type: "range", min: low, max: high, step, "data-main": true }, control);
  parts.lit.addEventListener("input", () => stage.act({ type: "light", lit: Number(parts.lit.value) }, "lit"));
};

/** For each picture: stage.value is what `draw` of live.py returned, or that of preview.py. */
export const draw = ({ parts, value, words }) => {
  parts.tokens.replaceChildren();
  parts.tokens.setAttribute("aria-label", `${words.tokens}: ${value.tokens.map(readable).join(" ")}`);
  value.tokens.forEach((token, index) => {
    const drawing = svg("svg", { height: HEIGHT }, parts.tokens);
    const width = 2 + chip(drawing, 0, 1, token, index < value.lit ? "hit" : "", { words });
    drawing.setAttribute("width", width);
    drawing.setAttribute("viewBox", `${-width / 2} 0 ${width} ${HEIGHT}`);
  });
  parts.shown.textContent = value.lit;
  parts.lit.value = value.lit;
  parts.lit.style.setProperty("--fill", `${(100 * value.lit) / parts.lit.max}%`);
};
