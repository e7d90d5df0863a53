/* Fine-tuning in this browser: the one thing that a lesson imports. One worker, one run at a time. Nothing is asked of the server between `begin` and
   the end of a run; all it may need comes with `load`. */
const LOOKS = 5000; // ms between two looks whether the worker still lives
const PATIENCE = 90000; // ms of silence while something is asked of it
const IN_A_RUN = 30000; // the same once steps have been told: nothing in a run takes as long as its beginning

/* The smallest module with a SIMD instruction: where it is not understood, the runtime would not start. */
const SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);
const canRun = () => typeof Worker === "function" && typeof WebAssembly === "object" && WebAssembly.validate(SIMD);

/** What a promise of the trainer fails with: `why` as in the news. */
export class TrainerError extends Error {
  constructor(why, message) {
    super(message ?? why);
    this.why = why;
  }
}

/**
 * where: {files, runtime: {version, local, cdn, integrity, bytes}} as `page.browser` has it, addresses relative to `home`. home: the app's address.
 * onNews: called with {what: …}:
 *   {what: "loading", part: "runtime" | "graph" | "weights" | "data", share (0 … 1), bytes, place: "local" or "cdn" for the runtime}
 *   {what: "step", step, lambda, learningRate, l1, l2, l3, accuracy, ms}        step counts from 1; losses of its batch, before the update, in nats
 *   {what: "dev", step, accuracy, probabilities, l1}                            of the dev examples, before the first step, every `devEvery` steps and after the last
 *   {what: "failed", why: "wasm" | "runtime" | "network" | "memory" | "nan" | "worker", message}
 * patience: ms of silence after which the worker counts as dead.
 *
 * -> an object of these, each giving a promise that fails with a TrainerError:
 *   load({model, set, kind, lang})  the runtime, the graphs and weights of a model, and a set ("sentiment") or none with the `kind` of one's own data;
 *                                   lang "ko", "en" or null for both -> {place, recipe, model, kind, set: {kind, languages,
 *                                   splits: {train, dev, test, …: [{lang, group, label, fields}]}}, world: {held_out}}
 *   begin(plan)    {kind, nLabels, nLayersTransferred = all, trained = "full" | "head" | "last layers" | "soft prompts", nLastLayers = 1, labelTokens,
 *                  seed = 0, batchSeed = seed, steps = 300, lambda, learningRate (its peak), nExamples, examples, dev, devExamples = 40}; examples and
 *                  dev: one's own [{fields: [[ids], …], label}] -> {nTrained, nNew, lambda, peak, steps}
 *   run(n, devEvery = 20)           trains n steps, or until `pause` -> {step}
 *   pause()   set({lambda, learningRate})    from the next step on; learningRate is the schedule's peak
 *   evaluate(examples or the name of a split) -> {probabilities (n × labels), l1 (n), accuracy}
 *   language(lines)                 "held out", "task" or lists of ids, the first of each given -> {l1, each}, nats a token
 *   proceed(ids, n)                 -> {ids, probabilities} of up to n greedy tokens
 *   mark() -> id; back(id) -> {step, lambda, peak}, or null where it is no longer kept: two are
 *   close()                         ends the worker at once
 */
export const trainer = (where, { home = document.baseURI, onNews = () => {}, patience = PATIENCE } = {}) => {
  const absolute = (address) => address && new URL(address, home).href;
  const places = (addresses) => addresses && { mjs: absolute(addresses.mjs), wasm: absolute(addresses.wasm) };
  const told = {
    files: absolute(where.files),
    runtime: { ...where.runtime, local: places(where.runtime.local), cdn: places(where.runtime.cdn) },
  };
  const asked = new Map(); // id -> {done, failed}
  let worker = null;
  let nAsked = 0;
  let heard = 0;
  let looked = 0;
  let looking = null;
  let steps = false;     // have been told since the last load or begin

  const end = () => {
    clearInterval(looking);
    worker?.terminate();
    worker = null;
  };

  const fail = (why, message) => {
    const error = new TrainerError(why, message);
    for (const { failed } of asked.values()) failed(error);
    asked.clear();
    onNews({ what: "failed", why, message });
  };

  const lost = (message) => {
    end();
    fail("worker", message);
  };

  /** The worker says nothing for too long, and this page was awake all the while. */
  const look = () => {
    const now = performance.now();
    const slept = now - looked > 3 * LOOKS;
    looked = now;
    if (slept || !asked.size) heard = now;
    else if (now - heard > (steps ? Math.min(patience, IN_A_RUN) : patience)) lost("no answer");
  };

  const start = () => {
    if (!canRun()) throw new TrainerError("wasm");
    if (!told.runtime.local && !told.runtime.cdn) throw new TrainerError("runtime");
    worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data: { id, value, news, why, message } }) => {
      heard = performance.now();
      if (news) {
        steps ||= news.what === "step";
        onNews(news);
        return;
      }
      const { done, failed } = asked.get(id) ?? {};
      asked.delete(id);
      if (!why) { done?.(value); return; }
      onNews({ what: "failed", why, message });
      failed?.(new TrainerError(why, message));
    });
    worker.addEventListener("error", (event) => lost(event.message));
    worker.addEventListener("messageerror", () => lost("an answer could not be read"));
    heard = looked = performance.now();
    looking = setInterval(look, Math.min(LOOKS, patience / 2));
  };

  const ask = async (op, more = {}) => {
    try { if (!worker) start(); } catch (error) {
      onNews({ what: "failed", why: error.why, message: error.message });
      throw error;
    }
    if (op === "load" || op === "begin") steps = false;
    nAsked += 1;
    const id = nAsked;
    if (!asked.size) heard = performance.now();
    return new Promise((done, failed) => {
      asked.set(id, { done, failed });
      worker.postMessage({ id, op, ...more });
    });
  };

  return {
    load: ({ model, set = null, kind = null, lang = null }) => ask("load", { where: told, model, set, kind, lang }),
    begin: (plan) => ask("begin", { plan }),
    run: (n, devEvery = 20) => ask("run", { n, devEvery }),
    pause: () => ask("pause"),
    set: (settings) => ask("set", settings),
    evaluate: (examples) => ask("evaluate", { examples }),
    language: (lines) => ask("language", { lines }),
    proceed: (ids, n) => ask("proceed", { ids, n }),
    mark: () => ask("mark"),
    back: (mark) => ask("back", { mark }),
    vector: (name) => ask("vector", { name }), // "flat", "first" or "second", for tests
    close: () => { end(); asked.clear(); },
  };
};
