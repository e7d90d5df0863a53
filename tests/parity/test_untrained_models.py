"""The labs' untrained models against `transformers` with the same weights: gradients, residuals, training."""

import math

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR
from transformers import GPT2Config, GPT2LMHeadModel, OpenAIGPTConfig, OpenAIGPTLMHeadModel

from app.engine.init_lab import N_TEXTS, N_TOKENS, block_gradient_norms, residual_std
from app.engine.untrained import PLACEMENTS, Recipe, random_ids, random_texts, untrained
from training.records.init_training import Plan, batches, losses

torch.set_num_threads(1)
RECIPES = [
    Recipe("post_ln", depth=3),
    Recipe("pre_ln", depth=3),
    Recipe("pre_ln", depth=3, scaled=True, std=0.07),
]
XAVIER = [Recipe(placement, depth=3, init="xavier") for placement in PLACEMENTS]


def twin(recipe: Recipe, seed: int):
    """The same weights in the `transformers` model of that architecture, without dropout."""
    sizes = {"n_positions": recipe.n_ctx, "n_embd": recipe.d_model, "n_layer": recipe.depth}
    sizes |= {"n_head": recipe.n_head, "vocab_size": recipe.vocab_size, "bos_token_id": 0, "eos_token_id": 0}
    sizes |= {"tie_word_embeddings": recipe.init == "gpt"}
    if recipe.placement == "pre_ln":
        activation = "gelu_new" if recipe.init == "gpt" else "relu"
        model = GPT2LMHeadModel(GPT2Config(**sizes, activation_function=activation))
    else:
        activation = "gelu" if recipe.init == "gpt" else "relu"
        model = OpenAIGPTLMHeadModel(OpenAIGPTConfig(**sizes, afn=activation))
    ours = untrained(recipe, seed).model.state_dict()
    turned = {
        name: weight.T if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")) else weight
        for name, weight in ours.items()
    }
    missing, unexpected = model.load_state_dict(turned, strict=False)
    assert not unexpected and not [name for name in missing if not name.endswith("attn.bias")]
    return model.eval()


@pytest.mark.parametrize("recipe", RECIPES + XAVIER, ids=str)
def test_gradient_norms_of_the_blocks(recipe):
    model = twin(recipe, seed=5)
    ids = random_texts(recipe, N_TEXTS, N_TOKENS + 1, seed=5)
    logits = model(ids[:, :-1]).logits  # (B, T, V)
    (-logits.log_softmax(-1).gather(-1, ids[:, 1:, None])).mean().backward()
    expected = [
        math.sqrt(sum(parameter.grad.double().norm().item() ** 2 for parameter in block.parameters()))
        for block in model.transformer.h
    ]
    assert block_gradient_norms(recipe, seed=5) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("recipe", RECIPES[1:], ids=str)
def test_spread_of_the_residual_stream(recipe):
    """What enters each block: after 0, 2, 4 additions."""
    with torch.no_grad():
        states = twin(recipe, seed=5)(random_ids(recipe, N_TOKENS, seed=5), output_hidden_states=True)
    expected = [state.pow(2).mean().sqrt().item() for state in states.hidden_states[:-1]]
    found = residual_std(recipe, seed=5)
    assert len(found) == 2 * recipe.depth + 1
    assert found[:-1:2] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("placement", ["post_ln", "pre_ln"])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("warm_up", [0, 3])
def test_training_steps(placement, scaled, warm_up):
    """Five steps of Adam on the labs' batches, with torch's own scheduler."""
    recipe = Recipe(placement, 2, scaled, vocab_size=64)
    model = twin(recipe, seed=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    rise = (lambda step: min(1.0, (step + 1) / warm_up)) if warm_up else (lambda step: 1.0)
    scheduler = LambdaLR(optimizer, rise)
    expected = []
    for _, ids in zip(range(5), batches(seed=1), strict=False):
        logits = model(ids[:, :-1]).logits  # (B, T, V)
        loss = -logits.log_softmax(-1).gather(-1, ids[:, 1:, None]).mean()
        expected.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    plan = Plan(placement, scaled, 2, learning_rate=0.01, warm_up=warm_up, n_steps=5, seed=1)
    assert list(losses(plan)) == pytest.approx(expected, rel=1e-3)
