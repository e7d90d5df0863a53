/* Why causal: the mask, and the pattern without it, which this model was not trained for. */
import { fill, html } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { named } from "./numbers.js";

const MOST_TOLD = 4;

/** A square of weights, a byte each, with every cell seen. */
export const openSquare = (canvas, size, rows, bytes) => {
  const pen = heat.pen(canvas, size, size);
  const { attention } = heat.scales();
  const side = size / rows;
  for (let at = 0; at < rows * rows; at += 1) {
    pen.fillStyle = `rgb(${attention[bytes[at]].join()})`;
    pen.fillRect((at % rows) * side, Math.floor(at / rows) * side, Math.ceil(side), Math.ceil(side));
  }
};

/** The triangle: what each token may see. */
const drawMask = (canvas, size, rows, query) => {
  const pen = heat.pen(canvas, size, size);
  const style = getComputedStyle(document.documentElement);
  const side = size / rows;
  for (let at = 0; at < rows * rows; at += 1) {
    const [row, column] = [Math.floor(at / rows), at % rows];
    const closed = column > row;
    pen.fillStyle = style.getPropertyValue(closed ? "--line" : row === query ? "--chosen" : "--attn-1");
    const gap = side > 6 ? 1 : 0;
    pen.fillRect(column * side, row * side, Math.ceil(side) - gap, Math.ceil(side) - gap);
  }
};

export const maskPanel = (at, stage) => {
  const { words } = stage;
  rich(html("p", { class: "mask-say" }, at), words.mask_why);
  const pair = html("div", { class: "squares" }, at);
  const figure = (title) => {
    const frame = html("figure", {}, pair);
    const canvas = html("canvas", { role: "img" }, frame);
    html("figcaption", {}, frame, title);
    return canvas;
  };
  const mask = figure(words.mask_picture);
  const without = figure(words.without_mask);
  const warning = html("p", { class: "not-trained" }, at);
  html("b", {}, warning, words.not_trained);
  const say = html("p", { class: "quiet-text" }, at);
  const list = html("div", { class: "open-weights" }, at);
  return (value) => {
    const { unmasked } = value;
    if (!value.ready || !unmasked) return;
    const { rows } = unmasked;
    const size = Math.floor(Math.min(146, (at.clientWidth - 12) / 2));
    drawMask(mask, size, rows, value.at.query);
    mask.setAttribute("aria-label", fill(words.mask_label, { n: rows }));
    openSquare(without, size, rows, heat.bytes(unmasked.data));
    without.setAttribute("aria-label", words.without_mask);
    rich(say, unmasked.say);
    list.replaceChildren();
    const most = unmasked.weights.map((weight, index) => [weight, index]).sort(([a], [b]) => b - a).slice(0, MOST_TOLD);
    for (const [weight, index] of most) {
      const later = index > value.at.query;
      const line = html("div", { class: `open-row${later ? " later" : ""}` }, list);
      html("span", { class: "tok" }, line, named(value.tokens[index]));
      html("i", { style: `width:${Math.round(110 * weight)}px` }, line);
      html("span", {}, line, weight.toFixed(2));
      if (later) html("span", { class: "quiet-text" }, line, words.comes_later);
    }
  };
};
