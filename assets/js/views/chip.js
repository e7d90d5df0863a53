/* A token is a chip, the same in every lesson: its piece readable, a leading space as ·, id and bytes on hover. */
import { fill, fit, svg, textWidth } from "../dom.js";

/** How a token reads: its piece, or the bytes of a part of a character. */
export const readable = (token) => token.label || token.piece;

export const aboutToken = (token, words) => {
  const lines = [`id ${token.id}`, token.hex];
  if (token.part_of) lines.push(fill(words.part_of, { whole: token.part_of }));
  if (token.by_hand) lines.push(words.by_hand);
  return lines.filter(Boolean).join(" · ");
};

/**
 * Draw a chip centred on x. -> its width in pixels.
 * A long token is written smaller, down to `least` pixels, before it is cut.
 * look: "", "hit" (chosen), "next" (about to come down), "ghost", "off" (cut), "on" (on the path), "empty"
 */
export const chip = (parent, x, y, token, look, { size: full = 19, least = full, height = 40, padding = 14, most = 200, words } = {}) => {
  const weight = /hit|\bon\b/.test(look) ? 700 : /ghost|next|off|small/.test(look) ? 400 : 600;
  const dot = token?.space ? "·" : "";
  const room = most - 2 * padding;
  let size = full;
  while (token && size > least && textWidth(readable(token), size, weight) > room) size -= 1;
  const text = token ? fit(readable(token), room, size, weight) : "";
  const width = token ? Math.max(textWidth(dot + text, size, weight) + 2 * padding - (dot && size > 16 ? 5 : 0), height * 0.9) : 64;
  const read = token ? { role: "img", "aria-label": readable(token) } : { "aria-hidden": "true" };
  const group = svg("g", { class: `chip ${look}${token?.part_of ? " part" : ""}`, ...read }, parent);
  svg("rect", { x: x - width / 2, y, width, height, rx: height > 30 ? 10 : 7 }, group);
  if (!token) return width;
  const written = svg("text", { x, y: y + height / 2 + size * 0.36, "text-anchor": "middle", style: `font-size:${size}px;font-weight:${weight}` }, group);
  if (dot) svg("tspan", { class: "space", "aria-hidden": "true", dx: -size / 6 }, written, dot);
  svg("tspan", { dx: dot ? -size / 16 : 0 }, written, text);
  if (words) svg("title", {}, group, aboutToken(token, words));
  return width;
};
