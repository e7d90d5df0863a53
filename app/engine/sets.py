"""The labelled sets and the held-out sentences in assets/datasets, as text. Read once, without torch.

`training.corpus.datasets` writes them; each has a card beside it. Names of sets and splits come from the code
or are compared with `names()`: no visitor can name a path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parents[2] / "assets" / "datasets"
HELD_OUT = FOLDER / "held_out.jsonl"

Split = Literal["train", "dev", "test", "test_new_words"]


@dataclass(frozen=True)
class LabelledSet:
    """What a set is, from index.json.

    kind: of input, as in `app.engine.inputs`. labels: {language of the page: the word of each label}.
    languages: of its rows. group_size: rows of a contrast group. sizes: {split: rows}.
    """

    name: str
    kind: Literal["classification", "entailment", "similarity", "choice"]
    labels: Mapping[str, tuple[str, ...]]
    languages: tuple[str, ...]
    group_size: int
    sizes: Mapping[Split, int]

    @property
    def n_labels(self) -> int:
        return len(next(iter(self.labels.values())))


@dataclass(frozen=True)
class Row:
    """One labelled example as text. fields: as `inputs.transform` takes them. group: its contrast group."""

    fields: tuple[str, ...]
    label: int
    lang: str
    group: int


def names() -> tuple[str, ...]:
    """All sets."""
    return tuple(_index())


def about(name: str) -> LabelledSet:
    """What the set is. Raises KeyError for a name that is not in `names()`."""
    return _index()[name]


@cache
def rows(name: str, split: Split, lang: str = "") -> tuple[Row, ...]:
    """A split in the order of its file; of one language, where `lang` names one.

    Raises KeyError for a set or split that is not there.
    """
    if lang:
        return tuple(row for row in rows(name, split) if row.lang == lang)
    about(name).sizes[split]
    lines = (FOLDER / name / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    found = map(json.loads, lines)
    return tuple(Row(tuple(row["fields"]), row["label"], row["lang"], row["group"]) for row in found)


@cache
def held_out(lang: str) -> tuple[str, ...]:
    """Sentences of the models' own world that no model has read, in one language."""
    found = map(json.loads, HELD_OUT.read_text(encoding="utf-8").splitlines())
    return tuple(row["text"] for row in found if row["lang"] == lang)


@cache
def _index() -> dict[str, LabelledSet]:
    read: dict[str, Any] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    return {
        name: LabelledSet(
            name,
            facts["kind"],
            {lang: tuple(words) for lang, words in facts["labels"].items()},
            tuple(facts["languages"]),
            facts["group_size"],
            facts["sizes"],
        )
        for name, facts in read.items()
    }
