"""Every head in turn: cut alone (`sweep`), or given what it had on another text (`carried`).

Heads of one layer run together as a batch, from that layer's input on: what lies below is the same for all of
them. A batch holds at most 1,024 tokens, so a model of GPT-2 small's size needs a few hundred MB for it.
`sweeping` and `carrying` pause after every block, so that a caller can stop within one block's time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from app.engine.cache import check_ids
from app.engine.forward import Hook, after_blocks, embed, run_block, unembed, unseen
from app.engine.hooks import (
    Cuts,
    Mode,
    both,
    check_cuts,
    check_fits,
    check_mode,
    check_same_length,
    cut,
    instead_of,
    keep_z,
    z_name,
)
from app.errors import InputError

if TYPE_CHECKING:
    from app.models import LoadedModel

MOST_TOKENS = 1024  # of a batch
LEAST_DIFFERENCE = 0.01  # nats between two texts, so that a share of it means something

Found = tuple[int, Tensor]
"""(layer, one number for each of its heads (h,) float64)."""


def sweep(
    loaded: LoadedModel,
    ids: Sequence[int],
    target: int,
    mode: Mode = "zero",
    others: Cuts | None = None,
    layers: Sequence[int] | None = None,
) -> Iterator[Found]:
    """By how much log P(target) after `ids` changes when one head is cut: (layer, (h,) float64 in nats).

    Layer by layer from 0 on; below zero where the head helped. others: cut in addition in every run; the
        change is that against `others` alone, so 0 for a head that is among them. layers: only these.
    Raises InputError with the first one: as `last_log_probabilities`, "unknown_token" for the target, or as
    `check_cuts`.
    """
    return _without_pauses(sweeping(loaded, ids, target, mode, others, layers))


def sweeping(
    loaded: LoadedModel,
    ids: Sequence[int],
    target: int,
    mode: Mode = "zero",
    others: Cuts | None = None,
    layers: Sequence[int] | None = None,
) -> Iterator[Found | None]:
    """`sweep`, with None after every block that has been run."""
    others = check_cuts(loaded, others or Cuts())
    check_mode(mode)
    check_fits(loaded, ids)
    check_ids(loaded, [target])
    hook = cut(others)
    log_p, entered = yield from _whole(loaded, ids, hook)
    alone = _each_head(loaded, entered, hook, lambda z, layer, head: instead_of(z[None], mode)[0], layers)
    for found in alone:
        yield found and (found[0], found[1][:, target] - log_p[target])


def carried(
    loaded: LoadedModel,
    ids: Sequence[int],
    other_ids: Sequence[int],
    answers: tuple[int, int],
    position: int | None = None,
    layers: Sequence[int] | None = None,
) -> Iterator[Found]:
    """How far one head alone carries the prediction from one text to another: (layer, (h,) float64).

    The text `ids` is run, and the head gets the z that it has on `other_ids`, at `position` (from 0) or, with
    None, at all positions. With LD = log P(answer of the text) − log P(answer of the other) after the last
    token, a head's number is

        (LD with that z − LD of the text) / (LD of the other − LD of the text)

    0: the prediction stays; 1: it is that of the other text. Below 0 and above 1 can happen.
    answers: (of the text, of the other), token ids. layers: only these.

    Raises InputError with the first one: as `last_log_probabilities` for both texts and the answers,
    "other_length" (n, other), "out_of_range" for the position, and "nothing_to_carry" where the two LD are
    less than 0.01 nats apart: there is nothing to be shared out, and neither NaN nor infinity is ever given.
    """
    return _without_pauses(carrying(loaded, ids, other_ids, answers, position, layers))


def carrying(
    loaded: LoadedModel,
    ids: Sequence[int],
    other_ids: Sequence[int],
    answers: tuple[int, int],
    position: int | None = None,
    layers: Sequence[int] | None = None,
) -> Iterator[Found | None]:
    """`carried`, with None after every block that has been run."""
    check_ids(loaded, answers)
    check_fits(loaded, ids)
    check_fits(loaded, other_ids)
    check_same_length(len(ids), len(other_ids))
    if position is not None and not 0 <= position < len(ids):
        raise InputError("out_of_range", name="position", low=0, high=len(ids) - 1)
    theirs: list[Tensor] = []  # n_layer × (T, h, d_head)

    def put(z: Tensor, layer: int, head: int) -> Tensor:
        changed = z.clone()  # (T, d_head)
        changed[where] = theirs[layer][where, head]
        return changed

    def difference(log_p: Tensor) -> Tensor:
        return log_p[..., answers[0]] - log_p[..., answers[1]]

    where = slice(None) if position is None else slice(position, position + 1)
    on_other = difference((yield from _whole(loaded, other_ids, keep_z(theirs)))[0])
    log_p, entered = yield from _whole(loaded, ids, unseen)
    on_text = difference(log_p)
    if abs(on_other - on_text) < LEAST_DIFFERENCE:
        raise InputError("nothing_to_carry")
    for found in _each_head(loaded, entered, unseen, put, layers):
        yield found and (found[0], (difference(found[1]) - on_text) / (on_other - on_text))


def _whole(
    loaded: LoadedModel, ids: Sequence[int], hook: Hook
) -> Generator[None, None, tuple[Tensor, list[Tensor]]]:
    """Run a text -> log P after it (V,) float64, and what enters each block, n_layer × (1, T, d)."""
    entered: list[Tensor] = []

    def keep(name: str, tensor: Tensor) -> Tensor:
        if name.endswith("hook_resid_pre"):
            entered.append(tensor)
        return tensor

    with torch.no_grad():
        x = embed(loaded, torch.tensor([list(ids)]))  # (1, T, d)
    log_p = yield from through(loaded, x, 0, both(hook, keep))
    return log_p[0], entered


def _each_head(
    loaded: LoadedModel,
    entered: Sequence[Tensor],
    hook: Hook,
    change: Callable[[Tensor, int, int], Tensor],
    layers: Sequence[int] | None,
) -> Iterator[Found | None]:
    """(layer, log P (h, V)) with each head's z (T, d_head) replaced by change(z, layer, head), and pauses."""
    at_once = max(1, MOST_TOKENS // entered[0].shape[1])
    for layer in range(len(entered)) if layers is None else layers:
        found = []
        for heads in torch.arange(loaded.n_head).split(at_once):
            replace = _one_each(layer, heads.tolist(), change)
            batch = entered[layer].repeat(len(heads), 1, 1)  # (B, T, d)
            found.append((yield from through(loaded, batch, layer, both(hook, replace))))
        yield layer, torch.cat(found)


def _one_each(layer: int, heads: Sequence[int], change: Callable[[Tensor, int, int], Tensor]) -> Hook:
    """The hook that replaces, in text i of a batch, the z of head heads[i] of that layer."""

    def replace(name: str, tensor: Tensor) -> Tensor:
        if name != z_name(layer):
            return tensor
        changed = tensor.clone()  # (B, T, h, d_head)
        for text, head in enumerate(heads):
            changed[text, :, head] = change(tensor[text, :, head], layer, head)
        return changed

    return replace


def through(loaded: LoadedModel, x: Tensor, layer: int, hook: Hook) -> Generator[None, None, Tensor]:
    """What enters block `layer` (B, T, d) -> log P after the last token, (B, V) float64. A pause a block."""
    for at in range(layer, loaded.n_layer):
        with torch.no_grad():  # never across a pause: it would hold for the caller too
            x = run_block(loaded, x, at, hook=hook)
        yield
    with torch.no_grad():
        return unembed(loaded, after_blocks(loaded, x[:, -1])).double().log_softmax(-1)


def _without_pauses(found: Iterator[Found | None]) -> Iterator[Found]:
    return (one for one in found if one is not None)
