"""The six scores of one text: by hand, and equal to those of the random lists where both are defined."""

from __future__ import annotations

import math

import pytest
import torch

from app.engine.head_scores import SCORES, score_patterns
from app.engine.text_scores import score_text, text_scores


def random_patterns(n_heads: int, T: int, seed: int = 0) -> torch.Tensor:
    """(nh, T, T) causal, rows sum to 1."""
    scores = 3 * torch.randn(n_heads, T, T, generator=torch.Generator().manual_seed(seed))
    closed = torch.ones(T, T, dtype=torch.bool).triu(1)
    return scores.masked_fill(closed, float("-inf")).softmax(-1)


@pytest.mark.parametrize("n", [2, 5, 30])
def test_on_a_list_said_twice_they_are_the_scores_of_the_random_lists(n: int):
    patterns = random_patterns(4, 2 * n)
    there, here = score_patterns(patterns), score_text(patterns, [*range(n), *range(n)])
    assert set(there) == set(here) == set(SCORES)
    for name, score in there.items():
        torch.testing.assert_close(here[name], score)


def test_same_and_induction_by_hand():
    """Tokens a b a c a: a is met again at 2 (before it: 0) and at 4 (before it: 0 and 2)."""
    p = random_patterns(1, 5)
    found = score_text(p, [7, 8, 7, 9, 7])
    same = (p[0, 2, 0] + p[0, 4, 0] + p[0, 4, 2]) / 2
    induction = (p[0, 2, 1] + p[0, 4, 1] + p[0, 4, 3]) / 2
    assert found["same"].item() == pytest.approx(same.item())
    assert found["induction"].item() == pytest.approx(induction.item())


def test_previous_first_entropy_and_width_by_hand():
    p = random_patterns(2, 3)
    found = score_text(p, [1, 2, 3])
    for head in range(2):
        a, b = p[head, 1].tolist(), p[head, 2].tolist()
        nats = [-sum(w * math.log(w) for w in row if w) for row in (a, b)]
        assert found["previous"][head].item() == pytest.approx((a[0] + b[1]) / 2)
        assert found["first"][head].item() == pytest.approx((a[0] + b[0]) / 2)
        expected = (nats[0] / math.log(2) + nats[1] / math.log(3)) / 2
        assert found["entropy"][head].item() == pytest.approx(expected, abs=1e-6)
        assert found["width"][head].item() == pytest.approx((a[0] + 2 * b[0] + b[1]) / 3)


def test_what_has_no_position_is_none():
    nothing_repeats = text_scores([random_patterns(2, 4), random_patterns(2, 4)], [1, 2, 3, 4])
    assert [(s.layer, s.head) for s in nothing_repeats] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for scores in nothing_repeats:
        assert scores.same is None and scores.induction is None
        assert None not in (scores.previous, scores.first, scores.entropy, scores.width)
    (one,) = text_scores([torch.ones(1, 1, 1)], [5])
    assert (one.previous, one.first, one.same, one.induction, one.entropy) == (None,) * 5
    assert one.width == 0 and one.label == "no clear pattern"


def test_the_label_is_that_of_the_random_lists():
    after_the_same = torch.zeros(1, 6, 6)
    for t, looked_at in enumerate([0, 0, 0, 1, 2, 3]):
        after_the_same[0, t, looked_at] = 1
    (scores,) = text_scores([after_the_same], [4, 5, 6, 4, 5, 6])
    assert scores.induction == pytest.approx(1) and scores.label == "induction"
