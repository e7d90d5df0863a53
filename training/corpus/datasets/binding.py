"""Binding: does the premise imply the hypothesis (0), contradict it (1), or leave it open (2)?

Every word of a hypothesis is as likely under each label: what counts is who has which value, and negation.
Hard: no model of this size has learned it, whatever was tried, and the set is kept to show where such a model
ends.
"""

import random

from ..data import rows
from .example import Example, Writer

ENTAILED, CONTRADICTED, OPEN = range(3)
COMPARISONS, SINGLE_STATEMENTS = 0.2, 0.45  # shares; the rest are premises of two statements


def group(rng: random.Random, lang: str, new_words: bool) -> list[Example]:
    """A group of one, Korean only and with one set of words."""
    return [example(rng, rng.randrange(3))]


def example(rng: random.Random, label: int) -> Example:
    kind = rng.random()
    if kind < COMPARISONS:
        return _comparison(rng, label)
    return _state(rng, label, n_statements=1 if kind < COMPARISONS + SINGLE_STATEMENTS else 2)


def _state(rng: random.Random, label: int, n_statements: int) -> Example:
    """One or two subjects with a value each; the hypothesis is about the first of them or about a third one.

    It gives the first one's own value or the other, as it stands or denied.
    """
    writer, frame = Writer(rng), rng.choice(rows("states"))
    first, second, third = writer.subjects(frame["subject"], 3)
    own, other = writer.values(frame["value"], 2)
    premise = [
        writer.write(frame["positive"], s=subject, v=value)
        for subject, value in ((first, own), (second, other))
    ]
    premise = premise[:n_statements]
    rng.shuffle(premise)
    negated = rng.random() < 0.5
    subject = third if label == OPEN else first
    is_own = rng.random() < 0.5 if label == OPEN else (label == ENTAILED) != negated
    template = frame["negative" if negated else "positive"]
    return Example((" ".join(premise), writer.write(template, s=subject, v=own if is_own else other)), label)


def _comparison(rng: random.Random, label: int) -> Example:
    """a is more than b; the hypothesis compares them, or one of them with a third, in either direction."""
    writer, frame = Writer(rng), rng.choice(rows("comparisons"))
    a, b, third = writer.subjects(frame["subject"], 3)
    relations = [frame["more"], frame["less"]]
    rng.shuffle(relations)
    premise = writer.write(f"{{a:은}} {{b}}보다 {{{relations[0]}:pres}}.", a=a, b=b)
    same_relation = rng.random() < 0.5
    if label == OPEN:
        pair = rng.choice(((a, third), (third, a), (b, third), (third, b)))
    else:
        pair = (a, b) if same_relation == (label == ENTAILED) else (b, a)
    hypothesis = f"{{a:은}} {{b}}보다 {{{relations[0 if same_relation else 1]}:pres}}."
    return Example((premise, writer.write(hypothesis, a=pair[0], b=pair[1])), label)
