/* Fine-tuning on the server, for a page whose browser cannot: the same calls, promises and news as trainer.js, over questions to the server
   (its lesson answers them). Runs of several learners take turns; while this one waits, the news tell its place. */
const SOON = 100;       // ms until what the page wants anew is told, at least
const EVERY = 1000;     // ms between two questions while there is something to be done; after 8 s without one the server goes on to the next run
const RESTING = 10000;  // ms, so that the server keeps the run
const MOST_TOKENS = 30; // of a field: more than a sequence of 32 has room for
const AT_ONCE = 40;     // lines of one question

const failure = (why, message) => Object.assign(new Error(message ?? why), { why });
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
const never = new Promise(() => {}); // what a closed run is asked stays unanswered, as in trainer.js
const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const cut = (fields) => fields.map((field) => [...field].slice(0, MOST_TOKENS));

/**
 * ask: (name, data, signal) -> a promise of the server's answer, as `stage.ask`; it fails with one sentence.
 * onNews: as in trainer.js, {what: "step" | "dev" | "failed", …}, and {what: "queue", place}: how many runs are served before this one.
 *   why of a failure: "nan", "long" (too many steps in all), or "server": `message` is then a sentence of the server's, and the run is gone.
 *
 * -> load, begin, run, pause, set, evaluate, language, proceed, mark, back, close: see trainer.js. `load` tells {place: "server", recipe, model, kind,
 * set: {kind, languages}} without rows. `begin` waits until the run has had its turn.
 */
export const serverTrainer = (ask, { onNews = () => {}, every = EVERY, resting = RESTING } = {}) => {
  let loaded = null;  // {model, set, kind, lang}
  let run = null;     // what the page knows of its run, and wants of it
  let timer = null;

  const question = async (mine, name, data = {}) => {
    try {
      const told = await ask(name, { run: mine.name, ...data }, mine.stopper.signal);
      return run === mine ? told : never;
    } catch (error) {
      if (run !== mine) return never;
      throw failure("server", error.message);
    }
  };

  const present = () => {
    if (!run) throw failure("worker", "no run has begun");
    return run;
  };

  /** It does not go on: whoever waits is told. */
  const stop = (mine, error) => {
    mine.goes = false;
    for (const { failed } of [mine.begins, mine.runs, ...mine.marks]) failed?.(error);
    Object.assign(mine, { begins: {}, runs: {}, marks: [] });
  };

  const lose = (mine, error) => {
    run = null;
    clearTimeout(timer);
    stop(mine, error);
    onNews({ what: "failed", why: error.why, message: error.message });
  };

  const tell = ({ what, step, lambda_: lambda, learning_rate: learningRate, l1, l2, accuracy, probabilities, ms }) => {
    if (what === "dev") onNews({ what, step, accuracy, probabilities, l1 });
    else onNews({ what, step, lambda, learningRate, l1, l2, l3: l2 + lambda * l1, accuracy, ms });
  };

  /** Who has asked for a mark gets it when the step it was made at is the last one told; what she then does comes before the next. */
  const take = async (mine, told, marks) => {
    const give = async () => {
      if (!marks.length || told.mark.step !== mine.step) return;
      marks.splice(0).forEach(({ done }) => done(told.mark.id));
      await wait(0);
    };
    await give();
    for (const event of told.events) {
      tell(event);
      if (event.what === "step") mine.step = event.step;
      await give();
    }
    marks.forEach(({ done }) => done(told.mark.id));
    mine.since = told.since;
  };

  /** Say what the page wants now, and hear what has happened since. */
  const poll = async (mine) => {
    await wait(Math.max(0, mine.polled + SOON - performance.now()));
    if (run !== mine) return;
    const { wish, marks, goes, target, lambda, learningRate, devEvery, since } = mine;
    Object.assign(mine, { marks: [], queued: false, polled: performance.now() });
    let told;
    try {
      const wanted = { goes, target, lambda_: lambda, learning_rate: learningRate, every: devEvery, since, mark: marks.length > 0 };
      told = await question(mine, "run_news", wanted);
    } catch (error) {
      marks.forEach(({ failed }) => failed(error));
      lose(mine, error);
      return;
    }
    const waits = mine.begins.done || mine.runs.done;
    if (mine.place !== told.place && (waits || mine.place)) onNews({ what: "queue", place: told.place });
    mine.place = told.place;
    await take(mine, told, marks);
    if (run !== mine) return;
    if (told.begun) {
      mine.begins.done?.(mine.about);
      mine.begins = {};
    }
    const answered = wish === mine.wish; // to what is wanted now, and not a moment ago
    if (told.failed && answered && mine.goes) {
      onNews({ what: "failed", why: told.failed });
      stop(mine, failure(told.failed));
    } else if (told.rests && answered && mine.runs.done) {
      mine.goes = false;
      mine.runs.done({ step: mine.step });
      mine.runs = {};
    }
    const busy = mine.goes || mine.begins.done || mine.runs.done || !told.rests;
    if (!mine.queued) later(mine, !answered ? 0 : busy ? every : resting);
  };

  /** One question that changes the run after the other: what has happened is heard in its order. */
  const inLine = (mine, work) => {
    const done = mine.line.then(work);
    mine.line = done.catch(() => {});
    return done;
  };

  const later = (mine, ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      mine.queued = true;
      inLine(mine, () => poll(mine));
    }, ms);
  };

  /** Something else is wanted from the next step on; what is wanted at once is told together. */
  const want = (mine, changes) => {
    Object.assign(mine, changes, { wish: mine.wish + 1 });
    if (!mine.queued) later(mine, 0);
  };

  const end = () => {
    const mine = run;
    run = null;
    clearTimeout(timer);
    if (!mine) return;
    mine.stopper.abort();
    ask("end_run", { run: mine.name }).catch(() => {}); // else the server ends it when nobody asks for it any more
  };

  const ordered = ({ kind, nLabels, examples, dev = [], devExamples, steps, seed, batchSeed, nExamples, lambda, learningRate, ...plan }) => ({
    model: loaded.model,
    set: examples ? "own" : loaded.set,
    lang: loaded.lang ?? "",
    own: examples && {
      kind, n_labels: nLabels, n_dev: dev.length, labels: [...examples, ...dev].map(({ label }) => label),
      examples: [...examples, ...dev].map(({ fields }) => cut(fields)),
    },
    plan: {
      trained: plan.trained ?? "full", n_layers_transferred: plan.nLayersTransferred, n_last_layers: plan.nLastLayers, label_tokens: plan.labelTokens,
      seed, batch_seed: batchSeed, steps, n_examples: nExamples, n_dev: devExamples, lambda_: lambda, learning_rate: learningRate,
    },
  });

  /** Several questions for one long list: ask for part after part, and put the answers together. */
  const inParts = async (items, size, part) => {
    const found = [];
    for (let start = 0; start < items.length; start += size) found.push(await part(items.slice(start, start + size)));
    return found;
  };

  const judged = (parts, labels) => {
    const [probabilities, l1] = ["probabilities", "l1"].map((name) => parts.flatMap((part) => part[name]));
    const right = probabilities.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]);
    return { probabilities, l1, accuracy: right.length / labels.length };
  };

  return {
    async load({ model, set = null, kind = null, lang = null }) {
      const told = await ask("load_run", { model, set }).catch((error) => {
        onNews({ what: "failed", why: "server", message: error.message });
        throw failure("server", error.message);
      });
      loaded = { model, set, kind: told.set?.kind ?? kind, lang };
      return { place: "server", model: { name: model }, kind: loaded.kind, ...told };
    },

    async begin(plan) {
      end();
      const mine = {
        stopper: new AbortController(), line: Promise.resolve(), queued: false, polled: 0, wish: 0, goes: false, target: 0, devEvery: 20,
        since: 0, step: 0, place: 0, marks: [], begins: {}, runs: {},
      };
      run = mine;
      const told = await question(mine, "begin_run", ordered(plan)).catch((error) => {
        lose(mine, error);
        throw error;
      });
      const { run: name, n_trained: nTrained, n_new: nNew, lambda_: lambda, learning_rate: learningRate, steps, at_once: atOnce, place } = told;
      const about = { nTrained, nNew, lambda, peak: learningRate, steps };
      Object.assign(mine, { name, lambda, learningRate, atOnce, about });
      if (place) onNews({ what: "queue", place });
      mine.place = place;
      return new Promise((done, failed) => {
        mine.begins = { done, failed };
        want(mine, {});
      });
    },

    async run(n, devEvery = 20) {
      const mine = present();
      if (mine.runs.done) throw failure("worker", "a run is going on");
      return new Promise((done, failed) => {
        mine.runs = { done, failed };
        want(mine, { goes: true, target: mine.step + n, devEvery });
      });
    },

    async pause() {
      if (run?.goes) want(run, { goes: false });
    },

    async set({ lambda, learningRate }) {
      const mine = present();
      want(mine, { lambda: lambda ?? mine.lambda, learningRate: learningRate ?? mine.learningRate });
    },

    async evaluate(examples) {
      const mine = present();
      if (typeof examples !== "string") {
        const parts = await inParts(examples, mine.atOnce, (some) => question(mine, "run_try", { examples: some.map(({ fields }) => cut(fields)) }));
        return judged(parts, examples.map(({ label }) => label));
      }
      const parts = [];
      for (let from = 0; !from || from < parts[0].n; from += parts.at(-1).labels.length) {
        parts.push(await question(mine, "run_split", { split: examples, from }));
      }
      return judged(parts, parts.flatMap(({ labels }) => labels));
    },

    async language(lines) {
      const mine = present();
      const told = typeof lines === "string" ? [await question(mine, "run_language", { of: lines })]
        : await inParts(lines, AT_ONCE, (some) => question(mine, "run_language", { lines: some.map((line) => [...line]) }));
      const each = told.flatMap((part) => part.each);
      return { l1: mean(each), each };
    },

    proceed: async (ids, n) => question(present(), "run_proceed", { ids: [...ids], n }),

    async mark() {
      const mine = present();
      return new Promise((done, failed) => {
        mine.marks.push({ done, failed });
        want(mine, {});
      });
    },

    async back(id) {
      const mine = present();
      return inLine(mine, async () => {
        const { back } = await question(mine, "run_back", { mark: id });
        if (!back) return null;
        const { step, since, lambda_: lambda, learning_rate: learningRate } = back;
        Object.assign(mine, { step, since, lambda, learningRate });
        return { step, lambda, peak: learningRate };
      });
    },

    close: end,
  };
};
