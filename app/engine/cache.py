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
from app.errors import InputError

if TYPE_CHECKING:
    from app.models import LoadedModel

ROOM = 64  # tokens; memory grows by doubling from here, since a page with a short text should stay small


class KeyValues:
    """Keys and values of all blocks for B texts of equal length. `len()` is how many tokens it holds."""

    def __init__(self, loaded: LoadedModel):
        self._shape = (loaded.n_layer, loaded.n_head, loaded.d_model // loaded.n_head)
        self._length = 0
        self._keys = self._values = torch.empty(self._shape[0], 1, self._shape[1], 0, self._shape[2])

    def __len__(self) -> int:
        return self._length

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add k, v (B, h, T, d_head) of one block behind what is held -> all of that block's, (B, h, S,
        d_head).
        """
        end = self._length + k.shape[2]
        if end > self._keys.shape[3]:
            self._grow(k.shape[0], end)
        self._keys[layer, :, :, self._length : end] = k
        self._values[layer, :, :, self._length : end] = v
        return self._keys[layer, :, :, :end], self._values[layer, :, :, :end]

    def advance(self, n_new: int) -> None:
        """Count the tokens that every block has added."""
        self._length += n_new

    def crop(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        self._length = min(self._length, length)

    def pick(self, texts: list[int]) -> None:
        """Make text i what text `texts[i]` was (beam search drops some and continues others twice)."""
        self._keys, self._values = self._keys[:, texts], self._values[:, texts]

    def _grow(self, batch: int, end: int) -> None:
        n_layer, n_head, d_head = self._shape
        room = max(ROOM, 1 << (end - 1).bit_length())
        for name in ("_keys", "_values"):
            larger = torch.empty(n_layer, batch, n_head, room, d_head)
            larger[:, :, :, : self._length] = getattr(self, name)[:, :, :, : self._length]
            setattr(self, name, larger)


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
        self._last: Tensor | None = None  # (V,) after all of `_ids`, where a pass over one token gave it
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
                self._loaded, self._ids, self._memory, self._last = loaded, [], KeyValues(loaded), None
            # At least the last token is run: its logits are what is asked for.
            n_reused = min(_common_prefix(self._ids, window), len(window) - 1)
            if self._last is not None and self._ids == window:  # a look ahead has become the text
                self._count(n_reused, ids, window)
                return self._last
            self._last = None
            self._memory.crop(n_reused)
            self._ids = window[:n_reused]
            final = hidden(loaded, torch.tensor([window[n_reused:]]), self._memory)  # (1, T, d)
            self._ids = window
            self._count(n_reused, ids, window)
            logits = unembed(loaded, final[0, -1])
            self._last = logits if self.n_computed == 1 else None
            return logits

    def _count(self, n_reused: int, ids: Sequence[int], window: list[int]) -> None:
        self.n_reused, self.n_computed = n_reused, len(window) - n_reused
        self.n_dropped = len(ids) - len(window)
        self.numbers_saved = 2 * self._loaded.n_layer * self._loaded.d_model * n_reused


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


def _common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """How many first elements are the same."""
    for i, (left, right) in enumerate(zip(a, b, strict=False)):
        if left != right:
            return i
    return min(len(a), len(b))
