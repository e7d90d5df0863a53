"""In-context documents: lists of examples of a rule that differs from list to list, and lists to test with.

Kind a, which task is it: a relation over the corpus's own words (사과 = 과일, 소 = 동물, …); the facts are
learned elsewhere. Kind b, a new rule: words of two categories under two arbitrary labels (개 = 가, 소 = 가).
Some pairs of categories and some label words never occur in such lists of pre-training; the test lists of
kind b use only those.
"""

import random
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from .conjugation import conjugate
from .data import rows
from .hangul import particle
from .world import phrases

EXAMPLES = 9  # of a training list: 8 shots and one more
HELD_OUT_PAIRS = frozenset(
    frozenset(pair)
    for pair in (
        ("동물", "과일"),
        ("옷", "탈것"),
        ("악기", "채소"),
        ("직업", "꽃"),
        ("새", "가구"),
        ("음식", "운동"),
    )
)
HELD_OUT_LABELS = {lang: phrases("held_out_label", lang) for lang in ("ko", "en")}
LABELS = {lang: phrases("label", lang) for lang in ("ko", "en")}


@dataclass(frozen=True)
class TestList:
    """One list to complete: the model should continue ``prompt`` with ``answer``, one of ``candidates``."""

    prompt: str
    answer: str
    candidates: tuple[str, ...]
    shown: tuple[str, ...]  # the answers among the shots, in order
    rule: str

    __test__ = False  # pytest takes a class of this name for tests

    @property
    def copied(self) -> str | None:
        """The copy baseline: the most frequent answer shown, ties to the last; None without shots."""
        best = max((self.shown.count(a) for a in self.shown), default=0)
        return next((a for a in reversed(self.shown) if self.shown.count(a) == best), None)


@cache
def relations() -> dict[str, dict[str, dict[str, str]]]:
    """Word class -> relation -> word -> answer. Relations of a class share most of their words."""
    nouns = [row for row in rows("words") if " " not in row["ko"] + row["en"]]
    adjectives = [row for row in rows("opposites") if " " not in row["ko"] + row["en"]]
    flipped = [
        {"ko": r["opposite_ko"], "opposite_ko": r["ko"], "en": r["opposite_en"], "opposite_en": r["en"]}
        for r in adjectives
    ]
    pairs = [r for r in adjectives + flipped if " " not in r["en"] + r["opposite_en"]]
    predicates = [r for r in pairs if r["ko"].endswith("다")]
    verbs = rows("verbs")
    return {
        "ko_noun": {
            "english": {r["ko"]: r["en"] for r in nouns},
            "category": {r["ko"]: r["category_ko"] for r in nouns},
            "subject": {r["ko"]: r["ko"] + particle(r["ko"], "이") for r in nouns},
            "object": {r["ko"]: r["ko"] + particle(r["ko"], "을") for r in nouns},
        },
        "en_noun": {
            "korean": {r["en"]: r["ko"] for r in nouns},
            "category": {r["en"]: r["category_en"] for r in nouns},
            "plural": {
                r["en"]: r["plural"]
                for r in nouns
                if r["plural"] not in ("", r["en"]) and " " not in r["plural"]
            },
        },
        "ko_predicate": {
            "opposite": {r["ko"]: r["opposite_ko"] for r in predicates},
            "english": {r["ko"]: r["en"] for r in predicates},
            "past": {r["ko"]: conjugate(r["ko"], "past") for r in predicates},
        },
        "en_word": {
            "opposite": {r["en"]: r["opposite_en"] for r in pairs},
            "korean": {r["en"]: r["ko"] for r in pairs},
        },
        "ko_verb": {
            "english": {r["ko"]: r["en"] for r in verbs},
            "past": {r["ko"]: conjugate(r["ko"], "past") for r in verbs},
            "polite": {r["ko"]: conjugate(r["ko"], "pres", "해요") for r in verbs},
        },
        "en_verb": {
            "korean": {r["en"]: r["ko"] for r in verbs},
            "past": {r["en"]: r["past_en"] for r in verbs},
        },
        "ko_judgement": {
            "sentiment": {r["ko"]: "긍정" if r["positive"] == "1" else "부정" for r in rows("sentiment")},
            "english": {r["ko"]: r["en"] for r in rows("sentiment") if " " not in r["en"]},
            "past": {r["ko"]: conjugate(r["ko"], "past") for r in rows("sentiment")},
        },
        "en_judgement": {
            "sentiment": {
                r["en"]: "positive" if r["positive"] == "1" else "negative" for r in rows("sentiment")
            },
            "korean": {r["en"]: r["ko"] for r in rows("sentiment")},
        },
    }


# the larger the class, the more lists
_CLASS_WEIGHTS = {"ko_noun": 6, "en_noun": 4, "ko_predicate": 2, "en_word": 1, "ko_verb": 2, "en_verb": 1,
                  "ko_judgement": 1, "en_judgement": 1}  # fmt: skip


def written(examples: list[tuple[str, str]]) -> str:
    return ", ".join(f"{word} = {answer}" for word, answer in examples)


def _relation_examples(rng: random.Random, n: int) -> tuple[str, str, list[tuple[str, str]]]:
    """(word class, relation, n examples)."""
    word_class = rng.choices(tuple(_CLASS_WEIGHTS), tuple(_CLASS_WEIGHTS.values()))[0]
    relation = rng.choice(tuple(relations()[word_class]))
    return word_class, relation, rng.sample(tuple(relations()[word_class][relation].items()), n)


def kind_a(rng: random.Random) -> str:
    """A training list: one relation, nine words."""
    return written(_relation_examples(rng, EXAMPLES)[2])


def category_pairs() -> tuple[tuple[str, str], ...]:
    """Every two of the categories that are large and clear enough to sort words by."""
    return tuple(combinations(phrases("sortable"), 2))


def _sorting_examples(rng: random.Random, lang: str, pair, labels, n: int) -> list[tuple[str, str]]:
    """n different words of two categories with their labels; with eight or more, at least two of each."""
    by_label = [
        [
            (row[lang], label)
            for row in rows("words")
            if row["category_ko"] == category and " " not in row[lang]
        ]
        for category, label in zip(rng.sample(pair, 2), rng.sample(labels, 2), strict=True)
    ]
    first = rng.randint(n // 3, n - n // 3)
    examples = rng.sample(by_label[0], min(first, len(by_label[0])))
    examples += rng.sample(by_label[1], min(n - len(examples), len(by_label[1])))
    rng.shuffle(examples)
    return examples


def kind_b(rng: random.Random, lang: str) -> str:
    """A training list: two categories, two labels, neither of them held out."""
    pairs = [pair for pair in category_pairs() if frozenset(pair) not in HELD_OUT_PAIRS]
    return written(_sorting_examples(rng, lang, rng.choice(pairs), LABELS[lang], EXAMPLES))


def evaluation_lists(kind: str, n: int, shots: int, seed: int) -> list[TestList]:
    """n new lists of kind 'a' or 'b' with 0 to 8 shots; a seed asks the same words whatever ``shots`` is.

    candidates: every answer that a rule of the kind gives for the asked word, and the answers of all 8 shots.
    Raises ValueError for another kind or number.
    """
    if kind not in ("a", "b") or not 0 <= shots < EXAMPLES:
        raise ValueError(f"kind {kind!r} with {shots} shots")
    lists = []
    for index in range(n):
        rng = random.Random(f"{kind} {seed} {index}")
        if kind == "a":
            word_class, rule, examples = _relation_examples(rng, EXAMPLES)
            word, answer = examples[-1]
            others = [answers[word] for answers in relations()[word_class].values() if word in answers]
            rule = f"{word_class} {rule}"
        else:
            lang = rng.choice(("ko", "en"))
            pair = rng.choice([pair for pair in category_pairs() if frozenset(pair) in HELD_OUT_PAIRS])
            examples = _sorting_examples(rng, lang, pair, HELD_OUT_LABELS[lang], EXAMPLES)
            word, answer = examples[-1]
            others, rule = [], f"{lang} {' '.join(pair)}"
        used = examples[EXAMPLES - 1 - shots : -1] if shots else []
        prompt = written(used) + (", " if used else "") + f"{word} ="
        candidates = tuple(dict.fromkeys(others + [a for _, a in examples]))
        lists.append(TestList(prompt, answer, candidates, tuple(a for _, a in used), rule))
    return lists


def candidates(kind: str, one: TestList) -> tuple[str, ...]:
    """What may be answered: in kind a every relation's answer for the asked word, and every answer in the
    list; in kind b every label of any list.
    """
    if kind == "a":
        return one.candidates
    return tuple(label for labels in HELD_OUT_LABELS.values() for label in labels)
