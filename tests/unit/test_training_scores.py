"""The measuring sticks of the evaluation, against slow and plain computations."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from training.evaluate.bits import bits_per_byte, log_probabilities, n_bytes, tokens_inside
from training.evaluate.kneser_ney import LEAST_DISCOUNT, ORDER, KneserNey
from training.pretrain.export import to_transformers
from training.pretrain.model import Shape, init_parameters

VOCAB_SIZE = 7


@pytest.fixture(scope="module")
def sentences():
    """300 documents over five letters, unevenly drawn, each closed by 0."""
    rng = np.random.default_rng(1)
    return [
        [*rng.choice([1, 2, 3, 4, 5], rng.integers(1, 9), p=[0.4, 0.3, 0.15, 0.1, 0.05]).tolist(), 0]
        for _ in range(300)
    ]


def as_arrays(documents):
    return np.concatenate(documents).astype(np.int16), np.cumsum([0, *map(len, documents)])


def slow_kneser_ney(documents):
    """Chen and Goodman's formulas with dictionaries of tuples -> P(token | history)."""
    grams = [Counter() for _ in range(ORDER + 1)]
    for document in documents:
        padded = [0] * (ORDER - 1) + document
        for end in range(ORDER - 1, len(padded)):
            grams[ORDER][tuple(padded[end - ORDER + 1 : end + 1])] += 1
    for order in range(ORDER - 1, 0, -1):
        for gram in grams[order + 1]:
            grams[order][gram[1:]] += 1
    discounts, after = {}, [defaultdict(dict) for _ in range(ORDER + 1)]
    for order in range(1, ORDER + 1):
        n = [max(1, sum(count == k for count in grams[order].values())) for k in range(1, 5)]
        y = n[0] / (n[0] + 2 * n[1])
        raw = [1 - 2 * y * n[1] / n[0], 2 - 3 * y * n[2] / n[1], 3 - 4 * y * n[3] / n[2]]
        discounts[order] = [min(max(d, LEAST_DISCOUNT), k) for k, d in enumerate(raw, 1)]
        for gram, count in grams[order].items():
            after[order][gram[:-1]][gram[-1]] = count

    def p(token, history, order):
        if order == 0:
            return 1 / VOCAB_SIZE
        lower = p(token, history[1:], order - 1)
        counts = after[order].get(history)
        if not counts:
            return lower
        discount = {w: discounts[order][min(c, 3) - 1] for w, c in counts.items()}
        own = counts.get(token, 0) - discount.get(token, 0)
        return (own + sum(discount.values()) * lower) / sum(counts.values())

    return lambda token, history: p(token, tuple(([0] * ORDER + history)[-(ORDER - 1) :]), ORDER)


def test_kneser_ney_equals_the_formulas(sentences):
    ids, starts = as_arrays(sentences)
    p = slow_kneser_ney(sentences)
    new = [[1, 2, 1, 2, 6, 1, 0], [5, 5, 5, 5, 5, 5, 0], [0], *sentences[:20]]
    expected = [math.log(p(token, document[:i])) for document in new for i, token in enumerate(document)]
    found = KneserNey(ids, starts, VOCAB_SIZE).log_probabilities(*as_arrays(new))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("history", [[], [1], [1, 2, 3, 4], [6, 6, 6, 6, 6]])
def test_kneser_ney_probabilities_sum_to_one(sentences, history):
    model = KneserNey(*as_arrays(sentences), VOCAB_SIZE)
    documents = [[*history, token, 0] for token in range(VOCAB_SIZE)]
    ids, starts = as_arrays(documents)
    after_history = np.exp(model.log_probabilities(ids, starts))[starts[:-1] + len(history)]
    assert after_history.sum() == pytest.approx(1)


def test_kneser_ney_knows_four_tokens_and_no_more():
    documents = [[1, 3, 3, 3, 5, 0], [2, 3, 3, 3, 6, 0]] * 40
    model = KneserNey(*as_arrays(documents), VOCAB_SIZE)
    assert np.exp(model.log_probabilities(*as_arrays([[1, 3, 3, 3, 5, 0]])))[4] > 0.9
    documents = [[1, 3, 3, 3, 3, 5, 0], [2, 3, 3, 3, 3, 6, 0]] * 40
    model = KneserNey(*as_arrays(documents), VOCAB_SIZE)
    assert np.exp(model.log_probabilities(*as_arrays([[1, 3, 3, 3, 3, 5, 0]])))[5] == pytest.approx(
        0.5, abs=0.1
    )


@pytest.mark.parametrize("n_tokens", [2, 9, 16, 17, 50, 321])
def test_every_token_is_scored_once_with_enough_context(n_tokens):
    """Against one forward pass per token, on the window that holds it."""
    shape = Shape("gpt2", vocab_size=40, n_ctx=16, n_layer=1, d_model=12, n_head=2)
    model = to_transformers({name: p * 10 for name, p in init_parameters(shape, 0).items()}, shape)
    ids = np.random.default_rng(0).integers(0, 40, n_tokens)
    found = log_probabilities(model, ids, n_ctx=16)
    assert found[0] == 0
    for position in range(1, n_tokens):
        start = 0 if position < 16 else (position - 8) // 8 * 8
        window = torch.from_numpy(ids[start : position + 1])[None]
        with torch.no_grad():
            expected = F.log_softmax(model(window).logits[0, -2], -1)[window[0, -1]].item()
        assert position - start >= min(position, 8)
        assert found[position] == pytest.approx(expected, abs=1e-4), position


def test_bits_per_byte_of_a_fair_coin_and_of_composed_lower_case_text():
    assert bits_per_byte(np.log([0.5] * 6), 3) == pytest.approx(2)
    assert n_bytes(["\u1100\u1161", "Ab"], lower_case=True) == 3 + 2


def test_tokens_that_touch_a_span_are_inside():
    offsets = [(0, 2), (7, 10), (10, 11), (12, 14)]
    assert tokens_inside(offsets, [(8, 10), (13, 20)]) == [False, True, False, True]
    assert tokens_inside(offsets, []) == [False] * 4
