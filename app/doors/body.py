"""The body of a request: limited before it is read, then in depth and in its numbers, then read as JSON."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.types import Receive, Scope

LARGEST = 512_000  # bytes
DEEPEST = 12  # lists and objects inside each other; ours need four
LONGEST_NUMBER = 40  # characters
MOST_VALUES = 20_000  # in all lists and objects; a learner's whole tree has 4,100
MOST_BYTES = 64_000_000  # of all bodies together; one address may hold half
SLOWEST = 20.0  # seconds until a body must be there

# Possessive, and content with a string that never ends: each byte is looked at once, whatever stands there.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NUMBER = re.compile(rb"[0-9eE+.\-]{%d}" % (LONGEST_NUMBER + 1))


class BadBody(Exception):
    """A body that is not taken. status: of the answer. code: of its sentence, `door.<code>`."""

    def __init__(self, status: int, code: str):
        super().__init__(code)
        self.status, self.code = status, code


class Room:
    """Room for the bodies that are being read or worked on, in all and of one address, in bytes."""

    def __init__(self, most: int = MOST_BYTES):
        self._most, self._most_of_one = most, most // 2
        self.held: Counter[str] = Counter()

    @contextmanager
    def guest(self, address: str) -> Iterator[Callable[[int], None]]:
        """Give a function to ask for bytes with; what was asked for is given back at the end.

        It raises BadBody where there is no room.
        """
        mine = 0

        def take(n: int) -> None:
            nonlocal mine
            if self.held.total() + n > self._most or self.held[address] + n > self._most_of_one:
                raise BadBody(503, "busy")
            self.held[address] += n
            mine += n

        try:
            yield take
        finally:
            self.held[address] -= mine
            if not self.held[address]:
                del self.held[address]


async def read(scope: Scope, receive: Receive, take: Callable[[int], None] = lambda n: None) -> bytes:
    """The body, at most LARGEST bytes. `take` is told how many bytes have come, as they come.

    Raises:
        BadBody: too large, too slow in coming, or what `take` raises. ConnectionError: the visitor left.
    """
    declared = next((value for key, value in scope["headers"] if key == b"content-length"), b"0")
    if not declared.isdigit() or len(declared) > 12 or int(declared) > LARGEST:
        raise BadBody(413, "too_large")
    parts, size = [], 0
    try:
        async with asyncio.timeout(SLOWEST):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ConnectionError
                parts.append(message.get("body", b""))
                take(len(parts[-1]))
                size += len(parts[-1])
                if size > LARGEST:
                    raise BadBody(413, "too_large")
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError as error:
        raise BadBody(408, "too_slow") from error


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`.

    Raises:
        BadBody: no object, no JSON, nested more than DEEPEST levels, more than MOST_VALUES values or a number
            that is too long.
    """
    bare = _STRING.sub(b"", body)
    if bare.count(b",") > MOST_VALUES or _NUMBER.search(bare) or _is_deep(bare):
        raise BadBody(400, "not_understood")
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadBody(400, "not_understood") from error
    if not isinstance(sent, dict):
        raise BadBody(400, "not_understood")
    return sent


def _is_deep(bare: bytes) -> bool:
    """More than DEEPEST lists and objects stand inside each other, or one of them does not end."""
    brackets = bare.translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"")  # the innermost ones go
    return bool(brackets)
