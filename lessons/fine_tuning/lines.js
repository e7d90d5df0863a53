/* A learner's own labelled lines, read in her browser: `label<TAB>text`, or a CSV or TSV file. */
import { sample, Twister } from "../../assets/js/training/random.js";

export const MOST_LINES = 500;
export const MOST_LABELS = 8;
const LONGEST = 500;

const LONGEST_LABEL = 40;
const HEADER = [/^(label|class|category|라벨|레이블|분류)$/i, /^(text|sentence|document|문장|글|내용)$/i];

/** One record of a CSV file, with quotes, its cells parted by commas or else semicolons; of a TSV, cut at its tabs. */
const cells = (line) => {
  if (line.includes("\t")) return line.split("\t");
  const between = line.includes(",") ? "," : ";";
  const found = [];
  let cell = "";
  let quoted = false;
  for (let index = 0; index < line.length; index += 1) {
    const sign = line[index];
    if (quoted && sign === '"' && line[index + 1] === '"') { cell += '"'; index += 1; }
    else if (sign === '"' && (quoted || !cell)) quoted = !quoted;
    else if (sign === between && !quoted) { found.push(cell); cell = ""; }
    else cell += sign;
  }
  return [...found, cell];
};

/** The lines of a text, a quoted cell with breaks in it as one -> [[number of its first line, record]]. */
const records = (text) => {
  const found = [];
  text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/).forEach((line, index) => {
    const last = found.at(-1);
    const open = last && !last[1].includes("\t") && /(^|,|;)\s*"/.test(last[1]) && (last[1].match(/"/g).length % 2) === 1;
    if (open && index - last[0] < 20) last[1] += ` ${line}`;
    else found.push([index + 1, line]);
  });
  return found;
};

/**
 * text -> {labels: [name], rows: [{text, label}]}. Throws {say, n}: the name of the sentence, and the line that it is about.
 * Empty lines count, but are passed over.
 */
export const readLines = (text) => {
  const rows = [];
  records(text).forEach(([n, line]) => {
    if (!line.trim()) return;
    const parts = cells(line).map((cell) => cell.trim());
    if (!rows.length && parts.length === 2 && HEADER.every((name, index) => name.test(parts[index]))) return;
    if (parts.length < 2 || !parts[0] || !parts[1]) throw { say: "own.bad_line", n };
    if (parts.length > 2 && !line.includes("\t")) throw { say: "own.many_cells", n };
    const words = parts.slice(1).join(" ").replace(/\0/g, "");
    if (words.length > LONGEST) throw { say: "own.long_line", n };
    if (rows.length === MOST_LINES) throw { say: "own.too_many", n };
    if (parts[0].length > LONGEST_LABEL) throw { say: "own.long_label", n };
    rows.push({ name: parts[0], text: words });
  });
  if (!rows.length) throw { say: "own.no_line", n: 0 };
  const labels = [...new Set(rows.map((row) => row.name))];
  if (labels.length < 2) throw { say: "own.one_label", n: 0 };
  if (labels.length > MOST_LABELS) throw { say: "own.many_labels", n: labels.length };
  if (rows.length < 10) throw { say: "own.few_lines", n: rows.length };
  return { labels, rows: rows.map((row) => ({ text: row.text, label: labels.indexOf(row.name) })) };
};

/** A fifth of the rows, drawn with the seed, is held out -> {train, dev}: indices. Every label stays in `train`. */
export const holdOut = (rows, seed) => {
  const order = sample(Twister.ofPython(seed), rows.map((_, index) => index), rows.length);
  const dev = [];
  const left = rows.reduce((counts, row) => { counts[row.label] = (counts[row.label] ?? 0) + 1; return counts; }, []);
  for (const index of order) {
    if (dev.length >= Math.floor(rows.length / 5)) break;
    if (left[rows[index].label] < 2) continue;
    left[rows[index].label] -= 1;
    dev.push(index);
  }
  const held = new Set(dev);
  return { dev: dev.sort((a, b) => a - b), train: rows.map((_, index) => index).filter((index) => !held.has(index)) };
};
