"""English inflection by rule; irregular forms and doubled consonants are data (lexicon/irregular.tsv)."""

from functools import cache, lru_cache

from .data import rows

# written with a vowel but spoken with a consonant, and the other way round
_SPOKEN_CONSONANT = ("uni", "use", "eu", "one")
_SPOKEN_VOWEL = ("hour", "honest")


def with_article(noun: str) -> str:
    """'apple' -> 'an apple', judged by the first sound."""
    vowel = noun[0].lower() in "aeiou" and not noun.lower().startswith(_SPOKEN_CONSONANT)
    return ("an " if vowel or noun.lower().startswith(_SPOKEN_VOWEL) else "a ") + noun


@cache
def _irregular() -> dict[str, dict[str, str]]:
    return {row["base"]: row for row in rows("irregular")}


def past(verb: str) -> str:
    if verb in _irregular():
        return _irregular()[verb]["past"]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"


@lru_cache(maxsize=50_000)
def inflect(phrase: str, spec: str) -> str:
    """A verb phrase as it is ('') or in the past: inflect('ride a bicycle', 'past') is 'rode a bicycle'."""
    head, _, rest = phrase.partition(" ")
    form = {"": str, "past": past}[spec](head)
    return f"{form} {rest}" if rest else form
