"""The flat vector of all weights: order, size, and where it starts."""

import pytest
import torch

from app.engine.parameters import Shape, flatten, pretrained_parts, random_parts, unflatten
from tests.random_models import random_model

SHAPE = Shape("gpt2", vocab_size=400, n_ctx=16, n_layer=4, n_head=3, d_model=48, n_out=3)


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
def test_the_vector_holds_every_weight_of_the_model_once(architecture: str):
    """Counted by `transformers`, which ties the output layer to the embeddings, plus W_y."""
    loaded = random_model(architecture)
    shape = Shape.of(loaded, n_out=3)
    parts = pretrained_parts(shape, loaded.model) | {"w_y": torch.zeros(24, 3)}
    flat = flatten(shape, parts)
    assert flat.numel() == sum(p.numel() for p in loaded.model.parameters()) + 24 * 3
    for name, part in unflatten(shape, flat).items():
        assert torch.equal(part, parts[name])


def test_pretrained_weights_are_copies_in_float32():
    loaded = random_model("gpt2")
    loaded.model.half()
    parts = pretrained_parts(Shape.of(loaded, n_out=2), loaded.model)
    assert {part.dtype for part in parts.values()} == {torch.float32}
    before = loaded.model.transformer.wte.weight.clone()
    parts["wte.weight"].zero_()
    assert torch.equal(loaded.model.transformer.wte.weight, before)


def test_weight_decay_reaches_matrices_only():
    """Embeddings, W_y and the weights of the linear layers stand in front; biases and gains behind."""
    flat = torch.arange(sum(part.numel() for part in unflatten_template().values()))
    parts = unflatten(SHAPE, flat)
    for part in parts.values():
        decayed = part < SHAPE.n_decayed
        assert decayed.all() if part.dim() == 2 else not decayed.any()


def unflatten_template() -> dict[str, torch.Tensor]:
    return {name: torch.empty(size) for name, size in SHAPE.parts().items()}


def test_random_weights_have_the_spread_of_the_papers():
    """N(0, 0.02); in GPT-2 the weights that write to the residual stream are divided by √(2 · layers)."""
    parts = random_parts(SHAPE, torch.Generator().manual_seed(0))
    assert "w_y" not in parts
    for name, part in parts.items():
        if part.dim() == 1:
            assert (part == (0.0 if name.endswith("bias") else 1.0)).all()
        else:
            scaled = name.endswith(("attn.c_proj.weight", "mlp.c_proj.weight"))
            expected = 0.02 / 8**0.5 if scaled else 0.02
            assert part.std().item() == pytest.approx(expected, rel=0.1)
            assert abs(part.mean().item()) < 0.002
