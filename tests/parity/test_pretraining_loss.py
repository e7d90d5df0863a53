"""The pre-training command has a fast loss of its own; it must be the L1 of `app.engine.objective`."""

import pytest
import torch

from app.engine.objective import final_activations, language_model_loss
from app.engine.parameters import Shape, flatten, pretrained_parts, unflatten
from tests.random_models import our_name, random_model
from training.pretrain import model as pretraining

LEARNING_RATE = 1e-2


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
def test_a_few_steps_on_l1_alone_equal_those_of_the_pretraining_command(architecture: str):
    """Gradient descent on full windows, where the mean over examples is the mean over tokens."""
    loaded = random_model(architecture)
    shape = Shape.of(loaded, n_out=1)
    parts = pretrained_parts(shape, loaded.model) | {"w_y": torch.zeros(24, 1)}
    flat = flatten(shape, parts).requires_grad_()
    fast_shape = pretraining.Shape(architecture, 340, n_ctx=24, n_layer=2, d_model=24, n_head=3)
    fast = {name: p.detach().clone().requires_grad_() for name, p in loaded.model.named_parameters()}
    windows = torch.randint(0, 340, (4, 3, 1, 20), generator=torch.Generator().manual_seed(0))
    for window in windows:  # (3, 1, 20): examples of one sequence each
        predicted = torch.ones(window.shape)
        predicted[..., 0] = 0
        parts = unflatten(shape, flat)
        h = final_activations(shape, parts, window.squeeze(1)).unsqueeze(1)  # (3, 1, 20, d)
        l1 = language_model_loss(h, parts["wte.weight"], window, predicted)
        (gradient,) = torch.autograd.grad(l1, flat)
        flat = (flat - LEARNING_RATE * gradient).detach().requires_grad_()

        ids = window.squeeze(1)
        loss = pretraining.loss(fast, fast_shape, ids[:, :-1], ids[:, 1:])
        gradients = torch.autograd.grad(loss, list(fast.values()))
        with torch.no_grad():
            for p, of_p in zip(fast.values(), gradients, strict=True):
                p -= LEARNING_RATE * of_p
        assert l1.item() == pytest.approx(loss.item(), abs=1e-5)
    ours = unflatten(shape, flat.detach())
    for name, theirs in fast.items():
        torch.testing.assert_close(ours[our_name(name)], theirs.detach(), rtol=0, atol=1e-5)
