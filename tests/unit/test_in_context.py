"""How a list is answered: the most probable candidate, every one scored by all of its tokens."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from app.engine.in_context import (
    LISTS,
    ExampleList,
    candidate_log_probabilities,
    lists,
    log_probabilities,
    most_probable,
)
from app.models import load
from tests.tiny_models import write_folder
from training.corpus.incontext import candidates as candidates_of
from training.corpus.incontext import evaluation_lists
from training.corpus.shown import LISTS_OF_A_KIND, LISTS_SEED, in_context_rows
from training.evaluate import few_shot


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
    assert most_probable(loaded, prompt, candidates) == best


def test_a_candidate_may_change_the_last_token_before_it(loaded):
    """Then all are counted from the first token that any of them changes."""
    cut = {"a": [30, 31, 32], "a b,": [30, 31, 40, 41], "a c,": [30, 31, 32, 42]}
    tokenizer = SimpleNamespace(encode=cut.__getitem__)
    found = candidate_log_probabilities(replace(loaded, tokenizer=tokenizer), "a", ("b", "c"))
    expected = [slow_log_probability(loaded, cut[text], 2) for text in ("a b,", "a c,")]
    assert found == pytest.approx(expected, abs=1e-4)


def test_the_command_writes_the_committed_lists():
    written = [json.loads(line) for line in LISTS.read_text(encoding="utf-8").splitlines()]
    assert len(written) == 2 * LISTS_OF_A_KIND and written == list(in_context_rows())


@pytest.mark.parametrize("kind", ["a", "b"])
def test_the_lists_are_those_that_the_card_measures(kind):
    """Prompt, answer, candidates and copy baseline at every number of shots."""
    assert LISTS_SEED in few_shot.SEEDS and few_shot.N_LISTS == LISTS_OF_A_KIND
    shown = [one for one in lists() if one.kind == kind]
    for shots in few_shot.SHOTS:
        for one, measured in zip(shown, evaluation_lists(kind, len(shown), shots, LISTS_SEED), strict=True):
            assert (one.prompt(shots), one.answer) == (measured.prompt, measured.answer)
            assert one.copied(shots) == measured.copied
            assert one.candidates == candidates_of(kind, measured)


def test_every_list_can_be_answered_in_its_language():
    for one in lists():
        assert one.answer in one.candidates and len(set(one.candidates)) == len(one.candidates)
        asked = one.examples[-1][0]
        assert asked.isascii() == (one.lang == "en"), asked
    assert {(one.kind, one.lang) for one in lists()} == {
        (kind, lang) for kind in "ab" for lang in ("ko", "en")
    }


def test_a_prompt_of_more_or_fewer_shots_than_there_are_is_an_error():
    one = ExampleList("b", "ko", "rule", (("개", "별"), ("소", "달"), ("말", "별")), ("별", "달"))
    assert (one.prompt(0), one.prompt(1)) == ("말 =", "소 = 달, 말 =")
    assert (one.copied(0), one.copied(2)) == (None, "달")
    for shots in (-1, 3):
        with pytest.raises(ValueError):
            one.prompt(shots)
