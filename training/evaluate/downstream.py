"""The downstream tasks in assets/datasets, as inputs of one model."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from app.engine.inputs import Example, Kind, transform
from app.models import LoadedModel
from training.paths import ROOT, read_corpus

DATASETS = ROOT / "assets" / "datasets"


@dataclass(frozen=True)
class TaskData:
    """One task's labelled examples, tokenized for a model. Nothing in `test` is seen in training."""

    kind: Kind
    n_labels: int
    train: list[Example]
    test: list[Example]

    @property
    def majority(self) -> float:
        """The accuracy of always answering the most frequent label of `test`, in percent."""
        (_, count) = Counter(example.label for example in self.test).most_common(1)[0]
        return 100 * count / len(self.test)


def task_names(datasets: Path = DATASETS) -> list[str]:
    return list(_index(datasets))


def read_task(name: str, loaded: LoadedModel, datasets: Path = DATASETS) -> TaskData:
    """Read a task and build the inputs of GPT-1's section 3.3 with the tokenizer and context of `loaded`."""
    facts = _index(datasets)[name]

    def examples(split: str) -> list[Example]:
        return [
            transform(facts["kind"], row["fields"], row["label"], loaded.tokenizer.encode, loaded.n_ctx)
            for row in read_corpus(datasets / name / f"{split}.jsonl")
        ]

    return TaskData(facts["kind"], len(facts["labels"]["ko"]), examples("train"), examples("test"))


def _index(datasets: Path) -> dict[str, dict]:
    """index.json: {task: {"kind", "labels": {"ko", "en"}, "sizes"}}."""
    return json.loads((datasets / "index.json").read_text(encoding="utf-8"))
