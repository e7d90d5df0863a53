"""A stage whose page trains on the server: `stage.own` holds what server_trainer.js tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.lesson import Context, Lesson, Live, Page, Stage
from lessons.fine_tuning import server_runs


@dataclass(frozen=True)
class State:
    """Nothing: the run is the server's, its picture the page's."""


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    return {}


LESSON = Lesson(
    id="server-trains",
    order=3,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(preview=draw, live=Live(draw=draw, replies=server_runs.replies())),
)
