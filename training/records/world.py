"""The record `world`: how much the beginnings of texts of the models' own world surprise them.

A page says that a model has hardly read texts like the learner's where hers surprises it more than all of
these (`app.world`).
"""

from __future__ import annotations

import json
from typing import Any

import torch

from app.engine.surprise import mean_surprise
from app.models import ModelSpec, load
from training.evaluate.downstream import DATASETS
from training.evaluate.plan import GPTS
from training.paths import MODELS
from training.records.recorder import Point, Recorder

HELD_OUT = DATASETS / "held_out.jsonl"
FEWEST_WORDS = 2
AGAIN = 40  # sentences that a test has time for


def beginnings(most: int | None = None) -> list[str]:
    """The first 2, 3, … words of held-out sentences, which no model has read."""
    lines = HELD_OUT.read_text(encoding="utf-8").splitlines()[:most]
    words = [json.loads(line)["text"].split() for line in lines]
    return [" ".join(one[:n]) for one in words for n in range(FEWEST_WORDS, len(one) + 1)]


def surprises(model: str, texts: list[str]) -> list[float]:
    """Nats per token of each text."""
    loaded = load(ModelSpec(model, "local", str(MODELS / model)))
    return [mean_surprise(loaded, loaded.tokenizer.encode(text)) for text in texts]


def measure() -> dict[str, Any]:
    """Half a minute on one core."""
    texts = beginnings()
    data: dict[str, Any] = {"beginnings": len(texts), "models": {}}
    for model in GPTS:
        found = torch.tensor(surprises(model, texts), dtype=torch.double)
        data["models"][model] = {
            "mean": round(found.mean().item(), 3),
            "largest": round(found.max().item(), 3),
        }
    return data


def measure_again(data: dict[str, Any]) -> list[Point]:
    """The first sentences: none surprises more than the largest recorded."""
    texts = beginnings(AGAIN)
    points = []
    for model, recorded in data["models"].items():
        points.append(
            Point(model, max(surprises(model, texts)), recorded["mean"], recorded["largest"] + 1e-3)
        )
    return points


RECORDER = Recorder(
    measure,
    measure_again,
    {"texts": "assets/datasets/held_out.jsonl", "fewest_words": FEWEST_WORDS},
    seeds=(),
    models=GPTS,
)
