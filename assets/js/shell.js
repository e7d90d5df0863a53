"use strict";
/* The page around the lessons: theme, address, top bar, tabs, scenes bar, presentation mode, keyboard. */
(() => {
  const root = document.documentElement;
  const query = () => new URLSearchParams(location.search);
  const lang = /\/en\/?$/.test(location.pathname) ? "en" : "ko";
  const LONGEST_LINK = 2000;
  root.lang = lang;
  // Gradio sets the browser's language here, after us; the page's words are in ours.
  new MutationObserver(() => { if (root.lang !== lang) root.lang = lang; }).observe(root, { attributeFilter: ["lang"] });

  /* ---- light and dark: our tokens follow data-theme, Gradio's own parts follow body.dark ---- */
  const setTheme = (theme) => {
    root.dataset.theme = theme;
    document.body?.classList.toggle("dark", theme === "dark");
  };
  const wantedTheme = () => {
    const asked = query().get("theme");
    if (asked === "dark" || asked === "light") return asked;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  };
  setTheme(wantedTheme());
  const followTheme = () => {
    setTheme(root.dataset.theme);
    new MutationObserver(() => setTheme(root.dataset.theme)).observe(document.body, { attributeFilter: ["class"] });
  };
  if (document.body) followTheme(); else addEventListener("DOMContentLoaded", followTheme);

  /* ---- the address always shows the exact state ---- */
  lab.link = {
    /** Was this address written for lesson `id`? Only the first lesson that opens may follow it. */
    meantFor(id) {
      if (this.followed) return false;
      const wanted = query().get("lesson");
      const meant = wanted === id || !(wanted in lab.lessons);
      if (meant) this.followed = true;
      return meant && [...query().keys()].some((name) => !name.startsWith("__"));
    },
    /** Does the address say more than where and how to look? Then the lesson's first picture would be a wrong one. */
    hasState() {
      return [...query().keys()].some((name) => !name.startsWith("__") && !["theme", "lang", "lesson", "present"].includes(name));
    },
    of(stage) {
      const wanted = new URLSearchParams({ lesson: stage.id, lang, ...stage.value.link });
      const asked = query();
      if (asked.get("theme") === root.dataset.theme) wanted.set("theme", root.dataset.theme);
      if (root.dataset.present) wanted.set("present", "1");
      for (const [name, value] of asked) if (name.startsWith("__")) wanted.set(name, value);
      const address = () => `${location.pathname}?${wanted}`;
      if (address().length + location.origin.length <= LONGEST_LINK) return { address: address(), whole: true };
      for (const name of ["text", "ids"]) wanted.delete(name);
      return { address: address(), whole: false };
    },
    write(stage) {
      if (stage?.value?.link) history.replaceState(null, "", this.of(stage).address);
    },
  };

  /* ---- what a link cannot hold survives a change of language in sessionStorage ---- */
  const shelf = (id) => `one-token:${id}`;
  const leaving = "one-token:leaving";
  lab.kept = (id) => {
    if (sessionStorage.getItem(leaving) !== id) return null;
    const kept = sessionStorage.getItem(shelf(id));
    sessionStorage.removeItem(leaving);
    sessionStorage.removeItem(shelf(id));
    try { return JSON.parse(kept); } catch { return null; }
  };
  const changeLanguage = () => {
    const stage = lab.active();
    const wanted = new URLSearchParams(stage?.value ? new URL(lab.link.of(stage).address, location).search : location.search);
    if (stage?.value) {
      wanted.set("text", stage.value.text);
      if (stage.value.ids !== undefined) wanted.set("ids", stage.value.ids);
      if (stage.value.keep) {
        sessionStorage.setItem(leaving, stage.id);
        sessionStorage.setItem(shelf(stage.id), JSON.stringify(stage.value.keep));
      }
    }
    wanted.set("lang", lang === "en" ? "ko" : "en");
    location.assign((lang === "en" ? "./" : "en") + "?" + wanted);
  };

  /* ---- the top bar ---- */
  lab.bar = {
    draw(stage) {
      if (!this.select) return;
      this.select.value = stage.value.model;
      this.dot.style.background = `var(--${stage.value.architecture ?? "gpt2"})`;
      this.fitSelect();
    },
    fitSelect() {
      const name = this.select.selectedOptions[0]?.textContent ?? "";
      this.select.style.width = `${Math.min(180, Math.ceil(lab.width(name, 14)) + 6)}px`;
    },
    build(at, words, models) {
      const bar = lab.html("header", { class: "bar" }, at);
      lab.html("strong", { class: "brand" }, bar, words.name);
      const tools = lab.html("div", { class: "tools" }, bar);
      const picker = lab.html("label", { class: "tool model", title: words.model }, tools);
      this.dot = lab.html("i", {}, picker);
      this.select = lab.html("select", { "aria-label": words.model }, picker);
      for (const { name, label } of models) lab.html("option", { value: name }, this.select, label);
      this.select.addEventListener("change", () => {
        this.fitSelect();
        lab.active()?.act({ type: "model", name: this.select.value });
      });
      const toggle = lab.html("a", { class: "tool bare", href: "#", title: words.language, "aria-label": words.language }, tools);
      for (const [text, on] of [["한", lang === "ko"], [" / ", false], ["EN", lang === "en"]]) lab.html(on ? "b" : "span", {}, toggle, text);
      toggle.addEventListener("click", (event) => { event.preventDefault(); changeLanguage(); });
      const theme = lab.html("button", { class: "tool bare", "aria-label": words.theme, title: words.theme }, tools);
      const moon = lab.svg("svg", { width: 18, height: 18, viewBox: "0 0 18 18", "aria-hidden": "true" }, theme);
      lab.svg("circle", { cx: 9, cy: 9, r: 7, fill: "none", stroke: "currentColor", "stroke-width": 1.6 }, moon);
      lab.svg("path", { d: "M9 2a7 7 0 0 1 0 14z", fill: "currentColor" }, moon);
      theme.addEventListener("click", () => {
        setTheme(root.dataset.theme === "dark" ? "light" : "dark");
        const asked = query();
        asked.set("theme", root.dataset.theme);
        history.replaceState(null, "", `${location.pathname}?${asked}`);
      });
      const present = lab.html("button", { class: "tool present" }, tools, words.present);
      present.addEventListener("click", () => lab.present(true));
      this.fitSelect();
      const room = () => {
        root.style.setProperty("--brand", `${bar.firstChild.offsetWidth + 28}px`);
        root.style.setProperty("--tools", `${tools.offsetWidth + 28}px`);
      };
      room();
      new ResizeObserver(room).observe(tools);
    },
  };

  /* ---- the scenes bar ---- */
  lab.scenes = {
    build(at, words, lessons) {
      Object.assign(this, { words, lessons });
      this.at = lab.html("nav", { class: "scenes", "aria-label": words.scenes }, at);
      this.list = lab.html("div", { class: "scene-list", hidden: true }, at);
      addEventListener("click", (event) => { if (!event.target.closest?.(".scene-list, .scenes .here")) this.list.hidden = true; });
    },
    of(stage) { return (this.lessons ?? []).find((lesson) => lesson.id === stage.id)?.scenes ?? []; },
    draw(stage) {
      if (!this.at) return;
      const { words } = this;
      const scenes = this.of(stage);
      const now = stage.value.scene;
      const button = (text, name, action, more = {}) => {
        const made = lab.html("button", { class: name, "data-key": name, ...more }, this.at, text);
        made.addEventListener("click", action);
        return made;
      };
      const focused = document.activeElement?.closest?.(".scenes") && document.activeElement.dataset.key;
      this.at.replaceChildren();
      button(words.previous, "previous", () => lab.step(-1), { disabled: now === 0 || now === null });
      const middle = lab.html("div", { class: "dots" }, this.at);
      const dot = (index) => {
        const made = lab.html("button", { class: now !== null && index < now ? "dot past" : "dot", title: scenes[index].title, "aria-label": `${index + 1}. ${scenes[index].title}`, "data-key": `dot${index}` }, middle);
        made.addEventListener("click", () => lab.step(0, index));
      };
      const title = now === null ? words.tour : `${now + 1} / ${scenes.length}  ${scenes[now].title}`;
      const here = () => {
        const made = lab.html("button", { class: "here", "aria-haspopup": "true", "aria-expanded": String(!this.list.hidden), title: words.list, "data-key": "here" }, middle);
        lab.html("span", {}, made, title);
        made.addEventListener("click", () => this.open(stage));
      };
      if (now === null) here();
      scenes.forEach((_, index) => (index === now ? here() : dot(index)));
      button(words.next, "next", () => lab.step(1), { disabled: now === scenes.length - 1 });
      const copy = button(words.copy, "copy", () => this.copy(stage, copy));
      if (focused) this.at.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    },
    open(stage) {
      this.list.hidden = !this.list.hidden;
      if (this.list.hidden) return;
      this.list.replaceChildren();
      this.of(stage).forEach((scene, index) => {
        const entry = lab.html("button", { "aria-current": index === stage.value.scene ? "true" : null }, this.list);
        lab.html("b", {}, entry, `${index + 1}. ${scene.title}`);
        lab.html("span", {}, entry, scene.slide);
        entry.addEventListener("click", () => { this.list.hidden = true; lab.step(0, index); });
      });
      this.list.querySelector("button")?.focus({ preventScroll: true });
    },
    async copy(stage, button) {
      const { address, whole } = lab.link.of(stage);
      try {
        await navigator.clipboard.writeText(new URL(address, location).href);
        button.textContent = whole ? this.words.copied : this.words.copied_without_text;
      } catch { button.textContent = this.words.copy_failed; }
    },
  };

  /** Move to the scene `by` steps on, or to scene `index`. */
  lab.step = (by, index) => {
    const stage = lab.active();
    if (!stage?.value) return;
    const last = lab.scenes.of(stage).length - 1;
    const from = stage.target ?? stage.value.scene;
    const to = index ?? (from === null ? 0 : Math.min(Math.max(from + by, 0), last));
    stage.target = to; // presses faster than the answers count on from here
    stage.act({ type: "scene", to }, "scene");
  };

  /* ---- presentation mode: nothing but the board ---- */
  lab.present = (on) => {
    const stage = lab.active();
    if (on) {
      lab.cameFrom = [document.activeElement, scrollY];
      root.dataset.present = "1";
    } else delete root.dataset.present;
    stage?.paint();
    if (stage) lab.link.write(stage);
    if (on) stage?.board.focus({ preventScroll: true });
    else {
      const [element, top] = lab.cameFrom ?? [null, 0];
      element?.focus?.({ preventScroll: true });
      scrollTo(0, top);
    }
  };

  /* ---- the keyboard ---- */
  const onKey = (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const at = event.target;
    const presenting = root.dataset.present;
    const step = { PageDown: 1, PageUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const free = at === document.body || at.classList?.contains("board");
    if (event.key === "Escape") {
      if (!lab.scenes.list?.hidden) { lab.scenes.list.hidden = true; lab.scenes.at.querySelector(".here")?.focus(); }
      else if (lab.closeCard()) return;
      else if (presenting) lab.present(false);
      else return;
      event.preventDefault();
    } else if (presenting && step) {
      const multiline = at.tagName === "TEXTAREA" || at.isContentEditable;
      const plain = free || (at.tagName === "BUTTON" && at.getAttribute("role") !== "tab") || (at.getAttribute?.("role") === "button" && !at.closest(".tree"));
      if (event.key.startsWith("Page") ? multiline : !plain) return;
      event.preventDefault();
      lab.step(step);
    } else if (event.key === " " && free) {
      event.preventDefault();
      lab.active()?.lesson.space?.(lab.active());
    } else if (at.getAttribute?.("role") === "tab" && step && !event.key.startsWith("Page")) {
      const tabs = [...at.parentNode.querySelectorAll("[role=tab]")];
      tabs[(tabs.indexOf(at) + step + tabs.length) % tabs.length].focus();
    }
  };
  addEventListener("keydown", onKey);

  /** Open the tab of lesson `id`. The tabs are put into the page after the shell, and take a press only when they are alive. */
  const openLesson = (id, tries = 300) => {
    if (!(id in lab.lessons) || !tries) return;
    const tab = document.querySelector(`#lessons [role=tab][data-tab-id="${CSS.escape(id)}"]`);
    if (tab?.classList.contains("selected")) return;
    tab?.click();
    requestAnimationFrame(() => openLesson(id, tries - 1));
  };

  /** The shell's own View has mounted. */
  lab.shell = (element, props) => {
    const { words, models, lessons, terms } = props.words;
    lab.terms = terms;
    document.title = words.name;
    const at = element.querySelector(".view");
    lab.bar.build(at, words, models);
    lab.scenes.build(at, words, lessons);
    openLesson(query().get("lesson"));
    const stage = lab.active();
    if (stage?.value) { lab.scenes.draw(stage); lab.bar.draw(stage); }
  };

  /** A tab was opened: the address and the two bars follow, and drawings that were hidden get their width. */
  lab.opened = () => requestAnimationFrame(() => {
    dispatchEvent(new Event("resize"));
    const stage = lab.active();
    if (!stage || stage === lab.shown) return; // one that has just mounted enters by itself
    lab.shown = stage;
    stage.act({ type: "enter", query: "" });
  });
})();
