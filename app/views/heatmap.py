"""Tensors on their way to a canvas of the browser (assets/js/views/heatmap.js).

One byte a value for thumbnails, three for panels. The functions only use methods of the tensors given to
them, so importing this module does not import torch.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

THUMB_ROWS = 24  # a thumbnail is about 20 pixels high
THUMB_COLUMNS = 40
SIGMAS = 3  # the colours of a thumbnail end at ±3 standard deviations of the whole tensor
MOST_VALUES = 45_696  # of one panel: 183 KB of base64
_TOP = 2**23 - 1  # of a signed number of three bytes


def signed_thumbnail(tensor: Tensor, std: float) -> dict[str, Any]:
    """tensor (T, N) -> {"rows", "columns", "data"}: its last rows, every so many columns, one byte a cell.

    A byte is 128 for 0 and 1 or 255 for ∓SIGMAS·std and beyond.
    """
    shown = tensor[-THUMB_ROWS:, :: max(1, tensor.shape[1] // THUMB_COLUMNS)][:, :THUMB_COLUMNS]  # (≤24, ≤40)
    scaled = shown / (SIGMAS * std or 1.0)
    data = (scaled.clamp(-1, 1) * 127 + 128).round().byte()
    return {"rows": data.shape[0], "columns": data.shape[1], "data": _base64(data)}


def attention_thumbnails(pattern: Tensor) -> dict[str, Any]:
    """pattern (h, T, T) -> {"heads", "rows", "data"}: the last rows and columns, a byte a cell, 255 for 1."""
    shown = pattern[:, -THUMB_ROWS:, -THUMB_ROWS:]
    data = (shown * 255).round().byte()
    return {"heads": data.shape[0], "rows": data.shape[1], "data": _base64(data)}


def exact(tensor: Tensor, most: int = MOST_VALUES) -> dict[str, Any]:
    """tensor (T, N) -> {"rows", "columns", "of", "top", "data"}: if need be the first `columns` of `of`.

    A value is stored as the nearest of 2²⁴ steps between -top and top, the largest absolute value: the
    difference is under 1e-5 for values below 100, with three quarters of the bytes of float32.
    """
    columns = min(tensor.shape[1], max(1, most // tensor.shape[0]))
    shown = tensor[:, :columns].double().contiguous()
    top = float(shown.abs().max()) or 1.0
    steps = (shown / top * _TOP).round().numpy().astype("<i4")
    data = steps.reshape(-1, 1).view("u1")[:, :3]  # (T · columns, 3), low byte first
    return {
        "rows": shown.shape[0],
        "columns": columns,
        "of": tensor.shape[1],
        "top": top,
        "data": base64.b64encode(data.tobytes()).decode("ascii"),
    }


def share(first: Tensor, second: Tensor) -> tuple[int, int]:
    """How many values of each of two tensors (T, N) fit into one panel: half, or what the other leaves."""
    half = MOST_VALUES // 2
    sizes = first.numel(), second.numel()
    return MOST_VALUES - min(half, sizes[1]), MOST_VALUES - min(half, sizes[0])


def _base64(tensor: Tensor) -> str:
    """Little-endian, row by row."""
    return base64.b64encode(tensor.numpy().tobytes()).decode("ascii")
