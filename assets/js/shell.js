/* The page around the lessons: theme, top bar, scenes bar, presentation mode, keyboard. */
import { copyText } from "./copy.js";
import { html, svg, textWidth } from "./dom.js";
import { changeLanguage, linkOf, writeLink } from "./link.js";
import { page, query, root } from "./page.js";
import { active, shell } from "./stage.js";
import { closeCard } from "./term.js";

const { words, models } = page.shell;

const spoken = page.languages.find(({ code }) => code === page.lang).html;
root.lang = spoken;
// Gradio sets the browser's language here, after us; the page's words are in ours.
new MutationObserver(() => { if (root.lang !== spoken) root.lang = spoken; }).observe(root, { attributeFilter: ["lang"] });

/* ---- light and dark (first.js has chosen): our tokens follow data-theme, Gradio's own parts follow body.dark ---- */
const setTheme = (theme) => {
  root.dataset.theme = theme;
  document.body.classList.toggle("dark", theme === "dark");
};
setTheme(root.dataset.theme);
new MutationObserver(() => setTheme(root.dataset.theme)).observe(document.body, { attributeFilter: ["class"] });

/* ---- the top bar ---- */
const bar = {
  draw(stage) {
    if (!this.select) return;
    this.select.value = stage.value.model;
    this.dot.style.background = `var(--${stage.value.architecture ?? "gpt2"})`;
    this.fitSelect();
  },
  fitSelect() {
    const name = this.select.selectedOptions[0]?.textContent ?? "";
    this.select.style.width = `${Math.min(180, Math.ceil(textWidth(name, 14)) + 6)}px`;
  },
  build(at) {
    const line = html("header", { class: "bar" }, at);
    html("strong", { class: "brand" }, line, words.name);
    const tools = html("div", { class: "tools" }, line);
    const picker = html("label", { class: "tool model", title: words.model }, tools);
    this.dot = html("i", {}, picker);
    this.select = html("select", { "aria-label": words.model }, picker);
    for (const source of new Set(models.map((model) => model.source))) {
      const group = html("optgroup", { label: words[`models.${source}`] }, this.select);
      for (const model of models.filter((one) => one.source === source)) html("option", { value: model.name }, group, model.label);
    }
    this.select.addEventListener("change", () => {
      this.fitSelect();
      active()?.act({ type: "model", name: this.select.value });
    });
    const toggle = html("div", { class: "languages" }, tools);
    for (const language of page.languages) {
      if (language.code === page.lang) { html("b", {}, toggle, language.sign); continue; }
      const other = html("a", { class: "tool bare", href: "#", lang: language.html, title: language.name, "aria-label": language.name }, toggle, language.sign);
      other.addEventListener("click", (event) => { event.preventDefault(); changeLanguage(active(), language); });
    }
    const theme = html("button", { class: "tool bare", "aria-label": words.theme, title: words.theme }, tools);
    const moon = svg("svg", { width: 18, height: 18, viewBox: "0 0 18 18", "aria-hidden": "true" }, theme);
    svg("circle", { cx: 9, cy: 9, r: 7, fill: "none", stroke: "currentColor", "stroke-width": 1.6 }, moon);
    svg("path", { d: "M9 2a7 7 0 0 1 0 14z", fill: "currentColor" }, moon);
    theme.addEventListener("click", () => {
      setTheme(root.dataset.theme === "dark" ? "light" : "dark");
      const asked = query();
      asked.set("theme", root.dataset.theme);
      history.replaceState(history.state, "", `${location.pathname}?${asked}`);
    });
    const board = html("button", { class: "tool present" }, tools, words.present);
    board.addEventListener("click", () => present(true));
    this.fitSelect();
    const room = () => {
      root.style.setProperty("--brand", `${line.firstChild.offsetWidth + 28}px`);
      root.style.setProperty("--tools", `${tools.offsetWidth + 28}px`);
    };
    room();
    new ResizeObserver(room).observe(tools);
  },
};

/* ---- the scenes bar ---- */
const scenes = {
  build(at) {
    this.at = html("nav", { class: "scenes", "aria-label": words.scenes }, at);
    this.list = html("div", { class: "scene-list", hidden: true }, at);
    addEventListener("click", (event) => { if (!event.target.closest?.(".scene-list, .scenes .here")) this.list.hidden = true; });
  },
  draw(stage) {
    if (!this.at) return;
    const { scenes } = stage;
    const now = stage.value.scene;
    const button = (text, name, action, ended = false) => { // one at its end keeps the focus
      const made = html("button", { class: name, "data-key": name, "aria-disabled": ended ? "true" : null }, this.at, text);
      if (!ended) made.addEventListener("click", action);
      return made;
    };
    const focused = document.activeElement?.closest?.(".scenes") && document.activeElement.dataset.key;
    this.at.replaceChildren();
    button(words.previous, "previous", () => step(-1), now === 0 || now === null);
    const middle = html("div", { class: "dots" }, this.at);
    const dot = (index) => {
      const made = html("button", { class: now !== null && index < now ? "dot past" : "dot", title: scenes[index].title, "aria-label": `${index + 1}. ${scenes[index].title}`, "data-key": `dot${index}` }, middle);
      made.addEventListener("click", () => step(0, index));
    };
    const title = now === null ? words.tour : `${now + 1} / ${scenes.length}  ${scenes[now].title}`;
    const here = () => {
      const made = html("button", { class: "here", "aria-haspopup": "true", "aria-expanded": String(!this.list.hidden), title: words.list, "data-key": "here" }, middle);
      html("span", {}, made, title);
      made.addEventListener("click", () => this.open(stage));
    };
    if (now === null) here();
    scenes.forEach((_, index) => (index === now ? here() : dot(index)));
    button(words.next, "next", () => step(1), now === scenes.length - 1);
    const copy = button(words.copy, "copy", () => this.copy(stage, copy));
    if (focused) this.at.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  },
  open(stage) {
    this.list.hidden = !this.list.hidden;
    if (this.list.hidden) return;
    this.list.replaceChildren();
    stage.scenes.forEach((scene, index) => {
      const entry = html("button", { "aria-current": index === stage.value.scene ? "true" : null }, this.list);
      html("b", {}, entry, `${index + 1}. ${scene.title}`);
      html("span", {}, entry, scene.slide);
      entry.addEventListener("click", () => { this.list.hidden = true; step(0, index); });
    });
    this.list.querySelector("button")?.focus({ preventScroll: true });
  },
  copy(stage, button) {
    const { address, left } = linkOf(stage);
    const done = "text" in left ? words.copied_without_text : "ids" in left ? words.copied_without_path : words.copied;
    return copyText(new URL(address, location).href, button, words, done);
  },
};

/** Move to the scene `by` steps on, or to scene `index`. */
let early = 0; // steps that were taken before there was a picture to step from
const step = (by, index) => {
  const stage = active();
  if (!stage?.value) return void (early += by);
  const last = stage.scenes.length - 1;
  const from = stage.target ?? stage.value.scene;
  const to = index ?? (from === null ? 0 : Math.min(Math.max(from + by, 0), last));
  stage.target = to; // presses faster than the answers count on from here
  stage.act({ type: "scene", to }, "scene");
};

/** What was pressed while the lesson came, as soon as Python has answered: the address stands before it in the line. */
const catchUp = (stage) => {
  if (!early || !stage.value.ready) return;
  const by = Math.sign(early);
  for (; early; early -= by) step(by);
};

/* ---- presentation mode: nothing but the board ---- */
let cameFrom = null;
export const present = (on) => {
  const stage = active();
  if (on) {
    cameFrom = [document.activeElement, scrollY];
    root.dataset.present = "1";
  } else delete root.dataset.present;
  stage?.paint();
  if (stage) writeLink(stage);
  if (on) stage?.board.focus({ preventScroll: true });
  else {
    const [element, top] = cameFrom ?? [null, 0];
    element?.focus?.({ preventScroll: true });
    scrollTo(0, top);
  }
};

/** For fingers, which have no keys: turn scenes, do what Space does, leave. Shown where the pointer is coarse. */
const touchBar = (at) => {
  const place = html("div", { class: "touch-bar", role: "group", "aria-label": words.present }, at);
  const button = (sign, name, action) => html("button", { "aria-label": name, title: name }, place, sign).addEventListener("click", action);
  button("‹", words.previous.replace(/[‹›]/g, "").trim(), () => step(-1));
  button("●", words.act, () => active()?.lesson.space?.(active()));
  button("›", words.next.replace(/[‹›]/g, "").trim(), () => step(1));
  button("×", words.leave, () => present(false));
};

/* ---- the keyboard ---- */
const onKey = (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const at = event.target;
  const presenting = root.dataset.present || (!active()?.value && query().get("present") === "1");
  const by = { PageDown: 1, PageUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const free = at === document.body || at.classList?.contains("board");
  if (event.key === "Escape") {
    if (!scenes.list?.hidden) { scenes.list.hidden = true; scenes.at.querySelector(".here")?.focus(); }
    else if (closeCard()) return;
    else if (presenting) present(false);
    else return;
    event.preventDefault();
  } else if (presenting && by) {
    const multiline = at.tagName === "TEXTAREA" || at.isContentEditable;
    const plain = free || (at.tagName === "BUTTON" && at.getAttribute("role") !== "tab") || (at.getAttribute?.("role") === "button" && !at.closest(".tree"));
    if (event.key.startsWith("Page") ? multiline : !plain) return;
    event.preventDefault();
    step(by);
  } else if (event.key === " " && free) {
    event.preventDefault();
    active()?.lesson.space?.(active());
  } else if (at.getAttribute?.("role") === "tab" && by && !event.key.startsWith("Page")) {
    const tabs = [...at.parentNode.querySelectorAll("[role=tab]")];
    tabs[(tabs.indexOf(at) + by + tabs.length) % tabs.length].focus();
  }
};
addEventListener("keydown", onKey);

/** The first thing that Tab reaches: past the bars, to what the lesson is about. */
const skipLink = (at) => {
  const link = html("a", { class: "skip", href: "#lessons" }, at, words.skip);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const stage = active();
    const main = stage?.at.querySelector("[data-main]") ?? stage?.at.querySelector("button, input, [role=button], [tabindex]");
    main?.focus();
  });
};

/** Put the two bars into the shell's View. */
export const buildShell = (at) => {
  document.title = words.name;
  skipLink(at);
  bar.build(at);
  scenes.build(at);
  touchBar(at);
  const stage = active();
  if (stage?.value) shell.painted(stage);
};

shell.painted = (stage) => {
  scenes.draw(stage);
  bar.draw(stage);
  catchUp(stage);
};
/** A tab without a stage has no scenes, and its address names nothing but the lesson. */
export const leaveEmpty = (id) => {
  scenes.at?.replaceChildren();
  history.replaceState(null, "", linkOf({ id }).address);
};
