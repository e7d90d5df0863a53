"""The first picture of 「사전학습」, before the model is there: the stage without numbers."""

from __future__ import annotations

from typing import Any

from app.lesson import Context, Page
from lessons.pretraining.state import State


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    return {
        "view": state.view,
        "at": None,
        "tokens": [],
        "bars": None,
        "axis": None,
        "road": None,
        "zero": None,
        "step": None,
        "world": None,
        "theta": "",
        "background": None,
        "look": context.text("look.preview"),
    }
