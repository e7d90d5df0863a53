"""Similarity: do two opinions about films agree (0), or does one praise what the other blames (1)?

A group: a good and a bad opinion in one wording, each beside a good and a bad one in another wording.
"""

import random

from .example import Example, Writer, crossed
from .judgements import judgement

OPINIONS = {
    "ko": (
        "{n:은} {e1:이} {p:past다고} {생각하다:past}.",
        "{n:이} 보기에 {e1:은} {p:past}.",
        "{genre:을} 봤는데 {e1:이} {p:past}.",
        "극장을 나오며 {p:past다는} 생각이 {들다:past}.",
        "내 느낌을 말하면 {e1:은} {p:past}.",
        "{n}에게 이 {genre:은} {p:past}.",
    ),
    "en": (
        "{n} thought the {e1} was {p}.",
        "to {n}, the {e1} was {p}.",
        "I saw this {genre}, and the {e1} was {p}.",
        "when it was over, I thought it was {p}.",
        "if you ask me, the {e1} was {p}.",
        "for {n}, this {genre} was {p}.",
    ),
}


def group(rng: random.Random, lang: str, new_words: bool) -> list[Example]:
    frames = rng.sample(OPINIONS[lang], 2)
    used: list[str] = []
    opinions = []
    for frame in frames:
        writer = Writer(rng, lang)
        good_and_bad = []
        for positive in "10":
            row = judgement(rng, positive, new_words, used)
            used.append(row["ko"])
            good_and_bad.append(writer.write(frame, p=writer.cast.world.phrase(row)))
        opinions.append(good_and_bad)
    return crossed(*opinions)
