"""Equation (1) against plain `transformers`, one forward pass for each token and nothing shared."""

from __future__ import annotations

import math

import pytest
import torch

from app.engine import log_probs as engine
from app.engine.memory import SHARED
from app.errors import InputError, ModelError
from app.models import LoadedModel, load
from app.models.registry import EMBEDDED
from tests.tiny_models import write_folder

TEXTS = {
    "korean": "나는 오늘 그 곳에 간다. 너도 오늘 그 곳에 갈래?",
    "english": "The dog went to the river. The dog went home.",
    "of another world": "🐶 x² ∑ zürich",
    "two tokens": "나는 오늘",
}


@pytest.fixture(scope="module", params=EMBEDDED)
def loaded(request) -> LoadedModel:
    return load(request.param)


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def small(request, tmp_path_factory) -> LoadedModel:
    return load(write_folder(tmp_path_factory.mktemp("models") / request.param, request.param))


def theirs(loaded: LoadedModel, ids: list[int], k: int) -> list[float]:
    """ln P of ids[1:], each after its k predecessors as a text of their own."""
    found = []
    for place in range(1, len(ids)):
        window = torch.tensor([ids[max(0, place - k) : place]])
        with torch.no_grad():
            logits = loaded.model(window).logits[0, -1].double()
        found.append((logits[ids[place]] - logits.logsumexp(0)).item())
    return found


def some_ids(loaded: LoadedModel, n: int) -> list[int]:
    return torch.randint(22, loaded.vocab_size, (n,), generator=torch.Generator().manual_seed(n)).tolist()


@pytest.mark.parametrize("k", [1, 5, None])
@pytest.mark.parametrize("text", TEXTS)
def test_every_term_the_sum_and_the_perplexity(loaded: LoadedModel, text: str, k: int | None):
    ids = loaded.tokenizer.encode(TEXTS[text])[: loaded.n_ctx]
    expected = theirs(loaded, ids, k or loaded.n_ctx)
    SHARED.clear()
    found = engine.log_probs(loaded, ids, k)
    assert found.ids == tuple(ids) and len(found.pieces) == len(ids) > 1
    assert found.log_p == pytest.approx(expected, abs=1e-4)
    assert found.sum == pytest.approx(sum(expected), rel=1e-4)
    assert found.mean == pytest.approx(sum(expected) / len(expected), rel=1e-4)
    assert found.perplexity == pytest.approx(math.exp(-sum(expected) / len(expected)), rel=1e-4)


@pytest.mark.parametrize("k", [1, 5, None])
def test_a_full_context(small: LoadedModel, k: int | None):
    ids = some_ids(small, small.n_ctx)
    found = engine.log_probs(small, ids, k)
    assert found.log_p == pytest.approx(theirs(small, ids, k or small.n_ctx), abs=1e-4)


@pytest.mark.parametrize("k", range(1, 25))
def test_every_window_also_in_several_passes(small: LoadedModel, k: int, monkeypatch):
    monkeypatch.setattr(engine, "TOKENS_AT_ONCE", 7)
    monkeypatch.setattr(engine, "ROWS_AT_ONCE", 2)
    ids = some_ids(small, 19)
    SHARED.clear()
    assert engine.log_probs(small, ids, k).log_p == pytest.approx(theirs(small, ids, k), abs=1e-4)


def test_what_is_kept_is_of_one_window_and_one_model(small: LoadedModel):
    ids = some_ids(small, 12)
    by_k = [engine.log_probs(small, ids, k).log_p for k in (1, 2, 11, 24, 10**6, None)]
    assert by_k[0] != by_k[1] != by_k[2] == by_k[3] == by_k[4] == by_k[5]
    assert engine.log_probs(small, ids, 1).log_p == by_k[0]


def test_the_window_is_capped_at_the_context(small: LoadedModel):
    assert engine.log_probs(small, some_ids(small, 5), 10**6).k == small.n_ctx == 24


def test_fewer_than_two_tokens(small: LoadedModel):
    for ids in ([], [25]):
        found = engine.log_probs(small, ids, 3)
        assert (found.log_p, found.sum, found.mean, found.perplexity) == ((), 0.0, None, None)
        assert len(found.pieces) == len(ids)


@pytest.mark.parametrize(
    ("ids", "k", "code"),
    [
        ([25] * 25, None, "too_many_tokens"),
        ([25, -1], 1, "unknown_token"),
        ([25, 10**6], 1, "unknown_token"),
        ([25, 26], 0, "out_of_range"),
        ([25, 26], -3, "out_of_range"),
    ],
)
def test_what_cannot_be_measured(small: LoadedModel, ids: list[int], k: int | None, code: str):
    for call in (engine.log_probs, lambda *more: engine.distribution(*more[:2], 1, more[2])):
        with pytest.raises(InputError) as raised:
            call(small, ids, k)
        assert raised.value.code == code


def test_weights_that_are_absurd_are_told(tmp_path):
    loaded = load(write_folder(tmp_path / "absurd", "gpt2"))
    loaded.model.lm_head.weight.data *= 1e6
    with pytest.raises(ModelError) as raised:
        engine.log_probs(loaded, some_ids(loaded, 8))
    assert raised.value.code == "broken_weights"


@pytest.mark.parametrize("k", [1, 5, None])
def test_the_distribution_of_a_place(loaded: LoadedModel, k: int | None):
    ids = loaded.tokenizer.encode(TEXTS["korean"])
    terms = engine.log_probs(loaded, ids, k).log_p
    for place in (1, 6, len(ids)):
        window = torch.tensor([ids[max(0, place - (k or loaded.n_ctx)) : place]])
        with torch.no_grad():
            p = loaded.model(window).logits[0, -1].double().softmax(-1)
        found = engine.distribution(loaded, ids, place, k)
        best = p.argsort(descending=True)[:10]
        assert [one.id for one in found.top] == best.tolist()
        assert [one.p for one in found.top] == pytest.approx(p[best].tolist(), rel=1e-4)
        assert found.rest == pytest.approx(1 - p[best].sum().item(), abs=1e-5)
        assert found.entropy == pytest.approx(-(p * p.log()).sum().item(), rel=1e-4)
        if place < len(ids):
            assert math.log(found.p) == pytest.approx(terms[place - 1], abs=1e-4)
            assert found.rank == 1 + int((p > p[ids[place]]).sum())
    assert found.p is None and found.rank is None, "behind the end nothing stands"


def test_a_place_that_is_none(small: LoadedModel):
    for place in (0, 4, -1):
        with pytest.raises(InputError) as raised:
            engine.distribution(small, [25, 26, 27], place)
        assert raised.value.code == "out_of_range"


def test_a_pause_leaves_gradients_on(small: LoadedModel):
    SHARED.clear()
    steps = engine.measuring(small, some_ids(small, 12), 3)
    while True:
        try:
            next(steps)
        except StopIteration:
            break
        assert torch.is_grad_enabled()
