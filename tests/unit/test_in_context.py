"""How a list is answered: the most probable candidate, every one scored by all of its tokens."""

import pytest
import torch

from app.models import load
from tests.tiny_models import write_folder
from training.corpus import incontext
from training.evaluate.few_shot import answer, log_probabilities


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp(request.param), request.param, n_ctx=48))


@torch.no_grad()
def slow_log_probability(loaded, ids, start):
    """One forward pass for each token."""
    total = 0.0
    for position in range(start, len(ids)):
        logits = loaded.model(torch.tensor([ids[:position]])).logits[0, -1]
        total += torch.log_softmax(logits, -1)[ids[position]].item()
    return total


def test_log_probabilities_of_endings_of_different_length(loaded):
    rows = [
        loaded.tokenizer.encode(text)
        for text in ("나는 오늘 그 곳에 간다.", "I like", "오늘 그 책을 읽었다.")
    ]
    found = log_probabilities(loaded, rows, [3, 1, 2])
    expected = [slow_log_probability(loaded, row, start) for row, start in zip(rows, [3, 1, 2], strict=True)]
    assert found == pytest.approx(expected, abs=1e-4)


def test_the_last_tokens_of_a_long_row_are_kept(loaded):
    ids = [25 + i % 60 for i in range(70)]
    (found,) = log_probabilities(loaded, [ids], [65])
    assert found == pytest.approx(slow_log_probability(loaded, ids[-48:], 65 - 22), abs=1e-4)


def test_the_answer_is_the_most_probable_candidate_with_its_comma(loaded):
    prompt, candidates = "dog =", ("오늘", "the small dog", "곳에")
    encode = loaded.tokenizer.encode
    given = len(encode(prompt)) - 1  # tokens that no candidate can change
    scores = []
    for candidate in candidates:
        whole = encode(f"{prompt} {candidate},")
        scores.append(slow_log_probability(loaded, whole, given))
    best = candidates[scores.index(max(scores))]
    assert answer(loaded, incontext.TestList(prompt, "오늘", candidates, (), "rule"), candidates) == best
