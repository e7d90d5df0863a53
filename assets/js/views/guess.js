/* 맞혀 보기: guess first, then see the live model's answer. */
import { html } from "../dom.js";
import { rich } from "../term.js";

/** Build the section once. -> a function that draws the answers that have come. `send(id, answer)` asks Python. */
export const guess = (parent, words, send) => {
  const section = html("section", { class: "guess" }, parent);
  html("h2", {}, section, words.guess_title);
  const list = html("ol", {}, section);
  const places = new Map();

  const build = (question) => {
    const item = html("li", {}, list);
    const ask = html("p", { class: "question" }, item);
    const options = html("div", { class: "options" }, item);
    const answer = html("p", { class: "answer", "aria-live": "polite" }, item);
    const place = { ask, options, answer, buttons: [] };
    if (question.kind === "choice") {
      place.buttons = question.options.map((text, index) => {
        const button = html("button", { "data-key": `${question.id}${index}` }, options, text);
        button.addEventListener("click", () => send(question.id, index));
        return button;
      });
    } else {
      const form = html("form", {}, options);
      place.input = html("input", { type: "number", min: question.low, max: question.high, step: question.step, "aria-label": question.ask }, form);
      html("span", {}, form, question.unit);
      html("button", {}, form, words.check);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (place.input.value !== "") send(question.id, Number(place.input.value));
      });
    }
    places.set(question.id, place);
    return place;
  };

  return (questions) => {
    section.hidden = questions.length === 0;
    for (const question of questions) {
      const place = places.get(question.id) ?? build(question);
      rich(place.ask, question.ask);
      place.buttons.forEach((button, index) => {
        button.textContent = question.options[index];
        button.setAttribute("aria-pressed", String(question.given === index));
        button.classList.toggle("right", question.right === index && question.given !== null);
      });
      const verdict = question.answer && question.kind === "choice" ? words[question.given === question.right ? "guess_right" : "guess_wrong"] : "";
      rich(place.answer, [verdict, question.answer].filter(Boolean).join(" "));
    }
  };
};
