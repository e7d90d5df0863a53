"""GPTs that have learned nothing yet, small enough to be made while a slider moves: the labs' test animals.

The modules carry the names that `forward.hidden` expects, so the labs measure the same arithmetic that every
lesson shows. Made without `transformers`, which can only build one model at a time and ties the scaling of
the residual weights to the architecture; here depth, placement, scaling and start values are free of each
other.

Sources: GPT-1 section 4.1 (N(0, 0.02), GELU); Xiong et al. 2020, "On Layer Normalization in the Transformer
Architecture", section 3.3 (Xavier) and 3.4 (the Transformer of Vaswani et al., so ReLU).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from app.engine.parameters import INIT_STD

Placement = Literal["post_ln", "pre_ln"]
PLACEMENTS: tuple[Placement, ...] = ("post_ln", "pre_ln")
Init = Literal["gpt", "xavier"]
INITS: tuple[Init, ...] = ("gpt", "xavier")
ARCHITECTURES = {"post_ln": "gpt1", "pre_ln": "gpt2"}
WRITES_TO_RESIDUAL = "c_proj.weight"  # how the names of the two matrices end that each block adds through


@dataclass(frozen=True)
class Recipe:
    """What an untrained model is made from.

    placement: "post_ln" as in GPT-1, or "pre_ln" as in GPT-2, with its final LN.
    depth: number of blocks, so 2 · depth residual additions.
    scaled: divide the weights that write to the residual stream by √(2 · depth) (GPT-2, section 2.3).
    std: of all matrices with init "gpt", N(0, std); biases are 0 and gains 1 (GPT-1, section 4.1).
    init: "gpt", or "xavier" as in Xiong et al. 2020: matrices N(0, 2 / (n_in + n_out)), embeddings whose sum
        has variance 1, ReLU in place of GELU.
    """

    placement: Placement
    depth: int
    scaled: bool = False
    std: float = INIT_STD
    d_model: int = 64
    n_head: int = 4
    vocab_size: int = 256
    n_ctx: int = 32
    init: Init = "gpt"


@dataclass(frozen=True, eq=False)
class UntrainedModel:
    """What `forward.hidden` and `forward.unembed` need to know of a model. `model`: `_Untrained`, float32."""

    name: str
    architecture: str
    n_head: int
    model: nn.Module


def untrained(recipe: Recipe, seed: int) -> UntrainedModel:
    """A model by its recipe. Of one seed, all recipes of one shape draw the same random numbers."""
    with torch.device("meta"):  # no memory and no random numbers are spent on the modules' own start values
        model = _Untrained(recipe)
    model = model.to_empty(device="cpu")
    model.lm_head.weight = model.embedding.weight  # tied
    stds = {name: _std(recipe, name, parameter) for name, parameter in model.named_parameters()}
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2:
                parameter.normal_(0.0, stds[name], generator=generator)
            else:
                parameter.fill_(0.0 if name.endswith("bias") else 1.0)
    if recipe.init == "xavier":
        _unit_embeddings(recipe, model)
    return UntrainedModel("untrained", ARCHITECTURES[recipe.placement], recipe.n_head, model)


def random_ids(recipe: Recipe, n: int, seed: int) -> Tensor:
    """(1, n) int64 token ids, each as likely as any other."""
    return torch.randint(recipe.vocab_size, (1, n), generator=torch.Generator().manual_seed(seed))


def random_texts(recipe: Recipe, n_texts: int, n: int, seed: int) -> Tensor:
    """(n_texts, n) int64 token ids drawn one by one, the k-th most frequent 1/k as often as the first.

    As in language (Zipf's law), so that there is something to learn and its gradient is not chance alone.
    """
    frequencies = torch.arange(1, recipe.vocab_size + 1).reciprocal()  # (V,), up to a factor
    generator = torch.Generator().manual_seed(seed)
    return torch.multinomial(frequencies, n_texts * n, True, generator=generator).view(n_texts, n)


def _std(recipe: Recipe, name: str, parameter: Tensor) -> float:
    """The standard deviation that a matrix is drawn with."""
    std = recipe.std
    if recipe.init == "xavier" and parameter.dim() == 2:
        n_out, n_in = parameter.shape
        if name.endswith("c_attn.weight"):  # three matrices in one
            n_out //= 3
        std = math.sqrt(2 / (n_in + n_out))
    scaled = recipe.scaled and name.endswith(WRITES_TO_RESIDUAL)
    return std / math.sqrt(2 * recipe.depth) if scaled else std


def _unit_embeddings(recipe: Recipe, model: _Untrained) -> None:
    """Token and position embedding get variance 1/2 each; the unembedding keeps the smaller numbers."""
    model.lm_head.weight = nn.Parameter(model.embedding.weight.detach().clone())
    with torch.no_grad():
        for table in (model.embedding.weight, model.positions.weight):
            drawn_with = math.sqrt(2 / sum(table.shape))
            table.mul_(math.sqrt(0.5) / drawn_with)


class _Untrained(nn.Module):
    """Both placements hold the same modules in the same order, so that a seed means the same matrices."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        d = recipe.d_model
        body = nn.Module()
        tokens, positions = (
            ("wte", "wpe") if recipe.placement == "pre_ln" else ("tokens_embed", "positions_embed")
        )
        body.add_module(tokens, _table(recipe.vocab_size, d))
        body.add_module(positions, _table(recipe.n_ctx, d))
        body.h = nn.ModuleList(_Block(d) for _ in range(recipe.depth))
        if recipe.placement == "pre_ln":
            body.ln_f = nn.LayerNorm(d)
        self.transformer = body
        self.lm_head = nn.Linear(d, recipe.vocab_size, bias=False)
        self._tokens, self._positions = tokens, positions
        if recipe.init == "xavier":
            for block in body.h:
                block.mlp.act = nn.ReLU()

    @property
    def embedding(self) -> nn.Embedding:
        """The token table (V, d), which is also the unembedding."""
        return getattr(self.transformer, self._tokens)

    @property
    def positions(self) -> nn.Embedding:
        """The position table (n_ctx, d)."""
        return getattr(self.transformer, self._positions)


def _table(n: int, d: int) -> nn.Embedding:
    """An embedding (n, d) without start values: those of `nn.Embedding(n, d)` cost seconds on "meta"."""
    return nn.Embedding.from_pretrained(torch.empty(n, d), freeze=False)


class _Block(nn.Module):
    """The weights of one block. Where its layer norms stand is up to `forward`."""

    def __init__(self, d: int):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn, self.mlp = nn.Module(), nn.Module()
        self.attn.c_attn, self.attn.c_proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp.c_fc, self.mlp.act, self.mlp.c_proj = (
            nn.Linear(d, 4 * d),
            nn.GELU("tanh"),
            nn.Linear(4 * d, d),
        )
