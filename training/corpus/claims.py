"""Questions with yes or no: a report of one or two statements, and whether one more statement follows.

A third of the answers is yes, a third no, a third that one cannot know. The labelled set `entailment` asks
for the same comparison in other words: its frames (states.tsv, comparisons.tsv) are none of those here
(claims.tsv, compared.tsv), and its labels are no answers.
"""

import random

from .data import rows
from .writer import Writer

YES, NO, OPEN = range(3)
COMPARISONS, SINGLE_STATEMENTS = 0.2, 0.45  # shares; the rest are reports of two statements
ASKED_OUTRIGHT = 0.5  # share of the statements asked as a question instead of quoted
_TO_QUESTION = ("네.", "아니요.", "알 수 없습니다.")
_TO_QUOTE = ("네, 맞습니다.", "아니요, 틀립니다.", "알 수 없습니다.")


def claim(rng: random.Random) -> str:
    """One document: the report, 질문 and 답."""
    answer = rng.choice((YES, NO, OPEN))
    kind = rng.random()
    if kind < COMPARISONS:
        return _comparison(rng, answer)
    return _state(rng, answer, n_statements=1 if kind < COMPARISONS + SINGLE_STATEMENTS else 2)


def _state(rng: random.Random, answer: int, n_statements: int) -> str:
    """What one or two subjects have; asked is what the first of them or a third one has, or has not."""
    writer, frame = Writer(rng), rng.choice(rows("claims"))
    first, second, third = writer.subjects(frame["subject"], 3)
    own, other = writer.values(frame["value"], 2)
    report = [
        writer.write(frame["positive"], s=subject, v=value)
        for subject, value in ((first, own), (second, other))
    ][:n_statements]
    rng.shuffle(report)
    subject = third if answer == OPEN else first
    outright = rng.random() < ASKED_OUTRIGHT
    denied = not outright and rng.random() < 0.5
    is_own = rng.random() < 0.5 if answer == OPEN else (answer == YES) != denied
    template = frame["question" if outright else "negative" if denied else "positive"]
    return _asked(" ".join(report), writer.write(template, s=subject, v=own if is_own else other), answer)


def _comparison(rng: random.Random, answer: int) -> str:
    """a is more than b; asked is how they compare, or how one of them compares with a third."""
    writer, frame = Writer(rng), rng.choice(rows("compared"))
    a, b, third = writer.subjects(frame["subject"], 3)
    told, opposite = rng.sample(("more", "less"), 2)
    report = writer.write(f"{{a:은}} {{b}}보다 {{{frame[told]}:pres}}.", a=a, b=b)
    same_relation = rng.random() < 0.5
    asked = told if same_relation else opposite
    if answer == OPEN:
        pair = rng.choice(((a, third), (third, a), (b, third), (third, b)))
    else:
        pair = (a, b) if same_relation == (answer == YES) else (b, a)
    if rng.random() < ASKED_OUTRIGHT:
        template = f"{{a:은}} {{b}}보다 {frame[f'{asked}_question']}?"
    else:
        template = f"{{a:은}} {{b}}보다 {{{frame[asked]}:pres}}."
    return _asked(report, writer.write(template, a=pair[0], b=pair[1]), answer)


def _asked(report: str, statement: str, answer: int) -> str:
    if statement.endswith("?"):
        return f"{report} 질문: {statement} 답: {_TO_QUESTION[answer]}"
    return f'{report} 질문: "{statement}" 이 말은 맞습니까? 답: {_TO_QUOTE[answer]}'
