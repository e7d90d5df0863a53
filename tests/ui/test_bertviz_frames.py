"""bertviz's views in a page that has nothing else: drawn, followed by a hover, shut off from all else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Frame, Page, Route

from app import bertviz_scripts, i18n
from app.engine.trace import trace
from app.models import LoadedModel, load
from app.views import bertviz
from tests.harness.matrix import quick
from tests.harness.visit import DESKTOP, PHONE, is_local

pytestmark = pytest.mark.ui

ROOT = Path(__file__).parents[2]
HOME = "http://127.0.0.1:9/"  # nobody listens there: every answer is given by `serve`
WIDE = (1200, 700)
TEXT = {"ko": "나는 오늘 그 곳에 간다. 나는 오늘", "en": "The old king saw the small bird and the old king"}
VIEWS = [("tiny-gpt1", "head"), ("tiny-gpt1", "model")]
VIEWS += [("tiny-gpt2", "head"), ("tiny-gpt2", "model"), ("tiny-gpt2", "neuron")]
LINES = {"head": "#attention line", "model": ".attn_background ~ g line", "neuron": ".qk-line-group path"}
NASTY = [
    "</script><img src=x onerror=alert(1)>",
    "<!--",
    "\u2028",
    "\"'",
    "{{x}}",
    "\\",
    "${alert(1)}",
    "]]>",
]
OPEN = """async ([kind, data, words, more]) => {
  const { bertvizFrame } = await import("/m/x/assets/js/views/bertviz_frame.js");
  window.asked = [];
  window.heard = [];
  addEventListener("keydown", (event) => window.heard.push(event.key));
  window.view = bertvizFrame({ kind, data, words, layer: (n) => window.asked.push(n), ...more });
  document.getElementById("at").append(window.view);
}"""
# The same views for a test that asks nothing of the architecture.
EITHER = quick(VIEWS, when=lambda view: view[0] == "tiny-gpt2")


def words_of(lang: str) -> dict[str, str]:
    """As a stage has them."""
    texts = i18n.shared_text(lang)
    return {name.removeprefix("ui."): text for name, text in texts.items() if name.startswith("ui.")}


@dataclass
class Place:
    """A page with one view in it, and what it did that no page may do."""

    page: Page
    complaints: list[str]
    asked: list[str]

    def draw(self, kind: str, data: dict, lang: str = "ko") -> Frame:
        """The frame, when bertviz has drawn in it."""
        self.page.evaluate(OPEN, [kind, data, words_of(lang), {}])
        self.page.wait_for_selector(".bertviz-frame[data-drawn]")
        return self.frame

    @property
    def frame(self) -> Frame:
        return self.page.frames[-1]


@pytest.fixture
def place(browser: Browser) -> Iterator[Callable[..., Place]]:
    """`place(lang, theme, size)`: an empty page with the page's own styles."""
    places: list[Place] = []

    def open_(lang: str = "ko", theme: str = "light", size=WIDE, without: str = "nothing") -> Place:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
        here = Place(context.new_page(), [], [])
        places.append(here)

        def serve(route: Route) -> None:
            name = route.request.url.removeprefix(HOME).partition("?")[0]
            here.asked.append(name)
            if name == without:
                route.fulfill(status=404)
            elif name == "libraries/bertviz.js":
                route.fulfill(body=bertviz_scripts.script(), content_type="text/javascript")
            elif name.startswith("m/x/assets/js/"):
                route.fulfill(body=(ROOT / name[4:]).read_bytes(), content_type="text/javascript")
            else:
                route.fulfill(body=_html(lang, theme), content_type="text/html")

        def note(kind: str) -> Callable[[str], None]:
            return lambda message: here.complaints.append(f"{kind}: {message}")

        page = here.page
        page.on("console", lambda m: note("console")(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: note("error")(str(error)))
        page.on("dialog", lambda dialog: (note("dialog")(dialog.message), dialog.dismiss()))
        page.on("request", lambda r: None if is_local(r.url) else note("request")(r.url))
        context.route("**/*", serve)
        page.goto(HOME)
        return here

    yield open_
    for here in places:
        here.page.context.close()
    assert not [complaint for here in places for complaint in here.complaints]


def _html(lang: str, theme: str) -> str:
    styles = "\n".join(
        (ROOT / f"assets/css/{name}.css").read_text(encoding="utf-8") for name in ("tokens", "base", "views")
    )
    told = json.dumps({"lang": lang, "libraries": {"bertviz": "libraries/bertviz.js?v=1"}, "foreign": "x"})
    return (
        f'<!doctype html><html lang="{lang}" data-theme="{theme}"><link rel="icon" href="data:,">'
        f'<meta name="viewport" content="width=device-width"><style>{styles}</style>'
        f'<script type="application/json" id="one-token-page">{told}</script>'
        '<body class="gradio-container" style="margin: 0; padding: 24px"><main id="at"></main></body></html>'
    )


@pytest.fixture(scope="module", params=["tiny-gpt1", "tiny-gpt2"])
def either(request) -> LoadedModel:
    return load(request.param)


def data_of(model: LoadedModel, kind: str, lang: str = "ko", layer: int | None = None) -> dict:
    return bertviz.view_data(model, model.tokenizer.encode(TEXT[lang]), kind, layer)


def opacities(frame: Frame, selector: str) -> list[float]:
    """How dark the lines are that can be seen."""
    return frame.evaluate(
        """(selector) => [...document.querySelectorAll(selector)].map((line) => {
             const style = getComputedStyle(line);
             let seen = style.visibility === "visible" ? Number(style.strokeOpacity) : 0;
             for (let at = line; at.localName !== "svg"; at = at.parentNode) {
               seen *= getComputedStyle(at).opacity;
             }
             return seen;
           })""",
        selector,
    )


def until(frame: Frame, holds: str) -> None:
    """Wait for it. Playwright's own waiting evaluates text in the frame, which its policy forbids."""
    for _ in range(200):
        if frame.evaluate(holds):
            return
        frame.page.wait_for_timeout(25)
    raise AssertionError(f"never: {holds}")


def leave(here: Place, frame: Frame) -> None:
    """Take the pointer out of the frame and wait until that was heard inside."""
    frame.evaluate("addEventListener('message', ({ data }) => { window.left = data.type === 'leave'; })")
    frame.evaluate("window.left = false")
    frame.locator("#vis").hover(position={"x": 1, "y": 1})
    here.page.mouse.move(2, 2)
    here.page.mouse.move(3, 2)
    until(frame, "window.left")


# ---- what is drawn ----


@pytest.mark.parametrize(("lang", "theme"), quick([("ko", "light"), ("en", "dark")]))
@pytest.mark.parametrize(("name", "kind"), quick(VIEWS, ("tiny-gpt1", "head"), *VIEWS[3:]))
def test_a_view_is_drawn_whole_and_in_the_page_s_language(place, name, kind, lang, theme):
    here = place(lang, theme)
    data, words = data_of(load(name), kind, lang), words_of(lang)
    frame = here.draw(kind, data, lang)
    lines = opacities(frame, LINES[kind])
    assert max(lines) > 0.2 and sum(line > 0.02 for line in lines) >= len(data["pieces"])
    told = frame.evaluate("document.body.innerText")
    texts = frame.locator("svg text").all_text_contents()
    assert set(data["pieces"]) <= set(texts) or kind == "model"
    for word in [words["bertviz.layer"], *([words["bertviz.head"]] if kind != "head" else [])]:
        assert word in told
    for theirs in ("Layer", "Heads", "No token selected", "elementwise"):
        assert theirs not in told
    assert here.page.get_by_title(words[f"bertviz.title.{kind}"]).is_visible()
    cut = frame.evaluate(
        """() => [...document.querySelectorAll("svg text, svg line, select, button")].filter((one) => {
             if (!one.checkVisibility() || getComputedStyle(one).visibility === "hidden") return false;
             const { left, right, top, bottom } = one.getBoundingClientRect();
             return left < -1 || top < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
           }).map((one) => one.outerHTML.slice(0, 200))"""
    )
    assert not cut, "clipped at 1200 px"
    assert frame.evaluate(
        """() => [...document.querySelectorAll("svg text")].every((one) => {
             const { a, b } = one.getScreenCTM(); // one of them is turned
             return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(a, b) > 13.9;
           })"""
    ), "smaller than 14 px"


@pytest.mark.parametrize(("name", "kind"), EITHER)
def test_a_view_follows_a_hover(place, name, kind):
    """The lines of the token under the pointer stay, the others go; away from it all is as before."""
    here = place()
    model = load(name)
    data = data_of(model, kind)
    frame = here.draw(kind, data)
    selector, tokens = LINES[kind], "#left g:has(> .background)"
    if kind == "model":
        frame.locator(".attn_background ~ rect").nth(3).click()
        selector, tokens = ".attn-line-group line", ".detail > g:has(> .token)"
    elif kind == "neuron":
        tokens = "#expanded #leftText > g"
    T = len(data["pieces"])
    frame.locator(tokens).nth(1).hover()  # the neuron view begins with a token that is picked
    leave(here, frame)
    before = opacities(frame, selector)
    for row in (T - 1, 2):
        frame.locator(tokens).nth(row).hover()
        by_row = frame.evaluate(
            """(selector) => [...document.querySelectorAll(selector)].map((line) =>
                 Number(line.closest("[left-token-index], [source-index]").getAttribute(
                   line.hasAttribute("left-token-index") ? "left-token-index" : "source-index")))""",
            selector,
        )
        shown = opacities(frame, selector)
        assert {at for at, value in zip(by_row, shown, strict=True) if value > 0.02} == {row}
    leave(here, frame)
    assert opacities(frame, selector) == before


def test_the_lines_are_as_dark_as_the_weights(place, either):
    """Of the head that is lit, and of one lit instead; of another block after it is chosen."""
    here = place()
    data = data_of(either, "head") | {"heads": [1]}
    T = len(data["pieces"])
    patterns = trace(either, either.tokenizer.encode(TEXT["ko"]))
    frame = here.draw("head", data)

    def drawn(head: int) -> list[float]:
        return opacities(frame, f'.headAttention[head-index="{head}"] line')

    def weights(layer: int, head: int) -> list[float]:
        return patterns[f"blocks.{layer}.attn.hook_pattern"][head].flatten().tolist()

    assert len(drawn(1)) == T * T
    assert drawn(1) == pytest.approx(weights(0, 1), abs=1e-4) and max(drawn(2)) == 0
    frame.get_by_role("checkbox").nth(2).dblclick()
    assert drawn(2) == pytest.approx(weights(0, 2), abs=1e-4) and max(drawn(1)) == 0
    frame.get_by_label(words_of("ko")["bertviz.layer"]).select_option("3")
    assert drawn(2) == pytest.approx(weights(3, 2), abs=1e-4)


def test_the_model_view_shows_the_head_that_is_pressed(place, either):
    here = place()
    frame = here.draw("model", data_of(either, "model"))
    patterns = trace(either, either.tokenizer.encode(TEXT["ko"]))
    thumbnails = frame.locator(".attn_background ~ rect")
    assert thumbnails.count() == either.n_layer * either.n_head
    thumbnails.nth(2 * either.n_head + 4).click()
    assert frame.get_by_text("블록 2, 헤드 4", exact=True).is_visible()
    T = len(either.tokenizer.encode(TEXT["ko"]))
    wanted = [patterns["blocks.2.attn.hook_pattern"][4][i, j].item() for i in range(T) for j in range(i + 1)]
    assert opacities(frame, ".attn-line-group line") == pytest.approx(wanted, abs=1e-4)


def test_the_neuron_view_multiplies_q_and_k_of_the_trace(place):
    """Also of a block that was not sent: the page is asked for it."""
    here, model = place(), load("tiny-gpt2")
    ids = model.tokenizer.encode(TEXT["ko"])
    traced = trace(model, ids)
    frame = here.draw("neuron", data_of(model, "neuron"))
    row = len(ids) - 2

    def dots() -> list[float]:
        frame.locator("#expanded #leftText > g").nth(row).hover()
        squares = frame.locator(".dotproduct").evaluate_all("all => all.map((one) => +one.dataset.value)")
        return squares[: row + 1]

    def scores(layer: int, head: int) -> list[float]:
        return traced[f"blocks.{layer}.attn.hook_attn_scores"][head, row, : row + 1].tolist()

    assert dots() == pytest.approx(scores(0, 0), abs=1e-3)
    frame.locator("#att_head").select_option("3")
    assert dots() == pytest.approx(scores(0, 3), abs=1e-3)
    frame.locator("#layer").select_option("2")
    here.page.wait_for_function("window.asked.length")
    assert here.page.evaluate("window.asked") == [2]
    here.page.evaluate("data => window.view.update({ data })", data_of(model, "neuron", layer=2))
    until(frame, "window.bertviz_params.layer === 2")
    assert dots() == pytest.approx(scores(2, 3), abs=1e-3), "the head stays the one that she chose"


# ---- light, dark, sizes ----


def shares(page: Page) -> dict[str, float]:
    """Which part of the frame's pixels is nearly white, and which nearly black."""
    shot = page.locator("iframe").screenshot()
    image = Image.open(BytesIO(shot)).convert("L")
    counts = image.histogram()
    return {
        "white": sum(counts[225:]) / math.prod(image.size),
        "black": sum(counts[:40]) / math.prod(image.size),
    }


@pytest.mark.parametrize(("name", "kind"), quick(VIEWS, ("tiny-gpt2", "neuron")))
def test_nothing_is_white_in_the_dark_and_the_theme_may_change(place, name, kind):
    here = place("ko", "dark")
    frame = here.draw(kind, data_of(load(name), kind))
    if kind == "model":
        frame.locator(".attn_background ~ rect").nth(3).click()
    first = here.page.locator("iframe").get_attribute("srcdoc")
    assert "color-scheme:dark" in first, "else it is white until it is drawn"
    dark = shares(here.page)
    assert dark["white"] < 0.03 and dark["black"] > 0.4, dark
    here.page.evaluate("document.documentElement.dataset.theme = 'light'")
    until(frame, "getComputedStyle(document.documentElement).colorScheme === 'light'")
    light = shares(here.page)
    assert light["white"] > 0.4 and light["black"] < 0.1, light


@pytest.mark.parametrize("kind", quick(bertviz.KINDS["gpt2"], "model"))
def test_on_a_phone_a_wide_view_scrolls_inside_and_the_page_does_not(place, kind):
    here = place("ko", "light", PHONE)
    frame = here.draw(kind, data_of(load("tiny-gpt2"), kind))
    assert here.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    wide = frame.locator("#vis").evaluate("vis => vis.scrollWidth - vis.clientWidth")
    assert wide == 0 if kind == "head" else wide > 300
    if kind == "model":
        frame.locator(".attn_background ~ rect").nth(1).click()
        detail = frame.locator("rect.detail").bounding_box()
        assert detail["x"] >= 0 and detail["x"] + detail["width"] <= PHONE[0], "what opens is in sight"
    frame.evaluate("document.querySelector('#vis').scrollLeft = 10_000")
    last = frame.locator("#vis > svg").bounding_box()
    assert last["x"] + last["width"] <= PHONE[0]


@pytest.mark.parametrize("kind", quick(bertviz.KINDS["gpt2"], "head"))
def test_the_longest_view_is_as_high_as_it_needs_and_follows_the_width(place, kind):
    here, model = place("en", "light", DESKTOP), load("tiny-gpt2")
    ids = (model.tokenizer.encode(TEXT["en"]) * 20)[: model.n_ctx]
    data = bertviz.view_data(model, ids, kind)
    assert len(data["pieces"]) == bertviz.MOST_TOKENS[kind]
    frame = here.draw(kind, data, "en")
    fits = "Math.abs(document.body.getBoundingClientRect().height - innerHeight) <= 1"
    until(frame, fits)
    high = here.page.locator("iframe").bounding_box()["height"]
    assert 300 < high < 1300
    here.page.set_viewport_size({"width": 1100, "height": 700})
    right = "document.querySelector('svg').getBoundingClientRect().right"
    until(frame, f"{fits} && innerWidth === 1100 - 48 && {right} <= innerWidth")


# ---- apart from all else ----


@pytest.mark.parametrize("kind", quick(bertviz.KINDS["gpt2"], "model"))
def test_a_token_is_text_whatever_it_holds(place, kind):
    """No dialog, no element, no address: `place` would complain."""
    here, model = place(), load("tiny-gpt2")
    ids = model.tokenizer.encode(TEXT["ko"])[: len(NASTY)]
    data = bertviz.view_data(model, ids, kind) | {"pieces": NASTY}
    frame = here.draw(kind, data)
    if kind == "model":
        frame.locator(".attn_background ~ rect").nth(3).click()
    assert (
        frame.locator("title").evaluate_all("all => all.map((one) => one.textContent)")[: len(NASTY)] == NASTY
    )
    assert frame.locator("img").count() == 0 and frame.locator("script").count() == 2
    texts = frame.locator("svg text").all_text_contents()
    assert {"<!--", "{{x}}", "\\"} <= set(texts)
    markup = here.page.locator("iframe").get_attribute("srcdoc")
    assert "onerror=alert" not in markup and "{{x}}" not in markup


def test_the_frame_reaches_neither_the_page_nor_any_machine(place):
    here = place()
    frame = here.draw("head", data_of(load("tiny-gpt2"), "head"))
    assert here.page.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    refused = frame.evaluate(
        """async () => {
             const said = [];
             const reaches = [() => parent.document.body, () => localStorage.length, () => document.cookie];
             for (const reach of reaches) {
               try { reach(); said.push("reached"); } catch (error) { said.push(error.name); }
             }
             for (const address of ["http://127.0.0.1:9/stolen", "https://example.org/stolen"]) {
               try { await fetch(address); said.push("reached"); } catch (error) { said.push(error.name); }
               said.push(await new Promise((done) => {
                 const image = new Image();
                 image.onload = () => done("reached");
                 image.onerror = () => done("no image");
                 image.src = address;
               }));
             }
             return said;
           }"""
    )
    assert refused == ["SecurityError"] * 3 + ["TypeError", "no image"] * 2
    assert "stolen" not in here.asked
    policy = [one for one in here.complaints if "Content Security Policy" in one]
    assert len(policy) >= 4, "the policy is what refused"
    here.complaints.clear()


def test_the_page_believes_no_height_but_the_frame_s_own_and_within_limits(place):
    here = place()
    frame = here.draw("head", data_of(load("tiny-gpt2"), "head"))
    high = here.page.locator("iframe").bounding_box()["height"]

    def after(message: str, where) -> float:
        where.evaluate(f"{message}; new Promise((done) => setTimeout(done, 100))")
        return here.page.locator("iframe").bounding_box()["height"]

    assert after("postMessage({ type: 'height', height: 900 }, '*')", here.page) == high
    for odd in ("'900'", "NaN", "Infinity", "null", "{}"):
        assert after(f"parent.postMessage({{ type: 'height', height: {odd} }}, '*')", frame) == high
    for message in ("null", "7", "'draw'", "{ type: 'layer', layer: 99 }", "{ type: 'key', key: 'x' }"):
        assert after(f"parent.postMessage({message}, '*')", frame) == high
    assert here.page.evaluate("[window.asked, window.heard]") == [[], []]
    assert after("parent.postMessage({ type: 'height', height: 1e9 }, '*')", frame) == 6000


def test_keys_walk_through_a_view_and_a_presenter_s_keys_reach_the_page(place):
    here = place()
    frame = here.draw("model", data_of(load("tiny-gpt2"), "model"))
    here.page.keyboard.press("Tab")
    until(frame, "document.hasFocus() && document.activeElement.hasAttribute('aria-label')")
    for key in ("ArrowDown", "ArrowRight"):
        before = frame.evaluate("document.activeElement.getAttribute('aria-label')")
        here.page.keyboard.press(key)
        until(frame, f"document.activeElement.getAttribute('aria-label') !== {before!r}")
    here.page.keyboard.press("Enter")
    frame.get_by_text("블록 1, 헤드 1", exact=True).wait_for()
    assert frame.evaluate("document.activeElement.getAttribute('aria-label')") == "블록 1, 헤드 1"
    here.page.keyboard.press("PageDown")
    here.page.wait_for_function("window.heard.includes('PageDown')")
    assert "Enter" not in here.page.evaluate("window.heard")


def test_keys_light_heads_and_follow_tokens(place):
    here = place()
    frame = here.draw("head", data_of(load("tiny-gpt2"), "head"))
    frame.get_by_role("checkbox").nth(0).focus()
    here.page.keyboard.press("ArrowRight")
    here.page.keyboard.press("Space")
    checked = frame.get_by_role("checkbox").evaluate_all("all => all.map((one) => one.ariaChecked)")
    assert checked == ["true", "true", "false", "false", "false", "false"]
    frame.locator("#left [tabindex='0']").focus()
    for _ in range(3):
        here.page.keyboard.press("ArrowDown")
    rows = frame.evaluate(
        """() => [...document.querySelectorAll("#attention line")]
             .filter((line) => getComputedStyle(line).visibility === "visible")
             .map((line) => line.getAttribute("left-token-index"))"""
    )
    assert set(rows) == {"3"}


# ---- when it comes, and when it does not ----


def test_the_script_comes_with_the_first_view_and_once(place):
    here = place()
    here.page.evaluate("import('/m/x/assets/js/views/bertviz_frame.js')")
    assert "libraries/bertviz.js" not in here.asked
    data = data_of(load("tiny-gpt2"), "head")
    here.draw("head", data)
    here.page.evaluate("window.view.destroy()")
    assert here.page.locator("iframe").count() == 0
    here.draw("head", data)
    assert (
        here.asked.count("libraries/bertviz.js")
        == here.asked.count("m/x/assets/js/views/bertviz_inside.js")
        == 1
    )


def test_a_view_that_does_not_come_says_so(place):
    here = place("en", without="libraries/bertviz.js")
    here.page.evaluate(OPEN, ["head", data_of(load("tiny-gpt2"), "head"), words_of("en"), {}])
    here.page.get_by_text(words_of("en")["bertviz.failed"]).wait_for()
    assert here.page.locator("iframe").count() == 0
    assert here.complaints
    here.complaints.clear()


def test_a_view_that_breaks_says_so(place):
    here = place("en")
    data = data_of(load("tiny-gpt2"), "head") | {"heads": [7, "x"], "layers": []}
    here.page.evaluate(OPEN, ["head", data, words_of("en"), {}])
    here.page.get_by_text(words_of("en")["bertviz.failed"]).wait_for()
    here.complaints.clear()


# ---- in the page itself ----


def test_in_the_page_a_view_is_drawn_by_what_its_own_server_has(open_page):
    """`open_page` complains of any request that leaves the machine."""
    visit = open_page(lang="en", theme="dark")
    before = visit.page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert not [name for name in before if "bertviz" in name], "it comes when a view asks for it"
    model = load("tiny-gpt2")
    drawn = """async ([data, words]) => {
      const folder = new URL(".", document.querySelector("script[src$='main.js']").src);
      const { bertvizFrame } = await import(new URL("views/bertviz_frame.js", folder));
      const view = bertvizFrame({ kind: "head", data, words });
      document.querySelector(".gradio-container").prepend(view);
    }"""
    visit.page.evaluate(drawn, [data_of(model, "head", "en"), words_of("en")])
    visit.page.wait_for_selector(".bertviz-frame[data-drawn]")
    frame = visit.page.frames[-1]
    assert max(opacities(frame, LINES["head"])) > 0.2
    asked = visit.page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert [name for name in asked if "/libraries/bertviz.js?v=" in name]
