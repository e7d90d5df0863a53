"""Recorded figures: numbers too slow to compute while a learner waits, and how to get them again.

`assets/records/<name>.json` holds {"record", "command", "date", "seeds", "weights": {model: sha256 of its
weights}, "settings", "data"} and is written only by `make records` (training/records). A record of
embedded models is true of exactly the weights it was measured on; a test fails when they have changed.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "assets" / "records"


def names() -> list[str]:
    """The records there are."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def read(name: str) -> dict[str, Any]:
    """One record, read once; nobody changes it. `name` comes from the code, never from a visitor.

    Raises FileNotFoundError.
    """
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
