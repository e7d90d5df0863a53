/* One fine-tuning run: weights, moments, batches, and what can be asked of them. The steps themselves are graphs (app/browser/graphs.py). */
import { collate, groupedBatches, ready, someGroups } from "./inputs.js";
import { cut, cutMask, drop, join } from "./pieces.js";
import { Fault } from "./runtime.js";
import { learningRateAt, nNew, nUsed, startingPoint, updateMask } from "./start.js";

const MOST_MARKS = 2; // 33 MB each

const VECTORS = ["flat", "first", "second"];

const softmax = (logits) => {
  const largest = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - largest));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
};
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** Of a ready example, or of a line of ids. */
const lengthOf = (row) => (row.sequences ? Math.max(...row.sequences.map((sequence) => sequence.length)) : row.length);

/** The first of graphs sorted by length that `longest` tokens fit into. */
const shortest = (graphs, longest) => graphs.find(({ length }) => length >= longest);

export class Run {
  /**
   * material: {manifest, model, sessions, read, train, dev}; train, dev: examples {fields, label, group} of token ids.
   * plan: see trainer.js.
   */
  constructor(material, plan) {
    const { manifest, model } = material;
    this.material = material;
    this.plan = { nLayersTransferred: model.n_layer, trained: "full", seed: 0, steps: manifest.recipe.steps, ...plan };
    const { recipe } = manifest;
    const soft = this.plan.trained === "soft prompts";
    this.nSoftPrompts = soft ? manifest.inputs.soft_prompts.length : 0;
    this.lambda = this.plan.lambda ?? (soft ? 0 : recipe.lambda_);
    this.peak = this.plan.learningRate ?? (soft ? recipe.prompt_learning_rate : recipe.learning_rate);
    /** The graphs of one work, the longest inputs last. */
    const of = (work, nSequences, choice) => Object.keys(manifest.graphs).filter((name) => {
      const graph = manifest.graphs[name];
      return graph.model === model.name && graph.work === work && graph.sequences === nSequences && graph.one_logit_per_sequence === choice;
    }).map((name) => ({ name, length: manifest.graphs[name].inputs.ids[1].at(-1) })).sort((a, b) => a.length - b.length);
    const { kind } = this.plan;
    const nSequences = kind === "similarity" || kind === "choice" ? 2 : 1;
    this.steps = of("step", nSequences, kind === "choice");
    this.looks = of("look", nSequences, kind === "choice");
    this.lineLooks = of("look", 1, false);
    [{ name: this.continuation }] = of("next", 1, false);
    const { inputs } = manifest.graphs[this.steps.at(-1).name];
    const [, [batch, , length]] = inputs.ids;
    Object.assign(this, { batch, length, marks: new Map(), nMarks: 0 });
    const flat = startingPoint(manifest, model, this.plan, material.read);
    const mask = updateMask(manifest, model, this.plan);
    this.nTrained = mask.reduce((sum, one) => sum + one, 0);
    this.trained = cutMask(mask, inputs);
    this.flat = cut(flat, inputs);
    this.first = cut(new Float32Array(flat.length), inputs);
    this.second = cut(new Float32Array(flat.length), inputs);
    this.used = Uint8Array.from({ length: model.n_out }, (_, i) => (i < nUsed(this.plan) ? 1 : 0));
    const make = ready(manifest.inputs, kind, length, this.nSoftPrompts);
    const train = this.plan.nExamples ? someGroups(material.train, this.plan.nExamples, this.batchSeed) : material.train;
    this.train = train.map(make);
    this.dev = material.dev.map(make);
    this.#seek(0);
    this.step = 0;
  }

  get batchSeed() { return this.plan.batchSeed ?? this.plan.seed; }

  about() {
    return { nTrained: this.nTrained, nNew: nNew(this.material.manifest, this.material.model, this.plan), lambda: this.lambda, peak: this.peak, steps: this.plan.steps };
  }

  /** Let the batches go on after the first `n`. */
  #seek(n) {
    this.batches = groupedBatches(this.train, this.batch, this.batchSeed);
    this.nDrawn = 0;
    while (this.nDrawn < n) this.#draw();
  }

  #draw() {
    this.nDrawn += 1;
    return this.batches.next().value;
  }

  /** One step -> what there is to tell of it. */
  async next() {
    const { manifest, sessions } = this.material;
    const began = performance.now();
    const { lambda } = this;
    const learningRate = learningRateAt(manifest.recipe, this.step, this.plan.steps, this.peak);
    const batch = this.#draw();
    const graph = shortest(this.steps, Math.max(...batch.map(lengthOf)));
    const found = await sessions.run(graph.name, {
      flat: this.flat, first: this.first, second: this.second, trained: this.trained, step: this.step + 1,
      ...collate(manifest.inputs, batch, graph.length), labels_used: this.used, lambda_: lambda, learning_rate: learningRate, eps: manifest.eps,
    });
    const [l1, l2, accuracy] = [found.l1[0], found.l2[0], found.accuracy[0]];
    if (!Number.isFinite(l1) || !Number.isFinite(l2)) throw new Fault("nan", `step ${this.step + 1}`);
    for (const name of VECTORS) drop(this[name]);
    Object.assign(this, { flat: found.new_flat, first: found.new_first, second: found.new_second });
    this.step += 1;
    return { step: this.step, lambda, learningRate, l1, l2, l3: l2 + lambda * l1, accuracy, ms: performance.now() - began };
  }

  /**
   * The look graphs over as many batches as it takes, those of one length together.
   * rows: anything with a length by `lengthOf`; fill(some, length) -> their ids and predicted -> [{logits, l1}] of each row.
   */
  async #look(graphs, rows, fill) {
    const { manifest, sessions } = this.material;
    const order = rows.map((_, i) => i).sort((a, b) => lengthOf(rows[a]) - lengthOf(rows[b]));
    const found = [];
    for (let start = 0; start < rows.length; start += this.batch) {
      const places = order.slice(start, start + this.batch);
      const some = Array.from({ length: this.batch }, (_, i) => rows[places[i] ?? places[0]]);
      const { name, length } = shortest(graphs, Math.max(...some.map(lengthOf)));
      const { logits, l1 } = await sessions.run(name, { flat: this.flat, ...fill(some, length), labels_used: this.used });
      const n = manifest.graphs[name].outputs.logits[1][1];
      places.forEach((place, i) => { found[place] = { logits: [...logits.subarray(i * n, (i + 1) * n)], l1: l1[i] }; });
    }
    return found;
  }

  async #examined(examples) {
    const { manifest } = this.material;
    const found = await this.#look(this.looks, examples, (some, length) => {
      const { ids, predicted } = collate(manifest.inputs, some, length);
      return { ids, predicted };
    });
    return { probabilities: found.map(({ logits }) => softmax(logits).slice(0, this.plan.nLabels)), l1: found.map(({ l1 }) => l1) };
  }

  /** Labelled or unlabelled examples {fields, label} -> {probabilities (n × labels), l1 (n), accuracy, nCut (n)}. */
  async evaluate(examples) {
    const { manifest } = this.material;
    const rows = examples.map(ready(manifest.inputs, this.plan.kind, this.length, this.nSoftPrompts));
    const found = await this.#examined(rows);
    return { ...found, ...accuracyOf(found.probabilities, rows) };
  }

  /** The dev examples of this run as they stand now. */
  async look() {
    const found = await this.#examined(this.dev);
    return { step: this.step, ...found, ...accuracyOf(found.probabilities, this.dev) };
  }

  /** lines: lists of token ids, their first one given and not predicted -> {l1: mean over the lines, each}, in nats a token. */
  async language(lines) {
    const { manifest } = this.material;
    const found = await this.#look(this.lineLooks, lines.map((line) => line.slice(0, this.length)), (some, length) => {
      const ids = new BigInt64Array(some.length * length).fill(BigInt(manifest.inputs.pad));
      const predicted = new Float32Array(ids.length);
      some.forEach((line, i) => {
        line.forEach((id, j) => { ids[i * length + j] = BigInt(id); });
        predicted.fill(1, i * length + 1, i * length + line.length);
      });
      return { ids, predicted };
    });
    const each = found.map(({ l1 }) => l1);
    return { l1: mean(each), each };
  }

  /** The likeliest token again and again, until the end of the text -> {ids, probabilities}. Those that no text holds (Delim, …) are passed over. */
  async proceed(ids, n) {
    const { manifest, sessions } = this.material;
    const { pad, start, delim, extract, soft_prompts } = manifest.inputs;
    const never = new Set([pad, start, delim, extract, ...soft_prompts]);
    const all = [...ids];
    const probabilities = [];
    while (probabilities.length < n) {
      const seen = all.slice(-this.length);
      const padded = BigInt64Array.from({ length: this.length }, (_, i) => BigInt(seen[i] ?? manifest.inputs.pad));
      const at = Float32Array.from({ length: this.length }, (_, i) => (i === seen.length - 1 ? 1 : 0));
      const { logits } = await sessions.run(this.continuation, { flat: this.flat, ids: padded, at });
      const best = logits.reduce((found, logit, i) => (logit > logits[found] && !never.has(i) ? i : found), 0);
      probabilities.push(1 / logits.reduce((sum, logit) => sum + Math.exp(logit - logits[best]), 0));
      all.push(best);
      if (best === manifest.inputs.end_of_text) break;
    }
    return { ids: all.slice(ids.length), probabilities };
  }

  /** Keep this moment -> its number. The oldest goes where there are too many. */
  mark() {
    const { step, nDrawn, lambda, peak } = this;
    this.nMarks += 1;
    const copies = VECTORS.map((name) => [name, Object.entries(this[name]).map(([piece, values]) => [piece, values.slice()])]);
    this.marks.set(this.nMarks, { step, nDrawn, lambda, peak, copies });
    if (this.marks.size > MOST_MARKS) this.marks.delete(this.marks.keys().next().value);
    return this.nMarks;
  }

  /** Go back to a marked moment -> {step, lambda, peak}, or null where it is no longer kept. */
  back(id) {
    const kept = this.marks.get(id);
    if (!kept) return null;
    const { step, nDrawn, lambda, peak, copies } = kept;
    for (const [name, copied] of copies) for (const [piece, values] of copied) this[name][piece].set(values);
    Object.assign(this, { step, lambda, peak });
    this.#seek(nDrawn);
    return { step, lambda, peak };
  }

  /** A copy of the weights or moments, for tests. */
  vector(name) { return join(this[name]); }
}

const accuracyOf = (probabilities, rows) => {
  const right = rows.filter(({ label }, i) => probabilities[i].indexOf(Math.max(...probabilities[i])) === label);
  return { accuracy: right.length / rows.length };
};
