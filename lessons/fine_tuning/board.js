/* Beside a presenter: the parts of the picture that the scene is about, enlarged by the frame. */
import { root } from "../../assets/js/page.js";

/** scene id -> the parts on its board (data-part); a scene that is not named here shows the equation and the curves */
const BOARDS = {
  labels: "pipe", extract: "pipe", entailment: "pipe", similarity: "pipe", choice: "pipe", extra: "pipe counts",
  "label-loss": "equation loss transport", joint: "equation loss transport", midway: "equation loss transport",
  sentences: "dev transport", language: "language transport",
  layers: "layers transport", point: "layers transport", numbers: "parts transport", own: "own transport",
};

/** Say on the picture which parts are shown; outside the mode, all. */
export const board = ({ picture, scenes, value }) => {
  if (!root.dataset.present) { delete picture.dataset.board; return; }
  picture.dataset.board = BOARDS[scenes[value.scene]?.id] ?? "equation loss transport";
};
