/* What stands around every lesson's picture: heading and text above it; the line to look at, folds, code and questions below; the board. */
import { html } from "./dom.js";
import { rich } from "./term.js";
import { code, fold } from "./views/folds.js";
import { guess } from "./views/guess.js";
import { textForm } from "./views/text_form.js";
import { waitingPlace } from "./views/waiting.js";

const BOARD = { width: 1280, height: 720, enlarged: 1.75 }; // the smallest text of a picture has 14 px, that of a board 24

export class Frame {
  /** Puts into the stage: head, picture (the lesson's own), more (its folds). What the words of a lesson do not name is left out. */
  constructor(stage) {
    const { at, words } = stage;
    this.stage = stage;
    stage.head = html("div", { class: "ask" }, at);
    html("h1", {}, stage.head, words.title);
    this.lead = html("p", { class: "lead" }, stage.head);
    this.text = words.text ? textForm(stage.head, stage, stage.lesson.typing) : () => {};
    stage.picture = html("div", { class: "own-picture" }, at);
    this.lookLine = html("p", { class: "look", hidden: true }, at);
    html("b", { class: "tag" }, this.lookLine, words.look);
    this.look = html("span", { "aria-live": "polite" }, this.lookLine);
    this.pieces = html("p", { class: "about-pieces", hidden: true }, at);
    this.outside = html("p", { class: "outside", role: "status", hidden: true }, at);
    this.about = html("p", { class: "about-model", hidden: true }, at);
    stage.more = html("div", { class: "more" }, at);
    this.guess = guess(at, words, (id, answer) => stage.act({ type: "answer", id, answer }));
  }

  /** The lesson has built its own: what belongs after it, and what it left to us. */
  finish() {
    const { stage } = this;
    const { at, more, words } = stage;
    this.code = html("div", {}, fold(more, words.code, words.code_about));
    if (words.sources_text) rich(html("p", {}, fold(more, words.sources, words.sources_about)), words.sources_text);
    stage.waitingPlace ??= waitingPlace(stage.head);
    stage.board = html("div", { class: "board", tabindex: -1 }, at);
    stage.boardWaiting = waitingPlace(at);
    stage.boardWaiting.classList.add("on-board");
    stage.note = html("p", { class: "note", role: "status", hidden: true }, at);
  }

  /** The frame of one picture, and the lesson's own in it. */
  draw() {
    const { stage } = this;
    const { value, words } = stage;
    if (stage.picture.parentNode !== stage.at) { // back from the board
      stage.picture.style.zoom = "";
      this.lookLine.before(stage.picture);
    }
    stage.board.replaceChildren();
    rich(this.lead, this.sentence());
    this.text(value);
    rich(this.look, value.look || "");
    this.lookLine.hidden = !value.look;
    for (const [place, told] of [[this.pieces, value.pieces], [this.outside, value.outside], [this.about, value.about]]) {
      rich(place, told || "");
      place.hidden = !told;
    }
    this.showCode(value.code, words);
    this.guess(value.questions ?? []);
    stage.lesson.draw(stage);
  }

  /** What the scene says, or the lesson where there is none. Of a text that the model has hardly read that is said first, beside the field. */
  sentence() {
    const { scenes, value } = this.stage;
    const [strange] = /^\*\*.+?\*\*/.exec(value.outside ?? "") ?? []; // the whole of it stands under the picture
    return scenes[value.scene]?.say ?? strange ?? value.lead ?? "";
  }

  showCode(text, words) {
    this.code.closest("details").hidden = text === null; // this lesson has none
    if (!text || text === this.shown) return;
    this.shown = text;
    this.code.replaceChildren();
    code(this.code, text, words);
  }

  /** Beside a presenter: the lesson's own board, or its picture enlarged under the scene's title and sentence. */
  present() {
    const { stage } = this;
    if (stage.lesson.board) return stage.lesson.board(stage);
    const { board, picture, scenes, value, words } = stage;
    if (picture.parentNode !== board) {
      const head = html("div", { class: "board-head" }, board);
      this.boardTitle = html("h2", {}, head);
      this.boardSlide = html("span", {}, head);
      this.boardSay = html("p", {}, board);
      board.append(picture);
    }
    const window = Math.min(innerWidth / BOARD.width, innerHeight / BOARD.height);
    board.style.setProperty("--board", window);
    picture.style.zoom = window * BOARD.enlarged;
    this.boardTitle.textContent = scenes[value.scene]?.title ?? words.title;
    this.boardSlide.textContent = scenes[value.scene]?.slide ?? "";
    rich(this.boardSay, this.sentence());
    stage.lesson.draw(stage);
  }
}
