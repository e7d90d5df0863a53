"""Words of praise and blame for films, every fourth held out."""

import random
from collections.abc import Sequence

from ..data import rows
from .example import part


def judgement(rng: random.Random, positive: str, new_words: bool, used: Sequence[str] = ()) -> dict[str, str]:
    """A row of lexicon/sentiment.tsv, of praise ("1") or blame ("0"), whose Korean is not among `used`."""
    of_side = [row for row in rows("sentiment") if row["positive"] == positive]
    return rng.choice([row for row in part(of_side, new_words) if row["ko"] not in used])
