"""The first picture of 「미세조정」, before torch is there: the settings, and no numbers."""

from __future__ import annotations

from typing import Any

from app.engine import sets
from app.lesson import Context, Page
from lessons.fine_tuning.state import TASKS, State


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    return {
        **settings(state),
        "tasks": task_list(context),
        "kind": "classification" if state.task == "own" else sets.about(state.task).kind,
        "labels": [],
        "fields": [],
        "sequences": [],
        "look": "",
    }


def settings(state: State) -> dict[str, Any]:
    """Those of the next run, as the page keeps them with it."""
    return {
        "view": state.view,
        "task": state.task,
        "settings": {
            "lambda": state.lambda_,
            "rate": state.rate,
            "layers": state.layers,
            "trained": state.trained,
            "seed": state.seed,
            "steps": state.steps,
        },
    }


def task_list(context: Context) -> list[dict[str, str]]:
    """[{"id", "kind", "name"}] of what can be trained."""
    return [
        {
            "id": task,
            "kind": "classification" if task == "own" else sets.about(task).kind,
            "name": context.text(f"task.{task}"),
            "example": context.words[f"example.{'sentiment' if task == 'own' else task}"].split("\n")[0],
        }
        for task in TASKS
    ]
