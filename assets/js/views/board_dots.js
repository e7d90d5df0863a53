/* Where the presenter is on the tour: a dot for each scene, the one that is shown long. */
import { svg } from "../dom.js";

/** -> the x behind the last dot. x, y: the left upper corner, in the board's pixels. size: of a dot. */
export const boardDots = (drawing, stage, x, y, size = 15) => {
  const now = stage.value.scene;
  let left = x;
  const group = svg("g", { "aria-hidden": "true" }, drawing);
  stage.scenes.forEach((_, index) => {
    const here = index === now;
    const colour = here ? "var(--ink)" : now !== null && index < now ? "var(--ink-2)" : "var(--edge)";
    svg("rect", { x: left, y, width: here ? 3 * size : size, height: size, rx: size / 2, fill: colour }, group);
    left += (here ? 3 * size : size) + 0.87 * size;
  });
  return left;
};
