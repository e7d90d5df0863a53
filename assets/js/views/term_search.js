/* Finding a term while it is being typed: by any of its names in any language, by the initial consonants of a Korean name (ㅈㅇㅎㅅ, 전ㅇ), and by a
   syllable that is still being composed (밋 on the way to 미세). Upper and lower case, spaces and hyphens make no difference. Plain data in and out. */

const INITIALS = [..."ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"];
const VOWELS = [..."ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"];
const FINALS = ["", ..."ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"];
const GROWS = { ㅗ: "ㅘㅙㅚ", ㅜ: "ㅝㅞㅟ", ㅡ: "ㅢ" }; // a vowel that the next key may widen
const PAIRS = { ㄳ: "ㄱㅅ", ㄵ: "ㄴㅈ", ㄶ: "ㄴㅎ", ㄺ: "ㄹㄱ", ㄻ: "ㄹㅁ", ㄼ: "ㄹㅂ", ㄽ: "ㄹㅅ", ㄾ: "ㄹㅌ", ㄿ: "ㄹㅍ", ㅀ: "ㄹㅎ", ㅄ: "ㅂㅅ" };
const FIRST_SYLLABLE = 0xac00, LAST_SYLLABLE = 0xd7a3, FIRST_JAMO = 0x1100, LAST_JAMO = 0x1112;
const IGNORED = new Set("-–_·.,:;()[]/'\"‘’“”");
const LONGEST = 400; // characters of a query that are looked at; no name has as many

const isConsonant = (sign) => INITIALS.includes(sign);
/** A syllable -> [initial, vowel, final], anything else null. */
const parts = (sign) => {
  const code = sign.codePointAt(0);
  if (code < FIRST_SYLLABLE || code > LAST_SYLLABLE) return null;
  const place = code - FIRST_SYLLABLE;
  return [INITIALS[Math.floor(place / 588)], VOWELS[Math.floor((place % 588) / 28)], FINALS[place % 28]];
};

/** -> {signs, starts}: what counts of `text`, and where in it a word begins. Some keyboards join ㄱ and ㅅ typed in a row into ㄳ: they are two again. */
const fold = (text) => {
  const signs = [], starts = new Set();
  let begins = true;
  for (const sign of text.normalize("NFC").toLowerCase()) {
    if (IGNORED.has(sign) || !sign.trim()) { begins = true; continue; }
    if (begins) starts.add(signs.length);
    begins = false;
    const code = sign.codePointAt(0);
    if (code >= FIRST_JAMO && code <= LAST_JAMO) signs.push(INITIALS[code - FIRST_JAMO]);
    else signs.push(...(PAIRS[sign] ?? sign));
  }
  return { signs, starts };
};

/** The first characters of a query that count, without walking through all of a long one. */
const beginning = (query) => {
  let kept = "";
  for (const sign of query) {
    if (sign.trim()) kept += sign;
    if (kept.length > LONGEST) break;
  }
  return kept;
};

const initialOf = (sign) => (sign === undefined ? undefined : parts(sign)?.[0] ?? sign);

/** May `typed`, the last syllable of a query, become `there` with more keys? Its final may yet begin `next`. */
const composes = (typed, there, next) => {
  const [a, b] = [parts(typed), parts(there)];
  if (!a || !b || a[0] !== b[0]) return false;
  if (!a[2]) return a[1] === b[1] || Boolean(GROWS[a[1]]?.includes(b[1]));
  if (a[1] !== b[1]) return false;
  if (PAIRS[b[2]]?.[0] === a[2]) return true;
  if (!b[2]) return initialOf(next) === a[2];
  const pair = PAIRS[a[2]];
  return Boolean(pair) && b[2] === pair[0] && initialOf(next) === pair[1];
};

const standsAt = (name, query, at) => query.every((sign, i) => {
  const there = name[at + i];
  if (there === undefined) return false;
  if (sign === there) return true;
  if (isConsonant(sign)) return parts(there)?.[0] === sign;
  return i === query.length - 1 && composes(sign, there, name[at + i + 1]);
});

/** How well `query` fits a name: 0 the whole name, 1 its beginning, 2 the beginning of a word in it, 3 elsewhere, null not at all. */
const fit = ({ signs, starts }, query) => {
  let best = null;
  for (let at = 0; at + query.length <= signs.length; at++) {
    if (!standsAt(signs, query, at)) continue;
    if (at === 0) return query.length === signs.length ? 0 : 1;
    if (starts.has(at)) return 2;
    best = 3;
  }
  return best;
};

const folded = new WeakMap();
const read = (cards) => {
  if (!folded.has(cards)) folded.set(cards, cards.map((card) => ({ id: card.id, names: card.names.map(fold), text: fold(card.text).signs.join("") })));
  return folded.get(cards);
};

/**
 * cards: [{id, names, text}] · query: as typed -> their ids, the best fit first, else in the order of `cards`; all of them for an empty query.
 * A word that is in no name is looked for in the plain sentences.
 */
export const found = (cards, query) => {
  const { signs } = fold(beginning(query));
  if (!signs.length) return query.trim() ? [] : cards.map(({ id }) => id);
  const known = read(cards);
  const fits = known.map(({ id, names }, order) => {
    const places = names.map((name, i) => [fit(name, signs), i]).filter(([rank]) => rank !== null);
    return { id, order, rank: places.length ? Math.min(...places.map(([rank, i]) => rank + (i ? 0.5 : 0))) : null };
  }).filter(({ rank }) => rank !== null);
  if (fits.length) return fits.sort((a, b) => a.rank - b.rank || a.order - b.order).map(({ id }) => id);
  const word = signs.join("");
  return signs.length > 1 ? known.filter(({ text }) => text.includes(word)).map(({ id }) => id) : [];
};
