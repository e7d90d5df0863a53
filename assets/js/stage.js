/* A lesson's stage in the browser: it sends one action at a time to Python, waits for the picture, and draws it.
   Presses made while an answer is under way (or while the model is still loading) wait in line; none is lost. */
import { Frame } from "./frame.js";
import { hasState, keepOwn, writeLink } from "./link.js";
import { root } from "./page.js";
import { rich } from "./term.js";
import { send } from "./transport.js";

const BUSY_AFTER = 350;      // ms until waiting is told in words
const MOST_WAITING = 16;
const LEAD_EVERY = 2000;     // ms between two questions whether the leader has moved
let counter = 0;

/** Two actions as one with the sum of their `times`, or null. */
export const together = (first, second) => {
  const rest = ({ times, ...all }) => JSON.stringify(all);
  if (!(first.times > 0 && second.times > 0) || rest(first) !== rest(second)) return null;
  return { ...second, times: first.times + second.times };
};

const stages = new Map();
/** The stage that can be seen, or null. */
export const active = () => [...stages.values()].find((stage) => stage.at.isConnected && stage.at.clientWidth) ?? null;

/** Leaving while a run goes on in the page would lose it: the browser asks first. */
addEventListener("beforeunload", (event) => { if ([...stages.values()].some((stage) => stage.lesson.running?.(stage))) event.preventDefault(); });

addEventListener("pagehide", () => { for (const stage of stages.values()) keepOwn(stage); });

/** What the page around the stages (shell.js) does after each picture. */
export const shell = { painted() {} };

export class Stage {
  /**
   * at: the element to draw into · lesson: {drawing, words, scenes, fields, preview}, see lessons.js;
   * stage.fields: {name: {low, high, step, stops}} of the State's numbers, for sliders
   * drawing: what draw.js of the lesson exports: build(stage), draw(stage); if it likes board(stage), space(stage), typing,
   * ofText (fields of a link that mean nothing without its text),
   * and, where the page leads, keep(stage) and running(stage) · own: what keep(stage) gave when the page was left
   */
  constructor(id, at, lesson, own = {}) {
    Object.assign(this, { id, at, lesson: lesson.drawing, words: lesson.words, scenes: lesson.scenes, fields: lesson.fields });
    this.waiting = [];
    this.pending = null;
    this.value = null;
    this.parts = {};
    this.own = own;
    this.frame = new Frame(this);
    this.lesson.build(this);
    this.frame.finish();
    this.width = this.at.clientWidth;
    if (!hasState()) this.begin(lesson.preview); // a link to a state is drawn once, when Python has answered
    stages.set(id, this);
    new ResizeObserver(() => this.resized()).observe(this.at);
  }

  begin(picture) {
    this.value = picture;
    this.paint();
    requestAnimationFrame(() => { if (active() === this) root.dataset.ready = "1"; });
  }

  /**
   * Put `action` into the line. Actions with the same `slot` overtake each other: only the newest waits. One with `times` joins the last that waits where
   * they are alike in all else.
   */
  act(action, slot) {
    const last = this.waiting.at(-1);
    const joined = last && !slot && !last.slot && together(last.action, action);
    if (joined) { last.action = joined; return; }
    const older = slot && this.waiting.findIndex((entry) => entry.slot === slot);
    if (slot && older >= 0) this.waiting[older] = { action, slot };
    else if (this.waiting.length < MOST_WAITING) this.waiting.push({ action, slot });
    this.next();
  }

  next() {
    if (this.pending || !this.waiting.length) return;
    const { action } = this.waiting.shift();
    const sent = (this.pending = { ...this.place(), held: this.value?.parts, ...action, seq: ++counter });
    send(this, sent, (value) => this.receive(value), () => this.pending === sent).then((taken) => { if (!taken) this.refused(); });
    clearTimeout(this.busyTimer);
    this.busyTimer = setTimeout(() => this.busy(root.dataset.model ? this.words.busy : this.words.loading), BUSY_AFTER);
  }

  /** Where the learner stands, sent along so that a server that has forgotten her (restarted, say) goes on from there. */
  place() {
    if (!this.value?.link) return {};
    return { at: String(new URLSearchParams({ ...this.value.link, text: this.value.text })), kept: this.value.keep };
  }

  /**
   * Ask Python something beside the picture, which stays as it is: for stages that the page leads. -> what `Live.replies[name]` says, as soon as the
   * server answers. Fails with one sentence where Python has none; `signal` (of an AbortController) stops asking.
   */
  async ask(name, more = {}, signal) {
    let answer = null;
    const question = { ...this.place(), ...more, ask: name, seq: ++counter };
    const taken = await send(this, question, (value) => { answer = value; }, () => !signal?.aborted);
    if (!this.pending) this.busy(""); // the connection was lost, and is back
    signal?.throwIfAborted();
    if (!taken || !answer?.reply) throw new Error(answer?.sorry ?? this.words.no_answer);
    return answer.reply;
  }

  /** What the page itself knows has changed: keep it in stage.own, and draw it where it can be seen. */
  show(changes) {
    Object.assign(this.own, changes);
    this.paint();
  }

  /** Where the server leads: ask whether there is another place to be shown, as long as this one is looked at. */
  follow() {
    clearTimeout(this.leadTimer);
    if (typeof this.value.led !== "string") return;
    this.leadTimer = setTimeout(async () => {
      if (active() === this && !document.hidden && !this.pending && !this.asking) {
        this.asking = true;
        const { version } = await this.ask("lead").catch(() => ({}));
        this.asking = false;
        if (version !== undefined && version !== this.value.led && !this.pending) return this.act({ type: "led" }, "led");
      }
      if (!this.asking) this.follow();
    }, LEAD_EVERY);
  }

  /** Of what this picture is made of, the parts that Python knew to be here are not in it: they are those of the picture before. */
  complete(picture) {
    for (const name of Object.keys(picture.parts ?? {})) if (!Object.hasOwn(picture, name)) picture[name] = this.value[name];
    return picture;
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
    this.value = this.complete(value);
    try { this.paint(); } catch (error) { console.error(error); } // a fault in a drawing must not hold up the line
    this.before = null;
    const leaving = this.waiting.some(({ action }) => action.popped); // the address is already that of another moment
    if (active() === this && !leaving) writeLink(this, done?.type === "led");
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (active() !== this) return;
      if (value.ready) root.dataset.model = "ready";
      root.dataset.ready = "1";
      if (done) root.dataset.serial = done.seq;
    }));
    this.next();
    this.follow();
  }

  paint() {
    if (!this.value || !this.at.clientWidth) return;
    const key = document.activeElement?.dataset?.key;
    this.at.dataset.architecture = this.value.architecture;
    if (root.dataset.present) this.frame.present(); else this.frame.draw();
    rich(this.note, this.value.notice || "");
    this.note.hidden = !this.value.notice;
    shell.painted(this);
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
