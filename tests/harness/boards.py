"""The boards beside a presenter, scene by scene."""

from __future__ import annotations

from collections.abc import Sequence

from app.lesson import Scene
from tests.harness.visit import Visit

SMALL = """(board) => [...document.querySelectorAll(`${board} text, ${board} tspan`)]
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 24).map((one) => one.textContent)"""
OUTSIDE = """(board) => [...document.querySelectorAll(`${board} text`)]
  .map((one) => [one.getBoundingClientRect(), one.textContent])
  .filter(([box]) => box.width
    && (box.left < 0 || box.right > innerWidth + 2 || box.bottom > innerHeight + 2))
  .map(([, text]) => text)"""


def walk_boards(visit: Visit, scenes: Sequence[Scene], board: str) -> None:
    """From the first scene, where `visit` presents it, to the last: each has a board under the selector
    `board` with its title, nothing under 24 px, nothing outside the window.
    """
    page = visit.page
    for number, scene in enumerate(scenes):
        if number:
            before = visit.serial()
            page.keyboard.press("PageDown")
            visit.wait_painted(after=before)
        assert page.locator(board).is_visible(), scene.id
        told = page.locator(board).locator("text").all_text_contents()
        assert told[0] == page.evaluate("lab.active().scenes[lab.active().value.scene].title"), scene.id
        assert page.evaluate(SMALL, board) == [], scene.id
        assert page.evaluate(OUTSIDE, board) == [], scene.id
