"""The doors around an application that stands for Gradio's, asked as a visitor asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app import i18n
from app.doors import Doors
from app.host import Host
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
    light = {(one, name): dict for one in i18n.LANGUAGES for name in ("shell", *(one.id for one in LESSONS))}
    scripts = Modules(LESSONS, light)
    doors = Doors(behind.app, host or Host(Settings(lang=lang)), scripts, endpoints or {})
    return TestClient(doors, root_path=root_path, follow_redirects=False), behind, doors


def sentence(code: str, lang: str = "ko") -> str:
    """What a door says when it stays closed."""
    return i18n.shared_text(lang)[f"door.{code}"]
