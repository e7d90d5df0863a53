/* Formulas from nested lists: ["mfrac", above, below], ["tint", "mu", part] in a colour, a string is a symbol. MathML stands at once;
   KaTeX takes its place as soon as it has loaded. Symbols are looked up or taken letter by letter, so no text is read as TeX.
   `texFormula` draws TeX that stands in a file of ours. */
import { html } from "../dom.js";
import { library } from "../libraries.js";
import { later } from "../page.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const TEX = {
  γ: "\\gamma ", β: "\\beta ", μ: "\\mu ", σ: "\\sigma ", ε: "\\varepsilon ", Σ: "\\sum ", "⊙": "\\odot ", "−": "-", "×": "\\times ", "·": "\\cdot ", "…": "\\ldots ",
  "(": "\\mathopen{}\\left(", ")": "\\right)\\mathclose{}", "=": "=", "+": "+", "/": "/", ",": ",",
};
const SHAPES = {
  mfrac: (above, below) => `\\frac{${above}}{${below}}`,
  msqrt: (inner) => `\\sqrt{${inner}}`,
  mover: (base) => `\\hat{${base}}`, // only ["mover", base, "^"]
  msub: (base, low) => `{${base}}_{${low}}`,
  msup: (base, high) => `{${base}}^{${high}}`,
  msubsup: (base, low, high) => `{${base}}_{${low}}^{${high}}`,
};
const symbol = (text) => {
  if (TEX[text]) return TEX[text];
  if (/^−?[\d.]+$/.test(text)) return text.replace("−", "-");
  if (text.length === 1) return /^\p{L}$/u.test(text) ? text : "";
  const joined = /^(\p{L}+)_(\p{L}+)$/u.exec(text);
  return joined ? `\\text{${joined[1]}\\_${joined[2]}}` : `\\operatorname{${text.replace(/[^\p{L}\p{N}]/gu, "")}}`;
};

/* KaTeX knows colours, no CSS variables: each gets a number there, and its variable in what KaTeX has drawn. */
const tints = [];
const coloured = (name) => {
  if (!tints.includes(name)) tints.push(name);
  return `\\textcolor{#0f00${tints.indexOf(name).toString(16).padStart(2, "0")}}`;
};
const tint = (name, inner) => `${coloured(name)}{${inner}}`;
const untint = (at) => {
  for (const element of at.querySelectorAll("[mathcolor]")) element.removeAttribute("mathcolor"); // only read aloud
  for (const element of at.querySelectorAll("[style*=color]")) {
    const number = /^rgb\(15, 0, (\d+)\)$/.exec(element.style.color)?.[1];
    if (number) element.style.color = `var(--${tints[number]})`;
  }
};

/** -> TeX. `symbols` gives symbols the names of their colours. */
export const tex = (part, symbols = {}) => {
  if (typeof part === "string") return symbols[part] ? tint(symbols[part], symbol(part)) : symbol(part);
  const [kind, ...children] = part;
  if (kind === "tint") return tint(children[0], tex(children[1], symbols));
  const inner = children.map((child) => tex(child, symbols));
  return (SHAPES[kind] ?? ((...all) => all.join(" ")))(...inner);
};

const mathml = (part, up, symbols) => {
  if (typeof part === "string") {
    const kind = /^−?[\d.]+$/.test(part) ? "mn" : /^[\p{L}_]+$/u.test(part) ? "mi" : "mo";
    const leaf = document.createElementNS(MATHML, kind);
    if (symbols[part]) leaf.setAttribute("style", `color:var(--${symbols[part]})`);
    leaf.textContent = part;
    return up.append(leaf);
  }
  const made = document.createElementNS(MATHML, part[0] === "tint" ? "mrow" : part[0]);
  if (part[0] === "tint") made.setAttribute("style", `color:var(--${part[1]})`);
  for (const child of part.slice(part[0] === "tint" ? 2 : 1)) mathml(child, made, symbols);
  up.append(made);
};

let katex = null;
const draw = (at, source, displayMode) => {
  const holder = html("span", { class: "formula" });
  katex.render(source, holder, { displayMode, output: "htmlAndMathml", trust: false, strict: "ignore", throwOnError: true, maxSize: 20, maxExpand: 200 });
  untint(holder);
  at.replaceChildren(holder);
};

/** In a fold that is closed nothing is seen, and nothing is loaded. */
const whenSeen = (at, work) => new IntersectionObserver((entries, observer) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  observer.disconnect();
  later(work);
}).observe(at);

/** Draw the formula `tree` into `parent` -> its element. inline: it stands in a line, with low fractions. */
export const formula = (parent, tree, symbols = {}, { inline = false } = {}) => {
  const at = html("span", { class: "formula-place" }, parent);
  if (katex) { draw(at, tex(tree, symbols), !inline); return at; }
  const maths = document.createElementNS(MATHML, "math");
  maths.setAttribute("display", inline ? "inline" : "block");
  mathml(tree, maths, symbols);
  at.append(maths);
  whenSeen(at, async () => {
    try { katex = await library.katex(); } catch (error) { return console.warn(error.message); } // MathML stays
    if (at.isConnected) draw(at, tex(tree, symbols), !inline);
  });
  return at;
};

/** Draw `source`, TeX of ours in which \tint{l1}{…} is a part in the colour --l1, into `parent`. Without KaTeX its source can be read. */
export const texFormula = (parent, source) => {
  const at = html("span", { class: "formula-place" }, parent);
  const written = source.replace(/\\tint\{([\w-]+)\}/g, (_, name) => coloured(name));
  if (katex) { draw(at, written, true); return at; }
  whenSeen(at, async () => {
    try { katex = await library.katex(); } catch (error) {
      console.warn(error.message);
      return at.replaceChildren(html("code", {}, null, source.replace(/\\tint\{[\w-]+\}/g, "")));
    }
    if (at.isConnected) draw(at, written, true);
  });
  return at;
};
