/* What the buttons do: it leads the trainer (in this browser, or the server's), and keeps in stage.own what comes of it. */
import { addStep, begun, cutAt, isOn, losses, newRun, over, keyOf, shelved } from "./run.js";

const PAINT_EVERY = 120; // ms between two pictures while steps come in
const MOST_RUNS = 6;
const MOST_MARKS = 2;    // as many as a trainer keeps
const CONTINUED = 6;     // tokens of the continuation
const MEASURED = 100;    // steps between two looks at the language model

/** The fields of the input without the one token that stands at `index` of a row. */
export const without = ({ kind, field_ids: fields, sequences }, row, index) => {
  const at = (name) => sequences[row].tokens.findIndex((token) => token.label === name);
  const [start, delim] = [at("Start"), at("Delim")];
  const behind = delim >= 0 && index > delim;
  let [field, place] = behind ? [1, index - delim - 1] : [0, index - start - 1];
  if (kind === "similarity" && row === 1) field = 1 - field;
  if (kind === "choice" && behind) field = 2 + row;
  else if (kind === "choice" && place >= fields[0].length) [field, place] = [1, place - fields[0].length];
  return fields.map((ids, one) => (one === field ? ids.filter((_, other) => other !== place) : ids));
};

/** make(where, onNews) -> a trainer, see assets/js/training/trainer.js */
export const control = (stage, make) => {
  let trainer = null;
  let loaded = "";        // what the trainer has loaded: model and set, and where it runs
  let pieces = null;      // of the vocabulary of `spelled`
  let spelled = "";
  let left = 0;           // what has been left out last
  let painting = 0;
  let going = Promise.resolve(); // what the last press of Start leads to
  const own = stage.own;
  own.run ??= null;
  own.runs ??= [];
  own.where ??= "browser";
  own.scrub ??= null;
  own.told ??= null;      // {words, share} while something loads
  own.error ??= "";
  own.note = own.left ? stage.words["kept.note"] : ""; // the page was left while a run went on
  own.left = false;

  const paint = (at_once) => {
    if (at_once) { clearTimeout(painting); painting = 0; stage.show({}); return; }
    painting ||= setTimeout(() => { painting = 0; stage.show({}); }, PAINT_EVERY);
  };

  /** The trainer goes, and with it whatever was asked of it. */
  const end = () => {
    trainer?.close();
    trainer = null;
    loaded = "";
    going = Promise.resolve();
  };

  const loading = ({ part, place }) => stage.words[place === "cdn" ? "loading.cdn" : `loading.${part}`];

  const fail = (why, message) => {
    if (own.run && isOn(own.run)) own.run.status = begun(own.run) ? "paused" : "ready";
    own.told = null;
    own.error = (why === "server" && message) || (stage.words[`failed.${why}`] ?? stage.words["failed.worker"]);
    if (why !== "nan") {
      end();
      own.lost = begun(own.run ?? { steps: [] });
      if (own.run) { own.run.marks.splice(0); own.run.placed = false; }
    }
    paint(true);
  };

  const news = (one) => {
    const { run } = own;
    if (one.what === "failed") return fail(one.why, one.message);
    if (one.what === "loading") { own.told = { words: loading(one), share: one.share }; return paint(); }
    if (one.what === "queue") { own.told = one.place ? { words: stage.words["loading.queue"].replace("{n}", one.place) } : null; return paint(); }
    if (!run || !run.placed) return; // also after a pause: the step that was under way belongs to the run
    if (one.what === "step") {
      own.told = null;
      addStep(run, one);
      if (over(run)) run.status = "done";
    }
    if (one.what === "dev") {
      run.dev.push({ step: one.step, accuracy: one.accuracy, probabilities: one.probabilities });
      look().then(() => paint(), () => {}); // the sentence on show as well; a fault of the trainer comes as news
    }
    paint();
  };

  /** The trainer with the model and the set of the run, loaded once. */
  const ready = async (run) => {
    const wanted = `${own.where}|${run.model}|${run.task}`;
    if (trainer && loaded === wanted) return;
    if (!trainer) trainer = make(own.where, news);
    own.told = { words: stage.words["loading.start"] };
    paint(true);
    await trainer.load({ model: run.model, set: run.task === "own" ? null : run.task, kind: run.kind, lang: stage.value.half });
    loaded = wanted;
    if (spelled !== run.model) {
      const found = await stage.ask("vocabulary");
      [pieces, spelled] = [found.pieces, run.model];
    }
  };

  const plan = (run, value) => {
    const { layers, trained, seed } = run.settings;
    const names = { full: "full", head: "head", last: "last layers", prompts: "soft prompts" };
    return {
      kind: run.kind, nLabels: run.labels.length, nLayersTransferred: Math.min(layers, value.n_layer), trained: names[trained], nLastLayers: 1,
      labelTokens: value.label_tokens, seed, steps: run.settings.steps, lambda: run.lambda, learningRate: run.settings.rate,
      ...(run.task === "own" ? { examples: own.lines.train, dev: own.lines.dev } : {}),
    };
  };

  const measure = async (run) => {
    const at = run.steps.at(-1)?.step ?? 0;
    if (run.language.at(-1)?.step === at) return;
    const [task, world] = [(await trainer.language("task")).l1, (await trainer.language("held out")).l1];
    const { ids } = await trainer.proceed(stage.value.beginning.ids, CONTINUED);
    run.language.push({ step: at, task, world, ids });
  };

  /** The probabilities of the sentence on show, by the model as it is now. */
  const look = async () => {
    const { run } = own;
    if (!trainer || !run || !begun(run) || loaded !== `${own.where}|${run.model}|${run.task}`) return;
    const shown = stage.value.sequences.map((sequence) => sequence.ids);
    const found = await trainer.evaluate([{ fields: stage.value.field_ids, label: 0 }]);
    if (run !== own.run) return;
    own.probe = { of: String(shown), probabilities: found.probabilities[0] };
  };

  /** A promise of the trainer that nobody waits for: its faults come as news. */
  const quietly = (promise) => { promise?.catch?.(() => {}); };

  /**
   * One after the other: after a pause the trainer first ends the step that it is at, and measures. A press counts at once, so that the next one
   * is a pause; where she has paused or gone on to another run before its turn, nothing starts.
   */
  const start = (n) => {
    const { run } = own;
    if (!run) { own.wish = true; return going; }
    if (isOn(run)) return going;
    run.status = "loading";
    run.presses = (run.presses ?? 0) + 1;
    const { presses } = run;
    own.told ??= { words: stage.words["loading.start"] };
    paint(true);
    going = going.then(() => (run === own.run && run.status === "loading" && run.presses === presses ? go(n) : undefined));
    return going;
  };

  /** The lines that stand in the box of own data, taken where they were not yet -> whether this run can go on with them. */
  const lines_taken = async (run) => {
    if (!own.take || (run.task !== "own" && stage.value.view !== "own")) return true;
    const taken = await own.take();
    if (taken && own.run.task === "own") return true;
    own.error = taken || own.lines || run.task !== "own" ? "" : stage.words["own.first"];
    own.told = null;
    if (run === own.run) run.status = begun(run) ? "paused" : "ready";
    paint(true);
    return false;
  };

  const go = async (n) => {
    const { value } = stage;
    let { run } = own;
    if (!await lines_taken(run)) return;
    own.error = "";
    own.note = "";
    try {
      if (own.lost) again();
      run = own.run;
      const fresh = !begun(run) && !run.placed;
      run.status = "loading";
      paint(true);
      await ready(run);
      if (fresh) {
        await trainer.begin(plan(run, value));
        run.placed = true;
        run.marks.push({ id: await trainer.mark(), step: 0 });
        await measure(run);
      }
      if (run !== own.run || run.status !== "loading") return; // she has gone on to something else meanwhile
      trainer.set({ lambda: run.lambda, learningRate: run.settings.rate });
      run.status = "running";
      own.told = null;
      paint(true);
      await going_on(run, n ?? run.settings.steps - run.steps.length);
      if (run !== own.run) return;
      if (["running", "done"].includes(run.status)) run.status = over(run) ? "done" : "paused";
      await measure(run);
      await look();
      if (over(run)) keep();
    } catch (error) {
      if (error?.why) return fail(error.why, error.message);
      own.error = error?.message || stage.words["failed.worker"];
      own.told = null;
      run.status = begun(run) ? "paused" : "ready";
    }
    settle();
    paint(true);
  };

  /** n steps, with a look at the language model on the way; less where she pauses or goes on to something else. */
  const going_on = async (run, n) => {
    for (let left = n; left > 0;) {
      const some = Math.min(left, MEASURED - (run.steps.length % MEASURED));
      await trainer.run(some);
      left -= some;
      if (run !== own.run || run.status !== "running") return;
      if (left > 0) await measure(run);
      if (run !== own.run || run.status !== "running") return;
    }
  };

  const pause = () => {
    if (!own.run || !isOn(own.run)) return;
    own.run.status = begun(own.run) ? "paused" : "ready";
    own.told = null;
    quietly(trainer?.pause());
    paint(true);
  };

  /** Among the kept runs, once. */
  const keep = () => {
    const { run } = own;
    if (!run || run.steps.length < 2 || run.shelved) return;
    run.shelved = true;
    own.runs = [...own.runs, shelved(run)].slice(-MOST_RUNS);
  };

  /** The run that has ended, or was left, is kept; the next one begins at its start. */
  const again = () => {
    pause();
    keep();
    own.run = { ...newRun(stage.value), lambda: own.run?.lambda ?? stage.value.settings.lambda };
    if (own.lines && own.run.task === "own") { own.run.labels = own.lines.labels; own.run.dev_rows = own.lines.dev_rows; }
    own.probe = null;
    own.lost = false;
    own.scrub = null;
  };

  const reset = () => { own.error = ""; again(); paint(true); };

  /** Back to the last mark before the step that the run stands at. */
  const back = async () => {
    const { run } = own;
    if (!run || !begun(run) || !trainer || isOn(run)) return;
    const mark = run.marks.filter((one) => one.step < run.steps.at(-1).step).at(-1);
    if (!mark) return;
    if (!await trainer.back(mark.id)) { run.marks = run.marks.filter((one) => one !== mark); return paint(true); }
    cutAt(run, mark.step);
    run.shelved = false;
    run.status = "paused";
    await look();
    paint(true);
  };

  /** λ moves: at once for the next step; marked, so that she can come back; the address follows when the run rests. */
  const slide = async (lambda, done) => {
    const { run } = own;
    if (!run) return;
    run.lambda = lambda;
    paint(true);
    if (!done && isOn(run)) return;
    if (trainer && run.placed) {
      const last = run.steps.at(-1);
      const marked = last && Math.abs(last.lambda - lambda) > 1e-9 && (isOn(run) || run.marks.at(-1)?.step !== last.step) ? trainer.mark() : null;
      quietly(trainer.set({ lambda })); // between the same two steps as the mark
      if (marked) {
        const id = await marked.catch(() => null);
        if (id === null || run !== own.run) return;
        run.marks = [...run.marks, { id, step: run.steps.at(-1).step }].slice(-MOST_MARKS);
      }
    }
    if (done) settle();
  };

  /** Settings that the address holds, told to Python when no run goes on: a run asks nothing of the server. */
  const settle = () => {
    const { run } = own;
    if (run && !isOn(run) && stage.value.settings.lambda !== run.lambda) stage.act({ type: "set", name: "lambda_", value: run.lambda }, "lambda_");
  };

  /** A picture of Python has come: where its settings are of another run, that one is next. */
  const follow = (value) => {
    if (!value.ready) return;
    const scene = stage.scenes[value.scene]?.id ?? null;
    const arrives = scene !== null && scene !== own.seen_scene; // a scene's λ is the one that counts
    const given = arrives || own.seen_lambda !== value.settings.lambda;
    Object.assign(own, { seen_scene: scene, seen_lambda: value.settings.lambda });
    if (!own.run) {
      own.run = newRun(value);
      if (own.wish) { own.wish = false; setTimeout(() => start()); }
      return;
    }
    if (own.run.key !== keyOf(value) || (arrives && begun(own.run) && own.run.steps[0].lambda !== value.settings.lambda)) {
      const left = begun(own.run);
      again();
      if (given) own.run.lambda = value.settings.lambda;
      if (left) own.note = stage.words["kept.note"];
      return;
    }
    if (!isOn(own.run)) {
      if (given) own.run.lambda = value.settings.lambda;
      if (own.run.settings.rate !== value.settings.rate) { own.run.settings.rate = value.settings.rate; quietly(trainer?.set({ learningRate: value.settings.rate })); }
      if (!begun(own.run) && own.run.task !== "own") own.run.labels = value.labels;
    }
  };

  const leave = async (row, index) => {
    const { run, probe } = own;
    if (!probe || !trainer || isOn(run)) return;
    const mine = (left += 1);
    const found = await trainer.evaluate([{ fields: without(stage.value, row, index), label: 0 }]).catch(() => null);
    if (!found || mine !== left) return;
    own.without = { row, index, probabilities: found.probabilities[0] };
    paint(true);
  };
  const stay = () => { left += 1; if (own.without) { own.without = null; paint(true); } };

  const where = (place) => {
    if (place === own.where || (own.run && isOn(own.run))) return;
    end();
    own.where = place;
    if (own.run && begun(own.run)) again(); else if (own.run) own.run.placed = false;
    own.error = "";
    paint(true);
  };

  return {
    start, pause, again, reset, back, slide, follow, leave, stay, where, look,
    toggle: () => (own.run && isOn(own.run) ? pause() : own.run && over(own.run) ? (again(), start()) : start()),
    step: () => start(1),
    pieces: () => pieces,
    losses: () => (own.run ? losses(own.run, own.scrub, own.scrub === null ? own.run.lambda : null) : null),
    close: end,
  };
};
