"""One store for what was computed once: bounded, shared, and never relied on."""

from __future__ import annotations

import gc
import random
import threading
from collections.abc import Iterator

import pytest
import torch

from app import models
from app.engine import memory
from app.engine.memory import OVERHEAD, SHARED, Memory, number_of, tensor_bytes
from app.engine.next_token import next_logits
from app.engine.trace import kept_trace, stats, trace
from app.errors import InputError
from app.models.registry import EMBEDDED
from tests.mounted import tiny_registry

N_CTX = 24


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with tiny_registry(tmp_path_factory.mktemp("memory"), n_ctx=N_CTX) as registry:
        yield registry


@pytest.fixture(scope="module", params=EMBEDDED)
def loaded(request, registry) -> models.LoadedModel:
    return models.load(registry.spec(request.param))


@pytest.fixture
def empty() -> Iterator[Memory]:
    SHARED.clear()
    yield SHARED
    SHARED.clear()


def entry(n: int) -> tuple[str, int]:
    return "value", n - OVERHEAD


def test_what_was_not_asked_for_longest_goes_first():
    memory = Memory(3000)
    for name in "abc":
        memory.put(name, *entry(1000))
    assert memory.get("a") == "value"
    memory.put("d", *entry(1000))
    assert [memory.get(name) is not None for name in "abcd"] == [True, False, True, True]
    assert memory.n_bytes == 3000
    memory.touch(["a"])
    memory.limit(1000)
    assert len(memory) == 1 and memory.get("a") == "value"


def test_a_value_larger_than_the_whole_is_given_but_not_held():
    memory = Memory(1000)
    assert memory.kept("large", lambda: ("given", 5000)) == "given"
    assert len(memory) == memory.n_bytes == 0


def test_the_first_of_two_equal_values_stays():
    memory = Memory(10_000)
    assert memory.put("a", "first", 1) == memory.put("a", "second", 1) == "first"
    assert memory.n_bytes == 1 + OVERHEAD


def test_many_threads_leave_the_count_right():
    memory = Memory(40_000)

    def use(seed: int) -> None:
        generator = random.Random(seed)
        for _ in range(2000):
            key = generator.randrange(100)
            memory.kept(key, lambda key=key: (key, 10 * key))
            memory.touch([generator.randrange(100)])

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = [key for key in range(100) if memory.get(key) is not None]
    assert memory.n_bytes == sum(10 * key + OVERHEAD for key in held) <= 40_000


def test_views_of_one_storage_count_once():
    whole = torch.zeros(3, 100)
    assert tensor_bytes([whole, *whole.unbind(0)]) == whole.nbytes


def test_no_two_models_share_a_number_and_none_is_kept_alive(registry):
    class Model:
        pass

    model = Model()
    first = number_of(model)
    assert number_of(model) == first
    del model
    gc.collect()
    assert number_of(Model()) != first


@pytest.mark.parametrize("limit", [2**20, 12_000, 0])
def test_logits_are_those_of_the_model_whatever_is_held(loaded, empty, limit):
    """Growing, going back, branching and sliding texts, with room for all, for some and for nothing."""
    generator = random.Random(limit)
    empty.limit(limit)
    try:
        ids = [30, 31]
        for _ in range(3 * N_CTX):
            if generator.random() < 0.25:
                ids = ids[: generator.randrange(1, len(ids) + 1)]
            ids = [*ids, *(generator.randrange(22, 60) for _ in range(generator.randrange(1, 4)))]
            with torch.no_grad():
                expected = loaded.model(torch.tensor([ids[-N_CTX:]])).logits[0, -1]
            torch.testing.assert_close(next_logits(loaded, ids), expected, rtol=1e-4, atol=1e-4)
            assert empty.n_bytes <= limit
    finally:
        empty.limit(512 * 2**20)


def test_only_new_tokens_are_run(loaded, empty, monkeypatch):
    run = []
    real = torch.nn.Embedding.forward

    def counted(self, ids):
        run.append(ids.shape[-1])
        return real(self, ids)

    def n_run(ids: list[int]) -> int:
        """Tokens that went through the model; each passes two embeddings."""
        run.clear()
        next_logits(loaded, ids)
        return run[0] if run else 0

    monkeypatch.setattr(torch.nn.Embedding, "forward", counted)
    assert n_run([30, 31, 32]) == 3
    assert n_run([30, 31, 32]) == 0, "the very same text"
    assert n_run([30, 31, 32, 33]) == 1
    assert n_run([30, 31, 32, 34, 35]) == 2, "another branch"
    assert n_run([30, 31]) == 1, "going back runs the last token only"
    assert n_run([31, 31, 32]) == 3


def test_two_threads_ask_at_once(loaded, empty):
    texts = [[30, *range(31, 31 + n)] for n in range(1, 20)]
    with torch.no_grad():
        expected = [loaded.model(torch.tensor([ids])).logits[0, -1] for ids in texts]
    found: dict[tuple[int, int], torch.Tensor] = {}

    def ask(thread: int) -> None:
        for index, ids in enumerate(texts if thread else texts[::-1]):
            found[thread, index if thread else len(texts) - 1 - index] = next_logits(loaded, ids)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2 * len(texts)
    for (_, index), logits in found.items():
        torch.testing.assert_close(logits, expected[index], rtol=1e-4, atol=1e-4)


def test_a_text_with_tokens_that_do_not_exist(loaded):
    for ids, code in ([], "no_tokens"), ([30, 10**6], "unknown_token"):
        with pytest.raises(InputError) as raised:
            next_logits(loaded, ids)
        assert raised.value.code == code


def test_a_trace_is_computed_once(loaded, empty):
    first = kept_trace(loaded, [30, 31])
    assert kept_trace(loaded, (30, 31)) is first
    assert first.stats("logits") is first.stats("logits")
    expected = trace(loaded, [30, 31])
    assert list(first.tensors) == list(expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(first.tensors[name], tensor)
        assert first.stats(name) == stats(tensor)
    assert empty.n_bytes == tensor_bytes(first.tensors.values()) + OVERHEAD


def test_what_nobody_asks_for_is_forgotten(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(memory.time, "monotonic", lambda: now[0])
    held = memory.Memory()
    held.put("old", 1, 10)
    held.put("asked for", 2, 20)
    now[0] = 350.0
    assert held.get("asked for") == 2
    held.put("new", 3, 30)
    now[0] = 401.0
    assert held.forget(300) == 1
    assert (held.get("old"), held.get("asked for"), held.get("new")) == (None, 2, 3)
    assert held.n_bytes == 50 + 2 * memory.OVERHEAD
