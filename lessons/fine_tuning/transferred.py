"""What recorded runs of fine-tuning show, as the lesson draws it: layers transferred, λ, and parts trained.

GPT-1's Figure 2 left, its Table 5 and what is left out of both, measured on the embedded models by
`make records ARGS="fine_tuning"`. Pure, without torch. Accuracies are in percent, L1 in nats per token. The
runs of a point differ in their seed alone; each trained on rows of both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import mean, pstdev
from typing import Any

from app import records

RECORD = "fine_tuning"
SPLITS = ("test", "test_new_words")
BOTH = "both"  # beside the languages: their mean, run by run


@dataclass(frozen=True)
class Spread:
    """Several runs of one setting. spread: their standard deviation. values: by seed, in its order."""

    mean: float
    spread: float
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(mean(values), pstdev(values), tuple(values))


Accuracy = Mapping[str, Mapping[str, Spread]]  # {split: {"ko", "en" or "both": accuracy}}


@dataclass(frozen=True)
class LayerPoint:
    """n_layers_transferred: -1 nothing, 0 the embeddings, k the embeddings and the first k layers."""

    n_layers_transferred: int
    steps: int
    lambda_: float
    accuracy: Accuracy


@dataclass(frozen=True)
class LambdaRow:
    """l1_task: on the set's test text. l1_held_out: on text of the model's own world; both after the run."""

    lambda_: float
    n_labels: int
    steps: int
    accuracy: Accuracy
    l1_task: Spread
    l1_held_out: Spread


@dataclass(frozen=True)
class PartRow:
    """trained, n_last_layers: as in `app.engine.finetune.Plan`. n_changed: numbers the run may change."""

    trained: str
    n_last_layers: int
    n_changed: int
    steps: int
    accuracy: Accuracy


def tasks() -> tuple[str, ...]:
    """The sets for which there are points of all three kinds."""
    return tuple(dict.fromkeys(row["task"] for row in _data()["layers"]))


@cache
def layers(model: str, task: str) -> tuple[LayerPoint, ...]:
    """Figure 2 left: from nothing to all layers. Empty where nothing was measured."""
    rows = sorted(_rows("layers", model, task), key=lambda row: row["n_layers_transferred"])
    return tuple(
        LayerPoint(row["n_layers_transferred"], row["steps"], row["lambda_"], _accuracy(row)) for row in rows
    )


@cache
def lambdas(model: str, task: str, n_labels: int | None = None) -> tuple[LambdaRow, ...]:
    """Table 5: by λ, 0 first. n_labels: how many training rows a run drew from; None for the most there are.

    Empty where nothing was measured.
    """
    rows = sorted(_rows("lambdas", model, task), key=lambda row: row["lambda_"])
    wanted = max((row["n_labels"] for row in rows), default=0) if n_labels is None else n_labels
    return tuple(
        LambdaRow(
            row["lambda_"],
            row["n_labels"],
            row["steps"],
            _accuracy(row),
            _spread(row, lambda run: run["l1_task"]),
            _spread(row, lambda run: run["l1_held_out"]),
        )
        for row in rows
        if row["n_labels"] == wanted
    )


def label_counts(model: str, task: str) -> tuple[int, ...]:
    """What `lambdas` can be asked for as `n_labels`, smallest first."""
    return tuple(sorted({row["n_labels"] for row in _rows("lambdas", model, task)}))


def before(model: str, task: str) -> tuple[float, float] | None:
    """(l1_task, l1_held_out) of a run that has made no step, everything transferred; None if not measured."""
    found = _data()["before"].get(model, {"l1_task": {}})
    return (found["l1_task"][task], found["l1_held_out"]) if task in found["l1_task"] else None


@cache
def parts(model: str, task: str) -> tuple[PartRow, ...]:
    """What a run may change, from the fewest numbers to all of them. Empty where nothing was measured."""
    everything = (
        row for row in _rows("gain", model, task) if row["n_layers_transferred"] == _all_layers(model, task)
    )
    rows = [*_rows("parts", model, task), *everything]
    rows.sort(key=lambda row: row["n_changed"])
    return tuple(
        PartRow(row["trained"], row["n_last_layers"], row["n_changed"], row["steps"], _accuracy(row))
        for row in rows
    )


@cache
def gain(model: str, task: str) -> tuple[Accuracy, Accuracy] | None:
    """(with nothing transferred, with everything), by the whole recipe; None where it was not measured."""
    rows = sorted(_rows("gain", model, task), key=lambda row: row["n_layers_transferred"])
    return (_accuracy(rows[0]), _accuracy(rows[-1])) if len(rows) > 1 else None


def _data() -> dict[str, Any]:
    return records.read(RECORD)["data"]


def _rows(table: str, model: str, task: str) -> Iterator[dict[str, Any]]:
    return (row for row in _data()[table] if row["model"] == model and row["task"] == task)


def _all_layers(model: str, task: str) -> int:
    return max((row["n_layers_transferred"] for row in _rows("gain", model, task)), default=0)


def _accuracy(row: dict[str, Any]) -> Accuracy:
    runs = list(row["by_seed"].values())
    found = {}
    for split in SPLITS:
        if all(split in run for run in runs):
            languages = {
                lang: _spread(row, lambda run, split=split, lang=lang: run[split][lang])
                for lang in runs[0][split]
            }
            both = _spread(row, lambda run, split=split: mean(run[split].values()))
            found[split] = languages | {BOTH: both}
    return found


def _spread(row: dict[str, Any], value: Callable[[dict[str, Any]], float]) -> Spread:
    seeds = sorted(row["by_seed"], key=int)
    return Spread.of([value(row["by_seed"][seed]) for seed in seeds])
