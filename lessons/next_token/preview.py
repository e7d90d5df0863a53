"""The first picture of 「GPT란?」, before the model is there: the real tokens of the text, and no numbers."""

from __future__ import annotations

from typing import Any

from app import models
from app.errors import ModelError
from app.lesson import Context, Page
from app.views.tokens import token_view
from lessons.next_token.state import COLUMNS, State


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    """The picture; where the tokenizer is not at hand, the tokens wait for the model too."""
    spec = context.registry.spec(page.model)
    try:
        tokenizer = models.loading.load_tokenizer(spec) if spec.source == "embedded" else None
    except ModelError:
        tokenizer = None
    ids = tokenizer.encode(page.text or "") if tokenizer else []
    tokens = [token_view(piece) for piece in tokenizer.pieces(ids)[-COLUMNS:]] if tokenizer else []
    return {
        "tokens": tokens,
        "offset": max(0, len(ids) - COLUMNS),
        "drawn": None,
        "u": None,
        "n_input": len(ids),
        "n_typed": len(ids),
        "grown": "",
        "n_context": len(ids),
        "n_ctx": None,
        "n_dropped": 0,
        "window_note": "",
        "kv_saved": None,
        "kv_fresh": 0,
        "rows": [],
        "hit": -1,
        "tree": None,
        "hidden": False,
        "ended": False,
        "say": context.text("say.preview"),
        "look": context.text("look.preview"),
        "cover": "",
        "knobs": knobs(state),
        "knobs_line": "",
        "notes": {},
        "compare": None,
        "cache_now": "",
        "board_note": context.text("board_note"),
        "alt": {"strip": "", "distribution": "", "tree": ""},
    }


def knobs(state: State) -> dict[str, float]:
    """Where the knobs stand."""
    return {name: getattr(state, name) for name in ("temperature", "top_k", "top_p", "seed")}
