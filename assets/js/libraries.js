/* Plotly, KaTeX and bertviz, from this server and only when a drawing asks for them. A library that does not come is not asked for twice. */
import { html } from "./dom.js";
import { home, page } from "./page.js";

const address = (name) => new URL(page.libraries[name], home).href;
const once = (load) => { let promise; return () => (promise ??= load()); };
const FONTS = ["16px KaTeX_Main", "italic 16px KaTeX_Math"];

/** Put an element that loads something into the head -> when it has loaded. */
export const loaded = (tag, attributes) => new Promise((done, failed) => {
  const element = html(tag, attributes);
  element.addEventListener("load", done);
  element.addEventListener("error", () => failed(new Error(`${attributes.src ?? attributes.href} did not load`)));
  document.head.append(element);
});

export const library = {
  /** -> Plotly. */
  plotly: once(async () => {
    await loaded("script", { src: address("plotly") });
    return window.Plotly;
  }),
  /** -> KaTeX with its style sheet and fonts there, so that a formula does not change its width once it stands. */
  katex: once(async () => {
    if (!page.libraries.katex) throw new Error("no KaTeX in this release of Gradio");
    const [module] = await Promise.all([import(address("katex")), loaded("link", { rel: "stylesheet", href: address("katex_style") })]);
    await Promise.all(FONTS.map((font) => document.fonts.load(font)));
    return module.default;
  }),
  /** -> the text of bertviz's script (app/bertviz_scripts.py), which runs in a frame of its own and never in the page. */
  bertviz: once(async () => {
    if (!page.libraries.bertviz) throw new Error("no bertviz that we know");
    const answer = await fetch(address("bertviz"));
    if (!answer.ok) throw new Error(`bertviz did not load: ${answer.status}`);
    return answer.text();
  }),
};
