"""`--root-path`: the app behind a reverse proxy that serves it under a path and strips that path."""

from __future__ import annotations

import http.client
import http.server
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from app.languages import CODES
from tests.harness.server import QUIET, Server
from tests.harness.visit import open_visit

pytestmark = pytest.mark.ui

PREFIX = "/gpt"
OWN_TO_A_CONNECTION = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Proxy(http.server.BaseHTTPRequestHandler):
    """Forwards PREFIX/… to the app; whatever the page asks for outside PREFIX is not found."""

    app_port: int
    missed: list[str]

    def forward(self) -> None:
        if self.path == "/favicon.ico":  # asked for by browsers themselves, of the whole site
            self.send_response(204)
            self.end_headers()
            return
        if not self.path.startswith(PREFIX + "/"):
            self.missed.append(self.path)
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        onward = http.client.HTTPConnection("127.0.0.1", self.app_port, timeout=60)
        onward.request(self.command, self.path.removeprefix(PREFIX), body, dict(self.headers))
        answer = onward.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OWN_TO_A_CONNECTION:
                self.send_header(name, value)
        self.send_header("Connection", "close")  # the end of the answer; some are streams without a length
        self.end_headers()
        with suppress(http.client.IncompleteRead, ConnectionError):  # either side may leave a stream
            while part := answer.read1(65536):
                self.wfile.write(part)

    do_GET = do_POST = do_HEAD = forward

    def log_message(self, *args: object) -> None:
        """Say nothing on the terminal of the tests."""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory) -> Iterator[tuple[str, list[str]]]:
    """(address of the app through the proxy, paths that were asked for outside of it)."""
    with Server(
        ["app.py", "--root-path", PREFIX], tmp_path_factory.mktemp("proxy") / "log.txt", QUIET
    ) as app:
        app.wait()
        missed: list[str] = []
        handler = type("Handler", (Proxy,), {"app_port": app.port, "missed": missed})
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
            proxy.daemon_threads = True
            threading.Thread(target=proxy.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{proxy.server_port}{PREFIX}/", missed
            proxy.shutdown()


def test_both_languages_work_behind_a_proxy(browser, proxied):
    url, missed = proxied
    for lang in CODES:
        visit = open_visit(browser, url, lang=lang)
        visit.wait_model()
        assert visit.page.evaluate("document.documentElement.lang") == lang
        before = visit.serial()
        visit.page.locator("#go").click()
        visit.wait_painted(after=before)
        assert visit.page.url.startswith(url)
        assert not visit.complaints()
        visit.page.context.close()
    assert not missed


@pytest.mark.slow
def test_plotly_and_katex_come_through_the_proxy(browser, proxied):
    url, missed = proxied
    visit = open_visit(browser, url, lang="en", query={"lesson": "architecture"})
    visit.page.locator("#architecture .heat-plot image").first.wait_for(state="attached", timeout=60_000)
    visit.page.locator("#architecture .panel-formula .katex").wait_for()
    assert not visit.complaints()
    visit.page.context.close()
    assert not missed
