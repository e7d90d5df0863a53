"use strict";
/* Plotly and KaTeX, from this server and only when a drawing asks for them. A library that does not come is not asked for twice. */
(() => {
  /** The app's own address, also in /en and behind a proxy that serves it under a path. */
  const home = location.pathname.replace(/\/(en\/?)?$/, "");
  const address = (name) => `${home}/${lab.libraries[name]}`;
  const once = (load) => { let promise; return () => (promise ??= load()); };
  const loaded = (tag, attributes) => new Promise((done, failed) => {
    const element = lab.html(tag, attributes);
    element.addEventListener("load", done);
    element.addEventListener("error", () => failed(new Error(`${attributes.src ?? attributes.href} did not load`)));
    document.head.append(element);
  });
  const FONTS = ["16px KaTeX_Main", "italic 16px KaTeX_Math"];

  lab.library = {
    /** -> Plotly. */
    plotly: once(async () => {
      await loaded("script", { src: address("plotly") });
      return window.Plotly;
    }),
    /** -> KaTeX with its style sheet and fonts there, so that a formula does not change its width once it stands. */
    katex: once(async () => {
      if (!lab.libraries.katex) throw new Error("no KaTeX in this release of Gradio");
      const [module] = await Promise.all([import(address("katex")), loaded("link", { rel: "stylesheet", href: address("katex_style") })]);
      await Promise.all(FONTS.map((font) => document.fonts.load(font)));
      return module.default;
    }),
  };

  /** Run `work` when the page has painted and has nothing better to do. */
  lab.later = (work) => requestAnimationFrame(() => (window.requestIdleCallback ? requestIdleCallback(work, { timeout: 500 }) : setTimeout(work)));
})();
