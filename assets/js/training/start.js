/* Where a run begins and what it may change: what app/engine/finetune.py does, as one flat vector in the order of the manifest. */
import { size } from "./pieces.js";
import { randint, randn, Twister } from "./random.js";

/** Where each part of a model's vector stands: {name: {dims, from, to, file}}, and `length` of the vector. */
export const layout = (model) => {
  let at = 0;
  const parts = {};
  for (const [name, [dims, file]] of Object.entries(model.parts)) {
    parts[name] = { dims, file, from: at, to: at + size(dims) };
    at += size(dims);
  }
  return { parts, length: at };
};

/** float16 as its bits -> float32. */
const half = (bits) => {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (!exponent) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};
const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => half(bits));

/** A safetensors file with float16 weights -> (name of a tensor, Float32Array to write to) => void. */
export const reader = (buffer) => {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  return (name, into) => {
    const { dtype, data_offsets: [from, to] } = head[name];
    if (dtype !== "F16" || to - from !== 2 * into.length) throw new RangeError(`${name} is not as the manifest says`);
    // a copy, since a view of 16 bits must begin at an even place
    const bits = new Uint16Array(buffer.slice(8 + length + from, 8 + length + to));
    for (let i = 0; i < into.length; i += 1) into[i] = HALVES[bits[i]];
  };
};

/** Names of the parts that a plan takes from the pre-trained model. */
const isTransferred = (plan, model) => {
  const k = plan.nLayersTransferred;
  if (!Number.isInteger(k) || k < -1 || k > model.n_layer) throw new RangeError(`cannot transfer ${k} of ${model.n_layer} layers`);
  const from = [...(k >= 0 ? ["wte.", "wpe."] : []), ...Array.from({ length: Math.max(k, 0) }, (_, i) => `h.${i}.`), ...(k === model.n_layer ? ["ln_f."] : [])];
  return (name) => from.some((start) => name.startsWith(start));
};

/** How many columns of W_y a plan uses: one for each label, or one in all for multiple choice. */
export const nUsed = (plan) => (plan.kind === "choice" ? 1 : plan.nLabels);

/**
 * The vector a run begins with. W_y has eight columns; those out of use are 0.
 * plan: {kind, nLabels, nLayersTransferred, trained, nLastLayers, labelTokens, seed}; read: from `reader`.
 */
export const startingPoint = (manifest, model, plan, read) => {
  const { start } = manifest;
  const { parts, length } = layout(model);
  const flat = new Float32Array(length);
  const part = (name) => flat.subarray(parts[name].from, parts[name].to);
  const transferred = isTransferred(plan, model);
  const twister = Twister.ofTorch(plan.seed);
  const nColumns = nUsed(plan);
  const width = model.d_model;
  const head = randn(twister, width * nColumns).map((x) => Math.fround(x * start.std)); // drawn first, so that all starting points share it
  for (const [name, { dims, file }] of Object.entries(parts)) {
    if (name === "w_y") continue;
    const values = part(name);
    if (dims.length === 2) { // drawn even where it is then replaced, as in Python
      const shrunk = model.architecture === "gpt2" && name.endsWith("c_proj.weight");
      const std = shrunk ? start.std / Math.sqrt(2 * model.n_layer) : start.std;
      const drawn = randn(twister, values.length);
      for (let i = 0; i < values.length; i += 1) values[i] = drawn[i] * std;
    } else values.fill(name.endsWith("bias") ? 0 : 1);
    if (transferred(name)) read(file, values);
  }
  const row = (id) => part("wte.weight").subarray(id * width, (id + 1) * width);
  const anew = Twister.ofTorch(plan.seed + start.new_tokens_seed);
  const rows = randn(anew, start.new_tokens.length * width);
  start.new_tokens.forEach((id, i) => row(id).set(rows.subarray(i * width, (i + 1) * width).map((x) => Math.fround(x * start.std))));
  if (plan.trained === "soft prompts") {
    const prompts = manifest.inputs.soft_prompts;
    const drawn = randint(anew, manifest.inputs.first_ordinary, model.vocab_size, prompts.length);
    const copies = drawn.map((id) => row(id).slice());
    prompts.forEach((id, i) => row(id).set(copies[i]));
    if (plan.labelTokens?.length !== nColumns) throw new RangeError(`${nColumns} label tokens wanted, ${plan.labelTokens?.length ?? 0} given`);
    plan.labelTokens.forEach((id, column) => row(id).forEach((x, i) => { head[i * nColumns + column] = x; }));
  }
  const w_y = part("w_y");
  for (let i = 0; i < width; i += 1) for (let column = 0; column < nColumns; column += 1) w_y[i * model.n_out + column] = head[i * nColumns + column];
  return flat;
};

/** One byte for each number of the vector, 1 where the plan lets a step change it -> Uint8Array. */
export const updateMask = (manifest, model, plan) => {
  const { parts, length } = layout(model);
  const mask = new Uint8Array(length);
  const width = model.d_model;
  if (plan.trained === "soft prompts") {
    for (const id of manifest.inputs.soft_prompts) mask.fill(1, parts["wte.weight"].from + id * width, parts["wte.weight"].from + (id + 1) * width);
    return mask;
  }
  const last = Array.from({ length: plan.nLastLayers ?? 1 }, (_, i) => `h.${model.n_layer - 1 - i}.`);
  const changed = { full: [""], head: ["w_y"], "last layers": ["w_y", "ln_f.", ...last] }[plan.trained];
  if (!changed) throw new RangeError(`unknown choice of what is trained: ${plan.trained}`);
  for (const [name, { from, to }] of Object.entries(parts)) if (changed.some((begin) => name.startsWith(begin))) mask.fill(1, from, to);
  for (let i = parts.w_y.from; i < parts.w_y.to; i += 1) if ((i - parts.w_y.from) % model.n_out >= nUsed(plan)) mask[i] = 0;
  return mask;
};

/** How many numbers fine-tuning adds to a pre-trained model: W_y and three embeddings. */
export const nNew = (manifest, model, plan) => model.d_model * (nUsed(plan) + manifest.start.new_tokens.length);

/** The rate of step `step` of `nSteps`, counted from 0, as in app/engine/recipe.py; after the last step it stays as it was in it. */
export const learningRateAt = (recipe, step, nSteps, peak) => {
  const nWarmUp = Math.max(1, roundHalfToEven(recipe.warm_up * nSteps));
  const at = Math.min(step, nSteps - 1);
  return Math.min((at + 1) / nWarmUp, (nSteps - at) / (nSteps - nWarmUp + 1)) * peak;
};

const roundHalfToEven = (x) => { // as Python's round
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 ? down + 1 : down;
};
