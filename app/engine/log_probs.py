"""Equation (1) on one text: ln P of every token, each given the k tokens before it and nothing else.

    L1(U) = Σ_i ln P(u_i | u_{i-k}, …, u_{i-1}; Θ)

The window really is that short: the k tokens are run alone, at positions from 0, so nothing older reaches
them through the blocks below. The first token has no condition and no part in the sum. The paper maximises
this sum; a page shows -ln P, which is to become small. Source: GPT-1 (Radford et al. 2018), section 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from app.engine.decoding import finish
from app.engine.forward import after_blocks, embed, hidden, run_block, unembed
from app.engine.hooks import check_fits
from app.engine.memory import SHARED, number_of
from app.errors import InputError, ModelError

if TYPE_CHECKING:
    from app.models import LoadedModel, Piece

N_TOP = 10
TOKENS_AT_ONCE = 512  # of all windows of a pass: a quarter of a second for a block of GPT-2 small
ROWS_AT_ONCE = 64  # of the table of the vocabulary, in float64
LARGEST_SURPRISE = 700.0  # nats per token; e to that is about the largest number there is


@dataclass(frozen=True)
class LogProbs:
    """A text of n tokens.

    k: how many tokens each was given at most. log_p: (n-1,) ln P in nats of the second token and all after
    it. sum, mean: of these, in nats; the mean is None where there is none, and so is the perplexity e^-mean.
    """

    ids: tuple[int, ...]
    pieces: tuple[Piece, ...]
    k: int
    log_p: tuple[float, ...]
    sum: float
    mean: float | None
    perplexity: float | None


@dataclass(frozen=True)
class Candidate:
    """A token that may stand at a place, with its plain softmax probability."""

    id: int
    piece: Piece
    p: float


@dataclass(frozen=True)
class Distribution:
    """What a model expects at one place.

    top: the ten likeliest, likeliest first. rest: the probability of all others together. entropy: in nats.
    p, rank: of the token that stands there, the likeliest has rank 1; None behind the end of the text.
    """

    place: int
    top: tuple[Candidate, ...]
    rest: float
    entropy: float
    p: float | None
    rank: int | None


def log_probs(loaded: LoadedModel, ids: Sequence[int], k: int | None = None) -> LogProbs:
    """ids: n tokens, 0 ≤ n ≤ n_ctx. k: from 1 on, capped at the context, which None stands for.

    Raises InputError: "too_many_tokens" (both numbers), "unknown_token", "out_of_range" (k);
    ModelError("broken_weights") for weights that are numbers but absurd.
    """
    return finish(measuring(loaded, ids, k))


def measuring(
    loaded: LoadedModel, ids: Sequence[int], k: int | None = None
) -> Generator[None, None, LogProbs]:
    """`log_probs`, which pauses after every block. What it has found is kept for all visitors."""
    ids, k = tuple(ids), _window(loaded, k)
    _check(loaded, ids)
    key = ("log probs", number_of(loaded), ids, min(k, len(ids)))
    found = SHARED.get(key)
    if found is None:
        log_p: list[float] = []
        for windows, first in _passes(ids, k):
            log_p += yield from _ln_p(loaded, windows, first)
        found = SHARED.put(key, tuple(log_p), 32 * len(log_p))
    total = math.fsum(found)
    mean = total / len(found) if found else None
    if mean is not None and mean < -LARGEST_SURPRISE:
        raise ModelError("broken_weights", name=loaded.name)
    perplexity = None if mean is None else math.exp(-mean)
    return LogProbs(ids, tuple(loaded.tokenizer.pieces(ids)), k, found, total, mean, perplexity)


def distribution(loaded: LoadedModel, ids: Sequence[int], place: int, k: int | None = None) -> Distribution:
    """What is expected at `place`, given the k tokens before it, run alone.

    place: 1 to n; n is behind the last token. The probabilities are those of `log_probs`. Raises as it does,
    and InputError("out_of_range") for another place.
    """
    ids, k = tuple(ids), _window(loaded, k)
    _check(loaded, ids)
    if not 1 <= place <= len(ids):
        raise InputError("out_of_range", name="place", low=1, high=len(ids))
    window = ids[max(0, place - k) : place]
    key = ("distribution", number_of(loaded), window)
    log_p = SHARED.get(key)
    if log_p is None:
        with torch.no_grad():
            logits = unembed(loaded, hidden(loaded, torch.tensor([window]))[0, -1])  # (V,)
            log_p = logits.double().log_softmax(-1)
        log_p = SHARED.put(key, log_p, log_p.nbytes)
    top = log_p.sort(descending=True, stable=True).indices[:N_TOP].tolist()
    p = log_p.exp()
    there = ids[place] if place < len(ids) else None
    pieces = loaded.tokenizer.candidates(list(ids[:place]), top)
    return Distribution(
        place,
        tuple(Candidate(piece.id, piece, p[piece.id].item()) for piece in pieces),
        max(0.0, 1 - p[top].sum().item()),
        -torch.xlogy(p, p).sum().item(),
        None if there is None else p[there].item(),
        None if there is None else 1 + int((log_p > log_p[there]).sum()),
    )


def _window(loaded: LoadedModel, k: int | None) -> int:
    if k is not None and k < 1:
        raise InputError("out_of_range", name="k", low=1, high=loaded.n_ctx)
    return loaded.n_ctx if k is None else min(k, loaded.n_ctx)


def _check(loaded: LoadedModel, ids: tuple[int, ...]) -> None:
    if ids:
        check_fits(loaded, ids)


def _passes(ids: tuple[int, ...], k: int) -> Generator[tuple[Tensor, int], None, None]:
    """The windows as rows (N, T + 1) that end in their targets, and the first place whose target counts.

    The first k tokens have all that stands before them as their window, so one row gives them all; of every
    other row the last target alone counts.
    """
    if len(ids) < 2:
        return
    yield torch.tensor([ids[: k + 1]]), 0
    rows = [ids[end - k : end + 1] for end in range(k + 1, len(ids))]
    size = max(1, TOKENS_AT_ONCE // k)
    for start in range(0, len(rows), size):
        yield torch.tensor(rows[start : start + size]), k - 1


def _ln_p(loaded: LoadedModel, windows: Tensor, first: int) -> Generator[None, None, list[float]]:
    """windows (N, T + 1) -> ln P of the targets of places first to T - 1, row by row."""
    with torch.no_grad():  # never across a pause: it would hold for the caller too
        x = embed(loaded, windows[:, :-1])  # (N, T, d)
    for layer in range(loaded.n_layer):
        with torch.no_grad():
            x = run_block(loaded, x, layer)
        yield
    targets = windows[:, first + 1 :].flatten()  # (N·(T - first),)
    with torch.no_grad():
        final = after_blocks(loaded, x)[:, first:].flatten(0, 1)  # (N·(T - first), d)
    found: list[float] = []
    for rows, wanted in zip(final.split(ROWS_AT_ONCE), targets.split(ROWS_AT_ONCE), strict=True):
        with torch.no_grad():
            log_p = unembed(loaded, rows).double().log_softmax(-1)  # (rows, V)
        found += log_p.gather(1, wanted[:, None])[:, 0].tolist()
        yield
    return found
