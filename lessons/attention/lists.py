"""The scores of every head on the random lists: the one definition, read a little at a time as the page asks.

What a list has given is kept for all visitors (`head_scores.measuring`); no cut changes it.
"""

from __future__ import annotations

import time
from math import ceil

from app.engine.head_scores import N_SEQUENCES, HeadScores, head_scores, measuring
from app.engine.memory import SHARED, number_of
from app.models import LoadedModel

SLICE = 0.3  # seconds of one question


def read_some(loaded: LoadedModel) -> float:
    """Go on reading for a moment, at least one list -> the share that is done; 1 when all of it is."""
    end, first = time.monotonic() + SLICE, None
    for share in measuring(loaded):
        reading = ceil(share * N_SEQUENCES - 1e-6)  # this list; what it gives is kept when it is done
        first = reading if first is None else first
        if reading > first and time.monotonic() >= end:
            return share
    SHARED.put(("lists read", number_of(loaded)), True, 0)
    return 1.0


def done(loaded: LoadedModel) -> bool:
    """All lists have been read by this model."""
    return SHARED.get(("lists read", number_of(loaded))) is not None


def scores(loaded: LoadedModel) -> list[HeadScores] | None:
    """Of every head, layer by layer; None as long as lists are left."""
    return head_scores(loaded) if done(loaded) else None
