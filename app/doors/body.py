"""The body of a request: limited before it is read, then in depth and in its numbers, then read as JSON."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from starlette.types import Receive, Scope

LARGEST = 512_000  # bytes
DEEPEST = 12  # lists and objects inside each other; ours need four
LONGEST_NUMBER = 40  # characters
MOST_VALUES = 20_000  # in all lists and objects; a learner's whole tree has 4,100
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


async def read(scope: Scope, receive: Receive) -> bytes:
    """The body, at most LARGEST bytes.

    Raises:
        BadBody: too large, or too slow in coming. ConnectionError: the visitor left.
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
