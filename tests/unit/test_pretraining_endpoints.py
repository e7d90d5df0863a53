"""/log_probs: by an independent computation, and every odd input."""

from __future__ import annotations

import inspect
import math

import pytest
import torch

from app import api
from app.engine.memory import SHARED
from app.errors import UserError
from app.i18n import sentence
from app.models import Registry, load
from app.models.registry import EMBEDDED
from app.pretraining_endpoints import log_probs
from tests.calls import code_of, plain
from tests.tiny_models import write_folder

TEXT = "나는 오늘 그 곳에 간다. 너도 오늘 그 곳에 갈래?"


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def tiny(request, tmp_path_factory) -> dict:
    """An untrained model of each architecture, with a context of 24."""
    spec = write_folder(tmp_path_factory.mktemp("models") / request.param, request.param)
    return {"model": spec.name, "registry": Registry(spec.location)}


@pytest.mark.parametrize("model", EMBEDDED)
@pytest.mark.parametrize("k", [1, 5, 10_000])
def test_the_shape_and_the_numbers(model: str, k: int):
    loaded = load(model)
    ids = loaded.tokenizer.encode(TEXT)
    expected = []
    for place in range(1, len(ids)):
        with torch.no_grad():
            logits = loaded.model(torch.tensor([ids[max(0, place - k) : place]])).logits[0, -1]
        expected.append(logits.double().log_softmax(-1)[ids[place]].item())
    answer = plain(log_probs(TEXT, model, k))
    assert list(answer) == ["tokens", "sum", "perplexity"]
    assert [token["id"] for token in answer["tokens"]] == ids
    assert all(list(token) == ["id", "piece", "log_p"] for token in answer["tokens"])
    assert answer["tokens"][0]["log_p"] is None
    assert [token["log_p"] for token in answer["tokens"][1:]] == pytest.approx(expected, abs=1e-4)
    assert answer["sum"] == pytest.approx(sum(expected), rel=1e-4)
    assert answer["perplexity"] == pytest.approx(math.exp(-sum(expected) / len(expected)), rel=1e-4)


def test_an_empty_text_and_one_token(tiny):
    assert plain(log_probs("", k=5, **tiny)) == {
        "tokens": [],
        "sum": 0.0,
        "perplexity": None,
    }
    loaded = load(tiny["registry"].spec(tiny["model"]))
    text = next(text for text in ("나는", "a", "the") if len(loaded.tokenizer.encode(text)) == 1)
    answer = plain(log_probs(text, k=5, **tiny))
    assert [token["log_p"] for token in answer["tokens"]] == [None]
    assert answer["sum"] == 0 and answer["perplexity"] is None


def test_a_text_over_the_context_is_one_sentence_with_both_numbers(tiny):
    long = "나는 오늘 " * 40
    n = len(load(tiny["registry"].spec(tiny["model"])).tokenizer.encode(long))
    with pytest.raises(UserError) as raised:
        log_probs(long, k=5, **tiny)
    for lang in ("ko", "en"):
        told = sentence(raised.value, lang)
        assert str(n) in told and "24" in told and "\n" not in told


ODD_TEXTS = ["", " ", "\n", "가" * 10_000, "👩‍👩‍👧‍👦 🐶", "NUL\0", "<|endoftext|>", "\ufeff\u200b", "a\r\nb"]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: ascii(text[:12]))
def test_an_odd_text_gives_a_result_or_a_sentence(tiny, text: str):
    assert code_of(log_probs, text, k=3, **tiny) in (None, "too_many_tokens")


@pytest.mark.parametrize("text", [None, 7, ["a"], {"path": "/etc/passwd"}, "\ud83d", "가" * 20_001])
def test_what_is_no_text_is_a_sentence(tiny, text):
    assert code_of(log_probs, text, k=3, **tiny) in {"not_text", "half_character", "text_too_long"}


@pytest.mark.parametrize(
    ("k", "code"),
    [
        (1, None),
        (5.0, None),
        (1_000_000, None),
        (0, "out_of_range"),
        (-1, "out_of_range"),
        (10**30, "out_of_range"),
        (math.inf, "out_of_range"),
        (math.nan, "not_a_number"),
        (1.5, "not_a_number"),
        (True, "not_a_number"),
        ("5", "not_a_number"),
        (None, "not_a_number"),
        ([5], "not_a_number"),
    ],
)
def test_the_window(tiny, k, code):
    assert code_of(log_probs, "나는 오늘", k=k, **tiny) == code


@pytest.mark.parametrize("name", ["gpt9", "../etc", None, 7, ["tiny-gpt2"], ""])
def test_an_unknown_model(name):
    assert code_of(log_probs, "a", name, 3) == "unknown_model"


def test_weights_that_overflow_give_a_sentence_not_a_nan(tmp_path):
    spec = write_folder(tmp_path / "absurd", "gpt2")
    for block in load(spec).model.transformer.h:
        block.mlp.c_proj.weight.data.fill_(3e38)
    assert code_of(log_probs, "나는 오늘", spec.name, 3, registry=Registry(spec.location)) == "broken_weights"


def test_it_pauses_so_that_others_are_answered_meanwhile(tiny):
    SHARED.clear()
    steps = api.functions(tiny["registry"])["log_probs"]("나는 오늘 그 곳에", tiny["model"], 2)
    assert inspect.isgenerator(steps)
    next(steps)
    assert torch.is_grad_enabled()
    steps.close()
