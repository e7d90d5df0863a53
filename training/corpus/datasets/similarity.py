"""Similarity: do two sentences tell the same event (0), or one with the roles exchanged (1)?"""

import random

from ..data import rows
from .example import Example, Writer

WORDINGS = ("first", "first_scrambled", "second", "second_scrambled")


def example(rng: random.Random, label: int) -> Example:
    writer, frame = Writer(rng), rng.choice(rows("paraphrases"))
    a, b = writer.subjects("child", 2)
    one, other = rng.sample(WORDINGS, 2)
    first = writer.write(frame[one], a=a, b=b)
    second = writer.write(frame[other], **({"a": a, "b": b} if label == 0 else {"a": b, "b": a}))
    return Example((first, second), label)
