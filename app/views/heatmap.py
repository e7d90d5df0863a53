"""Tensors on their way to a canvas of the browser (assets/js/views/heatmap.js).

Small bytes for thumbnails, exact floats for panels. The functions only use methods of the tensors given to
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
MOST_VALUES = 30_000  # of one panel: 160 KB of base64


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


def exact(tensor: Tensor) -> dict[str, Any]:
    """tensor (T, N) -> {"rows", "columns", "of", "data"}: float32, if need be the first `columns` of `of`."""
    columns = min(tensor.shape[1], max(1, MOST_VALUES // tensor.shape[0]))
    data = tensor[:, :columns].contiguous()
    return {"rows": data.shape[0], "columns": columns, "of": tensor.shape[1], "data": _base64(data)}


def exact_heads(pattern: Tensor) -> dict[str, Any]:
    """pattern (h, T, T) -> {"heads", "rows", "of", "data"}: float32, if need be the last `rows` of `of`."""
    heads, of = pattern.shape[:2]
    rows = min(of, max(1, int((MOST_VALUES / heads) ** 0.5)))
    data = pattern[:, -rows:, -rows:].contiguous()
    return {"heads": heads, "rows": rows, "of": of, "data": _base64(data)}


def _base64(tensor: Tensor) -> str:
    """Little-endian, row by row."""
    return base64.b64encode(tensor.numpy().tobytes()).decode("ascii")
