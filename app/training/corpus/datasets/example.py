"""What all the tasks share: an example, a page that writes single sentences, and values of a kind."""

import random
from dataclasses import dataclass

from ..data import rows
from ..page import Page
from ..story import Cast, phrases
from ..things import Noun
from ..world import World, words

LEVELS = ("한다", "해요", "합니다")
CONTAINERS = ("상자", "가방", "서랍", "바구니", "주머니", "옷장", "보자기", "항아리", "봉투", "통")
THINGS = ("공", "인형", "팽이", "연", "구슬", "퍼즐", "로봇", "풍선", "딱지", "지우개", "공책", "가위", "색연필", "붓", "볼펜",
          "연필", "색종이", "열쇠", "수첩", "단추", "리본", "종", "편지", "사진", "장갑", "손수건", "조약돌", "깃털")  # fmt: skip
PLACES = ("도서관", "시장", "공원", "극장", "병원", "동물원", "박물관", "수영장", "체육관", "서점", "빵집", "우체국", "카페",
          "식당", "놀이터")  # fmt: skip
ROOMS = ("방", "거실", "마루", "소파", "침대", "텐트", "기차", "버스", "교실", "다락방")


@dataclass(frozen=True)
class Example:
    """One labelled example: the fields that the task's input transformation takes, and the label's index."""

    fields: tuple[str, ...]
    label: int


class Writer:
    """Writes the sentences of one example at one speech level, with names and things that do not repeat."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.level = rng.choice(LEVELS)
        self.cast = Cast(World(rng, "ko"), self.level)

    def write(self, template: str, **things: Noun) -> str:
        page = Page(self.rng, "ko", self.level)
        self.cast.update(things)
        page.things = self.cast
        return page.say(template).text

    def subjects(self, kind: str, n: int) -> list[Noun]:
        """n different children ('child'), small things ('thing') or boxes of different colours ('box')."""
        if kind == "child":
            return [self.cast.world.child() for _ in range(n)]
        if kind == "box":
            return [Noun(f"{row['adnominal']} 상자") for row in self.rng.sample(rows("colors"), n)]
        return [Noun(word) for word in self.rng.sample(THINGS, n)]

    def values(self, kind: str, n: int) -> list[Noun]:
        """n different values of a kind of lexicon/states.tsv."""
        if kind == "child":
            return self.subjects("child", n)
        return [Noun(word) for word in self.rng.sample(_values(kind), n)]


def _values(kind: str) -> tuple[str, ...]:
    fixed = {"container": CONTAINERS, "room": ROOMS, "place": PLACES}
    if kind in fixed:
        return fixed[kind]
    groups = {"dream": "dream", "day": "day", "subject": "school_subject"}
    if kind in groups:
        return tuple(dict.fromkeys(phrases(groups[kind])))
    categories = {"color": "색", "beast": "동물", "sport": "운동", "food": "음식"}
    return tuple(row["ko"] for row in words(categories[kind]))
