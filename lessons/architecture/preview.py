"""The first picture of 「GPT-1 vs GPT-2」, before the models are there: the boxes, and no numbers."""

from __future__ import annotations

from typing import Any

from app.lesson import Context, Page
from lessons.architecture.state import State


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    return {
        "columns": [],
        "open": state.block,
        "blocks": 4,
        "lit": state.lit,
        "side": state.side,
        "node": state.node,
        "row": state.row,
        "panel": None,
        "look": context.text("look.preview"),
        "labs": {"depth": state.depth, "scaled": state.scaled, "open": []},
    }
