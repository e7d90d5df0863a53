"""A stage that the page leads: a training run in the browser, one weight w on the loss (w − 3)².

The run is `stage.own` in draw.js. Python answers what the page asks, here the gradient; a real lesson has it
computed in the browser, and asks Python only what it alone knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.lesson import Context, Lesson, Live, Page, Stage
from app.payload import Payload

TARGET = 3.0


@dataclass(frozen=True)
class State:
    """Nothing: all of it is in the page."""


def gradient(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"weight"} -> loss and its derivative there."""
    weight = payload.number("weight", -1e3, 1e3)
    if weight > 100:
        raise InputError("out_of_range", name="weight", low="-1000", high="100")
    return {"loss": (weight - TARGET) ** 2, "slope": 2 * (weight - TARGET)}


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    return {"target": TARGET}


LESSON = Lesson(
    id="page-leads",
    order=1,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(
        preview=lambda context, page, state: {"target": None},
        live=Live(draw=draw, replies={"gradient": gradient}),
    ),
    first=True,
)
