/* Copying, also where the browser has no clipboard for us: on http addresses other than this computer's own, as in a classroom. */
import { html } from "./dom.js";

/** A field with `text` selected beside `button`, to copy by hand; it goes when it is left. */
const byHand = (text, button, words) => {
  const field = html(text.includes("\n") ? "textarea" : "input", { class: "copy-field", readonly: true, rows: 3, "aria-label": words.copy_by_hand });
  field.value = text;
  button.after(field);
  field.focus({ preventScroll: true });
  field.select();
  field.addEventListener("blur", () => setTimeout(() => field.remove()), { once: true });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") button.focus();
  });
  let copied = false;
  try { copied = document.execCommand("copy"); } catch { /* then the keys do it */ }
  if (copied) { button.focus({ preventScroll: true }); field.remove(); }
  return copied;
};

/** Copy `text`; `button` says `done`, or what to do where only the learner can. `words`: {copy_by_hand}. */
export const copyText = async (text, button, words, done) => {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = done;
  } catch { button.textContent = byHand(text, button, words) ? done : words.copy_by_hand; }
};
