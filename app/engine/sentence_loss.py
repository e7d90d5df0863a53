"""L1 of sentences, to learn from and to be measured by: the definition of `objective`, on any model.

`objective` has its own forward pass, which a browser can run. Here the modules of the model run (`forward`),
so every model of both architectures can be stepped; L1 itself is taken from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from app.engine.forward import hidden
from app.engine.memory import SHARED, number_of
from app.engine.objective import language_model_loss, losses_of_examples
from app.engine.tasks import held_out
from app.errors import ModelError

if TYPE_CHECKING:
    from app.models import LoadedModel

N_HELD_OUT = 10


def mean_loss(loaded: LoadedModel, ids: Tensor) -> Tensor:
    """L1 of each row of ids (N, T) but for its first token, and the mean over the rows; nats per token."""
    h = hidden(loaded, ids).unsqueeze(1)  # (N, 1, T, d)
    predicted = torch.ones_like(ids, dtype=h.dtype).unsqueeze(1)  # (N, 1, T)
    predicted[..., 0] = 0
    return language_model_loss(h, loaded.model.lm_head.weight, ids.unsqueeze(1), predicted)


def held_out_losses(loaded: LoadedModel, lang: str, n: int = N_HELD_OUT) -> tuple[float, ...]:
    """L1 of each of `n` sentences of the model's own world that it has not read, in nats per token.

    The texts are the first of `sets.held_out`, each after end-of-text, all in one pass.
    """

    def measure() -> tuple[tuple[float, ...], int]:
        lines = held_out(loaded, lang, n)
        longest = max(map(len, lines))
        ids = torch.tensor([[*line, *[0] * (longest - len(line))] for line in lines])  # (N, T)
        predicted = torch.tensor(
            [[0.0] + [1.0] * (len(line) - 1) + [0.0] * (longest - len(line)) for line in lines]
        )  # (N, T)
        with torch.no_grad():
            h = hidden(loaded, ids).unsqueeze(1)  # (N, 1, T, d)
            head = loaded.model.lm_head.weight
            found = losses_of_examples(h, head, ids.unsqueeze(1), predicted.unsqueeze(1))  # (N,)
        if not found.isfinite().all():
            raise ModelError("broken_weights", name=loaded.name)
        return tuple(found.tolist()), 32 * n

    return SHARED.kept(("held-out losses", number_of(loaded), lang, n), measure)
