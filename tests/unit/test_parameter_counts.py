"""Parameters by part: the formula against published totals and against models that `transformers` builds."""

from dataclasses import astuple

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, OpenAIGPTConfig, OpenAIGPTLMHeadModel

from app.models import load
from app.models.registry import EMBEDDED
from lessons.architecture.parameters import Dimensions, by_formula, dimensions, measured, paper
from tests.random_models import random_model


@pytest.mark.parametrize(("architecture", "total"), [("gpt1", 116_534_784), ("gpt2", 124_439_808)])
def test_the_published_models(architecture, total):
    """GPT-1: the shapes in openai/finetune-transformer-lm added up. GPT-2: the published smallest model."""
    assert by_formula(paper(architecture)).total == total


@pytest.mark.parametrize(
    ("n_layer", "d_model", "total"),
    [(24, 1024, 354_823_168), (36, 1280, 774_030_080), (48, 1600, 1_557_611_200)],
)
def test_the_larger_gpt2s(n_layer, d_model, total):
    """Layers and widths of GPT-2's Table 2; totals of the published weights."""
    assert by_formula(Dimensions("gpt2", 50257, 1024, n_layer, d_model)).total == total


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
def test_transformers_builds_as_many(architecture):
    """Its default configurations are the published models."""
    with torch.device("meta"):
        if architecture == "gpt1":
            model = OpenAIGPTLMHeadModel(OpenAIGPTConfig())
        else:
            model = GPT2LMHeadModel(GPT2Config())
    assert sum(parameter.numel() for parameter in model.parameters()) == by_formula(paper(architecture)).total


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
def test_parts_of_a_model(architecture):
    """Each part written out for one small model: d 24, two blocks, 340 tokens, 24 positions."""
    loaded = random_model(architecture)
    attention = 24 * 72 + 72 + 24 * 24 + 24
    mlp = 24 * 96 + 96 + 96 * 24 + 24
    norms = 2 * 2 * (24 + 24) + (48 if architecture == "gpt2" else 0)
    expected = (340 * 24, 24 * 24, 2 * attention, 2 * mlp, norms)
    assert astuple(measured(loaded)) == expected == astuple(by_formula(dimensions(loaded)))
    assert measured(loaded).total == sum(parameter.numel() for parameter in loaded.model.parameters())


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_embedded_models_follow_the_formula(name):
    loaded = load(name)
    assert measured(loaded) == by_formula(dimensions(loaded))
