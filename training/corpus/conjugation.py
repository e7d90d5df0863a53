"""Korean predicates conjugated by rule from their dictionary form.

A form is named by its ending (``고``, ``으면``, ``어서`` …) or, at the end of a sentence, by its tense
(``past``, ``pres``, ``fut`` …); the sentence-final forms follow the speech level of the document. Irregular
classes and the list of adjectives are data (lexicon/predicates.tsv); every other predicate is a regular verb.
"""

from functools import cache, lru_cache

from .data import rows
from .hangul import final_of, join, split, with_final

LEVELS = ("한다", "해요", "합니다", "해")
# what a past or copula stem takes at the end of a sentence, by speech level
_PAST = {"한다": "다", "해요": "어요", "합니다": "습니다", "해": "어"}
_PAST_QUESTION = {"한다": "을까", "해요": "나요", "합니다": "습니까", "해": "니"}
_FUTURE = {"한다": " 것이다", "해요": " 거예요", "합니다": " 것입니다", "해": " 거야"}
_BRIGHT = "ㅏㅑㅗ"
_CONTRACTED = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"}
_KEEP_OPEN = "ㅏㅓㅐㅔㅕ"


class Predicate:
    """One verb or adjective; ``form(ending, level)`` gives its inflected form.

    kind: 'verb', 'adj', 'exist' (있다, 없다: an adjective's endings with the verb's 는) or 'copula' (아니다,
    감동적이다).
    irregular: '' or one of ㅂ ㄷ ㅅ ㅎ 르 러.
    """

    def __init__(self, dictionary: str, kind: str = "verb", irregular: str = "") -> None:
        if not dictionary.endswith("다") or len(dictionary) < 2:
            raise ValueError(f"not a dictionary form: {dictionary!r}")
        self.dictionary, self.kind, self.irregular = dictionary, kind, irregular
        self.stem = dictionary[:-1]
        self.honorific = self.stem.endswith("시") and self.stem not in ("마시", "모시")

    @property
    def infinitive(self) -> str:
        """The 어/아 form: 가, 먹어, 도와, 몰라, 해."""
        stem, last = self.stem, self.stem[-1]
        initial, vowel, final = split(last)
        if last == "하":
            return stem[:-1] + "해"
        if self.kind == "copula":
            return stem + "어"
        if self.irregular == "ㅂ":
            return with_final(stem, " ") + ("와" if stem in ("돕", "곱") else "워")
        if self.irregular == "ㄷ":
            return with_final(stem, "ㄹ") + self._harmony(vowel)
        if self.irregular == "ㅅ":
            return with_final(stem, " ") + self._harmony(vowel)
        if self.irregular == "ㅎ":
            return stem[:-1] + join(initial, "ㅒ" if vowel == "ㅑ" else "ㅐ")
        if self.irregular == "르":
            before = split(stem[-2])[1]
            return with_final(stem[:-1], "ㄹ") + ("라" if before in _BRIGHT else "러")
        if self.irregular == "러":
            return stem + "러"
        if final != " ":
            return stem + self._harmony(vowel)
        if vowel == "ㅡ":
            bright = len(stem) > 1 and split(stem[-2])[1] in _BRIGHT
            return stem[:-1] + join(initial, "ㅏ" if bright else "ㅓ")
        if vowel in _KEEP_OPEN:
            return stem
        if vowel in _CONTRACTED:
            return stem[:-1] + join(initial, _CONTRACTED[vowel])
        return stem + "어"

    @staticmethod
    def _harmony(vowel: str) -> str:
        return "아" if vowel in _BRIGHT else "어"

    @property
    def past_stem(self) -> str:
        """갔, 먹었, 도왔, 했."""
        return with_final(self.infinitive, "ㅆ")

    def _soft(self) -> tuple[str, bool]:
        """The stem before an ending with a linking 으, and whether that 으 is needed."""
        if self.irregular == "ㅂ":
            return with_final(self.stem, " ") + "우", False
        if self.irregular == "ㄷ":
            return with_final(self.stem, "ㄹ"), True
        if self.irregular == "ㅅ":
            return with_final(self.stem, " "), True
        if self.irregular == "ㅎ":
            return with_final(self.stem, " "), False
        return self.stem, final_of(self.stem) not in " ㄹ"

    def _linked(self, ending: str) -> str:
        """An ending such as 면, 러, 니까, 시 with its linking 으; ㄹ falls out before ㄴ, ㅂ, ㅅ."""
        stem, linking = self._soft()
        if linking:
            return stem + "으" + ending
        if final_of(stem) == "ㄹ" and split(ending[0])[0] in (2, 7, 9):  # ㄴ, ㅂ, ㅅ
            stem = with_final(stem, " ")
        return stem + ending

    def _closed(self, final: str) -> str:
        """The stem closed with ㄴ or ㄹ (은, 을 after a consonant): 간, 먹은; a final ㄹ is replaced."""
        stem, linking = self._soft()
        if linking:
            return stem + join(11, "ㅡ", final)  # 11 is the silent ㅇ
        return with_final(stem, final)

    def present(self, level: str) -> str:
        if self.kind == "copula" and level in ("해요", "해"):
            return self.stem + ("에요" if level == "해요" else "야")
        if level == "해요":
            return self.stem[:-1] + "세요" if self.honorific else self.infinitive + "요"
        if level == "해":
            return self.infinitive
        if level == "합니다":
            if final_of(self.stem) in " ㄹ":
                return with_final(self.stem, "ㅂ") + "니다"
            return self.stem + "습니다"
        if self.kind != "verb":
            return self.dictionary
        if final_of(self.stem) in " ㄹ":
            return with_final(self.stem, "ㄴ") + "다"
        return self.stem + "는다"

    def form(self, ending: str, level: str = "한다") -> str:
        """One inflected form. Raises KeyError for an ending that is not in the table."""
        return _FORMS[ending](self, level)


_FORMS = {
    "past": lambda p, level: p.past_stem + _PAST[level],
    "pres": lambda p, level: p.present(level),
    "fut": lambda p, level: p._closed("ㄹ") + _FUTURE[level],
    "q_past": lambda p, level: p.past_stem + _PAST_QUESTION[level],
    "다": lambda p, level: p.present("한다"),
    "past다고": lambda p, level: p.past_stem + "다고",
    "고": lambda p, level: p.stem + "고",
    "past다는": lambda p, level: p.past_stem + "다는",
    "past고": lambda p, level: p.past_stem + "고",
    "past지만": lambda p, level: p.past_stem + "지만",
    "어서": lambda p, level: p.infinitive + "서",
    "past는데": lambda p, level: p.past_stem + "는데",
    "은": lambda p, level: p._closed("ㄴ"),
    "을": lambda p, level: p._closed("ㄹ"),
    "past으면": lambda p, level: p.past_stem + "으면",
    "으려고": lambda p, level: p._linked("려고"),
    "자": lambda p, level: p.stem + "자",
    "자고": lambda p, level: p.stem + "자고",
    "지": lambda p, level: p.stem + "지",
}


@cache
def _listed() -> dict[str, Predicate]:
    return {r["word"]: Predicate(r["word"], r["kind"], r["irregular"]) for r in rows("predicates")}


@cache
def predicate(dictionary: str) -> Predicate:
    """The predicate of a dictionary form; unlisted 하다 and other words are regular verbs."""
    return _listed().get(dictionary) or Predicate(dictionary)


@lru_cache(maxsize=200_000)
def conjugate(dictionary: str, ending: str, level: str = "한다") -> str:
    """conjugate('듣다', 'past', '해요') is '들었어요'. A phrase is allowed: its last word is conjugated."""
    head, _, last = dictionary.rpartition(" ")
    form = predicate(last).form(ending, level)
    return f"{head} {form}" if head else form


def copula(noun: str, tense: str, level: str) -> str:
    """이다 after a noun: 사과예요, 책이었습니다. tense is 'pres', 'past' or 'q' (question)."""
    is_open = final_of(noun) == " "
    if tense == "past":
        return noun + ("였" if is_open else "이었") + _PAST[level]
    if level == "합니다":
        return noun + ("입니까" if tense == "q" else "입니다")
    if tense == "q" and level in ("한다", "해"):
        return noun + ("니" if is_open else "이니")
    ending = {"한다": ("다", "이다"), "해요": ("예요", "이에요"), "해": ("야", "이야")}[level]
    return noun + ending[0 if is_open else 1]
