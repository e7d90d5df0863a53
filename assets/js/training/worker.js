/* The worker of trainer.js: loads, holds one run, answers one question after the other and trains in between. */
import { Run } from "./run.js";
import { asFault, Fault, loadRuntime, Sessions } from "./runtime.js";
import { reader } from "./start.js";

const tell = (news) => postMessage({ news });
const { port1, port2 } = new MessageChannel();
port2.start();
/** Let what came in meanwhile have its turn; not a timer, which a hidden tab would slow down. */
const breathe = () => new Promise((done) => {
  port2.onmessage = done;
  port1.postMessage(0);
});

let where = null; // {files, runtime}
let loaded = null; // {ort, place, manifest}
let material = null; // of the model and the set
let run = null; // the one run
let left = 0; // steps that are still asked for

const download = async (part, name, bytes) => {
  try {
    const answer = await fetch(new URL(name, where.files), { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    const chunks = [];
    let got = 0;
    for (const read = answer.body.getReader(); ;) {
      const { value, done } = await read.read();
      if (done) break;
      chunks.push(value);
      got += value.length;
      tell({ what: "loading", part, share: bytes ? Math.min(got / bytes, 1) : 0, bytes: got });
    }
    tell({ what: "loading", part, share: 1, bytes: got });
    const whole = new Uint8Array(got);
    chunks.reduce((at, chunk) => { whole.set(chunk, at); return at + chunk.length; }, 0);
    return whole;
  } catch (error) { throw new Fault("network", error); }
};
const json = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/** Rows [language, group, label, field ids, …] -> examples {lang, group, label, fields}. */
const examplesOf = (rows, langs) => rows.map(([lang, group, label, ...fields]) => ({ lang: langs[lang], group, label, fields }));

const ops = {
  async load({ where: told, model: name, set, kind, lang }) {
    where = told;
    if (left) throw new Error("a run is going on");
    run = null; // its memory first
    if (!loaded) {
      const manifest = json(await download("graph", "manifest.json"));
      const { bytes } = where.runtime;
      const { ort, place } = await loadRuntime(where.runtime, (share, from) => {
        tell({ what: "loading", part: "runtime", place: from, share, bytes: Math.round(share * bytes) });
      });
      loaded = { ort, place, manifest };
    }
    const { manifest, ort, place } = loaded;
    const model = { name, ...manifest.models[name] };
    const data = set ? json(await download("data", `${name}/${set}.json`)) : null;
    const wanted = data?.kind ?? kind;
    const names = Object.keys(manifest.graphs).filter((one) => {
      const graph = manifest.graphs[one];
      return graph.model === name && (graph.kinds.includes(wanted) || graph.work === "next" || (graph.work === "look" && graph.sequences === 1));
    });
    const bytes = Object.fromEntries(await Promise.all(names.map(async (one) => [one, await download("graph", one, manifest.graphs[one].bytes)])));
    if (material?.model?.name !== name) {
      const weights = await download("weights", `${name}/weights.safetensors`, model.weights_bytes);
      const world = json(await download("data", `${name}/world.json`));
      material = { weights, world };
    }
    await material.sessions?.release();
    const split = (one) => (data?.splits[one] ? examplesOf(data.splits[one], data.languages).filter((example) => !lang || example.lang === lang) : []);
    const splits = Object.fromEntries(Object.keys(data?.splits ?? {}).map((one) => [one, split(one)]));
    material = {
      ...material, manifest, model, splits, lang, read: reader(material.weights.buffer), sessions: new Sessions(ort, manifest.graphs, bytes),
    };
    return { place, recipe: manifest.recipe, model, kind: wanted, set: data && { ...data, splits }, world: material.world };
  },

  begin({ plan }) {
    if (left) throw new Error("a run is going on");
    run = null; // its memory first
    const { examples, dev, devExamples = 40, ...rest } = plan;
    run = new Run({ ...material, train: examples ?? material.splits.train, dev: dev ?? material.splits.dev?.slice(0, devExamples) ?? [] }, rest);
    return run.about();
  },

  async run({ n, devEvery = 20 }) {
    const mine = run; // after a pause another may begin before this loop has ended
    left = n;
    if (mine.step === 0 && mine.dev.length) tell({ what: "dev", ...await mine.look() });
    while (left > 0) {
      const found = await mine.next();
      left -= 1;
      tell({ what: "step", ...found });
      if (mine.dev.length && devEvery && (mine.step % devEvery === 0 || mine.step === mine.plan.steps)) tell({ what: "dev", ...await mine.look() });
      await breathe();
      for (let seen = null; seen !== served;) await (seen = served); // what was asked meanwhile, all of it
    }
    return { step: mine.step };
  },

  async pause() { left = 0; },
  async set({ lambda, learningRate }) {
    run.lambda = lambda ?? run.lambda;
    run.peak = learningRate ?? run.peak;
  },
  evaluate({ examples }) {
    return run.evaluate(typeof examples === "string" ? material.splits[examples] : examples);
  },
  async language({ lines }) {
    if (lines !== "held out" && lines !== "task") return run.language(lines);
    if (lines === "held out") return run.language(material.world.held_out.filter(({ lang }) => !material.lang || lang === material.lang).map(({ ids }) => ids));
    const { l1 } = await run.look();
    return { l1: l1.reduce((sum, one) => sum + one, 0) / l1.length, each: l1 };
  },
  proceed({ ids, n }) { return run.proceed(ids, n); },
  async mark() { return run.mark(); },
  async back({ mark }) { return run.back(mark); },
  async vector({ name }) { return run.vector(name); },
  async ping() { return true; },
};

/* Questions are answered one after the other, between two steps; `run` alone lasts, and waits itself for what came in. */
const AT_ONCE = ["run", "pause", "set", "ping"];
let served = Promise.resolve();

const answer = async (id, op, told) => {
  try {
    postMessage({ id, value: await ops[op](told) });
  } catch (error) {
    left = 0;
    const { why, message } = asFault(error);
    postMessage({ id, why, message });
  }
};

addEventListener("message", ({ data: { id, op, ...told } }) => {
  if (AT_ONCE.includes(op)) answer(id, op, told);
  else served = served.then(() => answer(id, op, told));
});
