/* Exchange: heads get what they had on a second sentence, and the answer may go over to it. */
import { fill, html } from "../../assets/js/dom.js";
import { barsHead, compareBars } from "./effect.js";
import { headName, named, number } from "./numbers.js";
import { Sweep } from "./sweep.js";

const brief = (value) => (Math.abs(value) < 0.005 ? "0" : number(value).replace("0.", "."));

const MOST = 1000; // characters that are sent; Python tells what is too long

export const exchangePanel = (at, stage) => {
  const { words } = stage;
  const form = html("form", { class: "other" }, at);
  html("label", { for: "attention-other" }, form, words.other);
  const field = html("input", { id: "attention-other", autocomplete: "off", spellcheck: "false", "data-key": "other" }, form);
  const send = () => {
    const typed = field.value.replaceAll("\0", "").trim();
    const written = (typed.toWellFormed?.() ?? typed).slice(0, MOST);
    if (field.value !== written) field.value = written;
    if (written !== stage.value.exchange?.other) stage.act({ type: "set", name: "other", value: written }, "other");
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  field.addEventListener("change", send);
  const examples = html("div", { class: "pairs" }, at);
  words.pairs.split("\n").forEach((line, index) => {
    const [text, other] = line.split(" | ");
    const button = html("button", { class: "link", "data-key": `pair${index}`, title: `${text} / ${other}` }, examples, fill(words.pair_n, { n: index + 1 }));
    button.addEventListener("click", () => {
      if (stage.value.cuts?.length) stage.act({ type: "switch" }); // they are of the text before
      if (stage.value.text !== text) stage.act({ type: "text", text }, "text");
      stage.act({ type: "set", name: "other", value: other }, "other");
    });
  });
  const where = html("select", { "aria-label": words.where, "data-key": "position" }, examples);
  where.addEventListener("change", () => stage.act({ type: "set", name: "position", value: Number(where.value) }, "position"));
  const say = html("p", { class: "quiet-text", "aria-live": "polite" }, at);
  const uncut = html("p", { class: "quiet-text uncut" }, at);
  const result = html("div", {}, at);
  const offs = html("div", { class: "offs" }, result);
  const delta = html("div", { class: "delta" }, result);
  const big = html("strong", {}, delta);
  html("span", { class: "quiet-text" }, delta, words.carried_about);
  barsHead(result, words.swapped_word, words.before_word);
  const dist = html("div", { class: "dist" }, result);
  const map = new Sweep(html("div", { class: "sweep" }, result), stage, {
    ask: "carried", title: words.carried_alone, of: (value) => ({ key: value.exchange?.key ?? "" }), symmetric: false,
    marked: (value) => (value.exchange?.swaps ?? []).map((one) => one.part),
    on: (layer, head) => stage.act({ type: "swap", part: headName(layer, head) }),
    show: { unit: () => words.carried_unit, told: (name, found) => fill(words.carried_by, { name, x: number(found) }), cell: brief },
  });
  html("p", { class: "definition quiet-text" }, result, words.carried_definition);

  return (value) => {
    const { exchange } = value;
    if (!value.ready || !exchange) return;
    if (document.activeElement !== field) field.value = exchange.other;
    where.replaceChildren();
    html("option", { value: -1 }, where, words.everywhere);
    value.tokens.forEach((token, index) => html("option", { value: index }, where, fill(words.at_token, { i: index + 1, token: named(token) })));
    where.value = exchange.position;
    say.textContent = exchange.say;
    say.hidden = !exchange.say;
    uncut.textContent = exchange.uncut;
    uncut.hidden = !exchange.uncut;
    result.hidden = Boolean(exchange.say);
    if (exchange.say) return;
    offs.replaceChildren();
    if (!exchange.swaps.length) html("span", { class: "quiet-text" }, offs, words.none_swapped);
    for (const one of exchange.swaps) {
      const chip = html("span", { class: "off-chip" }, offs, one.name);
      html("button", { "aria-label": fill(words.part_back, { name: one.name }), "data-key": `back${one.part}` }, chip, "×").addEventListener("click", () => stage.act({ type: "swap", part: one.part }));
    }
    if (exchange.swaps.length) html("button", { class: "link", "data-key": "all-back" }, offs, words.all_back).addEventListener("click", () => stage.act({ type: "swap" }));
    big.textContent = number(exchange.carried);
    compareBars(dist, exchange.rows, null, words, { now: words.swapped_word });
    map.draw(value);
  };
};
