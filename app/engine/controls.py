"""What a learner may ask of the next token, checked. Needs no torch: a page checks before it has loaded
any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from app.errors import InputError, shown

Strategy = Literal["greedy", "sample", "beam"]


@dataclass(frozen=True)
class Sampling:
    """The three controls. top_k 0 and top_p 1.0 switch theirs off.

    temperature: 0.01 to 10. top_k: whole number from 0 on. top_p: 0 to 1.
    Raises InputError("not_a_number" or "out_of_range").
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self):
        checked = {
            "temperature": check_number("temperature", self.temperature, 0.01, 10),
            "top_k": check_number("top_k", self.top_k, 0, 1_000_000, whole=True),
            "top_p": check_number("top_p", self.top_p, 0, 1),
        }
        for name, value in checked.items():  # a slider's 40.0 becomes the whole number 40
            object.__setattr__(self, name, value)


def check_number(name: str, value: object, low: float, high: float, whole: bool = False) -> float | int:
    """`value` as a float from `low` to `high`, or as an int when it must be `whole`.

    Raises InputError: "not_a_number" (also for NaN, and for 1.5 where a whole one is due) or "out_of_range".
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == value
    if not is_number or (whole and value not in (math.inf, -math.inf) and value != int(value)):
        raise InputError("not_a_number", name=name, value=shown(value, 40))
    if not low <= value <= high:
        raise InputError("out_of_range", name=name, low=low, high=high)
    return int(value) if whole else float(value)


def check_strategy(strategy: object) -> Strategy:
    """Raises InputError("unknown_strategy") for anything but the names of the three."""
    if not isinstance(strategy, str) or strategy not in get_args(Strategy):
        raise InputError("unknown_strategy", name=shown(strategy, 40))
    return strategy
