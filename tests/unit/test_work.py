"""Turns: nobody waits behind one who asks for much, and nothing is computed for who has gone."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from app import work
from app.errors import InputError
from app.work import Gone, Owner, Work
from tests.mounted import event_loop


def owner(address: str = "a", session: str = "s") -> Owner:
    return Owner(address, session)


class Lane:
    """A lane whose threads are held until `open()`; `order` tells who was served."""

    def __init__(self, threads: int = 1, waiting: int = 100):
        self.work, self.order, self._gate = Work("test", threads, waiting), [], threading.Event()
        self.held = [
            asyncio.create_task(self.work.run(owner("gate", str(i)), self._gate.wait)) for i in range(threads)
        ]

    def put(self, name: str, who: Owner, gone=lambda: False) -> asyncio.Task:
        return asyncio.create_task(self.work.run(who, lambda: self.order.append(name) or name, gone))

    async def settle(self, *tasks: asyncio.Task) -> list:
        await asyncio.sleep(0.02)
        self._gate.set()
        return await asyncio.wait_for(asyncio.gather(*self.held, *tasks, return_exceptions=True), 10)

    def is_empty(self) -> bool:
        return not (self.work.waiting or self.work._lines or self.work._running)


def test_addresses_take_turns_and_sessions_within_one():
    async def run():
        lane = Lane()
        await asyncio.sleep(0.02)
        greedy = [lane.put(f"a{i}", owner("a", "1")) for i in range(4)]
        greedy += [lane.put("a-other", owner("a", "2"))]
        others = [lane.put(f"b{i}", owner("b")) for i in range(2)]
        await lane.settle(*greedy, *others)
        assert lane.order == ["a0", "b0", "a-other", "b1", "a1", "a2", "a3"]
        assert lane.is_empty()

    asyncio.run_coroutine_threadsafe(run(), event_loop()).result(60)


def test_a_session_runs_two_at_once_and_no_more():
    async def run():
        lane, running, most = Work("test", 4, 100), [0], [0]

        def busy():
            running[0] += 1
            most[0] = max(most[0], running[0])
            time.sleep(0.02)
            running[0] -= 1

        begun = asyncio.gather(*(lane.run(owner(), busy) for _ in range(6)))
        await asyncio.sleep(0.005)
        assert await asyncio.wait_for(lane.run(owner("a", "other"), lambda: "at once"), 1) == "at once"
        await begun
        assert most[0] == work.MOST_AT_ONCE == 2

    asyncio.run_coroutine_threadsafe(run(), event_loop()).result(60)


def test_a_full_lane_says_so_and_the_greediest_gives_way():
    async def run():
        lane = Lane(waiting=8)
        await asyncio.sleep(0.02)
        greedy = [lane.put(f"a{i}", owner("a", "1")) for i in range(6)]
        others = [lane.put(f"b{i}", owner("b", "1")) for i in range(2)]
        await asyncio.sleep(0.02)
        late = lane.put("c", owner("c"))  # a5 gives way
        more = lane.put("a-more", owner("a", "1"))  # the greediest itself is refused
        beside = lane.put("a-beside", owner("a", "2"))  # a4 gives way to somebody at the same address
        found = (await lane.settle(*greedy, *others, late, more, beside))[1:]
        refused = [str(answer) for answer in found if isinstance(answer, InputError)]
        assert refused == ["busy()"] * 3
        assert set(lane.order) == {"a0", "a1", "a2", "a3", "b0", "b1", "c", "a-beside"}
        assert lane.is_empty()

    asyncio.run_coroutine_threadsafe(run(), event_loop()).result(60)


def test_a_session_has_a_limit_of_its_own():
    async def run():
        lane = Lane()
        await asyncio.sleep(0.02)
        jobs = [lane.put(str(i), owner()) for i in range(work.MOST_OF_A_SESSION + 3)]
        found = (await lane.settle(*jobs))[1:]
        assert sum(isinstance(answer, InputError) for answer in found) == 3
        assert len(lane.order) == work.MOST_OF_A_SESSION

    asyncio.run_coroutine_threadsafe(run(), event_loop()).result(60)


def test_who_has_gone_is_not_served_and_makes_room():
    async def run():
        lane, left = Lane(waiting=4), []
        await asyncio.sleep(0.02)
        going = [lane.put(f"gone{i}", owner("a", str(i)), lambda: bool(left)) for i in range(4)]
        await asyncio.sleep(0.02)
        left.append(True)
        stays = lane.put("stays", owner("a", "0"))
        found = (await lane.settle(*going, stays))[1:]
        assert [type(answer) for answer in found[:4]] == [Gone] * 4
        assert lane.order == ["stays"] and lane.is_empty()

    asyncio.run_coroutine_threadsafe(run(), event_loop()).result(60)


def test_a_cancelled_wait_is_dropped():
    async def run():
        lane = Lane()
        await asyncio.sleep(0.02)
        task = lane.put("never", owner())
        await asyncio.sleep(0.02)
        task.cancel()
        await lane.settle(task)
        assert lane.order == [] and lane.is_empty()

    asyncio.run_coroutine_threadsafe(run(), event_loop()).result(60)


def endless(seen: list, closed: list):
    try:
        while True:
            seen.append(1)
            time.sleep(0.002)
            yield
    finally:
        closed.append(True)


def test_long_work_yields_to_a_short_job():
    async def run():
        lane, seen, closed, left = Work("test", 1, 10), [], [], []
        long = asyncio.create_task(lane.run(owner("a"), lambda: endless(seen, closed), lambda: bool(left)))
        await asyncio.sleep(0.05)
        for session in ("s", "t"):  # also for the very same session
            begun = time.monotonic()
            assert await lane.run(owner("a", session), lambda: "short") == "short"
            assert time.monotonic() - begun < 10 * work.SLICE
        left.append(True)
        with pytest.raises(Gone):
            await asyncio.wait_for(long, 1)
        assert closed == [True], "a generator that will not go on is closed"
        steps = len(seen)
        await asyncio.sleep(0.05)
        assert len(seen) == steps and not lane.waiting and not lane._running

    asyncio.run_coroutine_threadsafe(run(), event_loop()).result(60)


def test_the_result_of_a_generator_and_the_errors_of_all_work():
    def steps():
        yield
        return "done"

    def fails_later():
        yield
        raise KeyError("later")

    async def run():
        lane = Work("test", 1, 10)
        assert await lane.run(owner(), steps) == "done"
        for job, error in ((fails_later, KeyError), (lambda: 1 / 0, ZeroDivisionError)):
            with pytest.raises(error):
                await lane.run(owner(), job)
        for job in (lambda: next(iter(())), lambda: exec("raise SystemExit")):
            with pytest.raises(RuntimeError):  # these two would never reach the one who waits
                await asyncio.wait_for(lane.run(owner(), job), 1)
        assert await lane.run(owner(), lambda: "still works") == "still works"

    asyncio.run_coroutine_threadsafe(run(), event_loop()).result(60)
