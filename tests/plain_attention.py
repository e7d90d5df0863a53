"""Attention of a loaded model by `transformers` and hooks of its modules alone, for 「어텐션」."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from app.models import LoadedModel

Head = tuple[int, int]


def patterns(loaded: LoadedModel, ids: Sequence[int], cut: Sequence[Head] = ()) -> Tensor:
    """(n_layer, h, T, T), with z of the heads in `cut` set to 0."""
    loaded.model.set_attn_implementation("eager")
    with torch.no_grad(), _cut(loaded, cut):
        found = loaded.model(torch.tensor([list(ids)]), output_attentions=True).attentions
    return torch.stack([layer[0] for layer in found])


def log_p(loaded: LoadedModel, ids: Sequence[int], cut: Sequence[Head] = ()) -> Tensor:
    """(V,) log P after the last token."""
    with torch.no_grad(), _cut(loaded, cut):
        return loaded.model(torch.tensor([list(ids)])).logits[0, -1].double().log_softmax(-1)


def log_p_exchanged(
    loaded: LoadedModel, ids: Sequence[int], other: Sequence[int], heads: Sequence[Head]
) -> Tensor:
    """(V,) log P after `ids` when those heads have, at every position, the z that they have on `other`."""
    seen: dict[int, Tensor] = {}

    def remember(layer: int, z: Tensor) -> Tensor:
        seen[layer] = z
        return z

    def put(layer: int, z: Tensor) -> Tensor:
        changed, d = z.clone(), z.shape[-1] // loaded.n_head
        for at, head in heads:
            if at == layer:
                changed[..., head * d : (head + 1) * d] = seen[layer][..., head * d : (head + 1) * d]
        return changed

    with torch.no_grad():
        with _changed(loaded, remember):
            loaded.model(torch.tensor([list(other)]))
        with _changed(loaded, put):
            return loaded.model(torch.tensor([list(ids)])).logits[0, -1].double().log_softmax(-1)


def score(pattern: Tensor, ids: Sequence[int], name: str) -> float:
    """A score of one head's pattern (T, T) on this text, as it is told: previous, first or induction."""
    if name in ("previous", "first"):
        rows = [pattern[t, t - 1 if name == "previous" else 0] for t in range(1, len(ids))]
    else:
        rows = [
            sum(pattern[t, j + 1] for j in range(t) if ids[j] == ids[t])
            for t in range(len(ids))
            if ids[t] in ids[:t]
        ]
    return float(sum(rows) / len(rows))


@contextmanager
def _changed(loaded: LoadedModel, change: Callable[[int, Tensor], Tensor]) -> Iterator[None]:
    """z (1, T, d) of every layer goes through `change(layer, z)` on its way to the output projection."""
    handles = [
        block.attn.c_proj.register_forward_pre_hook(
            lambda module, inputs, layer=layer: (change(layer, inputs[0]),)
        )
        for layer, block in enumerate(loaded.model.transformer.h)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _cut(loaded: LoadedModel, heads: Sequence[Head]) -> Iterator[None]:
    def zeroed(layer: int, z: Tensor) -> Tensor:
        changed, d = z.clone(), z.shape[-1] // loaded.n_head
        for at, head in heads:
            if at == layer:
                changed[..., head * d : (head + 1) * d] = 0
        return changed

    with _changed(loaded, zeroed):
        yield
