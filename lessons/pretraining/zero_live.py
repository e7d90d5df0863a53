"""The zero-shot heuristics measured again, now, on forty examples, at the checkpoint on show."""

from __future__ import annotations

from typing import Any

from app.lesson import Context, Page
from app.payload import Payload
from lessons.pretraining import road, standin
from lessons.pretraining.picture import Picture
from lessons.pretraining.state import TASKS, State

EXAMPLES = 40


def measure(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"task", "at", "accuracy", "value", "say"}: percent right, and where that stands between 0 and 1."""
    task = payload.choice("task", TASKS)
    picture = Picture(context, page, state, context.model(page))
    accuracy = standin.zero_shot_live(picture.pretrained, task, context.lang, EXAMPLES)
    zero = road.zero(picture)
    if zero is None:
        return {"task": task, "at": state.at, "accuracy": accuracy, "value": None, "say": ""}
    curve = next(one for one in zero["curves"] if one["task"] == task)
    stops = [*picture.steps, 0]
    recorded = curve["accuracy"][stops.index(state.at)]
    say = context.text(
        "zero.live", n=EXAMPLES, task=curve["name"], now=f"{accuracy:.1f}", recorded=f"{recorded:.1f}"
    )
    value = (accuracy - curve["chance"]) / (curve["tuned"] - curve["chance"])
    return {"task": task, "at": state.at, "accuracy": accuracy, "value": round(value, 4), "say": say}
