"""The live half: what the browser's actions do, and the picture with the model's numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.engine.memory import number_of
from app.guess import Questions
from app.lesson import Context, Live, Page
from app.payload import Payload
from app.views.snippet import Snippet
from app.views.tokens import token_view
from lessons.skeleton import compute
from lessons.skeleton.state import MOST_SHOWN, State


def light(context: Context, page: Page, state: State, payload: Payload) -> State:
    """The slider: its value is checked by the codec of the field."""
    return replace(state, lit=payload.field("lit", State))


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    """Plain data and finished sentences. Heading, text, questions and code are drawn by the frame."""
    loaded = context.model(page)
    ids = loaded.tokenizer.encode(page.text)
    lit = min(state.lit, len(ids))
    characters = compute.characters_in(loaded, ids, lit)
    return {
        "tokens": [token_view(piece) for piece in loaded.tokenizer.pieces(ids)[:MOST_SHOWN]],
        "lit": state.lit,
        "look": context.text("look", lit=lit, n=len(ids), characters=characters),
        "questions": Questions((number_of(loaded), *ids), lambda name: getattr(compute, name)(loaded, ids)),
        "code": Snippet("snippets/tokens.py", {"name, text, lit = ": _values(context, page, lit)}),
    }


def _values(context: Context, page: Page, lit: int) -> str:
    spec = context.registry.spec(page.model)
    name = f"assets/models/{spec.name}" if spec.source == "embedded" else spec.name
    return f"{name!r}, {page.text!r}, {lit}"


LIVE = Live(draw=draw, actions={"light": light})
