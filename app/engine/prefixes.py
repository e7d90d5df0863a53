"""Next-token logits of any text, computing only the tokens that no text before it began with.

The keys and values of every token lie in the shared memory as a tree: a token's entry is found under the
number of the one before it. So two learners with the same text share it, a branch shares what it grew from,
and what has been thrown out is simply computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from app.engine.cache import check_ids
from app.engine.forward import hidden, unembed
from app.engine.key_values import KeyValues
from app.engine.memory import SHARED, number_of

if TYPE_CHECKING:
    from app.models import LoadedModel


class _Token(NamedTuple):
    """One token behind all those before it. key_values: (2, n_layer, h, d_head)."""

    number: int
    key_values: Tensor


ROOT = None  # where a token has none before it
_numbers = count()


def next_logits(loaded: LoadedModel, ids: Sequence[int]) -> Tensor:
    """Logits (V,) float32 for the token after `ids`, of which the last n_ctx count. Do not write into it.

    Raises InputError("no_tokens" or "unknown_token").
    """
    check_ids(loaded, ids)
    window = list(ids[-loaded.n_ctx :])
    model = number_of(loaded)
    known = _known(model, window)
    if len(known) == len(window):
        found = SHARED.get(("logits", known[-1].number))
        if found is not None:
            return found
        known.pop()  # the last token is run: its logits are what is asked for
    past = KeyValues(loaded)
    past.hold([token.key_values for token in known])
    with torch.inference_mode():
        final = hidden(loaded, torch.tensor([window[len(known) :]]), past)  # (1, T, d)
        logits = unembed(loaded, final[0, -1])
    number = known[-1].number if known else ROOT
    for place in range(len(known), len(window)):
        key_values = past.token(place)
        entry = _Token(next(_numbers), key_values)
        key = ("token", model, number, window[place])
        number = SHARED.put(key, entry, key_values.nbytes).number
    return SHARED.put(("logits", number), logits, logits.nbytes)


def _known(model: int, window: Sequence[int]) -> list[_Token]:
    """The first tokens of `window` that are held. The beginning, which the rest needs, is the last to go."""
    known: list[_Token] = []
    keys: list[tuple] = []
    for token_id in window:
        key = ("token", model, known[-1].number if known else ROOT, token_id)
        entry = SHARED.get(key)
        if entry is None:
            break
        known.append(entry)
        keys.append(key)
    SHARED.touch(reversed(keys))
    return known
