"""Sampling, the KV cache and decoding against `transformers`, for both architectures."""

import pytest
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from app.engine.next_token import KVCache, Sampling, generate, warp
from app.models import load
from tests.tiny_models import write_folder

CONTROLS = [
    Sampling(),
    Sampling(temperature=0.3),
    Sampling(temperature=10),
    Sampling(top_k=1),
    Sampling(top_k=40),
    Sampling(top_k=10_000),
    Sampling(top_p=0.0),
    Sampling(top_p=0.5),
    Sampling(top_p=0.95),
    Sampling(0.8, 40, 0.9),
    Sampling(2.0, 300, 0.99),
]


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp("models") / request.param, request.param), eager=True)


def reference(loaded, ids: list[int]) -> torch.Tensor:
    """Next-token logits (V,) of transformers' own uncached forward."""
    with torch.no_grad():
        return loaded.model(torch.tensor([ids])).logits[0, -1]


def some_ids(loaded, n: int, seed: int = 0) -> list[int]:
    return torch.randint(22, loaded.vocab_size, (n,), generator=torch.Generator().manual_seed(seed)).tolist()


@pytest.mark.parametrize("sampling", CONTROLS, ids=str)
@pytest.mark.parametrize("n_vocab", [50, 5026])
def test_warp_equals_transformers_warpers(sampling, n_vocab):
    logits = torch.randn(n_vocab, generator=torch.Generator().manual_seed(1)) * 4
    scores = TemperatureLogitsWarper(sampling.temperature)(None, logits[None])
    n_after_top_k = n_vocab
    if sampling.top_k:
        scores = TopKLogitsWarper(sampling.top_k)(None, scores)
        n_after_top_k = int(scores.isfinite().sum())
    if sampling.top_p < 1:
        scores = TopPLogitsWarper(sampling.top_p)(None, scores)
    warped = warp(logits, sampling)
    exact = {"rtol": 1e-5, "atol": 1e-9}
    torch.testing.assert_close(warped.p_after, scores[0].double().softmax(dim=0), **exact)
    torch.testing.assert_close(warped.p_before, logits.double().softmax(dim=0), **exact)
    assert torch.equal(warped.p_after > 0, scores[0].isfinite())
    assert warped.n_after_top_k == n_after_top_k
    assert warped.n_after_top_p == int(scores.isfinite().sum())


def test_ties_at_the_border_of_top_k_all_stay():
    logits = torch.tensor([1.0, 3.0, 2.0, 2.0, 2.0, 0.0])
    kept = TopKLogitsWarper(2)(None, logits[None])[0].isfinite()
    assert torch.equal(warp(logits, Sampling(top_k=2)).p_after > 0, kept)


def test_the_cache_equals_the_uncached_forward(loaded):
    """Growing, cropped after undo, on another branch, sliding out of the window, and back to a short text."""
    ids = some_ids(loaded, 40)
    texts = [ids[:n] for n in range(1, 30)]  # n_ctx is 24: the last ones slide
    texts += [ids[:10], [*ids[:10], 40, 41], [*ids[:10], 50], ids[5:20], ids, ids[:3]]
    cache = KVCache()
    for text in texts:
        torch.testing.assert_close(
            cache.logits(loaded, text), reference(loaded, text[-loaded.n_ctx :]), atol=1e-5, rtol=1e-5
        )


@pytest.mark.parametrize("n_prompt", [1, 5])
@pytest.mark.parametrize("strategy", ["greedy", "beam"])
@pytest.mark.parametrize("seed", range(4))
def test_decoding_equals_transformers_generate(tmp_path_factory, loaded, strategy, n_prompt, seed):
    ids = some_ids(loaded, n_prompt, seed)
    steps = generate(loaded, ids, 15, strategy)
    theirs = loaded.model.generate(
        torch.tensor([ids]),
        max_new_tokens=15,
        do_sample=False,
        num_beams=4 if strategy == "beam" else 1,
        eos_token_id=loaded.eot_id,
        pad_token_id=1,
    )
    assert [step.token_id for step in steps] == theirs[0, n_prompt:].tolist()
    # Each p is the plain softmax's at its place.
    for place, step in enumerate(steps):
        before = [*ids, *(earlier.token_id for earlier in steps[:place])]
        assert step.p == pytest.approx(reference(loaded, before).softmax(0)[step.token_id].item(), rel=1e-4)


@pytest.mark.parametrize(
    ("strategy", "seed", "place"),
    [
        ("greedy", 2, 3),
        ("sample", 2, 3),
        *(("beam", seed, place) for seed in range(4) for place in (2, 3, 6)),
    ],
)
def test_end_of_text_ends_it_for_transformers_too(loaded, strategy, seed, place, monkeypatch):
    """Any token may be declared the end: here one that greedy decoding writes, so beams differ in length."""
    ids = some_ids(loaded, 4, seed)
    end = generate(loaded, ids, place)[-1].token_id
    monkeypatch.setattr(loaded.tokenizer, "eot_id", end)
    steps = generate(loaded, ids, 12, strategy, Sampling(top_k=1))
    theirs = loaded.model.generate(
        torch.tensor([ids]),
        max_new_tokens=12,
        do_sample=False,
        num_beams=4 if strategy == "beam" else 1,
        eos_token_id=end,
        pad_token_id=1,
    )
    assert [step.token_id for step in steps] == theirs[0, 4:].tolist()
    assert end not in [step.token_id for step in steps[:-1]]


@pytest.mark.parametrize("strategy", ["greedy", "beam"])
def test_decoding_beyond_the_window_sees_the_last_tokens(loaded, strategy):
    ids = some_ids(loaded, 20)
    steps = generate(loaded, ids, 10, strategy)
    assert len(steps) == 10
    text = [*ids, *(step.token_id for step in steps)]
    for place in range(20, 30):
        p = reference(loaded, text[max(0, place - loaded.n_ctx) : place]).softmax(0)[text[place]].item()
        assert steps[place - 20].p == pytest.approx(p, rel=1e-4)
