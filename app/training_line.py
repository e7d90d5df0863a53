"""The line in front of the server's one training run, for pages whose browser cannot train by itself.

A run is worked on while its page asks for news: one that has not been asked for a few seconds lets the next
one go on, and is forgotten a little later. The work is done in one thread of low priority, a step at a time,
so that others' presses are answered meanwhile. A run's name is known to its page alone.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.errors import InputError, UserError

log = logging.getLogger(__name__)

ASLEEP_AFTER = 8.0  # seconds without a question until the next one has its turn
FORGOTTEN_AFTER = 150.0  # seconds without a question; a browser lets a hidden page ask once a minute
GRACE = 5.0  # seconds in which a run that has nothing to do keeps its turn
RESTED = 30.0  # seconds without work until a run makes room for a new one
LONGEST_TURN = 120.0  # seconds until one steps back, where others wait
MOST_RUNS = 8  # with their weights, about 35 MB each for an embedded model
IDLE = 2.0  # seconds between two looks at runs that rest
LOWER = 5  # by how much the thread is nicer than the process
BREATH = 0.002  # seconds between two steps, in which a thread that waits for Python's lock gets it


class Run(Protocol):
    """What the line works on. Its attributes may change while a step is under way."""

    @property
    def wants(self) -> bool:
        """There is a step to be done."""

    def step(self) -> None:
        """Do it: well under a second. What it raises ends the run."""


@dataclass
class _Entry:
    run: Run
    seen: float  # when it was asked for, for the last time
    worked: float  # when it wanted a step for the last time
    turn: float | None = None  # when its turn began
    error: Exception | None = None


class TrainingLine:
    """All runs of this process. May be used from several threads at once.

    clock: seconds, as `time.monotonic`.
    """

    def __init__(self, most: int = MOST_RUNS, clock: Callable[[], float] = time.monotonic):
        self._most, self._clock = most, clock
        self._entries: dict[str, _Entry] = {}
        self._line: list[str] = []  # names of the runs that want a step, the first has its turn
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        with self._changed:
            self._tidy()
            return len(self._entries)

    def begin(self, run: Run) -> str:
        """Put a run into the line -> its name.

        Raises:
            InputError("line_full"): there are too many.
        """
        with self._changed:
            self._tidy()
            if len(self._entries) >= self._most and not self._make_room():
                raise InputError("line_full")
            name = secrets.token_urlsafe(18)
            self._entries[name] = _Entry(run, self._clock(), self._clock())
            self._go_on()
        return name

    def place(self, name: str) -> int:
        """How many runs have their turn before this one; 0 also where it wants no step.

        Raises:
            InputError("run_gone"): there is no such run. Exception: what ended it.
        """
        with self._changed:
            self._entry(name)
            self._go_on()
            return self._line.index(name) if name in self._line else 0

    def get(self, name: str) -> Run:
        """The run of that name, which somebody still waits for. Raises as `place`."""
        with self._changed:
            return self._entry(name).run

    def end(self, name: str) -> None:
        """It will not go on, and its place is free; of no account where there is no such run."""
        with self._changed:
            self._entries.pop(name, None)
            self._go_on()

    def _entry(self, name: str) -> _Entry:
        self._tidy()
        entry = self._entries.get(name)
        if entry is None:
            raise InputError("run_gone")
        entry.seen = self._clock()
        if entry.error is not None:
            del self._entries[name]
            raise entry.error
        return entry

    def _go_on(self) -> None:
        """Arrange the line anew; see that somebody works on it."""
        self._arrange()
        self._changed.notify_all()
        if self._line and self._thread is None:
            self._thread = threading.Thread(target=self._work, name="training", daemon=True)
            self._thread.start()

    def _make_room(self) -> bool:
        """Forget the run that has rested for longest -> there was one that rested for RESTED."""
        self._arrange()
        resting = [name for name, entry in self._entries.items() if name not in self._line]
        longest = min(resting, key=lambda name: self._entries[name].worked, default=None)
        if longest is None or self._entries[longest].worked > self._clock() - RESTED:
            return False
        del self._entries[longest]
        return True

    def _tidy(self) -> None:
        before = self._clock() - FORGOTTEN_AFTER
        for name in [name for name, entry in self._entries.items() if entry.seen < before]:
            del self._entries[name]

    def _arrange(self) -> None:
        """Those leave that want nothing, or that nobody asks for; who comes stands behind all others, but for
        the one that had its turn a moment ago.
        """
        now = self._clock()
        wanting = [
            name
            for name, entry in self._entries.items()
            if entry.error is None and now - entry.seen <= ASLEEP_AFTER and entry.run.wants
        ]
        came = [name for name in wanting if name not in self._line]
        back = [name for name in came if self._entries[name].turn is not None]
        stayed = [name for name in self._line if name in wanting]
        self._line = back + stayed + [name for name in came if name not in back]
        for name, entry in self._entries.items():
            entry.worked = now if name in wanting else entry.worked
            if name in self._line[1:] or now - entry.worked > GRACE:
                entry.turn = None

    def _next(self) -> _Entry | None:
        """The run whose turn it is, as soon as there is one; None where no run is left."""
        with self._changed:
            while True:
                self._tidy()
                self._arrange()
                if self._line:
                    return self._head()
                if not self._entries:
                    self._thread = None
                    return None
                self._changed.wait(IDLE)

    def _head(self) -> _Entry:
        now, entry = self._clock(), self._entries[self._line[0]]
        if entry.turn is not None and now - entry.turn > LONGEST_TURN and len(self._line) > 1:
            entry.turn = None
            self._line.append(self._line.pop(0))
            entry = self._entries[self._line[0]]
        entry.turn = now if entry.turn is None else entry.turn
        return entry

    def _work(self) -> None:
        _be_nice()
        while (entry := self._next()) is not None:
            try:
                entry.run.step()
            except Exception as error:
                if not isinstance(error, UserError):
                    log.error("a training run failed", exc_info=error)
                entry.error = error
            del entry  # or a run that has ended keeps its weights until the next one begins
            time.sleep(BREATH)


SHARED = TrainingLine()


def _be_nice() -> None:
    """Lower the priority of this thread alone, where the system can (Linux)."""
    if sys.platform == "linux":
        try:
            os.setpriority(
                os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + LOWER
            )
        except OSError as error:
            log.debug("the training thread keeps its priority: %s", error)
