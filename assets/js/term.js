/* Texts with **bold** and [[terms]]; a term opens a small card with its meaning. */
import { html } from "./dom.js";
import { placeLink } from "./link.js";
import { page, root } from "./page.js";

const cards = {};
let card = null;
let opener = null;

/** `back`: give the focus to the link that opened it; not where the reader has gone on by herself. */
export const closeCard = (back = true) => {
  if (!card) return false;
  const closing = card;
  card = null;
  closing.remove();
  opener?.setAttribute("aria-expanded", "false");
  if (back) opener?.focus?.({ preventScroll: true });
  return true;
};

/** Cards that texts may open from now on: {id: {title, twin, text}}. */
export const learn = (more) => Object.assign(cards, more);

const openCard = (link, id) => {
  const term = cards[id];
  const again = opener === link && card;
  closeCard();
  if (again) return;
  opener = link;
  link.setAttribute("aria-expanded", "true");
  card = html("div", { class: "term-card", role: "dialog", "aria-labelledby": "term-title", "aria-describedby": "term-text", tabindex: -1 });
  html("b", { id: "term-title" }, card, term.title);
  if (term.twin) html("span", {}, card, term.twin);
  html("p", { id: "term-text" }, card, term.text);
  if (page.terms && !root.dataset.present) placeLink(card, { lesson: page.terms, term: id }, page.shell.words.term_more, () => closeCard(false));
  card.addEventListener("focusout", ({ currentTarget, relatedTarget: next }) => { if (next && next !== opener && !currentTarget.contains(next)) closeCard(false); });
  document.querySelector(".gradio-container").append(card);
  const place = link.getBoundingClientRect();
  const width = Math.min(320, innerWidth - 32);
  card.style.width = `${width}px`;
  card.style.left = `${Math.min(Math.max(16, place.left), innerWidth - width - 16) + scrollX}px`;
  const below = place.bottom + card.offsetHeight + 12 < innerHeight;
  card.focus({ preventScroll: true });
  card.style.top = `${(below ? place.bottom + 8 : Math.max(8, place.top - card.offsetHeight - 8)) + scrollY}px`;
};

/** A link inside a text; a term without a card is plain text. */
const termLink = (parent, id, words) => {
  const term = Object.hasOwn(cards, id) ? cards[id] : null;
  if (!term) return parent.append(words ?? id);
  const link = html("button", { class: "term", "aria-expanded": "false", "aria-haspopup": "dialog" }, parent, words ?? term.title);
  link.addEventListener("click", (event) => { event.stopPropagation(); openCard(link, id); });
};

/* What a learner or the model wrote comes between two marks without a shape where it holds a letter of our markup (app/i18n.py). */
const VALUE = "\u2068[^\u2069]*\u2069";
const MARKUP = new RegExp(`(\\*\\*(?:[^*\u2068]|${VALUE})+\\*\\*|\\[\\[(?:[^\\]\u2068]|${VALUE})+\\]\\]|${VALUE})`);
const RIGHT_TO_LEFT = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066\u2067\ufb1d-\ufdff\ufe70-\ufefc]/; // would turn the sentence around it
const bare = (text) => text.replace(/[\u2068\u2069]/g, "");

/** Text with **bold** and [[term]] or [[term|words]] -> nodes in `element`. Everything else is plain text, and so is every value put into it. */
export const rich = (element, text) => {
  element.replaceChildren();
  for (const part of String(text).split(MARKUP)) {
    if (part.startsWith("**") && part.endsWith("**") && part.length > 4) html("b", {}, element, bare(part.slice(2, -2)));
    else if (part.startsWith("[[") && part.endsWith("]]")) termLink(element, ...part.slice(2, -2).split("|").map(bare));
    else if (part.startsWith("\u2068") && RIGHT_TO_LEFT.test(part.slice(1, -1))) html("bdi", {}, element, bare(part));
    else if (part) element.append(bare(part));
  }
  return element;
};

addEventListener("click", (event) => { if (card && !event.target.closest?.(".term-card")) closeCard(); });
