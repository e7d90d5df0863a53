/* The address always shows the exact state. What a link cannot hold survives a reload in the entry of the browser's history, and a change of language
   in sessionStorage. */
import { html } from "./dom.js";
import { isForeign, page, query, root } from "./page.js";

const LONGEST = 2000;
const LOOK = ["theme", "lang", "lesson", "present"]; // where and how to look, no state

/** Does the address say more than where and how to look? Then the lesson's first picture would be a wrong one. */
export const hasState = () => [...query().keys()].some((name) => !isForeign(name) && !LOOK.includes(name)) || Boolean(Object.keys(history.state?.left ?? {}).length || shelved(page.asked));

let followed = false;
/** The query that lesson `id` enters with: only the lesson that the address asks for may follow it, and once. */
export const queryFor = (id) => {
  if (followed || id !== page.asked) return "";
  followed = true;
  const whole = wholeQuery(location.search.slice(1), history.state?.left ?? shelved(id)?.left);
  return [...new URLSearchParams(whole).keys()].some((name) => !isForeign(name)) ? whole : "";
};

/** `search` with what was `left` out of the address. */
export const wholeQuery = (search, left) => {
  const wanted = new URLSearchParams(search);
  for (const [name, value] of Object.entries(left ?? {})) wanted.set(name, value);
  return Object.keys(left ?? {}).length ? String(wanted) : search;
};

/** The query as it stands in an address; what a path is full of stays one character each. */
const written = (wanted) => String(wanted).replaceAll("%2C", ",").replaceAll("%21", "!").replaceAll("%40", "@");

/**
 * -> {address, left}: what is too long for a link is left out of it and stands in `left` ({} where all is in it). Without its text a path means
 * nothing, so the path goes first, and the text only where that is not enough; the fields in `ofText` of the lesson's drawing go with it.
 */
export const linkOf = (stage) => {
  const wanted = new URLSearchParams({ lesson: stage.id, lang: page.lang, ...stage.value?.link });
  const asked = query();
  if (asked.get("theme") === root.dataset.theme) wanted.set("theme", root.dataset.theme);
  if (root.dataset.present) wanted.set("present", "1");
  for (const [name, value] of asked) if (name.startsWith("__")) wanted.set(name, value);
  const address = () => `${location.pathname}?${written(wanted)}`;
  const left = {};
  const ofText = stage.lesson?.ofText ?? [];
  for (const name of ["ids", "text", ...ofText]) {
    if (address().length + location.origin.length <= LONGEST && !("text" in left && ofText.includes(name))) continue;
    if (wanted.has(name)) left[name] = wanted.get(name);
    wanted.delete(name);
  }
  return { address: address(), left };
};

/** The address of a place that is not on screen: `wanted` are the lesson and fields of its link. How the page looks goes along. */
const addressOf = (wanted) => {
  const kept = [...query()].filter(([name]) => name === "theme" || name.startsWith("__"));
  return `${location.pathname}?${new URLSearchParams({ ...wanted, lang: page.lang, ...Object.fromEntries(kept) })}`;
};

/**
 * A link to such a place. It is followed without loading the page anew, so that nothing that runs in it is lost: as Back and Forward do (lessons.js).
 * `leaving` is called before.
 */
export const placeLink = (parent, wanted, words, leaving) => {
  const link = html("a", { href: addressOf(wanted) }, parent, words);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into a tab of its own
    event.preventDefault();
    leaving?.();
    history.pushState(null, "", addressOf(wanted));
    dispatchEvent(new PopStateEvent("popstate"));
  });
  return link;
};

/* An address written while the page is being left would take what the entry holds from the page that comes. A learner who stays presses on. */
let going = false;
addEventListener("beforeunload", () => { going = true; });
for (const press of ["pointerdown", "keydown"]) addEventListener(press, () => { going = false; }, true);

let begun = false;
/** Show the stage's state in the address. Another lesson or scene is a new entry of the browser's history; typing, knobs and a leader replace. */
export const writeLink = (stage, led = false) => {
  if (!stage?.value?.link || going) return;
  const shown = query();
  const moved = shown.get("lesson") !== stage.id || shown.get("scene") !== (stage.value.link.scene ?? null);
  const { address, left } = linkOf(stage);
  const entry = { kept: stage.value.keep ?? null, left }; // with the address, so a reload and Back find all of it
  if (begun && moved && !led) history.pushState(entry, "", address);
  else history.replaceState(entry, "", address);
  begun = true;
};

const shelf = (id) => `one-token:${id}`;
const leaving = "one-token:leaving";
let found; // what stood on the shelf when the page began
/** What lesson `id` left behind when the language was changed, once: {kept, own, left}, of Python, of the page itself and of the address; or null. */
const shelved = (id) => {
  if (found !== undefined) return found?.id === id ? found : null;
  found = null;
  try {
    if (sessionStorage.getItem(leaving) !== id) return null;
    const stood = JSON.parse(sessionStorage.getItem(shelf(id)));
    sessionStorage.removeItem(leaving);
    sessionStorage.removeItem(shelf(id));
    found = { ...stood, id };
  } catch { /* inside another site's page storage may be refused */ }
  return found;
};

/** What lesson `id` was like before a change of language or a reload, as far as no link can hold it. */
export const kept = (id) => shelved(id)?.kept ?? (id === page.asked ? history.state?.kept ?? null : null);

const drawer = (id) => `one-token:own:${id}`;
/** What a stage whose state lives in the page has left for itself in this tab. */
export const own = (id) => {
  try { return shelved(id)?.own ?? JSON.parse(sessionStorage.getItem(drawer(id))) ?? undefined; } catch { return undefined; }
};
/** The page is left: what such a stage keeps is there when it comes back. */
export const keepOwn = (stage) => {
  if (!stage.lesson.keep || !stage.value) return;
  try { sessionStorage.setItem(drawer(stage.id), JSON.stringify(stage.lesson.keep(stage))); } catch { /* refused, or full */ }
};

/** Go to the page in `language`, one of page.languages, with the picture that is on screen. */
export const changeLanguage = (stage, language) => {
  const { address, left } = stage?.value ? linkOf(stage) : { address: location.href, left: {} };
  const wanted = new URL(address, location).searchParams;
  if (stage?.value) {
    // A scene's own words are in its language; the learner sees hers again.
    for (const name of ["text", "ids"]) if (stage.value[name] !== undefined) wanted.set(name, stage.value[name]);
    for (const name of ["ids", "text"]) {
      if (String(wanted).length <= LONGEST) break;
      left[name] = wanted.get(name) ?? "";
      wanted.delete(name);
    }
    try {
      sessionStorage.setItem(leaving, stage.id);
      sessionStorage.setItem(shelf(stage.id), JSON.stringify({ kept: stage.value.keep ?? null, own: stage.lesson.keep?.(stage), left }));
    } catch { for (const [name, value] of Object.entries(left)) wanted.set(name, value); } // the link carries what it can
  }
  wanted.set("lang", language.code);
  location.assign(`${language === page.languages[0] ? "./" : language.code}?${written(wanted)}`);
};
