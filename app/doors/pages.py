"""The pages as Gradio writes them, once for each address that the server is known by, not once a visitor.

What Gradio gets is an address of ours and nothing that the visitor wrote: no query, no cookie, no body.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Scope, Send

from app.doors.answers import accepts_gzip, header, packed, send_body

MOST_PAGES = 64  # a server is known by a handful of addresses
PASSED_ON = (b"host", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-prefix")
_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\],% ]{1,260}")
_NO_STORE = (b"cache-control", b"no-cache")


@dataclass(frozen=True)
class Written:
    """One answer of Gradio."""

    status: int
    content_type: str
    plain: bytes
    gzipped: bytes


class Pages:
    """Asks `app` for a page the first time, and remembers the answer."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._kept: OrderedDict[tuple, Written] = OrderedDict()
        self._writing = asyncio.Lock()

    async def send(self, scope: Scope, send: Send, path: str) -> bool:
        """Answer with Gradio's page at `path` -> False where the server is called by what is no address."""
        passed = [(key, value) for key, value in scope["headers"] if key in PASSED_ON]
        if not all(_HOST.fullmatch(value.decode("latin-1")) for _, value in passed):
            return False
        key = (
            path,
            scope["path"].startswith(scope.get("root_path", "")),
            scope.get("scheme"),
            *sorted(passed),
        )
        page = self._kept.get(key)
        if page is None:
            async with self._writing:
                page = self._kept.get(key) or await self._write(scope, path, passed)
                self._kept[key] = page
                while len(self._kept) > MOST_PAGES:
                    self._kept.popitem(last=False)
        gzipped = accepts_gzip(scope)
        headers = [_NO_STORE, (b"vary", b"Accept-Encoding, Accept-Language")]
        if gzipped:
            headers.append((b"content-encoding", b"gzip"))
        body = page.gzipped if gzipped else page.plain
        await send_body(send, page.status, body, page.content_type, headers, scope["method"] == "HEAD")
        return True

    async def _write(self, scope: Scope, path: str, headers: list[tuple[bytes, bytes]]) -> Written:
        root = scope.get("root_path", "")
        prefix = root if root and scope["path"].startswith(root) else ""  # a proxy may have taken it away
        asked = {
            key: scope[key]
            for key in ("type", "asgi", "http_version", "scheme", "server", "client", "app", "state")
            if key in scope
        } | {
            "method": "GET",
            "path": prefix + path,
            "raw_path": (prefix + path).encode(),
            "root_path": root,
            "query_string": b"",
            "headers": headers,
        }
        start, parts = {"status": 500, "headers": []}, []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self._app(asked, receive, collect)
        body = b"".join(parts)
        kind = header({"headers": start["headers"]}, b"content-type") or "text/html; charset=utf-8"
        return Written(start["status"], kind, body, await asyncio.to_thread(packed, body))
