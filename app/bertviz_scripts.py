"""bertviz's three views as one script, out of installed packages: nothing is copied, fetched or committed.

    d3 5.7.0 (mpld3) · jQuery 3.7 (XStatic-jQuery) · head_view.js, model_view.js, neuron_view.js (bertviz)

assets/js/views/bertviz_frame.js puts it into the HTML of a sandboxed frame. bertviz's own scripts are changed
where they would load from another machine, where a notebook writes the data into them, and where light and
dark, sizes and colours are constants; each change must apply exactly once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from functools import cache
from pathlib import Path

VIEWS = ("head", "model", "neuron")
D3, JQUERY = ("mpld3", "js/d3.v5.min.js"), ("xstatic.pkg.jquery", "data/jquery.min.js")
_PALETTE = "const PALETTE = {", "const PALETTE = window.bertviz_palette || {"
_DATA = "const params = PYTHON_PARAMS;", "const params = window.bertviz_params;"
# {view: [(a text of its script, what stands there instead)]}
CHANGES = {
    "head": [_DATA],
    "model": [
        _DATA,
        _PALETTE,
        ("const TEXT_SIZE = 13;", "const TEXT_SIZE = 14;"),  # nothing on the page is smaller
        # a row of thumbnails is as high as the tokens need for all rows to be seen at once
        ("= 7 * (12 / config.totalHeads);", "= window.bertviz_params.box_height;"),
    ],
    "neuron": [_PALETTE],
}
_ELSEWHERE = re.compile(r"^require\.config\(\{.*?^\}\);\n", re.MULTILINE | re.DOTALL)


class ChangedScript(RuntimeError):
    """A script of another release than the one that the changes were written for."""


@cache
def script() -> bytes:
    """`bertviz_views`: {view: function of requirejs that draws `window.bertviz_params`}, and d3 and jQuery.

    It may stand inside a <script> element.

    Raises:
        ChangedScript: bertviz's scripts are not those that CHANGES know, or cannot stand inside HTML.
    """
    parts = [_text(*D3), _text(*JQUERY), "window.bertviz_views = {};"]
    for view in VIEWS:
        parts.append(f"window.bertviz_views.{view} = function (requirejs) {{\n{adapted(view)}\n}};")
    whole = "\n".join(parts)
    if "<!--" in whole or "</script" in whole.lower():
        raise ChangedScript("would end the script element that it stands in")
    return whole.encode()


@cache
def version() -> str:
    """A hash of the script, for its address."""
    return hashlib.sha256(script()).hexdigest()[:16]


def adapted(view: str) -> str:
    """The script of one of VIEWS with its CHANGES. Raises ChangedScript."""
    text, n = _ELSEWHERE.subn("", _text("bertviz", f"{view}_view.js"))
    if n != 1:
        raise ChangedScript(f"{view}_view.js loads otherwise than expected")
    for before, after in CHANGES[view]:
        if text.count(before) != 1:
            raise ChangedScript(f"{view}_view.js: {before!r} stands there {text.count(before)} times")
        text = text.replace(before, after)
    return text


def _text(package: str, path: str) -> str:
    """A file of an installed package, found without importing it: bertviz would import torch."""
    spec = importlib.util.find_spec(package)
    assert spec and spec.submodule_search_locations, f"{package} is not installed (requirements.txt)"
    return (Path(spec.submodule_search_locations[0]) / path).read_text(encoding="utf-8")
