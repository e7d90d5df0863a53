"""Models in the page: picked, not to be had, one of our own; and a press before any is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.server import QUIET, Server
from tests.harness.visit import Visit, open_visit
from tests.tiny_models import write_folder

pytestmark = pytest.mark.ui

PICKER = ".tool.model select"
IDS = "new URLSearchParams(location.search).get('ids')"


def address(visit: Visit, name: str) -> str | None:
    """A field of the address."""
    return visit.page.evaluate("name => new URLSearchParams(location.search).get(name)", name)


def pick(visit: Visit, model: str) -> None:
    before = visit.serial()
    visit.page.locator(PICKER).select_option(model)
    visit.wait_painted(after=before, timeout=90)


def test_another_model_continues_the_same_text(open_page):
    visit = open_page(query={"text": "나는 오늘"})
    bars = visit.page.locator(".dist").inner_text()
    pick(visit, "tiny-gpt1")
    assert address(visit, "model") == "tiny-gpt1"
    assert address(visit, "text") == "나는 오늘"
    assert visit.page.locator(".dist").inner_text() != bars


def test_a_model_that_cannot_be_had_leaves_the_embedded_one(open_page):
    """The server runs with --offline, and nothing is in its cache."""
    visit = open_page()
    pick(visit, "openai-community/gpt2")
    notice = visit.page.locator(".view .note").first
    assert len(notice.inner_text().strip().splitlines()) == 1
    assert visit.page.locator(PICKER).input_value() == "tiny-gpt2"
    before = visit.serial()
    visit.page.locator("#go").click()
    visit.wait_painted(after=before)
    assert len(address(visit, "ids").split(",")) == 1


def test_a_change_of_language_keeps_text_model_and_state(open_page):
    visit = open_page(query={"text": "오늘 학교에서", "model": "tiny-gpt1", "temperature": 1.5, "seed": 9})
    for _ in range(2):
        before = visit.serial()
        visit.page.locator("#go").click()
        visit.wait_painted(after=before)
    names = ("text", "model", "temperature", "seed", "ids")
    kept = {name: address(visit, name) for name in names}
    assert kept["model"] == "tiny-gpt1" and kept["ids"]
    visit.page.locator(".tools a").first.click()
    visit.page.wait_for_url("**/en?**")
    visit.wait_ready()
    visit.wait_model()
    assert visit.page.evaluate("document.documentElement.lang") == "en"
    assert {name: address(visit, name) for name in names} == kept


@pytest.mark.slow
def test_a_folder_of_ones_own_is_picked_from_the_start(browser, tmp_path: Path):
    folder = tmp_path / "my-model"
    folder.mkdir()
    spec = write_folder(folder, "gpt2")
    with Server(["app.py", "--model", str(folder)], tmp_path / "log.txt", QUIET) as server:
        server.wait()
        visit = open_visit(browser, server.url)
        visit.wait_model()
        assert visit.page.locator(PICKER).input_value() == spec.name
        assert str(tmp_path) not in visit.page.content(), "a path of the server is shown"
        assert not visit.complaints()
        visit.page.context.close()
        assert "Traceback" not in server.read_log()


@pytest.mark.slow
def test_a_press_before_the_model_is_there_is_carried_out(browser, tmp_path: Path):
    """A fresh process imports torch after the first page is served; the press waits for it, told in words."""
    with Server(["app.py"], tmp_path / "log.txt", QUIET) as server:
        server.wait_listening()
        visit = open_visit(browser, server.url, query={"lang": None, "theme": None})
        visit.wait_ready()
        assert visit.page.evaluate("document.documentElement.dataset.model ?? ''") == ""
        visit.page.locator("#go").click()
        visit.page.locator("#next-token .say .waiting span", has_text="모델").wait_for()
        visit.wait_model()
        visit.page.wait_for_function(f"{IDS} !== null")
        assert len(address(visit, "ids").split(",")) == 1
        assert not visit.complaints()
        visit.page.context.close()
