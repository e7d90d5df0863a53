"""The fast forward pass of pre-training against `transformers` and plain torch."""

import pytest
import torch
import torch.nn.functional as F

from training.pretrain.export import to_transformers
from training.pretrain.model import (
    IGNORED,
    LOSS_ROWS,
    LinearCrossEntropy,
    Shape,
    hidden_states,
    init_parameters,
    loss,
)

SHAPES = [Shape(name, vocab_size=311, n_ctx=24, n_layer=3, d_model=48, n_head=4) for name in ("gpt1", "gpt2")]


def noisy_parameters(shape):
    """Fresh parameters would hide a forgotten bias (all zero) or gain (all one)."""
    generator = torch.Generator().manual_seed(5)
    parameters = init_parameters(shape, seed=3)
    with torch.no_grad():
        for value in parameters.values():
            value += 0.1 * torch.randn(value.shape, generator=generator)
    return parameters


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.architecture)
def test_logits_equal_transformers(shape):
    parameters = noisy_parameters(shape)
    model = to_transformers(parameters, shape)
    ids = torch.randint(shape.vocab_size, (3, shape.n_ctx), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = hidden_states(parameters, shape, ids) @ parameters[shape.token_table].t()
        torch.testing.assert_close(ours, model(ids).logits, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.architecture)
def test_loss_and_gradients_equal_transformers(shape):
    parameters = noisy_parameters(shape)
    model = to_transformers(parameters, shape)
    rows = torch.randint(shape.vocab_size, (3, shape.n_ctx + 1), generator=torch.Generator().manual_seed(1))
    ids, targets = rows[:, :-1], rows[:, 1:].clone()
    targets[:, :7] = IGNORED
    ours = loss(parameters, shape, ids, targets)
    theirs = F.cross_entropy(model(ids).logits.flatten(0, 1), targets.flatten())
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    ours.backward()
    theirs.backward()
    for name, value in model.named_parameters():
        torch.testing.assert_close(parameters[name].grad, value.grad, atol=1e-6, rtol=1e-4, msg=name)


def test_residual_weights_of_gpt2_start_smaller_by_depth():
    shape = Shape("gpt2", vocab_size=400, n_ctx=16, n_layer=8, d_model=96)
    parameters = init_parameters(shape, seed=0)
    spread = {
        name: value.std().item() for name, value in parameters.items() if name.startswith("transformer.h.0.")
    }
    assert spread["transformer.h.0.mlp.c_fc.weight"] == pytest.approx(0.02, rel=0.05)
    assert spread["transformer.h.0.mlp.c_proj.weight"] == pytest.approx(0.02 / 4, rel=0.05)
    assert spread["transformer.h.0.attn.c_proj.weight"] == pytest.approx(0.02 / 4, rel=0.05)


def test_chunked_cross_entropy_is_the_usual_one_over_several_chunks():
    generator = torch.Generator().manual_seed(2)
    n = 2 * LOSS_ROWS + 17
    x = torch.randn(n, 12, generator=generator, requires_grad=True)
    table = torch.randn(30, 12, generator=generator, requires_grad=True)
    targets = torch.randint(30, (n,), generator=generator)
    targets[::3] = IGNORED
    ours = torch.autograd.grad(3 * LinearCrossEntropy.apply(x, table, targets), (x, table))
    theirs = torch.autograd.grad(
        3 * F.cross_entropy(x @ table.t(), targets, ignore_index=IGNORED), (x, table)
    )
    for ours_part, theirs_part in zip(ours, theirs, strict=True):
        torch.testing.assert_close(ours_part, theirs_part, atol=1e-6, rtol=1e-4)


def test_bfloat16_arithmetic_stays_near_float32():
    shape = SHAPES[1]
    parameters = noisy_parameters(shape)
    rows = torch.randint(shape.vocab_size, (2, shape.n_ctx + 1), generator=torch.Generator().manual_seed(1))
    losses = [
        loss(parameters, shape, rows[:, :-1], rows[:, 1:], dtype).item()
        for dtype in (torch.float32, torch.bfloat16)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.01) and losses[0] != losses[1]
