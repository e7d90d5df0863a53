"""How much a text surprises a model: the mean of −log P over its tokens, after end-of-text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from app.engine.forward import hidden, unembed
from app.engine.memory import SHARED, number_of
from app.models import LoadedModel


def mean_surprise(loaded: LoadedModel, ids: Sequence[int]) -> float:
    """Nats per token of `ids`, the first of them after end-of-text; of a long text, the first that fit.

    As in pre-training, where every text begins after that token (GPT-1, equation 1). Raises ValueError for no
    ids, and for a model without an end-of-text token.
    """
    if not ids or loaded.eot_id is None:
        raise ValueError("nothing to measure, or no token before it")
    shown = tuple(ids[: loaded.n_ctx - 1])
    return SHARED.kept(("surprise", number_of(loaded), shown), lambda: (_mean(loaded, shown), 0))


def _mean(loaded: LoadedModel, ids: tuple[int, ...]) -> float:
    with torch.inference_mode():
        before = torch.tensor([[loaded.eot_id, *ids[:-1]]])  # (1, T)
        logits = unembed(loaded, hidden(loaded, before)[0])  # (T, V)
        log_p = logits.double().log_softmax(-1)
    return float(-log_p[torch.arange(len(ids)), torch.tensor(ids)].mean())
