"""English inflection by rule, irregular forms as data (lexicon/irregular.tsv)."""

from functools import cache, lru_cache

from .data import rows

# written with a vowel but spoken with a consonant, and the other way round
_SPOKEN_CONSONANT = ("uni", "use", "eu", "one")
_SPOKEN_VOWEL = ("hour", "honest")
# verbs whose last consonant is doubled before -ed and -ing
_DOUBLED = frozenset(
    "stop plan chat run swim sit get put cut win begin hug clap nod jog plug shop skip drop pet grab wrap mop let"
    " dig trip hum".split()
)


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
    return verb + (verb[-1] if verb in _DOUBLED else "") + "ed"


def third_person(verb: str) -> str:
    if verb in ("have", "be"):
        return {"have": "has", "be": "is"}[verb]
    if verb.endswith(("s", "x", "ch", "sh", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def gerund(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "be")):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if verb in _DOUBLED else "") + "ing"


@lru_cache(maxsize=50_000)
def inflect(phrase: str, spec: str) -> str:
    """The first word of a verb phrase inflected: inflect('read a book', 's') is 'reads a book'."""
    head, _, rest = phrase.partition(" ")
    form = {"": str, "past": past, "s": third_person, "ing": gerund}[spec](head)
    return f"{form} {rest}" if rest else form
