"""Multiple choice: a report, a question and two answers that both stand in the report."""

import random

from ..data import rows
from .example import Example, Writer


def example(rng: random.Random, label: int) -> Example:
    writer, frame = Writer(rng), rng.choice(rows("states"))
    subjects = writer.subjects(frame["subject"], 2)
    values = writer.values(frame["value"], 2)
    asked = rng.randrange(2)
    report = [writer.write(frame["positive"], s=s, v=v) for s, v in zip(subjects, values, strict=True)]
    if rng.random() < 0.5:
        report.reverse()
    if rng.random() < 0.5:
        question = writer.write(frame["ask_value"], s=subjects[asked])
        answers = [writer.write("{v:이다}.", v=value) for value in values]
    else:
        question = writer.write(frame["ask_subject"], v=values[asked])
        answers = [writer.write("{s:이다}.", s=subject) for subject in subjects]
    if asked != label:
        answers.reverse()
    return Example((" ".join(report), question, *answers), label)
