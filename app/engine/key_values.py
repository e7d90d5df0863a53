"""Keys and values of the tokens that attention has seen: what a pass over newer tokens reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

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

    def hold(self, tokens: Sequence[Tensor]) -> None:
        """Begin with the tokens that `token` gave, one (2, n_layer, h, d_head) each; for one text only."""
        if not tokens:
            return
        self._length = 0
        self._grow(1, len(tokens))
        keys, values = torch.stack(list(tokens)).permute(1, 2, 3, 0, 4)  # 2 × (n_layer, h, T, d_head)
        self._keys[:, 0, :, : len(tokens)] = keys
        self._values[:, 0, :, : len(tokens)] = values
        self._length = len(tokens)

    def token(self, index: int) -> Tensor:
        """(2, n_layer, h, d_head): a copy of one token's keys and values in the first text."""
        return torch.stack((self._keys[:, 0, :, index], self._values[:, 0, :, index]))

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
