"""This lesson in the real page: it is drawn, the slider lights tokens, a presenter can show it."""

from __future__ import annotations

import pytest

from app.languages import CODES
from lessons.fine_tuning.lesson import LESSON

pytestmark = pytest.mark.ui


@pytest.mark.parametrize("lang", CODES)
def test_the_slider_lights_tokens(open_page, lang):
    visit = open_page(lang=lang, query={"lesson": LESSON.id, "lit": 1})
    page = visit.page
    assert page.locator("h1:visible").inner_text() == LESSON.texts(lang)["ui.title"]
    lit = page.locator(f"#{LESSON.id} .tokens .hit")
    assert lit.count() == 1
    before = visit.serial()
    page.locator(f"#{LESSON.id}-lit").press("ArrowRight")
    visit.wait_painted(after=before)
    assert lit.count() == 2


def test_a_presenter_can_show_it(open_page):
    visit = open_page(query={"lesson": LESSON.id, "scene": LESSON.scenes[0].id, "present": 1})
    assert visit.page.locator(".board .tokens .chip:visible").count() > 1
