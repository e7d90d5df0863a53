"""The record of fine-tuning: what `training.evaluate.fine_tuning` measured, by point, mean, spread and seed.

`make records ARGS="fine_tuning"` makes the runs that are missing (hours, resumable), then writes the record.
With `MINUTES=n` in the environment it begins no run after n minutes and lists what is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, replace
from statistics import mean, pstdev
from typing import Any

from app.engine.finetune import N_SOFT_PROMPTS
from app.engine.recipe import RECIPE
from app.models import ModelSpec, load
from training.evaluate.downstream import read_task, set_sha256
from training.evaluate.fine_tuning import FOLDER, Results, held_out_text, measure, run_all, train
from training.evaluate.plan import FIRST_SEEDS, GPTS, TASKS, TWO_TASKS, Setting, settings
from training.evaluate.quick_run import batches
from training.paths import MODELS, read_record, weights_sha256
from training.records.recorder import Point, Recorder

POINTS = {1: "gain", 2: "layers", 3: "lambdas", 4: "parts"}
SPLITS = ("test", "test_new_words")
LOSSES = ("l1_task", "l1_held_out")


def measured() -> dict[str, Any]:
    """All runs there are after making the missing ones, as plain JSON."""
    results = Results(FOLDER)
    take_over(read_record("fine_tuning"), results)
    run_all(settings(), results, 60 * float(os.environ.get("MINUTES", "inf")))
    found = {one: result for one in settings() if (result := results.read(one))}
    return {name: table(point, found) for point, name in POINTS.items()} | {
        "before": {model: before(model) for model in GPTS},
        "sets_sha256": {task: set_sha256(task) for task in TASKS},
        "left_out": [asdict(one) for one in settings() if one not in found],
    }


def take_over(record: dict[str, Any] | None, results: Results) -> None:
    """Keep the runs of a record as if they had just been made, so that a fresh clone goes on where it ended.

    Only those that today's recipe, weights and sets would give.
    """
    if record is None or record["settings"]["recipe"] != asdict(RECIPE):
        return
    weights, sets = record["weights"], record["data"]["sets_sha256"]
    models = [model for model in GPTS if weights.get(model) == weights_sha256(model)]
    tasks = [task for task in TASKS if sets.get(task) == set_sha256(task)]
    for one in settings():
        if one.model in models and one.task in tasks and not results.read(one):
            rows = [row for row in record["data"][POINTS[one.point]] if is_row(row, one)]
            if rows and (found := rows[0]["by_seed"].get(str(one.seed))):
                results.keep(one, run_of(rows[0], found))


def run_of(row: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """One seed's figures of a row, as `measure` gave them: what `row` does, backwards."""
    losses = {name: found[name] for name in LOSSES if name in found}
    accuracy = {split: by_language for split, by_language in found.items() if split not in LOSSES}
    return {"accuracy": accuracy, "n_changed": row["n_changed"]} | losses


def table(point: int, found: dict[Setting, dict]) -> list[dict[str, Any]]:
    """A row for each setting of a point but for the seed, in the order of the plan."""
    rows: dict[Setting, dict[int, dict]] = {}
    for one, result in found.items():
        if one.point == point:
            rows.setdefault(replace(one, seed=0), {})[one.seed] = result
    return [row(one, by_seed) for one, by_seed in rows.items()]


def row(setting: Setting, by_seed: dict[int, dict]) -> dict[str, Any]:
    """mean, spread: of the seeds' accuracies in percent, both languages together, the spread a standard
    deviation. by_seed: accuracy by split and language, and in point 3 the two losses L1 in nats per token.
    """
    facts = {name: value for name, value in asdict(setting).items() if name not in ("point", "seed")}
    accuracies = {
        split: [mean(one["accuracy"][split].values()) for one in by_seed.values()]
        for split in SPLITS
        if all(split in one["accuracy"] for one in by_seed.values())
    }
    return facts | {
        "n_changed": next(iter(by_seed.values()))["n_changed"],
        "mean": {split: round(mean(values), 1) for split, values in accuracies.items()},
        "spread": {split: round(pstdev(values), 1) for split, values in accuracies.items()},
        "by_seed": {
            str(seed): one["accuracy"] | {name: one[name] for name in LOSSES if name in one}
            for seed, one in sorted(by_seed.items())
        },
    }


def before(model: str) -> dict[str, Any]:
    """L1 in nats per token of a run that has made no step, everything transferred: where point 3 starts."""
    loaded = load(ModelSpec(model, "local", str(MODELS / model)))
    losses = {}
    for name in TWO_TASKS:
        task = read_task(name, loaded)
        run = train(loaded, task, Setting(3, model, name, 0, steps=0))
        losses[name] = round(run.text_loss(batches(task.test)), 4)
    return {"l1_task": losses, "l1_held_out": round(run.text_loss(held_out_text(loaded)), 4)}


def measure_again(data: dict[str, Any]) -> list[Point]:
    """One run of point 1 anew: within a point of what was recorded for its seed."""
    setting = Setting(1, "tiny-gpt2", "sentiment", 0)
    loaded = load(ModelSpec(setting.model, "local", str(MODELS / setting.model)))
    found = measure(loaded, read_task(setting.task, loaded), setting, ())["accuracy"]["test"]
    rows = data["gain"]
    wanted = next(one for one in rows if is_row(one, setting))["by_seed"]["0"]["test"]
    return [Point(f"{lang}, test", found[lang], wanted[lang] - 1, wanted[lang] + 1) for lang in found]


def is_row(one: dict[str, Any], setting: Setting) -> bool:
    """Whether a row is of this setting, whatever the seeds."""
    return all(one[name] == value for name, value in asdict(setting).items() if name in one)


def _settings(points: Iterable[int] = POINTS) -> dict[str, Any]:
    return {
        "recipe": asdict(RECIPE),
        "runs": {POINTS[point]: sum(one.point == point for one in settings()) for point in points},
        "soft_prompts": N_SOFT_PROMPTS,
    }


RECORDER = Recorder(measured, measure_again, _settings(), FIRST_SEEDS, GPTS)
