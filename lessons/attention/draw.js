/* 「어텐션」: a map of all heads, one head large, what a cut or an exchange does. Python computes every number; this draws them. */
import { html } from "../../assets/js/dom.js";
import { waitingPlace } from "../../assets/js/views/waiting.js";
import { bertView } from "./bert.js";
import { board } from "./board.js";
import { cutPanel } from "./effect.js";
import { exchangePanel } from "./exchange.js";
import { hero } from "./hero.js";
import { headMap } from "./map.js";
import { maskPanel } from "./mask.js";
import { fullRow, strip } from "./row.js";

const VIEWS = ["ours", "head", "model", "neuron"];
const TOOLS = ["cut", "exchange", "mask"];

/** The picture follows each letter of the text. */
export const typing = true;

/** A row of buttons of which one is chosen. */
const choice = (at, cls, names, words, prefix, choose) => {
  const list = html("div", { class: cls, role: "group", "aria-label": words[prefix] }, at);
  const buttons = names.map((name) => {
    const button = html("button", { "data-key": `${prefix}-${name}` }, list, words[`${prefix}.${name}`]);
    button.addEventListener("click", () => choose(name));
    return button;
  });
  return (chosen) => buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(names[index] === chosen)));
};

/** The scores on the random lists, one list at a time until all have been read. */
const readLists = async (stage) => {
  if (stage.reading) return;
  const reading = (stage.reading = new AbortController());
  const { map } = stage.parts;
  map.stop.onclick = () => { reading.abort(); stage.reading = null; stage.act({ type: "set", name: "lists", value: false }, "lists"); };
  try {
    for (let share = 0; share < 1;) {
      ({ share } = await stage.ask("lists", {}, reading.signal));
      map.bar.value = share;
      if (!stage.value.lists) return;
    }
    stage.act({ type: "set", name: "lists", value: true }, "lists");
  } catch (error) {
    if (error.name !== "AbortError") console.warn(error.message);
  } finally {
    if (stage.reading === reading) stage.reading = null;
  }
};

export const build = (stage) => {
  const { head, parts, picture, words } = stage;
  parts.views = choice(head, "views", VIEWS, words, "view", (name) => stage.act({ type: "set", name: "view", value: name }, "view"));
  stage.waitingPlace = waitingPlace(head);
  const columns = html("div", { class: "att-cols" }, picture);
  parts.map = headMap(html("section", { class: "map", "aria-label": words.map_label }, columns), stage);
  parts.hero = hero(html("section", { class: "hero", "aria-label": words.hero_label }, columns), stage);
  const side = html("section", { class: "side", "aria-label": words.side_label }, columns);
  parts.tools = choice(side, "seg tools", TOOLS, words, "tool", (name) => stage.act({ type: "set", name: "tool", value: name }, "tool"));
  parts.panels = Object.fromEntries([["cut", cutPanel], ["exchange", exchangePanel], ["mask", maskPanel]].map(([name, panel]) => {
    const at = html("div", { class: `panel of-${name}` }, side);
    return [name, { at, draw: panel(at, stage) }];
  }));
  parts.bert = bertView(html("div", { class: "att-bert", hidden: true }, picture), stage);
  parts.columns = columns;
  const below = html("div", { class: "att-row" });
  stage.frame.lookLine.after(below);
  parts.strip = strip(html("div", {}, below), stage);
  parts.full = fullRow(html("section", { class: "whole-row" }, below), stage);
  parts.below = below;
  new MutationObserver(() => stage.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] }); // a canvas knows no CSS variables
};

/** What the pointer was on belongs to one row of one head. */
const forgetKey = (stage, value) => {
  const row = JSON.stringify([value.text, value.model, value.at]);
  if (stage.own.row !== row) Object.assign(stage.own, { row, key: null });
};

export const draw = (stage) => {
  const { parts, value } = stage;
  const ours = value.view === "ours";
  forgetKey(stage, value);
  parts.views(value.view);
  parts.tools(value.tool);
  parts.columns.hidden = !ours;
  parts.below.hidden = !ours;
  parts.map.draw(value);
  parts.hero(value);
  for (const [name, panel] of Object.entries(parts.panels)) {
    panel.at.hidden = name !== value.tool;
    if (name === value.tool && ours) panel.draw(value);
  }
  parts.bert(value);
  if (ours) { parts.strip(value); parts.full(value); }
  if (value.ready && value.lists && !value.lists_done) readLists(stage);
};

/** What a change of language leaves. */
export const keep = ({ own }) => ({ filter: own.filter ?? null, allRows: Boolean(own.allRows) });

export { board };
