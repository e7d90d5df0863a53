"""Every string that a language lacks is named by file and key, before anybody meets it on the page."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app import i18n, shell, texts
from app.host import Host
from app.languages import CODES
from app.lesson import Lesson
from app.settings import Settings
from lessons import LESSONS

NEXT_TOKEN = next(lesson for lesson in LESSONS if lesson.id == "next-token")
SCENE = NEXT_TOKEN.scenes[0].id


@pytest.fixture
def copied(tmp_path: Path, monkeypatch) -> Lesson:
    """A lesson and the shared texts in a folder where strings can be taken away."""
    shutil.copytree(NEXT_TOKEN.folder, tmp_path / "lessons/next_token")
    (tmp_path / "assets").mkdir()
    for file in i18n.ASSETS.glob("*.md"):
        shutil.copy(file, tmp_path / "assets")
    monkeypatch.setattr(i18n, "ASSETS", tmp_path / "assets")
    monkeypatch.setattr(texts, "ROOT", tmp_path)
    return replace(NEXT_TOKEN, folder=tmp_path / "lessons/next_token")


def take_away(file: Path, *keys: str) -> None:
    left = {key: text for key, text in i18n.load_text(file).items() if key not in keys}
    file.write_text("".join(f"## {key}\n{text}\n" for key, text in left.items()), encoding="utf-8")


def test_nothing_is_missing():
    assert texts.missing(LESSONS) == []
    assert len([*texts.needed(NEXT_TOKEN)]) > 20


@pytest.mark.parametrize("lang", CODES)
def test_a_string_that_one_language_lacks_is_named(copied, lang):
    take_away(copied.folder / f"text.{lang}.md", "ui.title", "look.preview")
    take_away(i18n.ASSETS / f"terms.{lang}.md", "residual")
    assert texts.missing([copied]) == [
        f"assets/terms.{lang}.md: residual is missing",
        f"lessons/next_token/text.{lang}.md: ui.title is missing",
        f"lessons/next_token/text.{lang}.md: look.preview is missing",
    ]


def test_a_string_that_the_lesson_needs_is_named_where_all_lack_it(copied):
    needed = ("title", "first_text", f"scene.{SCENE}.say", "guess.single.unit")
    for lang in CODES:
        take_away(copied.folder / f"text.{lang}.md", *needed)
    assert texts.missing([copied]) == [
        f"lessons/next_token/text.{lang}.md: {key} is missing" for lang in CODES for key in needed
    ]


def test_an_empty_string_is_missing_but_for_what_stands_in_english_beside_the_korean(copied):
    file = copied.folder / "text.en.md"
    words = i18n.load_text(file)
    file.write_text("".join(f"## {key}\n\n" for key in words), encoding="utf-8")
    korean = i18n.load_text(copied.folder / "text.ko.md")
    named = [line.split(": ")[1].removesuffix(" is missing") for line in texts.missing([copied])]
    assert set(named) == {key for key, text in korean.items() if not text.isascii()}


def test_a_new_language_is_told_what_to_write(copied):
    """A file that is not there is one line, however many strings it would hold."""
    shutil.copy(copied.folder / "text.en.md", copied.folder / "text.xx.md")
    take_away(copied.folder / "text.xx.md", "ui.title")
    assert texts.missing([copied], [*CODES, "xx"]) == [
        *(f"assets/{name}.xx.md is missing" for name in texts.SHARED),
        "lessons/next_token/text.xx.md: ui.title is missing",
    ]
    with pytest.raises(SystemExit, match=r"(?m)^lessons/next_token/text.xx.md: ui.title is missing$"):
        texts.check([copied], [*CODES, "xx"])


def test_the_app_does_not_start_without_a_string(copied):
    take_away(copied.folder / "text.en.md", "ui.title")
    with pytest.raises(SystemExit, match=r"^lessons/next_token/text.en.md: ui.title is missing$"):
        shell.build([copied], Host(Settings()))


def test_a_string_that_nobody_has_is_named_where_it_is_asked_for():
    with pytest.raises(KeyError, match=r"lessons/next_token/text.ko.md: no.such.key is missing"):
        NEXT_TOKEN.words("ko")["no.such.key"]


def test_the_command_of_make_lint_looks_at_all_lessons(root: Path):
    done = subprocess.run([sys.executable, "-m", "lessons"], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
