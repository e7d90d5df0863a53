"""How many parameters each part of GPT-1 and GPT-2 has: by the formula, and counted in a loaded model.

Both have 12d² + 13d in a block: attention 4d² + 4d, MLP 8d² + 5d, two LN 4d. GPT-2 adds a final LN of 2d. The
unembedding is the token table again (GPT-1, equation 2), so it is counted once. Causal masks are no
parameters, though the published GPT-1 checkpoint stores them (12 · 512² numbers).
"""

from __future__ import annotations

import tomllib
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.models import LoadedModel


@dataclass(frozen=True)
class Dimensions:
    """What the formula needs. architecture: "gpt1" or "gpt2"."""

    architecture: str
    vocab_size: int
    n_ctx: int
    n_layer: int
    d_model: int


@dataclass(frozen=True)
class Counts:
    """Parameters by part, over all blocks. `layer_norm` includes GPT-2's final one."""

    token_embedding: int
    position_embedding: int
    attention: int
    mlp: int
    layer_norm: int

    @property
    def total(self) -> int:
        return sum(astuple(self))


@cache
def published() -> dict[str, dict[str, Any]]:
    """{"gpt1": {"vocabulary", "context", "layers", "width"}, "gpt2": … and "sizes"} of the papers' models."""
    return tomllib.loads((Path(__file__).parent / "paper.toml").read_text(encoding="utf-8"))


def paper(architecture: str) -> Dimensions:
    """The published model: GPT-1 of 2018, or the smallest GPT-2 of 2019. Sources stand in `paper.toml`."""
    sizes = (published()[architecture][name] for name in ("vocabulary", "context", "layers", "width"))
    return Dimensions(architecture, *sizes)


def dimensions(loaded: LoadedModel) -> Dimensions:
    """Those of a loaded model."""
    return Dimensions(loaded.architecture, loaded.vocab_size, loaded.n_ctx, loaded.n_layer, loaded.d_model)


def by_formula(size: Dimensions) -> Counts:
    """The counts that follow from the dimensions: `mlp` with a hidden width of 4d, biases everywhere."""
    d, n_layer = size.d_model, size.n_layer
    final = 2 * d if size.architecture == "gpt2" else 0
    return Counts(
        token_embedding=size.vocab_size * d,
        position_embedding=size.n_ctx * d,
        attention=n_layer * (4 * d * d + 4 * d),  # c_attn d × 3d + 3d, c_proj d × d + d
        mlp=n_layer * (8 * d * d + 5 * d),  # c_fc d × 4d + 4d, c_proj 4d × d + d
        layer_norm=n_layer * 4 * d + final,  # gain and bias, twice in a block
    )


def measured(loaded: LoadedModel) -> Counts:
    """The numbers in the tensors of the model itself, each tensor once however many names it has."""
    found = dict.fromkeys((field.name for field in fields(Counts)), 0)
    for name, parameter in loaded.model.named_parameters():
        found[_part(name)] += parameter.numel()
    return Counts(**found)


_PARTS = {
    "wte": "token_embedding",
    "tokens_embed": "token_embedding",
    "wpe": "position_embedding",
    "positions_embed": "position_embedding",
    "attn": "attention",
    "mlp": "mlp",
    "ln_1": "layer_norm",
    "ln_2": "layer_norm",
    "ln_f": "layer_norm",
}


def _part(name: str) -> str:
    """The part that a parameter of `transformers` belongs to, e.g. "transformer.h.0.attn.c_attn.weight"."""
    return next(_PARTS[word] for word in name.split(".") if word in _PARTS)
