/* Own data: lines pasted or a file, read here; only their texts go to the server, to be cut into tokens, and nothing is kept there. */
import { html } from "../../assets/js/dom.js";
import { say } from "../../assets/js/particle.js";
import { holdOut, readLines } from "./lines.js";

const LARGEST = 1_000_000; // bytes of a file

/** The text of a file in one of the encodings that tables come in, or null. */
const decoded = (bytes) => {
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  for (const encoding of wide ? [wide] : ["utf-8", "euc-kr"]) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      if (!/[\0-\x08\x0e-\x1f]/.test(text)) return text;
    } catch { /* the next one */ }
  }
  return null;
};

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
  const { own } = stage;
  text.value = own.box ?? own.lines?.text ?? "";
  const changed = () => { own.box = text.value; tell(text.value.trim() && text.value !== own.lines?.text ? words["own.changed"] : ""); };
  text.addEventListener("input", changed);

  /** In the place of what stands there, so that Undo of the browser brings it back. */
  const put = (lines) => {
    text.focus();
    text.select();
    if (!document.execCommand("insertText", false, lines)) text.value = lines;
    changed();
  };

  example.addEventListener("click", () => put(words["own.lines"]));
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    if (chosen.size > LARGEST) return tell(words["own.large_file"]);
    const read = decoded(new Uint8Array(await chosen.arrayBuffer()));
    if (read === null) return tell(words["own.bad_file"]);
    put(read);
    take();
  });

  const take = async () => {
    let read;
    const written = text.value;
    const model = stage.value.trains;
    try { read = readLines(written); } catch (bad) { tell(say(words[bad.say] ?? words["own.bad_line"], { n: bad.n })); return false; }
    tell(words["own.cutting"]);
    use.disabled = true;
    try {
      const { rows, cut } = await stage.ask("lines", { lines: read.rows.map((one) => [one.text]) });
      const { train, dev } = holdOut(read.rows, stage.value.settings.seed);
      const made = (index) => ({ fields: [rows[index]], label: read.rows[index].label });
      own.lines = {
        model, labels: read.labels, train: train.map(made), dev: dev.map(made),
        dev_rows: dev.map((index) => ({ text: read.rows[index].text, label: read.rows[index].label })), text: written,
      };
      own.box = written;
      stage.parts.control.again();
      tell(say(words["own.taken"], { n: read.rows.length, labels: read.labels.length, train: train.length, dev: dev.length }) + (cut ? ` ${say(words["own.cut"], { n: cut })}` : ""));
      if (stage.value.task !== "own") stage.act({ type: "task", task: "own" }, "task");
      stage.show({ error: "" });
    } catch (error) { tell(error.message); }
    use.disabled = false;
    return own.lines?.text === written && own.lines.model === model;
  };
  use.addEventListener("click", take);
  /** Before a run starts: the lines as they stand in the box -> whether there are any to train on. */
  own.take = async () => {
    const { lines } = own;
    if (lines && !text.value.trim()) text.value = lines.text;
    return lines && lines.text === text.value && lines.model === stage.value.trains ? true : take();
  };

  return () => {};
};
