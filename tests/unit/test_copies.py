"""Private copies: each visitor sees her own weights, all within a bound, and none stays when she has gone."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from weakref import WeakSet

import pytest
import torch
import torch.nn.functional as F

from app import host as hosting
from app.doors.limits import give_back
from app.engine import copies, sets
from app.engine.copies import COPIES, Copies, Taught, visitor
from app.engine.head_scores import head_scores
from app.engine.log_probs import log_probs
from app.engine.memory import MEGABYTE, SHARED
from app.engine.sgd import Copy, n_bytes
from app.errors import InputError
from app.host import Host
from app.lesson import Page
from app.models import LoadedModel, load
from app.payload import Payload
from app.settings import Settings
from app.work import Owner
from tests.tiny_models import write_folder

IDS = tuple(range(30, 42))


ALIVE: WeakSet[Copy] = WeakSet()  # anywhere in the process


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch):
    real = Copy.__init__

    def counted(self, loaded: LoadedModel) -> None:
        real(self, loaded)
        ALIVE.add(self)

    monkeypatch.setattr(Copy, "__init__", counted)
    COPIES.clear()
    SHARED.clear()
    yield
    COPIES.clear()


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def small(request, tmp_path_factory) -> LoadedModel:
    return load(write_folder(tmp_path_factory.mktemp("models") / request.param, request.param))


def n_copies() -> int:
    """Copies that have not been freed."""
    gc.collect()
    return len(ALIVE)


def resident() -> int:
    """Bytes of this process in memory, what is free given back."""
    gc.collect()
    give_back()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def by_hand(loaded: LoadedModel, ids: tuple[int, ...], rates: tuple[float, ...]) -> list[float]:
    """ln P of the tokens after the steps, by torch's optimizer on a copy of its own."""
    model = copy.deepcopy(loaded.model)
    for rate in rates:
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        optimizer.zero_grad()
        F.cross_entropy(model(torch.tensor([ids])).logits[0, :-1], torch.tensor(ids[1:])).backward()
        optimizer.step()
    with torch.no_grad():
        log_p = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return log_p[range(len(ids) - 1), ids[1:]].tolist()


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_thirty_visitors_step_at_once_and_leave():
    """On the embedded model, whose copies do not all fit: some are made again, and nobody notices."""
    loaded = load("tiny-gpt2")
    n, rates = 30, (0.002, 0.004)
    lines = [tuple(loaded.tokenizer.encode(text)) for text in sets.held_out("ko")[:n]]
    assert n * n_bytes(loaded) > COPIES.limit > 5 * n_bytes(loaded)
    taught = [Taught(loaded, ids, tuple(rate * (1 + i / n) for rate in rates)) for i, ids in enumerate(lines)]

    def step(i: int, made: int) -> tuple[float, ...]:
        with visitor(f"visitor {i}"):
            return replace(taught[i], rates=taught[i].rates[:made]).report().after

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(step, range(8), [1] * 8))
        COPIES.clear()
        SHARED.clear()
        before, alive = resident(), n_copies()
        for made in (1, 2):
            found = list(pool.map(step, range(n), [made] * n))
            assert 5 < len(COPIES) < n and COPIES.n_bytes <= COPIES.limit
        assert n_copies() == alive + len(COPIES)
        for i in (0, 7, 29):
            assert found[i] == pytest.approx(by_hand(loaded, lines[i], taught[i].rates), abs=1e-4)
        for i in range(n):
            COPIES.leave(f"visitor {i}")
    assert len(COPIES) == COPIES.n_bytes == 0 and n_copies() == alive
    assert resident() - before < 50 * MEGABYTE
    after = log_probs(loaded, lines[0]).log_p
    assert after == pytest.approx(by_hand(loaded, lines[0], ()), abs=1e-4), "the model itself has not moved"


def test_one_copy_for_each_visitor_and_none_without_a_name(small):
    for name in ("a", "b", "a"):
        with visitor(name):
            Taught(small, IDS, (0.05,)).report()
    assert len(COPIES) == 1, "what the first has computed, the second need not"
    with visitor("b"):
        Taught(small, IDS, (0.07,)).report()
    assert len(COPIES) == 2 and COPIES.n_bytes == 2 * n_bytes(small)
    alive = n_copies()
    Taught(small, IDS, (0.01,)).report()
    assert len(COPIES) == 2 and n_copies() == alive
    COPIES.leave("nobody")
    COPIES.leave("a")
    assert len(COPIES) == 1 and n_copies() == alive - 1


def test_what_is_taught_depends_on_its_steps_alone(small, monkeypatch):
    """Whatever the copy has been used for, thrown out or not: the same numbers to the last bit."""
    rates = (0.05, 0.1, 0.02)

    def numbers(of: Taught) -> tuple:
        report, there = of.report(), of.distribution(4, 2)
        return (report and (report.before, report.after), of.log_probs(3).log_p, there.p, of.held_out("ko"))

    with visitor("a"):
        first = [numbers(Taught(small, IDS, rates[:n])) for n in range(4)]
        SHARED.clear()
        backwards = [numbers(Taught(small, IDS, rates[:n])) for n in (3, 2, 1, 0)][::-1]
        assert first == backwards
        SHARED.clear()
        COPIES.clear()
        Taught(small, IDS[::-1], (0.3,)).report()
        assert numbers(Taught(small, IDS, rates)) == first[3]
        monkeypatch.setattr(copies, "COPIES", Copies(limit=n_bytes(small)))
        SHARED.clear()
        assert numbers(Taught(small, IDS, rates)) == first[3]
    assert len({row[1] for row in first}) == 4, "every step has changed something"
    assert first[3][0][1] == pytest.approx(by_hand(small, IDS, rates), abs=1e-4)


def test_without_steps_it_is_the_model_itself(small):
    taught = Taught(small, IDS)
    assert taught.report() is None
    assert taught.log_probs() == log_probs(small, IDS)
    with visitor("a"):
        gradient, line = taught.look_ahead((0.0, 0.05))
        assert line == pytest.approx([-taught.log_probs().mean, line[1]], rel=1e-4)
        report = Taught(small, IDS, (0.05,)).report()
    assert report.l1_after == pytest.approx(line[1], rel=1e-4)
    assert report.gradient == gradient


def test_who_only_looks_holds_no_copy_and_moves_none(small, monkeypatch):
    steps, alive = [], n_copies()
    go = Copy._go
    monkeypatch.setattr(Copy, "_go", lambda *a: (steps.append(1), go(*a))[1])
    with visitor("a"):
        Taught(small, IDS).look_ahead((0.1,))
        assert len(COPIES) == 0 and n_copies() == alive
        Taught(small, IDS, (0.05,)).report()
        Taught(small, IDS, (0.05, 0.02)).report()
        Taught(small, IDS).look_ahead((0.2,))
        Taught(small, IDS, (0.05, 0.02)).distribution(3)
        Taught(small, IDS, (0.05, 0.02, 0.01)).report()
    assert len(steps) == 3, "none was made twice"


def test_what_else_may_be_asked(small):
    """A pattern or a continuation on the weights after the steps, kept under its name."""
    with visitor("a"):
        taught = Taught(small, IDS, (0.1,))
        scores = taught.ask(("scores",), lambda loaded: [head.previous for head in head_scores(loaded)])
        assert taught.ask(("scores",), None) == scores
    assert scores != [head.previous for head in head_scores(small)]


def test_the_copy_used_longest_ago_goes_first(small):
    held = Copies(limit=2 * n_bytes(small) + 10)
    a, b = held.of("a", small), held.of("b", small)
    assert held.of("a", small) is a
    held.of("c", small)
    assert len(held) == 2 and held.of("a", small) is a and held.of("b", small) is not b


def test_another_model_takes_the_place_of_the_first(small, tmp_path):
    held = Copies()
    other = load(write_folder(tmp_path / "other", "gpt2", seed=5))
    held.of("a", small)
    assert held.of("a", other).loaded.name == other.name and len(held) == 1


def test_a_model_too_large_to_copy_is_told(small):
    held = Copies(limit=n_bytes(small) - 1)
    with pytest.raises(InputError) as raised:
        held.of("a", small)
    assert raised.value.code == "copy_too_large" and len(held) == 0


def test_a_visitor_s_copy_is_hers_by_session_and_freed_when_she_is_forgotten(small, monkeypatch):
    """Through the host, as an action of the page and as a question come in."""
    host, alive, numbers = Host(Settings()), n_copies(), count(1)
    host._stages["ko", "lesson"] = None, None

    def work() -> None:
        Taught(small, IDS, (0.01 * next(numbers),)).report()

    monkeypatch.setattr(hosting, "answer", lambda *_: (work(), (Page(None, "tiny-gpt2"), None, {}))[1])
    monkeypatch.setattr(hosting, "reply", lambda *_: (work(), {})[1])

    async def news(*_):
        return
        yield

    monkeypatch.setattr(host, "_news", news)

    async def act(session: str, **payload) -> None:
        async for _ in host.act("ko", "lesson", Owner("", session), Payload(payload), lambda: False):
            pass

    async def all_act() -> None:
        for i in range(3):
            await act(f"s{i}", seq=1)
            await act(f"s{i}", seq=2, ask="x")

    asyncio.run(all_act())
    assert len(COPIES) == 3 and n_copies() == alive + 3
    host._sessions["s1"].touched -= 2 * hosting.FORGOTTEN_AFTER
    host.forget()
    assert len(COPIES) == 2
    monkeypatch.setattr(hosting, "MOST_SESSIONS", 2)
    host.session("another")
    assert len(COPIES) == 1, "the oldest made room"
    host.forget(before=float("inf"))
    assert len(COPIES) == 0 and n_copies() == alive
