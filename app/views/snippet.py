"""이 화면의 코드: a file of the repository, with this screen's values in the lines that name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.models import ModelSpec


def loadable(spec: ModelSpec) -> str:
    """What `from_pretrained` takes for this model, where the app was started.

    Of a folder that lies elsewhere only its own name: nobody who visits needs to know the rest of the path.
    """
    if spec.source != "local":
        return spec.location if spec.source == "hub" else f"assets/models/{spec.name}"
    folder, here = Path(spec.location), Path.cwd().resolve()
    return folder.relative_to(here).as_posix() if folder.is_relative_to(here) else f"./{folder.name}"


@dataclass(frozen=True)
class Snippet:
    """In a lesson's picture: the code of this screen, which the frame draws (app/frame.py).

    Args:
        file: in the lesson's folder.
        values: {beginning of a line: what goes on after it}, as `filled` takes them.
    """

    file: str
    values: Mapping[str, str]

    def filled(self, folder: Path) -> str:
        """The code with this screen's values."""
        return filled(folder / self.file, self.values)


def filled(file: Path, values: Mapping[str, str]) -> str:
    """The code of `file`, where each line that begins like "a, b = " goes on with the value given for it."""
    lines = list(_lines(file, file.stat().st_mtime_ns))
    for place, line in enumerate(lines):
        for start, value in values.items():
            if line.startswith(start):
                lines[place] = start + value
    return "\n".join(lines)


@lru_cache(maxsize=64)
def _lines(file: Path, changed: int) -> tuple[str, ...]:
    return tuple(file.read_text(encoding="utf-8").splitlines())
