"""Pre-training checkpoints at a quarter of their size: int8 with one float16 scale per row.

A matrix is stored as `<name>` (int8) and `<name>.scale` (float16, one per row); a vector (bias, layer norm)
stays float16. Read back as w = scale · q, so no weight moves by more than half a step of its row, |Δw| ≤
max|row| / 254, plus the rounding of the scale to float16 (a two-thousandth of the weight; more in a row whose
weights are all under 0.008, where float16 runs out of digits).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LEVELS = 127  # int8 without -128, so that q and -q are both there


def quantize_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """weight (R, C) float -> q (R, C) int8, scale (R,) float16, with weight ≈ scale · q."""
    import torch

    scale = (weight.float().abs().amax(dim=1) / LEVELS).half()  # (R,)
    divisor = torch.where(scale == 0, 1.0, scale.float())[:, None]  # a row of zeros stays zeros
    q = (weight.float() / divisor).round().clamp(-LEVELS, LEVELS).to(torch.int8)  # (R, C)
    return q, scale


def dequantize_rows(q: Tensor, scale: Tensor) -> Tensor:
    """q (R, C) int8, scale (R,) float16 -> weight (R, C) float32."""
    return q.float() * scale.float()[:, None]


def save_quantized(state: dict[str, Tensor], path: str | Path) -> None:
    """Write a state dict. A tensor that shares its memory with an earlier one (the tied output layer) is left
    out.
    """
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in state.items():
        if tensor.data_ptr() in seen:
            continue
        seen.add(tensor.data_ptr())
        if tensor.dim() == 2:
            tensors[name], tensors[f"{name}.scale"] = quantize_rows(tensor.detach())
        else:
            tensors[name] = tensor.detach().half()
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, str(path))


def load_quantized(path: str | Path) -> dict[str, Tensor]:
    """Read what `save_quantized` wrote -> {name: float32 tensor}. Raises safetensors' SafetensorError when
    damaged.
    """
    import torch
    from safetensors.torch import load_file

    tensors = load_file(str(path))
    return {
        name: dequantize_rows(tensor, tensors[f"{name}.scale"])
        if tensor.dtype == torch.int8
        else tensor.float()
        for name, tensor in tensors.items()
        if not name.endswith(".scale")
    }
