"""Draws balanced, disjoint splits and writes assets/datasets/."""

import json
import random
from collections.abc import Callable
from pathlib import Path

from ..labels import TASK_LABELS
from . import acceptability, choice, entailment, reference, sentiment, similarity
from .example import Example

SIZES = {"train": 2000, "dev": 300, "test": 500}
# task -> (input transformation, how to draw an example with a given label)
TASKS: dict[str, tuple[str, Callable[[random.Random, int], Example]]] = {
    "sentiment": ("classification", sentiment.example),
    "entailment": ("entailment", entailment.example),
    "similarity": ("similarity", similarity.example),
    "choice": ("choice", choice.example),
    "acceptability": ("classification", acceptability.example),
    "reference": ("choice", reference.example),
}


def draw(task: str, sizes: dict[str, int], seed: int) -> dict[str, list[Example]]:
    """Split -> examples. Labels are balanced in every split; no example of a task occurs twice."""
    rng = random.Random(f"{seed} {task}")
    n_labels = len(TASK_LABELS[task]["ko"])
    seen: set[tuple[str, ...]] = set()
    splits: dict[str, list[Example]] = {}
    for split, size in sizes.items():
        examples: list[Example] = []
        while len(examples) < size:
            drawn = TASKS[task][1](rng, len(examples) % n_labels)
            key = tuple(sorted(drawn.fields))  # exchanged answers or sentences are the same example
            if key not in seen:
                seen.add(key)
                examples.append(drawn)
        rng.shuffle(examples)
        splits[split] = examples
    return splits


def write_datasets(out: Path, seed: int, sizes: dict[str, int] = SIZES) -> None:
    """One folder per task with a file per split, and index.json: kind, labels and sizes."""
    index = {}
    for task, (kind, _) in TASKS.items():
        (out / task).mkdir(parents=True, exist_ok=True)
        for split, examples in draw(task, sizes, seed).items():
            lines = (
                json.dumps({"fields": e.fields, "label": e.label}, ensure_ascii=False) + "\n"
                for e in examples
            )
            (out / task / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
        index[task] = {"kind": kind, "labels": TASK_LABELS[task], "sizes": sizes}
    (out / "index.json").write_text(json.dumps(index, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
