/* 「사전학습」: equation (1) as a control panel over bars, one step of SGD, the road of checkpoints. Python computes every number; this draws them. */
import { count, fill, html } from "../../assets/js/dom.js";
import { waitingPlace } from "../../assets/js/views/waiting.js";
import { backgrounds } from "./background.js";
import { board as drawBoard } from "./board.js";
import { controls, windowOf } from "./controls.js";
import { equation } from "./equation.js";
import { folds, toNetwork } from "./folds.js";
import { glider } from "./glide.js";
import { continuation, places, stepPanel } from "./low.js";
import { narrow } from "./narrow.js";
import { stopOf } from "./numbers.js";
import { geometry, paintWide, wideDrawing } from "./wide.js";

const LEAST = 1224; // px of the picture that the wide stage needs

/** The picture follows each letter of the text. */
export const typing = true;

/** Steps on another text would be other ones. */
export const ofText = ["steps"];

/** The curve and the pictures of the head, a few checkpoints at a time until all are there. */
const readRoad = async (stage) => {
  const { value, own } = stage;
  const key = value.road.key;
  own.roads ??= {};
  if (own.reading === key || own.roads[key]?.length === value.axis.stops.length) return;
  own.reading = key;
  try {
    while (own.reading === key) {
      const found = own.roads[key] ?? [];
      if (found.length >= stage.value.axis.stops.length) break;
      const answer = await stage.ask("road", { first: found.length });
      if (answer.key !== key) break; // another text by now: its own reading follows
      const kept = Object.entries(own.roads).slice(-7);
      own.roads = Object.fromEntries([...kept.filter(([name]) => name !== key), [key, [...found, ...answer.points]]]);
      stage.paint();
    }
  } catch (error) {
    console.warn(error.message);
  } finally {
    if (own.reading === key) own.reading = null;
    if (stage.value?.axis && stage.value.road.key !== key) readRoad(stage);
  }
};

/** What belongs to this Θ and is not waited for: what it writes, and where a step would lead. The picture is drawn again when it is there. */
const readTheta = async (stage) => {
  const { value: { theta }, own } = stage;
  if (own.thinking) return;
  own.thinking = true;
  try {
    for (const name of ["writes", "ahead"]) {
      if (own[name]?.[theta]) continue;
      const answer = await stage.ask(name);
      const kept = Object.entries(own[name] ?? {}).slice(-7);
      own[name] = Object.fromEntries([...kept, [answer.key, answer]]);
      stage.paint();
      if (stage.value.theta !== theta) break; // there is another one by now
    }
  } catch (error) {
    console.warn(error.message);
    return;
  } finally {
    own.thinking = false;
  }
  if (stage.value.theta !== theta) readTheta(stage);
};

/** What the pictures of the stage need beside the value. */
const readMore = (stage) => {
  const { value } = stage;
  if (!value.ready || value.view !== "stage") return;
  if (value.step && !(stage.own.writes?.[value.theta] && stage.own.ahead?.[value.theta])) readTheta(stage);
  if (value.axis) readRoad(stage);
};

const isNetwork = ({ scenes, value }) => scenes[value.scene]?.id === "network";

/** What the swatches of the bars mean, as far as they are on show. */
const legend = (at, stage) => (value) => {
  const { words } = stage;
  at.replaceChildren();
  if (!value.bars || value.view !== "stage" || isNetwork(stage)) return;
  const key = (cls, name) => { const one = html("span", {}, at); html("i", { class: cls }, one); one.append(name); };
  key("now", words.key_now);
  if (value.at.k < value.at.most_k) key("cost", words.key_cost);
  if (value.at.taken.length) key("was", words.key_was_step);
  else if (value.at.since === 0) key("was", words.key_was_end);
  else if (value.at.since > 0) key("was", fill(words.key_was_since, { at: count(value.at.since) }));
};

export const build = (stage) => {
  const { head, parts, picture, words } = stage;
  stage.waitingPlace = waitingPlace(head);
  parts.legend = legend(html("p", { class: "keys" }, head), stage);
  parts.card = html("section", { class: "stage-card", "aria-label": words.board_label }, picture);
  parts.equation = equation(parts.card, stage);
  parts.writes = continuation(parts.card, stage);
  parts.drawing = wideDrawing(parts.card, words.board_label);
  const wide = html("div", { class: "wide" }, parts.card);
  stage.point = (index) => {
    if (stage.own.pointed === index) return;
    stage.own.pointed = index;
    if (stage.value?.ready && stage.value.view === "stage") show(stage);
  };
  parts.controls = controls(wide, stage, parts.drawing);
  parts.narrow = narrow(parts.card, stage);
  const low = html("div", { class: "low" }, parts.card);
  parts.places = places(low, stage);
  parts.step = stepPanel(low, stage);
  parts.card.append(parts.narrow.time);
  parts.card.after(parts.narrow.dock);
  parts.network = html("p", { class: "equation-2", hidden: true }, head);
  parts.toNetwork = toNetwork(parts.network, stage);
  parts.background = backgrounds(html("section", { class: "background", hidden: true }, picture), stage);
  parts.go = glider((shown) => {
    stage.shown = shown;
    if (!stage.value?.bars || stage.value.view !== "stage" || document.documentElement.dataset.present) return;
    const g = geometry(stage.value, shown);
    if (parts.isNarrow) parts.narrow.paint(stage.value, shown);
    else {
      paintWide(parts.drawing, stage, shown, parts.equation.places);
      parts.controls.glide(stage.value, shown, g);
    }
  });
  parts.folds = folds(stage);
  new MutationObserver(() => stage.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] }); // a canvas knows no CSS variables
};

const chosenOf = (stage) => stage.own.pointed ?? stage.value.at.token;

/** Numbers of this picture, towards which the shown ones go. */
const show = (stage, jump) => {
  const { parts, value } = stage;
  const chosen = chosenOf(stage);
  const { bars } = value;
  parts.go({
    now: bars.now, full: bars.full, was: bars.was ?? bars.now, on: [bars.was ? 1 : 0],
    place: [value.axis ? value.axis.stops[stopOf(value)].place : 0],
    chosen: [chosen], first: [Math.max(0, chosen - windowOf(stage))],
  }, jump);
  parts.places(value, chosen);
};

export const draw = (stage) => {
  const { parts, value, own } = stage;
  if (!stage.waiting.some((one) => one.slot === "window") && stage.pending?.type !== "window") own.k = null;
  const of = JSON.stringify([value.text, value.model]);
  if (own.of !== of) Object.assign(own, { of, pointed: null, live: null });
  const onStage = value.view === "stage";
  parts.network.hidden = !isNetwork(stage);
  parts.toNetwork(value);
  parts.card.hidden = !onStage;
  parts.legend(value);
  parts.background.draw(value);
  parts.folds(value);
  parts.isNarrow = stage.at.clientWidth < LEAST;
  parts.card.classList.toggle("narrow", parts.isNarrow);
  parts.equation.draw(value);
  if (!onStage || !value.ready) { parts.narrow.draw(value, false); return; }
  const stop = value.axis?.stops[stopOf(value)];
  parts.writes(value, value.at.step === 0 || !stop ? null : count(stop.step));
  parts.step.draw(value);
  const jump = stage.shown && stage.shown.now.length !== value.bars.now.length;
  show(stage, jump);
  if (!parts.isNarrow) parts.controls.draw(value, geometry(value, stage.shown));
  parts.narrow.draw(value, parts.isNarrow);
  readMore(stage);
};

export const board = (stage) => {
  drawBoard(stage);
  readMore(stage);
};

export const space = (stage) => { if (stage.value?.view === "stage") stage.parts.step.go(1); };
