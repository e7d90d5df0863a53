/* Three ways to one task: what each changes, stores, takes and gets right. Grey is recorded; what runs here is in ink. */
import { count, fill, html } from "../../assets/js/dom.js";
import { rich } from "../../assets/js/term.js";

const WAYS = ["fine-tuning", "prompt-tuning", "in-context"];
const SHOTS = [0, 1, 4];

const row = (table, name, cls) => {
  const line = html("tr", { class: cls }, table);
  html("th", { scope: "row" }, line, name);
  return WAYS.map((way) => html("td", { "data-way": way }, line));
};

/** With how many examples the third column was asked last, or is recorded. */
const shotsOf = (ways, own) => (own.results?.["in-context"]?.of === ways.lang ? own.results["in-context"].shots : ways.shots);

/** Beside the table: how much of the recorded run this computer does in its minute, where that is less; else what the record says. */
export const noteOf = (ways, own, words) => {
  const { steps: all } = ways.training;
  const short = WAYS.map((way) => own.results?.[way]).find((one) => one?.of === ways.lang && one.steps < all);
  const will = own.run ? own.run.steps : Math.min(...Object.values(own.pace ?? {}));
  if (own.run && !will) return fill(words["ways.at_most"], { all });
  if (will < all && (own.run || !short)) return fill(words["ways.will"], { n: will, all });
  return short ? fill(words["ways.short"], { n: short.steps, all }) : ways.say;
};

/** on: {train(way), cancel(), ask(shots), open(term)} -> draw(ways, own, term) */
export const waysTable = (at, words, on) => {
  at.classList.add("ways");
  const ask = html("p", { class: "few-ask" }, at);
  html("b", {}, ask, words["ways.title"]);
  html("span", {}, ask, words["ways.about"]);
  const table = html("table", { class: "ways-table" }, html("div", { class: "wide" }, at));
  const heads = html("tr", {}, html("thead", {}, table));
  html("td", {}, heads);
  const names = WAYS.map((way) => {
    const cell = html("th", { scope: "col", "data-way": way }, heads);
    const button = html("button", { "data-key": `way-${way}` }, cell, words[`node.${way}`]);
    button.addEventListener("click", () => on.open(way));
    return cell;
  });
  const body = html("tbody", {}, table);
  const changed = row(body, words["ways.changed"]);
  const stored = [];
  const seconds = [];
  let accuracy = null;
  let dots = null;
  let doing = null;
  let below = null; // the name of the row under the sentences right
  const status = html("div", { class: "ways-run", role: "status", hidden: true }, at);
  const told = html("span", {}, status);
  const bar = html("progress", { max: 1, "aria-hidden": "true" }, status);
  const cancel = html("button", { class: "quiet small", "data-key": "ways-cancel" }, status, words.cancel);
  cancel.addEventListener("click", () => on.cancel());
  const fault = html("p", { class: "ways-fault", role: "alert", hidden: true }, at);
  const note = html("p", { class: "ways-note" }, at);
  let buttons = {};

  const build = (ways) => {
    ways.tasks.forEach((n) => stored.push(row(body, fill(words["ways.stored"], { n }))));
    seconds.push(...row(body, words["ways.seconds"]));
    accuracy = row(body, fill(words["ways.right"], { n: ways.sentences.length }), "right");
    dots = row(body, words["ways.recorded"], "dots");
    below = dots[0].parentNode.querySelector("th");
    doing = row(body, "", "doing");
    WAYS.slice(0, 2).forEach((way, index) => {
      buttons[way] = html("button", { class: "quiet small", "data-key": `train-${way}` }, doing[index], words["ways.train"]);
      buttons[way].title = fill(words["ways.at_most"], { all: ways.training.steps }).replaceAll("**", "");
      buttons[way].addEventListener("click", () => on.train(way));
    });
    const group = html("span", { class: "ways-shots", role: "group", "aria-label": words["ways.ask"] }, doing[2]);
    SHOTS.forEach((n) => {
      buttons[n] = html("button", { class: "quiet small", "data-key": `ask-${n}`, "aria-label": fill(words["ways.ask_n"], { n }) }, group, String(n));
      buttons[n].addEventListener("click", () => on.ask(n));
    });
  };

  return (ways, own, term) => {
    if (!ways) return;
    if (!dots) build(ways);
    names.forEach((cell) => cell.classList.toggle("on", term === null || cell.dataset.way === term));
    WAYS.forEach((way, index) => {
      const of = ways.rows[index];
      const mine = own.results?.[way];
      const live = mine?.of === ways.lang ? mine : null;
      const shots = way === "in-context" ? shotsOf(ways, own) : 0;
      const recorded = of.recorded[shots];
      changed[index].textContent = count(of.changed);
      ways.tasks.forEach((_, n) => { stored[n][index].textContent = of.stored[n]; });
      for (const cell of [seconds[index], accuracy[index], dots[index]]) { cell.classList.toggle("grey", !live); cell.replaceChildren(); }
      const took = live?.seconds ?? recorded?.seconds;
      seconds[index].textContent = took === undefined ? "…" : fill(words["ways.s"], { n: took < 10 ? took.toFixed(1) : Math.round(took) });
      const right = live ? live.right.filter(Boolean).length : recorded?.right;
      accuracy[index].textContent = right === undefined ? "…" : fill(words["ways.of"], { n: right, all: ways.sentences.length });
      if (live) {
        const strip = html("span", { class: "right-strip", role: "img", "aria-label": accuracy[index].textContent }, dots[index]);
        live.right.forEach((one, sentence) => html("i", { class: one ? "" : "wrong", title: ways.sentences[sentence].text }, strip));
        if (recorded) html("span", { class: "is-recorded" }, accuracy[index], fill(words["ways.then"], { n: recorded.right, all: ways.sentences.length }));
        html("span", { class: "is-recorded" }, dots[index], live.shots === undefined ? fill(words["ways.now"], { n: live.steps }) : fill(words["ways.now_shots"], { n: live.shots }));
      } else if (recorded) {
        html("span", { class: "is-recorded" }, dots[index], recorded.points.join("·"));
      }
    });
    const nLive = WAYS.filter((way) => own.results?.[way]?.of === ways.lang).length;
    below.textContent = words[nLive === WAYS.length ? "ways.live" : nLive ? "ways.live_recorded" : "ways.recorded"];
    const busy = Boolean(own.run);
    for (const button of Object.values(buttons)) button.disabled = busy || Boolean(own.asking);
    for (const n of SHOTS) buttons[n].setAttribute("aria-pressed", String(shotsOf(ways, own) === n));
    status.hidden = !busy && !own.asking;
    bar.hidden = cancel.hidden = !busy;
    if (own.asking) told.textContent = own.asking;
    if (busy) {
      told.textContent = `${words[`node.${own.run.way}`]} · ${own.run.words}`;
      if (Number.isFinite(own.run.share)) bar.value = own.run.share; else bar.removeAttribute("value");
    }
    fault.hidden = !own.fault;
    fault.textContent = own.fault ?? "";
    rich(note, noteOf(ways, own, words));
    note.title = ways.source;
  };
};
