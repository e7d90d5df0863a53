"""A walk through 「GPT란?」: every control once, and what it must not do."""

from __future__ import annotations

import re

import pytest

from tests.harness.visit import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.ui
QUERY = {"lesson": "next-token", "text": "나는 오늘"}
LONGEST_WAIT = 20_000  # ms; what a test waits for comes much earlier


def painted(visit: Visit, action) -> None:
    """Do something that Python answers, and wait for its picture."""
    before = visit.serial()
    action()
    visit.wait_painted(after=before)


def whole(visit: Visit) -> str:
    """The text so far, as it stands beside the strip."""
    return visit.page.locator(".whole span").inner_text()


def until(visit: Visit, script: str, arg=None) -> None:
    visit.page.wait_for_function(script, arg=arg, timeout=LONGEST_WAIT)


def bars(visit: Visit):
    return visit.page.locator(".dist [data-key^=token]")


def shown(p: float) -> str:
    """A probability as it stands on the page."""
    return "<0.1%" if 0 < p < 0.0005 else f"{100 * p:.1f}%"


def drawing(visit: Visit) -> str:
    """Everything that the strip says, from left to right."""
    return visit.page.locator(".strip svg").text_content()


def test_drawing_landing_and_undoing(open_page):
    """A press draws; the next one lets the chip come down and draws again; undo takes one step each."""
    visit = open_page(query=QUERY)
    press = visit.page.locator("#go").click
    assert whole(visit) == "나는 오늘" and "직접 쓴 글" in drawing(visit)
    painted(visit, press)
    assert (
        visit.page.locator(".strip .chip.hit").count() == visit.page.locator(".strip .chip.next").count() == 1
    )
    first = visit.page.locator(".strip .chip.hit text").text_content().lstrip("·")
    assert "1번째" not in visit.page.locator(".say").inner_text()
    painted(visit, press)
    assert whole(visit) == f"나는 오늘 {first}"
    assert "GPT가 왼쪽의 3칸을 모두 봐요" in drawing(visit)
    painted(visit, visit.page.locator("[data-key=undo]").click)
    painted(visit, visit.page.locator("[data-key=undo]").click)
    assert whole(visit) == "나는 오늘"
    assert visit.page.locator(".tree .node").count() >= 2, "the path stays in the tree"


def test_the_model_reads_every_chip(open_page):
    """From each chip of the input an arrow goes up into the model: it is no bigram."""
    visit = open_page(query=QUERY | {"text": "나는 오늘 그 곳에"})
    box = visit.page.locator(".strip-model").bounding_box()
    chips = visit.page.locator(".strip .chip.in")
    assert chips.count() == 4
    for index in range(4):
        chip = chips.nth(index).bounding_box()
        assert box["x"] <= chip["x"] + chip["width"] / 2 <= box["x"] + box["width"]
    assert "4칸" in drawing(visit)


def test_long_texts_can_be_read_whole(open_page):
    words = " ".join(["나는 오늘 그 곳에 간다"] * 12)
    visit = open_page(query=QUERY | {"text": words})
    assert whole(visit) == words and visit.page.locator(".strip .chip.in").count() == 5
    assert visit.page.locator(".strip svg").text_content().count("…") == 1


def test_a_bar_is_picked_and_space_still_draws(open_page):
    """A press with the mouse leaves no focus on the bar: Space draws on, and does not choose it again."""
    visit = open_page(query=QUERY)
    name = bars(visit).nth(2).locator("text").first.text_content().lstrip("·")
    painted(visit, bars(visit).nth(2).click)
    assert visit.page.locator(".strip .chip.hit text").text_content().lstrip("·") == name
    painted(visit, lambda: visit.page.keyboard.press("Space"))
    assert whole(visit) == f"나는 오늘 {name}"
    bars(visit).nth(1).focus()  # with the keyboard it does
    painted(visit, lambda: visit.page.keyboard.press("Enter"))
    assert visit.page.locator(".strip .chip.hit").count() == 1


def test_knobs_turn_the_bars(open_page):
    """Each filter says what it keeps, and top-k 1 leaves one bar."""
    visit = open_page(query=QUERY)
    top_k, temperature = (visit.page.locator(f"#knob-{name}") for name in ("top_k", "temperature"))
    top_k.focus()
    painted(visit, lambda: top_k.press("Home"))
    until(visit, "document.querySelectorAll('.dist rect.after').length === 2")  # the legend's and one bar
    assert visit.page.locator(".knob output").nth(1).inner_text() == "1"
    painted(visit, lambda: top_k.press("End"))
    until(visit, "document.querySelectorAll('.knob output')[1].textContent === '끔'")
    temperature.focus()
    painted(visit, lambda: temperature.press("End"))
    until(visit, "document.querySelectorAll('.knob output')[0].textContent === '2.00'")
    until(visit, "document.querySelectorAll('.knob span')[0].textContent === '고르게 퍼져요'")


def test_a_knob_shows_what_is_set_and_how_far_it_is_turned(open_page):
    """At both ends and where it begins; 「끔」 only where a filter is off."""
    visit = open_page(query=QUERY)
    fill = "one => parseFloat(one.style.getPropertyValue('--fill'))"
    shown = {
        "temperature": ["0.80", "0.10", "2.00"],
        "top_k": ["7", "1", "끔"],
        "top_p": ["0.90", "0.05", "끔"],
    }
    begins = {"temperature": 100 * 0.7 / 1.9, "top_k": 100 * 6 / 25, "top_p": 100 * 0.85 / 0.95}
    for number, (name, (first, low, high)) in enumerate(shown.items()):
        knob, output = visit.page.locator(f"#knob-{name}"), visit.page.locator(".knob output").nth(number)
        assert output.inner_text() == knob.get_attribute("aria-valuetext") == first
        assert knob.evaluate(fill) == pytest.approx(begins[name], abs=0.1)
        for key, text, share in (("Home", low, 0), ("End", high, 100)):
            painted(visit, lambda knob=knob, key=key: knob.press(key))
            assert output.inner_text() == knob.get_attribute("aria-valuetext") == text
            assert knob.evaluate(fill) == share
        painted(visit, lambda knob=knob: knob.press("Home"))


def hold(page, number: int) -> list:
    """Keeps back the `number`-th action from now on, and those after it; `.continue_()` lets one go."""
    held, seen = [], []

    def on(route) -> None:
        seen.append(route)
        held.append(route) if len(seen) >= number else route.continue_()

    page.route("**/act/**", on)
    return held


def test_a_knob_that_is_being_moved_is_not_pulled_back(open_page):
    """An answer about an earlier place of the slider leaves it where the learner has it now."""
    visit = open_page(query=QUERY)
    knob = visit.page.locator("#knob-temperature")
    held = hold(visit.page, 2)

    set_to = "one.value = to; one.dispatchEvent(new Event('input'));"
    painted(visit, lambda: knob.evaluate(f"one => {{ for (const to of [1.5, 1.7, 2]) {{ {set_to} }} }}"))
    assert visit.page.evaluate("lab.active().value.knobs.temperature") == 1.5
    assert knob.input_value() == "2" and visit.page.locator(".knob output").first.inner_text() == "2.00"
    painted(visit, lambda: held[0].continue_())
    assert visit.page.evaluate("lab.active().value.knobs.temperature") == 2


def test_a_fold_opened_while_an_answer_is_under_way_stays_open(open_page):
    visit = open_page(query=QUERY)
    page = visit.page
    held = hold(page, 1)
    page.locator("#go").click()
    until(visit, "lab.active().pending?.type === 'draw'")
    page.locator("details summary").first.click()
    painted(visit, lambda: held[0].continue_())
    assert page.evaluate("document.querySelector('details').open")
    until(visit, "lab.active().pending?.type === 'compare'")
    painted(visit, lambda: held[1].continue_())
    assert page.locator(".compare tbody tr").count() == 3


@pytest.mark.parametrize("wrong", ["1000000", "1.7", "", "-1"])
def test_a_seed_that_cannot_be_is_told_and_the_one_in_use_is_shown(open_page, wrong):
    visit = open_page(query=QUERY | {"seed": "7"})
    seed, note = visit.page.locator("#knob-seed"), visit.page.locator(".seed-note")
    seed.fill(wrong)
    seed.press("Tab")
    assert seed.input_value() == "7"
    assert "999,999" in note.inner_text() and "7" in note.inner_text()
    seed.fill("8")
    assert note.inner_text() == ""
    painted(visit, lambda: seed.press("Tab"))
    assert seed.input_value() == "8"


STOPS = {
    "a press": lambda page: page.locator("h1").click(),
    "a key": lambda page: page.keyboard.press("Tab"),
    "a scene": lambda page: page.locator(".scenes .next").click(),
    "an example": lambda page: page.locator("[data-key=examples]").click(),
    "another lesson": lambda page: page.locator("#lessons [role=tab]").nth(1).click(),
    "covered bars": lambda page: page.locator("[data-key=hide]").click(),
    "the presentation": lambda page: page.locator(".tool.present").click(),
}


# Playing draws each 220 ms instead of each 1100 ms.
FASTER = (
    "{ const { setInterval } = window; window.setInterval = (action, ms) => setInterval(action, ms / 5); }"
)


@pytest.mark.parametrize("stop", STOPS)
def test_playing_stops(open_page, stop):
    visit = open_page(query=QUERY)
    page = visit.page
    page.evaluate(FASTER)
    page.locator("[data-key=play]").click()
    until(visit, "document.querySelectorAll('.strip .chip.in').length >= 3")
    assert page.locator("#play").get_attribute("class").split()[-1] == "on"
    STOPS[stop](page)
    until(visit, "!document.querySelector('#play').classList.contains('on')")
    drawn = []
    page.on("request", lambda one: "/act/" in one.url and drawn.append(one.post_data_json["type"]))
    page.wait_for_timeout(600)  # two more draws, were it still playing
    assert "draw" not in drawn, "something was drawn after it"
    if stop == "covered bars":
        assert page.locator(".cover").is_visible()


def test_what_is_typed_stays(open_page):
    """An answer does not take away letters typed since; a text that is cleaned is shown as it is used."""
    visit = open_page(query=QUERY)
    field = visit.page.locator("#next-token-text")
    field.fill("옛날 옛적에")
    field.press("Enter")
    field.type(" 한", delay=20)
    until(visit, "document.querySelector('.whole span').textContent === '옛날 옛적에'")
    assert field.input_value() == "옛날 옛적에 한"
    field.fill("   나는   ")
    painted(visit, lambda: field.press("Enter"))
    assert field.input_value() == "나는" and whole(visit) == "나는"


def test_guessing_behind_the_cover(open_page):
    visit = open_page(query=QUERY)
    page = visit.page
    painted(visit, page.locator("[data-key=hide]").click)
    cover = page.locator(".cover")
    assert cover.is_visible() and page.locator(".dist").get_attribute("inert") is not None
    cover.locator("input").fill("친구와")
    painted(visit, lambda: cover.locator("input").press("Enter"))
    assert re.search(r"‘친구와’에 모델이 준 확률은 \d", page.locator(".look span").inner_text())
    assert not cover.is_visible() and page.locator(".dist .guess").count() == 1
    painted(visit, page.locator("[data-key=hide]").click)
    painted(visit, cover.locator("button[type=button]").click)
    assert not cover.is_visible(), "the bars can be seen without a guess"


def test_the_fold_of_the_methods_and_a_scene(open_page):
    """Three ways of decoding; a scene closes the fold, which would stand there empty."""
    visit = open_page(query=QUERY)
    page = visit.page
    painted(visit, page.locator("details summary").first.click)
    assert page.locator(".compare tbody tr").count() == 3
    rows = page.evaluate("lab.active().value.compare")
    for row, tokens in zip(rows, page.locator(".compare .tokens").all(), strict=True):
        pieces = [
            ("·" if token["space"] else "") + (token["label"] or token["piece"]) for token in row["tokens"]
        ]
        assert tokens.locator(".token").all_text_contents() == pieces
        titles = tokens.locator(".token").evaluate_all("all => all.map((one) => one.title)")
        assert [title.split(" · ")[-1] for title in titles] == [shown(token["p"]) for token in row["tokens"]]
    painted(visit, page.locator(".scenes .next").click)
    until(visit, "!document.querySelector('details').open")
    painted(visit, page.locator("details summary").first.click)
    assert page.locator(".compare tbody tr").count() == 3


def test_the_tree_leads_back(open_page):
    visit = open_page(query=QUERY)
    for _ in range(3):
        painted(visit, visit.page.locator("#go").click)
    grown = whole(visit)
    nodes = visit.page.locator(".tree .node")
    assert nodes.count() >= 3
    painted(visit, nodes.first.click)
    assert len(whole(visit)) < len(grown)
    nodes.first.focus()
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.evaluate("document.activeElement.closest('.tree') !== null")


def test_examples_and_the_way_back(open_page):
    visit = open_page(query=QUERY)
    page = visit.page
    examples = page.locator("[data-key=examples]")
    assert examples.get_attribute("aria-expanded") == "false"
    examples.click()
    assert examples.get_attribute("aria-expanded") == "true"
    painted(visit, page.locator(".menu button").nth(3).click)
    assert examples.get_attribute("aria-expanded") == "false" and whole(visit) == "옛날 옛적에"
    painted(visit, page.locator(".scenes .next").click)
    page.locator(".start .link", has_text="내 문장으로").wait_for()
    painted(visit, page.locator(".start .link", has_text="내 문장으로").click)
    assert whole(visit) == "옛날 옛적에"


def test_what_the_model_is_and_a_text_it_has_never_read(open_page):
    visit = open_page(query=QUERY)
    about, outside = visit.page.locator(".about-model"), visit.page.locator(".outside")
    assert "2,769,408" in about.inner_text() and "오픈AI의 GPT-2가 아니에요" in about.inner_text()
    assert not outside.is_visible()
    labels = visit.page.locator("optgroup").evaluate_all("groups => groups.map((group) => group.label)")
    assert "이야기 세계만" in labels[0] and len(labels) == 2
    field = visit.page.locator("#next-token-text")
    field.fill("대한민국의 수도는")
    painted(visit, lambda: field.press("Enter"))
    first = "tiny-gpt2는 이런 글을 거의 읽지 못했어요."
    assert outside.inner_text().startswith(first) and "−log P" in outside.inner_text()
    lead = visit.page.locator("#next-token .lead")  # what is under the picture lies below the window's end
    assert lead.inner_text() == first and lead.bounding_box()["y"] < DESKTOP[1] / 2
    field.fill("나는 오늘")
    painted(visit, lambda: field.press("Enter"))
    assert not outside.is_visible() and "거의 읽지" not in lead.inner_text()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_covering_the_bars_brings_the_question_into_sight_on_a_phone(open_page, size):
    """There it lies below what can be seen; on a wide page nothing moves."""
    visit = open_page(query=QUERY, size=size)
    page = visit.page
    where = "scrollY + [...document.querySelectorAll('*')].reduce((sum, one) => sum + one.scrollTop, 0)"
    before = page.evaluate(where)
    painted(visit, lambda: page.evaluate("document.querySelector('[data-key=hide]').click()"))
    box = page.locator(".cover").bounding_box()
    if size == PHONE:
        assert page.evaluate(where) > before
        assert 0.25 < (box["y"] + box["height"] / 2) / PHONE[1] < 0.75
    else:
        assert page.evaluate(where) == before


def test_the_question_is_seen_on_a_phone(open_page):
    """Nothing lies over the covered bars' question, and the legend of the bars is there."""
    visit = open_page(query={"lesson": "next-token", "scene": "guess"}, size=PHONE)
    page = visit.page
    box = page.locator(".cover input").bounding_box()
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.matches('.cover input')", middle)
    painted(visit, page.locator(".cover button[type=button]").click)
    assert "처음" in page.locator(".dist svg").text_content()
