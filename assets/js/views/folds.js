/* Folded detail under a picture: a heading to open, and what is drawn when it is open. */
import { copyText } from "../copy.js";
import { html } from "../dom.js";

/** -> the body of the fold. `opened(isOpen)` is told when the learner opens or closes it. */
export const fold = (parent, title, about, opened) => {
  const fold = html("details", {}, parent);
  const summary = html("summary", {}, fold);
  html("b", {}, summary, title);
  html("span", {}, summary, about);
  const body = html("div", { class: "fold" }, fold);
  fold.addEventListener("toggle", () => opened?.(fold.open));
  return body;
};

/** Code as it stands in its file, with a button that copies it. */
export const code = (parent, code, words) => {
  const frame = html("div", { class: "code" }, parent);
  html("pre", { tabindex: 0 }, frame, code);
  const copy = html("button", { class: "quiet" }, frame, words.copy_code);
  copy.addEventListener("click", () => copyText(code, copy, words, words.copied_code));
};
