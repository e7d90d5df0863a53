"""Damages a Korean sentence, for readers who are to find what is wrong."""

import random

from training.corpus.hangul import PARTICLES, final_of, is_syllable, particle

_SWITCHED = {form: other for a, b in PARTICLES.items() for form, other in ((a, b), (b, a))}
_CASES = ("은", "이", "을", "과", "으로")


def wrong_form(sentence: str, rng: random.Random) -> str | None:
    """A particle in the form for the other kind of ending: 학교을 for 학교를. None where there is none."""
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
