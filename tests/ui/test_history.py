"""Back and Forward return to scenes and lessons with their state; the keyboard reaches everything."""

from __future__ import annotations

import pytest

from lessons import LESSONS
from tests.harness.visit import Visit

pytestmark = pytest.mark.ui


def address(visit: Visit, name: str) -> str | None:
    return visit.page.evaluate("name => new URLSearchParams(location.search).get(name)", name)


def act(visit: Visit, do) -> None:
    before = visit.serial()
    do()
    visit.wait_painted(after=before)


def test_back_returns_to_the_scene_before_with_its_state(open_page):
    lesson = next(lesson for lesson in LESSONS if lesson.id == "next-token")
    scenes = [scene.id for scene in lesson.scenes]
    visit = open_page(query={"lesson": lesson.id, "scene": scenes[0]})
    page = visit.page
    act(visit, page.locator(".scenes .next").click)
    length = page.evaluate("history.length")
    act(visit, page.locator("#go").click)
    drawn = address(visit, "ids")
    assert drawn and page.evaluate("history.length") == length, "a draw is no entry"
    act(visit, page.locator(".scenes .next").click)
    assert page.evaluate("history.length") == length + 1
    assert address(visit, "scene") == scenes[2]
    act(visit, page.go_back)
    assert (address(visit, "scene"), address(visit, "ids")) == (scenes[1], drawn)
    act(visit, page.go_back)
    assert address(visit, "scene") == scenes[0]
    act(visit, page.go_forward)
    assert (address(visit, "scene"), address(visit, "ids")) == (scenes[1], drawn)
    assert page.evaluate("lab.active().value.scene") == 1


def test_back_returns_to_the_lesson_before_with_its_state(open_page):
    first, second = "next-token", "architecture"
    visit = open_page(query={"lesson": first, "text": "나는 오늘"})
    page = visit.page
    act(visit, page.locator("#go").click)
    drawn = address(visit, "ids")
    page.locator(f"#lessons [role=tab][data-tab-id={second}]").click()
    page.wait_for_function(
        "id => lab.active()?.id === id && lab.active().value?.seq && !lab.active().pending", arg=second
    )
    assert address(visit, "lesson") == second
    page.go_back()
    page.wait_for_function("id => lab.active()?.id === id && !lab.active().pending", arg=first)
    assert (address(visit, "lesson"), address(visit, "ids")) == (first, drawn)


def test_typing_and_knobs_replace_the_entry(open_page):
    visit = open_page()
    page = visit.page
    length = page.evaluate("history.length")
    page.locator("#next-token-text").fill("책을 읽는")
    act(visit, lambda: page.locator("#next-token-text").press("Enter"))
    assert address(visit, "text") == "책을 읽는"
    assert page.evaluate("history.length") == length


def test_the_first_tab_stop_leads_past_the_bars(open_page):
    visit = open_page()
    page = visit.page
    page.evaluate("document.querySelector('.skip').focus()")
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "go"


def test_a_term_card_takes_the_focus_and_gives_it_back(open_page):
    visit = open_page()
    page = visit.page
    link = page.locator(".view button.term").first
    link.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "dialog"
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "term-text"
    page.keyboard.press("Escape")
    assert page.locator(".term-card").count() == 0
    assert link.evaluate("one => one === document.activeElement")
