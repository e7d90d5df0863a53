"""A walk through 「어텐션」: map, one head large, its row, cut, exchange, mask, bertviz; mouse, keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lessons.attention.lesson import LESSON as ATTENTION
from tests.harness.boards import walk_boards
from tests.harness.visit import PHONE, Visit

pytestmark = pytest.mark.ui
LESSON = {"lesson": "attention"}


def painted(visit: Visit, action: Callable[[], object]) -> dict:
    """Do something that Python answers, wait for its picture -> the picture."""
    before = visit.serial()
    action()
    visit.wait_painted(after=before)
    return visit.page.evaluate("lab.active().value")


def swept(visit: Visit, panel: str) -> list[str]:
    """What stands in the map of all heads, when every cell has its number."""
    cells = f"#attention .{panel} .impact button"
    visit.page.wait_for_function(
        "cells => { const all = [...document.querySelectorAll(cells)];"
        " return all.length && all.every((one) => one.textContent); }",
        arg=cells,
    )
    return visit.page.locator(cells).all_text_contents()


def head(visit: Visit, name: str):
    return visit.page.locator(f"[data-key='head{name}']")


def test_a_walk(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    assert page.locator("#attention .hd").count() == 24
    assert head(visit, "3.2").get_attribute("aria-pressed") == "true"
    assert "인덕션" in head(visit, "3.2").get_attribute("aria-label")

    picture = painted(visit, lambda: head(visit, "2.3").click())
    assert page.locator("#attention .hero h2").inner_text() == "헤드 2.3"
    number = page.locator("#attention .hd.sel .num").inner_text()
    assert number == f"{picture['scores'][2 * 6 + 3]['previous']:.2f}"
    weights = page.locator("#attention .seen text:nth-of-type(2)").all_text_contents()
    assert weights == [f"{one:.2f}" for one in picture["row"]["weights"]]

    picture = painted(visit, lambda: page.locator("[data-key=query3]").click())
    assert picture["at"]["query"] == 3 and page.locator("#attention .seen.closed").count() == 4
    strip = page.locator("#attention .strip")
    assert f"{picture['row']['scores'][2]:.2f}".replace("-", "−") in strip.inner_text()
    page.locator("[data-key=key0]").hover()
    assert f"{picture['row']['weights'][0]:.2f}" in strip.locator(".val").nth(1).inner_text()
    page.locator("#attention .whole-row").scroll_into_view_if_needed()
    lines = page.locator("#attention .full-row tbody tr")
    page.wait_for_function("document.querySelectorAll('#attention .full-row tbody tr').length === 5")
    assert "−∞" in lines.last.inner_text()

    alone = swept(visit, "of-cut")
    assert len(alone) == 24 and any(cell.startswith("−") for cell in alone)
    picture = painted(visit, lambda: page.locator("#attention .hero .cut").click())
    assert [one["part"] for one in picture["cuts"]] == ["2.3"]
    assert page.locator("#attention .off-chip").inner_text().startswith("헤드 2.3")
    assert "헤드 2.3을 끄니" in page.locator("#attention .look").inner_text()
    change = picture["effect"]["after"] - picture["effect"]["before"]
    shown = page.locator("#attention .of-cut .delta strong").inner_text().replace("−", "-")
    assert float(shown) == pytest.approx(change, abs=0.011) and change < -0.3
    page.wait_for_function("!document.querySelector('#attention .goes').classList.contains('old')")
    before, after = page.locator("#attention .goes b").all_text_contents()
    assert before != "" and after != ""
    assert painted(visit, lambda: page.locator("[data-key=all-on]").click())["cuts"] == []

    painted(visit, lambda: page.locator("#attention .more-parts").select_option("m0"))
    assert page.locator("#attention .off-chip").inner_text().startswith("블록 0의 MLP")
    painted(visit, lambda: page.locator("[data-key=how-mean]").click())
    painted(visit, lambda: page.locator("[data-key=onm0]").click())

    painted(visit, lambda: page.locator("[data-key=tool-exchange]").click())
    assert "예문" in page.locator("#attention .of-exchange").inner_text()
    page.locator("[data-key=pair0]").click()
    page.wait_for_function("lab.active().value.exchange?.rows && !lab.active().pending")
    carried = swept(visit, "of-exchange")
    assert len(carried) == 24
    picture = painted(visit, lambda: page.locator("[data-key='carried3.2']").click())
    assert float(page.locator("#attention .of-exchange .delta strong").inner_text()) > 0.3
    assert picture["exchange"]["swaps"][0]["part"] == "3.2"

    picture = painted(visit, lambda: page.locator("[data-key=tool-mask]").click())
    assert "이 모델은 이렇게 학습하지 않았어요" in page.locator("#attention .of-mask").inner_text()
    assert page.locator("#attention .of-mask canvas").count() == 2


def test_heads_are_ranked_and_the_random_lists_are_read(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    picture = painted(visit, lambda: page.locator("[data-key=rank]").select_option("previous"))
    order = page.locator("#attention .order button")
    assert order.count() == 24
    scores = [one["previous"] for one in picture["scores"]]
    best = scores.index(max(scores))
    assert order.first.inner_text().split()[0] == f"{best // 6}.{best % 6}"
    painted(visit, lambda: order.nth(1).click())
    assert order.nth(1).get_attribute("aria-pressed") == "true"
    painted(visit, lambda: page.locator("[data-key=lists-true]").click())
    page.wait_for_function("lab.active().value.lists_done && !lab.active().pending")
    assert page.locator("#attention .lists-bar").is_hidden()
    painted(visit, lambda: page.locator("[data-key=rank]").select_option("induction"))
    assert order.first.inner_text().split()[0] == "3.2"


def test_another_ranking_has_its_numbers_at_once_and_is_explained(open_page):
    """Also while Python is busy elsewhere; nothing of the score before stays under the new name."""
    visit = open_page(query=LESSON)
    page = visit.page
    say = page.locator("#attention .map-say")
    assert "0부터" in say.inner_text() and "뚜렷하지 않은" in say.inner_text()
    held = []
    page.route("**/act/**", lambda route: held.append(route), times=1)
    for name, word in (("entropy", "퍼진"), ("width", "거리")):
        page.locator("[data-key=rank]").select_option(name)
        scores = [one[name] for one in page.evaluate("lab.active().value.scores")]
        digits = 1 if name == "width" else 2
        assert page.locator("#attention .num").all_text_contents() == [f"{one:.{digits}f}" for one in scores]
        assert word in say.inner_text()
    held.pop().continue_()
    page.wait_for_function("!lab.active().pending && lab.active().value.rank === 'width'")
    picture = painted(visit, lambda: page.locator("[data-key=lists-true]").click())
    assert "그림은 이 문장 것" in say.inner_text() and len(picture["list"]) == 2
    assert all(token["piece"].strip() in say.inner_text() for token in picture["list"])


def test_no_score_of_the_text_stands_where_lists_are_being_read(open_page):
    page = open_page(query={**LESSON, "rank": "induction"}).page
    shown = """(lists) => {
      const stage = lab.active();
      stage.value = { ...stage.value, lists, lists_done: false };
      stage.paint();
      const at = "#attention .num, #attention .nm, #attention .hero .about";
      return [...document.querySelectorAll(at)].map((one) => one.textContent).filter(Boolean).length;
    }"""
    assert page.evaluate(shown, False) == 24 + 24 + 1
    assert page.evaluate(shown, True) == 0


def test_the_buttons_of_a_head_follow_the_tool(open_page):
    """In the exchange they exchange; an example leaves no cut of the text before."""
    visit = open_page(query={**LESSON, "cuts": "2.3"})
    page = visit.page
    button = page.locator("#attention .hero .cut")
    assert button.inner_text() == "헤드 끄기"
    painted(visit, lambda: page.locator("[data-key=tool-exchange]").click())
    assert button.inner_text() == "바꿔 넣기" and button.is_disabled(), "there is no second text yet"
    assert "헤드 2.3" in page.locator("#attention .uncut").inner_text()
    page.locator("[data-key=pair0]").click()
    page.wait_for_function("lab.active().value.exchange?.rows && !lab.active().pending")
    assert page.evaluate("lab.active().value.cuts") == []
    assert page.locator("#attention .uncut").is_hidden()
    picture = painted(visit, lambda: button.click())
    assert [one["part"] for one in picture["exchange"]["swaps"]] == ["3.2"] and picture["cuts"] == []
    assert button.inner_text() == "되돌리기"
    assert "바꿔 넣음" in page.locator("#attention .hd.sel").inner_text()
    picture = painted(visit, lambda: head(visit, "3.2").focus() or page.keyboard.press("x"))
    assert picture["exchange"]["swaps"] == [] and picture["cuts"] == []
    page.locator("#attention-other").fill("가" * 1100)
    painted(visit, lambda: page.keyboard.press("Enter"))
    assert "300자" in page.locator("#attention .of-exchange").inner_text()
    assert page.locator("#attention .of-exchange .impact").is_hidden()


def test_the_map_and_the_cut_by_keyboard(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    head(visit, "3.2").focus()
    painted(visit, lambda: page.keyboard.press("ArrowUp"))
    assert page.evaluate("document.activeElement.dataset.key") == "head2.2"
    painted(visit, lambda: page.keyboard.press("ArrowRight"))
    picture = painted(visit, lambda: page.keyboard.press("x"))
    assert [one["part"] for one in picture["cuts"]] == ["2.3"]
    assert "꺼짐" in head(visit, "2.3").get_attribute("aria-label")
    page.locator("[data-key=query2]").focus()
    picture = painted(visit, lambda: page.keyboard.press("Enter"))
    assert picture["at"]["query"] == 2
    assert page.evaluate("document.activeElement.dataset.key") == "query2"
    page.locator("[data-key='on2.3']").focus()
    assert painted(visit, lambda: page.keyboard.press("Enter"))["cuts"] == []


@pytest.mark.parametrize("view", ["head", "model", "neuron"])
def test_bertviz_comes_when_it_is_chosen(open_page, view):
    visit = open_page(query=LESSON)
    page = visit.page
    assert page.locator("iframe").count() == 0, "not before"
    painted(visit, lambda: page.locator(f"[data-key=view-{view}]").click())
    page.locator("#attention .bertviz-frame[data-drawn]").wait_for()
    frame = page.frames[-1]
    frame.wait_for_function("document.querySelectorAll('svg line, svg path').length > 20")
    box = page.locator("#attention iframe").bounding_box()
    assert box["height"] > 200 and box["x"] + box["width"] <= 1280
    assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
    painted(visit, lambda: page.locator("[data-key=view-ours]").click())
    assert page.locator("iframe").count() == 0


def test_gpt1_s_neurons_are_ours(open_page):
    visit = open_page(query={**LESSON, "model": "tiny-gpt1", "view": "neuron"})
    page = visit.page
    page.locator("#attention .elements canvas").first.wait_for()
    assert page.locator("iframe").count() == 0
    row = page.evaluate("lab.active().value.row")
    assert page.locator("#attention .elements tbody tr").count() == len(row["weights"])
    assert "GPT-1" in page.locator("#attention .att-bert aside").inner_text()


def test_one_cuts_and_the_other_keeps_her_numbers(open_page):
    """Two visitors on one text: what one of them switches off, the other does not see."""
    mine, theirs = open_page(query=LESSON), open_page(query=LESSON)
    before = theirs.page.evaluate("lab.active().value")
    painted(mine, lambda: head(mine, "3.2").focus() or mine.page.keyboard.press("x"))
    painted(mine, lambda: mine.page.locator("[data-key=how-mean]").click())
    after = painted(theirs, lambda: theirs.page.locator("[data-key=mode-heatmap]").click())
    for name in ("map", "large", "row", "scores", "effect"):
        assert after[name] == before[name]
    assert theirs.page.locator("#attention .hd.off").count() == 0
    assert mine.page.locator("#attention .hd.off").count() == 1


def test_a_heatmap_in_the_place_of_the_curves(open_page):
    visit = open_page(query={**LESSON, "mode": "heatmap"})
    page = visit.page
    page.locator("#attention .heat-plot").wait_for()
    assert page.locator("#attention .names button").count() == 8
    picture = painted(visit, lambda: page.locator("[data-key=name4]").click())
    assert picture["at"]["query"] == 4
    assert page.locator("[data-key=name4]").get_attribute("aria-pressed") == "true"


def test_every_scene_has_a_board(open_page):
    visit = open_page(query={**LESSON, "scene": ATTENTION.scenes[0].id, "present": 1})
    page = visit.page
    walk_boards(visit, ATTENTION.scenes, ".att-board")
    over = """(() => {
      lab.active().busy("잠시만요", null);
      const lines = [...document.querySelectorAll(".att-board > text")].slice(-2);
      const [waiting, ...last] = [document.querySelector(".on-board"), ...lines].map((one) => one.getBoundingClientRect());
      return last.every((one) => waiting.top <= one.top || waiting.bottom <= one.top);
    })()"""  # noqa: E501
    assert page.evaluate(over), "waiting stands in the place of the last lines, not on them"
    assert page.locator(".att-board .was").count() >= 2, "the last scene cuts"


def test_on_a_phone_in_the_dark_in_english(open_page):
    visit = open_page(lang="en", size=PHONE, theme="dark", query=LESSON)
    page = visit.page
    assert page.locator("#attention .hd:visible").count() == 6, "one block at a time"
    painted(visit, lambda: page.locator("[data-key=block2]").click())
    assert page.locator("#attention .hd:visible").first.get_attribute("data-layer") == "2"
    picture = painted(visit, lambda: page.locator("#attention .hero .cut").click())
    assert [one["part"] for one in picture["cuts"]] == ["2.2"]
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 1
    page.locator("#attention .whole-row").scroll_into_view_if_needed()
    page.locator("#attention .swipe").wait_for()
    over = """(() => {
      lab.active().busy("One moment", null);
      const [lead, waiting] = ["lead", "waiting"].map((name) => document.querySelector(`#attention .ask > .${name}`).getBoundingClientRect());
      return waiting.top <= lead.top && waiting.bottom >= lead.bottom;
    })()"""  # noqa: E501
    assert page.evaluate(over), "no line under another"
    paper = page.locator("#attention .hero").evaluate("(one) => getComputedStyle(one).backgroundColor")
    assert sum(map(int, paper[4:-1].split(","))) < 180


MANY = """() => {
  const stage = lab.active();
  const value = structuredClone(stage.value);
  const one = value.scores[0];
  const scores = Array.from({ length: 144 }, () => ({ ...one }));
  Object.assign(value, { layers: 12, heads: 12, many: true, scores, sweep: { key: "of these heads" } });
  value.map = { side: 4, data: btoa(String.fromCharCode(...Array(144 * 16).fill(90))) };
  stage.value = value;
  stage.paint();
}"""


def test_a_map_of_144_heads_stays_readable(open_page):
    """Thumbnails shrink, labels are told on hover, ranking stays; the sweep waits for its button."""
    visit = open_page(query={**LESSON, "rank": "previous"})
    page = visit.page
    page.evaluate(MANY)
    assert page.locator("#attention .hd").count() == 144
    box, section = (
        page.locator(one).bounding_box() for one in ("#attention .hd >> nth=143", "#attention .map")
    )
    assert box["width"] >= 20 and box["x"] + box["width"] <= section["x"] + section["width"] + 1
    assert page.locator("#attention .nm:visible").count() == 0
    assert "앞 토큰" in page.locator("[data-key='head11.11']").get_attribute("title")
    assert page.locator("#attention .order button").count() == 144
    assert page.locator("[data-key=run-sweep]").is_visible()
