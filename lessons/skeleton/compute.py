"""The numbers: pure functions of the loaded model, without gradio."""

from __future__ import annotations

from app.guess import Answer
from app.models.loading import LoadedModel


def characters_in(loaded: LoadedModel, ids: list[int], lit: int) -> int:
    """Characters of the text that the first `lit` tokens hold, spaces included."""
    return len(loaded.tokenizer.decode(ids[:lit]))


def token_count(loaded: LoadedModel, ids: list[int]) -> Answer:
    """How many tokens the text is: the answer to the question `count`."""
    return Answer(len(ids), {"n": len(ids), "characters": characters_in(loaded, ids, len(ids))})
