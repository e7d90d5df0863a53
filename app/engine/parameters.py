"""All weights of a fine-tuned GPT as one flat vector, and the names of its parts.

One vector instead of many tensors, because the training step of `objective` is also traced into a graph for
the browser: there a step then has one array of parameters in and one out, and AdamW is a few lines. The names
are those of GPT-2 in `transformers` without their prefix; GPT-1 has the same blocks, other names for its two
embedding tables, and no final layer norm. `Conv1D` weights are (in, out).

Matrices come first, then biases and gains: weight decay reaches "all non bias or gain weights" (GPT-1,
section 4.1), which is then one cut of the vector.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from app.models import LoadedModel

INIT_STD = 0.02

_NAMES_IN_TRANSFORMERS = {
    "gpt1": {"wte.weight": "tokens_embed.weight", "wpe.weight": "positions_embed.weight"},
    "gpt2": {},
}


@dataclass(frozen=True)
class Shape:
    """Everything that fixes the size of the vector.

    architecture: "gpt1" (post-LN) or "gpt2" (pre-LN and a final LN). n_out: the number of columns of W_y.
    """

    architecture: str
    vocab_size: int
    n_ctx: int
    n_layer: int
    n_head: int
    d_model: int
    n_out: int

    @classmethod
    def of(cls, loaded: LoadedModel, n_out: int) -> Shape:
        """The shape of a loaded model with a new head of `n_out` columns."""
        return cls(
            architecture=loaded.architecture,
            vocab_size=loaded.vocab_size,
            n_ctx=loaded.n_ctx,
            n_layer=loaded.n_layer,
            n_head=loaded.n_head,
            d_model=loaded.d_model,
            n_out=n_out,
        )

    def parts(self) -> dict[str, tuple[int, ...]]:
        """The size of every parameter by its name, in the order of the flat vector."""
        d = self.d_model
        matrices: dict[str, tuple[int, ...]] = {
            "wte.weight": (self.vocab_size, d),
            "wpe.weight": (self.n_ctx, d),
            "w_y": (d, self.n_out),
        }
        vectors: dict[str, tuple[int, ...]] = {}
        for layer in range(self.n_layer):
            block = f"h.{layer}."
            linear = {
                "attn.c_attn": (d, 3 * d),
                "attn.c_proj": (d, d),
                "mlp.c_fc": (d, 4 * d),
                "mlp.c_proj": (4 * d, d),
            }
            matrices |= {f"{block}{name}.weight": size for name, size in linear.items()}
            vectors |= {f"{block}{name}.bias": size[1:] for name, size in linear.items()}
            for norm in ("ln_1", "ln_2"):
                vectors |= {f"{block}{norm}.weight": (d,), f"{block}{norm}.bias": (d,)}
        if self.architecture == "gpt2":
            vectors |= {"ln_f.weight": (d,), "ln_f.bias": (d,)}
        return matrices | vectors

    def pieces(self) -> dict[str, tuple[int, ...]]:
        """The size of every piece: each matrix by itself, and all vectors, which do not decay, as one."""
        parts = self.parts()
        n_numbers = sum(math.prod(size) for size in parts.values())
        matrices = {name: size for name, size in parts.items() if len(size) == 2}
        return matrices | {"vectors": (n_numbers - self.n_decayed,)}

    @property
    def n_decayed(self) -> int:
        """How many numbers at the front of the vector belong to matrices, which decay."""
        return sum(math.prod(size) for size in self.parts().values() if len(size) == 2)


def unflatten(shape: Shape, flat: Tensor) -> dict[str, Tensor]:
    """flat (P,) -> its parts by name, as views of the same memory."""
    parts = shape.parts()
    pieces = flat.split([math.prod(size) for size in parts.values()])
    return {name: piece.view(size) for (name, size), piece in zip(parts.items(), pieces, strict=True)}


def flatten(shape: Shape, parts: Mapping[str, Tensor]) -> Tensor:
    """The inverse of `unflatten`: parts by name -> flat (P,)."""
    return torch.cat([parts[name].reshape(-1) for name in shape.parts()])


def cut(shape: Shape, flat: Tensor) -> dict[str, Tensor]:
    """flat (P,) -> its pieces by name, as views of the same memory."""
    pieces = shape.pieces()
    cuts = flat.split([math.prod(size) for size in pieces.values()])
    return {name: piece.view(size) for (name, size), piece in zip(pieces.items(), cuts, strict=True)}


def join(shape: Shape, pieces: Mapping[str, Tensor]) -> Tensor:
    """The inverse of `cut`: pieces by name -> flat (P,)."""
    return torch.cat([pieces[name].reshape(-1) for name in shape.pieces()])


def parts_of(shape: Shape, pieces: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Pieces by name -> parts by name: the vectors one by one."""
    vectors = {name: size for name, size in shape.parts().items() if len(size) == 1}
    apart = pieces["vectors"].split([math.prod(size) for size in vectors.values()])
    matrices = {name: pieces[name] for name in shape.pieces() if name != "vectors"}
    return matrices | dict(zip(vectors, apart, strict=True))


def new_head(shape: Shape, generator: torch.Generator) -> Tensor:
    """A fresh W_y (d, n_out); there is no bias. Source: GPT-1, equation (3)."""
    return torch.randn(shape.d_model, shape.n_out, generator=generator) * INIT_STD


def pretrained_parts(shape: Shape, model: torch.nn.Module) -> dict[str, Tensor]:
    """The weights of a `transformers` GPT-1 or GPT-2 as float32 copies: all parts but `w_y`."""
    state = model.state_dict()
    return {
        name: state[name_in_transformers(shape.architecture, name)].float().clone()
        for name in _without_head(shape)
    }


def name_in_transformers(architecture: str, name: str) -> str:
    """What `transformers`, and so the weights file, calls a part."""
    return "transformer." + _NAMES_IN_TRANSFORMERS[architecture].get(name, name)


def random_parts(shape: Shape, generator: torch.Generator) -> dict[str, Tensor]:
    """An untrained model, all parts but `w_y`: N(0, 0.02), biases 0, gains 1 (GPT-1, section 4.1).

    GPT-2 divides the weights that write to the residual stream by the root of their number (section 2.3),
    here 2 · n_layer.
    """
    parts = {}
    for name, size in _without_head(shape).items():
        if len(size) == 2:
            std = INIT_STD
            if shape.architecture == "gpt2" and name.endswith("c_proj.weight"):
                std /= math.sqrt(2 * shape.n_layer)
            parts[name] = torch.randn(size, generator=generator) * std
        else:
            parts[name] = torch.full(size, 0.0 if name.endswith("bias") else 1.0)
    return parts


def _without_head(shape: Shape) -> dict[str, tuple[int, ...]]:
    return {name: size for name, size in shape.parts().items() if name != "w_y"}
