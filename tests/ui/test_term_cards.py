"""Search and cards of the terms in the real page: keyboard, formulas, links that keep the page."""

from __future__ import annotations

import pytest

from app import cards
from app.languages import CODES
from lessons import LESSONS
from tests.harness.visit import PHONE, Visit

pytestmark = pytest.mark.ui

# The cards in a lesson's place, and what the learner opened.
SHOW = """async () => {
  const main = document.querySelector('script[src*="/js/main.js"]').src;
  const { cards, loadCards } = await import(new URL("views/term_cards.js", main));
  const at = document.querySelector("#next-token .view");
  at.replaceChildren();
  window.opened = [];
  window.terms = cards(at, { ...await loadCards(), on: (id) => opened.push(id) });
}"""
FIELD, HITS, CARD = ".term-search input", ".term-search [role=option]", ".term-whole"
WIDE = """() => [...document.querySelectorAll('.term-whole')]
  .map((card) => card.scrollWidth - card.clientWidth)
  .concat(document.scrollingElement.scrollWidth - innerWidth)"""
# A formula that KaTeX does not understand stands there in red.
FORMULAS = """async ([ids]) => {
  const wrong = [];
  for (const id of ids) {
    terms.open(id);
    const place = document.querySelector(".term-whole .formula-place");
    const drawn = () => place.querySelector(".katex");
    for (let tries = 0; !drawn() && tries < 200; tries++) await new Promise(requestAnimationFrame);
    if (!drawn() || place.querySelector(".katex-error")) wrong.push(`${id}: not drawn`);
    await document.fonts.ready; // those of rarer letters come when they are first drawn
    const right = (one) => one.getBoundingClientRect().right;
    const over = Math.max(...[...place.querySelectorAll(".katex-html .base")].map(right)) - right(place);
    if (over > 0) wrong.push(`${id}: ${over} pixels too wide`);
    const raw = [...place.querySelectorAll("[style*='rgb(15, 0']")];
    if (raw.length) wrong.push(`${id}: a colour of no name`);
  }
  return wrong;
}"""


@pytest.fixture
def terms(open_page):
    """`terms(**how)` -> a visit that shows search and cards, and asks the server for nothing more."""

    def open_(**how) -> Visit:
        visit = open_page(**how)
        visit.page.evaluate(SHOW)
        return visit

    return open_


def listed(visit: Visit) -> list[str]:
    return visit.page.locator(HITS).evaluate_all("all => all.map((one) => one.dataset.term)")


def test_a_term_is_found_and_opened_by_keyboard_alone(terms):
    visit = terms()
    page = visit.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator(FIELD).focus()
    page.keyboard.type("ㅈㅇㅎㅅ")
    assert listed(visit)[0] == "transfer-learning"
    assert page.locator(f"{HITS}[aria-selected=true]").get_attribute("data-term") == "transfer-learning"
    page.keyboard.press("Enter")
    assert page.evaluate("opened") == ["transfer-learning"]
    assert page.locator(f"{CARD} h2").inner_text().startswith("전이학습")
    assert page.locator(FIELD).input_value() == ""
    assert not page.locator(".term-search ul").is_visible()
    page.keyboard.press("ArrowDown")
    assert listed(visit) == list(cards.terms("ko")), "nothing typed: all of them"
    page.keyboard.press("ArrowUp")
    last = list(cards.terms("ko"))[-1]
    assert page.locator(FIELD).get_attribute("aria-activedescendant") == f"term-hit-{len(listed(visit)) - 1}"
    page.keyboard.press("Enter")
    assert page.evaluate("[opened.at(-1), terms.shown()]") == [last, last]
    assert not asked, "a search asks nobody"


def test_escape_clears_and_then_leaves_the_key_to_the_page(terms):
    visit = terms()
    page = visit.page
    page.evaluate("addEventListener('keydown', (event) => { window.last = event.key; })")
    page.locator(FIELD).focus()
    page.keyboard.type("없는말")
    assert page.locator(".term-search [role=status]").is_visible() and not listed(visit)
    page.keyboard.press("Escape")
    assert page.locator(FIELD).input_value() == ""
    assert not page.locator(".term-search [role=status]").is_visible()
    assert page.evaluate("window.last") != "Escape"
    page.keyboard.press("Escape")
    assert page.evaluate("window.last") == "Escape"


def test_the_mouse_opens_what_is_pressed_and_a_press_beside_closes_the_list(terms):
    visit = terms()
    page = visit.page
    page.locator(".term-search button").click()
    assert listed(visit)[0] == "transfer-learning"
    page.locator(HITS).first.click()
    assert page.evaluate("opened") == ["transfer-learning"]
    page.locator(FIELD).click()
    assert page.locator(".term-search ul").is_visible()
    page.locator(".scenes .copy").focus()
    assert not page.locator(".term-search ul").is_visible()


@pytest.mark.parametrize("lang", CODES)
def test_a_card_says_all_that_the_file_says(terms, lang: str):
    visit = terms(lang=lang)
    for card in cards.whole(LESSONS, lang)["list"]:
        assert visit.page.evaluate("id => terms.open(id)", card["id"])
        said = visit.page.locator(CARD).evaluate("card => card.textContent")
        for field in ("title", "twin", "text", "precise", "lecture", "exactly", "source"):
            assert card.get(field, "") in said, (card["id"], field)
        links = visit.page.locator(f"{CARD} .scenes a").evaluate_all("all => all.map((link) => link.search)")
        assert len(links) == len(card["scenes"])
        for link, scene in zip(links, card["scenes"], strict=True):
            assert f"lesson={scene['lesson']}&scene={scene['scene']}&" in link
    assert visit.page.evaluate("[terms.open('no-such-term'), terms.open('constructor'), opened]") == [
        False,
        False,
        [],
    ]


def test_every_formula_is_drawn_and_fits(terms):
    """In a card as wide as the panel beside the map."""
    visit = terms()
    visit.page.evaluate("document.querySelector('.term-cards').style.width = '384px'")
    drawn = [term for term, card in cards.terms("ko").items() if "formula" in card]
    assert len(drawn) > 15
    assert visit.page.evaluate(FORMULAS, [drawn]) == []


def test_on_a_phone_nothing_is_wider_than_the_window(terms):
    visit = terms(lang="en", size=PHONE, theme="dark")
    for term in cards.terms("en"):
        visit.page.evaluate("id => terms.open(id)", term)
        assert max(visit.page.evaluate(WIDE)) <= 1, term


def test_the_place_for_a_demo_is_empty_for_another_card_and_stays_for_the_same(terms):
    page = terms().page
    assert page.evaluate("""() => {
      terms.open("softmax");
      terms.place().textContent = "demo";
      terms.open("softmax");
      const same = terms.place().textContent;
      terms.open("token");
      return [same, terms.place().textContent, document.querySelectorAll(".term-whole").length];
    }""") == ["demo", "", 1]


def test_a_link_to_a_scene_opens_its_tab_without_leaving_the_page(terms):
    """The tab has never been opened before; what runs in the page goes on."""
    visit = terms()
    page = visit.page
    page.evaluate("() => { window.same = true; terms.open('head'); }")
    before = visit.serial()
    page.locator(f"{CARD} .scenes a").first.click()
    visit.wait_painted(after=before)
    scene = cards.listed(cards.terms("ko")["head"], "scenes")[0].split("#")
    there = "['lesson', 'scene'].map((name) => new URLSearchParams(location.search).get(name))"
    assert page.evaluate(there) == scene
    assert page.evaluate("window.same") is True
    assert page.evaluate("lab.active().id") == scene[0]
    page.go_back()
    page.wait_for_function("lab.active()?.id === 'next-token'")


# As if another lesson, or none, showed the cards.
HOME = """async (lesson) => {
  const { page } = await import(new URL("page.js", document.querySelector('script[src*="/js/main.js"]').src));
  page.terms = lesson;
}"""


def test_a_small_card_leads_to_the_whole_one_without_leaving_the_page(open_page):
    visit = open_page(query={"theme": "dark"})
    page = visit.page
    term = page.locator(".view button.term").first
    page.evaluate(HOME, None)
    term.click()
    assert page.locator(".term-card a").count() == 0, "no lesson shows the cards"
    page.keyboard.press("Escape")
    page.evaluate(HOME, "attention")
    term.click()
    assert page.locator(".term-card a").inner_text() == "용어에서 보기"
    assert page.locator(".term-card span").inner_text() == cards.terms("en")["token"]["title"]
    before = visit.serial()
    page.evaluate("() => { window.same = true; }")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    visit.wait_painted(after=before)
    assert page.evaluate("[window.same, lab.active().id]") == [True, "attention"]
    assert page.locator(".term-card").count() == 0
    assert page.evaluate("new URLSearchParams(location.search).get('theme')") == "dark"


def test_a_link_of_a_small_card_is_one_of_a_page(open_page):
    """So that it can be copied, or opened in another tab of the browser."""
    page = open_page(model=False, lang="en", query={"__theme": "x"}).page
    page.evaluate(HOME, "attention")
    page.locator(".view button.term").first.click()
    query = page.locator(".term-card a").evaluate(
        "link => Object.fromEntries(new URL(link.href).searchParams)"
    )
    assert query == {"lesson": "attention", "term": "token", "lang": "en", "theme": "light", "__theme": "x"}
