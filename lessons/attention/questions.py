"""맞혀 보기 of 「어텐션」: the answers of the live model in words."""

from __future__ import annotations

from math import exp

from app.guess import Answer
from app.views.numbers import percent
from lessons.attention import compute
from lessons.attention.picture import Picture, signed


def answer(picture: Picture, name: str) -> Answer:
    """The answer of the function `name` of compute, its values as they stand in a sentence."""
    found = getattr(compute, name)(picture.plain)
    values = dict(found.values)
    if "token" in values:
        before, after = values["before"], values["after"]
        values = {
            "head": values["head"],
            "piece": picture.next_piece(values["token"]),
            "p": percent(exp(before)),
            "q": percent(exp(after)),
            "change": signed(after - before),
        }
    return Answer(found.right, values, found.options, found.words)
