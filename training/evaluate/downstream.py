"""The downstream tasks in assets/datasets, as inputs of one model."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from app.engine.inputs import Example, Kind, transform
from app.models import LoadedModel
from training.paths import ROOT, read_corpus

DATASETS = ROOT / "assets" / "datasets"


@dataclass(frozen=True)
class TaskData:
    """One task's labelled examples, tokenized for a model. Nothing in the test splits is seen in training.

    tests: split -> language -> examples; the splits are `test` and, where there is one, `test_new_words`.
    label_words: one for each label, in Korean.
    """

    kind: Kind
    n_labels: int
    train: list[Example]
    tests: dict[str, dict[str, list[Example]]]
    label_words: tuple[str, ...] = ()
    dev: list[Example] = field(default_factory=list)

    @cached_property
    def test(self) -> list[Example]:
        return [example for of_language in self.tests["test"].values() for example in of_language]


def task_names(datasets: Path = DATASETS) -> list[str]:
    return list(_index(datasets))


def read_task(
    name: str,
    loaded: LoadedModel,
    datasets: Path = DATASETS,
    n_soft_prompts: int = 0,
    most: int | None = None,
) -> TaskData:
    """Read a task and build the inputs of GPT-1's section 3.3 with the tokenizer and context of `loaded`.

    most: only so many examples of each split and language.
    """
    facts = _index(datasets)[name]

    def examples(rows: Iterable[dict]) -> list[Example]:
        return [
            transform(
                facts["kind"],
                row["fields"],
                row["label"],
                loaded.tokenizer.encode,
                loaded.n_ctx,
                n_soft_prompts,
                row["group"],
            )
            for row in rows
        ]

    def of_language(split: str, lang: str) -> list[Example]:
        rows = read_corpus(datasets / name / f"{split}.jsonl")
        return examples([row for row in rows if row["lang"] == lang][:most])

    tests = {
        split: {lang: of_language(split, lang) for lang in facts["languages"]}
        for split in facts["sizes"]
        if split.startswith("test")
    }
    labels = facts["labels"]["ko"]
    train, dev = (examples(read_corpus(datasets / name / f"{split}.jsonl")) for split in ("train", "dev"))
    return TaskData(facts["kind"], len(labels), train, tests, tuple(labels), dev)


@cache
def set_sha256(name: str, datasets: Path = DATASETS) -> str:
    """One hash of a task's entry in index.json and of its splits."""
    facts = _index(datasets)[name]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for split in facts["sizes"]:
        digest.update((datasets / name / f"{split}.jsonl").read_bytes())
    return digest.hexdigest()


def _index(datasets: Path) -> dict[str, dict]:
    """index.json: {task: {"kind", "labels": {"ko", "en"}, "languages", "group_size", "sizes"}}."""
    return json.loads((datasets / "index.json").read_text(encoding="utf-8"))
