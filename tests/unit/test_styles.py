"""One class, one meaning: a page holds all lessons, so what styles one of them must not lay out another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lessons import LESSONS

ROOT = Path(__file__).parents[2]
# What a lesson may use of the page's own classes, though they are styled wherever they stand.
SHARED = {"candidate", "check", "compare", "link", "mute", "quiet", "token"}
SHARED |= {"board-model", "cell", "needle", "rise"}  # of the views of 「GPT란?」
SHARED |= {"box", "node", "row"}  # colours and a pointer; Gradio's own, which is emptied


def rules(css: str) -> list[str]:
    """Every selector of a sheet, one by one, those inside @media too."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    css = re.sub(r"@keyframes[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", css)
    found = [one.split(";")[-1] for one in re.findall(r"([^{}]+)\{", css)]
    return [
        one.strip()
        for many in found
        if not many.strip().startswith("@")
        for one in re.split(r",(?![^(]*\))", many)
    ]


def styled_anywhere() -> set[str]:
    """Classes that a sheet of the page lays out wherever they stand."""
    found = set()
    for path in (ROOT / "assets/css").glob("*.css"):
        for rule in rules(path.read_text(encoding="utf-8")):
            own = re.sub(r"^(\.gradio-container|\.view|svg|\[data-\w+(=\"\w+\")?\]|\s)*", "", rule)
            inside = re.fullmatch(r":is\((.*)\)", own)
            for one in inside[1].split(",") if inside else [own]:
                if match := re.fullmatch(r"\.([a-zA-Z][\w-]*)(?::[\w-]+|\[[^\]]*\])*", one.strip()):
                    found.add(match[1])
    return found


def given(lesson: str) -> set[str]:
    """Classes that the scripts of a lesson give."""
    found = set()
    for path in (ROOT / "lessons" / lesson).glob("*.js"):
        text = path.read_text(encoding="utf-8")
        written = re.findall(r"""class(?:Name)?["']?\s*[:=]\s*["`]([^"`]+)["`]""", text)
        written += re.findall(r"""classList\.(?:add|toggle)\(["`]([^"`]+)["`]""", text)
        found |= {name for one in written for name in re.sub(r"\$\{[^}]*\}", " ", one).split()}
    return found


@pytest.mark.parametrize("lesson", [lesson.folder.name for lesson in LESSONS])
def test_a_lesson_has_its_classes_for_itself(lesson):
    taken = (given(lesson) & styled_anywhere()) - SHARED
    assert not taken, (
        f"lessons/{lesson}/*.js: assets/css lays out {taken} wherever it stands; another name, or SHARED"
    )


def test_there_are_classes_to_look_at():
    assert len(set.union(*(given(lesson.folder.name) for lesson in LESSONS))) > 200
    assert styled_anywhere() >= SHARED and len(styled_anywhere()) > 20


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_lesson_styles_itself_alone(lesson):
    path = lesson.folder / "style.css"
    whole = [rule for rule in rules(path.read_text(encoding="utf-8")) if f"#{lesson.id}" not in rule]
    # its colours are variables of the page, and the parts of a board stand in a board that has its name
    variables = re.compile(r":root|\[data-theme=\"?\w+\"?\]")
    wide = [rule for rule in whole if not variables.fullmatch(rule) and "-board " not in rule]
    assert not wide, f"{path.relative_to(ROOT)}: begin with #{lesson.id}: {wide}"
