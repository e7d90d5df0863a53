/* The address always shows the exact state. What a link cannot hold survives a change of language in sessionStorage. */
import { page, query, root } from "./page.js";

const LONGEST = 2000;
const LOOK = ["theme", "lang", "lesson", "present"]; // where and how to look, no state

/** Does the address say more than where and how to look? Then the lesson's first picture would be a wrong one. */
export const hasState = () => [...query().keys()].some((name) => !name.startsWith("__") && !LOOK.includes(name));

let followed = false;
/** The query that lesson `id` enters with: only the lesson that the address asks for may follow it, and once. */
export const queryFor = (id) => {
  if (followed || id !== page.asked) return "";
  followed = true;
  return [...query().keys()].some((name) => !name.startsWith("__")) ? location.search.slice(1) : "";
};

/** -> {address, whole}; not whole: too long, so without the text. */
export const linkOf = (stage) => {
  const wanted = new URLSearchParams({ lesson: stage.id, lang: page.lang, ...stage.value?.link });
  const asked = query();
  if (asked.get("theme") === root.dataset.theme) wanted.set("theme", root.dataset.theme);
  if (root.dataset.present) wanted.set("present", "1");
  for (const [name, value] of asked) if (name.startsWith("__")) wanted.set(name, value);
  const address = () => `${location.pathname}?${wanted}`;
  if (address().length + location.origin.length <= LONGEST) return { address: address(), whole: true };
  for (const name of ["text", "ids"]) wanted.delete(name);
  return { address: address(), whole: false };
};

let written = false;
/** Show the stage's state in the address. Another lesson or scene is a new entry of the browser's history; typing, knobs and a leader replace. */
export const writeLink = (stage, led = false) => {
  if (!stage?.value?.link) return;
  const shown = query();
  const moved = shown.get("lesson") !== stage.id || shown.get("scene") !== (stage.value.link.scene ?? null);
  const entry = { kept: stage.value.keep ?? null };
  if (written && moved && !led) history.pushState(entry, "", linkOf(stage).address);
  else history.replaceState(entry, "", linkOf(stage).address);
  written = true;
};

const shelf = (id, name = "kept") => `one-token:${id}:${name}`;
const leaving = "one-token:leaving";
/** What lesson `id` left behind when the language was changed, once. -> {kept, own}: of Python, and of the page itself. */
export const left = (id) => {
  try {
    if (sessionStorage.getItem(leaving) !== id) return {};
    sessionStorage.removeItem(leaving);
    const take = (name) => {
      const found = JSON.parse(sessionStorage.getItem(shelf(id, name)));
      sessionStorage.removeItem(shelf(id, name));
      return found ?? undefined;
    };
    return { kept: take("kept"), own: take("own") };
  } catch { return {}; } // inside another site's page storage may be refused
};

/** Go to the page in `language`, one of page.languages, with the picture that is on screen. */
export const changeLanguage = (stage, language) => {
  const wanted = new URLSearchParams(stage?.value ? new URL(linkOf(stage).address, location).search : location.search);
  if (stage?.value) {
    wanted.set("text", stage.value.text);
    if (stage.value.ids !== undefined) wanted.set("ids", stage.value.ids);
    try {
      if (stage.value.keep) {
        sessionStorage.setItem(leaving, stage.id);
        sessionStorage.setItem(shelf(stage.id), JSON.stringify(stage.value.keep));
      }
      if (stage.lesson.keep) sessionStorage.setItem(shelf(stage.id, "own"), JSON.stringify(stage.lesson.keep(stage)));
    } catch { /* the link carries what it can */ }
  }
  wanted.set("lang", language.code);
  location.assign(`${language === page.languages[0] ? "./" : language.code}?${wanted}`);
};
