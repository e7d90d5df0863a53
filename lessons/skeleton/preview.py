"""The first picture, before the model is there: the tokens of the text, and no numbers."""

from __future__ import annotations

from typing import Any

from app.lesson import Context, Page
from app.models.loading import load_tokenizer
from app.views.tokens import token_view
from lessons.skeleton.state import MOST_SHOWN, State


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    """The picture; the tokens of a model from elsewhere come with the model."""
    spec = context.registry.spec(page.model)
    tokens = []
    if spec.source == "embedded":
        tokenizer = load_tokenizer(spec)
        tokens = [token_view(piece) for piece in tokenizer.pieces(tokenizer.encode(page.text or ""))]
    return {"tokens": tokens[:MOST_SHOWN], "lit": state.lit}
