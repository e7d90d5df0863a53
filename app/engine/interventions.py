"""Cut a head, or give it what it had on another text, and see what becomes of the next token.

Everything goes through the `hook` of `forward.py`: the model's weights and modules are never touched, and no
state is kept, so what one visitor cuts no other can meet. The parts: `hooks` (what is put into a pass) and
`sweeps` (every head in turn).

Sources: cutting a head, Michel et al. 2019, "Are Sixteen Heads Really Better than One?" (zero), and Wang et
al. 2022, "Interpretability in the Wild" (mean); exchanging, Meng et al. 2022, "Locating and Editing Factual
Associations in GPT".
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from app.engine.decoding import finish
from app.engine.forward import Hook, embed, run_block, scaled, unseen
from app.engine.hooks import (
    Cuts,
    Head,
    Mode,
    both,
    check_cuts,
    check_fits,
    check_mode,
    check_same_length,
    cut,
    exchange,
    keep_z,
)
from app.engine.sweeps import carried, carrying, sweep, sweeping, through
from app.errors import InputError, ModelError, shown

if TYPE_CHECKING:
    from app.models import LoadedModel

__all__ = [
    "Cuts",
    "Head",
    "Mode",
    "both",
    "carried",
    "carrying",
    "check_cuts",
    "check_mode",
    "check_same_length",
    "cut",
    "exchange",
    "head_pattern",
    "heads_z",
    "keep_z",
    "last_log_probabilities",
    "looking",
    "open_scores",
    "parse_heads",
    "predicting",
    "proceed",
    "proceeding",
    "sweep",
    "sweeping",
    "without_mask",
]

_HEAD = re.compile(r"\s*(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\s*")


def parse_heads(loaded: LoadedModel, written: object) -> frozenset[Head]:
    """ "0.3, 2.1" -> the heads (0, 3) and (2, 1); an empty text -> none.

    Raises InputError: "not_heads" (value), or "unknown_head" (name, n_layer, n_head) for one that the model
    has not.
    """
    if not isinstance(written, str):
        raise InputError("not_heads", value=shown(written, 40))
    found: set[Head] = set()
    for name in written.split(",") if written.strip() else ():
        match = _HEAD.fullmatch(name)
        if not match:
            raise InputError("not_heads", value=shown(name, 40))
        found.add((int(match[1]), int(match[2])))
    check_cuts(loaded, Cuts(frozenset(found)))
    return frozenset(found)


def heads_z(loaded: LoadedModel, ids: Sequence[int], hook: Hook = unseen) -> list[Tensor]:
    """The z of every layer on `ids`, n_layer × (T, h, d_head) float32. Raises as `last_log_probabilities`."""
    found: list[Tensor] = []
    finish(predicting(loaded, ids, both(hook, keep_z(found))))
    return found


def last_log_probabilities(loaded: LoadedModel, ids: Sequence[int], hook: Hook = unseen) -> Tensor:
    """log P of every token after `ids` (1 ≤ T ≤ n_ctx), in nats: (V,) float64.

    Raises InputError: "no_tokens", "unknown_token" or "too_many_tokens".
    """
    return finish(predicting(loaded, ids, hook))


def predicting(loaded: LoadedModel, ids: Sequence[int], hook: Hook = unseen) -> Generator[None, None, Tensor]:
    """`last_log_probabilities`, which pauses after every block."""
    check_fits(loaded, ids)
    with torch.no_grad():
        x = embed(loaded, torch.tensor([list(ids)]), hook=hook)  # (1, T, d)
    return (yield from through(loaded, x, 0, hook))[0]


def head_pattern(loaded: LoadedModel, ids: Sequence[int], layer: int, head: int) -> Tensor:
    """The attention pattern of one head, (T, T) float32 [query, key]; a row sums to 1, later keys are 0.

    Only the blocks up to its own are run, and no other pattern is kept, so this is for long texts. Raises
    InputError: as `last_log_probabilities`, or "unknown_head"; ModelError("broken_weights") as `unembed`.
    """
    return finish(looking(loaded, ids, layer, head))


def looking(loaded: LoadedModel, ids: Sequence[int], layer: int, head: int) -> Generator[None, None, Tensor]:
    """`head_pattern`, which pauses after every block."""
    check_cuts(loaded, Cuts(frozenset({(layer, head)})))
    check_fits(loaded, ids)
    found: list[Tensor] = []

    def keep(name: str, tensor: Tensor) -> Tensor:
        if name == f"blocks.{layer}.attn.hook_pattern":
            found.append(tensor[0, head].clone())  # (T, T), without the others behind it
        return tensor

    with torch.no_grad():
        x = embed(loaded, torch.tensor([list(ids)]))  # (1, T, d)
    for at in range(layer + 1):
        with torch.no_grad():
            x = run_block(loaded, x, at, hook=keep)
        yield
    if not found[0].isfinite().all():
        raise ModelError("broken_weights", name=loaded.name)
    return found[0]


def proceed(loaded: LoadedModel, ids: Sequence[int], cuts: Cuts, n: int) -> list[tuple[int, float]]:
    """Greedy: up to `n` tokens after `ids` and the probability each had, with the same cuts at every step.

    Every step runs the whole text anew, of which the last n_ctx tokens count, and a mean is that over the
    text so far. An end-of-text token, where the model has one, is the last when it comes.
    """
    return finish(proceeding(loaded, ids, cuts, n))


def proceeding(
    loaded: LoadedModel, ids: Sequence[int], cuts: Cuts, n: int
) -> Generator[None, None, list[tuple[int, float]]]:
    """`proceed`, which pauses after every block of every token."""
    check_cuts(loaded, cuts)
    hook, new = cut(cuts), []
    while len(new) < n and not (new and new[-1][0] == loaded.eot_id):
        window = [*ids, *(token_id for token_id, _ in new)][-loaded.n_ctx :]
        log_p = yield from predicting(loaded, window, hook)  # (V,)
        best = int(log_p.argmax())
        new.append((best, log_p[best].exp().item()))
    return new


def open_scores(loaded: LoadedModel, trace: Mapping[str, Tensor], layer: int) -> Tensor:
    """q·k/√d_head of every query and every key of a trace, (h, T, T) [query, key], those that the causal
    mask closes among them.
    """
    q, k = (trace[f"blocks.{layer}.attn.hook_{name}"].transpose(0, 1) for name in "qk")  # (h, T, d_head)
    attention = loaded.model.transformer.h[layer].attn
    return scaled(attention, q @ k.transpose(1, 2), q.shape[-1])


def without_mask(scores: Tensor) -> Tensor:
    """What the pattern would be if every token saw all the others: softmax over all keys of `open_scores`,
    (h, T, T). The model has not been trained like this.
    """
    return scores.softmax(-1)
