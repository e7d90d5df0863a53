/* Under the stage: the sign and MAP, what the steps did to others, the zero-shot heuristics and measuring them again, equation (2). */
import { html } from "../../assets/js/dom.js";
import { placeLink } from "../../assets/js/link.js";
import { rich } from "../../assets/js/term.js";
import { fold } from "../../assets/js/views/folds.js";
import { formula } from "../../assets/js/views/formula.js";
import { nats } from "./numbers.js";

const prose = (at, told) => told.split("\n").forEach((line) => rich(html("p", {}, at), line));

/** To equation (2) in the lesson on the architecture, with this sentence; Back comes here again. -> a function that draws the link. */
export const toNetwork = (at, { words }) => ({ text, model }) => {
  const of = JSON.stringify([text, model]);
  if (at.dataset.of === of) return;
  at.dataset.of = of;
  at.replaceChildren();
  const link = placeLink(at, { lesson: "architecture", scene: "embed", text, model }, words.network_open);
  link.className = "to-network";
  link.dataset.key = "network";
};

/** Ten other sentences before and after, as bars. */
const world = (at, words) => (found) => {
  at.replaceChildren();
  if (!found) { html("p", { class: "quiet-text" }, at, words.world_empty); return; }
  const table = html("table", { class: "world" }, at);
  const head = html("tr", {}, html("thead", {}, table));
  for (const name of [words.world_head, words.world_before, words.world_after]) html("th", { scope: "col" }, head, name);
  const body = html("tbody", {}, table);
  const most = Math.max(...found.rows.flatMap((row) => [row.before, row.after]));
  for (const row of [...found.rows, { text: words.mean, before: found.before, after: found.after, all: true }]) {
    const line = html("tr", row.all ? { class: "all" } : {}, body);
    html("th", { scope: "row" }, line, row.text);
    for (const side of ["before", "after"]) {
      const cell = html("td", {}, line);
      html("u", { class: side, style: `width:${(90 * row[side]) / most}px` }, cell);
      html("b", {}, cell, nats(row[side]));
    }
  }
};

/** The record of the curves, and one of them measured again now. */
const again = (at, stage) => {
  const { words } = stage;
  prose(at, words.zero_text);
  const record = html("p", { class: "quiet-text" }, at);
  const alone = html("p", {}, at);
  const row = html("div", { class: "again" }, at);
  const pick = html("select", { "aria-label": words.task_label, "data-key": "task" }, row);
  const measure = html("button", { class: "btn", "data-key": "again" }, row, words.zero_again);
  const told = html("p", { "aria-live": "polite" }, at);
  pick.addEventListener("change", () => stage.act({ type: "set", name: "task", value: pick.value }, "task"));
  measure.addEventListener("click", async () => {
    measure.disabled = true;
    told.textContent = words.zero_measuring;
    try {
      const found = await stage.ask("zero", { task: pick.value });
      rich(told, found.say);
      stage.show({ live: found });
    } catch (error) {
      told.textContent = error.message;
    } finally {
      measure.disabled = false;
    }
  });
  return (value) => {
    row.hidden = !value.zero;
    record.textContent = value.zero?.say ?? "";
    rich(alone, value.zero?.alone ?? "");
    if (!value.zero) return;
    if (!pick.children.length || pick.dataset.of !== value.zero.curves.map((one) => one.name).join()) {
      pick.dataset.of = value.zero.curves.map((one) => one.name).join();
      pick.replaceChildren();
      for (const one of value.zero.curves) html("option", { value: one.task }, pick, one.name);
    }
    if (document.activeElement !== pick) pick.value = value.at.task;
    if (!stage.own.live) told.replaceChildren();
  };
};

export const folds = (stage) => {
  const { more, words } = stage;
  const sign = fold(more, words.sign_title, words.sign_about);
  const colours = { L: "l1", Σ: "l1" };
  formula(sign, ["mrow", ["msub", "L", "1"], "(", "U", ")", "=", ["msub", "Σ", "i"], "log", "P", "(", ["msub", "u", "i"], "|", ["msub", "u", ["mrow", "i", "−", "k"]], ",", "…", ",", ["msub", "u", ["mrow", "i", "−", "1"]], ";", "Θ", ")"], colours);
  prose(sign, words.sign_text);
  const step = fold(more, words.step_title, words.step_about);
  prose(step, words.step_text);
  const others = world(html("div", {}, step), words);
  const zero = again(fold(more, words.zero_title, words.zero_about), stage);
  const network = fold(more, words.network_title, words.network_about);
  formula(network, ["mrow", ["msub", "h", "0"], "=", "U", ["msub", "W", "e"], "+", ["msub", "W", "p"]]);
  formula(network, ["mrow", ["msub", "h", "l"], "=", "transformer_block", "(", ["msub", "h", ["mrow", "l", "−", "1"]], ")"]);
  formula(network, ["mrow", "P", "(", "u", ")", "=", "softmax", "(", ["msub", "h", "n"], ["msubsup", "W", "e", "T"], ")"]);
  prose(network, words.network_text);
  const architecture = toNetwork(html("p", {}, network), stage);
  html("p", { class: "quiet-text" }, network, words.network_back);
  return (value) => {
    architecture(value);
    others(value.world);
    zero(value);
  };
};
