"""Held-out bits per byte: how well a model predicts text it has not seen, on a scale that does not depend
on its tokens."""

import math
import unicodedata
from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

BATCH = 16


@torch.no_grad()
def log_probabilities(model: torch.nn.Module, ids: np.ndarray, n_ctx: int) -> np.ndarray:
    """ln P of every token of one long row of documents (N,), given up to n_ctx tokens before it; the very
    first gets 0.

    The window moves on by half its length, so that every token but those of the first half window has at
    least n_ctx/2 tokens before it.
    """
    row = torch.from_numpy(ids.astype(np.int64))
    stride = n_ctx // 2
    result = torch.zeros(len(row), dtype=torch.float64)
    starts = range(0, max(1, len(row) - stride), stride)
    whole = [start for start in starts if start + n_ctx <= len(row)]
    for first in range(0, len(whole), BATCH):
        # (B, n_ctx)
        batch = torch.stack([row[start : start + n_ctx] for start in whole[first : first + BATCH]])
        for start, scored in zip(whole[first : first + BATCH], _score(model, batch), strict=True):
            skip = 0 if start == 0 else stride - 1  # those before were scored by the window before
            result[start + 1 + skip : start + n_ctx] = scored[skip:]
    for start in starts[len(whole) :]:  # the last, shorter window
        scored = _score(model, row[start:][None])[0]
        skip = 0 if start == 0 else stride - 1
        result[start + 1 + skip :] = scored[skip:]
    return result.numpy()


def _score(model: torch.nn.Module, ids: Tensor) -> Tensor:
    """ids (B, T) -> ln P(ids[:, 1:]) (B, T - 1) float64."""
    logits = model(ids[:, :-1]).logits  # (B, T-1, V)
    return (
        -F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none")
        .view(len(ids), -1)
        .double()
    )


def n_bytes(texts: Iterable[str], lower_case: bool) -> int:
    """UTF-8 bytes of the NFC text, lower-cased for a model that sees no case."""
    normal = (unicodedata.normalize("NFC", text) for text in texts)
    return sum(len((text.lower() if lower_case else text).encode()) for text in normal)


def bits_per_byte(log_p: np.ndarray, bytes_of_text: int) -> float:
    """End-of-text tokens count among the bits, not among the bytes."""
    return float(-log_p.sum() / math.log(2) / bytes_of_text)


def tokens_inside(offsets: list[tuple[int, int]], spans: list[tuple[int, int]]) -> list[bool]:
    """Which tokens, given their (start, end) in characters, touch one of the spans."""
    return [any(start < last and first < end for first, last in spans) for start, end in offsets]
