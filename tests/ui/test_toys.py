"""Stages that what a learner sends does not lead: a run in the page, a class that follows one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from app import i18n
from tests.harness.server import Server
from tests.harness.visit import Visit, open_visit
from tests.toys import page_leads, server_leads

pytestmark = pytest.mark.ui

ACT = re.compile(r"/act/")
ANSWERED = "lab.active?.()?.value?.link && !lab.active().pending"
STEPS = "lab.active()?.own.losses?.length ?? 0"
AT_LEAST = "n => (lab.active()?.own.losses?.length ?? 0) >= n"
COUNTED = "n => document.querySelector('#count')?.textContent === String(n)"


def start(log, port: int | None = None) -> Server:
    server = Server(["tests/toys/app.py", "--offline"], log, port=port)
    server.wait()
    return server


@pytest.fixture(scope="module")
def toys(tmp_path_factory) -> Iterator[Server]:
    server = start(tmp_path_factory.mktemp("toys") / "log.txt")
    yield server
    server.stop()
    assert "Traceback" not in server.read_log(), server.read_log()[-4000:]


@pytest.fixture
def visitor(toys: Server, browser: Browser) -> Iterator[Callable[..., Visit]]:
    """`visitor(lesson, **query)` -> a visit whose stage has its first answer."""
    visits = []

    def open_(lesson, **query) -> Visit:
        visit = open_visit(browser, toys.url, query={"lesson": lesson.id, **query})
        visits.append(visit)
        visit.page.wait_for_function(ANSWERED, timeout=90_000)  # the first one waits for the model
        visit.wait_painted(after=0)
        return visit

    yield open_
    for visit in visits:
        visit.page.context.close()


def press_tab(visit: Visit, lesson) -> None:
    visit.page.locator(f"#lessons [role=tab][data-tab-id={lesson.id}]").click()
    visit.page.wait_for_function(f"lab.active()?.id === '{lesson.id}' && !lab.active().pending")


def test_a_run_in_the_page(visitor):
    """It goes on in another tab, adds no history, asks before it is lost, and survives a switch."""
    visit = visitor(page_leads.LESSON)
    page = visit.page
    entries, serial, address = page.evaluate("history.length"), visit.serial(), page.url
    page.locator("#train").click()
    page.wait_for_function(AT_LEAST, arg=3)
    assert (page.evaluate("history.length"), visit.serial(), page.url) == (entries, serial, address)
    first, *_, last = [float(loss) for loss in page.locator("#losses").inner_text().split()]
    assert first == 9.0 and last < first

    press_tab(visit, server_leads.LESSON)
    page.locator("#move").click()
    page.wait_for_function(COUNTED, arg=1)
    page.wait_for_timeout(400)
    before = page.locator("#losses").text_content().split()
    press_tab(visit, page_leads.LESSON)
    page.wait_for_function(AT_LEAST, arg=len(before) + 2)
    assert page.locator("#losses").inner_text().split()[: len(before)] == before

    page.evaluate("location.reload()")
    page.wait_for_timeout(300)
    assert len(visit.dialogs) == 1, "the browser asks, and she stays"
    page.wait_for_function(AT_LEAST, arg=page.evaluate(STEPS) + 2)

    page.locator("#train").click()
    page.wait_for_function("!lab.active().own.on")
    done = page.evaluate("lab.active().own.losses")
    page.locator("#shell a.tool").click()
    page.wait_for_url("**/en?**")
    page.wait_for_function(ANSWERED)
    assert page.evaluate("lab.active().own.losses") == done and len(visit.dialogs) == 1
    assert page.locator("#losses").inner_text().split()[0] == "9.000"
    assert not visit.console_errors and not visit.page_errors


def test_a_question_without_an_answer(visitor):
    """What Python refuses comes as its sentence; a lost connection is told, and asked again."""
    visit = visitor(page_leads.LESSON)
    page = visit.page
    page.locator("#wrong").click()
    page.wait_for_function("document.querySelector('#said').textContent")
    asked = i18n.shared_text("ko")["error.out_of_range"].split("{")[-1].split("}")[-1].strip()
    assert page.locator("#said").inner_text().endswith(asked)

    page.route(ACT, lambda route: route.abort("connectionreset"))
    page.locator("#train").click()
    page.get_by_text(i18n.shared_text("ko")["ui.lost"]).first.wait_for()
    assert page.evaluate(STEPS) == 0
    page.unroute(ACT)
    page.wait_for_function(AT_LEAST, arg=2)
    assert not page.locator(".view .waiting:visible").count() and not visit.page_errors


@pytest.mark.slow
def test_a_class_follows_its_leader(visitor, toys, tmp_path):
    """To the same place and text, without entries in the history; until a learner goes her own way.

    The last test of this file: it stops the server.
    """
    leader = visitor(server_leads.LESSON, room="blue", leads=1)
    led = visitor(server_leads.LESSON, room="blue")
    elsewhere = visitor(server_leads.LESSON, room="green")
    entries = led.page.evaluate("history.length")
    for number in (1, 2):
        leader.page.locator("#move").click()
        leader.page.wait_for_function(COUNTED, arg=number)
        led.page.wait_for_function(COUNTED, arg=number)
    leader.page.locator("#server-leads-text").fill("비가 오는 날")
    leader.page.locator("#server-leads-text").press("Enter")
    leader.page.locator("#move").click()
    led.page.wait_for_function("lab.active().value.text === '비가 오는 날'")
    assert led.page.evaluate("history.length") == entries and "room=blue" in led.page.url
    assert elsewhere.page.locator("#count").inner_text() == "0"

    toys.stop()  # and with it who leads
    with start(tmp_path / "second.txt", toys.port):
        leader.page.locator("#move").click()
        leader.page.wait_for_function(COUNTED, arg=4)
        led.page.wait_for_function(COUNTED, arg=4)
        led.page.locator("#alone").click()
        led.page.wait_for_function("lab.active().value.led === null && !lab.active().pending")
        leader.page.locator("#move").click()
        leader.page.wait_for_function(COUNTED, arg=5)
        led.page.wait_for_timeout(2600)
        assert led.page.locator("#count").inner_text() == "4" and not led.page_errors
