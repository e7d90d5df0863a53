/* One upstream task: the sentence with its blank, the attention mask under it, the distribution beside it. */
import { fill, html, textWidth } from "../../assets/js/dom.js";

const ROOM = 206;     // px for the tokens
const LEAST = 24;     // of one
const MORE = 6;       // beside its text
const CUT = 22;       // of a mark for what is left out, "…" over its number
const BARS = 4;

const named = (token) => token.label || token.piece;
const wide = (token) => Math.max(LEAST, Math.ceil(textWidth(named(token), 14)) + MORE);

/** The tokens around the blank that fit into `room` pixels -> [first, behind the last]. */
export const around = (tokens, position, room = ROOM) => {
  let [first, end] = [position, position + 1];
  const taken = (from, to) => tokens.slice(from, to).reduce((sum, token) => sum + wide(token) + 2, 0) + (from > 0 ? CUT : 0) + (to < tokens.length ? CUT : 0);
  for (let grown = true; grown;) {
    grown = false;
    if (first > 0 && taken(first - 1, end) <= room) { first -= 1; grown = true; }
    if (end < tokens.length && taken(first, end + 1) <= room) { end += 1; grown = true; }
  }
  return [first, end];
};

/** who: "gpt" (sees the left) or "bert" (sees both sides) -> draw(blank). `on.move(position)` where the blank shall be. */
export const upstream = (at, who, words, on) => {
  const causal = who === "gpt";
  const grid = html("div", { class: "blank-grid" }, at);
  html("span", {}, grid);
  const chips = html("div", { class: "chips", role: "group", "aria-label": words[`blank.chips.${who}`] }, grid);
  const bars = html("div", { class: "bars" }, grid);
  const labels = html("div", { class: "lab", "aria-hidden": "true" }, grid);
  const mask = html("div", { class: "mask", role: "img" }, grid);
  let shown = null;

  chips.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !shown) return;
    event.preventDefault();
    event.stopPropagation();
    on.move(by, true);
  });

  const drawChips = (blank, [first, end]) => {
    const mine = chips.contains(document.activeElement);
    chips.replaceChildren();
    const cutOff = (n) => { if (n) html("span", { class: "cut-off", "aria-hidden": "true" }, chips, fill(words["blank.more"], { n })); };
    cutOff(first);
    for (let index = first; index < end; index += 1) {
      const here = index === blank.position;
      const chip = html("button", {
        class: here ? "chip-word hit" : causal && index > blank.position ? "chip-word ghost" : "chip-word",
        "data-key": here ? `${who}-blank` : `${who}-${index}`, "aria-pressed": String(here), tabindex: here ? 0 : -1,
        "aria-label": fill(words[here ? "blank.hidden" : "blank.hide"], { i: index + 1, token: named(blank.tokens[index]) }),
        title: here ? undefined : named(blank.tokens[index]),
      }, chips, here ? "?" : named(blank.tokens[index]));
      chip.addEventListener("click", () => on.move(index, false));
    }
    cutOff(blank.tokens.length - end);
    if (mine) chips.querySelector(".hit").focus({ preventScroll: true });
  };

  const drawMask = (blank, [first, end]) => {
    const asks = causal ? blank.position - 1 : blank.position; // the token whose row gives the blank
    labels.replaceChildren();
    mask.replaceChildren();
    for (let row = first; row < end; row += 1) {
      html("span", { class: row === asks ? "on" : "" }, labels, row === blank.position ? "?" : named(blank.tokens[row]));
      if (first > 0) html("b", {}, mask);
      for (let column = first; column < end; column += 1) {
        const sees = !causal || column <= row;
        html("i", { class: `${sees ? "see" : ""}${row === asks ? " on" : ""}` }, mask);
      }
      if (end < blank.tokens.length) html("b", {}, mask);
    }
    mask.setAttribute("aria-label", fill(words[`blank.mask.${who}`], { left: blank.position, right: blank.tokens.length - blank.position - 1 }));
  };

  const drawBars = (rows) => {
    bars.replaceChildren();
    const head = html("span", { class: "cap" }, bars);
    html("b", {}, head, "?");
    head.append(` ${words["blank.place"]}`);
    for (const row of rows.slice(0, BARS)) {
      const bar = html("span", { class: `one${row.hidden ? " true" : ""}${row.rest ? " rest" : ""}`, style: `--p:${row.p}` }, bars);
      html("span", { class: "name", title: named(row) }, bar, named(row));
      html("i", { "aria-hidden": "true" }, bar);
      html("span", { class: "n" }, bar, row.told);
    }
  };

  return (blank) => {
    shown = blank;
    if (!blank) return;
    const window = around(blank.tokens, blank.position);
    const columns = blank.tokens.slice(...window).map((token) => `${wide(token)}px`);
    const template = [window[0] > 0 ? `${CUT}px` : "", ...columns, window[1] < blank.tokens.length ? `${CUT}px` : ""].filter(Boolean).join(" ");
    for (const part of [chips, mask]) part.style.gridTemplateColumns = template;
    labels.style.gridTemplateRows = `repeat(${window[1] - window[0]}, 14px)`;
    drawChips(blank, window);
    drawMask(blank, window);
    drawBars(blank[who]);
  };
};
