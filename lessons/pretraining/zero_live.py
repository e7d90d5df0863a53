"""The zero-shot heuristics measured again, now, on forty examples, at the checkpoint on show."""

from __future__ import annotations

from typing import Any

from app.engine.zero_shot_sets import N_LIVE, zero_shot_live
from app.lesson import Context, Page
from app.payload import Payload
from lessons.pretraining import road
from lessons.pretraining.picture import Picture
from lessons.pretraining.state import TASKS, State


def measure(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"task", "at", "accuracy", "value", "say"}: percent right, and where that stands between 0 and 1."""
    task = payload.choice("task", TASKS)
    picture = Picture(context, page, state, context.model(page))
    found = zero_shot_live(picture.pretrained, task, context.lang)
    accuracy = next(iter(found.accuracy.values()))
    zero = road.zero(picture)
    if zero is None:
        return {"task": task, "at": state.at, "accuracy": accuracy, "value": None, "say": ""}
    curve = next(one for one in zero["curves"] if one["task"] == task)
    stops = [*picture.steps, 0]
    recorded = curve["accuracy"][stops.index(state.at)]
    say = context.text(
        "zero.live", n=N_LIVE, task=curve["name"], now=f"{accuracy:.1f}", recorded=f"{recorded:.1f}"
    )
    value = (accuracy - curve["chance"]) / (curve["tuned"] - curve["chance"])
    return {"task": task, "at": state.at, "accuracy": accuracy, "value": round(value, 4), "say": say}
