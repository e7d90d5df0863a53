"""Files for the browser out of the packages that are installed: nothing is copied or fetched.

Plotly and KaTeX come the first time a drawing asks (assets/js/libraries.js); the first page carries neither.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

PLOTLY = "/libraries/plotly.min.js"  # where we serve it; Gradio serves KaTeX itself, under /assets
ICON = Path(__file__).parent.parent / "assets" / "images" / "icon.svg"


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


def folders() -> dict[str, tuple[Path, bool]]:
    """{first part of an address: (folder, its names hold a hash)} of what Gradio's own page loads."""
    frontend = _package("gradio") / "templates" / "frontend"
    return {"/assets/": (frontend / "assets", True), "/static/": (frontend / "static", False)}


def single_files() -> dict[str, tuple[Path, bool]]:
    """{address: (file, the address holds its version)}."""
    return {PLOTLY: (plotly_file(), True), "/favicon.ico": (ICON, False)}
