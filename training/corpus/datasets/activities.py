"""What somebody did: the activities of the corpus by kind and by mood, told in wordings of their own.

An activity is named by its Korean phrase in lexicon/activities.tsv.
"""

import random

from ..data import rows
from ..things import Plain
from ..world import place_row
from .example import Writer

KINDS: dict[str, tuple[str, ...]] = {
    "sport": (
        "축구를 하다", "달리기를 하다", "배드민턴을 치다", "야구를 하다", "피구를 하다", "농구를 하다",
        "줄넘기를 하다", "스케이트를 타다", "자전거를 타다", "잠수를 연습하다", "운동을 하다", "탁구를 치다",
    ),
    "food": (
        "떡볶이를 먹다", "급식을 먹다", "팝콘을 먹다", "국수를 먹다", "비빔밥을 먹다", "케이크를 먹다",
        "솜사탕을 먹다", "피자를 먹다", "도시락을 먹다", "갓 구운 빵을 먹다", "점심을 먹다", "만두를 사 먹다",
    ),
    "view": (
        "호랑이를 보다", "원숭이를 보다", "나비를 보다", "기린을 구경하다", "공룡 뼈를 구경하다", "별을 보다",
        "노을을 보다", "조각을 보다", "꽃을 구경하다", "그림을 구경하다", "해돋이를 보다", "펭귄을 보다",
        "선인장을 구경하다", "물고기를 보다", "파도를 보다", "비둘기를 구경하다",
    ),
    "study": (
        "숙제를 하다", "수학 시험을 보다", "과학 실험을 하다", "영어 단어를 외우다", "글짓기를 하다",
        "발표를 하다", "시험공부를 하다", "받아쓰기를 하다",
    ),
}  # fmt: skip
TOLD = {
    "ko": ("{n:은} {t} {v:past}.", "{t} {n:은} {v:past}."),
    "en": ("{n} {v:past} {t}.", "{t} {n} {v:past}."),
}
AT_A_PLACE = {
    "ko": (
        "{n:은} {t} {x}에서 {v:past}.",
        "{t} {x}에 간 {n:은} {v:past}.",
        "{t} {n:은} {x}에 들러 {v:past}.",
    ),
    "en": ("{n} {v:past} {x:at} {t}.", "{t} {n} {v:past} {x:at}.", "{t}, {x:at}, {n} {v:past}."),
}
TIMES = {
    "ko": ("어제", "지난 주말에", "며칠 전에", "지난 일요일에"),
    "en": ("yesterday", "last weekend", "last week", "last Saturday"),
}
SEVERAL_MOODS = ("과학 실험을 하다",)  # amazing, but difficult too


def of_mood(mood: str) -> list[str]:
    """Activities away from home of one mood alone; of what tastes good only what is eaten or drunk."""
    found = [row for row in rows("activities") if row["mood"] == mood and row["place"] != "집"]
    found = [row for row in found if row["ko"] not in SEVERAL_MOODS]
    if mood == "yum":
        found = [row for row in found if row["ko"].endswith(("먹다", "마시다"))]
    return [row["ko"] for row in found]


def told(writer: Writer, activity: str, frame: int, time: int, **things) -> str:
    """Who did it when."""
    return _say(writer, TOLD, activity, frame, time, **things)


def told_at_its_place(writer: Writer, activity: str, frame: int, time: int, **things) -> str:
    """Who did it when and where."""
    return _say(writer, AT_A_PLACE, activity, frame, time, **things)


def _say(writer: Writer, frames: dict, activity: str, frame: int, time: int, **things) -> str:
    row = next(row for row in rows("activities") if row["ko"] == activity)
    place = writer.cast.world.place_from(place_row(row["place"]))
    verb = writer.cast.world.phrase(row)
    time_word = Plain(TIMES[writer.lang][time])
    return writer.write(frames[writer.lang][frame], v=verb, x=place, t=time_word, **things)


def draw(rng: random.Random, *options: dict) -> list[int]:
    """An index into each of the tables, which have equally many entries in both languages but for some."""
    return [rng.randrange(min(map(len, table.values()))) for table in options]
