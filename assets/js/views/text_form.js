/* The learner's text: a field, examples to press, and the way back to her own text after a scene has replaced it. */
import { html } from "../dom.js";

const TYPING = 120; // ms without a key

/**
 * Build the form once. `typing`: send while she types, not only when she is done. -> a function that shows the text of a picture.
 */
export const textForm = (parent, stage, typing) => {
  const { id, words } = stage;
  const form = html("form", { class: "start" }, parent);
  html("label", { for: `${id}-text` }, form, words.text);
  const text = html("input", { id: `${id}-text`, autocomplete: "off", spellcheck: "false", maxlength: 20000 }, form);
  const links = html("span", { class: "start-links" }, form);
  const mine = html("button", { type: "button", class: "link", hidden: true }, links, words.mine);
  mine.addEventListener("click", () => stage.act({ type: "mine" }));
  const examples = html("button", { type: "button", class: "link", "aria-expanded": "false", "data-key": "examples" }, links, words.examples);
  const menu = html("div", { class: "menu", hidden: true }, form);
  const show = (on) => { menu.hidden = !on; examples.setAttribute("aria-expanded", String(on)); };
  for (const example of words.example_list.split("\n")) {
    const entry = html("button", { type: "button" }, menu, example);
    entry.addEventListener("click", () => { show(false); stage.act({ type: "text", text: example }, "text"); examples.focus(); });
  }
  examples.addEventListener("click", () => show(menu.hidden));
  const moved = (key) => {
    const entries = [...menu.children];
    const to = { Home: 0, End: -1, ArrowDown: entries.indexOf(document.activeElement) + 1, ArrowUp: entries.indexOf(document.activeElement) - 1 }[key];
    return entries.at(Math.max(-1, to) % entries.length);
  };
  form.addEventListener("keydown", (event) => {
    if (event.target === text || event.altKey || event.ctrlKey || event.metaKey) return;
    const closed = menu.hidden;
    if (event.key === "Escape" && !closed) { show(false); examples.focus(); }
    else if (closed ? event.target === examples && event.key === "ArrowDown" : ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) { show(true); moved(event.key).focus(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  form.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget && relatedTarget !== examples && !menu.contains(relatedTarget)) show(false); });
  addEventListener("click", (event) => { if (!form.contains(event.target)) show(false); });

  let sent = null; // what has gone to Python last
  let composing = false;
  const waits = () => stage.pending?.type === "text" || stage.waiting.some(({ action }) => action.type === "text");
  const send = () => { // Enter is a change and a submission
    if (text.value === (waits() ? sent : stage.value?.text)) return;
    sent = text.value;
    stage.act({ type: "text", text: sent }, "text");
  };
  text.addEventListener("compositionstart", () => { composing = true; });
  text.addEventListener("compositionend", () => { composing = false; });
  text.addEventListener("blur", () => { if (!stage.pending && stage.value && text.value === sent) text.value = stage.value.text; }); // what is in use
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  text.addEventListener("change", send);
  let timer = 0;
  if (typing) text.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { if (text.value.trim()) send(); }, TYPING); });

  return (value) => {
    const hers = document.activeElement === text && (composing || text.value !== sent || (typing && text.value.trim() === value.text));
    if (!hers && !waits()) text.value = value.text;
    mine.hidden = !value.can_return;
  };
};
