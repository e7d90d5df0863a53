"""Answers of the doors themselves: one sentence in the visitor's language, and nothing that she sent."""

from __future__ import annotations

import gzip
from collections.abc import Iterable

import orjson
from starlette.types import Scope, Send

from app import i18n
from app.doors.language import preferred_language
from app.settings import Settings

Headers = Iterable[tuple[bytes, bytes]]
NO_STORE = (b"cache-control", b"no-store")
PIECE = 65_536  # bytes handed to the connection at a time, so that a slow reader holds no more than this
SMALLEST_GZIP = 1_400  # bytes: less fits into one packet anyway


def header(scope: Scope, name: bytes) -> str:
    """The value of a request header, "" where there is none. Anything but ASCII becomes �."""
    value = next((value for key, value in scope["headers"] if key == name), b"")
    return value.decode("ascii", "replace")


def language(scope: Scope, settings: Settings) -> str:
    """The language of a visitor's browser, or the one that the host has chosen."""
    return preferred_language(header(scope, b"accept-language")) if settings.lang == "auto" else settings.lang


def accepts_gzip(scope: Scope) -> bool:
    return "gzip" in header(scope, b"accept-encoding").lower()


def packed(body: bytes, level: int = 9) -> bytes:
    """gzip, the same bytes at every call."""
    return gzip.compress(body, level, mtime=0)


async def send_body(
    send: Send, status: int, body: bytes, content_type: str, headers: Headers = (), head: bool = False
) -> None:
    """A whole answer. With `head` its headers alone."""
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
        await send({"type": "http.response.body", "body": piece, "more_body": more})


async def refuse(scope: Scope, send: Send, settings: Settings, status: int, code: str) -> None:
    """One sentence, `door.<code>` of the shared text, as JSON: {"detail": …}."""
    told = orjson.dumps({"detail": i18n.shared_text(language(scope, settings))[f"door.{code}"]})
    # the rest of a body that was not read would be taken for the next request
    headers = [NO_STORE, (b"connection", b"close")]
    await send_body(send, status, told, "application/json", headers, scope["method"] == "HEAD")
