"""How many connections the process can hold, and how fast its log can grow."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import time

MOST_HELD = 4_000  # answers under way at once; each holds a file descriptor
SPARE = 128  # descriptors for the process's own files
LINES_A_SECOND, LINES_AT_ONCE, LINES_OF_A_TRACEBACK = 3.0, 40, 20


def raise_open_files() -> int:
    """Raise the limit of open files as far as it goes -> how many answers may be under way at once."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST_HELD
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        wanted = soft
    else:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):  # the system allows less than it says
            wanted = soft
    return MOST_HELD if wanted == resource.RLIM_INFINITY else max(64, min(MOST_HELD, wanted - SPARE))


class Held:
    """Answers that are under way, in all and by address. One address may hold half of all, and always 400."""

    def __init__(self, most: int):
        self.most, self.most_of_one = most, max(400, most // 2)
        self._by_address: dict[str, int] = {}
        self.total = 0

    def enter(self, address: str) -> bool:
        """Count one more -> False where there is no room."""
        if self.total >= self.most or self._by_address.get(address, 0) >= self.most_of_one:
            return False
        self.total += 1
        self._by_address[address] = self._by_address.get(address, 0) + 1
        return True

    def leave(self, address: str) -> None:
        self.total -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


def give_back() -> None:
    """Hand memory that is free again back to the system, where its allocator can be told to."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class FewLines(logging.Filter):
    """Lets LINES_AT_ONCE lines through, then LINES_A_SECOND; says how many records were left out.

    A traceback counts as LINES_OF_A_TRACEBACK, and is let through whole.
    """

    def __init__(self):
        super().__init__()
        self._allowance, self._last, self._left_out = float(LINES_AT_ONCE), time.monotonic(), 0

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        grown = self._allowance + (now - self._last) * LINES_A_SECOND
        self._allowance, self._last = min(LINES_AT_ONCE, grown), now
        if self._allowance < 1:
            self._left_out += 1
            return False
        self._allowance -= LINES_OF_A_TRACEBACK if record.exc_info else 1
        if self._left_out:
            record.msg = f"[{self._left_out} more left out] {record.getMessage()}"
            record.args, self._left_out = (), 0
        return True


def limit_log() -> None:
    """Put one FewLines before every handler that prints."""
    few = FewLines()
    names = [None, *logging.root.manager.loggerDict]
    handlers = {handler for name in names for handler in logging.getLogger(name).handlers}
    for handler in {*handlers, logging.lastResort}:
        if handler is not None:
            handler.addFilter(few)
