"""Two people at once: neither ever sees the other's text or history."""

from __future__ import annotations

import pytest

from tests.harness.visit import Visit

pytestmark = pytest.mark.ui


def draw(visit: Visit) -> None:
    before = visit.serial()
    visit.page.locator("#go").click()
    visit.wait_painted(after=before)


def ids_of(visit: Visit) -> list[str]:
    """The tokens after the text, from the address: the exact state."""
    ids = visit.page.evaluate("new URLSearchParams(location.search).get('ids')")
    return ids.split(",") if ids else []


def test_two_visitors_keep_their_own_text_and_history(open_page):
    query = {"temperature": 2, "top_k": 0, "top_p": 1}
    first = open_page(query={"text": "첫째 사람은", "seed": 11, **query})
    second = open_page(lang="en", query={"text": "The second one", "seed": 22, **query})
    for presses in range(1, 4):
        draw(first)
        draw(second)
        assert len(ids_of(first)) == len(ids_of(second)) == presses
    assert ids_of(first) != ids_of(second)
    for visit, own, other in (
        (first, "첫째 사람은", "The second one"),
        (second, "The second one", "첫째 사람은"),
    ):
        path = ids_of(visit)
        draw(visit)
        assert ids_of(visit)[: len(path)] == path
        assert visit.page.locator("#next-token-text").input_value() == own
        assert other not in visit.page.content()


def test_a_third_visitor_starts_afresh(open_page):
    first = open_page(query={"text": "아무도 모르는 문장"})
    draw(first)
    later = open_page()
    assert ids_of(later) == []
    assert "아무도 모르는 문장" not in later.page.content()


def test_a_reload_shows_the_same_state(open_page):
    """The address is an exact state: what was drawn is there again, token for token."""
    visit = open_page(query={"text": "오늘 학교에서", "seed": 5})
    for _ in range(3):
        draw(visit)
    ids, strip = ids_of(visit), visit.page.locator(".strip").inner_text()
    visit.page.reload()
    visit.wait_ready()
    visit.wait_model()
    assert ids_of(visit) == ids
    assert visit.page.locator(".strip").inner_text() == strip
