"""From logits to one token: temperature, top-k, top-p, and the draw itself with its random number.

Equal to `transformers`' TemperatureLogitsWarper, TopKLogitsWarper and TopPLogitsWarper in that order
(tested).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from app.engine.controls import Sampling


@dataclass(frozen=True)
class Warped:
    """A next-token distribution before and after the three controls.

    p_before (V,), float64: the plain softmax. p_after (V,), float64: what is sampled from. order (V,): ids by
    p_before, largest first. n_after_top_k, n_after_top_p: tokens left after top-k, and after top-p of those.
    """

    p_before: Tensor
    p_after: Tensor
    order: Tensor
    n_after_top_k: int
    n_after_top_p: int


def ranked(logits: Tensor) -> tuple[Tensor, Tensor]:
    """logits (V,) -> (logits from the largest on, their ids), both (V,). The dear part of `warp`."""
    return tuple(logits.sort(descending=True, stable=True))


def warp(logits: Tensor, sampling: Sampling, rank: tuple[Tensor, Tensor] | None = None) -> Warped:
    """logits (V,) float32 -> Warped. Equal logits at the border of top-k all stay, as in `transformers`.

    rank: `ranked(logits)`, where it is there already.
    """
    descending, order = ranked(logits) if rank is None else rank  # (V,), (V,)
    scaled = (descending - descending[0]) / sampling.temperature  # ≤ 0, so no temperature can overflow it
    n_vocab = len(scaled)
    n_after_top_k = n_vocab
    if 0 < sampling.top_k < n_vocab:
        n_after_top_k = int((scaled >= scaled[sampling.top_k - 1]).sum())
    n_after_top_p = n_after_top_k
    if sampling.top_p < 1:
        # From the least likely end: a token goes when it and all less likely ones hold at most 1 - top_p
        # together.
        tail = scaled[:n_after_top_k].softmax(dim=0).flip(0).cumsum(0).flip(0)
        n_after_top_p = max(1, int((tail > 1 - sampling.top_p).sum()))
    p = scaled[:n_after_top_p].double().softmax(dim=0)  # float32 knows nothing between 1e-45 and 0
    # Both are summed in the same order, so with all three controls off they are equal to the last digit.
    p_before, p_after = (torch.zeros(n_vocab, dtype=torch.float64) for _ in range(2))
    p_before[order] = (descending - descending[0]).double().softmax(dim=0)
    p_after[order[: len(p)]] = p
    return Warped(p_before, p_after, order, n_after_top_k, n_after_top_p)


def largest_probability(rank: tuple[Tensor, Tensor], temperature: float) -> float:
    """P of the leader at a temperature with both filters off; rank: `ranked(logits)`. As `warp` has it."""
    descending, _ = rank  # (V,)
    return ((descending - descending[0]) / temperature).double().softmax(dim=0)[0].item()


@lru_cache(1024)
def uniform(seed: int, index: int) -> float:
    """The index-th (from 0) number in [0, 1) of the stream that `seed` starts: the same on every machine."""
    return torch.rand(index + 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)[
        -1
    ].item()


def draw(p_after: Tensor, order: Tensor, u: float) -> int:
    """The token in whose piece of the bar `u` falls: the bar lays p_after (V,) end to end in `order` (V,)."""
    return draw_all(p_after, order, (u,))[0]


def draw_all(p_after: Tensor, order: Tensor, numbers: Sequence[float]) -> list[int]:
    """As `draw`, for several random numbers on the same bar."""
    cumulative = p_after[order].double().cumsum(0)  # (V,)
    # float32 probabilities do not add up to exactly 1; scaling u keeps it on the bar
    scaled = torch.tensor(numbers, dtype=torch.float64) * cumulative[-1]
    places = torch.searchsorted(cumulative, scaled, right=True).clamp(max=len(order) - 1)
    return order[places].tolist()
