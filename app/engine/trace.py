"""One forward pass with every tensor kept: what every lesson draws from.

Names are TransformerLens's (HookedTransformer for GPT-2, BertBlock for GPT-1's post-LN blocks), with two
differences: `hook_normalized` is a layer norm's output with its gain and bias, and there is no batch axis.

Shapes: residuals and embeddings [T, d], q, k, v and z [T, h, d_head], scores and pattern [h, T, T], MLP [T,
4d], logits [T, V]. `hook_attn_scores` is q·k/√d_head where the causal mask is open and -inf where it is
closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from app.engine.cache import check_ids
from app.engine.forward import hidden, unembed
from app.engine.memory import SHARED, number_of, tensor_bytes
from app.errors import InputError

if TYPE_CHECKING:
    from app.models import LoadedModel

_ATTENTION = tuple(f"attn.hook_{name}" for name in ("q", "k", "v", "attn_scores", "pattern", "z"))
_MLP = ("mlp.hook_pre", "mlp.hook_post")
# In the order they are computed. GPT-1's hook_resid_post is before the second LN; the next block gets
# hook_normalized_resid_post, which is the same tensor as ln2.hook_normalized.
BLOCK_NAMES = {
    "gpt2": (
        *("hook_resid_pre", "ln1.hook_normalized", *_ATTENTION, "hook_attn_out", "hook_resid_mid"),
        *("ln2.hook_normalized", *_MLP, "hook_mlp_out", "hook_resid_post"),
    ),
    "gpt1": (
        *("hook_resid_pre", *_ATTENTION, "hook_attn_out", "hook_resid_mid", "ln1.hook_normalized"),
        *(*_MLP, "hook_mlp_out", "hook_resid_post", "ln2.hook_normalized", "hook_normalized_resid_post"),
    ),
}


def names(loaded: LoadedModel) -> list[str]:
    """The names of a trace, in the order of the pass."""
    blocks = [
        f"blocks.{i}.{name}" for i in range(loaded.n_layer) for name in BLOCK_NAMES[loaded.architecture]
    ]
    final = ["ln_final.hook_normalized"] if loaded.architecture == "gpt2" else []
    return ["hook_embed", "hook_pos_embed", *blocks, *final, "logits"]


def trace(loaded: LoadedModel, ids: Sequence[int]) -> dict[str, Tensor]:
    """ids (T tokens, 1 ≤ T ≤ n_ctx) -> {name: float32 tensor without batch axis}, in the order of `names`.

    Raises InputError: "no_tokens", "unknown_token", or "too_many_tokens" (n, limit): a trace shows all of a
    text or nothing.
    """
    check_ids(loaded, ids)
    if len(ids) > loaded.n_ctx:
        raise InputError("too_many_tokens", n=len(ids), limit=loaded.n_ctx)
    kept: dict[str, Tensor] = {}

    def keep(name: str, tensor: Tensor) -> Tensor:
        kept[name] = tensor[0]
        return tensor

    with torch.no_grad():
        final = hidden(loaded, torch.tensor([list(ids)]), hook=keep)  # (1, T, d)
        keep("logits", unembed(loaded, final))  # (1, T, V)
    return kept


class Trace:
    """A trace that is kept, and the statistics of its tensors, each computed once. Do not write into it."""

    def __init__(self, tensors: dict[str, Tensor]):
        self.tensors = tensors
        self._stats: dict[str, dict[str, list[int] | float]] = {}

    def stats(self, name: str) -> dict[str, list[int] | float]:
        """As the function `stats`, of the tensor `name`."""
        if name not in self._stats:
            self._stats[name] = stats(self.tensors[name])
        return self._stats[name]


def kept_trace(loaded: LoadedModel, ids: Sequence[int]) -> Trace:
    """As `trace`, but what has been computed before comes out of the shared memory."""

    def make() -> tuple[Trace, int]:
        tensors = trace(loaded, ids)
        return Trace(tensors), tensor_bytes(tensors.values())

    return SHARED.kept(("trace", number_of(loaded), tuple(ids)), make)


def stats(tensor: Tensor) -> dict[str, list[int] | float]:
    """{"shape", "mean", "std", "norm"} of the values that the causal mask leaves open (-inf ones are left
    out).

    std is the population's; norm is the Frobenius norm of the whole tensor.
    """
    open_ = tensor[tensor > float("-inf")].double()
    return {
        "shape": list(tensor.shape),
        "mean": open_.mean().item(),
        "std": open_.std(correction=0).item(),
        "norm": open_.norm().item(),
    }


def to_json(tensor: Tensor) -> list:
    """Nested lists of plain numbers, None where the causal mask is closed: JSON knows no infinity."""
    values = tensor.tolist()
    return _closed_to_none(values) if tensor.isinf().any() else values


def _closed_to_none(values: list | float) -> list | float | None:
    if isinstance(values, list):
        return [_closed_to_none(value) for value in values]
    return None if values == float("-inf") else values
