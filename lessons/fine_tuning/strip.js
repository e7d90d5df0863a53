/* From the sentence to the probability in one line: the input with Start, Delim and Extract, the layers, h, W_y, the labels. */
import { canvas, fill, html, percent, svg } from "../../assets/js/dom.js";
import { aboutToken, readable } from "../../assets/js/views/chip.js";

/** A token of an input as an element. left: what the label's probability becomes without it. */
const chip = (parent, token, words, on) => {
  const at = html(on ? "button" : "span", { class: `piece${token.special ? ` special ${readable(token).toLowerCase()}` : ""}`, title: aboutToken(token, words) }, parent);
  if (token.space) html("i", { "aria-hidden": "true" }, at, "·");
  at.append(readable(token));
  return at;
};

/**
 * The rows of the input. tokens can be left out one at a time once the run has a model of its own.
 * on: {leave(row, index) or null, stay()}; moved: {row, index, p} what one has been left out of the input gives
 */
export const rows = (at, value, words, on) => {
  at.replaceChildren();
  at.className = `rows${value.sequences.length > 1 ? " many" : ""}`;
  value.sequences.forEach((sequence, row) => {
    const line = html("div", { class: "row", role: "group", "aria-label": fill(words["row.alt"], { n: row + 1 }) }, at);
    sequence.tokens.forEach((token, index) => {
      const piece = chip(line, token, words, on && !token.special);
      if (!on || token.special) return;
      piece.setAttribute("data-key", `piece${row}.${index}`);
      piece.setAttribute("aria-label", fill(words["leave.label"], { piece: readable(token) }));
      for (const event of ["mouseenter", "focus", "click"]) piece.addEventListener(event, () => on.leave(row, index));
      for (const event of ["mouseleave", "blur"]) piece.addEventListener(event, () => on.stay());
    });
  });
};

const CELL = 5;
const matrix = (drawing, x, y, lines, columns) => {
  for (let line = 0; line < lines; line += 1) {
    for (let column = 0; column < columns; column += 1) svg("rect", { x: x + column * CELL + 0.5, y: y + line * 9, width: CELL - 0.6, height: 8.4, class: "slot" }, drawing);
  }
};

const letters = (drawing, x, y, big, small) => {
  const text = svg("text", { x, y, "text-anchor": "middle", class: "maths-text" }, drawing, big);
  if (small) svg("tspan", { dy: 3, style: "font-size:14px" }, text, small);
};

/** Where the Extract of the first row stands, measured from the left of the drawing; null where it is not on its first line. */
export const extractAt = (drawing, rows) => {
  const line = rows.querySelector(".row");
  const extract = line?.querySelector(".extract");
  if (!extract || !drawing.clientWidth || extract.offsetTop > line.firstChild.offsetTop + 4) return null;
  const [from, to] = [drawing.getBoundingClientRect(), extract.getBoundingClientRect()];
  const enlarged = from.width / Math.max(1, drawing.clientWidth); // on a board
  return to.top < from.bottom - 8 ? null : (to.left + to.width / 2 - from.left) / enlarged;
};

/**
 * Layers, h and W_y as boxes with their sizes: where each kind of input is added up. The boxes hold no values. extract: where the arrow into the
 * layers begins, or null for the left end.
 */
export const flow = (at, value, words, extract) => {
  const width = Math.max(240, at.clientWidth);
  const drawing = canvas(at, width, 66, fill(words[`flow.${value.kind}`], { d: value.d, n: value.n_out }));
  const middle = 31;
  const [two, each] = [value.kind === "similarity", value.kind === "choice"];
  const h = two ? "h₁ + h₂" : each ? "h₁, h₂" : "h";
  const wide = 12 * CELL + 2;
  const gap = Math.max(14, (width - 76 - 2 * wide - 34) / 3);
  const [box, hidden, weights] = [gap, gap + 76 + gap, gap + 76 + gap + wide + 34];
  const line = (from, to) => {
    svg("path", { d: `M${from} ${middle}H${to - 6}`, class: "wire" }, drawing);
    svg("path", { d: `M${to} ${middle}l-8 -4.5v9z`, class: "wire-head" }, drawing);
  };
  svg("path", { d: `M${extract ?? 8} 66V63H8V${middle + 8}q0 -8 8 -8H${box - 10}`, class: "wire", "data-from": "extract" }, drawing);
  svg("path", { d: `M${box - 4} ${middle}l-8 -4.5v9z`, class: "wire-head" }, drawing);
  for (let index = 3; index >= 0; index -= 1) svg("rect", { x: box + index * 3.5, y: middle - 15 - index * 2.5, width: 64, height: 34, rx: 7, class: "layer" }, drawing);
  svg("text", { x: box + 32, y: middle + 7, "text-anchor": "middle", class: "layer-name" }, drawing, fill(words["flow.layers"], { n: value.n_layer ?? 4 }));
  line(box + 78, hidden - 5);
  svg("rect", { x: hidden - 6, y: 1, width: wide + 10, height: 60, rx: 8, class: "spot of-h" }, drawing);
  letters(drawing, hidden + wide / 2, middle - 15, h, "");
  matrix(drawing, hidden, middle - 9, 2, 12);
  svg("text", { x: hidden + wide / 2, y: middle + 27, "text-anchor": "middle", class: "mute" }, drawing, value.d ?? "");
  svg("text", { x: hidden + wide + 17, y: middle + 6, "text-anchor": "middle", class: "mute", style: "font-size:18px" }, drawing, "×");
  svg("rect", { x: weights - 6, y: 1, width: wide + 10, height: 60, rx: 8, class: "spot of-w" }, drawing);
  letters(drawing, weights + wide / 2, middle - 15, "W", "y");
  matrix(drawing, weights, middle - 9, each ? 1 : 2, 12);
  svg("text", { x: weights + wide / 2, y: middle + 27, "text-anchor": "middle", class: "mute" }, drawing, value.d ? `${value.d} × ${value.n_out}` : "");
  line(weights + wide + 5, weights + wide + gap + 2);
};

/** The labels with their probabilities. found: probabilities or null · without: those with one token left out, or null */
export const labels = (at, names, found, without, words) => {
  at.replaceChildren();
  const best = found ? found.indexOf(Math.max(...found)) : -1;
  names.forEach((name, index) => {
    html("span", { class: index === best ? "name on" : "name", title: name }, at, name);
    const bar = html("div", { class: index === best ? "bar on" : "bar" }, at);
    if (found) html("i", { style: `width:${100 * found[index]}%` }, bar);
    if (without) html("u", { style: `left:${100 * without[index]}%` }, bar);
    html(index === best ? "b" : "span", { class: "p" }, at, found ? percent(without ? without[index] : found[index], 0) : "–");
  });
  at.setAttribute("aria-label", found ? names.map((name, index) => `${name} ${percent(found[index])}`).join(", ") : words["labels.empty"]);
};
