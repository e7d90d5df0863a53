/* Who makes the steps: a worker in this browser, or the server. Both answer to the same calls (assets/js/training/trainer.js). */
import { home, page } from "../../assets/js/page.js";
import { trainer } from "../../assets/js/training/trainer.js";
import { serverTrainer } from "../../assets/js/training/server_trainer.js";

export const makeTrainer = (where, stage, onNews) => (where === "browser"
  ? trainer(page.browser, { home, onNews })
  : serverTrainer((name, data, signal) => stage.ask(name, data, signal), { onNews }));
