"""A walk through 「사전학습」: bars, window, step, road, zero-shot, boards; mouse, keyboard, phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lessons.pretraining.lesson import LESSON as PRETRAINING
from tests.harness import drawing
from tests.harness.boards import walk_boards
from tests.harness.matrix import quick
from tests.harness.visit import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.ui
LESSON = {"lesson": "pretraining"}
ROAD = """() => { const { own, value } = lab.active();
    return (own.roads?.[value.road.key]?.length ?? 0) === value.axis.stops.length; }"""
QUIET = "() => { const s = lab.active(); return !s.pending && s.own.ahead?.[s.value.theta]; }"


def painted(visit: Visit, action: Callable[[], object]) -> dict:
    """Do something that Python answers, wait for its picture -> the picture."""
    before = visit.serial()
    action()
    visit.wait_painted(after=before)
    return visit.page.evaluate("lab.active().value")


def settled(visit: Visit) -> None:
    """No action waits, the road and the valley have been read."""
    visit.page.wait_for_function(ROAD, timeout=60_000)
    visit.page.wait_for_function(QUIET, timeout=60_000)


def test_a_walk(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    settled(visit)
    picture = page.evaluate("lab.active().value")
    bars = picture["bars"]["now"]
    shown = page.locator("#pretraining .pic svg").text_content()
    assert all(f"{one:.2f}" in shown for one in bars) and f"{picture['bars']['sum']:.2f}" in shown
    assert page.locator("#pretraining .eq .value").first.inner_text() == f"−{picture['bars']['sum']:.2f}"
    assert page.locator("#pretraining .film").count() == len(picture["axis"]["stops"]) == 9
    assert page.locator("#pretraining .tok").count() == len(bars)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280

    chosen = picture["at"]["token"]
    other = 1 if chosen != 1 else 2
    page.locator(f"[data-key=token{other}]").hover()
    chip = page.locator("#pretraining .tok-chip")
    assert chip.inner_text().lstrip("·") == picture["tokens"][other]["piece"], "pointing asks no server"
    picture = painted(visit, lambda: page.locator(f"[data-key=token{other}]").click())
    assert picture["at"]["token"] == other
    expected = picture["bars"]["top"][other - 1][0]
    assert expected["piece"] in page.locator("#pretraining .drow").first.inner_text()

    pill = page.locator("#pretraining .kpill:not(.tall)")
    pill.focus()
    picture = painted(visit, lambda: page.keyboard.press("Home"))
    assert picture["at"]["k"] == 1 and pill.get_attribute("aria-valuenow") == "1"
    assert page.locator("#pretraining .pic rect.cost").count() > 0
    assert "k가 1이라서" in page.locator("#pretraining .look").inner_text()
    picture = painted(visit, lambda: page.keyboard.press("End"))
    assert picture["at"]["k"] == len(bars)

    settled(visit)
    picture = painted(visit, lambda: page.locator("[data-key=take]").click())
    assert (
        picture["at"]["taken"] == [picture["at"]["rate"]]
        and picture["bars"]["mean"] < picture["bars"]["was_mean"]
    )
    assert page.locator("#pretraining .pic path.was").count() == len(bars)
    assert "다른 글" in page.locator("#pretraining .pic svg").text_content()
    assert "한 스텝 배우니" in page.locator("#pretraining .look").inner_text()
    picture = painted(visit, lambda: page.locator("[data-key=undo]").click())
    assert picture["at"]["taken"] == [] and picture["bars"]["now"] == bars
    assert page.locator("[data-key=undo]").is_disabled()

    picture = painted(visit, lambda: page.locator("[data-key=film0]").click())
    assert picture["at"]["step"] == 200 and picture["at"]["since"] == 0
    assert page.locator("#pretraining .pill").inner_text() == "200"
    page.locator("#pretraining .scrub").focus()
    picture = painted(visit, lambda: page.keyboard.press("ArrowRight"))
    assert picture["at"]["step"] == 400
    page.locator("#pretraining .writes .label", has_text="400스텝 모델이").wait_for()
    picture = painted(visit, lambda: page.locator("[data-key=prior]").click())
    assert picture["at"]["prior"] and "MAP는" in page.locator("#pretraining .look").inner_text()
    page.wait_for_function(QUIET)
    prior = page.evaluate("lab.active().own.ahead[lab.active().value.theta].prior")
    told = page.locator("#pretraining .eq").inner_text().replace("\n", "")
    total = picture["bars"]["sum"] + prior
    assert f"= −{picture['bars']['sum']:.2f}+ log P(Θ)(−{prior:.1f})= −{total:.2f}".replace(
        " ", ""
    ) in told.replace(" ", "")

    page.locator("summary", has_text="라벨 없이 어떻게").click()
    page.locator("[data-key=again]").click()
    page.wait_for_function("lab.active().own.live")
    assert "기록은" in page.locator("#pretraining .again + p").inner_text()


MODULES = """async () => {
  const main = document.querySelector("script[src*='assets/js/main.js']").src;
  const numbers = await import(main.replace("assets/js/main.js", "lessons/pretraining/numbers.js"));
  const { together } = await import(main.replace("main.js", "stage.js"));
  const link = await import(main.replace("main.js", "link.js"));
  const controls = await import(main.replace("assets/js/main.js", "lessons/pretraining/controls.js"));
  const draw = await import(main.replace("assets/js/main.js", "lessons/pretraining/draw.js"));
  const value = { link: { text: "a".repeat(3000), steps: "10x3" } };
  const long = { id: "pretraining", lesson: draw, value };
  const loading = { value: { at: null }, own: {}, act() { throw new Error("there is nothing to act on"); } };
  const step = { type: "step", rate: 10, times: 1 };
  return {
    joined: together(step, { ...step, times: 10 }), apart: together(step, { ...step, rate: 20 }),
    other: together({ type: "choose", token: 1 }, { type: "choose", token: 1 }),
    capped: [50, 99, 101, 1e6].map(numbers.perplexity),
    keys: ["Home", "End", "ArrowUp", "ArrowDown", "ArrowRight", "a"]
      .map((key) => numbers.windowKey(key, 4, 9) ?? null),
    mirrored: ["ArrowRight", "ArrowLeft", "End"].map((key) => numbers.windowKey(key, 4, 9, true)),
    link: link.linkOf(long).left, own: link.linkOf({ ...long, lesson: {} }).left,
    loading: [controls.setWindow(loading, 3), controls.windowOf(loading), controls.moveTo(loading, 1)],
    ends: [numbers.windowKey("ArrowDown", 1, 9), numbers.windowKey("ArrowUp", 9, 9)],
  };
}"""


def test_presses_join_keys_move_the_window_and_a_huge_perplexity_is_told(open_page):
    found = open_page(query=LESSON, model=False).page.evaluate(MODULES)
    assert found["joined"] == {"type": "step", "rate": 10, "times": 11}
    assert set(found["link"]) == {"text", "steps"}, "steps of a text that a link lacks"
    assert set(found["own"]) == {"text"} and found["loading"][1] == 1
    assert found["apart"] is None and found["other"] is None
    assert found["capped"][2:] == ["> 10⁴³"] * 2 and ">" not in "".join(found["capped"][:2])
    assert found["keys"] == [1, 9, 5, 3, 5, None]
    assert found["mirrored"] == [3, 5, 9] and found["ends"] == [1, 9]


def test_the_window_glides_and_no_press_is_lost(open_page):
    visit = open_page(query={**LESSON, "k": "1", "token": "9"})
    page = visit.page
    settled(visit)
    for key in ("End", "Home", "End"):
        page.locator("#pretraining .kpill:not(.tall)").focus()
        painted(visit, lambda key=key: page.keyboard.press(key))
        page.wait_for_timeout(400)  # the bracket is on its way
    assert not visit.page_errors
    idle = "() => !lab.active().pending && !lab.active().waiting.length"
    for name, wanted in (("take", 8), ("undo", 1)):
        page.evaluate(
            "([name, n]) => { const one = document.querySelector(`#pretraining [data-key=${name}]`);"
            " for (let press = 0; press < n; press += 1) one.click(); }",
            [name, 8 if name == "take" else 7],
        )
        assert page.evaluate("lab.active().waiting.length") <= 1
        page.wait_for_function(idle, timeout=60_000)
        assert len(page.evaluate("lab.active().value.at.taken")) == wanted


def test_equation_2_opens_the_architecture_and_back_comes_here(open_page):
    visit = open_page(query={**LESSON, "scene": "network"})
    page = visit.page
    text = page.evaluate("lab.active().value.text")
    page.locator("#pretraining .equation-2 a").click()
    page.wait_for_function(
        "lab.active()?.id === 'architecture' && lab.active().value?.ready && !lab.active().pending"
    )
    assert page.evaluate("[lab.active().value.text, lab.active().value.link.scene]") == [text, "embed"]
    page.go_back()
    page.wait_for_function("lab.active()?.id === 'pretraining' && !lab.active().pending")
    assert page.evaluate("lab.active().value.link.scene") == "network"


def test_the_stage_by_keyboard(open_page):
    visit = open_page(query={**LESSON, "theme": "dark"}, theme="dark")
    page = visit.page
    page.locator("[data-key=token2]").focus()
    picture = painted(visit, lambda: page.keyboard.press("ArrowRight"))
    assert picture["at"]["token"] == 3 and page.evaluate("document.activeElement.dataset.key") == "token3"
    page.locator("[data-key=rate]").focus()
    rate = picture["at"]["rate"]
    picture = painted(visit, lambda: page.keyboard.press("ArrowRight"))
    assert picture["at"]["rate"] > rate
    page.locator("[data-key=take]").focus()
    picture = painted(visit, lambda: page.keyboard.press("Enter"))
    assert len(picture["at"]["taken"]) == 1
    page.locator("[data-key=head]").focus()
    painted(visit, lambda: page.locator("[data-key=head]").select_option("2.3"))
    page.wait_for_function("lab.active().value.at.layer === 2 && lab.active().value.at.head === 3")


def test_a_phone_in_english_and_dark(open_page):
    visit = open_page(lang="en", size=PHONE, theme="dark", query=LESSON)
    page = visit.page
    settled(visit)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture = page.evaluate("lab.active().value")
    assert page.locator("#pretraining .row-hit").count() == len(picture["bars"]["now"])
    assert f"{picture['bars']['sum']:.2f}" in page.locator("#pretraining .sums").inner_text()
    picture = painted(visit, lambda: page.locator("[data-key=take-dock]").click())
    assert len(picture["at"]["taken"]) == 1
    page.locator("[data-key=scrub-dock]").focus()
    picture = painted(visit, lambda: page.keyboard.press("Home"))
    assert picture["at"]["step"] == 200
    apart = """() => [...document.querySelectorAll("#pretraining svg .row")].slice(1)
      .map((row) => [...row.querySelectorAll("text")].slice(-2))
      .map(([a, b]) => [b.textContent, b.getBoundingClientRect().left - a.getBoundingClientRect().right])"""
    numbers = page.evaluate(apart)  # in one go: the rows are drawn anew while they glide
    assert "<0.001" in [p for p, _ in numbers] and min(gap for _, gap in numbers) > 3


def test_a_hostile_text_stays_text(open_page):
    text = "</script><img src=x onerror=alert(1)> **a** [[loss]]"
    visit = open_page(query={**LESSON, "text": text, "steps": "10"})
    page = visit.page
    assert page.evaluate("lab.active().value.text") == text
    assert page.locator("#pretraining img").count() == 0
    assert page.locator("#pretraining .look .term").count() == 0


def test_every_scene_has_a_board(open_page):
    visit = open_page(query={**LESSON, "scene": PRETRAINING.scenes[0].id, "present": 1})
    walk_boards(visit, PRETRAINING.scenes, ".pre-board")


BACKGROUND = "#pretraining .background svg"
BOXES = ".own-model, .shared-model, .label-box, .target-box, .first-box"
LETTERS = """(all) => all.map((one) => {
  const { a, b } = one.getScreenCTM();
  return [one.textContent, parseFloat(getComputedStyle(one).fontSize) * Math.hypot(a, b)];
})"""


@pytest.mark.parametrize(
    ("lang", "size"),
    quick([("en", PHONE), ("ko", DESKTOP), ("ko", PHONE), ("en", DESKTOP)], ("en", PHONE), ("ko", DESKTOP)),
)
def test_the_background_pictures_have_room_for_their_words(open_page, lang, size):
    for scene in ("tasks", "labels", "goal", "transfer", "plan"):
        visit = drawing.load(open_page(lang=lang, size=size, query={**LESSON, "scene": scene}))
        assert drawing.wrong_words(visit, BACKGROUND, BOXES, grounds=".own-model, .shared-model") == []
        letters = visit.page.locator(f"{BACKGROUND} text").evaluate_all(LETTERS)
        assert len(letters) > 8 and min(size for _, size in letters) >= 12, letters
