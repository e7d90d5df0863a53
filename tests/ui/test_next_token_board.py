"""The board of 「GPT란?」: every number of the picture where it can be seen from the last row."""

from __future__ import annotations

import itertools

import pytest

from lessons.next_token.lesson import LESSON
from tests.harness import drawing
from tests.harness.visit import Visit

pytestmark = pytest.mark.ui
BOARD = "#next-token .board > svg"
BOXES = ".cell, .candidate > .ground, svg > .board-bar, .board-model"
SMALL = "all => all.filter((one) => parseFloat(one.style.fontSize) < 24).map((one) => one.textContent)"
LONG = "나는 오늘 그 곳에 간다 그리고 친구와 학교에서"


def opened(open_page, **query) -> Visit:
    return drawing.load(open_page(query={"lesson": "next-token", "present": 1} | query))


def wrong(visit: Visit) -> list[str]:
    small = visit.page.locator(f"{BOARD} text").evaluate_all(SMALL)
    return [
        *drawing.wrong_words(visit, BOARD, BOXES, grounds=".board-model"),
        *(f"{text} is small" for text in small),
    ]


def press(visit: Visit, key: str) -> None:
    before = visit.serial()
    visit.page.keyboard.press(key)
    visit.wait_painted(after=before)


def boxes(visit: Visit, selector: str) -> list[dict[str, float]]:
    """x, y, width and height in the pixels of the drawing, without the lines around."""
    return visit.page.locator(f"{BOARD} {selector}").evaluate_all(
        "all => all.map(({ x, y, width, height }) => ({ x: x.baseVal.value, y: y.baseVal.value,"
        " width: width.baseVal.value, height: height.baseVal.value }))"
    )


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_every_scene_has_room_for_its_words(open_page, lang):
    visit = drawing.load(
        open_page(lang=lang, query={"lesson": "next-token", "present": 1, "scene": LESSON.scenes[0].id})
    )
    for scene in LESSON.scenes:
        assert wrong(visit) == [], scene.id
        title = visit.page.evaluate("lab.active().scenes[lab.active().value.scene].title")
        first = visit.page.locator(f"{BOARD} > text").first
        size = first.evaluate("one => parseFloat(one.style.fontSize)")
        assert first.text_content() == title and 40 <= size <= 54
        if scene is not LESSON.scenes[-1]:
            press(visit, "PageDown")


def test_bars_are_as_long_as_their_probabilities(open_page):
    visit = opened(open_page, text="나는 오늘", top_k=3, top_p=1)
    press(visit, "Space")
    value = visit.page.evaluate("lab.active().value")
    single = [row for row in value["rows"] if not row["rest"]]
    hit = value["rows"][value["hit"]]
    shown = single[:5] if hit in single[:5] else [*single[:4], hit]
    bars = boxes(visit, ".candidate .board-bar")
    groups = visit.page.locator(f"{BOARD} .candidate").all()
    longest = max(row["after"] for row in shown)
    assert len(bars) == len(shown) == 5
    widest = max(bar["width"] for bar in bars)
    assert widest > 380
    for row, bar, group in zip(shown, bars, groups, strict=True):
        assert bar["width"] == pytest.approx(max(2, widest * row["after"] / longest), abs=1)
        name, told = group.locator("text").all_text_contents()
        assert name.lstrip("·") == (row["label"] or row["piece"])
        assert told == (f"{100 * row['after']:.0f}%" if row["after"] else f"{row['cut']} 밖")
        sizes = group.locator("text").evaluate_all("all => all.map((one) => parseFloat(one.style.fontSize))")
        assert sizes == [32, 32 if row["after"] else 24]
        assert ("hit" in group.locator(".board-bar").get_attribute("class").split()) == (row is hit)
    assert visit.page.locator(f"{BOARD} .candidate .board-bar.hit").count() == 1


def test_the_strip_stands_from_0_to_1_and_the_needle_at_u(open_page):
    visit = opened(open_page, text="나는 오늘", top_k=0, top_p=1, temperature=1.2)
    press(visit, "Space")
    value = visit.page.evaluate("lab.active().value")
    spans = [(*span, index) for index, row in enumerate(value["rows"]) for span in row["spans"]]
    pieces = boxes(visit, "> .board-bar")
    assert len(pieces) == len(spans)
    top, bottom = min(one["y"] for one in pieces) - 1, max(one["y"] + one["height"] for one in pieces) + 1
    scale = bottom - top
    assert scale > 180
    for (low, high, _), piece in zip(spans, pieces, strict=True):
        assert piece["y"] - 1 - top == pytest.approx(low * scale, abs=1)
        assert piece["height"] == pytest.approx(max(1, (high - low) * scale - 2), abs=1)
    hits = visit.page.locator(f"{BOARD} > .board-bar").evaluate_all(
        "all => all.map((one) => one.classList.contains('hit'))"
    )
    assert hits == [index == value["hit"] for *_, index in spans]
    needle = visit.page.locator(f"{BOARD} > circle").first.get_attribute("cy")
    assert float(needle) - top == pytest.approx(value["u"] * scale, abs=1)
    texts = visit.page.locator(f"{BOARD} > text").all_text_contents()
    assert f"{value['u']:.3f}" in texts
    assert ("0" in texts, "1" in texts) == (value["u"] > 0.22, value["u"] < 0.75)
    assert visit.page.locator(f"{BOARD} .rise").count() == 1, "a line leads from the number to the chip"


def test_no_number_is_shown_for_what_was_chosen_by_hand(open_page):
    visit = opened(open_page, text="나는 오늘")
    assert visit.page.locator(f"{BOARD} .needle").count() == 0
    before = visit.serial()
    visit.page.locator(f"{BOARD} .candidate").nth(1).click()
    visit.wait_painted(after=before)
    assert visit.page.locator(f"{BOARD} .needle").count() == 0
    texts = visit.page.locator(f"{BOARD} > text").all_text_contents()
    assert "0" in texts and "1" in texts and "직접 골랐어요" in texts
    assert wrong(visit) == []


@pytest.mark.parametrize("text", ["나는 오늘", LONG])
def test_the_two_rows_stand_one_above_the_other(open_page, text):
    """The last tokens of the input; above them what comes out, one place to the right."""
    visit = opened(open_page, text=text)
    for _ in range(2):
        value = visit.page.evaluate("lab.active().value")
        tokens = [*value["tokens"], *([value["drawn"]] if value["drawn"] else [])]
        name = lambda token: ("·" if token["space"] else "") + (token["label"] or token["piece"])  # noqa: E731
        first = max(0, len(value["tokens"]) - (5 - (2 if value["u"] is not None else 1)))
        texts = visit.page.locator(f"{BOARD} > .cell + text").all_text_contents()
        cells = boxes(visit, "> .cell")
        assert len(cells) == 10 and wrong(visit) == []
        columns = sorted({round(cell["x"]) for cell in cells})
        assert len(columns) == 5 and all(b - a == 207 for a, b in itertools.pairwise(columns))
        output, into = tokens[first:][:5], value["tokens"][first:][:5]
        assert sorted(texts) == sorted([name(token) for token in [*output, *into]])
        assert visit.page.locator(f"{BOARD} .cell.in").count() == len(into)
        assert visit.page.locator(f"{BOARD} .cell.hit").count() == bool(value["drawn"])
        big = visit.page.locator(f"{BOARD} > .cell + text").evaluate_all(
            "all => all.map((one) => [one.getBoundingClientRect().width, parseFloat(one.style.fontSize)])"
        )
        assert all(size == 50 or (size > 24 and width > 150) or width > 140 for width, size in big), (
            "large letters"
        )
        press(visit, "Space")


def test_covered_bars_can_be_uncovered_on_the_board(open_page):
    visit = opened(open_page, scene="guess")
    assert wrong(visit) == []
    assert visit.page.locator(f"{BOARD} .board-bar").count() == 0
    before = visit.serial()
    visit.page.locator(f"{BOARD} [data-key=reveal]").click()
    visit.wait_painted(after=before)
    assert visit.page.locator(f"{BOARD} .board-bar").count() > 5
