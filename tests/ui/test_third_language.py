"""A third language is one row of app/languages.py and its text files, and nothing else."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.i18n import ASSETS, load_text
from app.languages import CODES
from lessons import LESSONS
from tests.harness.copy import copy_repository
from tests.harness.server import QUIET, Server
from tests.harness.visit import Visit, open_visit

pytestmark = [pytest.mark.ui, pytest.mark.slow]

LESSON = next(lesson for lesson in LESSONS if lesson.first)
ROW = '    Language("xx", "Xixi", "XX", "xx-XX"),\n'
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
SETTING = re.compile(r"scene\..*\.state")  # what a scene begins with: no words
CUT = re.compile(r"⟦[^⟧]*…")  # a name that had no room

# Every line that can be read on screen, drawings and names of controls included.
SEEN = """() => [
  ...document.body.innerText.split("\\n"),
  ...[...document.querySelectorAll("svg text")].map((text) => text.textContent),
  ...[...document.querySelectorAll("[aria-label], [title]")].filter((one) => one.checkVisibility())
    .flatMap((one) => [one.getAttribute("aria-label") ?? "", one.getAttribute("title") ?? ""]),
]"""


def marked(text: str) -> str:
    return "\n".join(f"⟦{line}⟧" if line else "" for line in text.split("\n"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The repository with the row, and the English files with each line in brackets as its texts."""
    folder = copy_repository(tmp_path_factory.mktemp("language") / "copy")
    table = folder / "app/languages.py"
    before, end, after = table.read_text(encoding="utf-8").partition(")\nCODES")
    table.write_text(before + ROW + end + after, encoding="utf-8")
    for file in [*folder.glob("assets/*.en.md"), *folder.glob("lessons/*/text.en.md")]:
        lines = (
            f"## {key}\n{text if SETTING.fullmatch(key) else marked(text)}\n"
            for key, text in load_text(file).items()
        )
        file.with_name(file.name.replace(".en.", ".xx.")).write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def running(copy) -> Iterator[Server]:
    with Server(["app.py", "--offline"], copy.parent / "log.txt", QUIET, root=copy) as server:
        server.wait()
        yield server
    assert "Traceback" not in server.read_log(), server.read_log()[-4000:]


def fragments(lang: str) -> set[str]:
    """What of the lesson's and the bars' strings stands on screen as it is, whatever is filled in."""
    texts = [*load_text(LESSON.folder / f"text.{lang}.md").items()]
    texts += load_text(ASSETS / f"text.{lang}.md").items()
    pieces = (
        piece.strip(" .,·:")
        for key, text in texts
        if key != "ui.name" and not SETTING.fullmatch(key)
        for line in text.split("\n")
        for piece in re.split(r"\{[^}]*\}|\*\*|\[\[[^\]]*\]\]|`[^`]*`", line)
    )
    # texts of this kind are shown as their tokens, and are no words of the page
    learners = [load_text(LESSON.folder / f"text.{code}.md")["first_text"] for code in CODES]
    return {piece for piece in pieces if len(piece) >= 6 and " " in piece and piece not in learners}


def unmarked(lines: list[str]) -> str:
    left = "\n".join(lines)
    while MARKED.search(left):
        left = MARKED.sub("", left)
    return CUT.sub("", left)


def read_it(visit: Visit, foreign: set[str]) -> None:
    lines = visit.page.evaluate(SEEN)
    assert sum("⟦" in line for line in lines) > 10, "the words are not on screen"
    left = unmarked(lines)
    assert not [piece for piece in foreign if piece in left], left


def test_a_lesson_is_walked_in_a_third_language(running, browser):
    foreign = fragments("ko") | fragments("en")
    assert len(foreign) > 100
    visit = open_visit(browser, running.url, "en", query={"lang": "xx", "lesson": LESSON.id})
    page = visit.page
    visit.wait_model()
    assert page.url.startswith(f"{running.url}xx?")
    assert page.evaluate("document.documentElement.lang") == "xx"
    read_it(visit, foreign)
    for _ in LESSON.scenes:
        before = visit.serial()
        page.locator(".scenes .next").click()
        visit.wait_painted(after=before)
        read_it(visit, foreign)
        if page.locator(".scenes .next").is_disabled():
            break
    before = visit.serial()
    page.get_by_role("button", name="⟦Draw the next token⟧").first.click()
    visit.wait_painted(after=before)
    read_it(visit, foreign)
    assert not visit.complaints()
    page.context.close()


def test_the_toggle_offers_it_and_takes_the_picture_along(running, browser):
    visit = open_visit(browser, running.url, "en", query={"text": "A small dog"})
    page = visit.page
    visit.wait_model()
    offered = page.locator("header.bar .languages a")
    assert [link.get_attribute("aria-label") for link in offered.all()] == ["한국어", "Xixi"]
    offered.last.click()
    page.wait_for_function("document.documentElement.lang === 'xx'")
    visit.wait_model()
    assert page.evaluate("lab.active().value.text") == "A small dog"
    page.locator("header.bar .languages a").first.click()
    page.wait_for_function("document.documentElement.lang === 'ko'")
    page.context.close()


def test_a_browser_that_speaks_it_is_sent_there(running):
    asked = urllib.request.Request(running.url, headers={"Accept-Language": "fr, xx-XX;q=0.8, ko;q=0.5"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.geturl() == f"{running.url}xx"
