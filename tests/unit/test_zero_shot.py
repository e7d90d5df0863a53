"""The zero-shot heuristics: what is compared, against one forward pass for each token."""

from statistics import mean

import pytest
import torch

from app.engine import zero_shot
from app.errors import InputError
from app.models import load
from tests.tiny_models import write_folder


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp(request.param), request.param, n_ctx=48))


@torch.no_grad()
def slow_mean(loaded, context, whole):
    """Mean ln P of the tokens of `whole` after those of `context`; of all but the first without one."""
    ids = loaded.tokenizer.encode(whole)
    start = max(1, len(loaded.tokenizer.encode(context)))
    assert ids[: start if context else 0] == loaded.tokenizer.encode(context), "the context's tokens changed"
    log_p = [
        torch.log_softmax(loaded.model(torch.tensor([ids[:at]])).logits[0, -1], -1)[ids[at]].item()
        for at in range(start, len(ids))
    ]
    return mean(log_p)


def test_sentiment_compares_the_label_words_after_the_cue(loaded):
    text, words = "나는 오늘 책을 읽었다.", ("the", "오늘 그")
    expected = [slow_mean(loaded, f"{text} =", f"{text} = {word}") for word in words]
    found = zero_shot.sentiment(loaded, text, words)
    assert found.scores == pytest.approx(expected, abs=1e-4)
    assert found.label == expected.index(max(expected))


def test_a_choice_compares_the_last_two_fields(loaded):
    fields = ("나는 오늘", "어디에", "곳에 간다.", "the dog")
    expected = [slow_mean(loaded, "나는 오늘 어디에", f"나는 오늘 어디에 {answer}") for answer in fields[2:]]
    found = zero_shot.choice(loaded, fields)
    assert found.scores == pytest.approx(expected, abs=1e-4)
    assert found.label == expected.index(max(expected))


def test_a_reference_compares_the_rest_of_the_sentence(loaded):
    """After each referent; the referents' own probability does not count."""
    fields = ("나는 오늘", "곳에 간다.", "책을", "the dog")
    expected = [slow_mean(loaded, f"나는 오늘 {one}", f"나는 오늘 {one} 곳에 간다.") for one in fields[2:]]
    found = zero_shot.reference(loaded, fields)
    assert found.scores == pytest.approx(expected, abs=1e-4)
    assert found.label == expected.index(max(expected))


def test_a_sentence_is_damaged_below_the_threshold(loaded):
    sentences = ["나는 오늘 간다.", "dog the to", "책을 오늘 그"]
    means = [slow_mean(loaded, "", sentence) for sentence in sentences]
    threshold = zero_shot.acceptability_threshold(loaded, sentences)
    assert threshold == pytest.approx(sorted(means)[1], abs=1e-4)
    labels = [zero_shot.acceptability(loaded, sentence, threshold).label for sentence in sentences]
    assert labels == [int(one < sorted(means)[1]) for one in means] and sum(labels) == 1


def test_a_text_without_a_token_to_ask_for_is_the_users_error(loaded):
    for sentence in ("", loaded.tokenizer.decode([25])):
        with pytest.raises(InputError) as error:
            zero_shot.mean_log_probability(loaded, "", sentence)
        assert error.value.code == "no_tokens"
