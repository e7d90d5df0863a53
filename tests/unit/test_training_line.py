"""One training run at a time: who waits sees her place, who has gone is passed over, nobody takes all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app import training_line
from app.errors import InputError
from app.training_line import ASLEEP_AFTER, FORGOTTEN_AFTER, GRACE, LONGEST_TURN, RESTED, TrainingLine


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Counting:
    """A run of `n` steps, each waiting until the test lets it pass. `order`: who made which step."""

    def __init__(self, name: str, n: int, room: Room):
        self.name, self.left, self.room = name, n, room

    @property
    def wants(self) -> bool:
        return self.left > 0

    def step(self) -> None:
        self.room.entered += 1
        assert self.room.gate.acquire(timeout=20)
        self.left -= 1
        self.room.order.append(self.name)


class Room:
    """A line with a clock and a gate of its own."""

    def __init__(self, most: int = 8):
        self.clock, self.gate, self.order, self.entered = Clock(), threading.Semaphore(0), [], 0
        self.line = TrainingLine(most, self.clock)
        self.names: list[str] = []

    def begin(self, name: str, n: int = 3) -> str:
        self.names.append(self.line.begin(Counting(name, n, self)))
        until(lambda: self.entered > len(self.order))
        return self.names[-1]

    def wait(self, seconds: float, *asking: str) -> None:
        """So much time passes, while these pages ask every second or so."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + 1)
            for name in asking:
                self.line.place(name)

    def let(self, n: int) -> None:
        """Let `n` steps pass, and wait until they have, and the next one has begun if there is one."""
        wanted = len(self.order) + n
        self.gate.release(n)
        until(lambda: len(self.order) >= wanted)
        until(lambda: self.entered > wanted or not self.line._line)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.002)


@pytest.fixture
def room(monkeypatch) -> Iterator[Room]:
    monkeypatch.setattr(training_line, "IDLE", 0.01)
    room = Room()
    yield room
    for name in room.names:
        room.line.end(name)
    room.gate.release(100)
    until(lambda: room.line._thread is None)


def test_three_runs_one_after_the_other(room: Room):
    a, b, c = (room.begin(name) for name in "abc")
    assert [room.line.place(name) for name in (a, b, c)] == [0, 1, 2]
    room.let(2)
    assert [room.line.place(name) for name in (a, b, c)] == [0, 1, 2]
    room.let(2)
    assert [room.line.place(name) for name in (a, b, c)] == [0, 0, 1], "the first rests, the others moved up"
    room.let(5)
    assert room.order == list("aaabbbccc")
    assert len(room.line) == 3, "they rest: their pages may still ask"


def test_a_run_that_is_ended_makes_room_at_once(room: Room):
    a, b, c = (room.begin(name) for name in "abc")
    room.let(1)
    room.line.end(a)
    assert [room.line.place(name) for name in (b, c)] == [0, 1]
    with pytest.raises(InputError, match="run_gone"):
        room.line.place(a)
    room.let(1)  # the step that was under way
    room.let(3)
    assert room.order == list("aabbb")


def test_a_run_that_waits_can_be_ended(room: Room):
    a, b, c = (room.begin(name) for name in "abc")
    room.line.end(b)
    assert [room.line.place(name) for name in (a, c)] == [0, 1]
    room.let(6)
    assert room.order == list("aaaccc")


def test_a_closed_page_frees_its_place_within_seconds(room: Room):
    a, b = room.begin("a", 1000), room.begin("b", 2)
    assert ASLEEP_AFTER <= 8
    room.clock.now += ASLEEP_AFTER - 0.1
    assert room.line.place(b) == 1
    room.clock.now += 0.2  # a has not been asked for, b has
    assert room.line.place(b) == 0
    room.let(1)  # the step of a that was under way
    room.let(2)
    assert room.order == list("abb")
    assert room.line.place(a) == 0, "it goes on when its page asks again"
    room.let(1)
    assert room.order == list("abba")


def test_who_comes_back_stands_behind_who_waits(room: Room):
    a, b = room.begin("a", 9), room.begin("b", 9)
    room.clock.now += ASLEEP_AFTER + 0.1
    assert (room.line.place(b), room.line.place(a)) == (0, 1)


def test_a_page_that_stays_away_is_forgotten(room: Room):
    a = room.begin("a", 1)
    room.let(1)
    room.clock.now += FORGOTTEN_AFTER - 1
    assert room.line.get(a).name == "a", "asked in time"
    room.clock.now += FORGOTTEN_AFTER + 1
    assert len(room.line) == 0
    with pytest.raises(InputError, match="run_gone"):
        room.line.get(a)


def test_nothing_is_kept_when_all_pages_are_closed(room: Room):
    room.begin("a", 1)
    room.let(1)
    room.clock.now += FORGOTTEN_AFTER + 1
    until(lambda: room.line._thread is None)
    assert not room.line._entries, "without anybody asking"


def test_the_line_is_bounded(monkeypatch):
    monkeypatch.setattr(training_line, "IDLE", 0.01)
    room = Room(most=2)
    a, b = room.begin("a", 100), room.begin("b", 100)
    with pytest.raises(InputError, match="line_full"):
        room.begin("c")
    room.line.end(a)
    room.begin("c")
    assert room.line.place(b) == 0
    for name in room.names:
        room.line.end(name)
    room.gate.release(9)


def test_a_run_that_rests_makes_room_for_a_new_one(monkeypatch):
    monkeypatch.setattr(training_line, "IDLE", 0.01)
    room = Room(most=2)
    a, b = room.begin("a", 1), room.begin("b", 100)
    room.let(1)
    until(lambda: room.line.place(b) == 0)
    with pytest.raises(InputError, match="line_full"):
        room.begin("c")  # it has only just finished: its page is being read
    room.wait(RESTED - 1, a, b)
    with pytest.raises(InputError, match="line_full"):
        room.begin("c")
    room.wait(2, a, b)
    room.begin("c")
    with pytest.raises(InputError, match="run_gone"):
        room.line.get(a)
    for name in room.names:
        room.line.end(name)
    room.gate.release(9)


def test_a_long_turn_ends_where_others_wait(room: Room):
    a, b = room.begin("a", 100), room.begin("b", 2)
    room.let(1)
    room.wait(LONGEST_TURN - 1, a, b)
    assert [room.line.place(name) for name in (a, b)] == [0, 1]
    room.wait(2, a, b)
    assert [room.line.place(name) for name in (a, b)] == [0, 1]
    room.let(1)  # the step that was under way; then b has its turn
    room.let(2)
    assert room.order == list("aabb")


@pytest.mark.parametrize(("away", "place"), [(GRACE - 1, 0), (GRACE + 1, 1)])
def test_a_moment_of_rest_costs_no_turn(room: Room, away: float, place: int):
    """As between the beginning of a run and its first step, while its page looks at it."""
    a, b = room.begin("a", 1), room.begin("b", 5)
    room.let(1)
    assert room.line.place(b) == 0
    room.wait(away, a, b)
    room.line.get(a).left = 2
    assert [room.line.place(name) for name in (a, b)] == [place, 1 - place]
    room.let(1)  # the step of b that was under way
    room.let(2)
    assert room.order == list("abaa" if place == 0 else "abbb")


def test_moments_of_rest_make_no_turn_longer(room: Room):
    a, b = room.begin("a", 1), room.begin("b", 500)
    while room.line.place(a) == 0:
        room.let(1)
        room.wait(GRACE - 1, a, b)
        room.line.get(a).left += 1
        assert room.clock.now < 1000 + LONGEST_TURN + 2 * GRACE
    assert room.line.place(b) == 0


def test_alone_a_run_may_take_long(room: Room):
    a = room.begin("a", 100)
    room.wait(2 * LONGEST_TURN, a)
    assert room.line.place(a) == 0
    room.let(3)
    assert room.order == list("aaa")


class Failing(Counting):
    def step(self) -> None:
        raise InputError("run_waits")


class Broken(Counting):
    def step(self) -> None:
        raise ZeroDivisionError


def test_what_ends_a_run_is_told_to_its_page_alone(room: Room, caplog):
    failing = room.line.begin(Failing("a", 1, room))
    broken = room.line.begin(Broken("b", 1, room))
    c = room.begin("c", 2)
    room.let(2)
    assert room.line.place(c) == 0
    with pytest.raises(InputError, match="run_waits"):
        room.line.place(failing)
    with pytest.raises(ZeroDivisionError):
        room.line.get(broken)
    for name in (failing, broken):
        with pytest.raises(InputError, match="run_gone"):
            room.line.place(name)
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError], "what we cause is logged"


def test_no_name_can_be_guessed(room: Room):
    names = {room.begin(str(number)) for number in range(4)}
    assert len(names) == 4 and all(len(name) == 24 for name in names)  # 144 bits
    for wrong in ("", "0", "../", *(name[:-1] for name in names), "constructor"):
        with pytest.raises(InputError, match="run_gone"):
            room.line.get(wrong)


def test_the_work_is_done_in_one_nicer_thread(room: Room):
    import os
    import sys

    seen: list[tuple[str, int]] = []

    class Looking(Counting):
        def step(self) -> None:
            nice = (
                os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if sys.platform == "linux" else 0
            )
            seen.append((threading.current_thread().name, nice))
            self.left -= 1

    for name in "ab":
        room.names.append(room.line.begin(Looking(name, 2, room)))
    until(lambda: len(seen) == 4)
    assert {name for name, _ in seen} == {"training"}
    if sys.platform == "linux":
        mine = os.getpriority(os.PRIO_PROCESS, 0)
        assert {nice for _, nice in seen} == {min(19, mine + training_line.LOWER)}
        assert os.getpriority(os.PRIO_PROCESS, 0) == mine, "the others keep theirs"
