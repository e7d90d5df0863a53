/* What the boards of 「용어」 are made of: text, and numbers as cells. */
import { svg } from "../../assets/js/dom.js";

export const text = (parent, x, y, size, words, { bold, anchor, cls } = {}) =>
  svg("text", { x, y, "text-anchor": anchor, class: cls, style: `font-size:${size}px;font-weight:${bold ? 700 : 400}` }, parent, words);

let patterns = 0;

/** n cells in rows of `columns`, as one pattern: the first `changed` of them changed. -> where the next cell would be: {x, y, side, bottom} */
export const cellsOf = (drawing, { x, y, width, columns, n, changed = 0 }) => {
  const pitch = width / columns;
  const rows = Math.ceil(n / columns);
  const block = (count, cls) => {
    const id = `glossary-cells-${(patterns += 1)}`;
    const pattern = svg("pattern", { id, x, y, width: pitch, height: pitch, patternUnits: "userSpaceOnUse" }, svg("defs", {}, drawing));
    svg("rect", { class: cls, width: pitch * 0.8, height: pitch * 0.8, rx: 1 }, pattern);
    const whole = Math.floor(count / columns);
    const rest = count % columns;
    svg("path", { d: `M${x} ${y}h${width}v${whole * pitch}h${-width}zM${x} ${y + whole * pitch}h${rest * pitch}v${pitch}h${-rest * pitch}z`, fill: `url(#${id})` }, drawing);
  };
  block(n, changed ? "cell-changed" : "cell-same");
  return { x: x + (n % columns) * pitch, y: y + Math.floor(n / columns) * pitch, side: pitch, bottom: y + rows * pitch };
};
