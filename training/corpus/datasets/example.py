"""What all the tasks share: an example, the writer of its sentences, and which words are held out.

Examples are made in contrast groups: the same sentences in each combination of two parts that differ, so that
every word and every pair of neighbouring words is as often under one label as under the other. `app.engine.
inputs` tells why a batch takes whole groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..writer import Writer

__all__ = ["Example", "Writer", "crossed", "part"]

T = TypeVar("T")
HELD_OUT_EACH = 4  # one word of so many is for the split with new words alone


@dataclass(frozen=True)
class Example:
    """One labelled example: the fields that the task's input transformation takes, and the label's index."""

    fields: tuple[str, ...]
    label: int


def part(items: Sequence[T], new_words: bool) -> list[T]:
    """The words of the split with new words, every fourth, or those of all other splits."""
    return [item for i, item in enumerate(items) if (i % HELD_OUT_EACH == HELD_OUT_EACH - 1) == new_words]


def crossed(firsts: Sequence[str], seconds: Sequence[str]) -> list[Example]:
    """All four pairs of two firsts and two seconds: 0 where both are of the same number, else 1."""
    return [Example((a, b), int(i != j)) for i, a in enumerate(firsts) for j, b in enumerate(seconds)]
