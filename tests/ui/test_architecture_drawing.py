"""The two drawings of 「GPT-1 vs GPT-2」 as geometry: words in their boxes, arrows from one thing to another,
a stream as wide as its standard deviation, every block once, every thumbnail with its tensor's numbers.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from lessons.architecture.state import CHANGES, SIDES
from tests.harness import drawing
from tests.harness.visit import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.ui
LESSON = {"lesson": "architecture"}
COLUMNS = "#architecture .arch-column > svg[data-lit]"
BOXES = ".box, .next-token > rect, .note-init > rect, .strip"
WIDEST = 36  # px, the stream at the largest standard deviation on screen
LONG = "오늘 아침에 작은 강아지가 학교 앞에서 친구를 기다리고 있었는데 비가 와서 집에 갔다"

SCRIPT = Path(__file__).with_name("architecture_drawing.js").read_text(encoding="utf-8")


def opened(open_page, **how) -> Visit:
    visit = drawing.load(open_page(query=LESSON | how.pop("query", {}), **how))
    visit.page.evaluate(SCRIPT)
    return visit


def wrong(visit: Visit) -> list[str]:
    """Everything about the drawings that is not as it should be."""
    return [
        *drawing.wrong_words(visit, COLUMNS, BOXES, grounds=".strip"),
        *visit.page.evaluate("drawn.thumbnails()"),
        *visit.page.evaluate("drawn.arrows()"),
        *visit.page.evaluate("drawn.onStream()"),
    ]


def light(visit: Visit, number: int) -> None:
    before = visit.serial()
    visit.page.locator("#architecture .of-changes").nth(number).click()
    visit.wait_painted(after=before)


def change(visit: Visit, n_layer: int, open_block: int, n_head: int = 6) -> None:
    visit.page.evaluate(
        "([layers, open, heads]) => drawn.change(layers, open, heads)", [n_layer, open_block, n_head]
    )


def test_words_and_arrows_have_their_place_whatever_is_lit(open_page):
    visit = opened(open_page, query={"lit": "none"})
    assert wrong(visit) == []
    for number in range(len(CHANGES)):
        light(visit, number)
        assert wrong(visit) == [], CHANGES[number]


def test_words_and_arrows_have_their_place_on_a_phone_in_english(open_page):
    visit = opened(open_page, lang="en", size=PHONE)
    for number, side in ((0, "gpt2"), (2, "gpt2"), (1, "gpt1"), (2, "gpt1")):
        light(visit, number)
        visit.page.locator(f"[data-key=show-{side}]").click()
        assert wrong(visit) == [], (CHANGES[number], side)
        width = visit.page.evaluate("lab.active().value.columns[0].d_model")
        assert visit.page.locator(f".arch-column.{side} .s-mlp .q").nth(1).text_content() == f"{4 * width}"


@pytest.mark.parametrize("size", [DESKTOP, pytest.param(PHONE, marks=pytest.mark.slow)])
def test_deeper_models_and_many_heads_have_room(open_page, size):
    visit = opened(open_page, lang="en", size=size)
    for how in ((12, 6, 12), (48, 0, 25), (48, 47, 25), (5, 3, 6)):
        change(visit, *how)
        assert wrong(visit) == [], how


def test_every_block_is_in_one_bar_or_open(open_page):
    """From bottom to top, none twice; those next to the open one stand alone."""
    visit = opened(open_page)
    for n_layer, open_block in ((4, 2), (4, 0), (5, 0), (5, 4), (12, 1), (12, 6), (48, 46)):
        change(visit, n_layer, open_block)
        for side in ("gpt1", "gpt2"):
            bars = visit.page.evaluate("side => drawn.bars(side)", side)
            assert [bar["y"] for bar in bars] == sorted((bar["y"] for bar in bars), reverse=True)
            blocks = [list(range(bar["blocks"][0], bar["blocks"][-1] + 1)) for bar in bars]
            assert sorted([open_block, *itertools.chain(*blocks)]) == list(range(n_layer))
            near = [one for one in (open_block - 1, open_block + 1) if 0 <= one < n_layer]
            assert all([one] in blocks for one in near) and len(blocks) <= 4
            assert all(0 < bar["right"] < 24 and abs(bar["aloft"]) < 1 for bar in bars), "the mark of a bar"


@pytest.mark.parametrize("n_layer", [4, 12])
def test_the_stream_is_as_wide_as_its_standard_deviation(open_page, n_layer):
    visit = opened(open_page)
    if n_layer > 4:
        change(visit, n_layer, 6)
    found = visit.page.evaluate("drawn.widths()")
    columns = {column["side"]: column for column in visit.page.evaluate("lab.active().value.columns")}
    stds = {
        (side, name): columns[side]["tensors"][name]["std"]
        for side, places in found.items()
        for name, _ in places
    }
    assert len(stds) >= 14
    for side, places in found.items():
        for name, width in places:
            expected = max(2.5, WIDEST * stds[side, name] / max(stds.values()))
            assert width == pytest.approx(expected, abs=0.8), (side, name)


def test_thumbnails_have_the_colours_of_their_numbers(open_page):
    found = opened(open_page).page.evaluate("drawn.colours()")
    assert len(found) > 30 and all(found)


def test_a_text_too_long_shows_its_last_tokens(open_page):
    """As many as there is room for; the rest is an ellipsis."""
    visit = opened(open_page, query={"text": LONG})
    assert wrong(visit) == []
    for column in visit.page.evaluate("lab.active().value.columns"):
        place = visit.page.locator(f"#architecture .arch-column.{column['side']}")
        chips = place.locator(".token")
        shown = [text.lstrip("·") for text in chips.locator("text").all_text_contents()]
        assert 2 <= len(shown) < len(column["tokens"])
        assert shown == [token["piece"].strip() for token in column["tokens"][-len(shown) :]]
        assert place.locator("svg[data-lit] > text", has_text="…").count() == 1
        last, svg = chips.last.bounding_box(), place.locator("svg[data-lit]").bounding_box()
        room = svg["x"] + svg["width"] - last["x"] - last["width"]
        assert -1 <= room < 90, "they do not fit, or there is room for another"


def test_marked_rows_are_framed_in_every_thumbnail(open_page):
    visit = opened(open_page)
    for number in (0, 3):
        visit.page.locator("#architecture .arch-column.gpt2 .token").nth(number).hover()
        for column in visit.page.evaluate("drawn.frames()"):
            assert column["pointed"] == 1
            assert column["frames"] == column["expected"] == column["found"] > 10


def test_what_only_one_of_them_has(open_page):
    """GPT-1 writes what its sums measured before LN; GPT-2 has a final LN, and LN in the arrows' way."""
    page = opened(open_page).page
    one = {side: page.locator(f"#architecture .arch-column.{side}") for side in SIDES}
    assert [one[side].locator(".value").count() for side in SIDES] == [2, 0]
    assert [one[side].locator(".s-final").count() for side in SIDES] == [0, 1]
    tensors = page.evaluate("lab.active().value.columns[0].tensors")
    sums = [f"{tensors[f'blocks.2.hook_resid_{half}']['std']:.2f}" for half in ("mid", "post")]
    assert one["gpt1"].locator(".value text").all_text_contents() == sums
    spines = page.evaluate("lab.active().drawings.map(({ svg, spine }) => drawn.box(svg).left + spine)")
    for side, spine in zip(SIDES, spines, strict=True):
        boxes = [box.bounding_box() for box in one[side].locator(".s-ln .box").all()]
        assert len(boxes) == 2
        for box in boxes:
            aside = box["x"] + box["width"] / 2 - spine
            assert abs(aside) < 2 if side == "gpt1" else box["x"] > spine + 18


def test_the_slider_ends_at_the_last_block(open_page):
    visit = opened(open_page)
    slider = visit.page.locator("#architecture .walk input")
    slider.focus()
    for key, block in (("End", 3), ("Home", 0)):
        before = visit.serial()
        visit.page.keyboard.press(key)
        visit.wait_painted(after=before)
        assert visit.page.locator("#architecture .arch-column.gpt2 .mono").text_content() == f"blocks.{block}"
        assert slider.evaluate("one => one.style.getPropertyValue('--fill')") == f"{100 * block / 3:g}%"
