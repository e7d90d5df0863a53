/* A run in the page: its weight and losses are stage.own, and go on whatever tab is open. */
import { html } from "../../assets/js/dom.js";

const RATE = 0.05;
const EVERY = 50; // ms

const step = async (stage) => {
  const { weight = 0, losses = [] } = stage.own;
  try {
    const { loss, slope } = await stage.ask("gradient", { weight });
    if (!stage.own.on) return;
    stage.show({ weight: weight - RATE * slope, losses: [...losses, loss] });
    setTimeout(() => step(stage), EVERY);
  } catch (error) { stage.show({ on: false, said: error.message }); }
};

export const build = (stage) => {
  const { parts, picture, words } = stage;
  parts.go = html("button", { id: "train", "data-main": true, "data-key": "train" }, picture);
  parts.go.addEventListener("click", () => {
    stage.show({ on: !stage.own.on, said: "" });
    if (stage.own.on) step(stage);
  });
  parts.wrong = html("button", { id: "wrong" }, picture, words.wrong);
  parts.wrong.addEventListener("click", () => stage.ask("gradient", { weight: 200 }).catch((error) => stage.show({ said: error.message })));
  parts.losses = html("p", { id: "losses" }, picture);
  parts.said = html("p", { id: "said", role: "status" }, picture);
};

export const draw = ({ own, parts, words }) => {
  parts.go.textContent = own.on ? words.stop : words.train;
  parts.losses.textContent = (own.losses ?? []).map((loss) => loss.toFixed(3)).join(" ");
  parts.said.textContent = own.said ?? "";
};

export const keep = ({ own }) => ({ weight: own.weight, losses: own.losses });
export const running = ({ own }) => Boolean(own.on);
