"""Short facts about the words of the lexicon: category, colour, opposite, counterpart, plural, tense."""

import random
from collections.abc import Callable

from .conjugation import conjugate, copula
from .data import rows
from .english import with_article
from .hangul import particle
from .world import words

# 'A shirt is a clothing' and 'A doctor is a job' are not English
_NOT_COUNTED = ("clothing", "stationery", "job", "family")
Fact = Callable[[random.Random, str], str]


def _ko(word: str, name: str) -> str:
    return word + particle(word, name)


def _is(word: str, level: str) -> str:
    """The quoted word and 이다, which keeps its 이 after a quoted word in the plain level."""
    ending = "이다" if level == "한다" else copula(word, "pres", level).removeprefix(word)
    return f'"{word}"{ending}'


def category_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("words"))
    return f"{_ko(row['ko'], '은')} {copula(row['category_ko'], 'pres', level)}."


def members_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("words"))
    members = [r["ko"] for r in rng.sample(words(row["category_ko"]), 3)]
    return (
        f"{', '.join(members[:2])}, {_ko(members[2], '은')} 모두 {copula(row['category_ko'], 'pres', level)}."
    )


def color_fact(rng: random.Random, level: str) -> str:
    row = rng.choice([r for r in rows("words") if r["color"]])
    return f"{_ko(row['ko'], '은')} {copula(row['color'], 'pres', level)}."


def opposite_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("opposites"))
    a, b = rng.sample((row["ko"], row["opposite_ko"]), 2)
    return f'"{a}"의 반대말은 {_is(b, level)}.'


def english_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("words") + rows("verbs"))
    return rng.choice(
        (
            f"영어 단어 {row['en']}의 뜻은 {_is(row['ko'], level)}.",
            f"{row['en']}의 뜻은 {_is(row['ko'], level)}.",
        )
    )


def tense_fact(rng: random.Random, level: str) -> str:
    verb = rng.choice(rows("verbs"))["ko"]
    return f"오늘 {conjugate(verb, 'pres', level)}. 어제도 {conjugate(verb, 'past', level)}."


def sentiment_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("sentiment"))
    label = "긍정" if row["positive"] == "1" else "부정"
    return f'"{row["ko"]}"는 {label}의 {copula("말", "pres", level)}.'


def en_category_fact(rng: random.Random, level: str) -> str:
    row = rng.choice([r for r in rows("words") if r["plural"] and r["category_en"] not in _NOT_COUNTED])
    if row["plural"] == row["en"] or row["category_en"] in ("food", "drink", "furniture"):
        verb = "is" if row["plural"] == row["en"] else "are"
        return f"{row['plural'].capitalize()} {verb} a kind of {row['category_en']}."
    return f"{with_article(row['en']).capitalize()} is {with_article(row['category_en'])}."


def en_color_fact(rng: random.Random, level: str) -> str:
    row = rng.choice([r for r in rows("words") if r["color"] and r["plural"] != r["en"]])
    color = next(c["en"] for c in rows("words") if c["ko"] == row["color"]).removesuffix(" color")
    return f"{row['plural'].capitalize()} are {color}."


def en_opposite_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("opposites"))
    a, b = rng.sample((row["en"], row["opposite_en"]), 2)
    return f"The opposite of {a} is {b}."


def en_korean_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("words") + rows("verbs"))
    return rng.choice((f"The Korean word for {row['en']} is {row['ko']}.", f"{row['ko']} means {row['en']}."))


def en_plural_fact(rng: random.Random, level: str) -> str:
    row = rng.choice([r for r in rows("words") if r["plural"] not in ("", r["en"])])
    number = rng.choice(("two", "three", "many", "some"))
    return f"One {row['en']}, {number} {row['plural']}."


def en_tense_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("verbs"))
    return f"Today they {row['en']}. Yesterday they {row['past_en']}."


def en_sentiment_fact(rng: random.Random, level: str) -> str:
    row = rng.choice(rows("sentiment"))
    label = "positive" if row["positive"] == "1" else "negative"
    return f"The word {row['en']} is {label}."


FACTS: dict[str, tuple[Fact, ...]] = {
    "ko": (category_fact, members_fact, color_fact, opposite_fact, english_fact, tense_fact, sentiment_fact),
    "en": (en_category_fact, en_color_fact, en_opposite_fact, en_korean_fact, en_plural_fact, en_tense_fact,
           en_sentiment_fact),
}  # fmt: skip


def facts(rng: random.Random, lang: str) -> str:
    """Three to six facts, of one kind or mixed."""
    level = rng.choice(("한다", "해요", "합니다"))
    kinds = FACTS[lang] if rng.random() < 0.5 else (rng.choice(FACTS[lang]),)
    told = dict.fromkeys(rng.choice(kinds)(rng, level) for _ in range(rng.randrange(3, 7)))
    return " ".join(told)
