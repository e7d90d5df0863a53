/* Equation (1) as the control panel: its u_i is the yellow token, its condition the beam, its Θ the line through the road. */
import { html } from "../../assets/js/dom.js";
import { nats } from "./numbers.js";

/** -> {draw(value), places: the elements from which lines start} */
export const equation = (at, stage) => {
  const { words } = stage;
  const line = html("div", { class: "eq", role: "group", "aria-label": words.board_label }, at);
  const sign = (text, cls, parent = line) => html("span", cls ? { class: cls } : {}, parent, text);
  const low = (parent, text, cls) => html("sub", cls ? { class: cls } : {}, parent, text);
  low(sign("L", "l1"), "1", "roman");
  sign("(U)");
  sign("=", "op");
  low(sign("Σ", "sigma l1"), "i");
  sign("log", "roman l1");
  sign(" P", "l1");
  sign("(", "roman");
  low(sign("u", "ui"), "i");
  sign("|", "bar");
  const condition = sign("", "condition");
  condition.append("u");
  const first = low(condition, "i−");
  const k = html("b", {}, first, "k");
  condition.append(", …, u");
  low(condition, "i−1");
  sign(";", "roman");
  const theta = sign("Θ", "theta");
  sign(")", "roman");
  sign("=", "op last");
  const sum = html("b", { class: "value l1" }, line);
  const prior = html("button", { class: "prior", "data-key": "prior", title: words.map_about, "aria-pressed": "false" }, line);
  const plus = sign("+ log P(Θ)", "maths", prior);
  const amount = html("b", {}, prior);
  const about = sign("", "word", prior);
  const total = sign("", "total");
  sign("=", "op", total);
  const whole = html("b", { class: "value l1" }, total);
  prior.addEventListener("click", () => stage.act({ type: "set", name: "prior", value: !stage.value.at.prior }, "prior"));
  let shown = 0;
  return {
    places: { k, theta, condition, plus },
    draw(value) {
      const known = value.bars && value.ready;
      const prior_ = (value.step && stage.own.ahead?.[value.theta]?.prior) ?? shown;
      shown = prior_; // until the new one is there
      const on = Boolean(value.at?.prior);
      sum.textContent = known ? nats(-value.bars.sum) : "";
      amount.textContent = known && value.step ? `(${nats(-prior_, 1)})` : "";
      whole.textContent = known ? nats(-value.bars.sum - prior_) : "";
      total.hidden = !on || !value.step;
      about.textContent = on ? "" : words.map_if;
      prior.setAttribute("aria-pressed", String(on));
      prior.hidden = !value.step;
      line.classList.toggle("with-prior", on && !prior.hidden);
    },
  };
};
