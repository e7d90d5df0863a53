/* Under the bars: what was expected in the chosen place, and one step of SGD with its valley and its gradient. */
import { fill, html, svg } from "../../assets/js/dom.js";
import { say } from "../../assets/js/particle.js";
import { readable } from "../../assets/js/views/chip.js";
import { chance, named, nats } from "./numbers.js";

const VALLEY = { width: 146, height: 74 };

/** The distribution of one place. */
export const places = (at, stage) => {
  const { words } = stage;
  const panel = html("div", { class: "dist" }, at);
  const head = html("h2", {}, panel);
  const chip = html("span", { class: "tok-chip" }, head);
  head.append(words.place_p);
  const rows = html("div", { class: "rows" }, panel);
  const row = (name, p, most, cls) => {
    const line = html("div", { class: `drow ${cls}` }, rows);
    html("span", { class: "name", title: name }, line, name);
    html("u", { style: `width:${Math.max(0.5, (100 * p) / most)}%` }, line);
    html("span", { class: "p" }, line, chance(p));
  };
  return (value, chosen) => {
    const top = value.bars.top[chosen - 1];
    panel.classList.toggle("empty", !top);
    rows.replaceChildren();
    if (!top) return;
    chip.textContent = named(value.tokens[chosen]);
    const rest = Math.max(0, 1 - top.reduce((sum, one) => sum + one.p, 0));
    const most = Math.max(rest, ...top.map((one) => one.p));
    for (const one of top) row(named(one), one.p, most, one.here ? "on" : "");
    row(words.rest, rest, most, "rest");
  };
};

/** Where L1 goes along the gradient. */
const valley = (at, { words, value }, found, losses, rate) => {
  at.replaceChildren();
  const { width, height } = VALLEY;
  const drawing = svg("svg", { width, height, role: "img" }, at);
  const now = found.loss;
  const rates = found.rates;
  const seen = losses.filter((one) => Number.isFinite(one));
  const least = Math.min(now, ...seen);
  const most = now + Math.max(0.5, (now - least) * 0.75);
  const X = (index) => 9 + (index * (width - 18)) / (rates.length - 1); // above the thumb of the slider
  const Y = (one) => height - 8 - ((Math.min(one, most * 2) - least) / (most - least)) * (height - 24);
  svg("path", { d: `M0 ${Y(now)}H${width}`, class: "now-line" }, drawing);
  const points = [[-0.6, now], ...rates.map((_, index) => [index, losses[index] ?? Infinity])];
  const part = (good) => points.reduce(([d, pen], [one, loss]) => {
    const inside = good(loss) && Y(loss) > 2;
    return [inside ? `${d}${pen ? "L" : "M"}${X(one).toFixed(1)} ${Y(loss).toFixed(1)}` : d, inside];
  }, ["", false])[0];
  svg("path", { d: part((loss) => loss <= now + 0.02), class: "down" }, drawing);
  svg("path", { d: part((loss) => loss >= now - 0.02), class: "up" }, drawing);
  svg("text", { x: 12, y: Math.max(13, Y(now) - 6), class: "quiet haloed" }, drawing, fill(value.at.k < value.at.most_k ? words.now_at_full : words.now_at, { v: nats(now), k: value.at.most_k }));
  const place = rates.indexOf(rate);
  const after = losses[place];
  if (!Number.isFinite(after)) return;
  const y = Math.max(7, Y(after));
  svg("path", { d: `M${X(place)} ${height}V${y}`, class: "plumb" }, drawing);
  svg("circle", { cx: X(place), cy: y, r: 5.5, class: after > now ? "ball over" : "ball" }, drawing);
  drawing.setAttribute("aria-label", say(words.valley_about, { rate, now: nats(now), after: nats(after) }));
};

/** One step: buttons, learning rate, gradient norms. -> {draw(value), go(times)} */
export const stepPanel = (at, stage) => {
  const { words } = stage;
  const panel = html("div", { class: "sgd", role: "group", "aria-label": words.step_group }, at);
  const first = html("div", { class: "a" }, panel);
  html("div", { class: "h" }, first, "Θ ← Θ −");
  const take = html("button", { class: "btn pri", "data-key": "take", "data-main": true }, first, words.take);
  const pair = html("div", { class: "pair" }, first);
  const ten = html("button", { class: "btn", "data-key": "ten", "aria-label": words.ten, title: words.ten }, pair, "×10");
  const undo = html("button", { class: "btn", "data-key": "undo" }, pair, words.undo);
  const middle = html("div", { class: "b" }, panel);
  const head = html("div", { class: "h" }, middle);
  html("span", { class: "maths" }, head, "η");
  const rateShown = html("b", {}, head);
  const goes = html("span", { class: "goes" }, head);
  const curve = html("div", { class: "valley" }, middle);
  const slider = html("input", { type: "range", class: "eta", min: 0, step: 1, "aria-label": words.rate, "data-key": "rate" }, middle);
  const last = html("div", { class: "c" }, panel);
  const size = html("div", { class: "h" }, last);
  const grad = html("div", { class: "grad", role: "img", tabindex: 0, "aria-label": words.gradient_label }, last);
  const nearest = (rates, wanted) => rates.reduce((best, one, index) => (Math.abs(one - wanted) < Math.abs(rates[best] - wanted) ? index : best), 0);
  const rates = () => stage.value?.step?.rates ?? [];
  const rate = () => rates()[Number(slider.value)] ?? 0.01;
  const thousandths = () => Math.round(1000 * rate());
  slider.addEventListener("input", () => { show(); });
  slider.addEventListener("change", () => stage.act({ type: "set", name: "rate", value: thousandths() }, "rate"));
  const go = (times) => stage.act({ type: "step", rate: thousandths(), times });
  take.addEventListener("click", () => go(1));
  ten.addEventListener("click", () => go(10));
  for (const button of [take, ten, undo]) button.disabled = true; // until there are numbers
  undo.addEventListener("click", () => stage.act({ type: "undo", times: 1 }));
  const ahead = () => stage.own.ahead?.[stage.value.theta];
  const losses = () => ahead()?.losses;
  const show = () => {
    const found = stage.value.step;
    if (!found) return;
    const all = losses() ?? [];
    const after = all[rates().indexOf(rate())];
    rateShown.textContent = rate().toFixed(3);
    goes.replaceChildren(`${words.mean_to} `);
    html("b", { class: after > found.loss ? "warn" : "l1" }, goes, Number.isFinite(after) ? nats(Math.min(after, 9999)) : "…");
    slider.style.setProperty("--fill", `${(100 * slider.value) / Math.max(1, slider.max)}%`);
    slider.setAttribute("aria-valuetext", `${rate().toFixed(3)}, ${words.mean_to} ${Number.isFinite(after) ? nats(after) : "…"}`);
    valley(curve, stage, found, all, rate());
  };
  const gradient = (found) => {
    size.replaceChildren();
    html("span", { class: "maths" }, size, "· g");
    html("span", { class: "goes" }, size, words.gradient_size);
    html("b", {}, size, nats(found.norm));
    grad.replaceChildren();
    const most = Math.max(...found.parts.map((one) => one.norm)) || 1;
    const told = [];
    for (const one of found.parts) {
      const line = html("div", { class: "grow" }, grad);
      html("span", {}, line, one.name);
      const bar = html("u", { style: `width:${(100 * one.norm) / most}%` }, line);
      const square = one.norm ** 2 || 1;
      const parts = one.pieces.map(([kind, norm]) => { html("i", { class: kind, style: `width:${(100 * norm ** 2) / square}%` }, bar); return `${words[`part.${kind}`]} ${nats(norm)}`; });
      line.title = `${one.name}: ${parts.join(", ")}`;
      told.push(line.title);
      html("span", {}, line, nats(one.norm));
    }
    grad.setAttribute("aria-label", `${words.gradient_label}. ${told.join("; ")}`);
  };
  return {
    go,
    draw(value) {
      const found = value.step;
      panel.classList.toggle("empty", !found);
      for (const button of [take, ten]) button.disabled = !found || found.full;
      undo.disabled = !value.at?.taken.length;
      if (!found) return;
      slider.max = found.rates.length - 1;
      const waiting = stage.waiting.some((one) => one.slot === "rate");
      if (!waiting && document.activeElement !== slider) slider.value = nearest(found.rates, value.at.rate / 1000);
      show();
      grad.classList.toggle("old", !ahead());
      if (ahead()) gradient(ahead());
    },
  };
};

/** What this model writes by itself after the first tokens of the text. */
export const continuation = (at, stage) => {
  const { words } = stage;
  const panel = html("div", { class: "writes", "aria-live": "polite" }, at);
  return (value, step) => {
    const found = stage.own.writes?.[value.theta];
    panel.classList.toggle("old", !found);
    if (!found) return;
    const formula = at.querySelector(".eq");
    panel.style.maxWidth = at.classList.contains("narrow") ? "" : `${Math.min(372, at.clientWidth - formula.offsetLeft - formula.offsetWidth - 30)}px`;
    panel.replaceChildren();
    const about = value.at.taken.length ? words.writes_stepped : step === null ? words.writes_end : fill(words.writes, { n: step });
    html("span", { class: "label" }, panel, about);
    const line = html("span", { class: "line" }, panel);
    html("span", { class: "prompt" }, line, found.prompt.map((one, index) => (index && one.space ? " " : "") + readable(one)).join(""));
    for (const one of found.new) html("span", { class: "t" }, line, named(one));
    line.classList.toggle("tight", line.scrollWidth > line.clientWidth + 1);
    line.title = line.textContent;
  };
};
