"""Every lesson opens clean in both languages, sizes and themes; every scene is reached by keyboard.

That no page logs an error or asks for anything off this machine is checked by `open_page` in each test.
"""

from __future__ import annotations

import itertools
import re

import pytest

from app.languages import CODES
from app.lesson import Lesson
from lessons import LESSONS
from tests.harness.matrix import quick
from tests.harness.visit import DESKTOP, PHONE, Visit, open_visit

pytestmark = pytest.mark.ui

SIZES = {"wide": DESKTOP, "phone": PHONE}
ONCE = {("ko", "wide", "light"), ("en", "phone", "dark")}  # each side of each choice, in `make test`
MATRIX = [
    pytest.param(lesson.id, *look, marks=() if look in ONCE else pytest.mark.slow)
    for lesson in LESSONS
    for look in itertools.product(CODES, SIZES, ("light", "dark"))
]
BROKEN = ("\ufffd", "undefined", "NaN", "[object ")
# With large pictures: walked by keyboard with `make test-all`; their own tests open scenes too.
WALKED = quick(
    [lesson.id for lesson in LESSONS], when=lambda lesson: lesson not in ("architecture", "pretraining")
)

# Text on screen that is wider than the window or that a program, not a writer, has put there.
VISIBLE_TEXT = "document.body.innerText"
UNDER_BAR = """(id) => {
  const look = document.querySelector(`#${id} .look`);
  if (!look?.checkVisibility()) return 0;
  const bar = document.querySelector("#shell .scenes").getBoundingClientRect();
  return look.getBoundingClientRect().bottom - bar.top;
}"""
TOO_WIDE = "document.scrollingElement.scrollWidth - innerWidth"
BACKGROUND = """() => {
  const colour = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number);
  return colour.reduce((sum, part) => sum + part) / 3;
}"""


def plain(text: str) -> str:
    """What is read of a text with **bold** and [[terms]]."""
    return re.sub(r"\[\[(?:[^\]|]+\|)?([^\]]+)\]\]", r"\1", text).replace("**", "")


def scene_ids(lesson: str) -> list[str]:
    return [scene.id for one in LESSONS if one.id == lesson for scene in one.scenes]


def scene_shown(visit: Visit) -> str | None:
    """The `scene` in the address."""
    return visit.page.evaluate("new URLSearchParams(location.search).get('scene')")


@pytest.mark.parametrize(("lesson", "lang", "size", "theme"), MATRIX)
def test_a_lesson_opens_clean(open_page, lesson: str, lang: str, size: str, theme: str):
    visit = open_page(lang=lang, size=SIZES[size], theme=theme, query={"lesson": lesson})
    page = visit.page
    assert page.evaluate("document.documentElement.lang") == lang
    assert page.evaluate(TOO_WIDE) <= 1, "the page is wider than its window"
    text = page.evaluate(VISIBLE_TEXT)
    assert not [sign for sign in BROKEN if sign in text]
    brightness = page.evaluate(BACKGROUND)  # 0 black … 255 white
    assert brightness > 200 if theme == "light" else brightness < 60
    tab = page.locator("#lessons [role=tab].selected").bounding_box()
    assert tab["x"] >= 0 and tab["x"] + tab["width"] <= SIZES[size][0], (
        "the tab of this lesson is out of sight"
    )
    about, bar = page.locator(".view > .about-model:visible"), page.locator("#shell .scenes:visible")
    if size == "wide" and about.count() and bar.count():
        line, under = about.bounding_box(), bar.bounding_box()["y"]
        assert line["y"] >= under or line["y"] + line["height"] <= under, (
            "the bar of the scenes covers half a line"
        )


@pytest.mark.parametrize("lang", quick(CODES))
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_what_a_scene_says_takes_one_line(open_page, lesson: Lesson, lang: str):
    """A second line would push the picture down, and what to look at under the bar."""
    page = open_page(lang=lang, query={"lesson": lesson.id}, model=False).page
    lines = """(say) => {
      const lead = document.querySelector(".view .lead:not([hidden])");
      lead.textContent = say;
      return lead.getBoundingClientRect().height / parseFloat(getComputedStyle(lead).lineHeight);
    }"""
    said = {scene["id"]: plain(scene["say"]) for scene in lesson.scene_words(lesson.texts(lang))}
    assert {name: say for name, say in said.items() if page.evaluate(lines, say) > 1.2} == {}


@pytest.mark.parametrize("lesson", WALKED)
@pytest.mark.parametrize("lang", quick(CODES))
@pytest.mark.parametrize("present", quick([False, True]), ids=["page", "present"])
def test_every_scene_is_reached_by_keyboard(open_page, lesson: str, present: bool, lang: str):
    scenes = scene_ids(lesson)
    query = {"lesson": lesson, "scene": scenes[0], **({"present": 1} if present else {})}
    visit = open_page(lang=lang, query=query)
    assert scene_shown(visit) == scenes[0]
    if not present:  # by Tab to the button «next», as a reader without a mouse does
        visit.page.locator(".scenes .next").focus()
    for scene in scenes[1:]:
        before = visit.serial()
        visit.page.keyboard.press("PageDown" if present else "Enter")
        visit.wait_painted(after=before)
        assert scene_shown(visit) == scene
        text = visit.page.evaluate(VISIBLE_TEXT)
        assert not [sign for sign in BROKEN if sign in text]
        assert present or visit.page.evaluate(UNDER_BAR, lesson) <= 2, (
            f"{scene}: the bar covers what to look at"
        )
    if not present:
        assert visit.page.evaluate("document.activeElement.dataset.key") == "next", "the end drops no focus"
        serial = visit.serial()
        visit.page.keyboard.press("Enter")
        assert visit.serial() == serial and scene_shown(visit) == scenes[-1]
    if present:
        for scene in scenes[-2:-5:-1]:  # and back
            before = visit.serial()
            visit.page.keyboard.press("PageUp")
            visit.wait_painted(after=before)
            assert scene_shown(visit) == scene


def test_a_clicker_is_heard_while_the_lesson_comes(open_page):
    """Python has not answered yet: what is pressed meanwhile counts from the scene of the address."""
    scenes = scene_ids("next-token")
    visit = open_page(query={"lesson": "next-token", "scene": scenes[1], "present": 1})
    held = []
    visit.page.route("**/act/**", lambda route: held.append(route), times=1)
    visit.page.reload()
    visit.page.wait_for_function("window.lab && document.querySelector('.board')")
    visit.page.wait_for_timeout(100)
    for key in ("PageDown", "PageDown", "PageUp", "PageDown"):
        visit.page.keyboard.press(key)
    held.pop().continue_()
    visit.page.wait_for_function("scene => window.lab.active()?.value?.link?.scene === scene", arg=scenes[3])


def test_presenting_with_mouse_and_clicker(open_page):
    """As in a lecture: mouse on 「발표」, click a bar, six scenes on with a clicker, back with Escape."""
    scenes = scene_ids("next-token")
    visit = open_page(query={"lesson": "next-token", "scene": scenes[0]})
    page = visit.page
    page.locator("button.present").click()
    assert page.evaluate("document.documentElement.dataset.present") == "1"
    assert not page.locator("header.bar").is_visible()
    before = visit.serial()
    page.locator(".board [role=button]").first.click()
    visit.wait_painted(after=before)
    for step in range(1, 7):
        before = visit.serial()
        page.keyboard.press("PageDown")
        visit.wait_painted(after=before)
        assert scene_shown(visit) == scenes[step]
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.dataset.present ?? ''") == ""
    assert page.locator("header.bar").is_visible()
    assert scene_shown(visit) == scenes[6]


def test_a_first_visit_speaks_the_browser_s_language(open_page):
    for lang in CODES:
        visit = open_page(lang=lang, query={"lang": None, "theme": None})
        assert visit.page.evaluate("document.documentElement.lang") == lang


def test_a_link_s_language_beats_the_browser_s(open_page):
    for lang, other in itertools.permutations(CODES, 2):
        visit = open_page(lang=lang, query={"lang": other})
        assert visit.page.evaluate("document.documentElement.lang") == other


# Keeps what was on screen at every sign that the page gives of itself.
WATCH_SIGNS = """
window.signs = [];
new MutationObserver(() => {
  const { serial } = document.documentElement.dataset;
  const stage = window.lab.active();
  signs.push({ serial: Number(serial), lesson: stage?.id, drawn: stage?.value?.seq });
}).observe(document, { subtree: true, attributeFilter: ["data-model", "data-serial"] });
"""


def test_the_page_s_signs_are_about_the_lesson_that_the_address_asks_for(server, browser):
    """The first tab mounts and answers too; who counted on its signs pressed a picture not yet there."""
    visit = open_visit(browser, "about:blank", query={"lang": None, "theme": None})
    page = visit.page
    page.add_init_script(WATCH_SIGNS)
    page.goto(f"{server.url}?lang=ko&lesson={LESSONS[-1].id}")
    visit.wait_model()
    page.wait_for_function("lab.active().value.seq && !lab.active().pending")
    signs = page.evaluate("signs")
    assert signs
    assert [(sign["lesson"], sign["drawn"]) for sign in signs] == [
        (LESSONS[-1].id, sign["serial"]) for sign in signs
    ]
    page.context.close()
