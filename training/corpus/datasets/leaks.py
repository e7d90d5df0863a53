"""Looks for sentences of the test splits in the training files of the corpus."""

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from training.paths import read_corpus

from .example import Example
from .make import TASKS, sentences


def read_split(folder: Path, task: str, split: str) -> list[dict]:
    """The lines of a split: fields, label, lang, group."""
    text = (folder / task / f"{split}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def tested_sentences(folder: Path) -> set[str]:
    """The sentences (see `make.sentences`) of both test splits of all tasks."""
    return {
        sentence
        for name, task in TASKS.items()
        for split in task.splits
        if split.startswith("test")
        for row in read_split(folder, name, split)
        for sentence in sentences(task.kind, Example(tuple(row["fields"]), row["label"]))
    }


def found_in_corpus(folder: Path, files: Iterable[Path]) -> list[str]:
    """Which of them are a document of one of the files, or one or two neighbouring sentences of one."""
    tested = tested_sentences(folder)
    found: set[str] = set()
    for path in files:
        for document in read_corpus(path):
            parts = re.split(r"(?<=[.?!]) ", document["text"])
            pairs = map(" ".join, pairwise(parts))
            found |= tested & {document["text"], *parts, *pairs}
    return sorted(found)
