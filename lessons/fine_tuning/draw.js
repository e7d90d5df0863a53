/* 「미세조정」: Python says what stays the same within a run; the run itself is stage.own, led by control.js. */
import { fill, html, svg } from "../../assets/js/dom.js";
import { page } from "../../assets/js/page.js";
import { rich } from "../../assets/js/term.js";
import { fold } from "../../assets/js/views/folds.js";
import { waitingPlace } from "../../assets/js/views/waiting.js";
import { board as boardParts } from "./board.js";
import { control } from "./control.js";
import { accuracyCurves, lossCurves } from "./curves.js";
import { equation, sum } from "./equation.js";
import { ownView } from "./own.js";
import { begun, isOn, over, pace } from "./run.js";
import { buildDev, devSentences, languageModel } from "./sentences.js";
import { buildSettings } from "./settings.js";
import { extractAt, flow, labels, rows } from "./strip.js";
import { kindButtons, runTable } from "./tables.js";
import { makeTrainer } from "./trainers.js";
import { lambdaTable, layersView, partsView } from "./views.js";
import { look } from "./look.js";

export const typing = true;
const VIEWS = ["train", "layers", "parts", "own"];

const button = (parent, id, words, action, how = {}) => {
  const at = html("button", { id, class: "quiet", "data-key": id, ...how }, parent, words);
  at.addEventListener("click", action);
  return at;
};

const buildPipe = (stage) => {
  const { parts, picture, words } = stage;
  const pipe = html("section", { class: "pipe", "data-part": "pipe", "aria-label": words["pipe.label"] }, picture);
  parts.kinds = kindButtons(html("div", { class: "pipe-tasks" }, pipe), stage);
  parts.flow = html("div", { class: "flow" }, pipe);
  parts.labels = html("div", { class: "labels", role: "img" }, pipe);
  parts.rows = html("div", { class: "rows" }, pipe);
  parts.new = html("p", { class: "new-numbers" }, pipe);
};

const buildTrain = (stage, at) => {
  const { parts, words } = stage;
  const charts = html("div", { class: "charts" }, at);
  const first = html("div", { "data-part": "loss" }, charts);
  const head = html("div", { class: "view-head" }, first);
  html("h2", {}, head, words["curve.title"]);
  html("span", { class: "mute" }, head, words["curve.about"]);
  parts.loss = html("div", { class: "loss" }, first);
  parts.loss.tabIndex = 0;
  parts.loss.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const { run, scrub } = stage.own;
    if (!by || !run || run.steps.length < 2) return;
    event.preventDefault();
    event.stopPropagation();
    const to = Math.max(1, (scrub ?? run.steps.length) + by);
    stage.show({ scrub: to >= run.steps.length ? null : to });
  });
  const second = html("div", { class: "second", "data-part": "accuracy" }, charts);
  const accuracy = html("div", { class: "view-head" }, second);
  html("h2", {}, accuracy, words["accuracy.title"]);
  parts.accuracyAbout = html("span", { class: "mute" }, accuracy);
  parts.accuracy = html("div", { class: "accuracy" }, second);
  parts.runs = html("table", { class: "runs" }, second);
};

const buildTransport = (stage, at) => {
  const { parts, words } = stage;
  const row = html("div", { class: "transport", "data-part": "transport" }, at);
  parts.play = button(row, "ft-play", "", () => stage.parts.control.toggle(), { class: "quiet dark", "data-main": true });
  parts.one = button(row, "ft-step", words["one_step"], () => stage.parts.control.step());
  parts.back = button(row, "ft-back", "", () => stage.parts.control.back());
  parts.reset = button(row, "ft-reset", words.reset, () => stage.parts.control.reset());
  const progress = html("div", { class: "progress" }, row);
  const line = html("div", {}, progress);
  parts.now = html("b", {}, line);
  parts.of = html("span", { class: "mute" }, line);
  parts.left = html("span", { class: "mute left" }, line);
  parts.bar = html("i", {}, html("div", { class: "rail" }, progress));
  const where = html("div", { class: "seg", role: "group", "aria-label": words.where }, row);
  parts.places = ["browser", "server"].map((place) => {
    const at_place = html("button", { "data-key": `where-${place}`, "aria-pressed": "false" }, where);
    at_place.addEventListener("click", () => stage.parts.control.where(place));
    return [place, at_place];
  });
};

export const build = (stage) => {
  const { parts, picture, words, fields } = stage;
  picture.classList.add("tune");
  stage.own.run ??= null;
  buildPipe(stage);
  const grid = html("div", { class: "tune-grid" }, picture);
  const card = html("section", { class: "card", "aria-label": words["card.label"] }, grid);
  const views = html("div", { class: "card-views" }, card);
  parts.views = VIEWS.map((view) => {
    const at = html("button", { "data-key": `view-${view}`, "aria-pressed": "false" }, views, words[`view.${view}`]);
    at.addEventListener("click", () => stage.act({ type: "view", view }));
    return [view, at];
  });
  parts.settings = buildSettings(views, stage);
  parts.train = html("div", { class: "view-train" }, card);
  const top = html("div", { class: "equation-row", "data-part": "equation" }, parts.train);
  parts.equation = equation(top, words, fields.lambda_, { slide: (value, done) => parts.control.slide(value, done) });
  parts.sum = html("div", { class: "sum" }, top);
  buildTrain(stage, parts.train);
  parts.layers = html("div", { class: "view-layers", "data-part": "layers" }, card);
  parts.table = html("div", { class: "view-parts", "data-part": "parts" }, card);
  parts.own = ownView(html("div", { class: "view-own", "data-part": "own" }, card), stage);
  parts.error = html("p", { class: "error", role: "alert", hidden: true }, card);
  stage.waitingPlace = waitingPlace(card);
  parts.told = waitingPlace(card);
  buildTransport(stage, card);
  const side = html("section", { class: "side", "aria-label": words["side.label"] }, grid);
  parts.dev = buildDev(html("div", { "data-part": "dev" }, side), words);
  const language = html("div", { class: "language", "data-part": "language" }, side);
  const head = html("div", { class: "side-head" }, language);
  html("h2", {}, head, words["language.title"]);
  html("span", { class: "mute" }, head, words["language.about"]);
  parts.language = html("ol", {}, language);
  parts.lambdas = fold(stage.more, words["lambdas.title"], words["lambdas.about"], () => drawFolds(stage));
  parts.counts = fold(stage.more, words["counts.title"], words["counts.about"]);
  parts.control = control(stage, (where, news) => makeTrainer(where, stage, news));
};

const drawFolds = ({ parts, value, words }) => {
  if (value.lambdas && parts.lambdas.clientWidth) lambdaTable(parts.lambdas, value.lambdas, value.paper, words);
  parts.counts.replaceChildren();
  for (const text of [value.say_new, value.say_changed]) if (text) rich(html("p", {}, parts.counts), text);
};

/** A run that was made as the recorded ones were: its point may stand among theirs. */
const isLikeRecord = (run, { task, steps, lambda, rate }) => run.task === task && run.dev.length > 0 && run.settings.trained === "full" && over(run)
  && run.settings.steps === steps && run.settings.rate === rate && run.steps.every((step) => step.lambda === lambda);

const drawTransport = ({ parts, own, words }) => {
  const { run } = own;
  const on = Boolean(run && isOn(run));
  const done = Boolean(run && over(run));
  parts.play.replaceChildren();
  svg("path", { d: on ? "M1 0h3.6v12H1zM7.4 0H11v12H7.4z" : "M1 0l11 6l-11 6z" }, svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, parts.play));
  parts.play.append(on ? words.pause : done ? words.once_more : run && begun(run) && !own.lost ? words.go_on : words.start);
  parts.one.disabled = on || done || !run;
  const mark = run && begun(run) ? run.marks.filter((one) => one.step < run.steps.at(-1).step).at(-1) : null;
  parts.back.disabled = on || !mark;
  parts.back.textContent = mark ? fill(words.back_to, { n: mark.step }) : words.back;
  parts.reset.disabled = !run || !begun(run);
  const step = run?.steps.at(-1)?.step ?? 0;
  const steps = run?.settings.steps ?? 0;
  parts.now.textContent = step;
  parts.of.textContent = ` / ${fill(words["curve.steps"], { n: steps })}`;
  const speed = run ? pace(run) : 0;
  parts.left.textContent = done ? words.finished : speed && step ? fill(words.seconds_left, { n: Math.ceil((steps - step) / speed) }) : step ? "" : own.note ?? "";
  parts.bar.style.width = `${steps ? (100 * step) / steps : 0}%`;
  for (const [place, at] of parts.places) {
    const here = own.where === place;
    at.setAttribute("aria-pressed", String(here));
    at.disabled = on && !here;
    at.replaceChildren();
    if (here) html("span", { class: on ? "live on" : "live", "aria-hidden": "true" }, at);
    at.append(here && speed ? `${words[`where.${place}.here`]} · ${fill(words.pace, { n: speed.toFixed(1) })}` : words[here ? `where.${place}.here` : `where.${place}`]);
  }
};

const drawPipe = (stage) => {
  const { parts, value, own, words } = stage;
  parts.kinds(value);
  const label = stage.head.querySelector("form.start > label");
  if (label && value.fields?.length) label.textContent = value.fields[0].name;
  rich(parts.new, value.say_new ?? "");
  const tried = own.probe && own.probe.of === String(value.sequences.map((sequence) => sequence.ids)) ? own.probe : null;
  const key = JSON.stringify([value.sequences.map((sequence) => sequence.ids), Boolean(tried), value.cut, page.lang]);
  if (parts.rowsKey !== key) {
    parts.rowsKey = key;
    rows(parts.rows, value, words, tried ? parts.control : null);
    if (value.cut) html("p", { class: "mute", role: "status" }, parts.rows, value.cut);
    if (!tried && own.run && begun(own.run) && !isOn(own.run)) parts.control.look().then(() => own.probe && stage.show({}));
  }
  const flowKey = `${parts.flow.clientWidth}${parts.rows.clientWidth}${value.kind}${value.n_out}${key}`;
  if (parts.flowKey !== flowKey) { parts.flowKey = flowKey; flow(parts.flow, value, words, extractAt(parts.flow, parts.rows)); }
  labels(parts.labels, own.run?.labels.length ? own.run.labels : value.labels, tried?.probabilities ?? null, own.without?.probabilities ?? null, words);
};

const drawTrain = (stage) => {
  const { parts, value, own, words } = stage;
  const { run } = own;
  const lambda = run?.lambda ?? value.settings.lambda;
  const now = parts.control.losses();
  parts.equation.draw(now, own.scrub === null ? lambda : now?.lambda ?? lambda);
  sum(parts.sum, now, now?.lambda ?? lambda, words);
  const shown = run ?? { steps: [], dev: [], changes: [], settings: value.settings };
  const scrub = (step) => { if (step !== own.scrub) stage.show({ scrub: step }); };
  lossCurves(parts.loss, shown, { scrub: own.scrub, lambda }, words, { scrub });
  const same = (own.runs ?? []).map((one) => (one.task === shown.task ? one : { ...one, hidden: true })); // another task's accuracy says nothing here
  accuracyCurves(parts.accuracy, shown, same, { scrub: own.scrub }, words);
  parts.accuracyAbout.textContent = fill(words["accuracy.about"], { n: (run?.dev_rows ?? value.dev ?? []).length, k: 20 });
  runTable(parts.runs, stage);
};

export const draw = (stage) => {
  const { parts, picture, value, own, words } = stage;
  parts.control.follow(value);
  boardParts(stage);
  for (const [view, at] of parts.views) at.setAttribute("aria-pressed", String(view === value.view));
  picture.dataset.view = value.view;
  picture.dataset.scene = stage.scenes[value.scene]?.id ?? "";
  parts.settings(value);
  drawPipe(stage);
  if (value.view === "train" || picture.dataset.board) drawTrain(stage);
  if (value.view === "layers") {
    const mine = [own.run?.shelved ? null : own.run, ...(own.runs ?? [])].filter((run) => run && value.layers && isLikeRecord(run, value.layers))
      .map((run) => ({ k: Math.min(run.settings.layers, value.n_layer), accuracy: run.dev.at(-1).accuracy, steps: run.steps.length }));
    layersView(parts.layers, value.layers, mine, Math.min(value.settings.layers, value.n_layer ?? 99), words, { pick: (k) => stage.act({ type: "set", name: "layers", value: k }, "layers") });
  }
  if (value.view === "parts") partsView(parts.table, value.parts_table, value.settings.trained, words, { pick: (name) => stage.act({ type: "set", name: "trained", value: name }, "trained") });
  if (value.view === "own") parts.own(value);
  devSentences(parts.dev, value, own.run ?? { dev: [], changes: [], labels: value.labels }, { scrub: own.scrub ?? null }, words);
  languageModel(parts.language, value, own.run ?? { language: [], changes: [] }, { scrub: own.scrub ?? null }, words, parts.control.pieces());
  drawTransport(stage);
  parts.error.hidden = !own.error;
  parts.error.textContent = own.error;
  const told = own.told;
  parts.told.hidden = !told;
  if (told) {
    parts.told.querySelector("span").textContent = told.words;
    const bar = parts.told.querySelector("progress");
    if (Number.isFinite(told.share)) bar.value = told.share; else bar.removeAttribute("value");
  }
  if (value.ready) {
    rich(stage.frame.look, look(stage));
    stage.frame.lookLine.hidden = false;
  }
  drawFolds(stage);
};

/** Beside a presenter the space bar starts and stops the run. */
export const space = (stage) => stage.parts.control.toggle();
export const running = ({ own }) => Boolean(own.run && isOn(own.run));
/** Finished curves survive a change of language; a run whose model is gone with the page does not go on. */
export const keep = ({ own, parts }) => {
  const left = Boolean(own.run && begun(own.run));
  parts.control.again();
  return { runs: own.runs, where: own.where, lines: own.lines, box: own.box, left };
};
