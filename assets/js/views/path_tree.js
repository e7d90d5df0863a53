/* The paths tried so far: a small tree around the place where the learner stands. Wider lines are likelier steps. */
import { canvas, fill, fit, percent, press, svg, textWidth } from "../dom.js";
import { chip, readable } from "./chip.js";

const COLUMNS = [0, 100, 222];
const HEIGHT = 298;
const MIDDLE = 178;

const edge = (drawing, x1, y1, x2, y2, node) => {
  const bend = x1 + (x2 - x1) * 0.45;
  const width = 1 + 9 * node.p;
  svg("path", { class: node.on ? "edge on" : "edge", d: `M${x1} ${y1}C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}`, "stroke-width": width }, drawing);
  const above = y1 === y2 ? 19 : 8 + width / 2; // along a row it stands over the chips, since there is no room between them
  return () => svg("text", { x: x2 - 5, y: y2 - above, "text-anchor": "end", class: node.on ? "halo on" : "halo mute" }, drawing, percent(node.p, 0));
};

/** value.tree: {root, before, paths, hidden_paths, nodes: [{index, parent, depth, row, piece, space, p, path_p, on, now, leaf}]} */
export const pathTree = (at, value, words, go) => {
  const tree = value.tree;
  const width = at.clientWidth;
  const stretch = Math.max(1, Math.min(width, 420) / 348);
  const drawing = canvas(at, width, HEIGHT, value.alt.tree);
  svg("text", { x: 0, y: 19, style: "font-weight:700;font-size:16px" }, drawing, words.paths);
  if (tree.paths) svg("text", { x: textWidth(words.paths, 16, 700) + 10, y: 19, class: "mute" }, drawing, fill(words.paths_count, { n: tree.paths }));
  if (tree.nodes.length < 2) {
    svg("text", { x: 0, y: 48, class: "mute" }, drawing, words.paths_empty);
  } else {
    svg("text", { x: 0, y: 44, class: "mute" }, drawing, words.paths_legend);
    svg("text", { x: width, y: 44, "text-anchor": "end", class: "mute" }, drawing, words.whole_path);
  }
  const rows = Math.max(...tree.nodes.map((node) => node.row)) + 1;
  const gap = Math.min(76, 200 / Math.max(1, rows - 1));
  const y = (node) => MIDDLE + (node.row - (rows - 1) / 2) * gap;
  const x = (node) => COLUMNS[node.depth] * stretch;
  const byIndex = new Map(tree.nodes.map((node) => [node.index, node]));
  const ends = new Map();
  const labels = [];
  for (const node of tree.nodes) {
    const room = tree.nodes.length === 1 ? width - 20 : node.depth === 2 ? width - x(node) - 74 : (COLUMNS[node.depth + 1] - COLUMNS[node.depth]) * stretch - 34;
    const name = fit((node.space ? "·" : "") + readable(node), room, 16, 700);
    ends.set(node.index, x(node) + Math.max(textWidth(name, 16, 700) + 18, 28));
  }
  for (const node of tree.nodes) {
    const parent = node.depth > 0 && byIndex.get(node.parent);
    if (parent) labels.push(edge(drawing, ends.get(parent.index) + 2, y(parent), x(node) - 2, y(node), node));
  }
  const root = y(tree.nodes[0]);
  if (tree.before) svg("text", { x: 0, y: root < 104 ? root + 32 : root - 40, class: "halo mute" }, drawing, fit(tree.before, 130 * stretch, 14)); // clear of the step's own number
  for (const node of tree.nodes) {
    const group = svg("g", { class: "node" }, drawing);
    const chipWidth = ends.get(node.index) - x(node);
    chip(group, x(node) + chipWidth / 2, y(node) - 15, node, node.now ? "hit" : node.on ? "on" : "leaf", { size: 16, height: 30, padding: 9, most: chipWidth + 2 });
    const about = node.path_p === null ? readable(node) : `${readable(node)}, ${words.whole_path} ${percent(node.path_p)}`;
    press(group, about, `node${node.index}`, () => go(node.index));
    if (node.leaf && node.path_p !== null) svg("text", { x: width, y: y(node) + 5, "text-anchor": "end", class: "mute" }, drawing, percent(node.path_p));
  }
  for (const label of labels) label();
  if (tree.hidden_paths) svg("text", { x: width, y: HEIGHT - 6, "text-anchor": "end", class: "mute" }, drawing, fill(words.more_paths, { n: tree.hidden_paths }));
  drawing.classList.add("tree");
};

/** Arrow keys move between the nodes of a tree: up and down its rows, left to the parent, right to a child. */
addEventListener("keydown", (event) => {
  const group = event.target.closest?.(".tree .node");
  const by = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!group || !by) return;
  const all = [...group.closest(".tree").querySelectorAll(".node")];
  all[(all.indexOf(group) + by + all.length) % all.length].focus();
  event.preventDefault();
});
