"""The scores of every head on the random lists: the one definition, read a little at a time as the page asks.

What a list has given is kept for all visitors (`head_scores.measuring`); no cut changes it.
"""

from __future__ import annotations

import time
from math import ceil

from app.engine.head_scores import N_SEQUENCES, HeadScores, measuring, repeated_sequences
from app.engine.memory import SHARED, number_of
from app.models import LoadedModel
from app.models.tokens import Piece

SLICE = 0.3  # seconds of one question
SHOWN = 2  # tokens of a list
BYTES = 400  # of the scores of one head


def read_some(loaded: LoadedModel) -> float:
    """Go on reading for a moment, at least one list -> the share that is done; 1 when all of it is."""
    end, first, work = time.monotonic() + SLICE, None, measuring(loaded)
    while scores(loaded) is None:
        try:
            share = next(work)
        except StopIteration as stop:
            SHARED.put(_key(loaded), stop.value, BYTES * len(stop.value))
            break
        reading = ceil(share * N_SEQUENCES - 1e-6)  # this list; what it gives is kept when it is done
        first = reading if first is None else first
        if reading > first and share < 1 and time.monotonic() >= end:
            return share
    return 1.0


def scores(loaded: LoadedModel) -> list[HeadScores] | None:
    """Of every head, layer by layer; None as long as lists are left."""
    return SHARED.get(_key(loaded))


def example(loaded: LoadedModel) -> list[Piece]:
    """How the first list begins."""
    ids = repeated_sequences(loaded.vocab_size, loaded.n_ctx)[0]  # (2n,)
    return loaded.tokenizer.pieces(ids[: min(SHOWN, len(ids) // 2)].tolist())


def done(loaded: LoadedModel) -> bool:
    """All lists have been read by this model."""
    return scores(loaded) is not None


def _key(loaded: LoadedModel) -> tuple[str, int]:
    return "scores on the random lists", number_of(loaded)
