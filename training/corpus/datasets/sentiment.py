"""Sentiment: an opinion about a film, positive (0) or negative (1).

Most opinions name something of the other side too, or deny what they name, so single words do not decide.
"""

import random

from ..data import rows
from .example import Example, Writer

FLIPPING_SHARE = 0.4


def example(rng: random.Random, label: int) -> Example:
    flips = rng.random() < FLIPPING_SHARE
    frame = rng.choice([row for row in rows("opinions") if (row["flips"] == "yes") == flips])
    named, other = ("g", "b") if (label == 0) != flips else ("b", "g")
    text = frame["text"].replace("{p", "{" + named).replace("{q", "{" + other)
    return Example((Writer(rng).write(text),), label)
