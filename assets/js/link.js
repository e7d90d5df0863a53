/* The address always shows the exact state. What a link cannot hold survives a change of language in sessionStorage. */
import { isForeign, page, query, root } from "./page.js";

const LONGEST = 2000;
const LOOK = ["theme", "lang", "lesson", "present"]; // where and how to look, no state

/** Does the address say more than where and how to look? Then the lesson's first picture would be a wrong one. */
export const hasState = () => [...query().keys()].some((name) => !isForeign(name) && !LOOK.includes(name));

let followed = false;
/** The query that lesson `id` enters with: only the lesson that the address asks for may follow it, and once. */
export const queryFor = (id) => {
  if (followed || id !== page.asked) return "";
  followed = true;
  return [...query().keys()].some((name) => !isForeign(name)) ? location.search.slice(1) : "";
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
/** Show the stage's state in the address. Another lesson or scene is a new entry of the browser's history; typing and knobs replace. */
export const writeLink = (stage) => {
  if (!stage?.value?.link) return;
  const shown = query();
  const moved = shown.get("lesson") !== stage.id || shown.get("scene") !== (stage.value.link.scene ?? null);
  const entry = { kept: stage.value.keep ?? null };
  if (written && moved) history.pushState(entry, "", linkOf(stage).address);
  else history.replaceState(entry, "", linkOf(stage).address);
  written = true;
};

const shelf = (id) => `one-token:${id}`;
const leaving = "one-token:leaving";
/** What lesson `id` left behind when the language was changed, once. */
export const kept = (id) => {
  try {
    if (sessionStorage.getItem(leaving) !== id) return null;
    const found = sessionStorage.getItem(shelf(id));
    sessionStorage.removeItem(leaving);
    sessionStorage.removeItem(shelf(id));
    return JSON.parse(found);
  } catch { return null; } // inside another site's page storage may be refused
};

export const changeLanguage = (stage) => {
  const wanted = new URLSearchParams(stage?.value ? new URL(linkOf(stage).address, location).search : location.search);
  if (stage?.value) {
    wanted.set("text", stage.value.text);
    if (stage.value.ids !== undefined) wanted.set("ids", stage.value.ids);
    try {
      if (stage.value.keep) {
        sessionStorage.setItem(leaving, stage.id);
        sessionStorage.setItem(shelf(stage.id), JSON.stringify(stage.value.keep));
      }
    } catch { /* the link carries what it can */ }
  }
  const other = page.lang === "en" ? "ko" : "en";
  wanted.set("lang", other);
  location.assign((page.lang === "en" ? "./" : "en") + "?" + wanted);
};
