/* Draws what came, whoever moved it. */
import { html } from "../../assets/js/dom.js";

export const build = (stage) => {
  const { parts, picture, words } = stage;
  parts.count = html("p", { id: "count" }, picture);
  parts.move = html("button", { id: "move", "data-main": true, "data-key": "move" }, picture, words.move);
  parts.move.addEventListener("click", () => stage.act({ type: "move" }));
  parts.alone = html("button", { id: "alone" }, picture, words.alone);
  parts.alone.addEventListener("click", () => stage.act({ type: "alone" }));
};

export const draw = ({ parts, value }) => {
  parts.count.textContent = value.count;
  parts.alone.hidden = !value.follows;
};
