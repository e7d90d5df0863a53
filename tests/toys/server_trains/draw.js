/* A run on the server: trainer and news are stage.own's, for a test to lead and to read. */
import { html } from "../../assets/js/dom.js";
import { serverTrainer } from "../../assets/js/training/server_trainer.js";

export const build = (stage) => {
  const { own, parts, picture } = stage;
  own.news = [];
  own.trainer = serverTrainer((name, data, signal) => stage.ask(name, data, signal), {
    onNews: (one) => { own.news.push(one); stage.show({}); },
  });
  parts.told = html("p", { id: "told", role: "status" }, picture);
};

export const draw = ({ own, parts }) => { parts.told.textContent = `${own.news.length}`; };
