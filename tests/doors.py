"""The doors around an application that stands for Gradio's, asked as a visitor asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app import i18n
from app.doors import Doors
from app.host import Host
from app.languages import CODES
from app.modules import Modules
from app.settings import Settings
from lessons import LESSONS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Behind:
    """What the doors let through: `asked` holds every scope that came."""

    def __init__(self):
        self.asked: list[dict[str, Any]] = []
        everything = Route("/{path:path}", self._page, methods=METHODS)
        self.app = Starlette(routes=[everything])

    async def _page(self, request) -> PlainTextResponse:
        self.asked.append(dict(request.scope))
        return PlainTextResponse(f"the page {request.url.path}")


def visitor(
    endpoints: Mapping[str, Callable[..., Any]] | None = None,
    host: Host | None = None,
    root_path: str = "",
    lang: str = "auto",
) -> tuple[TestClient, Behind, Doors]:
    """(a client that knocks, what stands behind the doors, the doors)."""
    behind = Behind()
    light = {(one, name): dict for one in CODES for name in ("shell", *(one.id for one in LESSONS))}
    scripts = Modules(LESSONS, light)
    doors = Doors(behind.app, host or Host(Settings(lang=lang)), scripts, endpoints or {})
    return TestClient(doors, root_path=root_path, follow_redirects=False), behind, doors


def sentence(code: str, lang: str = "ko") -> str:
    """What a door says when it stays closed."""
    return i18n.shared_text(lang)[f"door.{code}"]


class Knock:
    """One request on the running loop, whose visitor reads slowly or leaves when a test wants her to.

    takes: how many pieces of the answer she takes before she stops reading.
    """

    def __init__(
        self, app, method: str, path: str, query: bytes = b"", body: bytes = b"", takes: int = 10**9, **more
    ):
        self.status, self.body, self._takes = 0, b"", takes
        self._left, self._sent = asyncio.Event(), body
        scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": []}
        scope |= {"client": ("127.0.0.1", 1), **more}
        self.done = asyncio.create_task(app(scope, self._receive, self._take))

    def leave(self) -> None:
        self._left.set()

    async def _receive(self) -> dict[str, Any]:
        if self._sent is not None:
            sent, self._sent = self._sent, None
            return {"type": "http.request", "body": sent, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if self._takes <= 0:
            await asyncio.sleep(3600)
        self._takes -= 1
        self.body += message.get("body", b"")
        await asyncio.sleep(0)
