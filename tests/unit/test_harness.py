"""The harness would notice what it is there to notice: it meets a page that does everything wrong."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.server import Server, ServerError
from tests.harness.visit import is_local, open_visit

BAD_PAGE = b"""<!doctype html><title>bad</title>
<img src="http://example.org/pixel.png">
<script>
  console.error("a complaint"); alert("a dialog");
  setTimeout(() => { document.documentElement.dataset.ready = "1"; throw new Error("uncaught"); });
</script>"""


class BadPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(BAD_PAGE)

    def log_message(self, *args):
        """Say nothing on the terminal of the tests."""


@pytest.fixture
def bad_url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), BadPage) as page:
        threading.Thread(target=page.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{page.server_port}/"
        page.shutdown()


@pytest.mark.ui
def test_a_visit_notes_everything_a_page_may_not_do(browser, bad_url):
    visit = open_visit(browser, bad_url)
    visit.wait_ready()
    visit.page.wait_for_timeout(100)
    assert any("a complaint" in message for message in visit.console_errors)
    assert visit.page_errors == ["uncaught"]
    assert visit.outside_requests == ["http://example.org/pixel.png"]
    assert visit.dialogs == ["a dialog"]
    assert len(visit.complaints()) >= 4
    visit.page.context.close()


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:7860/", True),
        ("ws://localhost:1/queue", True),
        ("data:text/plain,x", True),
        ("blob:http://127.0.0.1/1", True),
        ("https://example.org/", False),
        ("http://127.0.0.1.example.org/", False),
        ("//example.org/", False),
    ],
)
def test_local_addresses(url: str, local: bool):
    assert is_local(url) is local


def test_a_server_that_ends_is_reported_with_its_log(tmp_path: Path):
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('this is why')", encoding="utf-8")
    with (
        Server([str(script)], tmp_path / "log.txt") as broken,
        pytest.raises(ServerError, match="this is why"),
    ):
        broken.wait(timeout=20)
