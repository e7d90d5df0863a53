/* The line that tells waiting in words, with a bar. */
import { html } from "../dom.js";

export const waitingPlace = (parent) => {
  const place = html("p", { class: "waiting", role: "status", hidden: true }, parent);
  html("span", {}, place);
  html("progress", { max: 1, "aria-hidden": "true" }, place);
  return place;
};
