"""Deep links: the query of an address <-> the fields of a lesson's State.

A field of a State takes part in links when its metadata holds a codec:

    temperature: float = field(default=0.8, metadata=number(0.1, 2.0))

Every field is checked by type and range. What does not pass is dropped and reported, so that a link can be
wrong without breaking the page.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

SHARED_NAMES = ("lesson", "scene", "lang", "text", "model", "theme", "present")
THEMES = ("light", "dark")
MAX_TEXT = 10_000


class Codec(NamedTuple):
    """How one field is read from and written into a link.

    `read` raises ValueError for what it does not accept.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str]


def number(low: float, high: float) -> dict[str, Codec]:
    """A float in [low, high], written in plain ASCII digits, as many as bring back the very same number."""

    def read(text: str) -> float:
        value = float(text)
        if not text.isascii() or "_" in text:
            raise ValueError(f"{text} is not written in plain digits")
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"{text} is not in [{low}, {high}]")
        return value

    return {"link": Codec(read, lambda value: repr(float(value)).removesuffix(".0"))}


def integer(low: int, high: int) -> dict[str, Codec]:
    """An int in [low, high], written in plain ASCII digits."""

    def read(text: str) -> int:
        if not (text.isascii() and text.lstrip("-").isdigit() and len(text) <= 12):
            raise ValueError(f"{text} is not a whole number")
        value = int(text)
        if not low <= value <= high:
            raise ValueError(f"{text} is not in [{low}, {high}]")
        return value

    return {"link": Codec(read, str)}


def flag() -> dict[str, Codec]:
    """A bool, written as 1 or 0."""

    def read(text: str) -> bool:
        if text not in ("0", "1"):
            raise ValueError(f"{text} is not 0 or 1")
        return text == "1"

    return {"link": Codec(read, lambda value: str(int(value)))}


def choice(*values: str) -> dict[str, Codec]:
    """One of `values`."""

    def read(text: str) -> str:
        if text not in values:
            raise ValueError(f"{text} is not one of {values}")
        return text

    return {"link": Codec(read, str)}


def codecs(state_type: type) -> dict[str, Codec]:
    """{field name: codec} of the fields of `state_type` that take part in links."""
    return {
        item.name: item.metadata["link"] for item in dataclasses.fields(state_type) if "link" in item.metadata
    }


def read_fields(state_type: type, query: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The fields of `state_type` found in `query` -> ({field: value}, names that were dropped).

    Names that belong to the page (`SHARED_NAMES`) are left to the shell; names starting with `__` belong to
    the platform and are passed over in silence.
    """
    known = codecs(state_type)
    fields: dict[str, Any] = {}
    dropped: list[str] = []
    for name, text in query.items():
        if name in SHARED_NAMES or name.startswith("__"):
            continue
        try:
            fields[name] = known[name].read(text)
        except (KeyError, ValueError, OverflowError):
            dropped.append(name)
    return fields, dropped


def write_fields(state: Any, base: Any) -> dict[str, str]:
    """The linked fields of `state` that differ from those of `base`, as {name: text}."""
    return {
        name: codec.write(getattr(state, name))
        for name, codec in codecs(type(state)).items()
        if getattr(state, name) != getattr(base, name)
    }
