"""The pages as Gradio writes them, once for each address that the server is known by, not once a visitor.

What Gradio gets is an address of ours and nothing that the visitor wrote: no query, no cookie, no body.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Scope, Send

from app.doors.answers import coding_of, header, packed_as, send_body
from app.doors.coding import encode
from app.doors.listing import without_endpoints

MOST_HEADS = 64  # of one page: lessons and codings
MOST_PAGES = 64  # a server is known by a handful of addresses; what was asked for last stays
MOST_BYTES = 24_000_000  # of all pages as they are kept
PASSED_ON = (b"host", b"x-forwarded-host", b"x-forwarded-proto")  # Gradio reads no others of a page's request
_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\],% ]{1,260}")
_NO_STORE = (b"cache-control", b"no-cache")


@dataclass
class Written:
    """One answer of Gradio, and as it is sent: `packed` holds {(what is put into its head, coding): body}."""

    status: int
    content_type: str
    body: bytes
    packed: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.body) + sum(map(len, self.packed.values()))


class Pages:
    """Asks `app` for a page the first time, and remembers the answer."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._kept: OrderedDict[tuple, Written] = OrderedDict()
        self._writing = asyncio.Lock()

    async def send(
        self, scope: Scope, send: Send, path: str, tag: str = "", head: Callable[[], str] = str
    ) -> bool:
        """Answer with Gradio's page at `path` -> False where the server is called by what is no address.

        Args:
            tag: names what is put into the page's <head>; the same tag stands for the same words.
            head: makes them, once for each tag.
        """
        passed = [(key, value) for key, value in scope["headers"] if key in PASSED_ON]
        if not all(_HOST.fullmatch(value.decode("latin-1")) for _, value in passed):
            return False
        with_root = scope["path"].startswith(scope.get("root_path", ""))
        key = (path, with_root, scope.get("scheme"), *sorted(passed))
        page, coding = self._kept.get(key), coding_of(scope)
        if page is None or (tag, coding) not in page.packed:
            async with self._writing:
                page = self._kept.get(key) or await self._write(scope, path, passed)
                if (tag, coding) not in page.packed:
                    self._pack(page, tag, coding, head)
                self._keep(key, page)
        else:
            self._kept.move_to_end(key)
        headers = [_NO_STORE, *packed_as(coding, b"Accept-Encoding, Accept-Language")]
        body = page.packed[tag, coding]
        await send_body(send, page.status, body, page.content_type, headers, scope["method"] == "HEAD")
        return True

    def _keep(self, key: tuple, page: Written) -> None:
        self._kept[key] = page
        self._kept.move_to_end(key)
        size = sum(kept.size for kept in self._kept.values())
        while len(self._kept) > MOST_PAGES or (size > MOST_BYTES and len(self._kept) > 1):
            size -= self._kept.popitem(last=False)[1].size

    @staticmethod
    def _pack(page: Written, tag: str, coding: str, head: Callable[[], str]) -> None:
        before, end, after = page.body.rpartition(b"</head>")
        body = before + head().encode() + end + after if end and page.status == 200 else page.body
        if len(page.packed) >= MOST_HEADS:
            page.packed.clear()
        page.packed[tag, coding] = encode(body, coding)

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
        if start["status"] == 200 and kind.startswith("text/html"):
            body = without_endpoints(body.decode()).encode()
        return Written(start["status"], kind, body)
