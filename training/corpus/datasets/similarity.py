"""Similarity: did two children do the same kind of thing (0), or not (1)?

The children, the activities, and when they did them are different ones. A group: two activities of
different kinds for the first child, each beside two of the same two kinds for the second.
"""

import random

from .activities import KINDS, TIMES, TOLD, draw, told
from .example import Example, Writer, crossed, part


def group(rng: random.Random, lang: str, new_words: bool) -> list[Example]:
    writer = Writer(rng, lang)
    kinds = rng.sample(list(KINDS), 2)
    used: list[str] = []
    children = []
    for _ in range(2):
        hero = writer.cast.world.child()
        how = draw(rng, TOLD, TIMES)
        sentences = []
        for kind in kinds:
            activity = rng.choice([one for one in part(KINDS[kind], new_words) if one not in used])
            used.append(activity)
            sentences.append(told(writer, activity, *how, n=hero))
        children.append(sentences)
    return crossed(*children)
