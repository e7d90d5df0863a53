"""What was computed once and may be asked for again: one store for the whole process, bounded in bytes.

Everybody's tensors lie here and nobody's State holds any, so that a class that reads the same text computes
it once, and a learner who has gone away leaves nothing behind. What has not been asked for longest goes
first. A value that has gone is computed anew: nobody may rely on finding it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from torch import Tensor

    from app.models import LoadedModel

MEGABYTE = 2**20
DEFAULT_LIMIT = 512 * MEGABYTE
OVERHEAD = 500  # bytes of an entry beside its tensors: its key, its place, Python's objects


class Memory:
    """Values by key, at most `limit` bytes of them. May be used from several threads at once."""

    def __init__(self, limit: int = DEFAULT_LIMIT):
        self._lock = Lock()
        self._limit = limit
        # (value, bytes, when it was asked for last); the next to go comes first
        self._entries: OrderedDict[Hashable, tuple[Any, int, float]] = OrderedDict()
        self._n_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def n_bytes(self) -> int:
        """What is held now."""
        return self._n_bytes

    def limit(self, n_bytes: int) -> None:
        """Hold no more than that from now on."""
        with self._lock:
            self._limit = n_bytes
            self._shrink()

    def get(self, key: Hashable) -> Any:
        """The value, which becomes the last to go, or None."""
        with self._lock:
            return self._use(key)

    def put(self, key: Hashable, value: Any, n_bytes: int) -> Any:
        """Hold `value`, unless another thread was quicker -> what is held, or would be if it had room."""
        with self._lock:
            if key in self._entries:
                return self._entries[key][0]
            self._entries[key] = value, n_bytes + OVERHEAD, time.monotonic()
            self._n_bytes += n_bytes + OVERHEAD
            self._shrink()
        return value

    def kept(self, key: Hashable, make: Callable[[], tuple[Any, int]]) -> Any:
        """The value of `key`; where there is none, `make` gives it and its bytes."""
        found = self.get(key)
        return self.put(key, *make()) if found is None else found

    def touch(self, keys: Iterable[Hashable]) -> None:
        """Make those of `keys` that are held the last to go, in this order."""
        with self._lock:
            for key in keys:
                self._use(key)

    def forget(self, seconds: float) -> int:
        """Drop what nobody has asked for in that time -> how many values."""
        oldest, before = time.monotonic() - seconds, len(self._entries)
        with self._lock:
            while self._entries and next(iter(self._entries.values()))[2] < oldest:
                self._n_bytes -= self._entries.popitem(last=False)[1][1]
            return before - len(self._entries)

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._entries.clear()
            self._n_bytes = 0

    def _use(self, key: Hashable) -> Any:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries[key] = entry[0], entry[1], time.monotonic()
        self._entries.move_to_end(key)
        return entry[0]

    def _shrink(self) -> None:
        while self._n_bytes > self._limit:
            self._n_bytes -= self._entries.popitem(last=False)[1][1]


SHARED = Memory()

_numbers: WeakKeyDictionary[LoadedModel, int] = WeakKeyDictionary()
_next_number = count()


def number_of(loaded: LoadedModel) -> int:
    """A number for keys that no other loaded model of this process has, ever; it does not keep the model."""
    return _numbers.setdefault(loaded, next(_next_number))


def tensor_bytes(tensors: Iterable[Tensor]) -> int:
    """Bytes behind `tensors`; memory that several of them look at counts once."""
    storages = {
        storage.data_ptr(): storage.nbytes() for storage in (tensor.untyped_storage() for tensor in tensors)
    }
    return sum(storages.values())
