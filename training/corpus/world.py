"""Who and what lives in the world: random people, animals, things, places and foods from the lexicon."""

import random
from functools import cache

from .data import rows
from .english import with_article
from .hangul import particle
from .things import EnglishNoun, EnglishPhrase, EnglishPlace, Name, Noun, Phrase, Pronoun

_DO_NOT_TALK = ("소", "닭")  # '소야' and '닭아' are odd to say


@cache
def words(category: str) -> tuple[dict[str, str], ...]:
    """The words of one Korean category name."""
    return tuple(row for row in rows("words") if row["category_ko"] == category)


@cache
def english_of(korean: str) -> str:
    """The English word of a Korean noun. Raises KeyError when the lexicon has none."""
    for table in ("words", "things"):
        for row in rows(table):
            if row["ko"] == korean:
                return row["en"]
    raise KeyError(korean)


@cache
def plural_of(korean: str) -> str:
    """The English plural of a Korean noun of words.tsv, '' when it has none there."""
    return next((row["plural"] for row in rows("words") if row["ko"] == korean), "")


@cache
def moods(mood: str) -> tuple[dict[str, str], ...]:
    return tuple(row for row in rows("moods") if row["mood"] == mood)


@cache
def phrases(group: str, lang: str = "ko") -> tuple[str, ...]:
    """The words of one group of phrases.tsv; English groups begin with 'en_'."""
    name = group if lang == "ko" else f"en_{group}"
    return tuple(row["phrase"] for row in rows("phrases") if row["group"] == name)


def heroes() -> tuple[dict[str, str], ...]:
    return tuple(row for row in words("동물") + words("새") if row["ko"] not in _DO_NOT_TALK)


class World:
    """Draws the things of one document in one language; no name, noun or activity is drawn twice."""

    def __init__(self, rng: random.Random, lang: str) -> None:
        self.rng, self.lang = rng, lang
        self._used: set[str] = set()

    def pick(self, candidates: tuple[dict[str, str], ...], key: str = "ko") -> dict[str, str]:
        """One row that this document has not used yet."""
        while True:
            candidate = self.rng.choice(candidates)
            if candidate[key] not in self._used:
                self._used.add(candidate[key])
                return candidate

    def child(self) -> Name | EnglishNoun:
        row = self.pick(rows(f"names_{self.lang}"), "name")
        name, trait = row["name"], self.rng.choice(rows("traits"))[self.lang]
        if self.lang == "ko":
            trait = trait + " " if self.rng.random() < 0.4 and trait not in ("늙은", "어린") else ""
            return Name(name, intro=f"{name}{particle(name, '이라는')} {trait}아이")
        trait = "" if trait in ("old", "young") else trait + " "
        kind = {"he": "boy", "she": "girl"}[row["pronoun"]]
        return EnglishNoun(name, with_article(f"{trait}{kind} named {name}"), row["pronoun"], article="")

    def animal(self) -> Noun | EnglishNoun:
        row = self.pick(heroes())
        trait = self.rng.choice(rows("traits"))
        if self.lang == "ko":
            return Noun(row["ko"], intro=f"{trait['ko']} {row['ko']}")
        return EnglishNoun(
            row["en"], with_article(f"{trait['en']} {row['en']}"), self.rng.choice(("he", "she"))
        )

    def being(self) -> Noun | EnglishNoun:
        return self.animal() if self.rng.random() < 0.55 else self.child()

    def thing(self) -> Noun | EnglishNoun:
        """Something with a colour or a quality: 빨간 공, a shiny stone."""
        row = self.pick(rows("things"))
        if self.rng.random() < 0.6:
            color = self.rng.choice(rows("colors"))
            ko, en = color["adnominal"], color["en"]
        else:
            quality = self.rng.choice(rows("qualities"))
            ko, en = quality["ko"], quality["en"]
        return Noun(f"{ko} {row['ko']}") if self.lang == "ko" else EnglishNoun(f"{en} {row['en']}")

    def small_thing(self) -> Noun | EnglishNoun:
        ko = self.rng.choice(phrases("small_thing"))
        self._used.add(ko)
        return self.noun(ko)

    def load(self) -> Noun | EnglishNoun:
        """Something heavy to carry."""
        row = self.rng.choice(rows("loads"))
        return Noun(row["ko"]) if self.lang == "ko" else EnglishNoun(row["en"])

    def food(self) -> Noun | EnglishNoun:
        """Something to eat; in English always 'some ...', the plural where there is one."""
        row = self.pick(
            tuple(r for r in words("음식") + words("과일") if r["ko"] not in ("배", "레몬", "치즈"))
        )
        return Noun(row["ko"]) if self.lang == "ko" else EnglishNoun(row["plural"], uncountable=True)

    def noun(self, korean: str) -> Noun | EnglishNoun:
        if self.lang == "ko":
            return Noun(korean)
        return EnglishNoun(english_of(korean), plural=plural_of(korean))

    def of_category(self, category: str) -> dict[str, str]:
        return self.pick(words(category))

    def place(self, *uses: str) -> Noun | EnglishPlace:
        row = self.pick(tuple(r for r in rows("places") if r["use"] in uses))
        return self.place_from(row)

    def place_from(self, row: dict[str, str]) -> Noun | EnglishPlace:
        return Noun(row["ko"]) if self.lang == "ko" else EnglishPlace(row["en"], row["at"], row["to"])

    def me(self, level: str) -> Pronoun:
        return Pronoun("나" if level == "한다" or self.rng.random() < 0.4 else "저")

    def activity(
        self, places: tuple[str, ...] | None, moods: tuple[str, ...] | None, public: bool
    ) -> dict[str, str]:
        """Something to do at one of the places (any but home when None), in one of the moods if given.

        Without given places, the place is new to this document. public: nobody's own, as a friend's house is.
        """
        while True:
            row = self.pick(activities(places, moods, public))
            if places or row["place"] not in self._used:
                self._used.add(row["place"])
                return row

    def phrase(self, row: dict[str, str]) -> Phrase | EnglishPhrase:
        return Phrase(row["ko"]) if self.lang == "ko" else EnglishPhrase(row["en"])

    def pet(self) -> tuple[Name | EnglishNoun, Noun | EnglishNoun]:
        """A pet's name and its kind."""
        name, kind = self.rng.choice(phrases("pet_name", self.lang)), self.rng.choice(phrases("pet_kind"))
        if self.lang == "ko":
            return Noun(name), Noun(kind)
        return EnglishNoun(name, article=""), EnglishNoun(english_of(kind))


@cache
def activities(
    places: tuple[str, ...] | None, moods: tuple[str, ...] | None, public: bool
) -> tuple[dict[str, str], ...]:
    return tuple(
        row
        for row in rows("activities")
        if (row["place"] in places if places else row["place"] != "집")
        and (not moods or row["mood"] in moods)
        and not (public and place_row(row["place"])["use"] == "mine")
    )


@cache
def place_row(korean: str) -> dict[str, str]:
    for row in rows("places"):
        if row["ko"] == korean:
            return row
    raise KeyError(korean)
