"""Who and what a plot can mention: the roles of the plot files, drawn when they are first needed.

A role that is not in the table is a predicate (see page.py).
"""

from .data import rows
from .things import EnglishNoun, Noun, Phrase, Plain
from .world import World, english_of, moods, phrases, place_row

# Activities come in threes: x a place, v what one does there, j how it is. The letter after that says which:
# 1 2 any place but home, 4 5 6 those that are nobody's own, h at home, s at school; f g 6 pleasant ones.
_ACTIVITY_LETTERS = "12456hsfg"
_PLACES = {"h": ("집",), "s": ("학교", "교실", "음악실", "과학실", "운동장")}
_PUBLIC = "456"
_MOODS = dict.fromkeys("fg6", ("fun", "calm", "yum", "wow", "moved"))
# role -> group of phrases.tsv
_GROUPS = {
    "past": "time_past",
    "now": "time_pres",
    "next": "time_fut",
    "with": "company",
    "subject": "school_subject",
    **{name: name for name in ("day", "kin", "dish", "elder", "hobby", "dream", "exam", "adult")},
}


class Cast(dict):
    """Everybody and everything a plot may mention (see the heads of the plot files), drawn when needed."""

    def __init__(self, world: World, level: str) -> None:
        super().__init__()
        self.world, self.level = world, level

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in _ROLES

    def __missing__(self, key: str):
        drawn = _ROLES[key](self)
        if isinstance(drawn, dict):  # things that belong together, such as a place and what one does there
            self.update(drawn)
            return super().__getitem__(key)
        self[key] = drawn
        return drawn

    def phrase(self, group: str) -> Plain:
        return Plain(self.world.rng.choice(phrases(group, self.world.lang)))

    def activity(self, letter: str) -> dict:
        row = self.world.activity(_PLACES.get(letter), _MOODS.get(letter), letter in _PUBLIC)
        mood = self.world.rng.choice(moods(row["mood"]))
        return {
            f"x{letter}": self.world.place_from(place_row(row["place"])),
            f"v{letter}": self.world.phrase(row),
            f"j{letter}": Phrase(mood["ko"]) if self.world.lang == "ko" else Plain(mood["en"]),
        }

    def pet(self) -> dict:
        name, kind = self.world.pet()
        return {"k": name, "v": kind}

    def seasonal(self) -> dict:
        row = self.world.pick(rows("seasons"), "en")
        season = row["season"] if self.world.lang == "ko" else english_of(row["season"])
        return {"season": Plain(season), "sv": self.world.phrase(row)}

    def deed(self) -> dict:
        row = self.world.rng.choice(rows("deeds"))
        return {"tt": Noun(row["thing"]), "tv": Phrase(row["verb"])}

    def judgement(self, positive: str) -> Phrase | Plain:
        row = self.world.pick(tuple(row for row in rows("sentiment") if row["positive"] == positive))
        return Phrase(row["ko"]) if self.world.lang == "ko" else Plain(row["en"])

    def one_of(self, table: str) -> Noun | Plain:
        """A row of a two-language table, not yet used in this document."""
        row = self.world.pick(rows(table))
        return Noun(row["ko"]) if self.world.lang == "ko" else Plain(row["en"], row["en"])

    def of(self, category: str) -> Noun | EnglishNoun:
        return self.world.noun(self.world.of_category(category)["ko"])


# "bare" nouns are those that templates name by themselves because 이다 follows
_ROLES = {
    **dict.fromkeys("abc", lambda c: c.world.being()),
    **dict.fromkeys("nmr", lambda c: c.world.child()),
    "o": lambda c: c.world.thing(),
    "o2": lambda c: c.world.thing(),
    "s": lambda c: c.world.small_thing(),
    "load": lambda c: c.world.load(),
    **dict.fromkeys("pq", lambda c: c.world.place("story", "both")),
    "x": lambda c: c.world.place("daily"),
    "h": lambda c: c.world.place("home"),
    **dict.fromkeys("fg", lambda c: c.world.food()),
    "i": lambda c: c.world.me(c.level),
    "in": lambda c: c.world.noun(c.world.rng.choice(phrases("instrument"))),
    "w": lambda c: c.phrase("weather"),
    **dict.fromkeys("kv", Cast.pet),
    **{
        role + letter: lambda c, letter=letter: c.activity(letter)
        for role in "xvj"
        for letter in _ACTIVITY_LETTERS
    },
    **dict.fromkeys(("tt", "tv"), Cast.deed),
    **dict.fromkeys(("season", "sv"), Cast.seasonal),
    "t": lambda c: Noun(c.phrase("there").word),
    "y": lambda c: Noun(c.phrase("someone").word),
    "flower": lambda c: c.of("꽃"),
    **dict.fromkeys(("fruit", "fruit2"), lambda c: c.of("과일")),
    "beast": lambda c: c.of("동물"),
    "veg": lambda c: c.of("채소"),
    "sport": lambda c: c.of("운동"),
    "game": lambda c: c.world.noun(c.world.rng.choice(phrases("game"))),
    "job": lambda c: c.of("직업"),
    **{f"g{number}": lambda c: c.judgement("1") for number in "123"},
    **{f"b{number}": lambda c: c.judgement("0") for number in "123"},
    **{f"e{number}": lambda c: c.one_of("aspects") for number in "123"},
    "genre": lambda c: c.one_of("genres"),
    **{word: lambda c, word=word: Noun(word) for word in phrases("bare")},
    **{role: lambda c, group=group: c.phrase(group) for role, group in _GROUPS.items()},
}
