/* bertviz, the package itself, as three more views of the same text; loaded when one is chosen. GPT-1's neuron view is ours. */
import { fill, html } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { headName } from "./numbers.js";
import { elements } from "./row.js";

const THUMB = 64;

export const bertView = (at, stage) => {
  const { words } = stage;
  const side = html("aside", {}, at);
  const picture = html("canvas", { "aria-hidden": "true" }, side);
  const about = html("p", { class: "same-head" }, side);
  const text = html("div", {}, side);
  const title = html("h2", {}, text);
  const say = html("p", {}, text);
  const cap = html("p", { class: "quiet-text" }, text);
  const frame = html("div", { class: "bert-frame" }, at);
  let shown = "";
  let now = null;

  const ask = async (value, layer) => {
    const reply = await stage.ask("bertviz", { kind: value.view, layer });
    cap.textContent = reply.say;
    return { ...reply.data, head: value.at.head, heads: [value.at.head] };
  };

  const load = async (value, key) => {
    const again = now?.dataset.kind === value.view;
    if (!again) {
      now?.destroy();
      now = null;
      frame.replaceChildren(html("p", { class: "quiet-text", role: "status" }, null, words["bertviz.loading"]));
    }
    try {
      const [{ bertvizFrame }, data] = await Promise.all([import("../../assets/js/views/bertviz_frame.js"), ask(value, value.at.layer)]);
      if (shown !== key) return;
      if (again) return now.update({ data, words });
      frame.replaceChildren();
      now = bertvizFrame({ kind: value.view, data, words, layer: async (layer) => { const other = await ask(value, layer).catch(() => null); if (other && shown === key) now.update({ data: other, words }); } });
      frame.append(now);
    } catch (error) {
      if (shown !== key) return;
      frame.replaceChildren();
      html("p", { role: "alert" }, frame, error.message);
    }
  };

  return (value) => {
    const { view } = value;
    at.hidden = view === "ours";
    if (view === "ours" || !value.ready) {
      now?.destroy();
      now = null;
      shown = "";
      frame.replaceChildren();
      return;
    }
    const ownNeurons = view === "neuron" && value.architecture === "gpt1";
    title.textContent = words[ownNeurons ? "bert_own" : "bert_title"];
    rich(say, words[ownNeurons ? "bert.neuron.gpt1" : `bert.${view}`]);
    const { at: { layer, head } } = value;
    const one = value.scores[layer * value.heads + head];
    about.replaceChildren();
    html("b", {}, about, fill(words.one_head, { name: headName(layer, head) }));
    html("span", { class: "quiet-text" }, about, one.label ? `${words[`score.${one.label}`]} ${one[one.label]?.toFixed(2) ?? ""}` : words.unclear);
    heat.attention(heat.pen(picture, THUMB, THUMB), { x: 0, y: 0, w: THUMB, h: THUMB }, value.map.side, heat.bytes(value.map.data), (layer * value.heads + head) * value.map.side ** 2, 255, heat.scales());
    const key = JSON.stringify([view, value.text, value.model, layer, head]);
    if (!ownNeurons) {
      if (key !== shown) load(value, (shown = key));
      return;
    }
    now?.destroy();
    now = null;
    shown = "";
    frame.replaceChildren();
    cap.textContent = "";
    elements(frame, value, words);
  };
};
