"""The int8 codec of the checkpoints loses no more than it says."""

import torch
from safetensors.torch import load_file

from app.models.quantized import dequantize_rows, load_quantized, quantize_rows, save_quantized


def test_no_weight_moves_by_more_than_half_a_step_of_its_row():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(50, 64, generator=generator) * torch.logspace(-2, 2, 50)[:, None]
    weight[7] = 0
    q, scale = quantize_rows(weight)
    assert q.dtype == torch.int8 and scale.dtype == torch.float16 and scale.shape == (50,)
    error = (dequantize_rows(q, scale) - weight).abs().amax(dim=1)
    largest = weight.abs().amax(dim=1)
    assert (error <= largest * (1 / 254 + 1 / 2048)).all()
    assert error[7] == 0


def test_a_state_dict_comes_back(tmp_path):
    generator = torch.Generator().manual_seed(0)
    embedding = torch.randn(30, 8, generator=generator)
    state = {
        "wte.weight": embedding,
        "ln.bias": torch.randn(8, generator=generator),
        "head.weight": embedding,
    }
    save_quantized(state, tmp_path / "step.safetensors")
    stored = load_file(tmp_path / "step.safetensors")
    assert {name: tensor.dtype for name, tensor in stored.items()} == {
        "wte.weight": torch.int8,
        "wte.weight.scale": torch.float16,
        "ln.bias": torch.float16,
    }
    back = load_quantized(tmp_path / "step.safetensors")
    assert back.keys() == {"wte.weight", "ln.bias"}
    assert all(tensor.dtype == torch.float32 for tensor in back.values())
    torch.testing.assert_close(back["ln.bias"], state["ln.bias"], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(back["wte.weight"], embedding, atol=0.02, rtol=0)
