/* bertviz's head, model and neuron view, drawn by the package's own script in a sandboxed frame.

   The frame has no origin, and its policy lets it load nothing: neither the page nor another machine is in its reach. Its HTML holds
   scripts of ours and of installed packages only. What a learner wrote goes in by postMessage, as data that is drawn as text, so it
   can become neither HTML nor script. The frame says how high it is; nothing else it says is believed without a check. */
import { fit, html } from "../dom.js";
import { library } from "../libraries.js";
import { root } from "../page.js";
import { heat } from "./heatmap.js";

const ROOM = { head: [97, 15], model: [74, 14], neuron: [88, 15] }; // px beside a token of each view, and its letters
const COLOURS = ["--paper", "--card", "--ink", "--ink-2", "--line", "--edge", "--hover", "--focus", "--font-text"];
const LOWEST = 40;
const HIGHEST = 6000;
// d3's ten colours, lighter
const HEADS_IN_THE_DARK = ["#5aa9e6", "#ff9f45", "#5ccb5f", "#ff7b72", "#b694e0", "#c99b8e", "#f29bd4", "#b8b8b8", "#d3d45a", "#4fd6e3"];
const KEYS = ["PageUp", "PageDown", "Escape"];
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";
const STYLE = `
  html, body { margin: 0; overflow: hidden; background: transparent; }
  body { color: var(--ink); font: 400 16px/1.5 var(--font-text), sans-serif; }
  #controls { display: flex; flex-wrap: wrap; gap: 8px 18px; align-items: center; justify-content: center; padding: 4px 4px 12px; }
  select, button { font: inherit; color: inherit; height: 34px; padding: 0 10px; border: 1.5px solid var(--edge); border-radius: 10px; background: var(--card); cursor: pointer; }
  :focus { outline: none; }
  :focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; border-radius: 4px; }
  #vis { overflow-x: auto; overflow-y: hidden; }
  svg { display: block; margin: 0 auto; font-family: var(--font-text), sans-serif; }
  svg text { fill: var(--ink); }
  .background { fill: var(--hover); }
  [role="checkbox"], [role="button"] { cursor: pointer; }
  [role="checkbox"][aria-checked="false"] { opacity: .35; }
  .attn_background ~ g line { stroke-width: var(--thin); }
  .attn_background ~ rect { opacity: 1 !important; fill: transparent; }`; // else its focus would not be seen
const kept = {}; // how high a view of each kind was last, so that the next one moves nothing

const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const inside = new URL("./bertviz_inside.js", import.meta.url);
let documents;
/** The frame's HTML but its first tag: the same for all views. */
const body = () => (documents ??= Promise.all([library.bertviz(), fetch(inside).then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(`${inside}: ${answer.status}`))))])
  .then((scripts) => [`<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><style>${STYLE}</style><div id="bertviz"></div>`, ...scripts.map((script) => `<script>${script}</script>`)].join("\n")));

/** data of app/views/bertviz.py -> the patterns as lists [layer][head][query][key]. `square`: with the zeros that the mask leaves. */
const patterns = ({ attention, layers, n_head, pieces }, square) => {
  const T = pieces.length;
  const bytes = new Uint16Array(heat.bytes(attention).buffer);
  let at = 0;
  const row = (query) => Array.from({ length: square ? T : query + 1 }, (_, key) => (key <= query ? bytes[at++] / 65535 : 0));
  return layers.map(() => Array.from({ length: n_head }, () => Array.from({ length: T }, (_, query) => row(query))));
};

/** {rows, columns, top, data} of `exact` (app/views/heatmap.py) -> [head][token][dimension]. */
const vectors = (part, n_head, T) => {
  const values = heat.floats(part);
  return Array.from({ length: n_head }, (_, head) => Array.from({ length: T }, (_, token) => Array.from(values.subarray((head * T + token) * part.columns, (head * T + token + 1) * part.columns))));
};

/** What bertviz's Python would write for its script, and the page's colours, sizes and words. */
const drawing = (kind, data, words, dark) => {
  const T = data.pieces.length;
  const [room, size] = ROOM[kind];
  const text = data.pieces.map((piece) => fit(piece, room, size));
  const attn = patterns(data, kind !== "model");
  const seen = { name: null, attn, left_text: text, right_text: text };
  const params = { root_div_id: "bertviz", default_filter: 0, attention: [seen], include_layers: data.layers, layer: data.layer, heads: data.heads ?? [0] };
  const colours = Object.fromEntries(COLOURS.map((name) => [name, css(name)]));
  const attention = css("--attn-1");
  const said = Object.fromEntries(["layer", "head", "query", "key", "product", "none", "detail", "expand", "collapse"].map((name) => [name, words[`bertviz.${name}`]]));
  const all = { type: "draw", kind, params, colours, dark, said, names: data.pieces, layers: data.layers };
  if (kind === "head") return { ...all, scheme: dark ? HEADS_IN_THE_DARK : null };
  if (kind === "model") {
    const rows = data.layers.length;
    const box = Math.max(2.5, Math.min(14, (520 / rows - 10) / T));
    Object.assign(params, { display_mode: "light", include_heads: Array.from({ length: data.n_head }, (_, head) => head), total_heads: data.n_head, box_height: box });
    colours["--thin"] = `${Math.min(2.2, 0.45 * box)}px`;
    const palette = { text: css("--ink"), background: css("--card"), highlight: css("--hover") };
    return { ...all, palette, scheme: Array(10).fill(attention) };
  }
  // bertviz finds a block by its number: all numbers give the one that is here, and the frame asks for any other
  const every = (one) => Array(data.n_layer).fill(one);
  const [queries, keys] = [data.queries, data.keys].map((part) => vectors(part, data.n_head, T));
  Object.assign(params, { attention: [{ ...seen, attn: every(attn[0]), queries: every(queries), keys: every(keys) }], display_mode: "light", bidirectional: false, head: data.head ?? 0 });
  const ink = css("--ink");
  const palette = {
    attn: attention, connector: attention, neg: dark ? "#7cc4f0" : css("--neg"), pos: dark ? "#ffa657" : css("--pos"), text: ink, selected_text: ink, heading_text: ink, dropdown: ink, icon: css("--ink-2"),
    text_highlight_left: css("--line"), text_highlight_right: dark ? "#1d5f96" : "#7ab0ee", vector_border: css("--line"), background: "transparent",
  };
  return { ...all, palette };
};

/**
 * -> an element that holds the view, and takes care of itself: it follows the theme and the frame's height.
 * kind: "head", "model" or "neuron" · data: of `view_data` (app/views/bertviz.py), and if you like `heads: [2, 4]`, lit at first in a head
 * view (of several, bertviz divides the darkness of each line by their number), and `head: 2`, shown first in a neuron view ·
 * words: the stage's · layer(n): the learner asks for block n in a neuron view; give its data to `update`
 * element.update({data, words}) draws anew in the same frame; element.destroy() when it is no more needed.
 */
export const bertvizFrame = ({ kind, data, words, layer }) => {
  const now = { data, words };
  const at = html("div", { class: "bertviz-frame", "data-kind": kind });
  Object.assign(at.style, { position: "relative", minHeight: `${kept[kind] ?? 420}px` });
  const waiting = html("p", { role: "status", style: "position: absolute" }, at, words["bertviz.loading"]);
  const fail = (error) => {
    console.warn("bertviz:", error);
    frame?.remove();
    at.style.minHeight = "";
    at.append(waiting);
    waiting.textContent = words["bertviz.failed"];
  };
  let frame = null;
  let ready = false;
  let pointed = false;
  const draw = () => {
    if (ready) frame.contentWindow?.postMessage(drawing(kind, now.data, now.words, root.dataset.theme === "dark"), "*");
  };
  const hear = ({ source, data: told }) => {
    if (!frame || source !== frame.contentWindow || typeof told !== "object" || !told) return;
    if (told.type === "ready") { ready = true; draw(); }
    else if (told.type === "pointed") pointed = true;
    else if (told.type === "height" && Number.isFinite(told.height)) {
      kept[kind] = Math.max(LOWEST, Math.min(HIGHEST, told.height));
      frame.style.height = at.style.minHeight = `${kept[kind]}px`;
      waiting.remove();
      at.dataset.drawn = "1";
    } else if (told.type === "layer" && Number.isInteger(told.layer) && told.layer >= 0 && told.layer < now.data.n_layer) layer?.(told.layer);
    else if (told.type === "key" && KEYS.includes(told.key)) at.dispatchEvent(new KeyboardEvent("keydown", { key: told.key, bubbles: true, cancelable: true }));
    else if (told.type === "failed") fail(String(told.why));
  };
  addEventListener("message", hear);
  /** The pointer is outside the frame again: a pointer in the frame is not heard here. */
  const leave = () => {
    if (pointed) frame.contentWindow?.postMessage({ type: "leave" }, "*");
    pointed = false;
  };
  for (const move of ["pointermove", "pointerdown"]) addEventListener(move, leave);
  const theme = new MutationObserver(draw);
  theme.observe(root, { attributeFilter: ["data-theme"] });
  body().then((written) => {
    const scheme = root.dataset.theme === "dark" ? "dark" : "light"; // else the frame would be white until it is drawn
    frame = html("iframe", { sandbox: "allow-scripts", referrerpolicy: "no-referrer", title: words[`bertviz.title.${kind}`], srcdoc: `<!doctype html><html lang="${root.lang}" style="color-scheme:${scheme}">${written}` });
    Object.assign(frame.style, { display: "block", width: "100%", border: "0", height: at.style.minHeight });
    at.append(frame);
  }).catch(fail);
  return Object.assign(at, {
    update(next) { Object.assign(now, next); draw(); },
    destroy() {
      removeEventListener("message", hear);
      for (const move of ["pointermove", "pointerdown"]) removeEventListener(move, leave);
      theme.disconnect();
      at.remove();
    },
  });
};
