/* One run as the page knows it: its settings, its steps, what was measured between them. Plain data: it survives a change of language. */

const SMOOTH = 0.12; // weight of the newest step in the thick lines

/** A run that has made no step. settings: {lambda, rate, layers, trained, seed, steps} */
export const newRun = (value) => ({
  key: keyOf(value), task: value.task, kind: value.kind, model: value.trains, labels: value.labels, settings: { ...value.settings },
  status: "ready", steps: [], dev: [], changes: [], marks: [], language: [], rate: 0, lambda: value.settings.lambda,
});

/** What makes another run of it, when it changes. λ and the learning rate act while a run goes on. */
export const keyOf = ({ task, trains, settings }) => [task, trains, settings.layers, settings.trained, settings.seed, settings.steps].join("|");

export const isOn = (run) => ["loading", "running"].includes(run.status);
export const begun = (run) => run.steps.length > 0;
export const over = (run) => run.steps.length >= run.settings.steps;

/** A step that the trainer made: {step, lambda, learningRate, l1, l2, accuracy, ms}. A change of λ is marked on the step before it. */
export const addStep = (run, step) => {
  const last = run.steps.at(-1);
  if (last && Math.abs(last.lambda - step.lambda) > 1e-9) run.changes.push({ step: last.step, from: last.lambda, to: step.lambda });
  const smooth = (name) => (last ? last[`${name}s`] + SMOOTH * (step[name] - last[`${name}s`]) : step[name]);
  run.steps.push({ step: step.step, lambda: step.lambda, l1: step.l1, l2: step.l2, l1s: smooth("l1"), l2s: smooth("l2"), ms: step.ms });
};

/** Back to `step`: what came after it is gone. */
export const cutAt = (run, step) => {
  run.steps = run.steps.filter((one) => one.step <= step);
  run.dev = run.dev.filter((one) => one.step <= step);
  run.language = run.language.filter((one) => one.step <= step);
  run.changes = run.changes.filter((one) => one.step < step);
  run.marks = run.marks.filter((one) => one.step <= step);
};

/** L1, L2 (thick lines), λ and L3 as they are printed at the last step, or at `at`: rounded first, so that the sum adds up. */
export const losses = (run, at = null, lambda = null) => {
  const step = at === null ? run.steps.at(-1) : run.steps[Math.min(at, run.steps.length) - 1];
  if (!step) return null;
  const [l1, l2] = [step.l1s, step.l2s].map((value) => Math.round(value * 100) / 100);
  const weight = lambda ?? step.lambda;
  return { step: step.step, l1, l2, lambda: weight, part: Math.round(weight * l1 * 100) / 100, l3: l2 + Math.round(weight * l1 * 100) / 100 };
};

export const accuracyAt = (run, step = Infinity) => run.dev.filter((one) => one.step <= step).at(-1) ?? null;
export const languageAt = (run, step = Infinity) => run.language.filter((one) => one.step <= step).at(-1) ?? null;
export const lastChange = (run) => run.changes.at(-1) ?? null;

/** Steps in a second, from the last twenty. */
export const pace = (run) => {
  const recent = run.steps.slice(-20).map((step) => step.ms).filter(Boolean);
  return recent.length ? (1000 * recent.length) / recent.reduce((sum, ms) => sum + ms, 0) : 0;
};

/** A run as lines of a table file. */
export const csv = (runs) => ["run,task,model,layers,trained,seed,step,lambda,L1,L2,L3,dev_accuracy"].concat(runs.flatMap((run, index) => run.steps.map((step) => {
  const found = run.dev.find((one) => one.step === step.step);
  const { layers, trained, seed } = run.settings;
  return [index + 1, run.task, run.model, layers, trained, seed, step.step, step.lambda, step.l1.toFixed(5), step.l2.toFixed(5), (step.l2 + step.lambda * step.l1).toFixed(5), found ? found.accuracy.toFixed(4) : ""].join(",");
}))).join("\n");

/** A finished run without what only its trainer needs. */
export const shelved = (run) => ({ ...run, status: "kept", marks: [], dev: run.dev.map(({ step, accuracy }) => ({ step, accuracy })) });
