"""The first picture of 「어텐션」, before the model is there: the empty map and no numbers."""

from __future__ import annotations

from typing import Any

from app.lesson import Context, Page
from lessons.attention.state import State


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    return {
        "at": {"layer": state.layer, "head": state.head, "query": state.query},
        "view": state.view,
        "mode": state.mode,
        "rank": state.rank,
        "lists": state.lists,
        "tool": state.tool,
        "how": state.how,
        "map": None,
        "large": None,
        "row": None,
        "look": context.text("look.preview"),
    }
