/* The first script of the page. Gradio's components may mount before it has come: they hand themselves over through window.lab, a list until then. */
import { mountLesson, openAsked, opened } from "./lessons.js";
import { buildShell } from "./shell.js";
import { active } from "./stage.js";

/** A View (app/views/view.py) has been put into the page. wires: {kind, element}. */
const push = (wires) => {
  if (wires.kind !== "shell") return mountLesson(wires);
  buildShell(wires.element.querySelector(".view"));
  openAsked();
};

const early = window.lab ?? [];
window.lab = { push, opened, active };
early.forEach(push);
