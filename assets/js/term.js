"use strict";
/* [[term]] in a text opens a small card with its meaning. */
(() => {
  let card = null;
  let opener = null;

  lab.closeCard = () => {
    if (!card) return false;
    card.remove();
    card = null;
    opener?.setAttribute("aria-expanded", "false");
    opener?.focus?.({ preventScroll: true });
    return true;
  };

  const openCard = (link, term) => {
    const again = opener === link && card;
    lab.closeCard();
    if (again) return;
    opener = link;
    link.setAttribute("aria-expanded", "true");
    card = lab.html("div", { class: "term-card", role: "dialog", "aria-label": term.title });
    lab.html("b", {}, card, term.title);
    lab.html("p", {}, card, term.text);
    document.querySelector(".gradio-container").append(card);
    const place = link.getBoundingClientRect();
    const width = Math.min(320, innerWidth - 32);
    card.style.width = `${width}px`;
    card.style.left = `${Math.min(Math.max(16, place.left), innerWidth - width - 16) + scrollX}px`;
    const below = place.bottom + card.offsetHeight + 12 < innerHeight;
    card.style.top = `${(below ? place.bottom + 8 : Math.max(8, place.top - card.offsetHeight - 8)) + scrollY}px`;
  };

  /** A link inside a text; a term without a card is plain text. */
  lab.termLink = (parent, id, words) => {
    const term = lab.terms[id];
    if (!term) return parent.append(words ?? id);
    const link = lab.html("button", { class: "term", "aria-expanded": "false" }, parent, words ?? term.title);
    link.addEventListener("click", (event) => { event.stopPropagation(); openCard(link, term); });
  };

  addEventListener("click", (event) => { if (card && !event.target.closest?.(".term-card")) lab.closeCard(); });
})();
