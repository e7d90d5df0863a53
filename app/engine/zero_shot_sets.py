"""GPT-1's zero-shot heuristics on rows of the labelled sets: what is guessed, and how often it is right.

The record of pre-training and a learner's live run on a few examples both come from here; nothing is trained.
A guess takes one or two forward passes, so the long way pauses after every row.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from app.engine import sets, zero_shot
from app.engine.decoding import finish
from app.engine.memory import SHARED, number_of
from app.engine.zero_shot import TASKS
from app.errors import InputError, shown

if TYPE_CHECKING:
    from app.models import LoadedModel

N_LIVE = 40
CHANCE = 50.0  # percent: every task has two answers, equally often right
USUAL = ""  # the way of asking that a task has when no other is named
ONE_THRESHOLD = "one threshold"
GROUP = 4  # sentences of a contrast group of acceptability

Guesses = dict[str, list[int]]  # way of asking -> the guessed labels


@dataclass(frozen=True)
class ZeroShot:
    """What the heuristic of a task got right on `n` rows of one language, without any training.

    accuracy: {way of asking: percent}, the usual one first; `ONE_THRESHOLD` stands beside it for
        acceptability. right: of each row, asked in the usual way.
    """

    task: str
    lang: str
    accuracy: dict[str, float]
    right: tuple[bool, ...]

    @property
    def n(self) -> int:
        return len(self.right)


def zero_shot_live(
    loaded: LoadedModel, task: str, lang: str, n: int = N_LIVE, split: sets.Split = "test"
) -> ZeroShot:
    """The heuristic on the first `n` rows of a split in one language.

    n: from 4 on, cut down to whole contrast groups and to the rows there are. Raises
    InputError("unknown_task"), for a task without a heuristic or without rows in that language, and
    "out_of_range".
    """
    return finish(asking(loaded, task, lang, n, split))


def asking(
    loaded: LoadedModel, task: str, lang: str, n: int = N_LIVE, split: sets.Split = "test"
) -> Generator[float, None, ZeroShot]:
    """`zero_shot_live`, with the share that is done after every row. What was found is kept for all."""
    if task not in TASKS or lang not in sets.about(task).languages:
        raise InputError("unknown_task", name=shown(task, 40), known=", ".join(TASKS))
    if n < GROUP:
        raise InputError("out_of_range", name="n", low=GROUP, high=sets.about(task).sizes[split])
    rows = sets.rows(task, split, lang)[: n - n % GROUP]
    key = ("zero-shot", number_of(loaded), task, lang, len(rows), split)
    guesses = SHARED.get(key)
    if guesses is None:
        guesses = yield from guessing(loaded, task, lang, rows)
        SHARED.put(key, guesses, 100 * len(rows))
    right = {
        way: [guess == row.label for guess, row in zip(found, rows, strict=True)]
        for way, found in guesses.items()
    }
    accuracy = {way: 100 * sum(found) / len(rows) for way, found in right.items()}
    return ZeroShot(task, lang, accuracy, tuple(right[USUAL]))


def guessing(
    loaded: LoadedModel, task: str, lang: str, rows: Sequence[sets.Row]
) -> Generator[float, None, Guesses]:
    """The guesses on rows of one language, with the share that is done after every row.

    Acceptability asks each contrast group whether its two sentences that fit are together more probable than
    its two that do not, which are made of the same parts: between sentences of other words it is the words
    that decide. With one threshold for all, the median of these rows, as in the paper, it is given beside.
    """
    found: list = []
    for row in rows:
        if task == "acceptability":
            found.append(zero_shot.mean_log_probability(loaded, "", row.fields[0]))
        elif task == "sentiment":
            words = sets.about(task).labels[lang]
            found.append(zero_shot.sentiment(loaded, row.fields[0], words).label)
        else:
            heuristic = zero_shot.reference if task == "reference" else zero_shot.choice
            found.append(heuristic(loaded, row.fields).label)
        yield len(found) / len(rows)
    return _by_group_and_threshold(found) if task == "acceptability" else {USUAL: found}


def _by_group_and_threshold(scores: Sequence[float]) -> Guesses:
    """scores: mean ln P of the sentences. In a group the first and last share no part, like the other two
    (`training.corpus.datasets.acceptability`).
    """
    by_group: list[int] = []
    for a, b, c, d in zip(*(scores[i::GROUP] for i in range(GROUP)), strict=True):
        by_group += [0, 1, 1, 0] if a + d > b + c else [1, 0, 0, 1]
    threshold = median(scores)
    return {USUAL: by_group, ONE_THRESHOLD: [int(one < threshold) for one in scores]}
