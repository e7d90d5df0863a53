"""The definitions of L1, L2 and AdamW on cases small enough to compute by hand, and the rules of the trace.

`tests/parity/test_finetuning_step.py` holds the whole step against `transformers`.
"""

import math

import pytest
import torch
from torch._decomp import core_aten_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

from app.engine.finetune import FineTuning, Plan
from app.engine.inputs import collate
from app.engine.objective import (
    Moments,
    adamw,
    class_logits,
    classification_loss,
    language_model_loss,
    log_sum_exp,
    make_step,
)
from tests.random_models import random_examples, random_model

EXTRACT = 5


def test_l1_is_a_mean_over_examples_not_over_tokens():
    """Two examples, one token predicted in the first and three in the second, with known probabilities.

    The activation of position t is the row of a table of logits, since `wte` is the identity.
    """
    V = 4
    probabilities = torch.tensor([[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4]])
    h = torch.zeros(2, 1, 4, V)
    h[0, 0, 0] = probabilities[0].log()
    h[1, 0, :3] = probabilities[1].log()
    ids = torch.tensor([[[0, 2, 1, 1]], [[0, 3, 1, 0]]])
    predicted = torch.tensor([[[0.0, 1, 0, 0]], [[0.0, 1, 1, 1]]])
    first = -math.log(0.125)
    second = -(math.log(0.4) + math.log(0.2) + math.log(0.1)) / 3
    l1 = language_model_loss(h, torch.eye(V), ids, predicted)
    assert l1.item() == pytest.approx((first + second) / 2, rel=1e-6)


def test_l1_of_an_example_with_two_sequences_is_the_mean_over_all_its_tokens():
    V = 3
    h = torch.tensor([0.5, 0.25, 0.25]).log().expand(1, 2, 3, V)
    ids = torch.tensor([[[0, 0, 0], [0, 1, 2]]])
    predicted = torch.tensor([[[0.0, 1, 0], [0.0, 1, 1]]])
    expected = (math.log(2) + 2 * math.log(4)) / 3
    assert language_model_loss(h, torch.eye(V), ids, predicted).item() == pytest.approx(expected, rel=1e-6)


def test_the_head_reads_the_extract_token_and_adds_the_two_orders():
    h = torch.arange(24.0).view(1, 2, 4, 3)
    ids = torch.tensor([[[3, 300, EXTRACT, 1], [3, 300, 301, EXTRACT]]])
    w_y = torch.tensor([[1.0, 0], [0, 1], [2, -1]])
    extracted = torch.tensor([6.0, 7, 8]) + torch.tensor([21.0, 22, 23])
    used = torch.tensor([True, True])
    logits = class_logits(h, w_y, ids, used, one_logit_per_sequence=False)
    assert logits.tolist() == [(extracted @ w_y).tolist()]


def test_each_answer_of_a_choice_gives_one_logit():
    h = torch.arange(24.0).view(1, 2, 4, 3)
    ids = torch.tensor([[[3, 300, EXTRACT, 1], [3, 300, 301, EXTRACT]]])
    w_y = torch.tensor([[1.0], [0], [1]])
    logits = class_logits(h, w_y, ids, torch.tensor([True]), one_logit_per_sequence=True)
    assert logits.tolist() == [[6.0 + 8, 21 + 23]]


def test_l2_is_the_mean_negative_log_probability_of_the_labels():
    logits = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]).log() + 7
    l2 = classification_loss(logits, torch.tensor([1, 2]))
    assert l2.item() == pytest.approx((math.log(4) - math.log(0.8)) / 2, rel=1e-6)


def test_log_sum_exp_survives_large_logits():
    assert log_sum_exp(torch.tensor([[1e4, 1e4]])).item() == pytest.approx(1e4 + math.log(2))


def test_adamw_equals_torch_and_decays_only_what_shall():
    generator = torch.Generator().manual_seed(0)
    flat = torch.randn(10, generator=generator, dtype=torch.float64)
    matrices, vectors = (torch.nn.Parameter(part.clone()) for part in flat.split([6, 4]))
    groups = [{"params": [matrices], "weight_decay": 0.01}, {"params": [vectors], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.1)
    moments = Moments(torch.zeros_like(flat), torch.zeros_like(flat))
    trained = torch.ones((), dtype=torch.float64)
    lr, eps = torch.tensor(0.1, dtype=torch.float64), torch.tensor(1e-8, dtype=torch.float64)
    for step in range(1, 6):
        gradient = torch.randn(10, generator=generator, dtype=torch.float64)
        step_number = torch.tensor(step, dtype=torch.float64)
        cuts = zip(*(vector.split([6, 4]) for vector in (flat, *moments, gradient)), strict=True)
        updated = [
            adamw(weights, Moments(first, second), part, trained, decays, step_number, lr, eps)
            for (weights, first, second, part), decays in zip(cuts, (True, False), strict=True)
        ]
        flat = torch.cat([weights for weights, _ in updated])
        moments = Moments(*map(torch.cat, zip(*(moments for _, moments in updated), strict=True)))
        matrices.grad, vectors.grad = gradient.split([6, 4])
        optimizer.step()
    expected = torch.cat([matrices, vectors]).detach()
    torch.testing.assert_close(flat, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
def test_the_step_can_be_traced_and_its_gradient_holds_no_padded_slices(architecture: str):
    """What the browser's graph needs: the same numbers from the trace, ε an input, no gradient of a slice."""
    run = FineTuning(random_model(architecture), Plan("similarity", n_labels=2, n_layers_transferred=2))
    step = make_step(run.shape, one_logit_per_sequence=False)
    batch = collate(random_examples("similarity", 2), length=20)
    others = [torch.tensor([True, True]), *(torch.tensor(value) for value in (0.5, 1e-3, 1e-8))]
    vectors = [vector.double() for vector in (run.flat, run.first_moment, run.second_moment)]
    inputs = (*vectors, run.trained, torch.tensor(1.0), *batch, *others)
    traced = make_fx(step, decomposition_table=core_aten_decompositions())(*inputs)
    for ours, expected in zip(traced(*inputs), step(*inputs), strict=True):
        torch.testing.assert_close(ours, expected)
    eps = list(traced.graph.find_nodes(op="placeholder"))[-1]
    assert eps.users
    called = {str(node.target) for node in traced.graph.nodes if node.op == "call_function"}
    padded = {"aten.slice_backward.default", "aten.slice_scatter.default", "aten.select_scatter.default"}
    assert "aten.embedding.default" in called
    assert not called & (padded | {"aten.select_backward.default", "aten.constant_pad_nd.default"})
