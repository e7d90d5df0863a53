/* 「용어」: the map at the left, the open card with its demo at the right. Python computes every number; training runs in stage.own. */
import { fill, html } from "../../assets/js/dom.js";
import { page } from "../../assets/js/page.js";
import { cards, loadCards } from "../../assets/js/views/term_cards.js";
import { fewShot } from "../../assets/js/views/few_shot.js";
import { waitingPlace } from "../../assets/js/views/waiting.js";
import { board } from "./board.js";
import { theMap } from "./map.js";
import { liveRun } from "./run.js";
import { tasksPanel } from "./tasks.js";
import { waysTable } from "./ways.js";

/** The picture follows each letter of the text. */
export const typing = true;

const FEW = ["in-context", "zero-shot", "one-shot", "few-shot"];
const WAYS = ["fine-tuning", "prompt-tuning"];
const TASKS = ["downstream", "text-classification", "nli", "text-generation", "question-answering"];
const demoOf = (term) => (FEW.includes(term) ? "few" : WAYS.includes(term) ? "ways" : TASKS.includes(term) ? "tasks" : "");

const MOST_POINTS = 60;
const NARROW = 900;
const NO_TWIN = ["gpt", "masked-lm", "language-model"]; // there the model is told instead, or its short name

const termOf = (stage) => stage.own.term ?? stage.value?.term;

/** What a press does: the card opens at once, the address follows. */
const actions = (stage) => {
  const set = (name, value, slot = name) => stage.act({ type: "set", name, value }, slot);
  return {
    set,
    open(term) {
      stage.own.term = term;
      set("term", term);
      stage.paint();
    },
    /** The blank goes to a token, or by some tokens where it is `relative`; quick presses add up. */
    move(where, relative) {
      const { blank } = stage.value;
      if (!blank) return;
      const from = stage.own.wanted ?? blank.position;
      const to = Math.max(0, Math.min(blank.tokens.length - 1, relative ? from + where : where));
      stage.own.wanted = to;
      set("position", to);
    },
  };
};

/** A batch of questions, some at a time, so that others have their turn on the server: told(how many are answered) -> {right, seconds}. */
const inParts = async (stage, name, more, { all, atOnce }, told) => {
  const found = { right: [], seconds: 0 };
  while (found.right.length < all) {
    told(found.right.length);
    const { right, seconds } = await stage.ask(name, { ...more, first: found.right.length });
    found.right.push(...right);
    found.seconds += seconds;
    if (right.length < atOnce) break;
  }
  return found;
};

/** 20 fresh prompts with the number of examples on show. */
const measure = async (stage) => {
  const { own, words } = stage;
  const of = stage.value.few;
  const told = (few) => stage.show({ few: { ...own.few, ...few } });
  try {
    const found = await inParts(stage, "fresh", { batch: own.few.batch }, { all: of.n_prompts, atOnce: of.at_once }, (k) => told({ busy: fill(words["few.busy"], { k: k + 1, n: of.n_prompts }) }));
    const right = found.right.filter(Boolean).length;
    const point = { of: `${of.model} ${of.relation}`, shots: of.shots, accuracy: right / of.n_prompts };
    told({ busy: "", batch: own.few.batch + 1, points: [...own.few.points, point].slice(-MOST_POINTS), say: fill(words["few.measured"], { n: of.n_prompts, right, shots: of.shots }) });
  } catch (error) { told({ busy: "", say: error.message }); }
};

/** The sentences held back, with examples before each: nothing is trained. */
const askWithExamples = async (stage, shots) => {
  const { own, words } = stage;
  const { ways } = stage.value;
  const all = ways.sentences.length;
  const draws = own.draws ?? 0;
  stage.show({ fault: "", draws: draws + 1 });
  try {
    const found = await inParts(stage, "in_context", { shots, seed: draws }, { all, atOnce: ways.at_once }, (k) => stage.show({ asking: fill(words["few.busy"], { k: k + 1, n: all }) }));
    stage.show({ asking: "", results: { ...own.results, "in-context": { ...found, shots, of: page.lang } } });
  } catch (error) { stage.show({ asking: "", fault: error.message }); }
};

export const build = (stage) => {
  const { at, own, parts, picture, words } = stage;
  own.few ??= { points: [], say: "", busy: "", batch: 0 };
  own.few.busy = "";
  own.asking = "";
  own.results ??= {};
  const on = actions(stage);
  stage.waitingPlace = waitingPlace(stage.head);
  parts.map = theMap(picture, stage, on);
  parts.other = html("p", { class: "other-model", hidden: true }, picture);
  parts.side = html("aside", { class: "side", "aria-label": words["side.label"] }, at);
  stage.frame.lookLine.after(parts.side);
  parts.under = html("div", { class: "under" });
  parts.run = liveRun(stage);
  parts.fold = html("button", { class: "link whole-card", "data-key": "whole-card", "aria-expanded": "false" }, parts.under);
  parts.fold.addEventListener("click", () => stage.show({ whole: !own.whole }));
  const few = html("section", { "aria-label": words["node.in-context"] }, parts.under);
  const ways = html("section", { "aria-label": words["ways.title"] }, parts.under);
  const tasks = html("section", { "aria-label": words["node.downstream"] }, parts.under);
  const fewDraw = fewShot(few, words, {
    shots: (n) => on.set("shots", n),
    relation: (name) => on.set("relation", name),
    again: () => on.set("seed", (stage.value.few.seed + 1) % 1000),
    measure: () => measure(stage),
  });
  const waysDraw = waysTable(ways, words, {
    open: on.open,
    train: (way) => parts.run.start(way),
    cancel: () => parts.run.cancel(),
    ask: (shots) => askWithExamples(stage, shots),
  });
  const tasksDraw = tasksPanel(tasks, words);
  parts.panels = {
    few: [few, (value) => fewDraw(value.few, own.few)],
    ways: [ways, (value) => waysDraw(value.ways, own, value.table && termOf(stage) === value.term ? null : termOf(stage))],
    tasks: [tasks, (value) => tasksDraw(value.tasks, termOf(stage))],
  };
  loadCards().then((all) => {
    parts.map.twins(all.list.filter(({ id }) => !NO_TWIN.includes(id)));
    parts.cards = cards(parts.side, { ...all, on: (id) => {
      on.open(id);
      if (innerWidth <= NARROW) parts.side.scrollIntoView({ block: "nearest" });
    } });
    stage.paint();
  }).catch((error) => {
    html("p", { class: "quiet-text", role: "alert" }, parts.side, words["cards.failed"]);
    console.warn(error.message);
  });
  new MutationObserver(() => stage.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] }); // a canvas knows no CSS variables
};

/** The card of the chosen term, and under it what can be tried. */
const drawSide = (stage, term) => {
  const { parts, value } = stage;
  const demo = demoOf(term);
  parts.side.dataset.demo = demo;
  const whole = Boolean(stage.own.whole) || demo === "tasks";
  parts.side.classList.toggle("folded", Boolean(demo) && !whole); // beside a demo the definition waits for a press, so that both fit
  parts.fold.textContent = stage.words[whole ? "card.less" : "card.more"];
  parts.fold.setAttribute("aria-expanded", String(whole));
  parts.fold.hidden = !demo || demo === "tasks";
  for (const [name, [at, draw]] of Object.entries(parts.panels)) {
    at.hidden = name !== demo;
    if (name === demo) draw(value);
  }
  if (!parts.cards) return;
  parts.cards.open(term);
  const place = parts.cards.place();
  if (place && parts.under.parentNode !== place) place.append(parts.under);
};

/** On a phone the search stands above the map and the card under its node, where the finger is; else both at the right. */
const placeSide = (stage, term) => {
  const { frame, parts, picture } = stage;
  const { field, at } = parts.cards ?? {};
  const home = innerWidth > NARROW ? at : stage.head.parentNode;
  if (field && field.parentNode !== home) {
    if (home === at) at.prepend(field);
    else stage.head.after(field);
  }
  const after = innerWidth > NARROW ? frame.lookLine : parts.map.node(term) ?? picture.firstChild;
  if (parts.side.previousElementSibling === after) return;
  const focused = parts.side.contains(document.activeElement) ? document.activeElement : null;
  after.after(parts.side);
  focused?.focus({ preventScroll: true });
  if (focused) parts.side.scrollIntoView({ block: "nearest" });
};

export const draw = (stage) => {
  const { own, parts, value } = stage;
  if (!stage.pending && !stage.waiting.length) { own.term = undefined; own.wanted = undefined; }
  const term = termOf(stage);
  parts.map(value, term);
  parts.other.hidden = !value.other_model;
  parts.other.textContent = value.other_model ?? "";
  placeSide(stage, term);
  drawSide(stage, term);
};

/** A run that goes on would be lost with the page. */
export const running = (stage) => Boolean(stage.own.run);
/** What a change of language or a reload leaves. */
export const keep = ({ own }) => ({ results: own.results, few: { ...own.few, busy: "" } });

export { board };
