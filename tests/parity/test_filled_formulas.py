"""The formulas in numbers come out: what stands right of = is what stands left of it, for every place."""

from __future__ import annotations

import pytest
import torch

from app import models
from app.models import LoadedModel
from lessons.architecture import compute, filled
from lessons.architecture.nodes import INSIDE, OUTSIDE, kind_of
from lessons.architecture.state import SIDES

TEXT = "나는 오늘 그 곳에 간다"
ROUNDED = 0.02  # two decimals each, at most divided by a small σ


def places(side: str) -> list[str]:
    names = [*OUTSIDE, *(f"blocks.2.{name}" for name in INSIDE)]
    return [name for name in names if kind_of(name, side)]


def value(tree) -> float:
    """A tree of numbers as `lab.formula` reads it."""
    return eval(written(tree), {"GELU": gelu, "sqrt": lambda x: x**0.5})


def gelu(x: float) -> float:
    return float(torch.nn.functional.gelu(torch.tensor(x), approximate="tanh"))


def written(tree) -> str:
    """A tree of numbers as Python writes it."""
    if isinstance(tree, str):
        return {"−": "-", "·": "*"}.get(tree, tree.replace("−", "-"))
    kind, *parts = tree
    if kind == "tint":
        return written(parts[1])
    inner = [written(part) for part in parts]
    if kind == "mfrac":
        return f"(({inner[0]})/({inner[1]}))"
    if kind == "msup":
        return f"(({inner[0]})**({inner[1]}))"
    if kind == "msqrt":
        return f"sqrt({inner[0]})"
    return " ".join(inner)


def sides(tree) -> tuple[list, list]:
    middle = tree.index("=")
    return ["mrow", *tree[1:middle]], ["mrow", *tree[middle + 1 :]]


@pytest.fixture(scope="module", params=SIDES)
def loaded(request) -> LoadedModel:
    return models.load(f"tiny-{request.param}")


def test_every_sum_norm_and_activation_comes_out(loaded):
    run = compute.run(loaded, TEXT)
    checked = 0
    for name in places(run.architecture):
        for row in range(len(run.ids)):
            found = filled.formula(run, name, row, head=0)
            if found is None:
                assert kind_of(name, run.architecture).words == "resid_pre"
                continue
            left, right = sides(found.tree)
            if "…" in str(right):
                continue
            expected = run.tensors["blocks.0.hook_resid_pre" if name.endswith("embed") else name][row, 0]
            assert value(left) == pytest.approx(float(expected), abs=0.006), name
            assert value(right) == pytest.approx(float(expected), abs=ROUNDED, rel=ROUNDED), (name, row)
            checked += 1
    assert checked >= 7 * len(run.ids)


def test_products_name_the_first_two_of_their_terms(loaded):
    run = compute.run(loaded, TEXT)
    block = loaded.model.transformer.h[2]
    z = run.tensors["blocks.2.attn.hook_z"].flatten(1)  # (T, d)
    for name, left, weight in (
        ("blocks.2.hook_attn_out", z, block.attn.c_proj.weight.detach()),
        ("blocks.2.hook_mlp_out", run.tensors["blocks.2.mlp.hook_post"], block.mlp.c_proj.weight.detach()),
    ):
        tree = filled.formula(run, name, 1, head=0).tree
        result, right = sides(tree)
        terms = right[: right.index("…") - 1]
        expected = sum(float(left[1, index] * weight[index, 0]) for index in range(2))
        assert value(terms) == pytest.approx(expected, abs=ROUNDED)
        assert value(result) == pytest.approx(float(run.tensors[name][1, 0]), abs=0.006)


@pytest.mark.parametrize("head", [0, 5])
def test_attention_names_the_score_of_the_token_it_looks_at_most(loaded, head: int):
    run = compute.run(loaded, TEXT)
    for row in range(len(run.ids)):
        found = filled.formula(run, "blocks.2.attn.hook_pattern", row, head)
        pattern = run.tensors["blocks.2.attn.hook_pattern"][head, row]
        assert found.column == int(pattern.argmax())
        left, right = sides(found.tree)
        assert value(left) == pytest.approx(float(pattern.max()), abs=0.006)
        score = next(part for part in right if isinstance(part, list))
        expected = run.tensors["blocks.2.attn.hook_attn_scores"][head, row, found.column]
        assert value(score) == pytest.approx(float(expected), abs=ROUNDED)
