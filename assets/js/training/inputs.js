/* GPT-1's input transformations (section 3.3) on fields that are already tokens, and batches of them: what app/engine/inputs.py does. `ids` is
   {pad, start, delim, extract, soft_prompts} of the manifest. */
import { sample, Twister } from "./random.js";

/** Take tokens off the right end of whichever field is longest (of equal ones the first) until all fit into `room` -> [fields, how many were cut]. */
export const cutLongest = (fields, room) => {
  if (room < 0) throw new RangeError("the context has no room for the special tokens");
  const kept = fields.map((field) => [...field]);
  const nCut = Math.max(0, kept.reduce((sum, field) => sum + field.length, 0) - room);
  for (let i = 0; i < nCut; i += 1) kept.reduce((longest, field) => (field.length > longest.length ? field : longest)).pop();
  return [kept, nCut];
};

/**
 * fields: [text], [premise, hypothesis], [a, b] or [document, question, answer 0, answer 1, …], each a list of token ids
 *   -> {sequences, nCut}, no sequence longer than `length`.
 */
export const transform = (ids, kind, fields, length, nSoftPrompts = 0) => {
  const before = [...ids.soft_prompts.slice(0, nSoftPrompts), ids.start];
  const room = length - before.length - 1;
  const sequence = (left, right) => [...before, ...left, ids.delim, ...right, ids.extract];
  if (kind === "classification") {
    const [[text], nCut] = cutLongest(fields, room);
    return { sequences: [[...before, ...text, ids.extract]], nCut };
  }
  if (kind === "entailment" || kind === "similarity") {
    const [[a, b], nCut] = cutLongest(fields, room - 1);
    return { sequences: kind === "similarity" ? [sequence(a, b), sequence(b, a)] : [sequence(a, b)], nCut };
  }
  if (kind !== "choice") throw new RangeError(`unknown kind of task: ${kind}`);
  const [document, question, ...answers] = fields;
  const cut = answers.map((answer) => cutLongest([document, question, answer], room - 1));
  return {
    sequences: cut.map(([[kept, asked, answer]]) => sequence([...kept, ...asked], answer)),
    nCut: cut.reduce((sum, [, n]) => sum + n, 0),
  };
};

/** An example of {fields, label, group} ready for a model: {sequences, label, group}. */
export const ready = (ids, kind, length, nSoftPrompts) => ({ fields, label = 0, group = null }) => ({
  ...transform(ids, kind, fields, length, nSoftPrompts), label, group,
});

/**
 * Ready examples -> {ids, predicted, labels} as flat arrays, padded on the right to `length`. predicted: 1 on the tokens that L1 asks for, which are
 * all after Start.
 */
export const collate = (special, examples, length) => {
  const rows = examples.flatMap((example) => example.sequences);
  const ids = new BigInt64Array(rows.length * length).fill(BigInt(special.pad));
  const predicted = new Float32Array(rows.length * length);
  rows.forEach((row, i) => {
    row.forEach((id, j) => { ids[i * length + j] = BigInt(id); });
    predicted.fill(1, i * length + row.indexOf(special.start) + 1, i * length + row.length);
  });
  return { ids, predicted, labels: BigInt64Array.from(examples, (example) => BigInt(example.label)) };
};

/** The examples by their group, groups in the order of their first example; one without a group stands alone. */
export const contrastGroups = (examples) => {
  const groups = new Map();
  examples.forEach((example, i) => {
    const key = example.group ?? `alone ${i}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(example);
  });
  return [...groups.values()];
};

/** `n` examples in whole groups, drawn with the seed; all where there are no more. */
export const someGroups = (examples, n, seed) => {
  const groups = contrastGroups(examples);
  return sample(Twister.ofPython(seed), groups, Math.min(Math.floor(n / groups[0].length), groups.length)).flat();
};

/** Batches of `batchSize` examples in whole groups without end; each pass over the groups has a new order, drawn with the seed. */
export function* groupedBatches(examples, batchSize, seed) {
  const groups = contrastGroups(examples);
  const sizes = [...new Set(groups.map((group) => group.length))];
  if (sizes.length !== 1 || batchSize % sizes[0]) throw new RangeError(`groups of ${sizes} do not fill a batch of ${batchSize}`);
  const twister = Twister.ofPython(seed);
  const nGroups = batchSize / sizes[0];
  let waiting = [];
  for (;;) {
    while (waiting.length < nGroups) waiting.push(...sample(twister, groups, groups.length));
    yield waiting.slice(0, nGroups).flat();
    waiting = waiting.slice(nGroups);
  }
}
