"""Documents from the plots in plots/<kind>.<lang>.txt: stories, diary entries, everyday sentences and more."""

import random
from functools import cache

from .data import FOLDER, rows
from .page import Page
from .things import EnglishNoun, Noun, Phrase, Plain
from .world import INSTRUMENTS, WEATHER, World, english_of, moods, place_row

KINDS = ("story", "diary", "everyday", "dialogue", "qa", "review")
# activities by the last letter of their role: h at home, s at school, f and g pleasant ones; the others away from home
_GAMES = ("축구", "야구", "농구", "배구", "탁구", "배드민턴", "테니스")
_SCHOOL = ("학교", "교실", "음악실", "과학실", "운동장")
_PLACES = {"h": ("집",), "s": _SCHOOL}
_MOODS = dict.fromkeys("fg", ("fun", "calm", "yum", "wow", "moved"))
# speech levels by kind; questions of qa are always asked in 합니다
_LEVELS = {"story": ("합니다", "합니다", "해요", "한다"), "qa": ("합니다",)}
_OWN_LEVELS = ("한다", "한다", "한다", "해요", "합니다")


@cache
def plots(kind: str, lang: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(parts, plots), each a name -> its template lines. A plot named 'name*3' is told three times as often."""
    parts: dict[str, list[str]] = {}
    told: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (FOLDER / "plots" / f"{kind}.{lang}.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith(";"):
            continue
        if line.startswith("#"):
            marks, _, name = line.partition(" ")
            current = (told if marks == "##" else parts).setdefault(name, [])
        else:
            current.append(line)
    return parts, told


@cache
def weights(kind: str, lang: str) -> tuple[int, ...]:
    return tuple(int(name.partition("*")[2] or 1) for name in plots(kind, lang)[1])


def lines_of(plot: list[str], rng: random.Random) -> list[str]:
    """One telling of a plot: an alternative of every '| ' group, some of the '? ' lines."""
    chosen, group = [], []
    for line in [*plot, "-"]:
        if line.startswith("| "):
            group.append(line[2:])
            continue
        if group:  # '-' or any other line ends it
            chosen.append(rng.choice(group))
            group = []
        if line.startswith("? "):
            if rng.random() < 0.5:
                chosen.append(line[2:])
        elif line != "-":
            chosen.append(line)
    return chosen


@cache
def phrases(group: str) -> tuple[str, ...]:
    return tuple(row["phrase"] for row in rows("phrases") if row["group"] == group)


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

    def noun(self, korean: str) -> Noun | EnglishNoun:
        return self.world.noun(korean)

    def phrase(self, group: str) -> Plain:
        return Plain(self.world.rng.choice(phrases(group)))

    def activity(self, number: str) -> dict:
        row = self.world.activity(_PLACES.get(number), _MOODS.get(number))
        mood = self.world.rng.choice(moods(row["mood"]))
        return {
            f"x{number}": self.world.place_from(place_row(row["place"])),
            f"v{number}": self.world.phrase(row),
            f"j{number}": Phrase(mood["ko"]) if self.world.lang == "ko" else Plain(mood["en"]),
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
        return self.noun(self.world.of_category(category)["ko"])


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
    "in": lambda c: c.noun(c.world.rng.choice(INSTRUMENTS)),
    "w": lambda c: Plain(c.world.rng.choice(WEATHER[c.world.lang])),
    **dict.fromkeys("kv", Cast.pet),
    **{f"{role}{number}": lambda c, number=number: c.activity(number) for role in "xvj" for number in "123hsfg"},
    **dict.fromkeys(("tt", "tv"), Cast.deed),
    **dict.fromkeys(("season", "sv"), Cast.seasonal),
    "t": lambda c: Noun(c.phrase("there").word),
    "y": lambda c: Noun(c.phrase("someone").word),
    "flower": lambda c: c.of("꽃"),
    **dict.fromkeys(("fruit", "fruit2"), lambda c: c.of("과일")),
    "beast": lambda c: c.of("동물"),
    "veg": lambda c: c.of("채소"),
    "sport": lambda c: c.of("운동"),
    "game": lambda c: c.noun(c.world.rng.choice(_GAMES)),
    "wear": lambda c: c.of("옷"),
    "job": lambda c: c.of("직업"),
    **{f"g{number}": lambda c: c.judgement("1") for number in "123"},
    **{f"b{number}": lambda c: c.judgement("0") for number in "123"},
    **{f"e{number}": lambda c: c.one_of("aspects") for number in "123"},
    "genre": lambda c: c.one_of("genres"),
    **{word: lambda c, word=word: Noun(word) for word in ("것", "생일", "친구", "취미", "꿈", "날", "이름", "명", "시간", "아침", "하루", "등", "영화", "저녁", "사실", "인형", "정반대", "때문")},
    **{
        role: lambda c, group=group: c.phrase(group if c.world.lang == "ko" else f"en_{group}")
        for role, group in {
            "past": "time_past", "now": "time_pres", "next": "time_fut", "with": "company",
            "day": "day", "kin": "kin", "dish": "dish", "elder": "elder", "hobby": "hobby", "dream": "dream",
            "exam": "exam", "adult": "adult", "subject": "school_subject", "other": "school_subject",
        }.items()
    },
}  # fmt: skip


def document(rng: random.Random, kind: str, lang: str) -> Page:
    """One document of a kind of KINDS in 'ko' or 'en'."""
    level = rng.choice(_LEVELS.get(kind, _OWN_LEVELS))
    page = Page(rng, lang, level)
    page.things = Cast(World(rng, lang), level)
    parts, told = plots(kind, lang)
    name = rng.choices(tuple(told), weights(kind, lang))[0]
    page.plot = name.partition("*")[0]
    for line in lines_of(told[name], rng):
        page.say(rng.choice(parts[line[2:]]) if line.startswith("> ") else line)
    return page
