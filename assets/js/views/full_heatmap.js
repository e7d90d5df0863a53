/* A tensor in full: a canvas at once, plotly over it as soon as it is there. Rows are tokens, columns are numbered.
   Plotly gets numbers only. Names and what stands under the pointer are ours, put in through textContent, since plotly reads
   <b>, <a> and %{} in its labels. Whoever has no mouse goes from cell to cell with the arrows. */
import { html } from "../dom.js";
import { library } from "../libraries.js";
import { later } from "../page.js";
import { heat } from "./heatmap.js";

const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false, plotlyServerURL: "", scrollZoom: false, doubleClick: "reset", showTips: false, responsive: false };
const CLICK = 4;   // px that a press may move and still be a press
const STEP = 2;    // of zooming with + and −
const NEAREST = 8; // columns that stay at least
const plots = new Map(); // one plot for each place, moved from one drawing of the panel to the next
const cells = new Map(); // where the keyboard stood in each place
let Plotly = null;

/** 33 stops of the canvas's 256 colours; plotly mixes between them as the canvas does. */
const scaleOf = (kind) => {
  const colours = heat.scales()[kind];
  const first = kind === "signed" ? 1 : 0; // byte 128 is zero: 1 and 255 are as far from it
  return Array.from({ length: 33 }, (_, i) => [i / 32, `rgb(${colours[Math.round(first + (i * (255 - first)) / 32)].join()})`]);
};

class FullHeatmap {
  /**
   * at: where it stands, sized by its canvas · place: which plot it is ("x", "y", "head")
   * data: {rows, columns, values (floats, row by row, NaN where nothing is), low, high, scale: "signed" | "attention", row (marked), same (a key: equal data)}
   * look: {width, rowHeight, kind, label, about(row, column) -> words, loading (words while plotly is on its way)} · on: {point(row or null), mark(row), zoom([first, last] or null)}
   */
  constructor(at, place, data, look, on) {
    Object.assign(this, { at, place, data, look, on, cell: null, height: look.rowHeight * data.rows });
    at.classList.add("full");
    Object.assign(at.style, { height: `${this.height}px`, width: `${look.width}px` });
    const told = { tabindex: 0, role: "application", "aria-roledescription": look.kind, "aria-label": look.label, "data-key": `heat-${place}` };
    for (const [name, value] of Object.entries(told)) at.setAttribute(name, value);
    this.canvas = html("canvas", { "aria-hidden": "true" }, at);
    this.frame = html("div", { class: "heat-row" }, at);
    this.pointed = html("div", { class: "heat-row pointed", hidden: true }, at);
    this.spot = html("div", { class: "heat-cell", hidden: true }, at);
    this.tip = html("div", { class: "heat-tip", role: "status", hidden: true }, at);
    this.put(this.frame, data.row);
    if (!this.again()) { this.paint(); this.upgrade(); }
    this.listen();
  }

  put(frame, row) { Object.assign(frame.style, { top: `${row * this.look.rowHeight - 2}px`, height: `${this.look.rowHeight + 4}px` }); }

  paint() {
    const { data, look, height } = this;
    const box = { x: 0, y: 0, w: look.width, h: height };
    const pen = heat.pen(this.canvas, look.width, height);
    if (data.scale === "signed") heat.signed(pen, box, data.rows, data.columns, data.values, data.high, heat.scales());
    else heat.attention(pen, box, data.rows, data.values, 0, data.high, heat.scales());
  }

  /** What decides how the plot looks. */
  get key() { return [this.data.same, this.look.width, this.height, document.documentElement.dataset.theme].join("|"); }

  /** The very same plot, as after a row was marked: it moves here, zoom and all. */
  again() {
    const plot = plots.get(this.place);
    if (plot?.dataset.key !== this.key) return false;
    this.show(plot);
    return true;
  }

  upgrade() {
    const waiting = !Plotly && html("div", { class: "heat-waiting", role: "status" }, this.at, this.look.loading);
    later(async () => {
      try { Plotly ??= await library.plotly(); } catch (error) { console.warn(error.message); } // the canvas stays
      if (waiting) waiting.remove();
      if (Plotly && this.at.isConnected && !this.plot) this.draw();
    });
  }

  draw() {
    const { data, look, height, place } = this;
    if (!plots.has(place)) plots.set(place, html("div", { class: "heat-plot", "aria-hidden": "true" }));
    const plot = plots.get(place);
    const z = Array.from({ length: data.rows }, (_, row) => data.values.subarray(row * data.columns, (row + 1) * data.columns));
    const axis = { visible: false, showgrid: false, zeroline: false, autorange: false };
    const trace = { type: "heatmap", z, zmin: data.low, zmax: data.high, zauto: false, zsmooth: false, colorscale: scaleOf(data.scale), showscale: false, hoverinfo: "none", connectgaps: false };
    const touch = matchMedia("(pointer: coarse)").matches; // a finger scrolls the page
    const layout = {
      width: look.width, height, margin: { l: 0, r: 0, t: 0, b: 0, pad: 0 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: false,
      dragmode: touch ? false : "zoom", uirevision: data.same,
      xaxis: { ...axis, range: [-0.5, data.columns - 0.5], minallowed: -0.5, maxallowed: data.columns - 0.5, fixedrange: touch }, yaxis: { ...axis, range: [data.rows - 0.5, -0.5], fixedrange: true },
    };
    Plotly.react(plot, [trace], layout, CONFIG).then(() => {
      document.getElementById("js-plotly-tester")?.setAttribute("aria-hidden", "true"); // where plotly measures
      if (!plot.dataset.key) plot.on("plotly_relayout", () => plot.owner?.zoomed());
      plot.dataset.key = this.key;
      if (this.at.isConnected) this.show(plot);
    });
  }

  show(plot) {
    this.plot = plot;
    plot.owner = this;
    this.canvas.hidden = true;
    this.at.prepend(plot);
    this.zoomed();
  }

  /** The columns in sight, as [first edge, last edge]; a cell reaches half a column to either side of its number. */
  get sight() { return (this.plot ? [...this.plot.layout.xaxis.range] : [-0.5, this.data.columns - 0.5]).map(Number); }

  zoomed() {
    const [left, right] = this.sight;
    const whole = right - left > this.data.columns - 0.01;
    this.isZoomed = !whole;
    this.on.zoom(whole ? null : [Math.max(0, Math.ceil(left - 0.49)), Math.min(this.data.columns - 1, Math.floor(right + 0.49))]);
    if (this.cell) this.tell(...this.cell);
  }

  zoom(by) {
    const { columns } = this.data;
    if (!this.plot) return;
    const [left, right] = this.sight;
    const wide = by ? Math.min(columns, Math.max(Math.min(columns, NEAREST), (right - left) / by)) : columns;
    const middle = this.cell ? this.cell[1] : (left + right) / 2;
    const start = Math.max(-0.5, Math.min(columns - 0.5 - wide, middle - wide / 2));
    Plotly.relayout(this.plot, { "xaxis.range": [start, start + wide] });
  }

  /** Keep `column` in sight. */
  follow(column) {
    const [left, right] = this.sight;
    if (!this.plot || (column >= left && column <= right)) return;
    const start = column < left ? column - 0.5 : column + 0.5 - (right - left);
    Plotly.relayout(this.plot, { "xaxis.range": [start, start + right - left] });
  }

  cellUnder(event) {
    const box = this.at.getBoundingClientRect();
    const [left, right] = this.sight;
    const inside = (value, most) => Math.max(0, Math.min(most - 1, value));
    return [inside(Math.floor((event.clientY - box.top) / this.look.rowHeight), this.data.rows), inside(Math.round(left + ((event.clientX - box.left) / box.width) * (right - left)), this.data.columns)];
  }

  /** Say what stands in a cell, and point at its row everywhere. */
  tell(row, column) {
    const { look, data, tip, spot } = this;
    this.cell = [row, column];
    cells.set(this.place, { same: this.data.same, cell: this.cell });
    const words = look.about(row, column);
    tip.hidden = spot.hidden = !words;
    if (words) {
      const [left, right] = this.sight;
      const wide = look.width / (right - left);
      const x = (column - left - 0.5) * wide;
      Object.assign(spot.style, { left: `${x - 1}px`, width: `${Math.max(3, wide) + 2}px`, top: `${row * look.rowHeight - 1}px`, height: `${look.rowHeight + 2}px` });
      tip.textContent = words;
      const most = look.width - tip.offsetWidth;
      tip.style.left = `${Math.max(Math.min(0, most), Math.min(most, x + wide / 2 - tip.offsetWidth / 2))}px`;
      tip.style.top = `${row * look.rowHeight - tip.offsetHeight - 4}px`;
    }
    this.on.point(row);
  }

  leave() {
    this.cell = null;
    this.tip.hidden = this.spot.hidden = true;
    this.on.point(null);
  }

  /** Frame the rows for which `is(row)` holds: those of a word that is pointed at somewhere. */
  point(is) {
    const rows = Array.from({ length: this.data.rows }, (_, row) => row).filter(is);
    this.pointed.hidden = !rows.length;
    if (rows.length) { this.put(this.pointed, rows[0]); this.pointed.style.height = `${this.look.rowHeight * rows.length + 4}px`; }
  }

  listen() {
    const { at, on } = this;
    at.addEventListener("pointermove", (event) => { if (!event.buttons) this.tell(...this.cellUnder(event)); });
    at.addEventListener("pointerleave", () => this.leave());
    at.addEventListener("pointerdown", (down) => addEventListener("pointerup", (up) => { // plotly keeps the click to itself
      if (Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) >= CLICK || down.button) return;
      this.tell(...this.cellUnder(up));
      if (this.cell[0] !== this.data.row) on.mark(this.cell[0]);
    }, { once: true }));
    at.addEventListener("focus", () => {
      if (!at.matches(":focus-visible")) return;
      const before = cells.get(this.place);
      this.tell(...(before?.same === this.data.same ? before.cell : [this.data.row, Math.max(0, Math.ceil(this.sight[0]))]));
    });
    at.addEventListener("blur", () => this.leave());
    at.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    const { rows, columns } = this.data;
    const [row, column] = this.cell ?? [this.data.row, 0];
    const far = event.shiftKey ? 10 : 1;
    const moves = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - far], ArrowRight: [row, column + far], Home: [row, 0], End: [row, columns - 1] };
    const zooms = { "+": STEP, "=": STEP, "-": 1 / STEP, 0: 0 };
    if (moves[event.key]) {
      const next = [Math.max(0, Math.min(rows - 1, moves[event.key][0])), Math.max(0, Math.min(columns - 1, moves[event.key][1]))];
      this.follow(next[1]);
      this.tell(...next);
    } else if (event.key in zooms) this.zoom(zooms[event.key]);
    else if (event.key === "Escape" && this.isZoomed) this.zoom(0);
    else if (event.key === "Enter" || event.key === " ") { if (row !== this.data.row) this.on.mark(row); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

export const fullHeatmap = (at, place, data, look, on) => new FullHeatmap(at, place, data, look, on);
