"""The record `in_context`: how often the models complete a fresh list, by how many examples they are shown.

One point is the accuracy on one batch of 20 fresh lists (`app.engine.few_shot`), so that the spread of the
points is what a page may expect of 20 lists drawn now. "accuracy": lists of all relations of a kind and a
language in turn, both GPTs. "by_relation": of one relation alone, tiny-gpt2. "copied": what giving the answer
shown most often would get.

Each row is kept in build/in_context as soon as it is measured, under the hashes of weights and relations, so
that a second call goes on where the first one stopped, or in a fresh clone where the record ends. With
`MINUTES=n` in the environment no row of one relation is begun after n minutes; "left_out" names the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

from app.engine.few_shot import N_PROMPTS, RELATIONS, Relation, answers, drawn, relations
from app.models import LoadedModel, ModelSpec, load
from training.evaluate.plan import GPTS
from training.paths import BUILD, MODELS, read_record, weights_sha256
from training.records.recorder import Point, Recorder

FOLDER = BUILD / "in_context"
SHOTS = (0, 1, 2, 4, 8)
N_BATCHES = 10
FIRST_SEEDS = tuple(range(0, N_BATCHES * N_PROMPTS, N_PROMPTS))  # of each batch
AGAIN = ("ko_noun category", "en_noun plural", "ko_verb past")
AGAIN_SHOTS = (0, 4)

SETTINGS: dict[str, Any] = {
    "lists": "assets/datasets/relations.jsonl",
    "lists_in_a_batch": N_PROMPTS,
    "batches": N_BATCHES,
    "shots": list(SHOTS),
}

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
    if kept := kept_row(loaded.name, shots, facts):
        return kept
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
    with rows_file(loaded.name).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(found, ensure_ascii=False) + "\n")
    return found


def kept_row(model: str, shots: int, facts: dict[str, str]) -> dict[str, Any] | None:
    """A row that has been measured before."""
    path, wanted = rows_file(model), {"model": model, "shots": shots, **facts}
    rows = (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    )
    return next((row for row in rows + recorded(model) if wanted.items() <= row.items()), None)


def recorded(model: str) -> list[dict[str, Any]]:
    """The rows of the record, where it is of today's weights and relations."""
    record = read_record("in_context")
    if record is None or record["settings"] != SETTINGS:
        return []
    data, of_today = record["data"], record["weights"].get(model) == weights_sha256(model)
    same = of_today and data["relations_sha256"] == relations_sha256()
    return data["accuracy"] + data["by_relation"] if same else []


def rows_file(model: str) -> Path:
    """Its name is a hash of what decides the figures."""
    decides = f"{weights_sha256(model)} {relations_sha256()} {N_BATCHES} {N_PROMPTS}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    return FOLDER / f"{hashlib.sha256(decides.encode()).hexdigest()[:24]}.jsonl"


def measure() -> dict[str, Any]:
    """41,000 lists: about ten minutes on one idle core."""
    deadline = time.monotonic() + 60 * float(os.environ.get("MINUTES", "inf"))
    models = {model: embedded(model) for model in GPTS}
    groups: dict[tuple[str, str], list[Relation]] = {}
    for relation in relations():
        groups.setdefault((relation.kind, relation.lang), []).append(relation)
    accuracy = [
        row(models[model], of, shots, {"kind": kind, "lang": lang})
        for model in GPTS
        for (kind, lang), of in groups.items()
        for shots in SHOTS
    ]
    by_relation, left_out = [], []
    for relation, shots in product(relations(), SHOTS):
        facts = {"relation": relation.name}
        if time.monotonic() < deadline or kept_row(GPTS[0], shots, facts):
            by_relation.append(row(models[GPTS[0]], [relation], shots, facts))
        else:
            left_out.append({**facts, "shots": shots})
    return {
        "relations_sha256": relations_sha256(),
        "accuracy": accuracy,
        "by_relation": by_relation,
        "left_out": left_out,
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
    SETTINGS,
    seeds=FIRST_SEEDS,
    models=GPTS,
)
