/* The cards of the terms: a search field with the names it finds, and the card that is open. Nothing here asks Python. */
import { fill, html, svg } from "../dom.js";
import { placeLink } from "../link.js";
import { page } from "../page.js";
import { texFormula } from "./formula.js";
import { found } from "./term_search.js";

let told = null;
/** -> {words, list} for `cards`, from a file of their own that comes when it is first asked for. */
export const loadCards = () => (told ??= (async () => {
  const answer = await fetch(new URL(`../../../words/${page.lang}/terms.json`, import.meta.url));
  if (!answer.ok) throw new Error(`${answer.url} did not load`);
  return answer.json();
})().catch((error) => { told = null; throw error; }));

const lens = (parent) => {
  const drawing = svg("svg", { width: 18, height: 18, viewBox: "0 0 18 18", fill: "none", stroke: "currentColor", "stroke-width": 1.8, "aria-hidden": "true" }, parent);
  svg("circle", { cx: 8, cy: 8, r: 5.6 }, drawing);
  svg("path", { d: "M12.2 12.2L16 16" }, drawing);
};

const heading = (parent, tag, card) => {
  const line = html(tag, {}, parent, card.title);
  if (card.twin) { line.append(" "); html("span", {}, line, card.twin); }
};

/** The search field and what it finds -> its element. choose(id): a name was picked. */
const search = (parent, said, list, choose) => {
  const byId = new Map(list.map((card) => [card.id, card]));
  const at = html("div", { class: "term-search", role: "search" }, parent);
  const label = html("label", {}, at);
  lens(label);
  const field = html("input", { type: "text", role: "combobox", placeholder: said.find, "aria-label": said.label, "aria-expanded": "false", "aria-controls": "term-hits", "aria-autocomplete": "list", autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "search", "data-key": "term-search" }, label);
  const first = byId.get(found(list, said.example)[0]);
  const example = html("button", { type: "button", "data-key": "term-example", "aria-label": `${said.example}: ${first?.title}` }, at);
  html("b", {}, example, said.example);
  example.append(` → ${first?.title}`);
  const hits = html("ul", { id: "term-hits", role: "listbox", "aria-label": said.list, hidden: true }, at);
  const none = html("p", { role: "status", hidden: true }, at);
  let marked = -1; // the option that Enter opens

  const mark = (index) => {
    marked = index;
    [...hits.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    const option = hits.children[index];
    if (option) { field.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); } else field.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    hits.hidden = none.hidden = true;
    field.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const pick = (id) => {
    field.value = "";
    example.hidden = false;
    close();
    choose(id);
  };
  const show = () => {
    example.hidden = Boolean(field.value);
    const ids = found(list, field.value);
    hits.replaceChildren();
    ids.forEach((id, i) => {
      const option = html("li", { role: "option", id: `term-hit-${i}`, "aria-selected": "false", "data-term": id }, hits);
      heading(option, "b", byId.get(id));
      option.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
      option.addEventListener("click", () => pick(id));
    });
    hits.hidden = !ids.length;
    none.hidden = ids.length > 0;
    none.textContent = ids.length ? "" : said.none;
    field.setAttribute("aria-expanded", String(ids.length > 0));
    hits.scrollTop = 0;
    mark(field.value.trim() && ids.length ? 0 : -1);
  };

  field.addEventListener("input", show);
  field.addEventListener("click", () => { if (hits.hidden) show(); });
  at.addEventListener("focusout", (event) => { if (!at.contains(event.relatedTarget)) close(); });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      if (hits.hidden) show();
      const n = hits.children.length;
      if (n) mark(marked < 0 ? (by > 0 ? 0 : n - 1) : (marked + by + n) % n);
    } else if (event.key === "Enter") {
      if (marked >= 0) pick(hits.children[marked].dataset.term);
    } else if (event.key === "Escape" && (field.value || !hits.hidden || !none.hidden)) {
      field.value = "";
      example.hidden = false;
      close();
    } else return;
    event.preventDefault();
    event.stopPropagation(); // of the page, Escape would leave the presentation
  });
  example.addEventListener("click", () => {
    field.value = said.example;
    field.focus({ preventScroll: true });
    show();
  });
  return at;
};

/** What a card says, into `at`. -> the place for a demo between its words and where they come from. */
const drawCard = (at, card, said) => {
  at.replaceChildren();
  heading(at, "h2", card);
  html("p", { class: "plain" }, at, card.text);
  const precise = html("div", { class: "precise" }, at);
  html("p", {}, precise, card.precise);
  if (card.formula) texFormula(precise, card.formula);
  if (card.lecture) {
    const looser = html("dl", {}, at);
    for (const part of ["lecture", "exactly"]) {
      const line = html("div", {}, looser);
      html("dt", {}, line, said[part]);
      html("dd", {}, line, card[part]);
    }
  }
  const place = html("div", { class: "term-demo" }, at);
  const source = html("p", { class: "source" }, at);
  html("span", {}, source, said.source);
  source.append(" ", card.source);
  if (card.scenes.length) {
    const scenes = html("p", { class: "scenes" }, at);
    html("span", {}, scenes, said.scenes);
    for (const { lesson, scene, tab, number, title } of card.scenes) {
      scenes.append(" ");
      placeLink(scenes, { lesson, scene }, fill(said.scene, { tab, number })).title = title;
    }
  }
  return place;
};

/**
 * Search and cards, into `parent`. words, list: of `loadCards` · on(id): the learner has opened a card.
 * -> {open(id) shows a card without calling `on`, and says whether there is one; shown() the id of the open one or null; place() where a demo of the
 * open card may stand, empty whenever another card opens; field, which stands first in at unless the lesson moves it}.
 */
export const cards = (parent, { words: said, list, on }) => {
  const at = html("div", { class: "term-cards" }, parent);
  let shown = null, place = null;
  const open = (id) => {
    const card = list.find((one) => one.id === id);
    if (!card) return false;
    if (id === shown) return true;
    shown = id;
    whole.hidden = false;
    place = drawCard(whole, card, said);
    return true;
  };
  const field = search(at, said, list, (id) => { open(id); on?.(id); });
  const whole = html("article", { class: "term-whole", "aria-live": "polite", hidden: true }, at);
  return { at, field, open, shown: () => shown, place: () => place };
};
