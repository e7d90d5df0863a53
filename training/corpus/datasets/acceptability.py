"""Acceptability: a sentence whose parts fit each other (0), or one in which two of them do not (1).

A group crosses two times with two tenses (yesterday she read, tomorrow she will read), or two places with
what one does there alone (the zoo and its tigers, the post office and its letters).
"""

import random

from ..data import rows
from ..things import Plain
from ..world import place_row
from .example import Example, Writer, part

# (times of most splits, times of the split with new words)
PAST = {
    "ko": (
        ("어제", "어제 저녁에", "어제 오후에", "지난 주말에", "지난 일요일에", "지난 토요일에"),
        ("며칠 전에", "지난달에"),
    ),
    "en": (
        ("yesterday", "yesterday evening", "yesterday afternoon"),
        ("last week", "last weekend", "last Saturday"),
    ),
}
FUTURE = {
    "ko": (("내일", "내일 아침에", "내일 오후에", "다음 주에", "다음 토요일에", "다음 일요일에"), ("모레",)),
    "en": (("tomorrow", "tomorrow morning", "tomorrow afternoon"), ("next week", "next Saturday")),
}
# time and verb, and place and activity, are never neighbours
FRAMES = {
    "ko": ("{t} {x}에서 {n:은} {v:%s}.", "{x}에서 {t} {n:은} {v:%s}.", "{x}에서 {n:은} {t} 친구와 {v:%s}."),
    "en": ("{t}, {x:at}, {n} %s.", "{x:at}, {t}, {n} %s.", "{t} {x:at} {n} %s."),
}
VERBS = {"ko": ("past", "fut"), "en": ("{v:past}", "will {v}")}
ONLY_THERE = (
    "호랑이를 보다", "편지를 부치다", "잠수를 연습하다", "조각을 보다", "주사를 맞다", "모래성을 쌓다",
    "기차를 타다", "선인장을 구경하다", "칠판을 지우다", "딸기를 따다", "머리를 자르다", "공룡 뼈를 구경하다",
    "회전목마를 타다", "장미를 사다", "그네를 타다", "기린을 구경하다", "영화를 보다", "조개껍데기를 줍다",
    "비빔밥을 먹다", "소포를 보내다", "현미경을 보다", "텐트를 치다", "버스를 기다리다", "롤러코스터를 타다",
    "고구마를 캐다", "연극을 보다", "약을 받다", "미끄럼틀을 타다", "눈썰매를 타다", "생선을 사다",
    "소에게 풀을 주다", "탁구를 치다", "갓 구운 빵을 먹다", "물장구를 치다", "색연필을 고르다", "펭귄을 보다",
)  # fmt: skip


def group(rng: random.Random, lang: str, new_words: bool) -> list[Example]:
    writer = Writer(rng, lang)
    table = {row["ko"]: row for row in rows("activities") if row["place"] != "집"}
    one, other = (table[name] for name in rng.sample(part(ONLY_THERE, new_words), 2))
    if rng.random() < 0.5 or one["place"] == other["place"]:
        row = rng.choice(part(list(table.values()), new_words))
        made = _times_and_tenses(writer, row, new_words)
    else:
        made = _places_and_activities(writer, one, other, new_words)
    return [Example((text,), int(i != j)) for text, i, j in made]


def _times_and_tenses(writer: Writer, row: dict, new_words: bool) -> list[tuple[str, int, int]]:
    """One activity in the past and in the future, each with a time that has passed and with one to come."""
    rng, world = writer.rng, writer.cast.world
    things = {"n": world.child(), "v": world.phrase(row), "x": world.place_from(place_row(row["place"]))}
    frame = rng.choice(FRAMES[writer.lang])
    times = [Plain(rng.choice(table[writer.lang][new_words])) for table in (PAST, FUTURE)]
    return [
        (writer.write(frame % verb, t=time, **things), i, j)
        for i, verb in enumerate(VERBS[writer.lang])
        for j, time in enumerate(times)
    ]


def _places_and_activities(
    writer: Writer, one: dict, other: dict, new_words: bool
) -> list[tuple[str, int, int]]:
    """Two activities, each at its own place and at that of the other."""
    rng, world = writer.rng, writer.cast.world
    frame = rng.choice(FRAMES[writer.lang]) % VERBS[writer.lang][0]
    things = {"n": world.child(), "t": Plain(rng.choice(PAST[writer.lang][new_words]))}
    places = [world.place_from(place_row(row["place"])) for row in (one, other)]
    return [
        (writer.write(frame, v=world.phrase(row), x=place, **things), i, j)
        for i, row in enumerate((one, other))
        for j, place in enumerate(places)
    ]
