"""Turns: many visitors, few threads, and nobody waits behind one who asks for much.

Visitors take turns by address, and those at one address (a class behind one router, a Space behind its proxy)
by session. A job that yields goes to the back of its line when its slice of time is over, so that a short one
is answered meanwhile. A job whose visitor has gone is dropped before it starts, or at its next yield.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from app.errors import InputError

log = logging.getLogger(__name__)

SLICE = 0.04  # seconds that a job runs before it lets others in
MOST_AT_ONCE = 2  # running jobs of one session
MOST_OF_A_SESSION = 8  # waiting jobs of one session


class Owner(NamedTuple):
    """Whose job it is: the address that the connection came from, and the session within it."""

    address: str
    session: str


class Gone(Exception):
    """The visitor has left; nobody will read the answer."""


class _Job:
    def __init__(self, owner: Owner, work: Callable[[], Any], gone: Callable[[], bool]):
        self.owner, self.work, self.gone = owner, work, gone
        self.future: asyncio.Future = asyncio.get_running_loop().create_future()
        self.steps: Generator | None = None

    def slice(self) -> tuple[bool, Any]:
        """Run for a while -> (finished, result). Called in a thread."""
        try:
            return self._slice()
        except (StopIteration, SystemExit, KeyboardInterrupt) as error:  # no future takes these
            raise RuntimeError(f"work ended with {type(error).__name__}") from error

    def end(self, error: Exception) -> None:
        """It will not go on: whoever still waits is told `error`."""
        if self.steps is not None:
            self.steps.close()
        if not self.future.done():
            self.future.set_exception(error)

    def _slice(self) -> tuple[bool, Any]:
        if self.steps is None:
            result = self.work()
            if not isinstance(result, Generator):
                return True, result
            self.steps = result
        end = time.monotonic() + SLICE
        while True:
            try:
                next(self.steps)
            except StopIteration as stop:
                return True, stop.value
            if self.gone():
                self.steps.close()
                raise Gone
            if time.monotonic() >= end:
                return False, None


class Work:
    """One lane: `threads` jobs run at once, at most `waiting` wait.

    `run` belongs to the event loop that is running; nothing here is shared between loops.
    """

    def __init__(self, name: str, threads: int, waiting: int):
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free, self._most = threads, waiting
        self._lines: OrderedDict[str, OrderedDict[str, deque[_Job]]] = OrderedDict()
        self._running: dict[Owner, int] = {}
        self._n_waiting = 0

    @property
    def waiting(self) -> int:
        """Jobs that have not begun."""
        return self._n_waiting

    async def run(
        self, owner: Owner, work: Callable[[], Any], gone: Callable[[], bool] = lambda: False
    ) -> Any:
        """The result of `work()`, computed in a thread when its turn comes.

        `work` may return a generator: it is run step by step, and its return value is the result.

        Raises:
            InputError("busy"): too many wait already.
            Gone: `gone()` became true while it waited or between two steps.
            Exception: whatever `work` raised.
        """
        line = self._lines.get(owner.address, {}).get(owner.session, ())
        if len(line) >= MOST_OF_A_SESSION or (self._n_waiting >= self._most and not self._make_room(owner)):
            raise InputError("busy")
        job = _Job(owner, work, gone)
        self._put(job)
        self._start()
        try:
            return await job.future
        except asyncio.CancelledError:
            job.gone = lambda: True
            raise

    def _put(self, job: _Job) -> None:
        sessions = self._lines.setdefault(job.owner.address, OrderedDict())
        sessions.setdefault(job.owner.session, deque()).append(job)
        self._n_waiting += 1

    def _take(self) -> _Job | None:
        """The next job: addresses in turn, and within one the sessions in turn."""
        for address in list(self._lines):
            sessions = self._lines[address]
            for session in list(sessions):
                line = sessions[session]
                if self._running.get(Owner(address, session), 0) >= MOST_AT_ONCE:
                    continue
                job = line.popleft()
                self._n_waiting -= 1
                sessions.move_to_end(session)
                self._lines.move_to_end(address)
                self._tidy(address, session)
                return job
        return None

    def _tidy(self, address: str, session: str) -> None:
        """Forget lines that have become empty."""
        sessions = self._lines[address]
        if not sessions[session]:
            del sessions[session]
        if not sessions:
            del self._lines[address]

    def _make_room(self, owner: Owner) -> bool:
        """Turn away the newest job of whoever holds most, if that is not the one that asks.

        Among addresses first, then among the sessions of the asking one. Jobs of visitors who have gone go
        before all others.
        """
        if self._sweep():
            return True
        count = {address: sum(map(len, sessions.values())) for address, sessions in self._lines.items()}
        address, mine = max(count, key=count.get), count.get(owner.address, 0)
        if count[address] <= mine + 1:
            address = owner.address
        sessions = self._lines.get(address, {})
        longest = max(map(len, sessions.values()), default=0)
        if address == owner.address and longest <= len(sessions.get(owner.session, ())) + 1:
            return False
        session = next(name for name in reversed(sessions) if len(sessions[name]) == longest)
        self._give_up(sessions[session].pop(), InputError("busy"))
        self._tidy(address, session)
        return True

    def _sweep(self) -> bool:
        """Drop the waiting jobs that nobody waits for any more -> there were some."""
        before = self._n_waiting
        for address, sessions in list(self._lines.items()):
            for session, line in list(sessions.items()):
                left = [job for job in line if job.gone() or job.future.done()]
                for job in left:
                    line.remove(job)
                    self._give_up(job, Gone())
                if left:
                    self._tidy(address, session)
        return self._n_waiting < before

    def _give_up(self, job: _Job, error: Exception) -> None:
        """A job that has left its line will not go on."""
        self._n_waiting -= 1
        job.end(error)

    def _start(self) -> None:
        """Begin jobs as long as a thread is free."""
        while self._free:
            job = self._take()
            if job is None:
                return
            if job.future.done() or job.gone():
                job.end(Gone())
                continue
            self._free -= 1
            self._running[job.owner] = self._running.get(job.owner, 0) + 1
            slice_ = asyncio.get_running_loop().run_in_executor(self._pool, job.slice)
            slice_.add_done_callback(lambda done, job=job: self._after(job, done))

    def _after(self, job: _Job, done: asyncio.Future) -> None:
        """A slice is over: answer, or to the back of the line."""
        self._free += 1
        self._running[job.owner] -= 1
        if not self._running[job.owner]:
            del self._running[job.owner]
        if done.cancelled():
            job.future.cancel()
        elif (error := done.exception()) is not None:
            if not job.future.done():
                job.future.set_exception(error)
        else:
            finished, result = done.result()
            if not finished:
                self._put(job)
            elif not job.future.done():
                job.future.set_result(result)
        self._start()
