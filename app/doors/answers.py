"""Answers of the doors themselves: one sentence in the visitor's language, and nothing that she sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import orjson
from starlette.types import Scope, Send

from app import i18n
from app.doors.coding import best_coding
from app.doors.language import preferred_language
from app.settings import Settings

Headers = Iterable[tuple[bytes, bytes]]
NO_STORE = (b"cache-control", b"no-store")
SLOWEST_PIECE = 30.0  # seconds until one piece must be taken
PIECE = 65_536  # bytes handed to the connection at a time, so that a slow reader holds no more than this


def header(scope: Scope, name: bytes) -> str:
    """The value of a request header, "" where there is none. Anything but ASCII becomes �."""
    value = next((value for key, value in scope["headers"] if key == name), b"")
    return value.decode("ascii", "replace")


def language(scope: Scope, settings: Settings) -> str:
    """The language of a visitor's browser, or the one that the host has chosen."""
    return preferred_language(header(scope, b"accept-language")) if settings.lang == "auto" else settings.lang


def coding_of(scope: Scope) -> str:
    """How the answer may be packed: "br", "gzip" or ""."""
    return best_coding(header(scope, b"accept-encoding"))


def packed_as(coding: str, vary: bytes = b"Accept-Encoding") -> list[tuple[bytes, bytes]]:
    """The headers of an answer in this coding."""
    return [(b"vary", vary), *([(b"content-encoding", coding.encode())] if coding else [])]


async def send_body(
    send: Send, status: int, body: bytes, content_type: str, headers: Headers = (), head: bool = False
) -> None:
    """A whole answer. With `head` its headers alone.

    Raises:
        ConnectionError: the visitor does not take it.
    """
    fields = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    if head:
        await send({"type": "http.response.body", "body": b""})
        return
    view = memoryview(body)
    for start in range(0, max(len(body), 1), PIECE):
        piece, more = bytes(view[start : start + PIECE]), start + PIECE < len(body)
        try:
            async with asyncio.timeout(SLOWEST_PIECE):
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError as error:
            raise ConnectionError from error


async def refuse(scope: Scope, send: Send, settings: Settings, status: int, code: str) -> None:
    """One sentence, `door.<code>` of the shared text, as JSON: {"detail": …}."""
    told = orjson.dumps({"detail": i18n.shared_text(language(scope, settings))[f"door.{code}"]})
    # the rest of a body that was not read would be taken for the next request
    headers = [NO_STORE, (b"connection", b"close")]
    await send_body(send, status, told, "application/json", headers, scope["method"] == "HEAD")
