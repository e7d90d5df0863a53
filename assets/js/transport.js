/* The way of an action to Python and of its picture back, or of a question and its reply. What goes wrong on the way is told at once, and the
   press is repeated until it is answered: the number it carries keeps the server from carrying it out twice. */
import { home, page } from "./page.js";

const WAITS = [400, 800, 1600, 3000, 5000]; // ms before each new attempt; the last one again and again
const SILENCE = 90000; // ms without any news

const session = (() => {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
})();
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** One attempt: each line of the answer goes to `take`. Throws unless the picture has come whole. */
const attempt = async (stage, body, take) => {
  const stopper = new AbortController();
  let timer = setTimeout(() => stopper.abort(), SILENCE);
  try {
    const answer = await fetch(new URL(`act/${page.lang}/${stage.id}`, home), {
      method: "POST", body, headers: { "content-type": "application/json" },
      referrerPolicy: "no-referrer", credentials: "same-origin", cache: "no-store", signal: stopper.signal,
    });
    if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let last = null;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      clearTimeout(timer);
      timer = setTimeout(() => stopper.abort(), SILENCE);
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        last = JSON.parse(line);
        take(last);
      }
    }
    if (rest || !last || "busy" in last) throw new Error("the answer broke off");
  } finally {
    clearTimeout(timer);
  }
};

/** Send `message` until it is answered, or nobody wants the answer any more. -> false: the server does not understand it, now or later. */
export const send = async (stage, message, take, wanted) => {
  const body = JSON.stringify({ ...message, session });
  for (let failed = 0; ; failed += 1) {
    try {
      await attempt(stage, body, take);
      return true;
    } catch (error) {
      if (!wanted()) return true;
      const refused = error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;
      if (refused) return false;
      stage.lost(error.status === 503 ? stage.words.crowded : stage.words.lost);
      await pause(WAITS[Math.min(failed, WAITS.length - 1)]);
      if (!wanted()) return true;
    }
  }
};
