/* Own data: lines pasted or a file, read here; only their texts go to the server, to be cut into tokens, and nothing is kept there. */
import { html } from "../../assets/js/dom.js";
import { say } from "../../assets/js/particle.js";
import { holdOut, readLines } from "./lines.js";

const LARGEST = 1_000_000; // bytes of a file

export const ownView = (at, stage) => {
  const { words } = stage;
  html("h2", {}, at, words["own.title"]);
  html("p", { class: "mute" }, at, words["own.about"]);
  const text = html("textarea", { rows: 6, "aria-label": words["own.title"], placeholder: words["own.placeholder"], spellcheck: "false", "data-key": "own-lines" }, at);
  const row = html("div", { class: "own-row" }, at);
  const label = html("label", { class: "quiet file" }, row, words["own.file"]);
  const file = html("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain", class: "sr-only" }, label);
  const example = html("button", { class: "quiet", "data-key": "own-example" }, row, words["own.example"]);
  const use = html("button", { class: "quiet dark", "data-key": "own-use" }, row, words["own.use"]);
  const note = html("p", { class: "own-note", role: "status" }, at);
  const tell = (sentence) => { note.textContent = sentence; };

  example.addEventListener("click", () => { text.value = words["own.lines"]; tell(""); });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    if (chosen.size > LARGEST) return tell(words["own.large_file"]);
    text.value = new TextDecoder("utf-8").decode(await chosen.arrayBuffer());
    take();
  });

  const take = async () => {
    let read;
    try { read = readLines(text.value); } catch (bad) { return tell(say(words[bad.say] ?? words["own.bad_line"], { n: bad.n })); }
    tell(words["own.cutting"]);
    use.disabled = true;
    try {
      const { rows, cut } = await stage.ask("lines", { lines: read.rows.map((one) => [one.text]) });
      const { train, dev } = holdOut(read.rows, stage.value.settings.seed);
      const made = (index) => ({ fields: [rows[index]], label: read.rows[index].label });
      stage.own.lines = {
        labels: read.labels, train: train.map(made), dev: dev.map(made),
        dev_rows: dev.map((index) => ({ text: read.rows[index].text, label: read.rows[index].label })), text: text.value,
      };
      stage.parts.control.again();
      tell(say(words["own.taken"], { n: read.rows.length, labels: read.labels.length, train: train.length, dev: dev.length }) + (cut ? ` ${say(words["own.cut"], { n: cut })}` : ""));
      if (stage.value.task !== "own") stage.act({ type: "task", task: "own" }, "task");
      stage.show({ error: "" });
    } catch (error) { tell(error.message); }
    use.disabled = false;
  };
  use.addEventListener("click", take);

  return () => { if (stage.own.lines && !text.value && document.activeElement !== text) text.value = stage.own.lines.text; };
};
