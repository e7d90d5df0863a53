"""Files for the browser out of the packages that are installed: nothing is copied or fetched.

Plotly, KaTeX and bertviz come the first time a drawing asks (assets/js/libraries.js); the first page carries
none of them.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
from collections.abc import Callable
from pathlib import Path

from app import bertviz_scripts

log = logging.getLogger(__name__)

PLOTLY = "/libraries/plotly.min.js"  # where we serve it; Gradio serves KaTeX itself, under /assets
BERTVIZ = "/libraries/bertviz.js"
ICON = Path(__file__).parent.parent / "assets" / "images" / "icon.svg"


def _package(name: str) -> Path:
    """Folder of an installed package, found without importing it: plotly takes a while."""
    spec = importlib.util.find_spec(name)
    assert spec and spec.submodule_search_locations, f"{name} is not installed (requirements.txt)"
    return Path(spec.submodule_search_locations[0])


def plotly_file() -> Path:
    """The bundle that plotly's own `include_plotlyjs` would use."""
    return _package("plotly") / "package_data" / "plotly.min.js"


def _bertviz() -> str:
    """Its address, "" where the installed release is one that app/bertviz_scripts.py cannot adapt."""
    try:
        return f"{BERTVIZ.removeprefix('/')}?v={bertviz_scripts.version()}"
    except bertviz_scripts.ChangedScript:
        log.exception("bertviz's views are not there")
        return ""


def addresses() -> dict[str, str]:
    """{"plotly", "bertviz", "katex", "katex_style"}: addresses relative to the app.

    KaTeX is the module that Gradio's own Markdown uses; its file names hold a hash, so they are looked up. An
    empty one says that this release of Gradio keeps it elsewhere: formulas are then drawn as MathML.
    """
    assets = _package("gradio") / "templates" / "frontend" / "assets"
    found = {ending: sorted(assets.glob(f"katex-*.{ending}")) for ending in ("js", "css")}
    katex = {ending: f"assets/{paths[0].name}" if paths else "" for ending, paths in found.items()}
    version = importlib.metadata.version("plotly")
    return {
        "plotly": f"{PLOTLY.removeprefix('/')}?v={version}",
        "bertviz": _bertviz(),
        "katex": katex["js"],
        "katex_style": katex["css"],
    }


def folders() -> dict[str, tuple[Path, bool]]:
    """{first part of an address: (folder, its names hold a hash)} of what Gradio's own page loads."""
    frontend = _package("gradio") / "templates" / "frontend"
    return {"/assets/": (frontend / "assets", True), "/static/": (frontend / "static", False)}


def single_files() -> dict[str, tuple[Path | Callable[[], bytes], bool]]:
    """{address: (file or what makes its content, the address holds its version)}."""
    return {
        PLOTLY: (plotly_file(), True),
        BERTVIZ: (bertviz_scripts.script, True),
        "/favicon.ico": (ICON, False),
    }
