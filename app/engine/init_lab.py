"""Labs 1 and 2 of 「GPT-1 vs GPT-2」: what the placement of LN and the 1/√N scaling do before any training.

Both labs are generators: each random start that is measured gives one more result over all starts so far, so
a page can draw at once, show how far it is, and stop by closing the generator.

Sources: GPT-1 section 4.1 (N(0, 0.02), post-LN), GPT-2 section 2.3 (pre-LN, residual weights divided by the
root of their number); what to expect of the gradients: Xiong et al. 2020, "On Layer Normalization in the
Transformer Architecture", section 3.4: the expected gradients grow with the block's index in post-LN and
stay almost the same in pre-LN. That is with Xavier weights and embeddings of size 1; with all at 0.02 it is
not so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.forward import hidden, unembed
from app.engine.untrained import PLACEMENTS, Init, Placement, Recipe, random_ids, random_texts, untrained

N_STARTS = 5
N_TOKENS = 32
N_TEXTS = 16  # that a gradient is the mean over; of a single text it is mostly chance


@dataclass(frozen=True)
class Spread:
    """A curve measured at several random starts: mean, smallest and largest at each of its points."""

    mean: list[float]
    low: list[float]
    high: list[float]

    @classmethod
    def of(cls, curves: Sequence[Sequence[float]]) -> Spread:
        """From curves of equal length, one for each start."""
        points = list(zip(*curves, strict=True))
        return cls(
            [math.fsum(p) / len(p) for p in points], [min(p) for p in points], [max(p) for p in points]
        )


@dataclass(frozen=True)
class GradientNorms:
    """Lab 1. post_ln, pre_ln: for each block 0 … depth - 1 the norm of L1's gradient by its parameters.

    n_done of n_starts random starts are in it.
    """

    depth: int
    n_done: int
    n_starts: int
    post_ln: Spread
    pre_ln: Spread


@dataclass(frozen=True)
class ResidualWalk:
    """Lab 2. Standard deviation of the pre-LN residual stream after 0, 1, … 2 · depth additions.

    plain, scaled: measured, all weights N(0, 0.02), and with the residual weights divided by √(2 · depth).
    predicted_plain, predicted_scaled: by `predicted_walk`, which has seen no measurement.
    """

    depth: int
    n_done: int
    n_starts: int
    plain: Spread
    scaled: Spread
    predicted_plain: list[float]
    predicted_scaled: list[float]


def gradient_norms(
    depth: int, scaled: bool = False, init: Init = "gpt", n_starts: int = N_STARTS, first_seed: int = 0
) -> Iterator[GradientNorms]:
    """Both placements from the same random weights and texts; one result for each of `n_starts` starts."""
    curves: dict[Placement, list[list[float]]] = {placement: [] for placement in PLACEMENTS}
    for n_done in range(1, n_starts + 1):
        for placement in PLACEMENTS:
            recipe = Recipe(placement, depth, scaled, init=init)
            curves[placement].append(block_gradient_norms(recipe, first_seed + n_done - 1))
        spreads = {placement: Spread.of(found) for placement, found in curves.items()}
        yield GradientNorms(depth, n_done, n_starts, **spreads)


def block_gradient_norms(recipe: Recipe, seed: int) -> list[float]:
    """‖∂L1/∂(all parameters of block l)‖ for l = 0 … depth - 1, at one random start.

    L1 is the mean -ln P of the tokens of 16 random texts, 32 in each, given those before it.
    """
    loaded = untrained(recipe, seed)
    ids = random_texts(recipe, N_TEXTS, N_TOKENS + 1, seed)  # (B, T + 1)
    logits = unembed(loaded, hidden(loaded, ids[:, :-1]))  # (B, T, V)
    loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    blocks = [list(block.parameters()) for block in loaded.model.transformer.h]
    gradients = iter(torch.autograd.grad(loss, [parameter for block in blocks for parameter in block]))
    return [_norm([next(gradients) for _ in block]) for block in blocks]


def residual_walk(depth: int, n_starts: int = N_STARTS, first_seed: int = 0) -> Iterator[ResidualWalk]:
    """Both initialisations from the same random numbers; one result for each of `n_starts` starts."""
    recipes = {name: Recipe("pre_ln", depth, scaled=name == "scaled") for name in ("plain", "scaled")}
    predicted = {f"predicted_{name}": predicted_walk(recipe) for name, recipe in recipes.items()}
    curves: dict[str, list[list[float]]] = {name: [] for name in recipes}
    for n_done in range(1, n_starts + 1):
        for name, recipe in recipes.items():
            curves[name].append(residual_std(recipe, first_seed + n_done - 1))
        spreads = {name: Spread.of(found) for name, found in curves.items()}
        yield ResidualWalk(depth, n_done, n_starts, **spreads, **predicted)


def residual_std(recipe: Recipe, seed: int) -> list[float]:
    """Root mean square of the residual stream's numbers after 0, 1, … 2 · depth additions, at one start.

    The stream has mean 0 over random starts, so this is its standard deviation.
    """
    found: list[float] = []

    def keep(name: str, tensor: Tensor) -> Tensor:
        if name == "blocks.0.hook_resid_pre" or name.endswith(("hook_resid_mid", "hook_resid_post")):
            found.append(tensor.square().mean().sqrt().item())
        return tensor

    loaded = untrained(recipe, seed)
    with torch.no_grad():
        hidden(loaded, random_ids(recipe, N_TOKENS, seed), hook=keep)
    return found


def predicted_walk(recipe: Recipe) -> list[float]:
    """The same standard deviations from the sizes and σ alone: a random walk, whose variances add.

    The stream begins as token plus position embedding: variance 2σ². Each addition is made by a matrix of its
    own, independent of all before it, so its variance is added to the stream's. With σ_p = σ, or σ/√(2N) when
    scaled, and LN handing on vectors of variance 1:
    * attention: values of variance dσ²; scores near 0 make the pattern uniform, so position t (from 1)
      averages t of them: dσ²/t. Through c_proj: d·σ_p²·dσ²/t, averaged over the T positions.
    * MLP: z ~ N(0, dσ²) before the GELU; through c_proj: 4d·σ_p²·E[GELU(z)²].
    Assumed and not quite true: the tokens' vectors are independent of each other (attention makes them alike,
    so what it adds is larger in deep models), the pattern is uniform, z is normal.
    """
    d, variance = recipe.d_model, recipe.std**2
    projected = variance / (2 * recipe.depth) if recipe.scaled else variance
    mean_of_1_over_t = sum(1 / t for t in range(1, N_TOKENS + 1)) / N_TOKENS
    attention = d * projected * d * variance * mean_of_1_over_t
    mlp = 4 * d * projected * _mean_square_of_gelu(math.sqrt(d * variance))
    at, walk = 2 * variance, [2 * variance]
    for added in [attention, mlp] * recipe.depth:
        at += added
        walk.append(at)
    return [math.sqrt(value) for value in walk]


def _mean_square_of_gelu(std: float) -> float:
    """E[GELU(z)²] for z ~ N(0, std²), by the trapezoid rule over ±8 std."""
    u = torch.linspace(-8, 8, 2001, dtype=torch.float64)
    density = torch.exp(-u.square() / 2) / math.sqrt(2 * math.pi)
    return torch.trapezoid(F.gelu(u * std, approximate="tanh").square() * density, u).item()


def _norm(tensors: Sequence[Tensor]) -> float:
    return math.sqrt(math.fsum(tensor.double().square().sum().item() for tensor in tensors))
