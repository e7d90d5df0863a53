"""The named endpoint of pre-training: every term of equation (1) on a text.

It keeps what `app.endpoints` promises of all, but takes a whole text or nothing, and no end-of-text token
stands in for an empty one.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from app.engine.controls import check_number
from app.models import Registry, load
from app.models.tokens import learner_text

LARGEST_K = 1_000_000  # capped at the context; nothing depends on its size

Json = dict[str, Any]


def log_probs(text: str, model: str, k: int, *, registry: Registry | None = None) -> Json:
    """{"tokens": [{"id", "piece", "log_p"}], "sum", "perplexity"}: ln P of every token, in nats.

    Each token is given the k tokens before it, run alone at positions from 0. k: 1 or more, capped at the
    context. The first token has no condition: its log_p is null and outside the sum. An empty text and one
    token have sum 0 and perplexity null. A text longer than the context is an error, which tells both
    numbers.
    """
    from app.engine.decoding import finish

    return finish(measuring(text, model, k, registry=registry))


def measuring(
    text: str, model: str, k: int, *, registry: Registry | None = None
) -> Generator[None, None, Json]:
    """`log_probs`, which pauses after every block, so that others are answered meanwhile."""
    from app.engine import log_probs as engine

    text = learner_text(text)
    k = check_number("k", k, 1, LARGEST_K, whole=True)
    loaded = load((registry or Registry()).spec(model))
    found = yield from engine.measuring(loaded, loaded.tokenizer.encode(text), k)
    return {
        "tokens": [
            {"id": piece.id, "piece": piece.piece, "log_p": log_p}
            for piece, log_p in zip(found.pieces, (None, *found.log_p), strict=False)
        ],
        "sum": found.sum,
        "perplexity": found.perplexity,
    }
