"""Lists of words of the lexicon, repeated with a fixed period, so that induction heads form."""

import random
from functools import cache

from .data import rows

_WORDS = 60  # about one context of 128 tokens
_LONGEST_PERIOD = 30


@cache
def vocabulary(lang: str) -> tuple[str, ...]:
    """Every noun, verb and name of a language that stands alone."""
    found = [row[lang] for table in ("words", "verbs", "things") for row in rows(table)]
    found += [row["name"] for row in rows(f"names_{lang}")]
    return tuple(dict.fromkeys(word for word in found if " " not in word))


def word_list(rng: random.Random, lang: str) -> str:
    """Random words, then the same again and again; the period is 2 to 30 words (up to about 62 tokens)."""
    period = round(2 * (_LONGEST_PERIOD / 2) ** rng.random())
    chosen = rng.sample(vocabulary(lang), period)
    return " ".join(chosen[i % period] for i in range(max(_WORDS, 2 * period)))
