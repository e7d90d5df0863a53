/* Sentences that the page itself fills: as app/i18n.py does, in Korean a particle follows the word it stands on. */

const DIGITS = ["o", "ㄹ", "", "o", "", "", "o", "ㄹ", "ㄹ", ""]; // how the Korean name of a digit ends: ㄹ, another consonant, or a vowel
const LETTERS = { l: "ㄹ", m: "o", n: "o" };

const ending = (word) => {
  const last = [...word].reverse().find((sign) => /[\p{L}\p{N}%]/u.test(sign)) ?? "";
  if (/[가-힣]/.test(last)) return ["", "o", "ㄹ"][(last.charCodeAt(0) - 0xac00) % 28 === 0 ? 0 : (last.charCodeAt(0) - 0xac00) % 28 === 8 ? 2 : 1];
  if (/\d/.test(last)) return DIGITS[Number(last)];
  return LETTERS[last.toLowerCase()] ?? "";
};

/** "2.17", "으로/로" -> "2.17로" */
export const withParticle = (word, pair) => {
  const [consonant, vowel] = pair.split("/");
  const end = ending(word);
  return word + (end === "ㄹ" && consonant === "으로" ? vowel : end ? consonant : vowel);
};

/* A value with a letter of our markup stays as it is written: between two marks without a shape, as in app/i18n.py (term.js takes them away). */
/* So does one that is written from right to left: it would turn the sentence around it. */
const asText = (value) => (/[*|[\]\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/.test(value) ? `\u2068${value.replace(/[\u2068\u2069]/g, "")}\u2069` : value);

/** "{l1:은/는} {n}" filled with values, which are never read as templates or markup: what it gives is for `rich`. */
export const say = (template, values) => template.replace(/\{(\w+)(?::([^}]+))?\}/g, (whole, name, pair) => {
  if (!Object.hasOwn(values, name)) return whole;
  const word = String(values[name]);
  return asText(word) + (pair ? withParticle(word, pair).slice(word.length) : "");
});
