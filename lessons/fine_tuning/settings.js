/* The settings of the next run, in a menu under one button that says what they are. */
import { html } from "../../assets/js/dom.js";
import { say } from "../../assets/js/particle.js";

export const buildSettings = (parent, stage) => {
  const { words, fields } = stage;
  const holder = html("div", { class: "settings" }, parent);
  const open = html("button", { class: "link", "aria-expanded": "false", "data-key": "settings" }, holder);
  const menu = html("div", { class: "settings-menu", hidden: true }, holder);
  const show = (on) => { menu.hidden = !on; open.setAttribute("aria-expanded", String(on)); };
  open.addEventListener("click", () => show(menu.hidden));
  addEventListener("click", (event) => { if (!holder.contains(event.target)) show(false); });
  holder.addEventListener("keydown", (event) => { if (event.key === "Escape" && !menu.hidden) { event.stopPropagation(); show(false); open.focus(); } });

  const line = (name) => { const at = html("label", {}, menu); html("span", {}, at, words[name]); return at; };
  const choice = (name, key) => {
    const select = html("select", { "data-key": `set-${name}` }, line(key));
    select.addEventListener("change", () => stage.act({ type: "set", name, value: name === "trained" ? select.value : Number(select.value) }, name));
    return select;
  };
  const layers = choice("layers", "settings.layers");
  const trained = choice("trained", "settings.trained");
  const rate = choice("rate", "settings.rate");
  const steps = choice("steps", "settings.steps");
  const seed = html("input", { type: "number", min: fields.seed.low, max: fields.seed.high, step: 1, "data-key": "set-seed" }, line("settings.seed"));
  seed.addEventListener("change", () => {
    const value = Number(seed.value);
    if (Number.isInteger(value) && value >= fields.seed.low && value <= fields.seed.high && seed.value !== "") stage.act({ type: "set", name: "seed", value }, "seed");
    else { seed.value = stage.value.settings.seed; note.textContent = say(words["settings.seed_range"], { low: fields.seed.low, high: fields.seed.high, now: seed.value }); }
  });
  const note = html("p", { class: "mute", role: "status" }, menu, words["settings.note"]);
  let filled = "";

  return (value) => {
    if (!value.rates) { open.textContent = words["settings.open"]; return; }
    const key = `${value.n_layer}`;
    if (filled !== key) {
      filled = key;
      for (const at of [layers, trained, rate, steps]) at.replaceChildren();
      for (let k = -1; k <= value.n_layer; k += 1) html("option", { value: k }, layers, k < 0 ? words["start.nothing"] : k === 0 ? words["start.embeddings"] : say(words[k === 1 ? "start.layer" : "start.layers"], { n: k }));
      for (const name of ["full", "last", "head", "prompts"]) html("option", { value: name }, trained, words[`trained.${name}`]);
      for (const one of value.rates) html("option", { value: one }, rate, one);
      for (const one of value.step_stops) html("option", { value: one }, steps, one);
    }
    const { settings } = value;
    layers.value = Math.min(settings.layers, value.n_layer);
    trained.value = settings.trained;
    rate.value = settings.rate;
    steps.value = settings.steps;
    if (document.activeElement !== seed) seed.value = settings.seed;
    open.textContent = [layers.selectedOptions[0]?.textContent, trained.selectedOptions[0]?.textContent, `${settings.steps} ${words["settings.steps"]}`, `${words["settings.rate.short"]} ${settings.rate}`, `${words.seed} ${settings.seed}`].join(" · ");
  };
};
