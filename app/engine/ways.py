"""Three ways to one downstream task: what each changes in the model, what it stores, and how it answers.

The task is sentiment, the sentences are 20 of its test split in each language, which no way has been shown.
Fine-tuning and prompt tuning run in the learner's browser (`finetune` is their reference). The third way,
in-context learning, runs here: examples stand in the prompt, written as the corpus writes its lists, and
nothing is trained.
Sources: fine-tuning, GPT-1, section 3.2; soft prompts, Lester et al. 2021; in-context, Brown et al. 2020.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from app.engine import sets
from app.engine.controls import check_number
from app.engine.decoding import finish
from app.engine.few_shot import answers
from app.engine.finetune import Plan, update_mask
from app.engine.in_context import ExampleList
from app.engine.parameters import Shape
from app.models import LoadedModel

TASK = "sentiment"
N_HELD_BACK = 20  # sentences in each language
SEED = 0  # of their draw
MOST_SHOTS = 4  # so many sentences and the one asked about fit into the 128 tokens of tiny-gpt2
BYTES_OF_A_NUMBER = 4  # float32

Way = Literal["fine-tuning", "prompt tuning", "in-context"]


def _held_back(lang: str) -> tuple[sets.Row, ...]:
    """Whole contrast groups, so half of the sentences praise."""
    groups: dict[int, list[sets.Row]] = {}
    for row in sets.rows(TASK, "test", lang):
        groups.setdefault(row.group, []).append(row)
    n_groups = N_HELD_BACK // sets.about(TASK).group_size
    chosen = random.Random(SEED).sample(list(groups.values()), n_groups)
    return tuple(row for group in chosen for row in group)


HELD_BACK: Mapping[str, tuple[sets.Row, ...]] = MappingProxyType(
    {lang: _held_back(lang) for lang in sets.about(TASK).languages}
)


@dataclass(frozen=True)
class Answered:
    """text: the sentence. answer: the word of the label taken. p: its share of what all labels get."""

    text: str
    answer: str
    p: float
    right: bool


@dataclass(frozen=True)
class Cost:
    """What one way changes and what has to be kept for it.

    n_changed: numbers that differ from the pre-trained model's, new ones among them. n_frozen: numbers that
    all tasks share as they are. bytes_of_a_task: what each task keeps for itself.
    """

    way: Way
    n_changed: int
    n_frozen: int
    bytes_of_a_task: int

    def stored(self, n_tasks: int) -> int:
        """Bytes to keep for so many tasks, the model that they share among them."""
        return BYTES_OF_A_NUMBER * self.n_frozen + n_tasks * self.bytes_of_a_task


def examples(lang: str, shots: int, seed: int) -> tuple[tuple[str, str], ...]:
    """(sentence, word of its label) of `shots` training sentences, no two of one contrast group.

    Praise and blame take turns; the seed says which begins, and more shots only put more before.
    Raises InputError("not_a_number" or "out_of_range") for shots outside 0 … 4.
    """
    shots = check_number("shots", shots, 0, MOST_SHOTS, whole=True)
    rng, labels = random.Random(seed), sets.about(TASK).labels[lang]
    rows, first = sets.rows(TASK, "train", lang), rng.randrange(len(labels))
    groups = rng.sample(sorted({row.group for row in rows}), MOST_SHOTS)
    chosen = []
    for place, group in enumerate(groups):
        label = (first + place) % len(labels)
        row = rng.choice([row for row in rows if (row.group, row.label) == (group, label)])
        chosen.append((row.fields[0], labels[label]))
    return tuple(chosen[MOST_SHOTS - shots :])


def example_list(row: sets.Row, shown: tuple[tuple[str, str], ...]) -> ExampleList:
    """The examples and the sentence asked about, as `few_shot.answers` takes them."""
    labels = sets.about(TASK).labels[row.lang]
    asked = (row.fields[0], labels[row.label])
    return ExampleList("a", row.lang, TASK, (*shown, asked), labels)


def in_context(loaded: LoadedModel, lang: str, shots: int = 4, seed: int = 0) -> tuple[Answered, ...]:
    """The sentences held back in a language, each after the same `shots` examples, drawn with the seed.

    Of a prompt longer than the context (tiny-gpt1 holds two or three examples) the last tokens count.
    """
    return finish(answering(loaded, HELD_BACK[lang], shots, seed))


def answering(
    loaded: LoadedModel, rows: tuple[sets.Row, ...], shots: int, seed: int
) -> Generator[None, None, tuple[Answered, ...]]:
    """As `in_context`, for any sentences of one language; pauses after each, so that others are answered
    meanwhile.
    """
    shown = examples(rows[0].lang, shots, seed)
    found = []
    for row in rows:
        one = example_list(row, shown)
        answer, p = answers(loaded, one, len(shown))[0]
        found.append(Answered(row.fields[0], answer, p, answer == one.answer))
        yield
    return tuple(found)


def share_right(found: tuple[Answered, ...]) -> float:
    """Accuracy, from 0 to 1."""
    return sum(one.right for one in found) / len(found)


@cache
def n_changed(shape: Shape) -> tuple[int, int]:
    """Numbers that fine-tuning and prompt tuning change."""
    about = sets.about(TASK)
    plans = (Plan(about.kind, about.n_labels, shape.n_layer, how) for how in ("full", "soft prompts"))
    n_all, n_soft = (int(update_mask(shape, plan).sum()) for plan in plans)
    return n_all, n_soft


def costs(loaded: LoadedModel, shown: tuple[tuple[str, str], ...]) -> tuple[Cost, Cost, Cost]:
    """The three ways for this model and task. shown: the examples that in-context learning keeps as text.

    Fine-tuning changes every number and adds W_y. Prompt tuning changes 8 vectors of d numbers; what tells
    the labels apart are the embeddings of their words, which it leaves alone, as it leaves those of Start,
    Delim and Extract as the seed drew them, the same for all tasks.
    """
    n_labels = sets.about(TASK).n_labels
    shape = Shape.of(loaded, n_labels)
    n_all, n_soft = n_changed(shape)
    n_model = n_all - shape.d_model * n_labels
    text = ", ".join(f"{sentence} = {label}" for sentence, label in shown)
    return (
        Cost("fine-tuning", n_all, 0, BYTES_OF_A_NUMBER * n_all),
        Cost("prompt tuning", n_soft, n_model, BYTES_OF_A_NUMBER * n_soft),
        Cost("in-context", 0, n_model, len(text.encode())),
    )
