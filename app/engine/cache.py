"""The KV cache, ours and the same for both architectures (`transformers` has none for GPT-1).

The keys and values of a token depend on the tokens before it only, so what is computed once can be kept: a
new token costs one row instead of the whole text. It also depends on the token's position, so when the window
slides and every token moves by one, nothing can be kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from app.engine.forward import hidden, unembed
from app.engine.key_values import KeyValues
from app.errors import InputError

if TYPE_CHECKING:
    from app.models import LoadedModel


class KVCache:
    """Next-token logits of one growing, shrinking, branching text, computing only what is new.

    After `logits`: n_reused and n_computed, the tokens kept from before and run through the model; n_dropped,
    the oldest tokens that fell out of the context window; numbers_saved = 2 · n_layer · d_model · n_reused,
    the key and value numbers that were read instead of computed. A copy of a cache starts empty (sessions
    copy their first state).
    """

    def __init__(self):
        self._lock = Lock()
        self._loaded: LoadedModel | None = None
        self._memory: KeyValues | None = None
        self._ids: list[int] = []  # the tokens whose keys and values are held
        self.n_reused = self.n_computed = self.n_dropped = self.numbers_saved = 0

    def __deepcopy__(self, memo: dict) -> KVCache:
        return KVCache()

    def logits(self, loaded: LoadedModel, ids: Sequence[int]) -> Tensor:
        """Logits (V,) float32 for the token after `ids`, of which the last n_ctx count.

        Raises InputError("no_tokens" or "unknown_token").
        """
        check_ids(loaded, ids)
        window = list(ids[-loaded.n_ctx :])
        with self._lock, torch.no_grad():
            if self._loaded is not loaded:
                self._loaded, self._ids, self._memory = loaded, [], KeyValues(loaded)
            # At least the last token is run: its logits are what is asked for.
            n_reused = min(common_prefix(self._ids, window), len(window) - 1)
            self._memory.crop(n_reused)
            self._ids = window[:n_reused]
            final = hidden(loaded, torch.tensor([window[n_reused:]]), self._memory)  # (1, T, d)
            self._ids = window
            self.n_reused, self.n_computed = n_reused, len(window) - n_reused
            self.n_dropped = len(ids) - len(window)
            self.numbers_saved = 2 * loaded.n_layer * loaded.d_model * n_reused
            return unembed(loaded, final[0, -1])


def probabilities(loaded: LoadedModel, ids: Sequence[int], start: int) -> list[float]:
    """Plain softmax probability of ids[i] after all before it, for every i ≥ start ≥ 1: one forward pass.

    Raises InputError("no_tokens" or "unknown_token"). ids without the last one must fit into the context.
    """
    check_ids(loaded, ids)
    with torch.no_grad():
        final = hidden(loaded, torch.tensor([ids[:-1]]))[0, start - 1 :]  # (n, d)
        p = unembed(loaded, final).double().softmax(-1)  # (n, V)
    return p.gather(1, torch.tensor(ids[start:])[:, None])[:, 0].tolist()


def check_ids(loaded: LoadedModel, ids: Sequence[int]) -> None:
    """Raise InputError: "no_tokens" when there is no token, "unknown_token" for an id outside the
    vocabulary.
    """
    if not ids:
        raise InputError("no_tokens")
    for id_ in (min(ids), max(ids)):
        if not 0 <= id_ < loaded.vocab_size:
            raise InputError("unknown_token", id=id_, n=loaded.vocab_size)


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many first elements are the same."""
    for i, (left, right) in enumerate(zip(a, b, strict=False)):
        if left != right:
            return i
    return min(len(a), len(b))
