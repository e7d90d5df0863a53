"""The recorded runs in words and points: Figure 2 left, Table 5, and what a run may change.

The numbers come from `transferred`, those of the paper from table5.toml; pure, without torch.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from app import records
from app.lesson import Context
from lessons.fine_tuning import transferred
from lessons.fine_tuning.transferred import BOTH, RECORD, PartRow, Spread

SPLIT = "test"


def measured_task(model: str, task: str) -> str:
    """The task whose recorded runs stand for `task`: itself, or the first that was measured."""
    measured = transferred.tasks()
    return task if task in measured else measured[0]


def layers(context: Context, model: str, task: str) -> dict[str, Any]:
    """Figure 2 left: {"task", "points": [{"k", "name", "mean", "spread", "values"}], "steps", "lambda", …}.

    Values are accuracies in percent on `test`, both languages; one for each seed. A run of the learner's with
    the same steps, "lambda" and learning "rate" may stand among the points.
    """
    name = measured_task(model, task)
    points = transferred.layers(model, name)
    found = [
        {"k": point.n_layers_transferred, "name": _start(context, point.n_layers_transferred)}
        | _spread(point.accuracy[SPLIT][BOTH])
        for point in points
    ]
    best = max(found, key=lambda point: point["mean"])
    return {
        "task": name,
        "points": found,
        "steps": points[0].steps,
        "lambda": points[0].lambda_,
        "rate": _recipe()["learning_rate"],
        "note": _note(context, name, task) or context.text("layers.note"),
        "look": context.text(
            "layers.look",
            steps=points[0].steps,
            nothing=f"{found[0]['mean']:.1f}",
            embeddings=f"{found[1]['mean']:.1f}",
            best=best["name"],
            most=f"{best['mean']:.1f}",
            last=f"{found[-1]['mean']:.1f}",
            n=found[-1]["k"],
        ),
        "source": _source(context),
    }


def parts(context: Context, model: str, task: str) -> dict[str, Any]:
    """What a run may change: {"task", "rows": [{"id", "name", "n", "mean", "spread"}], "note", "source"}."""
    name = measured_task(model, task)
    rows = [
        {
            "id": f"{row.trained} {row.n_last_layers}".removesuffix(" 0"),
            "name": context.text(f"trained.{_key(row)}", n=row.n_last_layers),
            "n": row.n_changed,
        }
        | _spread(row.accuracy[SPLIT][BOTH])
        for row in transferred.parts(model, name)
    ]
    steps = context.text("parts.note", steps=_recipe()["steps"])
    note = " ".join(filter(None, [_note(context, name, task), steps]))
    return {"task": name, "rows": rows, "note": note, "source": _source(context)}


def lambdas(context: Context, model: str, task: str) -> dict[str, Any]:
    """λ on and off: {"rows": [{"lambda", "mean", "spread", "l1_task", "l1_held_out"}], "before", "say"}."""
    name = measured_task(model, task)
    rows = transferred.lambdas(model, name)
    before = transferred.before(model, name)
    off, on = rows[0], next(row for row in rows if row.lambda_ == 0.5)
    difference = on.accuracy[SPLIT][BOTH].mean - off.accuracy[SPLIT][BOTH].mean
    return {
        "task": name,
        "before": [f"{value:.2f}" for value in before],
        "rows": [
            {
                "lambda": row.lambda_,
                "l1_task": f"{row.l1_task.mean:.2f}",
                "l1_held_out": f"{row.l1_held_out.mean:.2f}",
            }
            | _spread(row.accuracy[SPLIT][BOTH])
            for row in rows
        ],
        "say": context.text(
            "lambdas.up" if difference > 0 else "lambdas.down",
            points=f"{abs(difference):.1f}",
            task_before=f"{before[0]:.2f}",
            task_off=f"{off.l1_task.mean:.2f}",
            task_on=f"{on.l1_task.mean:.2f}",
            world_before=f"{before[1]:.2f}",
            world_off=f"{off.l1_held_out.mean:.2f}",
            world_on=f"{on.l1_held_out.mean:.2f}",
        ),
        "note": " ".join(filter(None, [_note(context, name, task), context.text("lambdas.note")])),
        "source": _source(context),
    }


def table_5(context: Context) -> dict[str, Any]:
    """The paper's λ on and off: {"rows": [{"name", "on", "off", "points"}], most gained first, "say"}."""
    paper = _paper()
    rows = [
        {"name": name, "on": on, "off": off, "points": round(on - off, 1)}
        for name, (on, off) in paper["tasks"].items()
    ]
    rows.sort(key=lambda row: -row["points"])
    gained = sum(row["points"] > 0 for row in rows)
    on, off = paper["average"]
    return {
        "rows": rows,
        "say": context.text("paper.say", n=len(rows), gained=gained, lost=len(rows) - gained, on=on, off=off),
    }


@cache
def _paper() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "table5.toml").read_text(encoding="utf-8"))


def _spread(of: Spread) -> dict[str, Any]:
    return {"mean": round(of.mean, 2), "spread": round(of.spread, 2), "values": list(of.values)}


def _key(row: PartRow) -> str:
    return "last_layer" if row.n_last_layers == 1 else row.trained.replace(" ", "_")


def _start(context: Context, k: int) -> str:
    return context.text(
        {-1: "start.nothing", 0: "start.embeddings", 1: "start.layer"}.get(k, "start.layers"), n=k
    )


def _note(context: Context, shown: str, asked: str) -> str:
    return "" if shown == asked else context.text("recorded.other", task=context.text(f"task.{shown}"))


def _recipe() -> dict[str, Any]:
    """The settings that all recorded runs share."""
    return records.read(RECORD)["settings"]["recipe"]


def _source(context: Context) -> str:
    record = records.read(RECORD)
    seeds = ", ".join(map(str, record["seeds"][:3]))
    return context.text("recorded.source", command=record["command"], date=record["date"], seeds=seeds)
