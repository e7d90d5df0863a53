/* Fine-tuning and prompt tuning in this browser on the small task of the three ways: at most a minute, and then the 20 held-back sentences. */
import { home, page } from "../../assets/js/page.js";
import { trainer } from "../../assets/js/training/trainer.js";

const MOST = 45_000;   // ms of steps that are planned
const LIMIT = 52_000;  // and after which a run that has become slower ends
const PILOT = 4;       // steps that tell the pace
const FEWEST = 30;
const PAINT_EVERY = 150;
const TRAINED = { "fine-tuning": "full", "prompt-tuning": "soft prompts" };

/** How many steps a run of at most `MOST` ms has at this pace. */
export const stepsAt = (ms, most) => Math.max(FEWEST, Math.min(most, Math.floor(MOST / ms)));

/** The one run of this page; its state is stage.own.run: {way, words, share, steps} or null; what it found is stage.own.results[way]. */
export const liveRun = (stage, make = (onNews) => trainer(page.browser, { home, onNews })) => {
  const { own, words } = stage;
  own.results ??= {};
  own.run = null;
  own.fault ??= "";
  let worker = null;
  let mine = 0;       // of the run that counts
  let last = 0;       // when it was painted

  const show = (run, now) => {
    own.run = run;
    if (now || performance.now() - last > PAINT_EVERY) { last = performance.now(); stage.show({}); }
  };

  const end = () => {
    worker?.close();
    worker = null;
  };

  const cancel = () => {
    mine += 1;
    end();
    own.fault = "";
    show(null, true);
  };

  const fail = (why) => {
    mine += 1;
    end();
    own.fault = words[`failed.${why}`] ?? words["failed.worker"];
    show(null, true);
  };

  const plan = (way, { training, sentences }, steps) => ({
    kind: "classification", nLabels: training.labels.length, trained: TRAINED[way], labelTokens: training.label_tokens, seed: own.seed ?? 0, steps,
    lambda: training.lambda[way], learningRate: training.rates[way], dev: [],
  });

  const news = (of) => (one) => {
    if (of !== mine) return;
    if (one.what === "failed") fail(one.why);
    else if (one.what === "loading") show({ ...own.run, words: words[`loading.${one.part}`], share: one.share });
    else if (one.what === "step" && own.run.steps) {
      const left = Math.ceil(((own.run.steps - one.step) * (performance.now() - own.run.began)) / Math.max(1, one.step) / 1000);
      const told = { ...own.run, step: one.step, share: one.step / own.run.steps };
      show({ ...told, words: words["run.step"].replace("{step}", one.step).replace("{steps}", own.run.steps).replace("{left}", left) });
      if (performance.now() - own.run.began > LIMIT && one.step < own.run.steps) worker.pause();
    } else if (one.what === "step") own.run.pilot.push(one.ms);
  };

  const start = async (way) => {
    const { ways } = stage.value;
    if (own.run || !ways) return;
    const of = (mine += 1);
    own.fault = "";
    show({ way, words: words["loading.start"], share: null, pilot: [] }, true);
    try {
      worker = make(news(of));
      const { training } = ways;
      await worker.load({ model: training.model, set: training.set, lang: page.lang });
      await worker.begin(plan(way, ways, training.steps));
      show({ ...own.run, words: words["run.pace"], share: null }, true);
      await worker.run(PILOT, 0);
      if (of !== mine) return;
      const slow = own.run.pilot.slice(1);
      const steps = stepsAt(slow.reduce((sum, ms) => sum + ms, 0) / slow.length, training.steps);
      own.pace = { ...own.pace, [way]: steps };
      const { nTrained } = await worker.begin(plan(way, ways, steps));
      if (of !== mine) return;
      const began = performance.now();
      show({ ...own.run, steps, step: 0, began }, true);
      const { step } = await worker.run(steps, 0);
      const seconds = (performance.now() - began) / 1000;
      const found = await worker.evaluate(ways.sentences.map(({ ids, label }) => ({ fields: [ids], label })));
      if (of !== mine) return;
      const right = found.probabilities.map((row, index) => row.indexOf(Math.max(...row)) === ways.sentences[index].label);
      own.results = { ...own.results, [way]: { right, seconds, steps: step, changed: nTrained, of: page.lang } };
      end();
      show(null, true);
    } catch (error) {
      if (of === mine) fail(error?.why ?? "worker");
    }
  };

  return { start, cancel, running: () => Boolean(own.run) };
};
