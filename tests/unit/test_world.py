"""What is said of the embedded models, and of texts outside their world; numbers by plain transformers."""

from __future__ import annotations

import pytest
import torch

from app import i18n, models, records
from app.engine.surprise import mean_surprise
from app.lesson import Context, Page
from app.models import Registry
from app.outside import outside
from app.world import about, n_parameters
from lessons import LESSONS
from tests.random_models import random_model

NAMES = ("tiny-gpt2", "tiny-gpt1")


@pytest.fixture(scope="module")
def context() -> Context:
    lesson = next(lesson for lesson in LESSONS if lesson.first)
    return Context(lesson, "ko", lesson.words("ko"), Registry())


def plain_surprise(loaded: models.LoadedModel, ids: list[int]) -> float:
    """The loss that `transformers` itself gives, the text after end-of-text."""
    whole = torch.tensor([[loaded.eot_id, *ids]])
    with torch.no_grad():
        return float(loaded.model(whole, labels=whole).loss)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["나는 오늘", "대한민국의 수도는", "Today I went to the river", "그"])
def test_surprise_is_the_loss_of_transformers(context, name, text):
    loaded = models.load(context.registry.spec(name))
    ids = loaded.tokenizer.encode(text)
    assert mean_surprise(loaded, ids) == pytest.approx(plain_surprise(loaded, ids), abs=1e-5)


def test_a_long_text_is_measured_as_far_as_it_fits(context):
    loaded = models.load(context.registry.spec("tiny-gpt2"))
    ids = loaded.tokenizer.encode("나는 오늘 그 곳에 간다 " * 200)
    assert len(ids) > loaded.n_ctx
    fits = ids[: loaded.n_ctx - 1]
    assert mean_surprise(loaded, ids) == pytest.approx(plain_surprise(loaded, fits), abs=1e-4)


def test_nothing_cannot_be_measured():
    with pytest.raises(ValueError):
        mean_surprise(random_model("gpt2"), [])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("text", "is_outside"),
    [
        ("나는 오늘", False),
        ("Once upon a time", False),
        ("이 영화는 재미있다", False),
        ("", False),
        ("대한민국의 수도는", True),
        ("The stock market fell", True),
        ("GPT-2는 언어 모델이다", True),
    ],
)
def test_a_text_outside_their_world_is_told(context, name, text, is_outside):
    told = outside(context, Page(text, name))
    assert bool(told) == is_outside
    if told:
        loaded = models.load(context.registry.spec(name))
        found = plain_surprise(loaded, loaded.tokenizer.encode(text))
        largest = records.read("world")["data"]["models"][name]["largest"]
        assert found > largest and f"{found:.1f}" in told and f"{largest:.1f}" in told and name in told


@pytest.mark.parametrize("name", NAMES)
def test_what_the_model_is(context, name):
    loaded = models.load(context.registry.spec(name))
    n = sum(one.numel() for one in loaded.model.parameters())  # tied weights once
    assert n_parameters(context.registry.spec(name).location) == n
    told = about(context, Page("", name))
    assert f"{n:,}" in told and name in told and f"GPT-{name[-1]}" in told


def test_another_model_is_not_called_ours(context):
    page = Page("대한민국의 수도는", "openai-community/gpt2")
    assert about(context, page) == ""


def test_both_languages_say_it(context):
    for lang in ("ko", "en"):
        words = i18n.shared_text(lang)
        assert "{n}" in words["about.model"] and "{largest" in words["about.outside"]
