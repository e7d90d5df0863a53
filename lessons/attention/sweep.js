/* Every head in turn, a layer at a time: the page asks until it has all of them, and may stop. The map of what came back. */
import { fill, html } from "../../assets/js/dom.js";
import { headName, number } from "./numbers.js";

const LEAST = 0.5;  // nats at full colour, so that nothing much looks like nothing much
const PAUSE = 150; // ms after a picture, so that typing is not held up

/**
 * A small map of numbers, one for each head, that fills layer by layer.
 * ask: the question of `Live.replies` · of(value): {key, layers} · title, unit: words · most(values): the value of the full colour
 * on(layer, head): pressed · marked(value): parts with a hatch
 */
export class Sweep {
  constructor(at, stage, { ask, of, title, on, marked, symmetric, show }) {
    Object.assign(this, { at, stage, ask, of, on, marked, symmetric, show, rows: [], key: "", running: null });
    const { words } = stage;
    const row = html("div", { class: "row1" }, at);
    html("h2", {}, row, title);
    this.unit = html("span", { class: "quiet-text" }, row);
    this.start = html("button", { class: "link", hidden: true, "data-key": `run-${ask}` }, row, words.run_sweep);
    this.start.addEventListener("click", () => this.run());
    this.stop = html("button", { class: "link", hidden: true, "data-key": `stop-${ask}` }, row, words.stop);
    this.stop.addEventListener("click", () => this.cancel());
    this.bar = html("progress", { max: 1, hidden: true, "aria-label": words.sweeping }, at);
    this.grid = html("div", { class: "impact", role: "group", "aria-label": title }, at);
  }

  /** Show what belongs to this picture; ask for it where that takes no time. */
  draw(value) {
    const { key } = this.of(value);
    if (key !== this.key) {
      this.cancel();
      Object.assign(this, { key, rows: [], failed: "" });
      clearTimeout(this.timer);
      if (key && !value.many) this.timer = setTimeout(() => this.run(), PAUSE);
    }
    this.paint(value);
  }

  cancel() {
    this.running?.abort();
    this.running = null;
    if (this.stage.value?.ready) this.paint(this.stage.value);
  }

  async run() {
    const { key } = this;
    const running = (this.running = new AbortController());
    const { layers } = this.stage.value;
    try {
      for (let layer = this.rows.length; layer < layers; layer += 1) {
        const reply = await this.stage.ask(this.ask, { layer }, running.signal);
        if (this.running !== running) return;
        if (reply.key !== key) break; // the place has moved on
        this.rows.push(reply.changes);
        this.paint(this.stage.value);
      }
    } catch (error) {
      if (this.running !== running) return;
      this.failed = error.message;
    }
    this.running = null;
    this.paint(this.stage.value);
  }

  paint(value) {
    const { layers, heads } = value;
    const { words } = this.stage;
    this.start.hidden = !value.many || Boolean(this.running) || this.rows.length >= layers || !this.key;
    this.stop.hidden = !this.running || !value.many;
    this.bar.hidden = !this.running || !value.many;
    this.bar.value = this.rows.length / layers;
    this.unit.textContent = this.failed || (value.many && !this.rows.length ? "" : this.show.unit(value));
    if (!heads) return;
    this.grid.style.setProperty("--heads", heads);
    const small = heads > 8;
    this.grid.classList.toggle("low", layers > 6);
    const all = this.rows.length < layers ? [] : this.rows.flat(); // until then no colours: the scale is that of all of them
    const most = this.symmetric ? Math.max(LEAST, ...all.map(Math.abs)) : Math.max(1, ...all.map(Math.abs));
    const dark = document.documentElement.dataset.theme === "dark";
    const off = new Set(this.marked(value));
    const focus = document.activeElement?.dataset?.key;
    this.grid.replaceChildren();
    for (let layer = 0; layer < layers; layer += 1) {
      html("span", { class: "l", "aria-hidden": "true" }, this.grid, String(layer));
      for (let head = 0; head < heads; head += 1) {
        const found = this.rows[layer]?.[head];
        const name = headName(layer, head);
        const chosen = layer === value.at.layer && head === value.at.head;
        const told = found === undefined ? "" : this.show.told(name, found);
        const button = html("button", { class: `${chosen ? "sel" : ""}${off.has(name) ? " off" : ""}`, title: told, "aria-label": told || fill(words.one_head, { name }), "data-key": `${this.ask}${name}` }, this.grid);
        if (found === undefined) continue;
        const share = all.length && Number(this.show.cell(found)) !== 0 ? Math.min(1, Math.abs(found) / most) ** 0.6 : 0;
        button.style.backgroundColor = `color-mix(in srgb, var(--${found < 0 ? "heat-neg" : "pos"}) ${Math.round(90 * share)}%, var(--zero))`;
        button.classList.toggle("deep", share > (dark ? 0.62 : found < 0 ? 0.86 : 1)); // from there on the other ink reads better
        button.textContent = small ? "" : this.show.cell(found);
        button.addEventListener("click", () => this.on(layer, head));
      }
    }
    if (focus?.startsWith(this.ask)) this.grid.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }
}

/** −2.0 and 0 for what rounds to nothing. */
export const brief = (value) => (Math.abs(value) < 0.05 ? "0" : number(value, 1));
