/* A downstream task: an example of its labelled set, and the way to where it is trained. */
import { html } from "../../assets/js/dom.js";
import { placeLink } from "../../assets/js/link.js";

/** Card -> task. */
export const TASKS = { "text-classification": "classification", nli: "entailment", "text-generation": "generation", "question-answering": "choice" };

/** -> draw({task, say, example: [[name, text]], answer, link, go}, term), hidden while it is the one of another card */
export const tasksPanel = (at, words) => {
  at.classList.add("tasks");
  const say = html("p", { class: "few-ask" }, at);
  const example = html("dl", { class: "task-example" }, at);
  const go = html("p", { class: "task-go" }, at);
  return (task, term) => {
    at.classList.toggle("waits", Boolean(task) && task.task !== (TASKS[term] ?? "classification"));
    if (!task) return;
    say.textContent = task.say;
    example.replaceChildren();
    for (const [name, text] of task.example) {
      html("dt", {}, example, name);
      html("dd", {}, example, text);
    }
    if (task.answer) {
      html("dt", { class: "answer" }, example, words["task.answer"]);
      html("dd", { class: "answer" }, example, task.answer);
    }
    go.replaceChildren();
    placeLink(go, task.link, task.go);
  };
};
