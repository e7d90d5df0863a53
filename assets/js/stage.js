"use strict";
/* A lesson's stage in the browser: it sends one action at a time to Python, waits for the picture, and draws it.
   Presses made while an answer is under way (or while the model is still loading) wait in line; none is lost. */
(() => {
  const root = document.documentElement;
  const BUSY_AFTER = 350;      // ms until waiting is told in words
  const MOST_WAITING = 16;
  let counter = 0;

  class Stage {
    constructor(id, element, props) {
      Object.assign(this, { id, lesson: lab.lessons[id], words: props.words });
      this.at = element.querySelector(".view");
      this.waiting = [];
      this.pending = null;
      this.value = null;
      this.lesson.build(this);
      this.board = lab.html("div", { class: "board", tabindex: -1 }, this.at);
      this.boardWaiting = lab.waitingPlace(this.at);
      this.boardWaiting.classList.add("on-board");
      this.note = lab.html("p", { class: "note", role: "status", hidden: true }, this.at);
      this.width = this.at.clientWidth;
      new ResizeObserver(() => this.resized()).observe(this.at);
    }

    /** Put `action` into the line. Actions with the same `slot` overtake each other: only the newest waits. */
    act(action, slot) {
      const older = slot && this.waiting.findIndex((entry) => entry.slot === slot);
      if (slot && older >= 0) this.waiting[older] = { action, slot };
      else if (this.waiting.length < MOST_WAITING) this.waiting.push({ action, slot });
      this.next();
    }

    next() {
      if (this.pending || !this.waiting.length) return;
      const { action } = this.waiting.shift();
      this.pending = { ...this.place(), ...action, seq: ++counter };
      lab.send(this, this.pending);
      clearTimeout(this.busyTimer);
      this.busyTimer = setTimeout(() => this.busy(root.dataset.model ? this.words.busy : this.words.loading), BUSY_AFTER);
    }

    /** Where the learner stands, sent along so that a server that has forgotten her (restarted, say) goes on from there. */
    place() {
      if (!this.value?.link) return {};
      return { at: String(new URLSearchParams({ ...this.value.link, text: this.value.text })), kept: this.value.keep };
    }

    /** A value came from Python: news of a model that is loading, or the picture that was waited for. */
    receive(value) {
      if (!value || (value.seq !== undefined && value.seq !== this.pending?.seq)) return;
      if (value.busy) return this.busy(value.busy, value.fraction);
      clearTimeout(this.busyTimer);
      const done = this.pending;
      this.pending = null;
      this.busy("");
      if (!this.waiting.some((entry) => entry.slot === "scene")) this.target = undefined;
      this.before = this.value; // lets a drawing move what has moved
      this.value = value;
      try { this.paint(); } catch (error) { console.error(error); } // a fault in a drawing must not hold up the line
      this.before = null;
      if (isShown(this)) lab.link.write(this);
      requestAnimationFrame(() => requestAnimationFrame(() => {
        if (!isShown(this)) return;
        if (value.ready) root.dataset.model = "ready";
        root.dataset.ready = "1";
        if (done) root.dataset.serial = done.seq;
      }));
      this.next();
    }

    paint() {
      if (!this.value || !this.at.clientWidth) return;
      const key = document.activeElement?.dataset?.key;
      this.at.dataset.architecture = this.value.architecture;
      const presenting = Boolean(root.dataset.present);
      if (presenting) this.lesson.board(this);
      else { this.board.replaceChildren(); this.lesson.draw(this); }
      lab.rich(this.note, this.value.notice || "");
      this.note.hidden = !this.value.notice;
      lab.scenes.draw(this);
      lab.bar.draw(this);
      if (key && document.activeElement?.dataset?.key !== key) {  // a redraw must not lose the keyboard's place
        this.at.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
      }
    }

    busy(words, fraction) {
      for (const place of [this.waitingPlace, this.boardWaiting]) {
        place.hidden = !words;
        if (!words) continue;
        place.querySelector("span").textContent = words;
        const bar = place.querySelector("progress");
        if (Number.isFinite(fraction)) bar.value = fraction; else bar.removeAttribute("value");
      }
    }

    /** The answer did not come; the press is being repeated. */
    lost(words) {
      clearTimeout(this.busyTimer);
      this.busy(words);
    }

    /** The server does not take this action, now or later. */
    refused() {
      this.pending = null;
      this.waiting = [];
      clearTimeout(this.busyTimer);
      this.busy("");
      this.note.hidden = false;
      this.note.textContent = this.words.no_answer;
    }

    resized() {
      const width = this.at.clientWidth;
      if (!width || width === this.width) return; // 0: the tab is hidden
      this.width = width;
      this.paint();
    }
  }

  /** The line that tells waiting in words, with a bar. Lessons place it where the result will stand. */
  lab.waitingPlace = (parent) => {
    const place = lab.html("p", { class: "waiting", role: "status", hidden: true }, parent);
    lab.html("span", {}, place);
    lab.html("progress", { max: 1 }, place);
    return place;
  };

  const stages = new Map();
  lab.active = () => [...stages.values()].find((stage) => stage.at.isConnected && stage.at.clientWidth) ?? null;

  let arrived = false; // the lesson that the address asks for has mounted
  const isAsked = (id) => { const asked = new URLSearchParams(location.search).get("lesson"); return asked === id || !(asked in lab.lessons); };
  /** Does the page show this stage? The first tab mounts, and answers, even when the address asks for another one. */
  const isShown = (stage) => lab.active() === stage && (arrived || isAsked(stage.id));

  /** Called by each View when Gradio has put it into the page. */
  lab.mount = (kind, element, props) => {
    if (kind === "shell") return lab.shell(element, props);
    const stage = new Stage(kind, element, props);
    stages.set(kind, stage);
    lab.shown = stage;
    arrived ||= isAsked(kind);
    const query = lab.link.meantFor(kind) ? location.search.slice(1) : "";
    if (!lab.link.hasState() && props.value) { // a link to a state is drawn once, when Python has answered
      stage.value = props.value;
      stage.paint();
      requestAnimationFrame(() => { if (isShown(stage)) root.dataset.ready = "1"; });
    }
    const enter = { type: "enter", query, kept: lab.kept(kind) };
    const model = new URLSearchParams(query).get("model");
    stage.act(model ? { ...enter, name: model } : enter);
    if (new URLSearchParams(query).get("present") === "1") lab.present(true);
  };
})();
