"""The parts of a picture that need not be sent again.

A drawing is a dict. A value in it that is a `Part` names all that it is made of; the browser gets that name
along with the value and says with its next action which names it holds. Where one is still the right one, the
part is neither made nor sent, and the browser goes on with the value that it has (assets/js/stage.js).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from app.payload import Payload

LONGEST_NAME = 32
_PROCESS = os.urandom(16)  # after a restart another program may draw another picture of the same things


@dataclass(frozen=True)
class Part:
    """A value of a drawing that is made only where it is needed.

    Args:
        made_of: everything that the value depends on beside the lesson's own files: plain values, whose repr
            tells them apart.
        make: () -> the value, plain data.
    """

    made_of: tuple[Any, ...]
    make: Callable[[], Any]

    @property
    def name(self) -> str:
        """The same for the same `made_of`, as long as this process lives."""
        return blake2b(
            repr(self.made_of).encode("utf-8", "replace"), digest_size=12, key=_PROCESS
        ).hexdigest()


def fill(drawing: dict[str, Any], held: Payload) -> dict[str, Any]:
    """`drawing` with its parts made, without those whose names the browser holds.

    "parts" tells the names of all of them: {place: name}. `held` is the one that the browser got last.
    """
    filled, names = {}, {}
    for place, value in drawing.items():
        if not isinstance(value, Part):
            filled[place] = value
            continue
        names[place] = value.name
        if held.string_or(place, "", LONGEST_NAME) != names[place]:
            filled[place] = value.make()
    return filled | {"parts": names} if names else filled
