/* What a cut does: the parts that are off, the next token before and after, what the model writes on, every head cut alone. */
import { fill, fit, html, percent } from "../../assets/js/dom.js";
import { named, number, signed } from "./numbers.js";
import { Sweep, brief } from "./sweep.js";

const PARTS = { a: "attention_of", m: "mlp_of" };
const LATER = 60; // ms after a picture until what is written on is asked for

/** Bars: filled after, outlined before. rows: [{piece, space, before, after, id}] */
export const compareBars = (at, rows, rest, words, { target, pick, now = words.after_word } = {}) => {
  at.replaceChildren();
  const all = rest ? [...rows, { rest: true, before: rest[0], after: rest[1] }] : rows;
  const most = Math.max(...rows.flatMap((row) => [row.before, row.after])) || 1;
  for (const row of all) {
    const name = row.rest ? words.rest_word : named(row);
    const told = `${name}, ${words.before_word} ${percent(row.before)}, ${now} ${percent(row.after)}`;
    const frame = html(row.rest || !pick ? "div" : "button", { class: `drow${row.rest ? " rest" : ""}` }, at);
    if (!row.rest && pick) {
      frame.dataset.key = `target${row.id}`;
      frame.setAttribute("aria-pressed", String(row.id === target));
      frame.setAttribute("aria-label", told);
      frame.addEventListener("click", () => pick(row.id));
    }
    html("span", { class: row.rest ? "quiet-text" : "tok", title: name }, frame, name);
    const track = html("span", { class: "track", "aria-hidden": "true" }, frame);
    html("i", { class: "now", style: `width:${Math.min(1, row.after / most) * 100}%` }, track);
    html("i", { class: "was", style: `width:${Math.min(1, row.before / most) * 100}%` }, track);
    html("span", { class: "n after" }, frame, row.after.toFixed(2));
    html("span", { class: "n" }, frame, row.before.toFixed(2));
  }
};

export const barsHead = (at, now, was) => {
  const head = html("div", { class: "dhead" }, at);
  html("span", { class: "key now" }, head, now);
  html("span", { class: "key was" }, head, was);
  return head;
};

export const cutPanel = (at, stage) => {
  const { words } = stage;
  const offs = html("div", { class: "offs" }, at);
  const delta = html("div", { class: "delta" }, at);
  const big = html("strong", {}, delta);
  const about = html("span", { class: "quiet-text" }, delta);
  const seg = html("div", { class: "seg how", role: "group", "aria-label": words.how }, delta);
  const how = ["zero", "mean"].map((mode) => {
    const button = html("button", { "data-key": `how-${mode}`, title: words[`how.${mode}.about`] }, seg, words[`how.${mode}`]);
    button.addEventListener("click", () => stage.act({ type: "set", name: "how", value: mode }, "how"));
    return [mode, button];
  });
  const more = html("select", { class: "more-parts", "aria-label": words.cut_more, "data-key": "more-parts" });
  more.addEventListener("change", () => { if (more.value) stage.act({ type: "switch", part: more.value }); });
  barsHead(at, words.after_word, words.before_word).prepend(more);
  const dist = html("div", { class: "dist" }, at);
  const goes = html("div", { class: "goes", "aria-live": "polite" }, at);
  const sweep = new Sweep(html("div", { class: "sweep" }, at), stage, {
    ask: "sweep", title: words.each_alone, of: (value) => value.sweep ?? { key: "" }, symmetric: true,
    marked: (value) => value.cuts.map((one) => one.part),
    on: (layer, head) => stage.act({ type: "pick", layer, head }, "pick"),
    show: { unit: (value) => fill(words.change_of, { piece: value.effect.piece }), told: (name, found) => fill(words.alone, { name, x: signed(found) }), cell: brief },
  });

  const chips = (value) => {
    const focus = document.activeElement?.dataset?.key;
    offs.replaceChildren();
    if (!value.cuts.length) html("span", { class: "quiet-text" }, offs, words.none_off);
    for (const one of value.cuts) {
      const chip = html("span", { class: "off-chip" }, offs, one.name);
      const back = html("button", { "aria-label": fill(words.part_on, { name: one.name }), "data-key": `on${one.part}` }, chip, "×");
      back.addEventListener("click", () => stage.act({ type: "switch", part: one.part }));
    }
    if (value.cuts.length) {
      const all = html("button", { class: "link", "data-key": "all-on" }, offs, words.all_on);
      all.addEventListener("click", () => stage.act({ type: "switch" }));
    }
    more.replaceChildren();
    html("option", { value: "" }, more, words.cut_more);
    for (let layer = 0; layer < value.layers; layer += 1) {
      for (const kind of ["a", "m"]) html("option", { value: kind + layer }, more, fill(words[PARTS[kind]], { n: layer }));
    }
    if (focus && !document.activeElement?.dataset?.key) offs.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  };

  let asked = "";
  let asking = false;
  /** What the model writes on, asked for after the picture; one question at a time, and only the newest counts. */
  const goOn = (value) => {
    const key = JSON.stringify([value.text, value.model, value.cuts.map((one) => one.part), value.how]);
    if (key === asked) return;
    asked = key;
    goes.classList.add("old");
    if (!asking) setTimeout(ask, LATER);
    asking = true;
  };
  const ask = async () => {
    const key = asked;
    const reply = await stage.ask("proceed").catch(() => null);
    if (asked !== key) return ask();
    asking = false;
    if (!reply) return null;
    goes.classList.remove("old");
    goes.replaceChildren();
    for (const [name, what, tokens] of [["before", "goes_before", reply.before], ["after", "goes_after", reply.after]]) {
      const line = html("p", { class: name }, goes);
      html("span", { class: "quiet-text" }, line, `${words[what]} `);
      const text = tokens.map((token) => (token.space ? " " : "") + (token.label || token.piece)).join("").trim();
      html("b", { title: text }, line, fit(text, at.clientWidth - line.firstChild.offsetWidth - 12, 14, 600));
    }
    return null;
  };

  return (value) => {
    if (!value.ready) return;
    const { effect } = value;
    chips(value);
    big.textContent = signed(Number(effect.after.toFixed(2)) - Number(effect.before.toFixed(2)));
    about.replaceChildren(fill(words.change_of, { piece: effect.piece }), html("br"), `${number(effect.before)} → ${number(effect.after)}`);
    for (const [mode, button] of how) button.setAttribute("aria-pressed", String(mode === value.how));
    compareBars(dist, effect.rows, effect.rest, words, { target: effect.target, pick: (id) => stage.act({ type: "set", name: "target", value: id }, "target") });
    goOn(value);
    sweep.draw(value);
  };
};
