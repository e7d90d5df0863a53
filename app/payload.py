"""What a browser sent, taken apart: the only code that reads it.

A payload may hold anything. Each question names the type and the range it accepts and gets a plain value
of that type, or the learner gets one sentence. No dict, list or string passes that was not asked for in
this way, so nothing unchecked can go back out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app import links
from app.errors import InputError

LARGEST_WHOLE = 2**53 - 1  # what JavaScript counts up to without a gap


class Payload:
    """One JSON object of a browser. Reading a field that is not of the type asked for raises
    InputError("not_understood").
    """

    __slots__ = ("_fields",)

    def __init__(self, sent: Any = None):
        self._fields: Mapping[Any, Any] = sent if isinstance(sent, Mapping) else {}

    def __bool__(self) -> bool:
        return bool(self._fields)

    def __contains__(self, name: str) -> bool:
        """The field is there and is not null."""
        return self._fields.get(name) is not None

    def whole(self, name: str, low: int = 0, high: int = LARGEST_WHOLE) -> int:
        """A whole number in [low, high]; true and false are none."""
        return whole_number(self._fields.get(name), low, high)

    def whole_or(self, name: str, default: int, low: int = 0, high: int = LARGEST_WHOLE) -> int:
        """As `whole`, but `default` for anything else."""
        try:
            return self.whole(name, low, high)
        except InputError:
            return default

    def number(self, name: str, low: float, high: float) -> float:
        """A finite number in [low, high]."""
        return finite_number(self._fields.get(name), low, high)

    def field(self, name: str, state_type: type, field: str = "") -> Any:
        """A value for the field `field` (by default that of the same name) of a lesson's State."""
        try:
            return links.accept(state_type, field or name, self._fields.get(name))
        except ValueError:
            raise InputError("not_understood") from None

    def choice(self, name: str, options: Sequence[str]) -> str:
        """One of `options`, as it stands there: what was sent is compared and thrown away."""
        sent = self._fields.get(name)
        for option in options:
            if isinstance(sent, str) and sent == option:
                return option
        raise InputError("not_understood")

    def choice_or(self, name: str, options: Sequence[str], default: str) -> str:
        """As `choice`, but `default` for anything else."""
        try:
            return self.choice(name, options)
        except InputError:
            return default

    def flag(self, name: str) -> bool:
        """True for true, and False for everything else."""
        return self._fields.get(name) is True

    def string(self, name: str, longest: int) -> str:
        """A text, of which the first `longest` characters. It is still hers: check it before it is shown.

        Raises:
            InputError("not_text"): anything but a text.
        """
        sent = self._fields.get(name)
        if not isinstance(sent, str):
            raise InputError("not_text", type=type(sent).__name__)
        return str(sent[:longest])

    def string_or(self, name: str, default: str, longest: int) -> str:
        """As `string`, but `default` for anything else."""
        return self.string(name, longest) if isinstance(self._fields.get(name), str) else default

    def part(self, name: str) -> Payload:
        """The object in a field as a payload of its own; an empty one for anything else."""
        return Payload(self._fields.get(name))

    def wholes(self, name: str, most: Sequence[int], high: int = LARGEST_WHOLE) -> list[Any]:
        """Whole numbers from 0 to `high` in lists of lists: at most `most[0]` of at most `most[1]` …"""
        return _wholes(self._fields.get(name), most, high)

    def rows(self, name: str, most: int, width: int) -> Iterator[Row]:
        """The first `most` entries of a list; what is no list of `width` values comes as an empty row."""
        sent = self._fields.get(name)
        for entry in sent[:most] if isinstance(sent, list) else []:
            yield Row(entry if isinstance(entry, list) and len(entry) == width else [])


class Row(Payload):
    """A list of fixed width, read like a payload whose fields are called 0, 1, 2 …"""

    def __init__(self, sent: Sequence[Any]):
        super().__init__({str(index): value for index, value in enumerate(sent)})


def whole_number(sent: Any, low: int, high: int) -> int:
    """`sent` as an int in [low, high]. Raises InputError("not_understood") for anything else."""
    if isinstance(sent, bool) or not isinstance(sent, int) or not low <= sent <= high:
        raise InputError("not_understood")
    return int(sent)


def finite_number(sent: Any, low: float, high: float) -> float:
    """`sent` as a float in [low, high]. Raises InputError("not_understood") for anything else."""
    if isinstance(sent, bool) or not isinstance(sent, int | float) or not low <= sent <= high:
        raise InputError("not_understood")
    value = float(sent)
    if not math.isfinite(value):
        raise InputError("not_understood")
    return value


def _wholes(sent: Any, most: Sequence[int], high: int) -> Any:
    if not most:
        return whole_number(sent, 0, high)
    if not isinstance(sent, list) or len(sent) > most[0]:
        raise InputError("not_understood")
    return [_wholes(entry, most[1:], high) for entry in sent]
