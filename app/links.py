"""The fields of a lesson's State: what may stand in them, whoever says so.

Type, range and steps of a field stand once, in its metadata:

    temperature: float = field(default=0.8, metadata=number(0.1, 2.0, step=0.05))
    presses: int = field(default=0, metadata=unlinked(integer(0, 256)))

They are read by links (the query of an address), by scenes.toml, by payloads (`Payload.field`) and by the
sliders of the browser (`stage.fields`). What does not pass in a link is dropped and reported, so that a link
can be wrong without breaking the page.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

SHARED_NAMES = ("lesson", "scene", "lang", "text", "model", "theme", "present")
THEMES = ("light", "dark")
# Names that other sites hang onto an address: the platform's (`__theme`, `__sign`), those of mails and
# advertisements. The browser reads the same expression (assets/js/page.js).
FOREIGN = (
    r"__.*|_g[al]|_hs\w+|utm_\w*|mc_[a-z]id|mkt_tok|hsa_\w+|pk_\w+|mtm_\w+|vero_\w+|gad_\w+|gclsrc|spm|source"
    r"|(fb|g|d|dc|wb|gb|ms|y|tt|tw|tb|epi|s_k|rdt_)?clk?id|[wg]braid|igsh(id)?|li_fat_id|ref(_src|_url|errer)?"
    r"|n_(media|query|rank|ad\w*|keyword\w*|campaign\w*)"
)
MAX_TEXT = 10_000


class Codec(NamedTuple):
    """What may stand in one field.

    `read` and `write` are for links, `accept` takes a value as JSON or TOML have it and gives the field's
    own; without one it is read as in a link. Both raise ValueError for what they do not take. `slider` is
    what a control of the browser needs to know.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    accept: Callable[[Any], Any] | None = None
    slider: Mapping[str, Any] = MappingProxyType({})


def number(low: float, high: float, step: float | None = None) -> dict[str, Codec]:
    """A float in [low, high], written in plain ASCII digits, as many as bring back the very same number."""

    def accept(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"{value!r} is no number in [{low}, {high}]")
        return float(value)

    def read(text: str) -> float:
        value = float(text)
        if not text.isascii() or "_" in text:
            raise ValueError(f"{text} is not written in plain digits")
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f"{text} is not in [{low}, {high}]")
        return value

    write = lambda value: repr(float(value)).removesuffix(".0")  # noqa: E731
    return {"link": Codec(read, write, accept, {"low": low, "high": high, "step": step})}


def integer(low: int, high: int, stops: Sequence[int] = ()) -> dict[str, Codec]:
    """An int in [low, high], written in plain ASCII digits.

    Where there are `stops`, a control and a scene know only those; a link may hold any.
    """

    def accept(value: Any) -> int:
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
        if not whole or not low <= value <= high or (stops and value not in stops):
            raise ValueError(f"{value!r} is no whole number in [{low}, {high}], or none of {list(stops)}")
        return int(value)

    def read(text: str) -> int:
        if not (text.isascii() and text.lstrip("-").isdigit() and len(text) <= 12):
            raise ValueError(f"{text} is not a whole number")
        value = int(text)
        if not low <= value <= high:
            raise ValueError(f"{text} is not in [{low}, {high}]")
        return value

    slider = {"low": low, "high": high, "step": 1} | ({"stops": list(stops)} if stops else {})
    return {"link": Codec(read, str, accept, slider)}


def flag() -> dict[str, Codec]:
    """A bool, written as 1 or 0."""

    def read(text: str) -> bool:
        if text not in ("0", "1"):
            raise ValueError(f"{text} is not 0 or 1")
        return text == "1"

    def accept(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is neither true nor false")
        return value

    return {"link": Codec(read, lambda value: str(int(value)), accept)}


def choice(*values: str) -> dict[str, Codec]:
    """One of `values`."""

    def read(text: str) -> str:
        if text not in values:
            raise ValueError(f"{text} is not one of {values}")
        return text

    return {"link": Codec(read, str)}


def words(most: int, longest: int) -> dict[str, Codec]:
    """At most `most` strings of `longest` characters; no link holds them."""

    def accept(value: Any) -> tuple[str, ...]:
        good = isinstance(value, list | tuple) and len(value) <= most
        if not good or not all(isinstance(word, str) and 0 < len(word) <= longest for word in value):
            raise ValueError(f"{value!r} is no list of at most {most} words")
        return tuple(value)

    return {"own": Codec(_never, str, accept)}


def unlinked(metadata: Mapping[str, Codec]) -> dict[str, Codec]:
    """The same for a field that takes no part in links."""
    return {"own": metadata["link"]}


def _never(text: str) -> Any:
    raise ValueError("no link holds this field")


def accept(state_type: type, name: str, value: Any) -> Any:
    """`value`, as JSON or TOML have it, as the value of the field `name`.

    Raises ValueError where it does not fit, and where nobody may set such a field.
    """
    metadata = next((item.metadata for item in dataclasses.fields(state_type) if item.name == name), {})
    codec = metadata.get("link") or metadata.get("own")
    if codec is None:
        raise ValueError(f"{state_type.__name__} has no field {name!r} that can be set")
    if codec.accept is not None:
        return codec.accept(value)
    if not isinstance(value, str):
        raise ValueError(f"{name} is written as in a link, not {value!r}")
    return codec.read(value)


def accept_all(state_type: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """{field: value} of a scene's `state`. Raises ValueError with the field's name."""
    accepted = {}
    for name, value in values.items():
        try:
            accepted[name] = accept(state_type, name, value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return accepted


def sliders(state_type: type) -> dict[str, dict[str, Any]]:
    """{field: {"low", "high", "step", "stops"}} of the numbers that a control can set."""
    return {name: dict(codec.slider) for name, codec in codecs(state_type).items() if codec.slider}


def codecs(state_type: type) -> dict[str, Codec]:
    """{field name: codec} of the fields of `state_type` that take part in links."""
    return {
        item.name: item.metadata["link"] for item in dataclasses.fields(state_type) if "link" in item.metadata
    }


def is_foreign(name: str) -> bool:
    """No name of ours and none that a person would have written: it says nothing of what is to be shown."""
    return re.fullmatch(FOREIGN, name, re.ASCII) is not None


def read_fields(state_type: type, query: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The fields of `state_type` found in `query` -> ({field: value}, names that were dropped).

    Names that belong to the page (`SHARED_NAMES`) are left to the shell; foreign ones are passed over in
    silence.
    """
    known = codecs(state_type)
    fields: dict[str, Any] = {}
    dropped: list[str] = []
    for name, text in query.items():
        if name in SHARED_NAMES or is_foreign(name):
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
