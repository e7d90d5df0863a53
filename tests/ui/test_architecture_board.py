"""The board of 「GPT-1 vs GPT-2」: one drawing of 1280 × 720 for the last row, in every scene."""

from __future__ import annotations

from pathlib import Path

import pytest

from lessons.architecture.lesson import LESSON
from tests.harness import drawing
from tests.harness.matrix import quick
from tests.harness.visit import Visit

pytestmark = pytest.mark.ui
BOARD = "#architecture .arch-board"
BOXES = ".part-box, .ln-box, .badge, .next, .token-cell"
SCRIPT = Path(__file__).with_name("architecture_drawing.js").read_text(encoding="utf-8")
# Smaller than 24 px; the small signs of a formula belong to large ones.
SMALL = """all => all.filter((one) => parseFloat(getComputedStyle(one).fontSize) < 24)
  .filter((one) => !one.closest(".katex, math")).map((one) => one.textContent)"""
WIDEST = 44  # px, the stream at the largest standard deviation on screen
ALONE = {"vocabulary", "context", "sizes", "embed", "position", "blocks", "unembed"}


def opened(open_page, **query) -> Visit:
    lang = query.pop("lang", "ko")
    visit = drawing.load(open_page(lang=lang, query={"lesson": "architecture", "present": 1} | query))
    visit.page.evaluate(SCRIPT)
    return visit


def wrong(visit: Visit) -> list[str]:
    page = visit.page
    small = page.locator(f"{BOARD} text, {BOARD} .board-inside :is(p, td, th, b, span, h3)").evaluate_all(
        SMALL
    )
    return [
        *drawing.wrong_words(visit, BOARD, BOXES),
        *(f"{text} is small" for text in small if text.strip()),
        *page.evaluate("drawn.boardPictures()"),
        *page.evaluate("drawn.boardArrows()"),
    ]


@pytest.mark.parametrize("lang", quick(["ko", "en"]))
def test_every_scene_has_room_for_its_words(open_page, lang):
    """One column beside a term, a head or a table; both where the drawings are compared."""
    visit = opened(open_page, lang=lang, scene=LESSON.scenes[0].id)
    page = visit.page
    for scene in LESSON.scenes:
        assert wrong(visit) == [], scene.id
        value = page.evaluate("lab.active().value")
        large = value["lit"] in ALONE or (value["panel"] or {}).get("kind") == "heads"
        columns = page.locator(f"{BOARD} :is(.gpt1, .gpt2) > .ground")
        assert columns.count() == (1 if large else 2), scene.id
        first = page.locator(f"{BOARD} > text").first
        assert first.text_content() == page.evaluate("lab.active().scenes[lab.active().value.scene].title")
        assert 34 <= first.evaluate("one => parseFloat(one.style.fontSize)") <= 46
        if scene is not LESSON.scenes[-1]:
            before = visit.serial()
            page.keyboard.press("PageDown")
            visit.wait_painted(after=before)


@pytest.mark.parametrize("lit", ["ln", "init"])
def test_both_columns_say_their_numbers(open_page, lit):
    """Each standard deviation beside its place, and the stream as wide as it says."""
    visit = opened(open_page, lit=lit)
    page = visit.page
    assert wrong(visit) == []
    columns = {column["side"]: column for column in page.evaluate("lab.active().value.columns")}
    found = page.evaluate("drawn.boardWidths()")
    stds = {
        (side, name): columns[side]["tensors"][name]["std"]
        for side, places in found.items()
        for name, _ in places
    }
    assert len(found["gpt1"]) >= 8
    for side, places in found.items():
        for name, width in places:
            expected = max(4, WIDEST * stds[side, name] / max(stds.values()))
            assert width == pytest.approx(expected, abs=1), (side, name)
    for side, column in columns.items():
        std = {name.removeprefix("blocks.2."): f"{one['std']:.2f}" for name, one in column["tensors"].items()}
        place = page.locator(f"{BOARD} > g.{side}")
        shown = place.locator("> text").all_text_contents()
        after = (
            ("hook_resid_mid", "hook_resid_post")
            if side == "gpt2"
            else ("ln1.hook_normalized", "ln2.hook_normalized")
        )
        expected = [std[name] for name in ("hook_attn_out", "hook_mlp_out", *after)]
        expected += (
            [std["ln_final.hook_normalized"]]
            if side == "gpt2"
            else [std["hook_resid_mid"], std["hook_resid_post"]]
        )
        expected += [f"{100 * column['next']['p']:.1f}%", f"GPT-{side[-1]}"]
        assert not [one for one in expected if one not in shown], side
        assert place.locator(".badge").count() == (2 if lit == "init" else 0)
        assert place.locator(".old-place").count() == (2 if (lit, side) == ("ln", "gpt2") else 0)
        assert place.locator(".ln.lit").count() == (2 if lit == "ln" else 0)
        assert place.locator("image").count() == (6 if lit == "ln" else 4)


def test_what_is_in_the_panel_is_framed_and_nothing_else(open_page):
    visit = opened(open_page, side="gpt1", node="blocks.2.mlp.hook_post", lit="none")
    page = visit.page
    chosen = page.locator(f"{BOARD} [data-chosen]")
    assert chosen.evaluate_all("all => all.map((one) => one.dataset.key)") == ["gpt1:blocks.2.mlp.hook_post"]
    before = visit.serial()
    page.locator(f"{BOARD} .gpt2 .ln").first.click()
    visit.wait_painted(after=before)
    assert chosen.evaluate_all("all => all.map((one) => one.dataset.key)") == [
        "gpt2:blocks.2.ln1.hook_normalized"
    ]
    assert "node" not in page.url or "ln1" in page.url


def test_an_ln_stands_on_the_stream_or_on_the_way_into_its_part(open_page):
    visit = opened(open_page, lit="ln")
    for side in ("gpt1", "gpt2"):
        place = visit.page.locator(f"{BOARD} > g.{side}")
        numbers = (
            "all => all.map((one) => ['x', 'y', 'width', 'height'].map((name) => one[name].baseVal.value))"
        )
        boxes = place.locator(".ln-box").evaluate_all(numbers)
        parts = place.locator("g > .part-box[height='104']").evaluate_all(numbers)
        sums = place.locator(".plus circle").evaluate_all(
            "all => all.map((one) => [one.cx.baseVal.value, one.cy.baseVal.value])"
        )
        assert len(parts) == len(sums) == 2 and len(boxes) == (3 if side == "gpt2" else 2)
        for (x, y, width, height), part, (spine, sum_y) in zip(boxes[:2], parts, sums, strict=True):
            middle = y + height / 2
            if side == "gpt1":
                assert x + width / 2 == spine and y + height < sum_y, "above the sum, on the stream"
            else:
                assert spine + 20 < x and x + width < part[0] and part[1] < middle < part[1] + part[3]
                assert middle > sum_y, "before the sum"


def test_a_head_is_large_enough_to_be_read(open_page):
    """Each row beside the name of its token, each column above it, the colours those of the weights."""
    visit = opened(open_page, side="gpt1", node="blocks.2.attn.hook_pattern", head=1)
    page = visit.page
    assert wrong(visit) == []
    assert "GPT-1 · 헤드 1" in page.locator(f"{BOARD} > text").all_text_contents()
    panel = page.evaluate("lab.active().value.panel")
    frame = page.locator(f"{BOARD} .board-frame").evaluate(
        "one => [one.x, one.y, one.width].map((n) => n.baseVal.value)"
    )
    names = [("·" if token["space"] else "") + token["piece"] for token in panel["tokens"]]
    texts = page.evaluate("drawn.boardTexts()")
    rows = [one for one in texts if one[0] in names and one[3] == "end"]
    columns = [one for one in texts if one[0] in names and one[3] == "middle"]
    assert [one[0] for one in rows] == [one[0] for one in columns] == names
    step = frame[2] / len(names)
    for index, (row, column) in enumerate(zip(rows, columns, strict=True)):
        assert row[2] - 9 == pytest.approx(frame[1] + (index + 0.5) * step, abs=2) and row[1] < frame[0]
        assert (
            column[1] == pytest.approx(frame[0] + (index + 0.5) * step, abs=1)
            and column[2] > frame[1] + frame[2]
        )
    assert page.evaluate("drawn.boardHead()")


def test_a_long_text_shows_its_first_tokens_and_that_there_are_more(open_page):
    visit = opened(open_page, text="나는 오늘 아침에 친구와 학교에 갔다")
    assert wrong(visit) == []
    for side in ("gpt1", "gpt2"):
        place = visit.page.locator(f"{BOARD} > g.{side}")
        tokens = visit.page.evaluate(
            f"lab.active().value.columns.find((one) => one.side === '{side}').tokens"
        )
        shown = place.locator(".token-cell + text").all_text_contents()
        names = [("·" if token["space"] else "") + token["piece"] for token in tokens]
        assert 2 <= len(shown) < len(names) and shown == names[: len(shown)]
        assert place.locator("> text", has_text="…").count() == 1
    visit = opened(open_page, text="나는 오늘")
    assert visit.page.locator(f"{BOARD} > g.gpt1 > text", has_text="…").count() == 0
    assert visit.page.locator(f"{BOARD} > g.gpt1 .token-cell").count() == 2
