"""The record `ln_training`: first steps of post-LN and pre-LN at several depths, warm-up or none.

Two learning rates, because the answer depends on it: with the smaller one a placement may do without the
warm-up that it needs with the larger one. Both placements with and without 1/√N, so that what differs
between two curves is one thing; the papers changed both at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from itertools import product
from statistics import fmean
from typing import Any

from app.engine.init_lab import Spread
from app.engine.untrained import PLACEMENTS
from training.records.init_training import Plan, best_loss, losses, untaught_loss
from training.records.recorder import Point, Recorder

DEPTHS = (2, 6, 12, 24)
LEARNING_RATES = (0.003, 0.01)
N_STEPS = 100
WARM_UPS = (0, 25)
STEPS_PER_POINT = 5
SEEDS = (0, 1, 2)
AGAIN = {"depth": 2, "scaled": False, "learning_rate": 0.003, "warm_up": 25}  # what a test has time for


def curve(plan: dict[str, Any], seed: int) -> list[float]:
    """L1 in nats along one run, each point the mean over STEPS_PER_POINT steps."""
    found = list(losses(Plan(**plan, n_steps=N_STEPS, seed=seed)))
    return [fmean(found[start : start + STEPS_PER_POINT]) for start in range(0, N_STEPS, STEPS_PER_POINT)]


def spread(plan: dict[str, Any]) -> Spread:
    """The curves of all seeds together, rounded to what a picture can show."""
    found = Spread.of([curve(plan, seed) for seed in SEEDS])
    return Spread(*([round(loss, 3) for loss in losses_] for losses_ in asdict(found).values()))


def plans() -> Iterator[dict[str, Any]]:
    """The fields of `Plan` of every run, without seed and steps; the shallow ones, which are fast, first."""
    for depth, scaled, rate, warm_up, placement in product(
        DEPTHS, (False, True), LEARNING_RATES, WARM_UPS, PLACEMENTS
    ):
        yield {
            "placement": placement,
            "scaled": scaled,
            "depth": depth,
            "learning_rate": rate,
            "warm_up": warm_up,
        }


def measure() -> dict[str, Any]:
    """All runs, one after the other: about twenty minutes on one idle core."""
    runs = []
    for plan in plans():
        runs.append(plan | asdict(spread(plan)))
        print(f"{plan} {runs[-1]['mean'][-1]} nats", flush=True)
    return {"best_loss": round(best_loss(), 3), "untaught_loss": round(untaught_loss(), 3), "runs": runs}


def measure_again(data: dict[str, Any]) -> list[Point]:
    """The last point of the shallowest runs, both placements: the mean over the seeds lies between them."""
    points = []
    for run in data["runs"]:
        if AGAIN.items() <= run.items():
            plan = {field.name: run[field.name] for field in fields(Plan) if field.name in run}
            now = spread(plan).mean[-1]
            points.append(Point(str(plan), now, run["low"][-1], run["high"][-1]))
    return points


RECORDER = Recorder(
    measure=measure,
    measure_again=measure_again,
    settings={
        "steps": N_STEPS,
        "steps_per_point": STEPS_PER_POINT,
        "optimizer": "Adam, β 0.9 and 0.999, no weight decay, no clipping",
        "language": "64 words, each followed by one of four",
        "batch": "8 texts of 32 tokens",
        "model": "width 64, 4 heads, all matrices and embeddings N(0, 0.02); both placements with and "
        "without residual weights times 1/√(2·depth)",
    },
    seeds=SEEDS,
)
