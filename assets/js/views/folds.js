"use strict";
/* Folded detail under a picture: a heading to open, and what is drawn when it is open. */
(() => {
  /** -> the body of the fold. `opened(isOpen)` is told when the learner opens or closes it. */
  lab.fold = (parent, title, about, opened) => {
    const fold = lab.html("details", {}, parent);
    const summary = lab.html("summary", {}, fold);
    lab.html("b", {}, summary, title);
    lab.html("span", {}, summary, about);
    const body = lab.html("div", { class: "fold" }, fold);
    fold.addEventListener("toggle", () => opened?.(fold.open));
    return body;
  };

  /** Code as it stands in its file, with a button that copies it. */
  lab.code = (parent, code, words) => {
    const frame = lab.html("div", { class: "code" }, parent);
    lab.html("pre", { tabindex: 0 }, frame, code);
    const copy = lab.html("button", { class: "quiet" }, frame, words.copy_code);
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code);
        copy.textContent = words.copied_code;
      } catch { copy.textContent = words.copy_failed; }
    });
  };
})();
