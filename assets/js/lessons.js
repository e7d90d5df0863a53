/* A lesson comes when its tab is first opened: its script, its style sheet, its words, its first picture. One that is broken says so in its
   own tab, and in the console where; the others live. */
import { html, intoSight } from "./dom.js";
import { loaded } from "./libraries.js";
import { kept, own, queryFor, wholeQuery } from "./link.js";
import { page, root } from "./page.js";
import { leaveEmpty, present } from "./shell.js";
import { active, Stage } from "./stage.js";
import { learn } from "./term.js";
import { waitingPlace } from "./views/waiting.js";

const PARTS = ["build", "draw"];
const TELL_AFTER = 350; // ms until waiting is told in words
const here = new URL("../../", import.meta.url); // <home>/m/<hash>/
const folder = (id) => new URL(`lessons/${id.replaceAll("-", "_")}/`, here);

const fetchWords = async (id) => {
  const answer = await fetch(new URL(`words/${page.lang}/${id}.json`, here));
  if (!answer.ok) throw new Error(`${answer.url} did not load`);
  return answer.json();
};

/** -> what draw.js exports, and what Python says: {drawing, words, scenes, terms, fields, preview}. */
const fetchLesson = async (id) => {
  const script = new URL("draw.js", folder(id)).href;
  const style = page.styled.includes(id) && id !== page.asked; // that of the asked one stands in the HTML
  const [drawing, light] = await Promise.all([
    import(script),
    id === page.asked ? page.lesson : fetchWords(id),
    style && loaded("link", { rel: "stylesheet", href: new URL("style.css", folder(id)).href }),
  ]);
  const missing = PARTS.filter((part) => typeof drawing[part] !== "function");
  if (missing.length) throw new Error(`${script}:1 exports no ${missing.join(", ")}`);
  return { drawing, ...light };
};

/** import() does not tell where a script cannot be parsed, a script element does -> "file:line:column: …", or "" where nothing is wrong with it. */
const place = (script) => new Promise((found) => {
  const heard = (event) => {
    if (!event.filename?.startsWith(here.href)) return;
    event.preventDefault(); // told once, by us
    end(`${event.filename}:${event.lineno}:${event.colno}: ${event.message}`);
  };
  const element = html("script", { type: "module", src: script });
  const end = (told) => { removeEventListener("error", heard); element.remove(); found(told); };
  addEventListener("error", heard);
  for (const name of ["load", "error"]) element.addEventListener(name, () => end(""));
  document.head.append(element);
});

let shown = null;         // the stage that the page shows, or has just built
const broken = new Map(); // id -> the element that says so

const tell = async (id, at, error) => {
  at.replaceChildren();
  html("p", { class: "broken", role: "alert" }, at, page.shell.words.broken);
  broken.set(id, at);
  if (at.clientWidth) leaveEmpty(id);
  root.dataset.ready = "1";
  const where = error instanceof SyntaxError ? await place(new URL("draw.js", folder(id)).href) : "";
  console.error(`${id}: ${where || error.stack || error}`);
};

const open = async (id, wires) => {
  const at = wires.element.querySelector(".view");
  const late = setTimeout(() => {
    const waiting = waitingPlace(at);
    waiting.firstChild.textContent = page.shell.words.opening;
    waiting.hidden = false;
  }, TELL_AFTER);
  let stage;
  try {
    const lesson = await fetchLesson(id);
    learn(lesson.terms);
    at.replaceChildren();
    stage = new Stage(id, at, lesson, own(id));
  } catch (error) {
    return tell(id, at, error);
  } finally {
    clearTimeout(late);
  }
  if (active() === stage) shown = stage;
  const entry = popped?.id === id ? popped : null;
  if (entry) popped = null;
  const query = entry?.query ?? queryFor(id);
  const asked = new URLSearchParams(query);
  const enter = entry ? returning(entry) : { type: "enter", query, kept: kept(id) };
  stage.act(asked.has("model") ? { ...enter, name: asked.get("model") } : enter);
  if (asked.get("present") === "1") present(true);
};

/* Gradio mounts the first tab whatever the address asks for, and each other one when it is opened. */
const resting = new Map(); // id -> wires of a lesson that nobody has asked for yet
let arrived = false;       // the lesson that the address asks for has mounted
let chosen = false;        // and its tab is the one that is open

/** Those that can be seen, once the page stands at what the address asks for. */
const wake = () => {
  for (const [id, wires] of arrived && chosen ? resting : []) {
    if (!wires.element.querySelector(".view").clientWidth) continue;
    resting.delete(id);
    open(id, wires);
  }
};

export const mountLesson = (wires) => {
  if (wires.kind === page.asked) {
    arrived = true;
    return void open(wires.kind, wires);
  }
  resting.set(wires.kind, wires);
  requestAnimationFrame(wake); // its tab may have been pressed
};

/** On a phone the row of the tabs is wider than the window. */
const tabInSight = () => {
  const tab = document.querySelector("#lessons [role=tab].selected");
  if (tab) intoSight(tab, tab.parentElement);
};

/** A tab was opened: the address and the two bars follow, and drawings that were hidden get their width. */
export const opened = () => requestAnimationFrame(() => {
  dispatchEvent(new Event("resize"));
  tabInSight();
  wake();
  for (const [id, at] of broken) if (at.clientWidth) leaveEmpty(id);
  const stage = active();
  if (!stage || stage === shown) return; // one that has just been built enters by itself
  shown = stage;
  const entry = popped?.id === stage.id ? popped : null;
  popped = null;
  stage.act(entry ? returning(entry) : { type: "enter", query: "" });
});

/* Back and Forward: the scene or lesson of that entry with its state. */
let popped = null; // {id, query, kept} of an entry whose tab is being opened
const returning = ({ query, kept }) => ({ type: "enter", query, kept, popped: true });
addEventListener("popstate", (event) => {
  const id = new URLSearchParams(location.search).get("lesson");
  const entry = { id, query: wholeQuery(location.search.slice(1), event.state?.left), kept: event.state?.kept ?? null };
  const stage = active();
  if (stage?.id === entry.id) return stage.act(returning(entry), "scene");
  const tab = document.querySelector(`#lessons [role=tab][data-tab-id="${CSS.escape(entry.id ?? "")}"]`);
  if (!tab) return;
  popped = entry;
  tab.click();
});

/** Open the tab that the address asks for. The tabs are put into the page after the shell, and take a press only when they are alive. */
export const openAsked = (tries = 300) => {
  const tab = document.querySelector(`#lessons [role=tab][data-tab-id="${CSS.escape(page.asked)}"]`);
  if (tab?.classList.contains("selected")) { chosen = true; return void requestAnimationFrame(() => { tabInSight(); wake(); }); }
  tab?.click();
  if (tries) return void requestAnimationFrame(() => openAsked(tries - 1));
  arrived = chosen = true; // it does not come: what is on screen shall live
  opened();
};
