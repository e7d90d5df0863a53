"""A walk through 「GPT-1 vs GPT-2」: boxes, blocks, differences, equation (2), labs; mouse and keyboard."""

from __future__ import annotations

import pytest

from lessons.architecture.state import CHANGES, TERMS
from tests.harness.visit import PHONE, Visit

pytestmark = pytest.mark.ui
LESSON = {"lesson": "architecture"}
# One of each kind of place in the drawings.
PLACES = [
    ("gpt1", "hook_embed"),
    ("gpt1", "hook_pos_embed"),
    ("gpt1", "blocks.2.attn.hook_pattern"),
    ("gpt1", "blocks.2.hook_resid_mid"),
    ("gpt1", "blocks.2.ln1.hook_normalized"),
    ("gpt1", "blocks.2.ln2.hook_normalized"),
    ("gpt2", "blocks.0.hook_resid_pre"),
    ("gpt2", "blocks.2.hook_attn_out"),
    ("gpt2", "blocks.2.ln1.hook_normalized"),
    ("gpt2", "blocks.2.mlp.hook_post"),
    ("gpt2", "blocks.2.hook_mlp_out"),
    ("gpt2", "blocks.2.hook_resid_post"),
    ("gpt2", "blocks.3.hook_resid_post"),
    ("gpt2", "ln_final.hook_normalized"),
    ("gpt2", "logits"),
]


def painted(visit: Visit, action) -> None:
    """Do something that Python answers, and wait for its picture."""
    before = visit.serial()
    action()
    visit.wait_painted(after=before)


def wait_address(visit: Visit, name: str, value: str) -> None:
    """Until the address says `name=value`."""
    visit.page.wait_for_function(
        "([name, value]) => new URLSearchParams(location.search).get(name) === value", arg=[name, value]
    )


def spot(visit: Visit, side: str, name: str):
    return visit.page.locator(f"#architecture .arch-column.{side} [data-node='{name}']").first


def test_every_kind_of_place_opens_in_the_panel(open_page):
    visit = open_page(query=LESSON)
    panel = visit.page.locator("#architecture .panel")
    for side, name in PLACES:
        place = spot(visit, side, name)
        assert "σ" not in (place.get_attribute("aria-label") or "σ"), "a place without a name"
        painted(visit, lambda place=place: place.focus() or visit.page.keyboard.press("Enter"))
        assert panel.locator(".about code").first.inner_text() == name
        assert side in panel.get_attribute("class")
        assert panel.locator("canvas").count() >= 1
        assert panel.locator("math").count() >= 1
        assert panel.locator(".panel-code code").count() >= 1 or name.endswith("resid_pre")


def test_a_row_is_marked_in_every_heatmap(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    page.locator("#architecture .arch-column.gpt1 .token").first.hover()
    for side in ("gpt1", "gpt2"):  # the same word, whatever tokens it is cut into
        thumbnails = page.locator(f"#architecture .arch-column.{side} .marks rect").count()
        assert thumbnails >= 10
    page.locator("#architecture h1").hover()
    assert page.locator("#architecture .marks rect").count() == 0
    painted(visit, lambda: page.locator("#architecture .arch-column.gpt2 .token").nth(1).click())
    wait_address(visit, "row", "1")
    pressed = page.locator("#architecture .heat-names [aria-pressed=true]").first
    assert (
        pressed.inner_text()
        == page.locator("#architecture .arch-column.gpt2 .token text").nth(1).text_content()
    )


def test_the_blocks_are_walked_with_the_slider_and_the_bars(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    painted(
        visit, lambda: page.locator("#architecture .walk input").focus() or page.keyboard.press("ArrowRight")
    )
    wait_address(visit, "block", "3")
    assert page.locator("#architecture .arch-column.gpt1 .mono").text_content() == "blocks.3"
    painted(visit, lambda: page.locator("#architecture .arch-column.gpt2 .bar").first.press("Enter"))
    wait_address(visit, "block", "0")
    assert page.locator("#architecture .panel .about code").inner_text() == "blocks.0.ln1.hook_normalized"


def test_the_five_differences_and_the_equation_light_up_one_by_one(open_page):
    visit = open_page(query={**LESSON, "lit": "none"})
    page = visit.page
    drawings = page.locator("#architecture .arch-column > svg[data-lit]")
    for number, name in enumerate(CHANGES):
        painted(visit, lambda number=number: page.locator("#architecture .of-changes").nth(number).click())
        assert [drawings.nth(i).get_attribute("data-lit") for i in range(2)] == [name, name]
    painted(visit, lambda: page.locator("#architecture .mode").click())
    for number, name in enumerate(TERMS):
        if number:
            painted(
                visit, lambda number=number: page.locator("#architecture .of-equation").nth(number).click()
            )
        assert drawings.first.get_attribute("data-lit") == name
        pressed = page.locator("#architecture .equation-term[aria-pressed=true]")
        assert pressed.count() == 1
        assert page.locator("#architecture .term-values p").count() >= 2


def test_typing_repaints_both_drawings(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    page.locator("#architecture-text").fill("오늘 학교에서")
    wait_address(visit, "text", "오늘 학교에서")
    for side in ("gpt1", "gpt2"):
        words = page.locator(f"#architecture .arch-column.{side} .token text").all_text_contents()
        assert "".join(words).replace("·", " ").strip() == "오늘 학교에서"


def test_a_lab_is_measured_until_it_is_done_and_a_moved_slider_begins_anew(open_page):
    visit = open_page(query={**LESSON, "depth": "2"})
    page = visit.page
    page.locator("#architecture details").nth(1).locator("summary").click()
    lab = page.locator("#architecture details").nth(1)
    lab.locator("svg.line-chart").wait_for()
    done = "() => document.querySelectorAll('#architecture details')[1].querySelector('progress').value === 1"
    page.wait_for_function(done)
    assert lab.locator("svg.line-chart").get_attribute("aria-label")
    painted(visit, lambda: lab.locator("input[type=range]").focus() or page.keyboard.press("ArrowRight"))
    page.wait_for_function(done)
    wait_address(visit, "depth", "3")


def test_on_a_phone_in_the_dark_in_english(open_page):
    visit = open_page(lang="en", size=PHONE, theme="dark", query=LESSON)
    page = visit.page
    columns = {side: page.locator(f"#architecture .arch-column.{side}") for side in ("gpt1", "gpt2")}
    assert columns["gpt2"].is_visible() and not columns["gpt1"].is_visible(), (
        "one at a time, that of the panel"
    )
    page.locator("[data-key=show-gpt1]").click()
    assert columns["gpt1"].is_visible() and not columns["gpt2"].is_visible()
    assert page.locator("[data-key=show-gpt1]").get_attribute("aria-pressed") == "true"
    painted(visit, lambda: spot(visit, "gpt1", "blocks.2.ln1.hook_normalized").click())
    page.locator("#architecture .panel").scroll_into_view_if_needed()
    assert page.locator("#architecture .panel .about code").inner_text() == "blocks.2.ln1.hook_normalized"
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 1


@pytest.mark.parametrize("scene", ["unembed", "context"])
def test_what_is_lit_is_in_sight_on_a_phone(open_page, scene):
    """The row of the changes and that of the terms are wider than a phone."""
    page = open_page(size=PHONE, query={"lesson": "architecture", "scene": scene}).page
    row = page.locator("#architecture .step-list").bounding_box()
    lit = page.locator("#architecture .step-list [aria-pressed=true]")
    assert lit.count() == 1
    box = lit.bounding_box()
    assert row["x"] - 1 <= box["x"] and box["x"] + box["width"] <= row["x"] + row["width"] + 1


def test_a_wide_page_shows_both_models_and_no_switch(open_page):
    page = open_page(query=LESSON).page
    assert not page.locator("[data-key=show-gpt1]").is_visible()
    assert all(page.locator(f"#architecture .arch-column.{side}").is_visible() for side in ("gpt1", "gpt2"))
    look, bar = (page.locator(one).bounding_box() for one in ("#architecture .look", "#shell .scenes"))
    assert look["y"] + look["height"] <= bar["y"] + 2, "the line to look at lies under the bar"


def test_nothing_moves_when_the_reader_wants_no_motion(open_page):
    visit = open_page(query={**LESSON, "lit": "none"})
    page = visit.page
    page.emulate_media(reduced_motion="no-preference")
    painted(visit, lambda: page.locator("#architecture .of-changes").first.click())
    moved = page.locator("#architecture .arch-column.gpt2 .moved")
    assert moved.count() == 2
    name = "node => getComputedStyle(node).animationName"
    assert moved.first.evaluate(name) == "arch-move"
    page.emulate_media(reduced_motion="reduce")
    assert moved.first.evaluate(name) == "none"


DEEPER = """() => {
  const { value } = lab.active();
  const deep = structuredClone(value);
  const second = deep.columns[1];
  const { tensors } = second;
  for (let layer = 4; layer < 12; layer += 1) {
    tensors[`blocks.${layer}.hook_resid_post`] = tensors["blocks.3.hook_resid_post"];
  }
  for (const name of Object.keys(tensors)) {
    if (name.startsWith("blocks.2.")) tensors[name.replace("blocks.2.", "blocks.6.")] = tensors[name];
  }
  Object.assign(second, { n_layer: 12, open: 6 });
  lab.active().value = Object.assign(deep, { blocks: 12, open: 6 });
  lab.active().paint();
}"""


def test_open_blocks_of_models_of_different_depth_stand_side_by_side(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    page.evaluate(DEEPER)
    bars = [page.locator(f"#architecture .arch-column.{side} .bar").count() for side in ("gpt1", "gpt2")]
    assert bars == [3, 4]
    frames = page.locator("#architecture .frame.e-blocks")
    tops = [frames.nth(index).bounding_box()["y"] for index in range(2)]
    assert tops[0] == pytest.approx(tops[1], abs=0.5)
    inside = [page.locator("#architecture .arch-column > svg").nth(index).bounding_box() for index in (0, 2)]
    assert inside[0]["height"] == inside[1]["height"]


def test_the_board_shows_thumbnails(open_page):
    visit = open_page(query={**LESSON, "present": 1})
    for side in ("gpt1", "gpt2"):
        assert (
            visit.page.locator(f".arch-board .{side} image").count() >= 6
        )  # two arrows, two streams, MLP, heads


def test_lab_1_switches_its_start_values_by_keyboard_and_shows_what_is_chosen(open_page):
    """The radios are reached with Tab and the arrows, their choice is in the link, a checked mark is seen."""
    visit = open_page(query={**LESSON, "depth": "2"})
    page = visit.page
    lab = page.locator("#architecture details").first
    lab.locator("summary").click()
    box, ours, theirs = (lab.locator(f"[data-key={key}]") for key in ("scaled", "init-gpt", "init-xavier"))
    lab.locator("svg.line-chart").first.wait_for()
    assert ours.is_checked() and not theirs.is_checked() and not box.is_checked()
    assert "GPT-1" in lab.locator(".about", has_text="4.1").inner_text()
    look = "node => getComputedStyle(node).backgroundColor"
    empty = box.evaluate(look)
    box.focus()
    painted(visit, lambda: page.keyboard.press("Space"))
    wait_address(visit, "scaled", "1")
    assert box.is_checked() and box.evaluate(look) != empty
    page.keyboard.press("Tab")
    assert ours.evaluate("node => node === document.activeElement")
    painted(visit, lambda: page.keyboard.press("ArrowRight"))
    wait_address(visit, "init", "xavier")
    assert theirs.is_checked() and theirs.evaluate("node => node === document.activeElement")
    assert theirs.evaluate(look) != ours.evaluate(look) == empty
    assert "Xiong" in lab.locator(".about", has_text="Xavier").inner_text()
    assert lab.locator(".lab-say").first.inner_text().count("블록") >= 2


@pytest.mark.parametrize("size", [None, PHONE])
def test_no_badge_of_the_start_weights_lies_on_a_number(open_page, size):
    visit = open_page(query={**LESSON, "lit": "init"}, **({"size": size} if size else {}))
    badges = visit.page.locator("#architecture .arch-column .note-init > rect")
    assert badges.count() == 4
    covered = badges.evaluate_all(
        """rects => rects.flatMap(rect => {
             const b = rect.getBoundingClientRect();
             return [...rect.ownerSVGElement.querySelectorAll("text")].filter(text => {
               const t = text.getBoundingClientRect();
               return text.parentNode !== rect.parentNode && t.left < b.right - 1 && t.right > b.left + 1
                 && t.top + 4 < b.bottom && t.bottom - 4 > b.top;
             }).map(text => text.textContent);
           })"""
    )
    assert not covered
