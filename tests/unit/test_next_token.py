"""The draw, the counts of the cache, generation by seed, and what may be asked for."""

import copy
import math

import pytest
import torch

from app.engine.next_token import KVCache, Sampling, draw, generate, prompt_ids, uniform, warp
from app.errors import InputError
from app.models import load
from tests.tiny_models import write_folder


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp("models") / request.param, request.param))


def test_uniform_is_one_stream_per_seed():
    generator = torch.Generator().manual_seed(7)
    stream = [torch.rand(1, generator=generator, dtype=torch.float64).item() for _ in range(40)]
    assert [uniform(7, index) for index in range(40)] == stream
    assert uniform(8, 0) != uniform(7, 0)


def test_draw_is_where_the_number_falls_on_the_bar():
    p = torch.tensor([0.2, 0.5, 0.0, 0.3])
    order = torch.tensor([1, 3, 0, 2])  # the bar: token 1 to 0.5, 3 to 0.8, 0 to 1.0
    falls = {0.0: 1, 0.49: 1, 0.51: 3, 0.79: 3, 0.81: 0, 0.9999999: 0, math.nextafter(1, 0): 0}
    assert {u: draw(p, order, u) for u in falls} == falls


def test_a_token_that_was_cut_is_never_drawn():
    logits = torch.randn(200, generator=torch.Generator().manual_seed(0))
    warped = warp(logits, Sampling(1.5, 20, 0.8))
    drawn = {draw(warped.p_after, warped.order, uniform(0, index)) for index in range(300)}
    assert drawn <= set(warped.order[: warped.n_after_top_p].tolist())
    assert len(drawn) > 5


def test_draws_follow_the_distribution():
    p = torch.tensor([0.1, 0.6, 0.3])
    generator = torch.Generator().manual_seed(0)
    us = torch.rand(4000, generator=generator, dtype=torch.float64).tolist()
    drawn = torch.bincount(torch.tensor([draw(p, torch.tensor([1, 2, 0]), u) for u in us]))
    torch.testing.assert_close(drawn / 4000, p, atol=0.03, rtol=0)  # 3 · √(p(1-p)/4000) = 0.023


def test_nothing_changes_with_all_controls_off():
    warped = warp(torch.randn(5026, generator=torch.Generator().manual_seed(0)), Sampling())
    assert torch.equal(warped.p_before, warped.p_after)
    assert (warped.n_after_top_k, warped.n_after_top_p) == (5026, 5026)


def test_extreme_logits_stay_finite():
    for logits in (torch.tensor([1e30, -1e30, 0.0]), torch.full((3,), -5000.0), torch.zeros(3)):
        warped = warp(logits, Sampling(0.01, 2, 0.5))
        assert warped.p_after.isfinite().all() and warped.p_before.isfinite().all()
        assert warped.p_after.sum().item() == pytest.approx(1)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"temperature": 0}, "out_of_range"),
        ({"temperature": -1}, "out_of_range"),
        ({"temperature": 11}, "out_of_range"),
        ({"temperature": math.inf}, "out_of_range"),
        ({"temperature": math.nan}, "not_a_number"),
        ({"temperature": "0.8"}, "not_a_number"),
        ({"temperature": None}, "not_a_number"),
        ({"temperature": True}, "not_a_number"),
        ({"top_k": -1}, "out_of_range"),
        ({"top_k": 1.5}, "not_a_number"),
        ({"top_k": math.inf}, "out_of_range"),
        ({"top_k": 10**400}, "out_of_range"),
        ({"top_p": 1.01}, "out_of_range"),
        ({"top_p": -0.1}, "out_of_range"),
        ({"top_p": [0.5]}, "not_a_number"),
    ],
)
def test_controls_out_of_range(how, code):
    with pytest.raises(InputError) as raised:
        Sampling(**how)
    assert raised.value.code == code


def test_a_slider_may_send_whole_numbers_as_floats():
    assert repr(Sampling(1, 40.0, 1)) == "Sampling(temperature=1.0, top_k=40, top_p=1.0)"


def test_the_cache_counts_what_it_saves(loaded):
    cache = KVCache()
    counts = []
    for ids in ([30, 31, 32], [30, 31, 32, 33], [30, 31, 32, 33], [30, 31, 40], [30]):
        cache.logits(loaded, ids)
        counts.append((cache.n_reused, cache.n_computed, cache.n_dropped))
        assert cache.numbers_saved == 2 * 2 * 24 * cache.n_reused  # 2 blocks, d = 24
    assert counts == [(0, 3, 0), (3, 1, 0), (3, 1, 0), (2, 1, 0), (0, 1, 0)]


def test_a_full_window_drops_the_oldest_and_computes_everything_anew(loaded):
    cache = KVCache()
    ids = list(range(30, 30 + 24))  # n_ctx = 24
    cache.logits(loaded, ids)
    cache.logits(loaded, [*ids, 60, 61])
    assert (cache.n_reused, cache.n_computed, cache.n_dropped, cache.numbers_saved) == (0, 24, 2, 0)


def test_a_cache_serves_one_model_at_a_time(loaded, tmp_path):
    other = load(write_folder(tmp_path / "other", loaded.architecture, seed=5))
    cache = KVCache()
    first = cache.logits(loaded, [30, 31])
    cache.logits(other, [30, 31])
    assert cache.n_reused == 0
    torch.testing.assert_close(cache.logits(loaded, [30, 31]), first)


def test_a_copied_cache_is_empty(loaded):
    cache = KVCache()
    cache.logits(loaded, [30, 31, 32])
    duplicate = copy.deepcopy(cache)
    duplicate.logits(loaded, [30, 31, 32])
    assert duplicate.n_reused == 0


@pytest.mark.parametrize(
    ("ids", "code"), [([], "no_tokens"), ([30, -1], "unknown_token"), ([9999], "unknown_token")]
)
def test_ids_that_cannot_be(loaded, ids, code):
    for ask in (KVCache().logits, lambda *how: generate(*how, 3)):
        with pytest.raises(InputError) as raised:
            ask(loaded, ids)
        assert raised.value.code == code


def test_sampling_is_the_same_for_a_seed_and_differs_between_seeds(loaded):
    def ids(seed: int, n: int = 10) -> list[int]:
        return [step.token_id for step in generate(loaded, [30, 31], n, "sample", Sampling(2.0), seed)]

    assert ids(3) == ids(3)
    assert ids(3, 4) == ids(3)[:4]
    assert len({tuple(ids(seed)) for seed in range(5)}) == 5


def test_sampling_one_at_a_time_gives_what_generate_gives(loaded):
    """The lesson draws token i with the i-th number; the endpoint must not differ."""
    sampling, ids, cache = Sampling(1.2, 30, 0.9), [30, 31], KVCache()
    expected = [step.token_id for step in generate(loaded, ids, 8, "sample", sampling, seed=4)]
    for index in range(8):
        warped = warp(cache.logits(loaded, ids), sampling)
        ids.append(draw(warped.p_after, warped.order, uniform(4, index)))
    assert ids[2 : 2 + len(expected)] == expected


def test_an_unknown_strategy(loaded):
    with pytest.raises(InputError) as raised:
        generate(loaded, [30], 3, "magic")
    assert raised.value.code == "unknown_strategy"


def test_an_no_tokens_starts_at_end_of_text(loaded, monkeypatch):
    assert prompt_ids(loaded, "") == [0]
    assert prompt_ids(loaded, "오늘") == loaded.tokenizer.encode("오늘")
    monkeypatch.setattr(loaded.tokenizer, "eot_id", None)  # as in openai-gpt
    with pytest.raises(InputError) as raised:
        prompt_ids(loaded, "")
    assert raised.value.code == "no_tokens"


def test_a_look_ahead_that_becomes_the_text_is_not_computed_again(loaded, monkeypatch):
    """Its counts are those of the pass that gave the logits."""
    from app.engine import cache as module

    passes = []
    whole = module.hidden
    monkeypatch.setattr(module, "hidden", lambda *arguments: passes.append(1) or whole(*arguments))
    cache = KVCache()
    cache.logits(loaded, [1, 2, 3])
    ahead = cache.logits(loaded, [1, 2, 3, 4])
    assert torch.equal(cache.logits(loaded, [1, 2, 3, 4]), ahead)
    assert len(passes) == 2
    assert (cache.n_reused, cache.n_computed, cache.n_dropped) == (3, 1, 0)
    other = cache.logits(loaded, [1, 2, 3, 5])
    assert len(passes) == 3 and not torch.equal(other, ahead)
