"""A walk through 「용어」: map, blank, cards, examples, table, a run; mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from lessons.glossary.lesson import LESSON as GLOSSARY
from tests.harness.visit import PHONE, Visit

pytestmark = pytest.mark.ui
LESSON = {"lesson": "glossary"}


def painted(visit: Visit, action: Callable[[], object]) -> dict:
    """Do something that Python answers, wait until nothing is under way -> the picture."""
    before = visit.serial()
    action()
    visit.wait_painted(after=before)
    visit.page.wait_for_function("!lab.active().pending && !lab.active().waiting.length")
    return visit.page.evaluate("lab.active().value")


def key(visit: Visit, name: str):
    return visit.page.locator(f"#glossary [data-key='{name}']")


def card(visit: Visit) -> str:
    return visit.page.locator("#glossary .term-whole h2").inner_text()


def link(visit: Visit) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visit.page.url).query)


def test_a_walk(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    assert card(visit).startswith("문맥 내 학습")
    assert page.evaluate("document.querySelector('#glossary .side').getBoundingClientRect().bottom") <= 680
    assert page.evaluate("document.querySelector('#glossary .map').getBoundingClientRect().bottom") <= 640

    picture = painted(visit, lambda: key(visit, "gpt-2").click())
    assert picture["blank"]["position"] == 2 and link(visit)["position"] == ["2"]
    bars = page.locator("#glossary .demo .one.true .n").all_inner_texts()
    told = [row["told"] for who in ("gpt", "bert") for row in picture["blank"][who] if row["hidden"]]
    assert bars == told

    picture = painted(visit, lambda: key(visit, "node-fine-tuning").click())
    assert card(visit).startswith("미세조정") and link(visit)["term"] == ["fine-tuning"]
    assert "2,769,792" in page.locator("#glossary .look").inner_text()
    cells = page.locator("#glossary .ways-table tbody tr").first.locator("td").all_inner_texts()
    assert cells == ["2,769,792", "1,536", "0"]
    key(visit, "ask-4").click()
    page.wait_for_function("lab.active().own.results['in-context']")
    found = page.evaluate("lab.active().own.results['in-context']")
    assert found["shots"] == 4 and len(found["right"]) == 20
    shown = page.locator("#glossary .ways-table .right td").last.inner_text()
    assert shown.split()[0] == f"{sum(found['right'])}/20" and "기록" in shown, "the record stays beside it"

    picture = painted(visit, lambda: key(visit, "node-nli").click())
    assert picture["tasks"]["answer"] in page.locator("#glossary .tasks").inner_text()

    picture = painted(visit, lambda: key(visit, "shots-zero").click())
    assert picture["few"]["shots"] == 0 and picture["term"] == "zero-shot"
    picture = painted(visit, lambda: key(visit, "few-2").click())
    exact = page.locator("#glossary .few-exact").evaluate("(at) => at.textContent")
    assert exact == picture["few"]["prompt"] and exact.count("=") == 3
    picture = painted(visit, lambda: key(visit, "few-again").click())
    assert picture["few"]["seed"] == 1 and picture["few"]["prompt"] != exact
    key(visit, "few-measure").click()
    page.wait_for_function("lab.active().own.few.points.length === 1")
    assert "20개" in page.locator("#glossary .few-foot").inner_text()
    assert page.locator("#glossary .few-plot .live").count() == 1
    picture = painted(visit, lambda: key(visit, "few-relation").select_option("ko 동물 과일"))
    assert picture["few"]["kind"] == "b" and "처음 보는 규칙" in page.locator("#glossary .look").inner_text()


def test_a_card_is_found_by_initial_consonants_and_opened_by_a_link(open_page):
    visit = open_page(query={**LESSON, "term": "softmax"})
    page = visit.page
    assert card(visit).startswith("softmax") and page.locator("#glossary .node.on").count() == 0
    key(visit, "term-search").fill("ㅈㅇㅎㅅ")
    painted(visit, lambda: key(visit, "term-search").press("Enter"))
    assert card(visit).startswith("전이학습") and link(visit)["term"] == ["transfer-learning"]
    assert "on" in key(visit, "node-transfer-learning").get_attribute("class").split()


def test_the_blank_by_keyboard(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    key(visit, "bert-blank").focus()
    assert painted(visit, lambda: page.keyboard.press("ArrowRight"))["blank"]["position"] == 4
    assert page.evaluate("document.activeElement.dataset.key") == "bert-blank"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("lab.active().value.blank.position === 2")
    assert "2번째" not in key(visit, "bert-blank").get_attribute("aria-label")
    assert "3번째" in key(visit, "bert-blank").get_attribute("aria-label")
    key(visit, "node-prompt-tuning").focus()
    painted(visit, lambda: page.keyboard.press("Enter"))
    assert key(visit, "node-prompt-tuning").get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.dataset.key") == "node-prompt-tuning"


def test_a_run_goes_on_behind_another_tab_without_a_server_and_can_be_cancelled(open_page):
    visit = open_page(query={**LESSON, "term": "prompt-tuning"})
    page = visit.page
    key(visit, "train-prompt-tuning").click()
    page.wait_for_function("lab.active().own.run?.step > 0", timeout=90_000)
    assert page.locator("#glossary .ways-run").inner_text().startswith("프롬프트 튜닝")
    assert page.evaluate("lab.active().lesson.running(lab.active())")
    page.evaluate("window.glossary = lab.active()")
    page.locator("#lessons [role=tab][data-tab-id=next-token]").click()
    page.wait_for_function("lab.active()?.id === 'next-token' && lab.active().value?.ready")
    page.context.set_offline(True)  # all that it needs is there
    before = page.evaluate("glossary.own.run.step")
    page.wait_for_function("before => glossary.own.run.step > before", arg=before, timeout=30_000)
    page.context.set_offline(False)
    page.locator("#lessons [role=tab][data-tab-id=glossary]").click()
    page.wait_for_function("lab.active()?.id === 'glossary'")
    key(visit, "ways-cancel").click()
    page.wait_for_function("!lab.active().own.run")
    assert page.locator("#glossary .ways-run").is_hidden()
    assert page.evaluate("Object.keys(lab.active().own.results)") == []


SLOW = """async () => {
  const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
  const { liveRun } = await import(loaded.find((one) => one.endsWith('glossary/run.js')));
  const real = lab.active();
  const told = [];
  const shown = (at) => document.querySelector(`#glossary ${at}`).textContent;
  const show = () => { real.show({}); told.push(shown('.ways-note')); };
  const stage = { own: real.own, words: real.words, value: real.value, show };
  const run = liveRun(stage, (news) => ({
    load: async () => {}, begin: async () => ({ nTrained: 1536 }), close: () => {},
    run: async (steps) => {
      for (const step of [1, 2, 3, 4]) news({ what: 'step', step, ms: 400 });
      return { step: steps };
    },
    evaluate: async (rows) => {
      const right = ({ label }, index) => (index < 12 ? [1 - label, label] : [label, 1 - label]);
      return { probabilities: rows.map(right) };
    },
  }));
  await run.start('fine-tuning');
  return { told, steps: stage.own.results['fine-tuning'].steps };
}"""


def test_a_slow_computer_says_how_far_it_gets_beside_what_is_recorded(open_page):
    """400 ms a step: 112 of the recipe's 300 steps fit into the 45 seconds that are planned."""
    visit = open_page(query={**LESSON, "term": "fine-tuning"})
    page = visit.page
    before = page.locator("#glossary .ways-table .right td").first.inner_text()
    assert before == "20/20" and page.locator("#glossary .dots th").inner_text() == "기록한 세 번"
    found = page.evaluate(SLOW)
    assert found["steps"] == 45_000 // 400
    assert "300스텝" in found["told"][0] and any("300스텝 가운데 112스텝" in told for told in found["told"])
    cell = page.locator("#glossary .ways-table .right td").first.inner_text().split()
    assert cell == ["12/20", "기록", "20/20"]
    assert page.locator("#glossary .dots th").inner_text() == "방금·기록"


def test_what_is_left_out_of_the_window_is_counted(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    n = len(page.evaluate("lab.active().value.blank.tokens"))
    chips = page.locator("#glossary .demo").first.locator(".chip-word").count()
    assert chips < n and page.locator("#glossary .cut-off").first.inner_text().split() == [
        "…",
        f"+{n - chips}",
    ]
    assert "읽는 자리" in page.locator("#glossary .legend").inner_text()
    about = page.evaluate("document.querySelector('#glossary .about-model').getBoundingClientRect().bottom")
    assert about <= 677, "above the bottom bar"


def test_an_example_waits_for_its_card(open_page):
    visit = open_page(query={**LESSON, "term": "downstream"})
    page = visit.page
    tasks = page.locator("#glossary .tasks")
    assert tasks.is_visible()
    at_once = """() => {
      document.querySelector("#glossary [data-key=node-nli]").click();
      return getComputedStyle(document.querySelector("#glossary .task-example")).visibility;
    }"""
    assert page.evaluate(at_once) == "hidden"
    page.wait_for_function("lab.active().value.tasks.task === 'entailment'")
    assert tasks.is_visible()


def test_the_table_is_of_all_three_ways_until_one_is_opened(open_page):
    visit = open_page(query={**LESSON, "scene": "table"})
    on = "[...document.querySelectorAll('#glossary .node.on')].map((one) => one.dataset.node)"
    assert visit.page.evaluate(on) == ["fine-tuning", "prompt-tuning", "in-context"]
    assert "110.79 MB" in visit.page.locator("#glossary .look").inner_text()
    painted(visit, lambda: key(visit, "node-fine-tuning").click())
    assert visit.page.evaluate(on) == ["fine-tuning"]
    assert "2,769,792" in visit.page.locator("#glossary .look").inner_text()


def test_the_list_of_examples_by_keyboard(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    menu, texts = page.locator("#glossary .menu"), GLOSSARY.texts("ko")["ui.example_list"].split("\n")
    focused = "document.activeElement.textContent"
    key(visit, "examples").focus()
    page.keyboard.press("ArrowDown")
    assert menu.is_visible() and page.evaluate(focused) == texts[0]
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == texts[-1]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == texts[1]
    page.keyboard.press("Escape")
    assert menu.is_hidden() and page.evaluate("document.activeElement.dataset.key") == "examples"
    page.keyboard.press("Enter")
    assert menu.is_visible()
    page.locator("#glossary-text").focus()
    assert menu.is_hidden(), "the focus has gone elsewhere"
    key(visit, "examples").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert painted(visit, lambda: page.keyboard.press("Enter"))["text"] == texts[1]


def test_a_hostile_sentence_is_text(open_page):
    text = "</script><img src=x onerror=alert(1)> **나** [[token]] \u202e ${1}"
    visit = open_page(query={**LESSON, "text": text, "term": "masked-lm"})
    page = visit.page
    assert page.evaluate("lab.active().value.text") == text
    assert page.locator("#glossary .demo img").count() == 0
    assert page.locator("#glossary .chip-word").count() > 4


def test_a_phone_in_the_dark(open_page):
    visit = open_page(lang="en", size=PHONE, theme="dark", query=LESSON)
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    painted(visit, lambda: key(visit, "node-prompt-tuning").click())
    node, side = (page.locator(f"#glossary {at}").bounding_box() for at in (".of-prompt-tuning", ".side"))
    assert 0 <= side["y"] - node["y"] - node["height"] < 40, "the card stands under its node"
    assert "prompt tuning" in card(visit)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    search, first = (page.locator(f"#glossary {at}").bounding_box() for at in (".term-search", ".map"))
    assert search["y"] + search["height"] <= first["y"], "the search stands above the map"
    key(visit, "term-search").fill("transfer")
    painted(visit, lambda: key(visit, "term-search").press("Enter"))
    top = page.locator("#glossary .term-whole h2").bounding_box()["y"]
    assert "transfer learning" in card(visit) and 0 < top < PHONE[1], "what was found comes into sight"
    page.set_viewport_size({"width": 1280, "height": 720})
    page.evaluate("lab.active().paint()")
    assert page.locator("#glossary .side .term-search").is_visible()


@pytest.mark.parametrize("lang", ["ko"])
def test_every_scene_has_its_board(open_page, lang):
    visit = open_page(lang=lang, query={**LESSON, "scene": GLOSSARY.scenes[0].id, "present": 1})
    page = visit.page
    seen = set()
    for number, scene in enumerate(GLOSSARY.scenes):
        if number:
            painted(visit, lambda: page.keyboard.press("PageDown"))
        page.wait_for_function("n => lab.active().value.scene === n", arg=number)
        board = page.locator("#glossary .board svg.glossary-board")
        assert GLOSSARY.texts(lang)[f"scene.{scene.id}.title"] in board.inner_html()
        box = page.evaluate(BOARD_TEXTS)
        assert box["least"] >= 23.5 and box["outside"] == [], (scene.id, box)
        seen.add(board.inner_html())
    assert len(seen) == len(GLOSSARY.scenes), "each has a picture of its own"


BOARD_TEXTS = """() => {
  const all = [...document.querySelectorAll('#glossary .glossary-board text')];
  const texts = all.filter((one) => one.textContent);
  const size = (one) => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a;
  const beyond = (one) => {
    const at = one.getBoundingClientRect();
    return at.right > innerWidth + 1 || at.bottom > innerHeight + 1 || at.left < -1;
  };
  const outside = texts.filter(beyond).map((one) => one.textContent);
  return { least: Math.min(...texts.map(size)), outside };
}"""
