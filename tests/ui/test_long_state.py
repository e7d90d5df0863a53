"""What is too long for a link outlives a reload, Back and a change of language, and can be copied."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.harness.visit import Visit

pytestmark = pytest.mark.ui

LONG = "나는 오늘 학교에 갔다. " * 40  # 3,000 characters in an address
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"  # as on http in a LAN
TEXT = "document.querySelector('#next-token-text').value"
IDS = "window.lab.active().value.ids"


def type_and_draw(visit: Visit, text: str, n: int = 2) -> None:
    before = visit.serial()
    visit.page.locator("#next-token-text").fill(text)
    visit.page.locator("#next-token-text").press("Enter")
    visit.wait_painted(after=before)
    for _ in range(n):
        before = visit.serial()
        visit.page.locator("#go").click()
        visit.wait_painted(after=before)


def asked(visit: Visit) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visit.page.url).query)


def state(visit: Visit) -> tuple[str, str, int]:
    paths = "window.lab.active().value.tree.paths"
    return tuple(visit.page.evaluate(f"[{TEXT}, {IDS}, {paths}]"))


def test_a_text_over_the_link_s_limit_survives(open_page):
    visit = open_page(query={"model": "tiny-gpt2"})
    type_and_draw(visit, LONG)
    before = state(visit)
    assert before[0] == LONG.strip() and before[1] and "text" not in asked(visit)
    assert len(visit.page.url) <= 2000
    visit.page.reload()
    visit.wait_model()
    assert state(visit) == before, "after a reload"
    visit.page.locator(".tools a").first.click()
    visit.page.wait_for_url("**/en?**")
    visit.wait_model()
    assert state(visit) == before, "in the other language"
    serial = visit.serial()
    visit.page.locator(".scenes [data-key=next]").click()
    visit.wait_painted(after=serial)
    assert state(visit)[0] != before[0]
    serial = visit.serial()
    visit.page.go_back()
    visit.wait_painted(after=serial)
    assert state(visit) == before, "Back from a scene"


def test_an_answer_that_comes_while_the_page_is_left_takes_nothing_along(open_page):
    """The entry of the page that comes keeps the text; a learner who stays sees her address go on."""
    visit = open_page(query={"model": "tiny-gpt2"})
    type_and_draw(visit, LONG, n=1)
    entry = "JSON.stringify([history.state, location.href])"
    held = visit.page.evaluate(entry)
    visit.page.evaluate("dispatchEvent(new Event('beforeunload'))")
    before = visit.serial()
    visit.page.evaluate("lab.active().act({ type: 'draw' })")
    visit.wait_painted(after=before)
    assert visit.page.evaluate(entry) == held
    before = visit.serial()
    visit.page.locator("#go").click()
    visit.wait_painted(after=before)
    assert visit.page.evaluate(entry) != held


def test_a_text_is_sent_once(open_page):
    """Enter is a change of the field and a submission of its form."""
    visit = open_page(query={"model": "tiny-gpt2"})
    sent = []
    visit.page.on("request", lambda request: "/act/" in request.url and sent.append(request.post_data_json))
    type_and_draw(visit, "옛날 옛적에", n=1)
    assert [one["type"] for one in sent] == ["text", "draw"]


def test_a_path_that_is_too_long_does_not_take_the_text_with_it(open_page):
    ids = ",".join(f"{300 + i % 40}@{1000 + 2 * i}" for i in range(250))
    visit = open_page(query={"text": "나는 오늘", "ids": ids})
    assert asked(visit)["text"] == ["나는 오늘"] and "ids" not in asked(visit)
    before = state(visit)
    assert len(before[1].split(",")) == 250
    visit.page.reload()
    visit.wait_model()
    assert state(visit) == before


def test_a_path_as_long_as_a_lesson_takes_fits_into_an_address(open_page):
    """Commas stay commas."""
    visit = open_page(query={"text": "나는 오늘", "ids": ",".join(["300"] * 256)})
    assert asked(visit)["ids"] == [",".join(["300"] * 256)] and "%2C" not in visit.page.url


@pytest.mark.parametrize("keys_alone", [False, True])
def test_a_link_is_copied_where_the_browser_has_no_clipboard(open_page, keys_alone: bool):
    visit = open_page()
    visit.page.evaluate(NO_CLIPBOARD)
    if keys_alone:
        visit.page.evaluate("document.execCommand = () => false")
    button = visit.page.locator(".scenes .copy")
    button.click()
    field = visit.page.locator(".copy-field")
    if not keys_alone:
        button.filter(has_text="복사했어요").wait_for()
        assert not field.count()
        return
    button.filter(has_text="Ctrl+C").wait_for()
    assert visit.page.evaluate("getSelection().toString()") == visit.page.url
    assert field.is_visible()
    visit.page.keyboard.press("Escape")
    field.wait_for(state="detached")


def test_code_is_copied_by_hand_too(open_page):
    visit = open_page()
    visit.page.evaluate(NO_CLIPBOARD + "; document.execCommand = () => false")
    visit.page.locator("summary", has_text="이 화면의 코드").click()
    visit.page.locator(".code button").click()
    code = visit.page.locator(".code pre").inner_text().strip()
    assert visit.page.evaluate("getSelection().toString()").strip() == code
