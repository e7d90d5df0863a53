"""The formula of a tensor with one token's numbers in the place of its symbols.

Of all numbers of the token the one in column 0, so that each stands in the panel's heatmaps, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from lessons.architecture.compute import Run
from lessons.architecture.layer_norm import LayerNorm
from lessons.architecture.nodes import Tree, block_of, kind_of, resolve

_AMONG = ("…", ",")  # softmax takes all numbers of a row; one of them is written out


@dataclass(frozen=True)
class Filled:
    """A formula in numbers.

    Args:
        words: which sentence stands before it, filled.<words>.
        tree: as of `nodes.Kind.formula`, with numbers.
        column: the token that the number is about beside its own, for attention the one that is looked at.
    """

    words: str
    tree: Tree
    column: int = 0


def formula(run: Run, name: str, row: int, head: int) -> Filled | None:
    """The numbers of token `row` at `name`, None where nothing is computed (the stream as it comes in).

    `head` matters for attention patterns only. Source of the formulas: `nodes`.
    """
    kind = kind_of(name, run.architecture).words
    place = kind_of(name, run.architecture).source[run.architecture]
    source = resolve(place, name, run.architecture, run.loaded.n_layer)
    if kind.startswith("ln"):
        return Filled("number", _layer_norm(run, name, row))
    if kind in ("embed", "position"):
        parts = run.tensors["hook_embed"], run.tensors["hook_pos_embed"]
        return Filled("number", _sum(run.tensors["blocks.0.hook_resid_pre"], *parts, row))
    if kind in ("resid_mid", "resid_post"):
        added = f"blocks.{block_of(name)}.hook_{'attn' if kind == 'resid_mid' else 'mlp'}_out"
        return Filled("number", _sum(run.tensors[name], run.tensors[source], run.tensors[added], row))
    if kind == "hidden":
        before = run.tensors[name.replace("hook_post", "hook_pre")]
        return Filled("number", _applied(run.tensors[name][row, 0], "GELU", number(before[row, 0])))
    if kind in ("attn_out", "mlp_out"):
        return Filled("number", _product(run, name, row))
    if kind == "pattern":
        return _attention(run, name, row, head)
    if kind == "logits":
        logits = run.tensors[name][row]  # (V,)
        p = logits.double().softmax(-1).max()
        return Filled("likeliest", _applied(p, "softmax", *_AMONG, number(logits.max()), *_AMONG[::-1]))
    return None


def number(value: Tensor | float) -> str:
    """A number of a formula: two decimals, three where it is small, with a real minus sign."""
    value = float(value)
    shown = f"{value:.{3 if abs(value) < 0.1 else 2}f}"
    return shown.replace("-", "−" if float(shown) else "")


def _signed(value: Tensor | float) -> Tree:
    """A number behind an operator: a negative one in brackets."""
    shown = number(value)
    return ["mrow", "(", shown, ")"] if shown.startswith("−") else ["mrow", shown]


def _applied(result: Tensor | float, function: str, *inside: str | Tree) -> Tree:
    return ["mrow", number(result), "=", function, "(", *inside, ")"]


def _layer_norm(run: Run, name: str, row: int) -> Tree:
    """y = γ x̂ + β with x̂ = (x − μ) / √(σ² + ε)."""
    layer = LayerNorm(run, name)
    x = layer.entering[row]  # (d,)
    above = ["mrow", number(x[0]), "−", ["tint", "mu", _signed(x.mean())]]
    sigma = ["msup", ["tint", "sigma", number(x.std(correction=0))], "2"]
    below = ["msqrt", ["mrow", sigma, "+", ["msup", "10", f"−{round(-math.log10(layer.eps))}"]]]
    result = ["tint", "model-ink", number(run.tensors[name][row, 0])]
    gain, bias = number(layer.gain[0]), _signed(layer.bias[0])
    return ["mrow", result, "=", gain, "·", ["mfrac", above, below], "+", bias]


def _sum(result: Tensor, first: Tensor, second: Tensor, row: int) -> Tree:
    numbers = number(first[row, 0]), "+", _signed(second[row, 0])
    return ["mrow", ["tint", "model-ink", number(result[row, 0])], "=", *numbers]


def _product(run: Run, name: str, row: int) -> Tree:
    """The first two of the products that a matrix multiplication adds up."""
    block = block_of(name)
    inside = f"blocks.{block}."
    if name.endswith("attn_out"):
        left = run.tensors[inside + "attn.hook_z"][row].flatten()  # (d,)
        weight = run.loaded.model.transformer.h[block].attn.c_proj.weight.detach()  # (d, d)
    else:
        left = run.tensors[inside + "mlp.hook_post"][row]  # (4d,)
        weight = run.loaded.model.transformer.h[block].mlp.c_proj.weight.detach()  # (4d, d)
    terms: Tree = []
    for index in range(2):
        factor = number(left[index]) if not index else _signed(left[index])
        terms += [factor, "·", _signed(weight[index, 0]), "+"]
    return ["mrow", ["tint", "model-ink", number(run.tensors[name][row, 0])], "=", *terms, "…"]


def _attention(run: Run, name: str, row: int, head: int) -> Filled:
    """softmax(q · k / √d_head) at the token that this head looks at most."""
    column = int(run.tensors[name][head, row].argmax())
    q, k = (run.tensors[name.replace("hook_pattern", f"hook_{one}")][:, head] for one in "qk")  # (T, d_head)
    product = (q[row].double() * k[column].double()).sum()
    weight = run.tensors[name][head, row, column]
    inside = ["mfrac", ["tint", "q-ink", number(product)], ["msqrt", str(q.shape[1])]]
    return Filled("attention", _applied(weight, "softmax", *_AMONG, inside, *_AMONG[::-1]), column)
