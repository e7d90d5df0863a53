"""Cutting and exchanging: what is refused, what is left as it was, and how soon it stops."""

from __future__ import annotations

import hashlib
import threading
import time

import pytest
import torch

from app.engine.interventions import (
    Cuts,
    both,
    carried,
    carrying,
    check_cuts,
    cut,
    exchange,
    head_pattern,
    heads_z,
    last_log_probabilities,
    parse_heads,
    proceed,
    sweep,
    sweeping,
)
from app.engine.sweeps import MOST_TOKENS
from app.errors import UserError
from app.i18n import sentence
from app.models import LoadedModel
from tests.random_models import random_model
from tests.tiny_models import write_folder

IDS = [5, 301, 7, 320, 301, 7]
OTHER = [5, 301, 9, 320, 301, 7]


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory) -> LoadedModel:
    from app.models import load

    if request.param == "gpt1":  # with a tokenizer, for end-of-text
        return load(write_folder(tmp_path_factory.mktemp("m") / "gpt1", "gpt1", vocab_size=340))
    return load(write_folder(tmp_path_factory.mktemp("m") / "gpt2", "gpt2"))


def code_of(call, *arguments, **more) -> str:
    with pytest.raises(UserError) as raised:
        result = call(*arguments, **more)
        list(result)
    for lang in ("ko", "en"):
        told = sentence(raised.value, lang)
        assert told and "\n" not in told and "{" not in told
    return raised.value.code


def weights(loaded: LoadedModel) -> str:
    """A hash of all weights and buffers, their names included, and of the hooks that modules carry."""
    digest = hashlib.sha256()
    for name, tensor in sorted(loaded.model.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    for name, module in loaded.model.named_modules():
        digest.update(f"{name}{module._forward_hooks}{module._forward_pre_hooks}{module.training}".encode())
    return digest.hexdigest()


def everything(loaded: LoadedModel) -> None:
    cuts = Cuts(frozenset({(0, 1)}), frozenset({1}), frozenset({0}), "mean")
    last_log_probabilities(loaded, IDS, cut(cuts))
    z = heads_z(loaded, OTHER)
    exchanged = exchange({(1, 2): z[1][:, 2]}, 2)
    last_log_probabilities(loaded, IDS, both(exchanged, cut(cuts)))
    proceed(loaded, IDS, cuts, 3)
    list(sweep(loaded, IDS, 7, "mean", cuts))
    list(carried(loaded, IDS, OTHER, (7, 8)))
    head_pattern(loaded, IDS, 1, 1)


def test_nothing_is_left_behind(loaded):
    before, plain = weights(loaded), last_log_probabilities(loaded, IDS)
    everything(loaded)
    steps = sweeping(loaded, IDS, 7)
    next(steps)
    steps.close()
    assert weights(loaded) == before
    assert torch.equal(last_log_probabilities(loaded, IDS), plain)
    assert all(parameter.requires_grad for parameter in loaded.model.parameters())


def test_another_thread_that_draws_meanwhile_meets_no_cut(loaded):
    """One visitor cuts all the time, another one asks for the plain distribution."""
    plain, seen, over, rounds = last_log_probabilities(loaded, IDS), [], threading.Event(), []

    def cutting() -> None:
        while not over.is_set():
            everything(loaded)
            rounds.append(1)

    thread = threading.Thread(target=cutting)
    thread.start()
    for _ in range(60):
        seen.append(last_log_probabilities(loaded, IDS))
    while thread.is_alive() and not rounds:
        seen.append(last_log_probabilities(loaded, IDS))
    over.set()
    thread.join()
    assert rounds, "the other visitor has not come to the end of a round"
    assert all(torch.equal(found, plain) for found in seen)


def test_a_hook_writes_into_no_tensor_that_it_is_given():
    z = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))
    mine = z.clone()
    other = torch.zeros(4, 5)
    for mode in ("zero", "mean"):
        cut(Cuts(frozenset({(0, 1)}), frozenset({1}), mode=mode))("blocks.0.attn.hook_z", z)
        cut(Cuts(frozenset({(0, 1)}), frozenset({1}), mode=mode))("blocks.1.attn.hook_z", z)
    changed = exchange({(0, 1): other}, 2)("blocks.0.attn.hook_z", z)
    assert torch.equal(z, mine)
    expected = mine.clone()
    expected[:, 2, 1] = 0
    assert torch.equal(changed, expected)


def test_both_runs_one_hook_after_the_other():
    add = both(lambda _, tensor: tensor + 1, lambda _, tensor: tensor * 10)
    assert add("any", torch.tensor(2)).item() == 30


def test_heads_are_written_as_layer_and_head(loaded):
    assert parse_heads(loaded, "0.2, 1.0,0.2") == {(0, 2), (1, 0)}
    assert parse_heads(loaded, "") == frozenset()
    for written in ("0", "0.1,", "a.b", "0.1 1.0", "-0.1", None, 0.1, ["0.1"]):
        assert code_of(parse_heads, loaded, written) == "not_heads"
    for written in ("2.0", "0.3", "0.0,7.7"):
        assert code_of(parse_heads, loaded, written) == "unknown_head"


def test_what_cannot_be_cut_is_refused(loaded):
    assert check_cuts(loaded, Cuts(frozenset({(1, 2)}), frozenset({1}), frozenset({0})))
    assert not Cuts()
    assert code_of(check_cuts, loaded, Cuts(frozenset({(2, 0)}))) == "unknown_head"
    assert code_of(check_cuts, loaded, Cuts(frozenset({(0, -1)}))) == "unknown_head"
    assert code_of(check_cuts, loaded, Cuts(attention=frozenset({2}))) == "unknown_layer"
    assert code_of(check_cuts, loaded, Cuts(mlps=frozenset({-1}))) == "unknown_layer"
    assert code_of(check_cuts, loaded, Cuts(mode="half")) == "unknown_mode"
    assert code_of(sweep, loaded, IDS, 7, "half") == "unknown_mode"
    assert code_of(sweep, loaded, IDS, 7, others=Cuts(frozenset({(2, 0)}))) == "unknown_head"
    assert code_of(proceed, loaded, IDS, Cuts(frozenset({(2, 0)})), 1) == "unknown_head"
    assert code_of(head_pattern, loaded, IDS, 0, 3) == "unknown_head"


def test_what_cannot_be_run_is_refused(loaded):
    long = [5] * (loaded.n_ctx + 1)
    for ids, code in (([], "no_tokens"), ([10**9], "unknown_token"), (long, "too_many_tokens")):
        assert code_of(last_log_probabilities, loaded, ids) == code
        assert code_of(heads_z, loaded, ids) == code
        assert code_of(head_pattern, loaded, ids, 0, 0) == code
        assert code_of(sweep, loaded, ids, 7) == code
        assert code_of(carried, loaded, ids, IDS, (7, 8)) == code
        assert code_of(carried, loaded, IDS, ids, (7, 8)) == code
    assert code_of(sweep, loaded, IDS, 10**9) == "unknown_token"
    assert code_of(carried, loaded, IDS, OTHER, (7, -1)) == "unknown_token"


def test_an_exchange_wants_texts_of_one_length(loaded):
    assert code_of(carried, loaded, IDS, OTHER[:-1], (7, 8)) == "other_length"
    z = heads_z(loaded, OTHER[:-1])
    assert code_of(last_log_probabilities, loaded, IDS, exchange({(0, 0): z[0][:, 0]})) == "other_length"
    for position in (-1, len(IDS)):
        assert code_of(carried, loaded, IDS, OTHER, (7, 8), position) == "out_of_range"


def test_where_both_texts_predict_the_same_there_is_nothing_to_carry(loaded):
    assert code_of(carried, loaded, IDS, IDS, (7, 8)) == "nothing_to_carry"
    assert code_of(carried, loaded, IDS, OTHER, (7, 7)) == "nothing_to_carry"


def test_one_token(loaded):
    changes = torch.stack([change for _, change in sweep(loaded, [5], 7, "mean")])
    assert changes.abs().max() < 1e-5, "the mean over one position is what stands there"
    assert torch.stack([change for _, change in sweep(loaded, [5], 7)]).isfinite().all()


def test_a_pause_comes_after_every_block_and_leaves_gradients_on(loaded):
    steps = list(sweeping(loaded, IDS, 7))
    assert [one[0] for one in steps if one] == [0, 1]
    assert steps.count(None) == 2 + (2 + 1)  # the text itself, then what is cut in block 0 and in block 1
    for running in (sweeping(loaded, IDS, 7), carrying(loaded, IDS, OTHER, (7, 8))):
        next(running)
        assert torch.is_grad_enabled()


def test_a_batch_is_never_larger_than_the_limit(monkeypatch):
    loaded, sizes = random_model("gpt2", n_ctx=500), []
    from app.engine import sweeps

    def measured(loaded, x, layer, past=None, hook=None):
        sizes.append(x.shape[0] * x.shape[1])
        return run_block(loaded, x, layer, past, hook)

    run_block = sweeps.run_block
    monkeypatch.setattr(sweeps, "run_block", measured)
    ids = [300 + i % 40 for i in range(500)]
    assert len(list(sweep(loaded, ids, 7))) == 2
    assert max(sizes) == 2 * 500 <= MOST_TOKENS


def test_the_sweep_of_a_model_of_the_embedded_size_is_quick():
    loaded = random_model("gpt2", vocab_size=5026, n_ctx=64, d_model=192, n_layer=4)
    list(sweep(loaded, IDS, 7))
    start = time.perf_counter()
    list(sweep(loaded, [300 + i for i in range(24)], 7))
    assert time.perf_counter() - start < 2, "promised is one second on a free machine"
