"""Between page and server much can fail; nothing is lost by it, and it is told in the page's language."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from app import i18n
from tests.harness.server import QUIET, Server
from tests.harness.visit import Visit, open_visit

pytestmark = pytest.mark.ui

ACT = re.compile(r"/act/")
LONG = "나는 오늘 그 곳에 간다. " * 180 + "나는 오늘"  # far over what a link may hold


def lost(lang: str) -> str:
    return i18n.shared_text(lang)["ui.lost"]


def ids_of(page: Page) -> str:
    return page.evaluate("new URLSearchParams(location.search).get('ids') ?? ''")


def fault(kind: str) -> Callable[[Route], None]:
    """Something that goes wrong with one request."""

    def answer(route: Route) -> None:
        if kind == "reset":
            route.abort("connectionreset")
        elif kind == "lost":  # carried out, but its picture does not arrive
            route.fetch()
            route.abort("connectionreset")
        elif kind == "broken":
            whole = route.fetch()
            route.fulfill(status=200, content_type="application/x-ndjson", body=whole.body()[:300])
        elif kind == "page":
            route.fulfill(status=200, content_type="text/html", body="<html>gateway</html>")
        else:
            route.fulfill(status=int(kind), body="Bad Gateway")

    return answer


KINDS = ("500", "502", "503", "reset", "lost", "broken", "page")


def test_one_bad_answer_is_told_and_the_press_is_repeated_once(open_page, subtests):
    """One kind after the other in one page, each at a press of its own."""
    visit = open_page()
    page = visit.page
    page.evaluate(
        """() => { window.told = []; new MutationObserver(() => {
          const span = [...document.querySelectorAll('.view .waiting')].find((one) => !one.hidden);
          if (span) told.push(span.textContent);
        }).observe(document.querySelector('.view .waiting').parentNode, { subtree: true, childList: true,
          attributes: true, characterData: true }); }"""
    )
    for presses, kind in enumerate(KINDS, start=1):
        with subtests.test(kind):
            page.evaluate("told.length = 0")
            page.route(ACT, fault(kind), times=1)
            before = visit.serial()
            page.locator("#go").click()
            visit.wait_painted(after=before)
            words = i18n.shared_text("ko")["ui.crowded"] if kind == "503" else lost("ko")
            assert words in page.evaluate("told"), page.evaluate("told")
            assert len(ids_of(page).split(",")) == presses, "the press was lost, or carried out twice"
            assert not page.locator(".view .waiting:visible").count()
    visit.console_errors.clear()  # the browser itself notes the failed request


@pytest.mark.slow
def test_a_server_that_is_restarted_goes_on_from_where_she_stood(browser, tmp_path: Path):
    """A press while it is down waits; text, path and answers are there afterwards, also of a long text."""
    log = tmp_path / "log.txt"
    first = Server(["app.py"], log, QUIET)
    try:
        first.wait()
        visit = open_visit(browser, first.url, query={"seed": 3})
        page = visit.page
        visit.wait_model()
        for act in (lambda: write(page, LONG), lambda: page.locator("#go").click()):
            before = visit.serial()
            act()
            visit.wait_painted(after=before)
        option = page.locator("#next-token .question button").first
        if option.is_visible():
            before = visit.serial()
            option.click()
            visit.wait_painted(after=before)
        page.wait_for_function("!lab.active().pending && lab.active().value.ids")
        path = page.evaluate("lab.active().value.ids")
        kept = page.evaluate("JSON.stringify(lab.active().value.keep)")
        first.stop()
        before = visit.serial()
        page.locator("#go").click()
        page.get_by_text(lost("ko")).first.wait_for()
        assert page.locator(".toast-body").count() == 0, "Gradio speaks English here"
        with Server(["app.py"], tmp_path / "second.txt", QUIET, port=first.port) as second:
            second.wait()
            page.wait_for_function("n => lab.active().value.ids.split(',').length > n", arg=1, timeout=60_000)
            assert page.locator("#next-token-text").input_value() == LONG.strip()
            now = page.evaluate("lab.active().value.ids")
            assert now.startswith(path + ",") and now.count(",") == path.count(",") + 1
            tree = page.evaluate("lab.active().value.keep")
            before_tree = page.evaluate("kept => JSON.parse(kept)", kept)
            assert tree["tree"][: len(before_tree["tree"])] == before_tree["tree"]
            assert tree["answers"] == before_tree["answers"]
            assert "Traceback" not in second.read_log()
        assert not visit.page_errors and not visit.outside_requests
        page.context.close()
    finally:
        first.stop()


def write(page: Page, text: str) -> None:
    page.locator("#next-token-text").fill(text)
    page.locator("#next-token-text").press("Enter")


@pytest.fixture
def other_site(server) -> Iterator[str]:
    """Another site's page with the app in an iframe, as a blog shows a Space."""

    class Blog(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<iframe src="{server.url}?lang=ko" style="width:1200px;height:700px"></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing on the terminal of the tests."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blog) as blog:
        threading.Thread(target=blog.serve_forever, daemon=True).start()
        yield f"http://localhost:{blog.server_port}/"  # localhost and 127.0.0.1 are two sites
        blog.shutdown()


REFUSE_STORAGE = """
for (const name of ["sessionStorage", "localStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("refused", "SecurityError"); } });
}
"""


def test_inside_another_site_s_page_with_storage_refused(browser, other_site, no_traceback):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="ko-KR")
    context.add_init_script(REFUSE_STORAGE)
    page = context.new_page()
    visit = Visit(page)
    page.on("pageerror", lambda error: visit.page_errors.append(str(error)))
    page.goto(other_site)
    frame = page.frame_locator("iframe")
    frame.locator("#go").wait_for()
    inside = page.frames[1]
    inside.wait_for_function("document.documentElement.dataset.model === 'ready'", timeout=60_000)
    before = inside.evaluate("Number(document.documentElement.dataset.serial)")
    frame.locator("#go").click()
    inside.wait_for_function("n => Number(document.documentElement.dataset.serial) > n", arg=before)
    assert inside.evaluate("new URLSearchParams(location.search).get('ids')")
    frame.locator("header.bar a.tool").click()  # the other language
    inside.wait_for_function("document.documentElement.lang === 'en'")
    inside.wait_for_function("document.documentElement.dataset.model === 'ready'", timeout=60_000)
    assert inside.evaluate("new URLSearchParams(location.search).get('ids')")
    assert not visit.page_errors
    context.close()


@pytest.mark.parametrize("lesson", ["__proto__", "hasOwnProperty"])
def test_names_that_every_object_knows_are_no_lesson(open_page, lesson: str):
    visit = open_page(query={"lesson": lesson})
    assert visit.page.locator("#go").is_visible()


@pytest.mark.parametrize("query", [{"page": "en", "deep_link": "abc"}, {"page": 2}])
def test_gradio_s_own_names_in_an_address_do_nothing(open_page, query: dict):
    visit = open_page(query=query)
    assert visit.page.locator("#go").is_visible()
    assert visit.page.evaluate("document.documentElement.lang") == "ko"


def test_no_request_but_the_page_s_own_carries_the_text(open_page):
    """The address bar shows the text; a log of requests, a proxy or another script shall not learn it."""
    visit = open_page(query={"text": "비밀스러운 문장"})
    sent: list[str] = []
    headers: list[str] = []
    visit.page.on("request", lambda request: sent.append(request.url))
    visit.page.on("request", lambda request: headers.append(request.headers.get("referer", "")))
    before = visit.serial()
    visit.page.locator("#go").click()
    visit.wait_painted(after=before)
    assert any("/act/" in url for url in sent)
    assert not [url for url in sent if "?" in url]
    assert not any("?" in referer for referer in headers)
