"""Reference: an event with two people, a description that fits one of them, both names as answers."""

import random

from ..data import rows
from .example import Example, Writer


def example(rng: random.Random, label: int) -> Example:
    writer, frame = Writer(rng), rng.choice(rows("references"))
    a, b = writer.subjects("child", 2)
    event = writer.write(frame["event"], a=a, b=b)
    meant = rng.choice("ab")
    description = writer.write(rng.choice(frame[f"about_{meant}"].split("|")))
    right, wrong = (a, b) if meant == "a" else (b, a)
    answers = [writer.write("{s:이다}.", s=person) for person in (right, wrong)]
    if label == 1:
        answers.reverse()
    return Example((event, description, *answers), label)
