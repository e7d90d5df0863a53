"""The hooks that cut heads, or give them another z: what `interventions` puts into a pass of `forward`.

z is a head's output before the output projection, the weighted sum of its v: (B, T, h, d_head) in a hook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor

from app.engine.cache import check_ids
from app.engine.forward import Hook
from app.errors import InputError, shown

if TYPE_CHECKING:
    from app.models import LoadedModel

Head = tuple[int, int]
"""(layer, head), both from 0; written "2.3"."""
Mode = Literal["zero", "mean"]

_Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Cuts:
    """What is switched off. `bool()` says whether anything is.

    heads: each loses its z. attention: of these layers all heads lose theirs. mlps: these layers' MLPs add
        nothing to the residual stream.
    mode: "zero" puts 0 into the place of what is cut. "mean" puts its mean over the positions of the text
        that is run: of a head's z, and of all that an MLP adds (hook_mlp_out, so its last bias is in it). The
        bias of attention's output projection stays in both modes; an MLP cut to zero loses its bias too.
    """

    heads: frozenset[Head] = frozenset()
    attention: frozenset[int] = frozenset()
    mlps: frozenset[int] = frozenset()
    mode: Mode = "zero"

    def __bool__(self) -> bool:
        return bool(self.heads or self.attention or self.mlps)


def check_mode(mode: object) -> Mode:
    """Raises InputError("unknown_mode") for anything but "zero" and "mean"."""
    if not isinstance(mode, str) or mode not in get_args(Mode):
        raise InputError("unknown_mode", name=shown(mode, 40), known=", ".join(get_args(Mode)))
    return mode


def check_cuts(loaded: LoadedModel, cuts: Cuts) -> Cuts:
    """Raises InputError: "unknown_head" or "unknown_layer" for what the model has not, "unknown_mode"."""
    check_mode(cuts.mode)
    n_layer, n_head = loaded.n_layer, loaded.n_head
    for layer, head in sorted(cuts.heads):
        if not (0 <= layer < n_layer and 0 <= head < n_head):
            raise InputError("unknown_head", name=f"{layer}.{head}", n_layer=n_layer, n_head=n_head)
    for layer in sorted(cuts.attention | cuts.mlps):
        if not 0 <= layer < n_layer:
            raise InputError("unknown_layer", name=layer, n_layer=n_layer)
    return cuts


def cut(cuts: Cuts) -> Hook:
    """The hook that switches off what `cuts` names."""
    changes: dict[str, _Change] = {}
    for layer in {layer for layer, _ in cuts.heads}:
        of_layer = [head for at, head in sorted(cuts.heads) if at == layer]
        changes[z_name(layer)] = lambda z, of_layer=of_layer: without_heads(z, of_layer, cuts.mode)
    for layer in cuts.attention:
        changes[z_name(layer)] = lambda z: instead_of(z, cuts.mode)
    for layer in cuts.mlps:
        changes[f"blocks.{layer}.hook_mlp_out"] = lambda out: instead_of(out, cuts.mode)
    return _changing(changes)


def exchange(z: Mapping[Head, Tensor], position: int | None = None) -> Hook:
    """The hook that gives heads another z, at one position (from 0) or at all of them.

    z: (T, d_head) of each head, as `heads_z` gives it on another text of as many tokens. Raises
    InputError("other_length") when it meets a text of another length.
    """
    by_layer: dict[int, dict[int, Tensor]] = {}
    for (layer, head), other in z.items():
        by_layer.setdefault(layer, {})[head] = other
    where = slice(None) if position is None else slice(position, position + 1)

    def change(theirs: dict[int, Tensor]) -> _Change:
        def put(z: Tensor) -> Tensor:
            changed = z.clone()  # (B, T, h, d_head)
            for head, other in theirs.items():
                check_same_length(z.shape[1], len(other))
                changed[:, where, head] = other[where]
            return changed

        return put

    return _changing({z_name(layer): change(theirs) for layer, theirs in by_layer.items()})


def both(*hooks: Hook) -> Hook:
    """The hooks one after the other: each gets what the one before it made of the tensor."""

    def one_after_the_other(name: str, tensor: Tensor) -> Tensor:
        for hook in hooks:
            tensor = hook(name, tensor)
        return tensor

    return one_after_the_other


def keep_z(found: list[Tensor]) -> Hook:
    """The hook that changes nothing and adds the first text's z of every layer to `found`, (T, h, d_head)."""

    def keep(name: str, tensor: Tensor) -> Tensor:
        if name.endswith("attn.hook_z"):
            found.append(tensor[0])
        return tensor

    return keep


def without_heads(z: Tensor, heads: Sequence[int], mode: Mode) -> Tensor:
    """z (B, T, h, d_head) -> a copy in which these heads are cut."""
    changed = z.clone()
    changed[:, :, heads] = instead_of(z[:, :, heads], mode)
    return changed


def instead_of(tensor: Tensor, mode: Mode) -> Tensor:
    """(B, T, …) -> as much zero, or its mean over the T positions of each text."""
    if mode == "zero":
        return torch.zeros_like(tensor)
    return tensor.mean(1, keepdim=True).expand_as(tensor).contiguous()


def z_name(layer: int) -> str:
    """The name under which z of that layer passes a hook."""
    return f"blocks.{layer}.attn.hook_z"


def check_fits(loaded: LoadedModel, ids: Sequence[int]) -> None:
    """Raises InputError: "no_tokens", "unknown_token", or "too_many_tokens" (n, limit)."""
    check_ids(loaded, ids)
    if len(ids) > loaded.n_ctx:
        raise InputError("too_many_tokens", n=len(ids), limit=loaded.n_ctx)


def check_same_length(n: int, other: int) -> None:
    """Raises InputError("other_length") where two texts have not equally many tokens."""
    if n != other:
        raise InputError("other_length", n=n, other=other)


def _changing(changes: Mapping[str, _Change]) -> Hook:
    return lambda name, tensor: changes[name](tensor) if name in changes else tensor
