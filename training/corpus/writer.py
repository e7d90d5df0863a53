"""Single sentences about people and things that have a value of some kind: a colour, a place, a day …"""

import random

from .cast import Cast
from .data import rows
from .page import Page, Thing
from .things import Noun
from .world import World, phrases, words

LEVELS = ("한다", "해요", "합니다")
# kind of value in states.tsv and claims.tsv -> group of phrases.tsv, or category of words.tsv
_GROUPS = {"container": "container", "room": "room", "place": "town", "dream": "dream", "day": "day",
           "subject": "school_subject"}  # fmt: skip
_CATEGORIES = {"color": "색", "beast": "동물", "sport": "운동", "food": "음식", "fruit": "과일",
               "instrument": "악기", "flower": "꽃", "toy": "장난감"}  # fmt: skip


class Writer:
    """Writes the sentences of one text at one speech level, with names and things that do not repeat."""

    def __init__(self, rng: random.Random, lang: str = "ko") -> None:
        self.rng, self.lang = rng, lang
        self.level = rng.choice(LEVELS)
        self.cast = Cast(World(rng, lang), self.level)

    def write(self, template: str, **things: Thing) -> str:
        """The text of a template; ``things`` are bound before the roles of the cast."""
        self.cast.update(things)
        return Page(self.rng, self.lang, self.level, self.cast).say(template).text

    def subjects(self, kind: str, n: int) -> list[Noun]:
        """n different children ('child'), small things ('thing') or boxes of different colours ('box')."""
        if kind == "child":
            return [self.cast.world.child() for _ in range(n)]
        if kind == "box":
            return [Noun(f"{row['adnominal']} 상자") for row in self.rng.sample(rows("colors"), n)]
        return [Noun(word) for word in self.rng.sample(phrases("small"), n)]

    def values(self, kind: str, n: int) -> list[Noun]:
        """n different values of a kind of lexicon/states.tsv or claims.tsv."""
        if kind == "child":
            return self.subjects("child", n)
        return [Noun(word) for word in self.rng.sample(_values(kind), n)]


def _values(kind: str) -> tuple[str, ...]:
    if kind in _GROUPS:
        return tuple(dict.fromkeys(phrases(_GROUPS[kind])))
    return tuple(row["ko"] for row in words(_CATEGORIES[kind]))
