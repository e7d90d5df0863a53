/* What the server says of this page (app/modules.py writes it into the HTML) and what the address says now. */
export const root = document.documentElement;

/**
 * page: {lang, languages, asked, styled, libraries, foreign, terms, browser, shell, lesson}: the language, all languages [{code, name, sign, html}], the id
 * of the lesson that the address asked for, the ids that have a style sheet, addresses of plotly and KaTeX, which names of an address are none of ours,
 * the id of the lesson that shows the cards of the terms or null, where training in the browser loads from (app/browser/), what the bars say, and what
 * the asked lesson says (as in words/<lang>/<id>.json)
 */
export const page = JSON.parse(document.getElementById("one-token-page").textContent);

/** The app's own address, also in /en and behind a proxy that serves it under a path: this file is <home>/m/<hash>/assets/js/page.js. */
export const home = new URL("../../../../", import.meta.url);
export const query = () => new URLSearchParams(location.search);

const foreign = new RegExp(`^(?:${page.foreign})$`);
/** A name in the address that the platform or another site has put there. */
export const isForeign = (name) => foreign.test(name);

/** Run `work` when the page has painted and has nothing better to do. */
export const later = (work) => requestAnimationFrame(() => (window.requestIdleCallback ? requestIdleCallback(work, { timeout: 500 }) : setTimeout(work)));
