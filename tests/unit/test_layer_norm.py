"""The three steps of an LN in panel and sentence, computed again by torch's own layer_norm."""

from __future__ import annotations

import re

import pytest
import torch
from torch.nn.functional import layer_norm

from app import models
from app.models import Registry
from lessons.architecture import compute
from lessons.architecture.layer_norm import LayerNorm
from lessons.architecture.lesson import LESSON
from tests.mounted import Mounted, Visitor

TEXT = "나는 오늘 그 곳에 간다"
PLACES = [
    ("gpt1", "blocks.2.ln1.hook_normalized", "h.2.ln_1", "blocks.2.hook_resid_mid"),
    ("gpt1", "blocks.0.ln2.hook_normalized", "h.0.ln_2", "blocks.0.hook_resid_post"),
    ("gpt2", "blocks.1.ln1.hook_normalized", "h.1.ln_1", "blocks.1.hook_resid_pre"),
    ("gpt2", "blocks.3.ln2.hook_normalized", "h.3.ln_2", "blocks.3.hook_resid_mid"),
    ("gpt2", "ln_final.hook_normalized", "ln_f", "blocks.3.hook_resid_post"),
]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


@pytest.fixture(scope="module")
def runs(registry) -> dict[str, compute.Run]:
    return {side: compute.run(models.load(registry.spec(f"tiny-{side}")), TEXT) for side in ("gpt1", "gpt2")}


@pytest.mark.parametrize(("side", "name", "module", "source"), PLACES)
def test_the_three_steps(runs, side, name, module, source):
    run = runs[side]
    own = run.loaded.model.transformer.get_submodule(module)
    layer = LayerNorm(run, name)
    x = run.tensors[source].double()
    hat = layer_norm(x, x.shape[-1:], eps=own.eps)
    assert layer.source == source
    torch.testing.assert_close(layer.normalised(), hat, atol=1e-9, rtol=0)
    assert hat.mean(-1).abs().max() < 1e-9 and (hat.std(-1, correction=0) - 1).abs().max() < 1e-2
    y = hat * own.weight.detach() + own.bias.detach()
    torch.testing.assert_close(run.tensors[name].double(), y, atol=1e-4, rtol=0)
    torch.testing.assert_close(layer.gain * layer.normalised() + layer.bias, y, atol=1e-9, rtol=0)


@pytest.mark.parametrize(("side", "name", "module", "source"), PLACES)
def test_the_panel_says_them(registry, runs, side, name, module, source):
    """Of the marked token: the spread before, 1.00, the spread after, and the mean of γ."""
    visitor = Visitor(Mounted(LESSON, LESSON.stage, registry))
    visitor.act("pick", side=side, node=name)
    panel = visitor.act("mark", row=1)["panel"]
    run = runs[side]
    own = run.loaded.model.transformer.get_submodule(module)
    x, y = run.tensors[source][1].double(), run.tensors[name][1].double()
    hat = layer_norm(x, x.shape, eps=own.eps)
    numbers = re.findall(r"-?\d+\.\d\d", panel["layer_norm"]["say"].replace("**", ""))
    expected = [hat.mean(), own.weight.detach().mean(), hat.std(correction=0), y.std(correction=0)]
    assert numbers == [f"{abs(one) if abs(one) < 5e-3 else one:.2f}" for one in expected]
    assert panel["layer_norm"]["hat"]["columns"] == len(hat)


def test_the_sentence_about_ln_says_them(registry, runs):
    """Of block 2, all tokens: into LN 1, x̂, the mean of γ, out of it; GPT-2's stream, both ends."""
    visitor = Visitor(Mounted(LESSON, LESSON.stage, registry))
    visitor.enter(f"text={TEXT}")
    told = visitor.act("light", lit="ln")["look"].replace("**", "")
    first, second = runs["gpt1"].tensors, runs["gpt2"].tensors
    own = runs["gpt1"].loaded.model.transformer.h[2].ln_1
    x = first["blocks.2.hook_resid_mid"].double()
    expected = [
        x.std(correction=0),
        layer_norm(x, x.shape[-1:], eps=own.eps).std(correction=0),
        own.weight.detach().double().mean(),
        first["blocks.2.ln1.hook_normalized"].double().std(correction=0),
        second["blocks.0.hook_resid_pre"].double().std(correction=0),
        second["blocks.3.hook_resid_post"].double().std(correction=0),
    ]
    assert re.findall(r"\d+\.\d\d", told) == [f"{one:.2f}" for one in expected]


def test_what_is_scored_has_passed_the_final_ln_in_gpt2(registry):
    visitor = Visitor(Mounted(LESSON, LESSON.stage, registry))
    second = visitor.act("pick", side="gpt2", node="logits")["panel"]
    first = visitor.act("pick", side="gpt1", node="logits")["panel"]
    assert "LN_f(hₙ)" in [symbol for symbol, _ in second["where"]] and ["msub", "LN", "f"] in str_of(second)
    assert "hₙ" in [symbol for symbol, _ in first["where"]] and ["msub", "LN", "f"] not in str_of(first)


def str_of(panel: dict) -> list:
    """Every part of the formula, however deep."""
    found, left = [], [panel["formula"]]
    while left:
        part = left.pop()
        found.append(part)
        left += [one for one in part if isinstance(one, list)] if isinstance(part, list) else []
    return found
