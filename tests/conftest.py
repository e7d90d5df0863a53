"""Fixtures for all tests: one real server and browser for the session, a new visitor for each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.harness import chromium
from tests.harness.server import Server
from tests.harness.tabs import Tabs
from tests.harness.visit import DESKTOP, Visit

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: small models only wait for a second thread


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files without a browser first. Playwright, once started, keeps an event loop running in its thread, and
    a process that shares the tests with another takes whole files.
    """
    with_browser = {item.path for item in items if "browser" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path in with_browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`python app.py` as a host without internet starts it. Its log must hold no traceback at the end."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with Server(["app.py", "--offline"], log, {"GRADIO_TEMP_DIR": str(log.parent / "cache")}) as running:
        running.wait()
        yield running
    assert "Traceback" not in running.read_log(), running.read_log()[-4000:]


@pytest.fixture
def cache(server: Server) -> Path:
    """Where Gradio would put files that it serves; only this server uses it."""
    return server.log.parent / "cache"


@pytest.fixture
def no_traceback(server: Server) -> Iterator[None]:
    """Fails the very test during which the server logged a traceback."""
    before = len(server.read_log())
    yield
    printed = server.read_log()[before:]
    assert "Traceback" not in printed, printed[-4000:]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        running = chromium.launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="session")
def tabs(server: Server, browser: Browser) -> Tabs:
    """Tabs for the visits of all tests, emptied after each."""
    return Tabs(browser, server.url)


@pytest.fixture
def open_page(tabs: Tabs, no_traceback: None) -> Iterator[Callable[..., Visit]]:
    """`open_page(lang="ko", size=DESKTOP, theme="light", query={…}, model=True)` -> Visit, painted.

    With `model` it also waits for the first distribution that the model computed. Each call is a visitor of
    its own. When the test ends, no visit may have met a console error, an uncaught exception, a dialog or a
    request that left this machine.
    """
    visits: list[Visit] = []

    def open_(
        path: str = "",
        model: bool = True,
        lang: str = "ko",
        size: tuple[int, int] = DESKTOP,
        theme: str = "light",
        query: dict[str, object] | None = None,
    ) -> Visit:
        visit = tabs.visit(path, lang, size, theme, query)
        visits.append(visit)
        visit.wait_ready()
        if model:
            visit.wait_model()
        return visit

    yield open_
    complaints = [complaint for visit in visits for complaint in visit.complaints()]
    for visit in visits:
        tabs.give_back(visit)
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).parents[1]
