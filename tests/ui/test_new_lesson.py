"""`make lesson` writes a lesson that is green at once: one is made in a copy of the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lessons.skeleton.__main__ import LONGEST_ID, renamed, write
from tests.harness.copy import copy_repository

ID = "token-counter"


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the repository, made for the lessons of this file."""
    return copy_repository(tmp_path_factory.mktemp("lesson") / "copy")


@pytest.fixture(scope="module")
def written(copy) -> list[str]:
    """The files of one lesson more, as `make lesson` names them."""
    return run(copy, "-m", "lessons.skeleton", ID).splitlines()


def run(folder: Path, *command: str) -> str:
    """What Python prints in `folder`; all of it where it fails."""
    environ = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environ, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def lint(folder: Path, files: list[str]) -> None:
    ours = [file for file in files if file.endswith(".py")]
    assert len(ours) > 5
    run(folder, "-m", "ruff", "check", *ours)
    run(folder, "-m", "ruff", "format", "--check", *ours)


def test_it_is_written_and_lints(copy, written):
    assert written[-1] == "lessons/__init__.py" and all((copy / line).is_file() for line in written)
    lint(copy, written)
    run(copy, "-m", "lessons")


@pytest.mark.slow
@pytest.mark.ui
def test_it_is_drawn_and_all_tests_of_lessons_are_green(copy, written):
    files = [f"tests/unit/test_{name}.py" for name in ("token_counter", "texts", "guess", "states")]
    files += [f"tests/unit/test_{name}.py" for name in ("styles", "scene_claims", "restore")]
    files.append("tests/ui/test_token_counter.py")
    printed = run(copy, "-m", "pytest", *files, "-k", "token_counter or token-counter", "-rA")
    for file in files:
        assert f"PASSED {file}" in printed, "nothing was looked at"


@pytest.mark.parametrize(
    "wrong", ["", "next-token", "Counter", "a--b", "a-", "1st", "../x", "class", "a" * (LONGEST_ID + 1)]
)
def test_what_is_no_id_or_there_already_is_refused(copy, wrong):
    before = (copy / "lessons/__init__.py").read_text(encoding="utf-8")
    with pytest.raises(ValueError):
        write(wrong, copy)
    assert (copy / "lessons/__init__.py").read_text(encoding="utf-8") == before


def test_hyphens_underscores_and_words_go_where_they_belong():
    text = 'from lessons.skeleton import x; id="skeleton"; #skeleton .a {} Skeleton'
    assert renamed(text, "my-own") == 'from lessons.my_own import x; id="my-own"; #my-own .a {} My own'


def test_the_longest_id_breaks_no_line(copy):
    lint(copy, [str(path) for path in write("a" * LONGEST_ID, copy)])
