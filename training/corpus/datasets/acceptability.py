"""Acceptability: a sentence (0), or its twin with a wrong particle, order or time (1)."""

import random
import re

from ..hangul import PARTICLES, final_of, is_syllable, particle
from .example import Example, Writer

SENTENCES = (
    "{n:은} {past1} {x1}에서 {v1:past}.",
    "{n:은} {past1} {m:과} 함께 {x1}에 {가다:past}.",
    "{past1} {n:은} {m}에게 {o:을} {주다:past}.",
    "{n:은} {next1} {x1}에서 {v1:fut}.",
    "{next1} {n:은} {m:을} {만나다:fut}.",
    "{m:은} {f:을} 먹고 {n:은} {g:을} {먹다:past}.",
    "{n:의} 동생은 {past1} {x1:으로} {뛰어가다:past}.",
    "{o:이} {n:의} 책상 위에 {있다:pres}.",
    "{n:과} {m:은} {past1} {x1}에서 {v1:past}.",
    "{n:은} {o:을} 찾으려고 {x1:으로} {가다:past}.",
)
PAST = ("어제", "지난주에", "그저께", "지난 일요일에")
NEXT = ("내일", "다음 주에", "모레", "다음 일요일에")
_SWITCHED = {form: other for a, b in PARTICLES.items() for form, other in ((a, b), (b, a))}
_CASES = ("은", "이", "을", "과", "으로")


def example(rng: random.Random, label: int) -> Example:
    """The sentence or its twin; damaged and undamaged ones are drawn alike."""
    while True:
        sentence = _sentence(rng)
        twin = rng.choice((wrong_form, wrong_order, wrong_time))(sentence, rng)
        if twin:
            return Example((twin if label else sentence,), label)


def _sentence(rng: random.Random) -> str:
    writer = Writer(rng)
    template = rng.choice(SENTENCES).replace("{past1}", rng.choice(PAST)).replace("{next1}", rng.choice(NEXT))
    return writer.write(template)


def wrong_form(sentence: str, rng: random.Random) -> str | None:
    """A particle in the form for the other kind of ending: 학교을 for 학교를."""
    words = sentence.split()
    places = [i for i, word in enumerate(words[:-1]) if _particle_of(word)]
    if not places:
        return None
    at = rng.choice(places)
    found = _particle_of(words[at])
    words[at] = words[at].removesuffix(found) + _SWITCHED[found]
    return " ".join(words)


def _particle_of(word: str) -> str | None:
    """The particle at the end of a word if its form follows from the letter before it, else None."""
    for form in ("으로", "은", "는", "이", "가", "을", "를", "과", "와", "로"):
        stem = word.removesuffix(form)
        if stem != word and len(stem) > 1 and is_syllable(stem[-1]):
            name = next(a for a, b in PARTICLES.items() if form in (a, b) and a in _CASES)
            return form if particle(stem, name) == form and final_of(stem) != "ㄹ" else None
    return None


def wrong_order(sentence: str, rng: random.Random) -> str | None:
    """The predicate before its arguments: a statement that ends in a noun with a particle."""
    words = sentence.rstrip(".").split()
    if len(words) < 4:
        return None
    at = rng.randrange(1, len(words) - 1)
    return " ".join([*words[:at], words[-1], *words[at:-1]]) + "."


def wrong_time(sentence: str, rng: random.Random) -> str | None:
    """A word for a past time with a future predicate, or the other way round."""
    for times, others in ((PAST, NEXT), (NEXT, PAST)):
        for time in times:
            if re.search(rf"(^|\s){time}\s", sentence):
                return sentence.replace(time, rng.choice(others), 1)
    return None
