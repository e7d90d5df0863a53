/* What can be pressed and dragged over the wide drawing: tokens, the window k, the checkpoints, the pictures of the head. */
import { count, fill, html, svg } from "../../assets/js/dom.js";
import { heat } from "../../assets/js/views/heatmap.js";
import { named, nats, stopOf, windowKey } from "./numbers.js";
import { FILM, geometry, WIDE } from "./wide.js";

const EVERY = 900; // ms between two checkpoints of 「돌려 보기」

export const moveTo = (stage, index) => {
  const stop = stage.value?.axis?.stops[index];
  if (stop) stage.act({ type: "scrub", at: stop.at }, "scrub");
};
export const setWindow = (stage, k) => {
  if (!stage.value?.at) return; // the model is still loading
  const most = stage.value.at.most_k;
  const wanted = Math.max(1, Math.min(most, k));
  if (wanted === (stage.own.k ?? stage.value.at.k)) return;
  stage.own.k = wanted;
  stage.act({ type: "window", k: wanted }, "window");
};
/** The window on show, or the one that has been asked for. */
export const windowOf = (stage) => stage.own.k ?? stage.value?.at?.k ?? 1;

const tokenButtons = (at, stage) => (value, g) => {
  at.replaceChildren();
  value.tokens.forEach((token, index) => {
    if (!index) return;
    const about = fill(stage.words.choose_place, { i: index + 1, token: named(token), v: nats(value.bars.now[index - 1]) });
    const button = html("button", { class: "tok", "aria-label": about, "aria-pressed": String(index === value.at.token), title: about, "data-key": `token${index}`, style: `left:${g.X(index)}px;width:${g.column}px` }, at);
    button.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") stage.point(index); });
    button.addEventListener("click", () => stage.act({ type: "choose", token: index }, "choose"));
    button.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const next = by && at.querySelector(`[data-key=token${index + by}]`);
      if (!next || document.documentElement.dataset.present) return;
      event.preventDefault();
      next.focus();
      stage.act({ type: "choose", token: index + by }, "choose");
    });
  });
};

/** The pill from which the window's bracket hangs. */
const windowPill = (at, stage, drawing) => {
  const { words } = stage;
  const row = html("div", { class: "krow" }, at);
  const pill = html("div", { class: "kpill", role: "slider", tabindex: 0, "aria-label": `${words.k_label}, ${words.k_keys}`, "aria-valuemin": 1, "data-key": "k" }, at);
  html("i", {}, pill, "k");
  const number = html("span", {}, pill);
  row.hidden = pill.hidden = true; // until there are tokens
  let dragging = false;
  const move = (event) => {
    if (!stage.value?.at || !stage.shown) return;
    const g = geometry(stage.value, stage.shown);
    const x = event.clientX - drawing.getBoundingClientRect().left;
    const first = Math.round((x - WIDE.x0) / g.column);
    const chosen = stage.value.at.token;
    setWindow(stage, x < WIDE.x0 - 14 ? stage.value.at.most_k : chosen - Math.min(Math.max(0, first), chosen - 1));
  };
  for (const element of [row, pill]) {
    element.addEventListener("pointerdown", (event) => {
      dragging = true;
      element.setPointerCapture(event.pointerId);
      if (element === row) move(event);
      event.preventDefault();
      pill.focus({ preventScroll: true });
    });
    element.addEventListener("pointermove", (event) => { if (dragging) move(event); });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => { dragging = false; });
  }
  pill.addEventListener("keydown", (event) => {
    const to = stage.value?.at && windowKey(event.key, windowOf(stage), stage.value.at.most_k, true);
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    setWindow(stage, to);
  });
  return (value, shown, g) => {
    const k = windowOf(stage);
    number.textContent = ` = ${k}`;
    pill.hidden = row.hidden = value.tokens.length < 2;
    pill.setAttribute("aria-valuemax", value.at.most_k);
    pill.setAttribute("aria-valuenow", k);
    pill.setAttribute("aria-valuetext", fill(words.k_about, { k }));
    const left = WIDE.x0 + shown.first[0] * g.column;
    pill.style.left = `${Math.max(4, Math.min(left - 31, WIDE.x0 + shown.chosen[0] * g.column - 34))}px`;
    row.style.width = `${WIDE.x0 + g.n * g.column - 10}px`;
  };
};

/** The checkpoints: a slider, its pill, a press on the curve, and playing them one after another. */
const scrubber = (at, stage, drawing) => {
  const { words } = stage;
  const zone = html("div", { class: "tzone" }, at);
  const slider = html("input", { type: "range", class: "scrub", min: 0, step: 1, "aria-label": words.scrub, "data-key": "scrub" }, at);
  const pill = html("div", { class: "pill", "aria-hidden": "true" }, at);
  const play = html("button", { class: "btn play", "data-key": "play" }, at);
  for (const element of [zone, slider, pill, play]) element.hidden = true; // until there are checkpoints
  let timer = null;
  const stop = () => { clearInterval(timer); timer = null; play.setAttribute("aria-pressed", "false"); label(); };
  const label = () => {
    play.replaceChildren();
    const sign = svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, play);
    svg("path", { d: timer ? "M1 0h3.6v12H1zM7.4 0H11v12H7.4z" : "M1 0l11 6l-11 6z" }, sign);
    play.append(timer ? words.stop : words.play);
  };
  play.addEventListener("click", () => {
    if (timer || !stage.value?.axis) return stop();
    let next = stopOf(stage.value) + 1;
    if (next >= stage.value.axis.stops.length) next = 0;
    moveTo(stage, next);
    timer = setInterval(() => {
      next += 1;
      if (next >= stage.value.axis.stops.length || !at.isConnected || !at.clientWidth) return stop();
      moveTo(stage, next);
    }, EVERY);
    label();
  });
  label();
  slider.addEventListener("input", () => { if (timer) stop(); moveTo(stage, Number(slider.value)); });
  let dragging = false;
  const press = (event) => {
    const x = event.clientX - drawing.getBoundingClientRect().left;
    const g = geometry(stage.value, stage.shown);
    const stops = stage.value.axis.stops;
    const near = stops.reduce((best, one, index) => (Math.abs(g.P(one.place) - x) < Math.abs(g.P(stops[best].place) - x) ? index : best), 0);
    if (near !== Number(slider.value)) { slider.value = near; if (timer) stop(); moveTo(stage, near); }
  };
  zone.addEventListener("pointerdown", (event) => { dragging = true; zone.setPointerCapture(event.pointerId); press(event); });
  zone.addEventListener("pointermove", (event) => { if (dragging) press(event); });
  for (const end of ["pointerup", "pointercancel"]) zone.addEventListener(end, () => { dragging = false; });
  return (value, shown, g) => {
    for (const element of [zone, slider, pill, play]) element.hidden = !value.axis;
    if (!value.axis) return;
    const stops = value.axis.stops;
    const at_ = stopOf(value);
    slider.max = stops.length - 1;
    if (!stage.waiting.some((one) => one.slot === "scrub") && stage.pending?.type !== "scrub") slider.value = at_;
    slider.setAttribute("aria-valuetext", fill(words.scrub_about, { n: count(stops[at_].step), tokens: count(stops[at_].tokens) }));
    const left = g.P(0);
    const right = g.P(stops.at(-1).place);
    Object.assign(slider.style, { left: `${left - 30}px`, width: `${right - left + 60}px` });
    Object.assign(zone.style, { left: `${left - 20}px`, width: `${right - left + 40}px` });
    pill.textContent = count(stops[at_].step);
    pill.style.left = `${g.P(shown.place[0]) - 27}px`;
  };
};

/** One head at every checkpoint, as pictures that can be pressed. */
const film = (at, stage) => {
  const { words } = stage;
  return (value, g) => {
    const points = stage.own.roads?.[value.road?.key] ?? [];
    const name = JSON.stringify([value.road?.key, points.length, value.at.step, document.documentElement.dataset.theme]);
    if (at.dataset.of === name) return;
    at.dataset.of = name;
    at.replaceChildren();
    const colours = heat.scales();
    points.forEach((point, index) => {
      const stop = value.axis?.stops[index];
      if (!stop) return;
      const about = `${fill(words.scrub_about, { n: count(stop.step), tokens: count(stop.tokens) })}, ${fill(words.head_name, { head: `${value.at.layer}.${value.at.head}` })}`;
      const button = html("button", { class: "film", "aria-label": about, title: about, "aria-pressed": String(stop.at === value.at.step), "data-key": `film${index}`, style: `left:${g.P(stop.place) - FILM.size / 2}px;top:${FILM.top}px` }, at);
      const picture = html("canvas", {}, button);
      heat.attention(heat.pen(picture, FILM.size, FILM.size), { x: 0, y: 0, w: FILM.size, h: FILM.size }, point.pattern.side, heat.bytes(point.pattern.data), 0, 255, colours);
      button.addEventListener("click", () => moveTo(stage, index));
    });
  };
};

/** Which head is followed through pre-training. */
const headPicker = (at, stage) => {
  const { words } = stage;
  const pick = html("select", { class: "head-pick", "aria-label": words.head_pick, "data-key": "head", hidden: true }, at);
  pick.addEventListener("change", () => {
    const [layer, head] = pick.value.split(".").map(Number);
    stage.act({ type: "set", name: "layer", value: layer });
    stage.act({ type: "set", name: "head", value: head });
  });
  return (value) => {
    pick.hidden = !value.axis;
    const [layers, heads] = value.heads;
    if (pick.dataset.of !== `${layers}.${heads}`) {
      pick.dataset.of = `${layers}.${heads}`;
      pick.replaceChildren();
      for (let layer = 0; layer < layers; layer += 1) for (let head = 0; head < heads; head += 1) html("option", { value: `${layer}.${head}` }, pick, fill(words.head_name, { head: `${layer}.${head}` }));
    }
    pick.value = `${value.at.layer}.${value.at.head}`;
  };
};

/** -> {draw(value), glide(value, shown)} */
export const controls = (at, stage, drawing) => {
  const hits = html("div", { class: "hits" }, at);
  const buttons = tokenButtons(hits, stage);
  const pill = windowPill(at, stage, drawing);
  const films = html("div", { class: "films" }, at);
  const pictures = film(films, stage);
  const scrub = scrubber(at, stage, drawing);
  const head = headPicker(at, stage);
  const nothing = html("div", { class: "no-road", hidden: true }, at);
  const sorry = html("p", {}, nothing);
  const other = html("button", { class: "btn" }, nothing, stage.words.to_gpt2);
  other.addEventListener("click", () => stage.act({ type: "model", name: "tiny-gpt2" }));
  hits.addEventListener("pointerleave", () => stage.point(null));
  return {
    draw(value, g) {
      buttons(value, g);
      head(value);
      pictures(value, g);
      nothing.hidden = Boolean(value.axis);
      sorry.textContent = fill(stage.words.no_road, { model: value.model });
    },
    glide(value, shown, g) {
      pill(value, shown, g);
      scrub(value, shown, g);
    },
  };
};
