"""A copy of the repository in which a test may add a lesson or a language and run the app."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.harness.server import ROOT

COPIED = ("app", "lessons", "tests", "app.py", "pyproject.toml")
LINKED = {"models", "datasets"}  # large, and nobody changes them


def copy_repository(folder: Path) -> Path:
    """Put the page with its tests into `folder`, which must not exist -> `folder`."""
    folder.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "assets", folder / "assets", ignore=lambda _, names: LINKED & set(names))
    for name in LINKED:
        (folder / "assets" / name).symlink_to(ROOT / "assets" / name)
    return folder
