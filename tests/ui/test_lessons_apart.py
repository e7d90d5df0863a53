"""A lesson comes when its tab is opened; one that is broken says so in its own tab, and the others live."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Request, Route

from app.i18n import shared_text
from app.languages import CODES, DEFAULT
from lessons import LESSONS
from tests.harness.matrix import quick
from tests.harness.visit import Visit, open_visit

pytestmark = pytest.mark.ui

FIRST = next(lesson for lesson in LESSONS if lesson.first)
OTHER = next(lesson for lesson in LESSONS if lesson.id == "architecture")
DRAW = f"lessons/{OTHER.folder.name}/draw.js"
FAILING = "export const build = (stage) => { stage.nothing.at = 1; }; export const draw = () => {};\n"
# a whole lesson: nothing that the frame does for every one
TINY = """
import { html } from "../../assets/js/dom.js";
export const build = (stage) => { stage.parts.only = html("p", { class: "only" }, stage.picture); };
export const draw = ({ parts, value }) => {
  parts.only.textContent = `${value.columns.length} columns of ${value.text}`;
};
"""

# what the scripts of the lesson become (None: they are not found), and what the console says of it
FAULTS = {
    "does not parse": ({"draw.js": "export const build = (stage) => {\n  const x = ;\n};\n"}, f"{DRAW}:2:"),
    "a script beside it does not parse": (
        {"draw.js": 'import { board } from "./board.js";\n', "board.js": "\n\nconst = 1;\n"},
        DRAW.replace("draw.js", "board.js:3:"),
    ),
    "imports what is not there": (
        {"draw.js": 'import { no } from "../../assets/js/dom.js";\n'},
        f"{DRAW}:1:",
    ),
    "does not load": ({"draw.js": None}, DRAW),
    "lacks a part": ({"draw.js": "export const build = () => {};\n"}, f"{DRAW}:1 exports no draw"),
    "fails while it builds": ({"draw.js": FAILING}, f"{DRAW}:1:"),
}


def asked_for(visit: Visit, path: str) -> list[str]:
    """Addresses of scripts, styles and words that hold `path`, in the order in which they were asked for."""
    names = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    return [name for name in visit.page.evaluate(names) if "/m/" in name and path in name]


@pytest.fixture
def broken(server, browser: Browser) -> Callable[..., Visit]:
    """`broken(scripts, lang, **query)` -> a visit whose other lesson has these scripts."""
    visits = []

    def open_(scripts: dict[str, str | None], lang: str, **query) -> Visit:
        visit = open_visit(browser, "about:blank", lang=lang, query={"lang": None, "theme": None})
        visits.append(visit)

        def answer(route: Route, request: Request) -> None:
            body = scripts[request.url.rsplit("/", 1)[-1]]
            if body is None:
                route.fulfill(status=404, body="")
            else:
                route.fulfill(status=200, content_type="text/javascript", body=body)

        for name in scripts:
            visit.page.route(f"**/{DRAW.replace('draw.js', name)}", answer)
        asked = "&".join(f"{key}={value}" for key, value in {"lang": lang, **query}.items())
        visit.page.goto(f"{server.url}{'' if lang == DEFAULT else lang}?{asked}")
        visit.wait_ready()
        return visit

    yield open_
    for visit in visits:
        visit.page.context.close()


def press_tab(visit: Visit, lesson) -> None:
    visit.page.locator(f"#lessons [role=tab][data-tab-id={lesson.id}]").click()


@pytest.mark.parametrize("fault", quick(FAULTS, *list(FAULTS)[::3]))
def test_a_broken_lesson_says_so_and_the_others_live(broken, no_traceback, fault: str):
    scripts, where = FAULTS[fault]
    for lang in CODES if fault == next(iter(FAULTS)) else [DEFAULT]:
        visit = broken(scripts, lang)
        visit.wait_model()
        assert not visit.complaints()
        press_tab(visit, OTHER)
        told = visit.page.locator(f"#{OTHER.id} .broken")
        told.wait_for()
        assert told.inner_text() == shared_text(lang)["ui.broken"]
        address = "id => new URLSearchParams(location.search).get('lesson') === id"
        visit.page.wait_for_function(address, arg=OTHER.id)
        assert not visit.page.locator(".scenes button").count()
        press_tab(visit, FIRST)
        visit.page.wait_for_function("lab.active() && !lab.active().pending")
        before = visit.serial()
        visit.page.locator("#go").click()
        visit.wait_painted(after=before)
        said = [message for message in visit.console_errors if message.startswith(f"{OTHER.id}: ")]
        assert len(said) == 1 and where in said[0], visit.console_errors
        assert not visit.page_errors


def test_a_broken_lesson_that_the_address_asks_for(broken, no_traceback):
    scripts, where = FAULTS["does not parse"]
    visit = broken(scripts, "ko", lesson=OTHER.id, text="나는")
    visit.page.locator(f"#{OTHER.id} .broken").wait_for()
    assert where in " ".join(visit.console_errors)
    press_tab(visit, FIRST)
    visit.wait_model()
    assert visit.page.locator(".dist svg").is_visible()


def test_a_lesson_states_only_its_picture(broken, no_traceback):
    """Heading, text, waiting place, line to look at, code, questions and board are the frame's."""
    visit = broken({"draw.js": TINY}, "ko", lesson=OTHER.id)
    visit.wait_model()
    page, words = visit.page, OTHER.words("ko")
    only = page.locator(".only")
    assert only.inner_text() == f"2 columns of {words['first_text']}"
    assert page.locator(f"#{OTHER.id} h1").inner_text() == words["ui.title"]
    assert page.locator(f"#{OTHER.id} .look").is_visible() and page.locator(".guess li").count() == 3
    before = visit.serial()
    page.locator(f"#{OTHER.id}-text").fill("책을 읽는")
    page.locator(f"#{OTHER.id}-text").press("Enter")
    visit.wait_painted(after=before)
    assert only.inner_text() == "2 columns of 책을 읽는"
    page.get_by_text(words["ui.code"]).click()
    assert "'책을 읽는'" in page.locator(".code pre").inner_text()
    page.evaluate("lab.active().busy('여기')")
    assert page.locator(f"#{OTHER.id} .ask .waiting").inner_text().strip() == "여기"
    page.evaluate("lab.active().busy('')")

    page.locator("#shell .present").click()
    board = page.locator(f"#{OTHER.id} .board")
    assert board.locator("h2").inner_text() == words["ui.title"] and board.locator(".only").is_visible()
    sizes = """(at) => [...at.querySelectorAll('h2, span, p')]
      .filter((one) => one.textContent && one.checkVisibility())
      .map((one) => parseFloat(getComputedStyle(one).fontSize) * one.currentCSSZoom)"""
    assert min(board.evaluate(sizes)) >= 24
    before = visit.serial()
    page.keyboard.press("PageDown")
    visit.wait_painted(after=before)
    scene = OTHER.scenes[0].id
    assert board.locator("h2").inner_text() == words[f"scene.{scene}.title"]
    assert board.locator(".only").inner_text() == f"2 columns of {words['first_text']}"
    page.keyboard.press("Escape")
    assert only.is_visible() and not board.is_visible()
    assert only.evaluate("(at) => at.closest('.board') === null && at.currentCSSZoom === 1")
    assert not visit.complaints()


def test_a_lesson_comes_when_its_tab_is_opened(open_page):
    visit = open_page()
    folder = f"/lessons/{OTHER.folder.name}/"
    assert asked_for(visit, f"/lessons/{FIRST.folder.name}/") and not asked_for(visit, folder)
    assert not asked_for(visit, "/words/"), "the first one's words stand in the page"
    press_tab(visit, OTHER)
    visit.page.wait_for_function(f"lab.active()?.id === '{OTHER.id}' && lab.active().value?.ready")
    assert {"draw.js", "style.css"} <= {name.rsplit("/")[-1] for name in asked_for(visit, folder)}
    assert len(asked_for(visit, f"/words/ko/{OTHER.id}.json")) == 1
    number = len(asked_for(visit, ""))
    press_tab(visit, FIRST)
    visit.page.wait_for_function(f"lab.active()?.id === '{FIRST.id}' && !lab.active().pending")
    press_tab(visit, OTHER)
    visit.page.wait_for_function(f"lab.active()?.id === '{OTHER.id}' && !lab.active().pending")
    assert len(asked_for(visit, "")) == number, "once"


@pytest.mark.parametrize("lesson", [LESSONS[0], OTHER], ids=["the-first-tab", "another"])
def test_a_link_brings_its_lesson_alone(open_page, lesson):
    visit = open_page(query={"lesson": lesson.id})
    assert asked_for(visit, f"/lessons/{lesson.folder.name}/")
    assert not asked_for(visit, f"/lessons/{FIRST.folder.name}/")
    press_tab(visit, FIRST)
    visit.page.wait_for_function(f"lab.active()?.id === '{FIRST.id}' && lab.active().value?.ready")


def test_a_second_visit_asks_for_no_script_again(open_page):
    visit = open_page()
    asked: list[str] = []
    visit.page.context.on("request", lambda request: asked.append(request.url))
    visit.page.goto(visit.page.url)
    visit.wait_model()
    sizes = """performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/m/'))
      .map((entry) => [entry.name, entry.transferSize])"""
    found = visit.page.evaluate(sizes)
    assert len(found) > 10
    assert not [name for name, size in found if size], "from the browser's own cache"
