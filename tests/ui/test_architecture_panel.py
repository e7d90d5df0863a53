"""The panel of 「GPT-1 vs GPT-2」: heatmaps in full by plotly, formulas by KaTeX, one token everywhere."""

from __future__ import annotations

import pytest

from app.languages import CODES
from tests.harness.matrix import quick
from tests.harness.visit import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.ui
LESSON = {"lesson": "architecture"}
PATTERN = {**LESSON, "node": "blocks.2.attn.hook_pattern"}
PLOT = "#architecture .view .full .heat-plot"
SIGNS = "<b>굵게</b> <script>alert(1)</script> &lt; %{x} ${1} <a href=x>"

# Shared scripts of the page, at hand under `lab`.
MODULES = """async () => {
  const main = document.querySelector('script[src*="/js/main.js"]').src;
  for (const name of ['views/heatmap', 'views/chip', 'libraries']) {
    Object.assign(lab, await import(new URL(`${name}.js`, main)));
  }
}"""
# The numbers and colours of a plot, and those that the canvas below it has.
COMPARE = """place => {
  const plot = document.querySelectorAll('#architecture .view .full .heat-plot')[place];
  const { panel } = lab.active().value;
  const part = [panel.x, panel.y][place];
  const values = lab.heat.floats(part);
  const [trace] = plot.data;
  const { signed } = lab.heat.scales();
  return {
    rows: trace.z.length, columns: trace.z[0].length, of: [part.rows, part.columns],
    equal: trace.z.every((row, i) => row.every((value, j) => value === values[i * part.columns + j])),
    symmetric: trace.zmin === -trace.zmax,
    ends: [trace.colorscale[0][1], trace.colorscale[16][1], trace.colorscale[32][1]],
    canvas: [1, 128, 255].map((byte) => `rgb(${signed[byte].join()})`),
    paper: plot.layout.paper_bgcolor, size: [plot.offsetWidth, plot.offsetHeight],
    room: [plot.parentNode.parentNode.clientWidth, plot.parentNode.offsetHeight],
  };
}"""
NO_LIBRARY = """() => {
  for (const name of Object.keys(lab.library)) lab.library[name] = () => Promise.reject(new Error('none'));
}"""
# The colour of zero in the plot is that of the page's theme.
THEMED = """plot => {
  const zero = lab.heat.scales().signed[128].join();
  return document.querySelector(plot)?.data[0].colorscale[16][1] === `rgb(${zero})`;
}"""
PIECES = "lab.active().value.panel.tokens.map((token) => lab.readable(token).trim() || '␣')"
TARGETS = "#architecture :is(button, [role=button], summary, [tabindex='0'])"
SMALL = """([targets, least]) => [...document.querySelectorAll(targets)]
  .filter((target) => target.checkVisibility())
  .map((target) => [target.getBoundingClientRect(), target.dataset.key ?? target.textContent])
  .filter(([box]) => box.width && Math.min(box.width, box.height) < least)
  .map(([box, name]) => `${Math.round(box.width)}x${Math.round(box.height)} ${name}`)"""


@pytest.fixture
def open_page(open_page):
    """As ever, with MODULES."""

    def open_(**how) -> Visit:
        visit = open_page(**how)
        visit.page.evaluate(MODULES)
        return visit

    return open_


def wait_plot(visit: Visit, number: int = 2) -> None:
    """Until every full heatmap is plotly's."""
    visit.page.wait_for_function(
        "([plot, number]) => document.querySelectorAll(plot + ' image').length === number", arg=[PLOT, number]
    )


def told(visit: Visit) -> str:
    """What stands under the pointer."""
    return visit.page.locator("#architecture .heat-tip:visible").inner_text()


def asked_for(page) -> list[str]:
    return page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")


@pytest.mark.parametrize("theme", quick(["light", "dark"], "dark"))
def test_plotly_draws_the_numbers_of_the_panel_in_the_canvas_s_colours(open_page, theme: str):
    visit = open_page(theme=theme, query=LESSON)
    wait_plot(visit)
    for place in (0, 1):
        found = visit.page.evaluate(COMPARE, place)
        assert [found["rows"], found["columns"]] == found["of"]
        assert found["equal"] and found["symmetric"]
        assert found["ends"] == found["canvas"]
        assert found["paper"] == "rgba(0,0,0,0)"
        assert found["size"] == found["room"]
    assert visit.page.locator("#architecture .modebar").count() == 0
    assert visit.page.locator(".heat-waiting").count() == 0


def test_the_libraries_come_when_the_panel_does_and_once(open_page):
    visit = open_page()
    page = visit.page
    page.wait_for_timeout(800)
    heavy = ("plotly", "katex")
    assert not [name for name in asked_for(page) if any(word in name.lower() for word in heavy)]
    page.locator("#lessons [role=tab][data-tab-id=architecture]").click()
    wait_plot(visit)
    page.locator("#architecture .panel-formula .katex").wait_for()
    before = visit.serial()
    page.locator("#architecture .heat-names button").first.click()
    visit.wait_painted(after=before)
    wait_plot(visit)
    for word in ("plotly.min.js", "katex-"):
        assert len([name for name in asked_for(page) if word in name and ".woff" not in name]) <= 2


def test_waiting_for_plotly_is_told_in_words_and_moves_nothing(open_page):
    visit = open_page()
    page = visit.page
    page.evaluate("""() => {
      const load = lab.library.plotly;
      const go = new Promise((done) => { window.letPlotlyCome = done; });
      lab.library.plotly = () => go.then(load);
    }""")
    page.locator("#lessons [role=tab][data-tab-id=architecture]").click()
    page.locator("#architecture .heat-waiting").first.wait_for()
    assert page.locator("#architecture .heat-waiting").first.inner_text() == "히트맵을 불러오고 있어요"
    for formula in (".panel-formula", ".panel-filled"):
        page.locator(f"#architecture {formula} .katex").wait_for()
    places = """() => [...document.querySelectorAll('#architecture .panel > *, #architecture .view .full')]
      .map((part) => part.getBoundingClientRect().toJSON())"""
    before = page.evaluate(places)
    page.evaluate("letPlotlyCome()")
    wait_plot(visit)
    assert page.evaluate(places) == before


def test_without_plotly_and_katex_the_panel_is_drawn_all_the_same(open_page):
    visit = open_page()
    page = visit.page
    page.evaluate(NO_LIBRARY)
    page.locator("#lessons [role=tab][data-tab-id=architecture]").click()
    page.wait_for_function("lab.active()?.id === 'architecture' && lab.active().value?.ready")
    page.wait_for_function("!document.querySelector('.heat-waiting')")
    assert page.locator("#architecture .view .full canvas:visible").count() == 2
    assert page.locator("#architecture .panel-formula math").count() == 1
    page.locator("#architecture .view .full").last.hover()
    assert "번째 수" in told(visit)


def test_tokens_that_look_like_markup_stay_text(open_page):
    visit = open_page(query={**LESSON, "text": SIGNS, "side": "gpt2"})
    page = visit.page
    wait_plot(visit)
    pieces = page.evaluate(PIECES)
    assert "<" in "".join(pieces) and "%" in "".join(pieces)
    box = page.locator("#architecture .view .full").last.bounding_box()
    for row, piece in [*enumerate(pieces)][::3]:
        page.mouse.move(box["x"] + 50, box["y"] + (row + 0.5) * box["height"] / len(pieces))
        assert told(visit).startswith(f"‘{piece}’")
    for query in ({**PATTERN, "text": SIGNS}, {**LESSON, "text": SIGNS, "node": "logits"}):
        other = open_page(query=query)
        other.page.locator(f"{PLOT} image").first.wait_for(state="attached")
        assert other.page.locator("#architecture :is(script, .panel a, .panel b > b)").count() == 0
    assert page.locator("#architecture :is(script, .panel a)").count() == 0
    assert page.evaluate("document.querySelectorAll('#architecture .heat-plot text').length") == 0


def test_the_pointer_tells_a_cell_and_marks_its_token_everywhere(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    wait_plot(visit)
    panel = page.evaluate("lab.active().value.panel")
    value = page.evaluate("lab.heat.floats(lab.active().value.panel.y)[1 * 192 + 40]")
    box = page.locator("#architecture .view .full").last.bounding_box()
    wide, high = box["width"] / panel["y"]["columns"], box["height"] / panel["y"]["rows"]
    page.mouse.move(box["x"] + 40.5 * wide, box["y"] + 1.5 * high)
    assert told(visit) == f"‘오늘’, 40번째 수: {value:.4f}".replace("-", "−")
    for side in ("gpt1", "gpt2"):  # all thumbnails of both columns, and the token below them
        column = page.locator(f"#architecture .arch-column.{side}")
        assert column.locator(".marks rect").count() >= 10
        assert column.locator(".token.pointed text").all_text_contents() == ["·오늘"]
    assert page.locator("#architecture .heat-row.pointed:visible").count() == 2
    assert page.locator("#architecture .heat-names .pointed").all_text_contents() == ["·오늘"] * 2
    page.mouse.move(5, 5)
    assert page.locator("#architecture :is(.marks rect, .token.pointed)").count() == 0
    assert page.locator("#architecture .heat-row.pointed:visible").count() == 0

    before = visit.serial()
    page.mouse.click(box["x"] + 40.5 * wide, box["y"] + 1.5 * high)
    visit.wait_painted(after=before)
    assert "row=1" in page.url


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_a_token_frames_its_row_in_the_open_heatmaps(open_page, way: str):
    visit = open_page(query=LESSON)
    page = visit.page
    token = page.locator("#architecture .arch-column.gpt1 .token").nth(2)
    getattr(token, way)()
    frames = page.locator("#architecture .heat-row.pointed:visible")
    assert frames.count() == 2
    names = page.locator("#architecture .heat-names .pointed").all_text_contents()
    assert names == [token.locator("text").text_content()] * 2
    height = page.evaluate("document.querySelector('#architecture .view .full').offsetHeight / 5")
    assert frames.first.evaluate("frame => parseFloat(frame.style.top)") == pytest.approx(2 * height - 2)


def test_zoom_and_cells_by_keyboard_alone(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    wait_plot(visit)
    heatmap = page.locator("#architecture .view .full").last
    assert heatmap.get_attribute("aria-label").startswith("나간 값, 5×192 히트맵")
    page.locator("#architecture .heat-names button").last.focus()
    page.keyboard.press("Tab")
    assert told(visit).startswith("‘간다’, 0번째 수")
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    assert told(visit).startswith("‘곳에’, 11번째 수")
    for _ in range(3):
        page.keyboard.press("+")
    sight = f"[...document.querySelectorAll('{PLOT}')].at(-1).layout.xaxis.range"
    page.wait_for_function(f"({sight})[1] - ({sight})[0] === 24")
    title = page.locator("#architecture .heat-title").last
    assert "0–23번째 수" in title.inner_text()
    before = visit.serial()
    page.keyboard.press("Enter")  # the zoom and the place of the keyboard stay
    visit.wait_painted(after=before)
    assert "row=3" in page.url
    assert page.evaluate(f"({sight})[1] - ({sight})[0]") == 24
    assert told(visit).startswith("‘곳에’, 11번째 수")
    page.keyboard.press("End")
    page.wait_for_function(f"({sight})[1] === 191.5")
    page.keyboard.press("Escape")
    page.wait_for_function(f"({sight})[0] === -0.5")
    assert "나간 값" in title.inner_text()


def test_a_head_is_chosen_and_shown_in_full(open_page):
    visit = open_page(query=PATTERN)
    page = visit.page
    wait_plot(visit, 1)
    before = visit.serial()
    page.locator("#architecture .head-list button").nth(4).click()
    visit.wait_painted(after=before)
    wait_plot(visit, 1)
    assert "head=4" in page.url
    chosen = page.locator("#architecture .head-list [aria-pressed=true]")
    assert chosen.get_attribute("aria-label") == "헤드 4"
    row = page.evaluate(f"[...document.querySelector('{PLOT}').data[0].z[2]]")
    assert sum(row[:3]) == pytest.approx(1, abs=1e-4)
    box = page.locator("#architecture .view .full").bounding_box()
    cell = box["width"] / 5
    page.mouse.move(box["x"] + 1.5 * cell, box["y"] + 2.5 * cell)
    assert told(visit) == f"‘그’ → ‘오늘’: {row[1]:.4f}"
    page.mouse.move(box["x"] + 3.5 * cell, box["y"] + 2.5 * cell)
    assert told(visit) == "‘그’ → ‘곳에’: 뒤에 있어서 볼 수 없어요"


@pytest.mark.slow
def test_the_plot_fits_after_a_change_of_window_tab_and_mode(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    wait_plot(visit)

    def fits() -> None:
        wait_plot(visit)
        page.wait_for_function(
            """plot => [...document.querySelectorAll(plot)].every((one) => {
              const room = one.closest('.heat-picture').clientWidth;
              return room > 100 && one.layout.width === room && one.offsetWidth === room; })""",
            arg=PLOT,
        )

    fits()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    fits()
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    fits()
    page.locator("#lessons [role=tab]").first.click()
    page.set_viewport_size({"width": 1100, "height": 720})
    page.locator("#lessons [role=tab][data-tab-id=architecture]").click()
    fits()
    page.locator("button.present").click()
    page.keyboard.press("Escape")
    fits()
    page.locator("header .tool.bare").last.click()  # the other theme
    page.wait_for_function(THEMED, arg=PLOT)


def test_formulas_are_katex_s_with_numbers_in_them(open_page):
    visit = open_page(query=LESSON)
    page = visit.page
    formula = page.locator("#architecture .panel-formula .katex")
    formula.wait_for()
    assert formula.locator(".katex-mathml math").count() == 1  # what a screen reader reads
    page.locator("#architecture .panel-filled .katex .mfrac").first.wait_for()
    coloured = page.locator("#architecture .panel-formula .katex-html [style*='--mu']").first
    assert coloured.evaluate("part => getComputedStyle(part).color") == "rgb(11, 116, 107)"
    assert page.evaluate("document.fonts.check('16px KaTeX_Main')")
    for lit in ("embed", "unembed"):
        other = open_page(query={**LESSON, "lit": lit, "node": "none"})
        other.page.locator("#architecture .equation .katex").nth(4).wait_for()
        assert other.page.locator(".katex-error").count() == 0


def test_a_folded_formula_loads_katex_when_it_is_opened(open_page):
    visit = open_page()
    page = visit.page
    fold = page.locator("#next-token details", has=page.locator(".formula-place"))
    assert page.locator("#next-token .formula-place math").count() == 1
    fold.locator("summary").click()
    fold.locator(".katex .mfrac").wait_for()
    assert page.locator(".katex-error").count() == 0


@pytest.mark.slow
def test_every_target_is_wide_enough_for_a_finger(open_page):
    for query in (LESSON, PATTERN, {**LESSON, "lit": "embed", "node": "none"}):
        for lang in CODES:
            visit = open_page(lang=lang, size=PHONE, query=query)
            assert visit.page.evaluate(SMALL, [TARGETS, 24]) == []
    visit.page.locator("[data-key=show-gpt1]").click()
    assert not visit.page.locator("#architecture .arch-column.gpt2").is_visible(), "a phone shows one model"
    logits = visit.page.locator("#architecture .arch-column.gpt1 .tag[data-node=logits]")
    assert logits.bounding_box()["width"] >= 44
    assert logits.bounding_box()["height"] >= 44
