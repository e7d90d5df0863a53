"use strict";
/* 「GPT란?」: one token at a time. Python computes every number; this draws them. */
(() => {
  const PLAY_EVERY = 1100; // ms

  const icon = (button, path, filled) => {
    const drawing = lab.svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", width: 16, height: 16 });
    lab.svg("path", { d: path, fill: filled ? "currentColor" : "none", stroke: filled ? "none" : "currentColor", "stroke-width": 1.8 }, drawing);
    button.prepend(drawing);
    return drawing;
  };
  const PLAY = "M4 2.5v11l9-5.5z";
  const PAUSE = "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z";
  const UNDO = "M6 3 2.5 6.5 6 10M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6";

  const heading = (stage, parts) => {
    const { words } = stage;
    const ask = lab.html("div", { class: "ask" }, stage.at);
    const left = lab.html("div", {}, ask);
    lab.html("h1", {}, left, words.title);
    parts.lead = lab.html("p", { class: "lead" }, left);
    const form = lab.html("form", { class: "start" }, ask);
    const label = lab.html("label", { for: "next-token-text" }, form, words.text);
    const links = lab.html("span", { class: "start-links" }, form);
    parts.mine = lab.html("button", { type: "button", class: "link", hidden: true }, links, words.mine);
    parts.mine.addEventListener("click", () => stage.act({ type: "mine" }));
    const examples = lab.html("button", { type: "button", class: "link", "aria-expanded": "false", "data-key": "examples" }, links, words.examples);
    parts.text = lab.html("input", { id: "next-token-text", autocomplete: "off", spellcheck: "false", maxlength: 20000 }, form);
    const menu = lab.html("div", { class: "menu", hidden: true }, form);
    for (const example of words.example_list.split("\n")) {
      const entry = lab.html("button", { type: "button" }, menu, example);
      entry.addEventListener("click", () => { menu.hidden = true; stage.act({ type: "text", text: example }); examples.focus(); });
    }
    examples.addEventListener("click", () => { menu.hidden = !menu.hidden; examples.setAttribute("aria-expanded", String(!menu.hidden)); });
    addEventListener("click", (event) => { if (!form.contains(event.target)) menu.hidden = true; });
    const send = () => { if (parts.text.value !== stage.value?.text) stage.act({ type: "text", text: parts.text.value }, "text"); };
    form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
    parts.text.addEventListener("change", send);
    return label;
  };

  const buttons = (stage, parts, picture) => {
    const { words } = stage;
    const act = lab.html("div", { class: "act" }, picture);
    parts.go = lab.html("button", { id: "go", "data-key": "go" }, act);
    lab.html("span", {}, parts.go, words.go);
    lab.html("kbd", {}, parts.go, words.space);
    parts.go.addEventListener("click", () => stage.act({ type: "draw" }));
    const pair = lab.html("div", { class: "pair" }, act);
    parts.play = lab.html("button", { id: "play", class: "quiet", title: words.play, "data-key": "play" }, pair);
    parts.playIcon = icon(parts.play, PLAY, true);
    parts.playWord = lab.html("span", {}, parts.play, words.play);
    parts.play.addEventListener("click", () => play(stage, !parts.timer));
    const undo = lab.html("button", { id: "undo", class: "quiet", title: words.undo, "data-key": "undo" }, pair);
    icon(undo, UNDO, false);
    lab.html("span", {}, undo, words.undo);
    undo.addEventListener("click", () => { play(stage, false); stage.act({ type: "undo" }); });
    const say = lab.html("div", { class: "say" }, act);
    stage.waitingPlace = lab.waitingPlace(say);
    parts.say = lab.html("p", { "aria-live": "polite" }, say);
  };

  /** Draw on until the end of the text, a press, or a change of place. */
  const play = (stage, on) => {
    const { parts, words } = stage;
    clearInterval(parts.timer);
    parts.timer = on ? setInterval(() => (stage.pending ? null : stage.act({ type: "draw" })), PLAY_EVERY) : 0;
    if (on) stage.act({ type: "draw" });
    parts.play.classList.toggle("on", on);
    parts.play.title = on ? words.pause : words.play;
    parts.playWord.textContent = on ? words.pause : words.play;
    parts.playIcon.firstChild.setAttribute("d", on ? PAUSE : PLAY);
  };

  /** The three filters in the order in which they work, then the seed of the draw. */
  const knobs = (stage, parts, at) => {
    const { words } = stage;
    const row = lab.html("div", { class: "knobs" }, at);
    parts.knobs = {};
    for (const [name, low, high, step] of [["temperature", 0.1, 2, 0.05], ["top_k", 0, words.top_k_stops.split(",").length - 1, 1], ["top_p", 0.05, 1, 0.05]]) {
      const knob = lab.html("div", { class: "knob" }, row);
      const line = lab.html("div", {}, knob);
      lab.html("label", { for: `knob-${name}` }, line, words[name]);
      const output = lab.html("output", { for: `knob-${name}` }, line);
      const note = lab.html("span", {}, line);
      const input = lab.html("input", { id: `knob-${name}`, type: "range", min: low, max: high, step }, knob);
      input.addEventListener("input", () => {
        showKnob(stage, name, output, input);
        stage.act({ type: "knob", knob: name, value: knobValue(stage, name, input) }, `knob-${name}`);
      });
      parts.knobs[name] = { input, output, note };
    }
    const seed = lab.html("div", { class: "knob seed" }, row);
    lab.html("label", { for: "knob-seed" }, lab.html("div", {}, seed), words.seed);
    parts.seed = lab.html("input", { id: "knob-seed", type: "number", min: 0, max: 999999, step: 1, title: words.seed_note }, seed);
    parts.seed.addEventListener("change", () => stage.act({ type: "knob", knob: "seed", value: Number(parts.seed.value) }, "knob-seed"));
  };
  const stops = (stage) => stage.words.top_k_stops.split(",").map(Number);
  const knobValue = (stage, name, input) => (name === "top_k" ? stops(stage)[Number(input.value)] : Number(input.value));
  const showKnob = (stage, name, output, input) => {
    const value = knobValue(stage, name, input);
    const off = (name === "top_k" && value === 0) || (name === "top_p" && value === 1);
    const text = off ? stage.words.off : name === "top_k" ? String(value) : value.toFixed(2);
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
    input.style.setProperty("--fill", `${(100 * (input.value - input.min)) / (input.max - input.min)}%`);
  };

  const guessPanel = (stage, parts, at) => {
    const { words } = stage;
    const panel = lab.html("form", { class: "cover", hidden: true }, at);
    parts.cover = panel;
    parts.coverAsk = lab.html("p", {}, panel);
    const row = lab.html("div", {}, panel);
    const input = lab.html("input", { "aria-label": words.guess_label, autocomplete: "off", placeholder: words.guess_placeholder, maxlength: 60 }, row);
    lab.html("button", { class: "quiet dark" }, row, words.check);
    const reveal = lab.html("button", { type: "button", class: "quiet" }, row, words.reveal);
    panel.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.value.trim()) { stage.act({ type: "guess", text: input.value }); input.value = ""; }
    });
    reveal.addEventListener("click", () => stage.act({ type: "hide", on: false }));
  };

  const distributionPart = (stage, parts, picture) => {
    const { words } = stage;
    const column = lab.html("div", { class: "dist-column" }, picture);
    knobs(stage, parts, column);
    const frame = lab.html("div", { class: "dist-frame" }, column);
    const tools = lab.html("div", { class: "dist-tools" }, frame);
    lab.html("span", { class: "hint" }, tools, words.hint);
    const hide = lab.html("button", { class: "link", "data-key": "hide" }, tools, words.hide);
    hide.addEventListener("click", () => stage.act({ type: "hide", on: true }));
    parts.hide = hide;
    parts.dist = lab.html("div", { class: "dist" }, frame);
    guessPanel(stage, parts, frame);
  };

  const folds = (stage, parts) => {
    const { words } = stage;
    const more = lab.html("div", { class: "more" }, stage.at);
    const compare = lab.fold(more, words.compare, words.compare_about, (open) => stage.act({ type: "compare", on: open }, "compare"));
    parts.compare = lab.html("div", { class: "compare" }, compare);
    const formula = lab.fold(more, words.formula, words.formula_about);
    const symbol = { T: "warn" };
    lab.formula(formula, ["mrow", ["msub", "p", "i"], "=", ["mfrac", ["mrow", "exp", "(", ["msub", "z", "i"], "/", "T", ")"], ["mrow", ["msub", "Σ", "j"], "exp", "(", ["msub", "z", "j"], "/", "T", ")"]]], symbol);
    lab.rich(lab.html("p", {}, formula), words.formula_text);
    const cache = lab.fold(more, words.cache_title, words.cache_about);
    lab.rich(lab.html("p", {}, cache), words.cache_text);
    parts.cacheNow = lab.html("p", { class: "mute" }, cache);
    const code = lab.fold(more, words.code, words.code_about);
    parts.code = lab.html("div", {}, code);
  };

  const drawCompare = (at, rows, words) => {
    at.replaceChildren();
    if (!rows) return;
    const table = lab.html("table", {}, at);
    const head = lab.html("tr", {}, lab.html("thead", {}, table));
    for (const name of [words.method, words.continued, words.probability]) lab.html("th", { scope: "col" }, head, name);
    const body = lab.html("tbody", {}, table);
    for (const row of rows) {
      const line = lab.html("tr", {}, body);
      const method = lab.html("th", { scope: "row" }, line);
      lab.html("b", {}, method, row.name);
      lab.html("small", {}, method, row.about);
      const tokens = lab.html("td", { class: "tokens" }, line);
      for (const token of row.tokens) lab.html("span", { class: "token", title: `${lab.aboutToken(token, words)} · ${lab.percent(token.p)}` }, tokens, (token.space ? "·" : "") + lab.readable(token));
      lab.html("td", { class: "number" }, line, row.p);
    }
  };

  lab.lessons["next-token"] = {
    build(stage) {
      const parts = (stage.parts = {});
      heading(stage, parts);
      const picture = lab.html("section", { class: "picture", "aria-label": stage.words.picture }, stage.at);
      parts.strip = lab.html("div", { class: "strip" }, picture);
      buttons(stage, parts, picture);
      distributionPart(stage, parts, picture);
      parts.tree = lab.html("div", { class: "tree-frame" }, lab.html("div", { class: "paths" }, picture));
      const look = lab.html("p", { class: "look" }, stage.at);
      lab.html("b", { class: "tag" }, look, stage.words.look);
      parts.look = lab.html("span", { "aria-live": "polite" }, look);
      folds(stage, parts);
      parts.guess = lab.guess(stage.at, stage.words, (id, answer) => stage.act({ type: "answer", id, answer }));
    },

    draw(stage) {
      const { parts, value, words } = stage;
      lab.rich(parts.lead, lab.scenes.of(stage)[value.scene]?.say ?? value.lead);
      if (document.activeElement !== parts.text || !stage.pending) parts.text.value = value.text;
      parts.mine.hidden = !value.can_return;
      parts.go.querySelector("span").textContent = value.ended ? words.again : words.go;
      if (value.ended && parts.timer) play(stage, false);
      lab.tokenStrip(parts.strip, value, words, stage.before);
      lab.rich(parts.say, value.say);
      for (const [name, { input, output, note }] of Object.entries(parts.knobs)) {
        const waiting = stage.waiting.some((entry) => entry.slot === `knob-${name}`);
        if (!waiting) input.value = name === "top_k" ? stops(stage).indexOf(value.knobs.top_k) : value.knobs[name];
        showKnob(stage, name, output, input);
        note.textContent = value.notes[name] ?? "";
      }
      if (document.activeElement !== parts.seed) parts.seed.value = value.knobs.seed;
      lab.rich(parts.look, value.look);
      parts.cover.hidden = !value.hidden;
      parts.hide.hidden = value.hidden || !value.ready;
      lab.rich(parts.coverAsk, value.cover);
      parts.dist.classList.toggle("covered", value.hidden);
      parts.dist.toggleAttribute("inert", value.hidden);
      if (value.ready) {
        lab.distribution(parts.dist, value, words, (id) => stage.act({ type: "pick", id }));
        lab.pathTree(parts.tree, value, words, (index) => stage.act({ type: "go", node: index }));
      }
      drawCompare(parts.compare, value.compare, words);
      parts.cacheNow.textContent = value.cache_now;
      if (value.code && value.code !== stage.shownCode) {
        stage.shownCode = value.code;
        parts.code.replaceChildren();
        lab.code(parts.code, value.code, words);
      }
      parts.guess(value.questions);
    },

    board(stage) { lab.nextTokenBoard(stage); },

    space(stage) { stage.act({ type: "draw" }); },
  };
})();
