/* The task to choose, with the fields of its input; and the runs beside each other. */
import { canvas, html, svg } from "../../assets/js/dom.js";
import { say } from "../../assets/js/particle.js";
import { copyText } from "../../assets/js/copy.js";
import { accuracyAt, begun, csv } from "./run.js";

const KINDS = ["classification", "entailment", "similarity", "choice"];

/** The first field of each task's own example: a text that is one of them is not the learner's, and goes with its task. */
const examples = (value) => Object.fromEntries(value.tasks.map((task) => [task.id, task.example]));

/** Build once -> a function that shows the task of a picture. The first field is the page's text, written in the frame's form. */
export const kindButtons = (parent, stage) => {
  const { words } = stage;
  const seg = html("div", { class: "seg", role: "group", "aria-label": words["task.label"] }, parent);
  const buttons = KINDS.map((kind) => {
    const at = html("button", { "data-key": `kind-${kind}`, "aria-pressed": "false" }, seg, words[`kind.${kind}`]);
    at.addEventListener("click", () => choose(stage.value.tasks.find((task) => task.kind === kind).id));
    return [kind, at];
  });
  const choose = (task) => {
    const { value } = stage;
    const mine = !Object.values(examples(value)).includes(value.text);
    if (!mine) stage.act({ type: "text", text: examples(value)[task] }, "text");
    stage.act({ type: "task", task }, "task");
  };
  const select = html("select", { "aria-label": words["task.set"], "data-key": "task" }, parent);
  select.addEventListener("change", () => choose(select.value));
  const more = html("div", { class: "more-fields" }, parent);
  let shown = "";
  return (value) => {
    for (const [kind, at] of buttons) at.setAttribute("aria-pressed", String(kind === value.kind));
    const options = value.tasks.filter((task) => task.kind === value.kind);
    if (shown !== value.kind + value.tasks.length) {
      shown = value.kind + value.tasks.length;
      select.replaceChildren();
      for (const task of options) html("option", { value: task.id }, select, task.name);
    }
    select.value = value.task;
    const fields = value.fields.slice(1);
    while (more.children.length > fields.length) more.lastChild.remove();
    fields.forEach((field, index) => {
      if (!more.children[index]) {
        const label = html("label", {}, more);
        html("span", {}, label);
        const input = html("input", { autocomplete: "off", spellcheck: "false", maxlength: 500, "data-key": `field${index}` }, label);
        input.addEventListener("change", () => stage.act({ type: "field", index: index + 1, text: input.value }, `field${index}`));
      }
      const label = more.children[index];
      label.firstChild.textContent = field.name;
      if (document.activeElement !== label.lastChild) label.lastChild.value = field.value;
    });
  };
};

const sparkline = (parent, run, most) => {
  const [width, height] = [74, 16];
  const drawing = canvas(html("span", { class: "spark" }, parent), width, height);
  drawing.setAttribute("aria-hidden", "true");
  const Y = (value) => height - 2 - (value / most) * (height - 4);
  const X = (step) => (step / run.settings.steps) * width;
  const points = run.steps.filter((_, index) => index % 4 === 0);
  svg("path", { d: `M0 ${Y(run.steps[0].l1s)}H${width}`, class: "grid-line" }, drawing);
  svg("path", { d: points.map((step, index) => `${index ? "L" : "M"}${X(step.step)} ${Y(step.l1s)}`).join(""), class: "curve l1" }, drawing);
  for (const change of run.changes) svg("path", { d: `M${X(change.step) - 4} ${Y(run.steps[change.step - 1].l1s)}l4 -4l4 4l-4 4z`, class: "change-mark" }, drawing);
};

/** The run of now above those that were kept; a press takes one out of the curves. */
export const runTable = (at, stage) => {
  const { own, words } = stage;
  at.replaceChildren();
  const kept = own.runs ?? [];
  const all = [own.run && begun(own.run) && !own.run.shelved ? own.run : null, ...kept];
  if (!all.some(Boolean)) { html("td", { class: "mute" }, html("tr", {}, html("tbody", {}, at)), words["runs.empty"]); return; }
  const head = html("tr", {}, html("thead", {}, at));
  for (const name of ["runs.run", "runs.flow", "runs.l1", "runs.accuracy"]) html("th", { scope: "col" }, head, words[name]);
  const body = html("tbody", {}, at);
  const most = Math.max(0.1, ...all.filter(Boolean).flatMap((run) => run.steps.map((step) => step.l1s)));
  all.forEach((run, index) => {
    if (!run) return;
    const line = html("tr", { class: index ? (run.hidden ? "off" : "") : "now" }, body);
    const name = html("td", {}, line);
    const label = index ? `${index} ${nameOf(run, words)}` : words["runs.now"];
    if (index) {
      const button = html("button", { "aria-pressed": String(!run.hidden), title: label, "data-key": `run${index}` }, name, label);
      button.addEventListener("click", () => { run.hidden = !run.hidden; stage.show({}); });
    } else html("b", {}, name, label);
    sparkline(html("td", {}, line), run, most);
    html("td", { class: "l1" }, line, run.steps.at(-1).l1s.toFixed(2));
    html("td", {}, line, accuracyAt(run)?.accuracy.toFixed(3) ?? "–");
  });
  const tools = html("td", { colspan: 4 }, html("tr", { class: "tools" }, body));
  const save = html("button", { class: "link", "data-key": "csv" }, tools, words["runs.csv"]);
  save.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob(["\ufeff", csv(all.filter(Boolean))], { type: "text/csv" }));
    html("a", { href: address, download: "runs.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
  const link = html("button", { class: "link", "data-key": "settings-link" }, tools, words["runs.link"]);
  link.addEventListener("click", () => copyText(location.href, link, words, words.copied));
};

/** A run's name: what was different in it. */
const nameOf = (run, words) => {
  const { layers, trained, seed } = run.settings;
  const lambdas = [...new Set(run.steps.map((step) => Number(step.lambda.toFixed(2))))];
  const start = layers < 0 ? words["start.nothing"] : layers === 0 ? words["start.embeddings"] : layers < 4 ? say(words[layers === 1 ? "start.layer" : "start.layers"], { n: layers }) : "";
  return [`λ ${lambdas.length > 2 ? `${lambdas[0]} → … → ${lambdas.at(-1)}` : lambdas.join(" → ")}`, start, trained === "full" ? "" : words[`trained.${trained}`], seed ? `${words.seed} ${seed}` : ""].filter(Boolean).join(" · ");
};
