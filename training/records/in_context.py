"""The record `in_context`: how often the models complete a fresh list, by how many examples they are shown.

One point is the accuracy on one batch of 20 fresh lists (`app.engine.few_shot`), so that the spread of the
points is what a page may expect of 20 lists drawn now. "accuracy": lists of all relations of a kind and a
language in turn, both GPTs. "by_relation": of one relation alone, tiny-gpt2. "copied": what giving the answer
shown most often would get.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from app.engine.few_shot import N_PROMPTS, RELATIONS, Relation, answers, drawn, relations
from app.models import LoadedModel, ModelSpec, load
from training.evaluate.plan import GPTS
from training.paths import MODELS
from training.records.recorder import Point, Recorder

SHOTS = (0, 1, 2, 4, 8)
N_BATCHES = 10
FIRST_SEEDS = tuple(range(0, N_BATCHES * N_PROMPTS, N_PROMPTS))  # of each batch
AGAIN = ("ko_noun category", "en_verb past", "ko 동물 과일")
AGAIN_SHOTS = (0, 4)

List = tuple[Relation, int]  # and its seed


def embedded(model: str) -> LoadedModel:
    return load(ModelSpec(model, "local", str(MODELS / model)))


def batches(of: Sequence[Relation]) -> list[list[List]]:
    """Every list has a seed of its own; those of one batch go through the relations in turn."""
    lists = [(of[seed % len(of)], seed) for seed in range(N_BATCHES * N_PROMPTS)]
    return [lists[first : first + N_PROMPTS] for first in FIRST_SEEDS]


def share_right(loaded: LoadedModel, batch: Sequence[List], shots: int) -> float:
    """The share of a batch's lists whose most probable candidate is right."""
    lists = [drawn(relation, shots, seed) for relation, seed in batch]
    return fmean(answers(loaded, one, shots)[0][0] == one.answer for one in lists)


def share_copied(of: Sequence[Relation], shots: int) -> float:
    """What copying gets on all batches."""
    lists = [drawn(relation, shots, seed) for batch in batches(of) for relation, seed in batch]
    return fmean(one.copied(shots) == one.answer for one in lists)


def row(loaded: LoadedModel, of: Sequence[Relation], shots: int, facts: dict[str, str]) -> dict[str, Any]:
    """mean, points, copied: shares from 0 to 1."""
    points = [round(share_right(loaded, batch, shots), 4) for batch in batches(of)]
    found = {
        "model": loaded.name,
        **facts,
        "shots": shots,
        "mean": round(fmean(points), 4),
        "points": points,
        "copied": round(share_copied(of, shots), 4),
    }
    print(found, flush=True)
    return found


def measure() -> dict[str, Any]:
    """41,000 lists: about eight minutes on one idle core."""
    models = {model: embedded(model) for model in GPTS}
    groups: dict[tuple[str, str], list[Relation]] = {}
    for relation in relations():
        groups.setdefault((relation.kind, relation.lang), []).append(relation)
    return {
        "relations_sha256": relations_sha256(),
        "accuracy": [
            row(models[model], of, shots, {"kind": kind, "lang": lang})
            for model in GPTS
            for (kind, lang), of in groups.items()
            for shots in SHOTS
        ],
        "by_relation": [
            row(models[GPTS[0]], [relation], shots, {"relation": relation.name})
            for relation in relations()
            for shots in SHOTS
        ],
    }


def relations_sha256() -> str:
    return hashlib.sha256(RELATIONS.read_bytes()).hexdigest()


def measure_again(data: dict[str, Any]) -> list[Point]:
    """The first batch of some relations."""
    loaded, points = embedded(GPTS[0]), []
    for name in AGAIN:
        (relation,) = (one for one in relations() if one.name == name)
        for shots in AGAIN_SHOTS:
            now = share_right(loaded, batches([relation])[0], shots)
            (found,) = (
                one for one in data["by_relation"] if (one["relation"], one["shots"]) == (name, shots)
            )
            what = f"{name}, {shots} examples"
            points.append(Point(what, now, min(found["points"]), max(found["points"])))
    return points


RECORDER = Recorder(
    measure,
    measure_again,
    {
        "lists": "assets/datasets/relations.jsonl",
        "lists_in_a_batch": N_PROMPTS,
        "batches": N_BATCHES,
        "shots": list(SHOTS),
    },
    seeds=FIRST_SEEDS,
    models=GPTS,
)
