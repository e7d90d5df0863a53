"""The pictures of GPT1 배경 and 학습전략, made of what lies here: sets, corpus, records, this sentence."""

from __future__ import annotations

import json
from statistics import mean
from typing import Any

from app import records
from app.engine import sets
from app.engine.checkpoints import MODEL, MODELS_FOLDER
from app.engine.trace import kept_trace
from lessons.pretraining import compute, road
from lessons.pretraining.picture import Picture
from lessons.pretraining.state import FINISHED

SHOWN = (
    "sentiment",
    "acceptability",
    "entailment",
    "similarity",
    "choice",
    "reference",
)  # sets in both languages
SCRATCH = -1


def draw(picture: Picture) -> dict[str, Any] | None:
    """What the background picture `state.view` is drawn from; None on the stage."""
    make = {"tasks": tasks, "labels": labels, "goal": goal, "transfer": transfer, "plan": plan}
    return make[picture.state.view](picture) if picture.state.view in make else None


def _named(picture: Picture, name: str) -> str:
    return picture.words(f"set.{name}")


def _accuracy(name: str, scratch: bool) -> float:
    """Recorded on `test` in percent: tiny-gpt2 fine-tuned, or the same run from random weights."""
    rows = records.read("fine_tuning")["data"]["gain"]
    row = next(
        row
        for row in rows
        if row["model"] == MODEL
        and row["task"] == name
        and (row["n_layers_transferred"] == SCRATCH) == scratch
    )
    return row["mean"]["test"]


def _about_record(picture: Picture) -> str:
    record = records.read("fine_tuning")
    return picture.words("background.record", command=record["command"], date=record["date"])


def parameters(picture: Picture) -> int:
    """How many numbers the picked model learns; the output layer is the embedding's table."""
    return sum(parameter.numel() for parameter in picture.finished.model.parameters())


def tasks(picture: Picture) -> dict[str, Any]:
    """기존 한계: a model of its own for each task, from random weights and 2,000 labels."""
    rows = [
        {
            "name": _named(picture, name),
            "labels": sets.about(name).sizes["train"],
            "scratch": _accuracy(name, scratch=True),
        }
        for name in SHOWN
    ]
    numbers = parameters(picture)
    return {"rows": rows, "numbers": numbers, "all": numbers * len(rows), "record": _about_record(picture)}


def labels(picture: Picture) -> dict[str, Any]:
    """Few labelled texts, many without: one cell for a thousand."""
    corpus = read_of_the_corpus()
    return {
        "cell": 1000,
        "documents": corpus["documents"],
        "tokens": corpus["tokens"],
        "sets": [{"name": _named(picture, name), "n": sets.about(name).sizes["train"]} for name in SHOWN],
    }


def read_of_the_corpus() -> dict[str, int]:
    """Of the embedded model's pre-training: texts of its corpus, and tokens read of them."""
    scores = json.loads((MODELS_FOLDER / MODEL / "scores.json").read_text(encoding="utf-8"))
    tokens = records.read(road.RECORD)["data"]["final"]["tokens"]
    return {"documents": scores["grammar"]["documents"], "tokens": tokens}


def goal(picture: Picture) -> dict[str, Any]:
    """What an objective must give: one label by a person, or a target at every token of this sentence."""
    row = next(iter(sets.rows("sentiment", "train", picture.context.lang)))
    label = sets.about("sentiment").labels[picture.context.lang][row.label]
    found = compute.surprise(picture.finished, picture.ids, len(picture.ids))
    return {
        "targets": max(0, len(picture.ids) - 1),
        "example": {"text": row.fields[0], "label": label},
        "surprise": [round(one, 4) for one in found],
    }


def transfer(picture: Picture) -> dict[str, Any]:
    """적은 조정: the same last activation under a small W_y for each task."""
    final = kept_trace(picture.finished, picture.ids).tensors
    name = "ln_final.hook_normalized" if picture.finished.architecture == "gpt2" else None
    last = picture.finished.n_layer - 1
    activation = final[name or f"blocks.{last}.hook_normalized_resid_post"][-1]  # (d,)
    d = len(activation)
    heads = [
        {
            "name": _named(picture, one),
            "numbers": d * (1 if sets.about(one).kind == "choice" else sets.about(one).n_labels),
            "tuned": _accuracy(one, scratch=False),
        }
        for one in SHOWN
    ]
    return {
        "d": d,
        "activation": [round(value, 4) for value in activation.tolist()],
        "numbers": parameters(picture),
        "heads": heads,
        "record": _about_record(picture),
    }


def plan(picture: Picture) -> dict[str, Any]:
    """학습전략: step 1 on unlabelled text, step 2 on labels, and what the second owes to the first."""
    stops = [*picture.steps, FINISHED]
    means = [
        compute.mean(compute.surprise(picture.checkpoint(at), picture.ids, len(picture.ids))) for at in stops
    ]
    rows = [
        {
            "name": _named(picture, name),
            "scratch": _accuracy(name, scratch=True),
            "tuned": _accuracy(name, scratch=False),
        }
        for name in SHOWN
    ]
    corpus = read_of_the_corpus()
    return {
        "means": [round(one, 4) for one in means],
        "tokens": corpus["tokens"],
        "labels": sets.about(SHOWN[0]).sizes["train"],
        "rows": rows,
        "gain": round(mean(row["tuned"] - row["scratch"] for row in rows), 1),
        "record": _about_record(picture),
    }
