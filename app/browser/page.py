"""What the page is told of training in the browser, and the addresses it needs for it."""

from __future__ import annotations

from typing import Any

from app.browser import files, runtime
from app.doors.files import Source


def served() -> dict[str, tuple[Source, bool]]:
    """{address: (file or what makes it, kept for a year)} for `app.doors.files.Files`."""
    made = {f"/browser/{files.edition()}/{name}": (make, True) for name, make in files.files().items()}
    return made | {address: (path, True) for address, path in runtime.served().items()}


def told(offline: bool) -> dict[str, Any]:
    """What a page must know to train: {"files", "runtime"}, addresses relative to the app.

    runtime: {"version", "local", "cdn", "integrity", "bytes"}; local and cdn are {"mjs", "wasm"} or
        None. With both None the browser cannot train, and the server has to.
    """
    return {"files": f"browser/{files.edition()}/", "runtime": runtime.told(offline)}
