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
SLOWEST = 20.0  # seconds until a body must be there

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
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
        BadBody: no object, no JSON, nested more than DEEPEST levels or with a number that is too long.
    """
    bare = _STRING.sub(b"", body)
    depth = deepest = 0
    for sign in re.finditer(rb"[\[{\]}]", bare):
        depth += 1 if sign.group() in b"[{" else -1
        deepest = max(deepest, depth)
        if deepest > DEEPEST:
            raise BadBody(400, "not_understood")
    if _NUMBER.search(bare):
        raise BadBody(400, "not_understood")
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadBody(400, "not_understood") from error
    if not isinstance(sent, dict):
        raise BadBody(400, "not_understood")
    return sent
