"""What a record is made by. The recorders themselves are listed in `records`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Point:
    """A number measured anew, and the spread that was recorded for it."""

    what: str
    now: float
    low: float
    high: float


@dataclass(frozen=True)
class Recorder:
    """How one record is made.

    measure: () -> its "data", plain JSON. measure_again: "data" -> a few of its points, measured anew.
    settings: what beside the seeds decides the numbers. models: the embedded models whose weights it uses.
    """

    measure: Callable[[], dict[str, Any]]
    measure_again: Callable[[dict[str, Any]], list[Point]]
    settings: dict[str, Any]
    seeds: tuple[int, ...]
    models: tuple[str, ...] = ()
