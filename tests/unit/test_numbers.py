"""One way to write a share in sentences: nothing is 0.0 % that is not nothing."""

from __future__ import annotations

import math

import pytest
import torch

from app.engine.next_token import Sampling
from app.engine.sampling import warp
from app.views.numbers import percent


@pytest.mark.parametrize(
    ("p", "digits", "shown"),
    [
        (0.0, 1, "0.0%"),
        (0.0, 0, "0%"),
        (0.3824, 1, "38.2%"),
        (1.0, 1, "100.0%"),
        (0.0005, 1, "0.1%"),
        (0.0004, 1, "<0.1%"),
        (1e-300, 1, "<0.1%"),
        (5e-324, 2, "<0.01%"),
        (0.004, 0, "<1%"),
        (0.006, 0, "1%"),
        (0.00004, 2, "<0.01%"),
    ],
)
def test_a_share(p: float, digits: int, shown: str):
    assert percent(p, digits) == shown
    assert digits != 1 or percent(p) == shown, "one digit where nobody says otherwise"


@pytest.mark.parametrize("temperature", [0.1, 0.2, 1.0, 2.0])
def test_what_no_filter_removed_is_never_nothing(temperature: float):
    """In float32 a token 11 logits below the leader is exactly 0 at temperature 0.1."""
    logits = torch.tensor([30.0, 19.0, 10.0, -20.0])
    warped = warp(logits, Sampling(temperature, 0, 1.0))
    exact = [math.exp((float(x) - 30) / temperature) for x in logits]
    for found, expected in zip(warped.p_after.tolist(), exact, strict=True):
        assert found > 0 and found == pytest.approx(expected / sum(exact), rel=1e-4)
        assert percent(found) != "0.0%"
    assert min(warped.p_before.tolist()) == pytest.approx(math.exp(-50), rel=1e-4)
