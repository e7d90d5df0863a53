"""`make lesson ID=token-counter`: write a small complete lesson, a copy of this folder, into the list too."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_ID = 40
SHARED_TESTS = " ".join(
    f"tests/unit/test_{name}.py" for name in ("texts", "styles", "scene_claims", "states")
)
TESTS = {"unit.py": "tests/unit", "ui.py": "tests/ui"}  # where the files of tests/ go, as test_<folder>.py


def destination(file: Path, folder: str) -> Path | None:
    """Where the copy of `file` lies, relative to the repository; None for what is not copied."""
    place = file.relative_to(HERE)
    if file == Path(__file__) or "__pycache__" in place.parts or file.is_dir():
        return None
    if place.parent.name == "tests":
        return Path(TESTS[place.name]) / f"test_{folder}.py"
    return Path("lessons") / folder / place


def renamed(text: str, lesson_id: str) -> str:
    """The id has hyphens in addresses and style sheets, underscores in imports, and spaces as the title."""
    folder, title = lesson_id.replace("-", "_"), lesson_id.replace("-", " ").capitalize()
    for old in ("lessons.skeleton", "lessons/skeleton"):
        text = text.replace(old, old.replace("skeleton", folder))
    for old in ('"skeleton"', "#skeleton"):
        text = text.replace(old, old.replace("skeleton", lesson_id))
    return text.replace("Skeleton", title)


def write(lesson_id: str, root: Path = ROOT) -> list[Path]:
    """Write the lesson and its tests into the repository at `root` -> the files, relative to it.

    Raises:
        ValueError: an id that cannot be one, or a lesson that is there already.
    """
    folder = lesson_id.replace("-", "_")
    if not ID.fullmatch(lesson_id) or len(lesson_id) > LONGEST_ID or keyword.iskeyword(folder):
        raise ValueError(
            f"{lesson_id!r} is no id: small letters, digits and single hyphens, as token-counter"
        )
    files = {file: destination(file, folder) for file in sorted(HERE.rglob("*"))}
    copies = {file: copy for file, copy in files.items() if copy}
    if there := [copy for copy in copies.values() if (root / copy).exists()]:
        raise ValueError(f"{there[0]} is there already")
    for file, copy in copies.items():
        (root / copy).parent.mkdir(parents=True, exist_ok=True)
        (root / copy).write_text(renamed(file.read_text(encoding="utf-8"), lesson_id), encoding="utf-8")
    _list(folder, root / "lessons/__init__.py")
    return [*copies.values(), Path("lessons/__init__.py")]


def _list(folder: str, file: Path) -> None:
    """One more line in FOLDERS."""
    before, start, rest = file.read_text(encoding="utf-8").partition("FOLDERS = (\n")
    entries, end, after = rest.partition(")\n")
    file.write_text(f'{before}{start}{entries}    "{folder}",\n{end}{after}', encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make lesson", description=__doc__)
    parser.add_argument("id", metavar="ID=token-counter")
    asked = parser.parse_args().id
    try:
        for path in write(asked):
            print(path)
    except ValueError as error:
        parser.error(str(error))
    folder = asked.replace("-", "_")
    tests = f"tests/unit/test_{folder}.py tests/ui/test_{folder}.py {SHARED_TESTS}"
    print(f"\nmake dev, /?lesson={asked}\nmake test JOBS=1 ARGS='{tests}'", file=sys.stderr)
