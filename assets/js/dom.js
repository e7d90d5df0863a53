/* Small drawing helpers. Text enters the page only through textContent: what a learner writes is never parsed as HTML. */
const NAMESPACE = "http://www.w3.org/2000/svg";

const dress = (element, attributes, parent, text) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
};
export const html = (tag, attributes = {}, parent, text) => dress(document.createElement(tag), attributes, parent, text);
export const svg = (tag, attributes = {}, parent, text) => dress(document.createElementNS(NAMESPACE, tag), attributes, parent, text);

/** An empty drawing of `width` × `height` pixels that replaces what `at` held. `label` is its text alternative. */
export const canvas = (at, width, height, label, viewBox) => {
  const drawing = svg("svg", { width, height, viewBox, role: "group", "aria-label": label });
  at.replaceChildren(drawing);
  return drawing;
};

/** "{n} tokens" and { n: 3 } -> "3 tokens". */
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();
let fontFamily;
/** Width of `text` in pixels. Measured once for each text, size and weight: measuring Korean fonts is slow. */
export const textWidth = (text, size, weight = 400) => {
  const key = `${weight} ${size}px ${text}`;
  if (!widths.has(key)) {
    if (widths.size > 4000) widths.clear();
    pen.font = `${weight} ${size}px ${fontFamily ??= getComputedStyle(document.documentElement).getPropertyValue("--font-text") || "sans-serif"}`;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
};

/** `text` shortened with … until it is at most `room` pixels wide. */
export const fit = (text, room, size, weight = 400) => {
  if (textWidth(text, size, weight) <= room) return text;
  const letters = [...text];
  while (letters.length > 1 && textWidth(letters.join("") + "…", size, weight) > room) letters.pop();
  return letters.join("") + "…";
};

/** Scroll `row` sideways, as far as it goes, until `item` stands in its middle. */
export const intoSight = (item, row) => {
  const [one, all] = [item, row].map((at) => at.getBoundingClientRect());
  row.scrollLeft += (one.left + one.right - all.left - all.right) / 2;
};

export const percent = (p, digits = 1) => {
  const shown = (100 * p).toFixed(digits);
  return p > 0 && Number(shown) === 0 ? `<${(0.1 ** digits).toFixed(digits)}%` : `${shown}%`;
};
export const count = (n) => n.toLocaleString("en-US");

/** Make a drawn group act as a button: mouse, Enter and Space. `key` finds it again after a redraw. */
export const press = (group, label, key, action) => {
  dress(group, { tabindex: 0, role: "button", "aria-label": label, "data-key": key });
  group.addEventListener("mousedown", (event) => { event.preventDefault(); document.activeElement?.blur?.(); }); // Space stays what it was
  group.addEventListener("click", action);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    action();
  });
  return group;
};

/** A straight arrow with a filled head whose tip is at (x2, y2). */
export const arrow = (parent, x1, y1, x2, y2, { stroke, width = 1.5, dash } = {}) => {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const back = (r, turn) => `${x2 - r * Math.cos(angle + turn)} ${y2 - r * Math.sin(angle + turn)}`;
  const head = 7 + width;
  svg("path", { d: `M${x1} ${y1}L${back(head - 3, 0)}`, fill: "none", stroke, "stroke-width": width, "stroke-dasharray": dash }, parent);
  svg("path", { d: `M${x2} ${y2}L${back(head, 0.42)}L${back(head, -0.42)}Z`, fill: stroke }, parent);
};

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
