"""Draws balanced, disjoint splits and writes assets/datasets/."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..labels import TASK_LABELS
from . import acceptability, binding, choice, entailment, reference, sentiment, similarity
from .example import Example

LANGUAGES = ("ko", "en")
NEW_WORDS = "test_new_words"
# the splits in the order in which they are drawn, and how many examples each has
SIZES = {"test": 400, NEW_WORDS: 400, "dev": 400, "train": 2000}
MOST_TRIES = 400  # of drawing another group before a set counts as exhausted


@dataclass(frozen=True)
class Task:
    """kind: the input transformation. group: (rng, language, new words) -> a contrast group."""

    kind: str
    group: Callable[[random.Random, str, bool], list[Example]]
    languages: tuple[str, ...] = LANGUAGES
    splits: tuple[str, ...] = tuple(SIZES)


TASKS = {
    "sentiment": Task("classification", sentiment.group),
    "acceptability": Task("classification", acceptability.group),
    "entailment": Task("entailment", entailment.group),
    "similarity": Task("similarity", similarity.group),
    "choice": Task("choice", choice.group),
    "reference": Task("choice", reference.group),
    "binding": Task("entailment", binding.group, ("ko",), ("test", "dev", "train")),
}


@dataclass(frozen=True)
class Group:
    """A contrast group: examples that a batch takes together."""

    lang: str
    examples: list[Example]


Splits = dict[str, list[Group]]


def sentences(kind: str, example: Example) -> tuple[str, ...]:
    """The fields that no two splits share: all but the questions and answers of a choice."""
    return example.fields[:1] if kind == "choice" else example.fields


def draw(task: str, sizes: dict[str, int], seed: int, fits: Callable[[str, Example], bool]) -> Splits:
    """Split -> groups. The languages take turns; labels are balanced because every group is.

    No example occurs twice, and no sentence (see `sentences`) stands in two splits. A group with an example
    that does not fit is drawn again.
    """
    found = TASKS[task]
    rng = random.Random(f"{seed} {task}")
    rows: set[tuple[str, ...]] = set()
    elsewhere: set[str] = set()
    splits: Splits = {}
    for split in found.splits:
        groups: list[Group] = []
        here: set[str] = set()
        tries = 0
        while sum(len(group.examples) for group in groups) < sizes[split]:
            lang = found.languages[len(groups) % len(found.languages)]
            examples = found.group(rng, lang, split == NEW_WORDS)
            told = {sentence for example in examples for sentence in sentences(found.kind, example)}
            new = {
                tuple(sorted(example.fields)) for example in examples
            }  # exchanged fields: the same example
            tries += 1
            if tries > MOST_TRIES:
                raise ValueError(f"{task}: no more groups for {split}")
            if told & elsewhere or new & rows or not all(fits(found.kind, example) for example in examples):
                continue
            tries = 0
            here |= told
            rows |= new
            groups.append(Group(lang, examples))
        elsewhere |= here
        splits[split] = rng.sample(groups, len(groups))
    return splits


def write_datasets(
    out: Path, seed: int, fits: Callable[[str, Example], bool], sizes: dict[str, int] = SIZES
) -> None:
    """One folder per task with a file per split, and index.json: kind, labels, group size and sizes."""
    index = {}
    for name, task in TASKS.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        splits = draw(name, sizes, seed, fits)
        for split, groups in splits.items():
            (out / name / f"{split}.jsonl").write_text("".join(lines(groups)), encoding="utf-8")
        index[name] = {
            "kind": task.kind,
            "labels": TASK_LABELS[name],
            "languages": task.languages,
            "group_size": len(splits["train"][0].examples),
            "sizes": {
                split: sum(len(group.examples) for group in groups) for split, groups in splits.items()
            },
        }
    (out / "index.json").write_text(json.dumps(index, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def lines(groups: Sequence[Group]) -> Iterator[str]:
    """A line of JSON for each example: fields, label, language and the number of its group."""
    for number, group in enumerate(groups):
        for example in group.examples:
            made = {"fields": example.fields, "label": example.label, "lang": group.lang, "group": number}
            yield json.dumps(made, ensure_ascii=False) + "\n"
