"""Sentiment: an opinion about a film, positive (0) or negative (1).

Each opinion quotes a judgement and says whether it was right: a word of praise stands as often in a negative
opinion as in a positive one. A group: a word of praise and one of blame, each confirmed and denied.
"""

import random

from ..data import rows
from .example import Example, Writer
from .judgements import judgement


def group(rng: random.Random, lang: str, new_words: bool) -> list[Example]:
    frame = rng.choice([row for row in rows("opinions") if row["lang"] == lang])
    writer = Writer(rng, lang)
    examples = []
    for positive in "10":
        word = writer.cast.world.phrase(judgement(rng, positive, new_words))
        for column in ("confirmed", "denied"):
            is_positive = (positive == "1") == (column == "confirmed")
            examples.append(Example((writer.write(frame[column], p=word),), int(not is_positive)))
    return examples
