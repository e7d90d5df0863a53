"""Plotly and KaTeX for the browser, out of the packages that are installed: nothing is copied or fetched.

The page loads them the first time a drawing asks (assets/js/libraries.js), so the first page carries neither.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

from starlette.middleware import Middleware
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PLOTLY = "/libraries/plotly.min.js"  # where we serve it; Gradio serves KaTeX itself, under /assets
A_YEAR = {"Cache-Control": "public, max-age=31536000, immutable"}  # the address holds the version


def _package(name: str) -> Path:
    """Folder of an installed package, found without importing it: plotly takes a while."""
    spec = importlib.util.find_spec(name)
    assert spec and spec.submodule_search_locations, f"{name} is not installed (requirements.txt)"
    return Path(spec.submodule_search_locations[0])


def plotly_file() -> Path:
    """The bundle that plotly's own `include_plotlyjs` would use."""
    return _package("plotly") / "package_data" / "plotly.min.js"


def addresses() -> dict[str, str]:
    """{"plotly", "katex", "katex_style"}: addresses relative to the app.

    KaTeX is the module that Gradio's own Markdown uses; its file names hold a hash, so they are looked up. An
    empty one says that this release of Gradio keeps it elsewhere: formulas are then drawn as MathML.
    """
    assets = _package("gradio") / "templates" / "frontend" / "assets"
    found = {ending: sorted(assets.glob(f"katex-*.{ending}")) for ending in ("js", "css")}
    katex = {ending: f"assets/{paths[0].name}" if paths else "" for ending, paths in found.items()}
    version = importlib.metadata.version("plotly")
    return {
        "plotly": f"{PLOTLY.removeprefix('/')}?v={version}",
        "katex": katex["js"],
        "katex_style": katex["css"],
    }


class PlotlyDoor:
    """Answers PLOTLY itself and hands everything else on. Gradio compresses what passes through it."""

    def __init__(self, app: ASGIApp):
        self.app, self.file = app, plotly_file()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] in ("GET", "HEAD")
            and scope["path"].removeprefix(scope.get("root_path", "")) == PLOTLY
        ):
            await FileResponse(self.file, media_type="text/javascript", headers=A_YEAR)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def middleware() -> list[Middleware]:
    return [Middleware(PlotlyDoor)]
