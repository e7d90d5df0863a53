"""What a screen reader is told: words, never the names that the code has for tensors, and no decoration."""

from __future__ import annotations

import pytest

from tests.harness.matrix import quick
from tests.harness.visit import Visit

pytestmark = pytest.mark.ui

CODE_NAMES = ("hook_", "blocks.", "ln_final", "undefined", "null")
DECORATION = ("·", "GPT")
NAMED = ("button", "link", "textbox", "slider", "combobox", "tab", "img", "image", "checkbox", "spinbutton")
# plotly, while it draws, measures in drawings that have no name
DRAWN = "[...document.querySelectorAll('.view .full')].every((one) => one.querySelector('.heat-plot'))"
PLACES = [
    {"lesson": "next-token", "scene": "output"},
    {"lesson": "next-token", "scene": "output", "present": 1},
    {"lesson": "architecture"},
    {"lesson": "architecture", "side": "gpt1", "node": "blocks.1.attn.hook_pattern"},
    {"lesson": "architecture", "lit": "embed", "node": "none"},
    {"lesson": "architecture", "present": 1},
    {"lesson": "glossary"},
    {"lesson": "glossary", "scene": "table"},
    {"lesson": "attention"},
    {"lesson": "attention", "scene": "fails"},
    {"lesson": "attention", "scene": "exchange", "present": 1},
]


def told(visit: Visit) -> list[tuple[str, str]]:
    """(role, accessible name) of all that is not hidden from readers."""
    visit.page.wait_for_function(DRAWN)
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("Accessibility.enable")
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    heard = [node for node in nodes if not node["ignored"]]
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in heard]


@pytest.mark.parametrize("lang", quick(["ko", "en"]))
@pytest.mark.parametrize("query", PLACES, ids=lambda query: "-".join(map(str, query.values())))
def test_every_control_and_picture_has_a_name_and_none_is_the_code_s(open_page, query, lang):
    found = told(open_page("en" if lang == "en" else "", lang=lang, query=query))
    assert len(found) > 100 and {"button", "StaticText"} <= {role for role, _ in found}
    assert not [pair for pair in found if any(name in pair[1] for name in CODE_NAMES)]
    assert not [role for role, name in found if role in NAMED and not name.strip()]


def test_decoration_is_silent(open_page):
    """A chip is read as its piece; the dot for a space and the arrows of the strip are not."""
    found = told(open_page(query={"lesson": "next-token", "text": "나는 오늘"}))
    assert ("image", "오늘") in found or ("img", "오늘") in found
    assert not [pair for pair in found if pair[0] == "StaticText" and pair[1].strip() in DECORATION]


def test_boxes_are_called_as_their_panel_is(open_page):
    visit = open_page(query={"lesson": "architecture"})
    box = visit.page.locator("#architecture .arch-column.gpt2 .ln.s-ln").first
    assert box.get_attribute("aria-label").startswith("블록 2의 LN 1, [5,192]")
    assert visit.page.locator("#architecture .panel h2").inner_text() == "블록 2의 LN 1"
