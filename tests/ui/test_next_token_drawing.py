"""The strip, the bars and the tree of 「GPT란?」 as geometry: as long, wide and high as their numbers say."""

from __future__ import annotations

import pytest

from tests.harness import drawing
from tests.harness.visit import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.ui
QUERY = {"lesson": "next-token", "text": "나는 오늘 그", "top_k": 0, "top_p": 1, "seed": 3}
BOXES = ".chip > rect, .typed, .strip-model, .ground"
SHAPE = "all => all.map((one) => ['x', 'y', 'width', 'height'].map((name) => Number(one.getAttribute(name))))"


def opened(open_page, **how) -> Visit:
    return drawing.load(open_page(query=QUERY | how.pop("query", {}), **how))


def act(visit: Visit, selector: str, nth: int = 0) -> dict:
    before = visit.serial()
    visit.page.locator(selector).nth(nth).click()
    visit.wait_painted(after=before)
    return visit.page.evaluate("lab.active().value")


def wrong(visit: Visit) -> list[str]:
    return [
        sentence
        for one in (".strip svg", ".dist svg", "svg.tree")
        for sentence in drawing.wrong_words(visit, one, BOXES, grounds=".ground")
    ]


@pytest.mark.parametrize(("lang", "size"), [("ko", DESKTOP), ("en", PHONE), ("en", DESKTOP), ("ko", PHONE)])
def test_words_have_their_place(open_page, lang, size):
    visit = opened(
        open_page, lang=lang, size=size, query={"text": "나는 오늘" if lang == "ko" else "Today I"}
    )
    assert wrong(visit) == []
    for _ in range(3):
        act(visit, "#go")
        assert wrong(visit) == []
    act(visit, ".dist [data-key^=token]", 4)
    act(visit, ".dist [data-key^=token]", 6)
    act(visit, "#go")
    assert wrong(visit) == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_bars_boxes_and_the_pointer_are_where_their_numbers_are(open_page, size):
    visit = opened(open_page, size=size, query={"temperature": 1.4, "top_k": 5})
    value = act(visit, "#go")
    page, rows = visit.page, value["rows"]
    groups = page.locator(".dist .candidate").all()
    assert len(groups) == len(rows) == 10
    lengths = []
    for row, group in zip(rows, groups, strict=True):
        (before,) = group.locator("rect.before").evaluate_all(SHAPE)
        after = group.locator("rect.after").evaluate_all(SHAPE)
        assert bool(after) == (row["after"] > 0)
        lengths += [(row["before"], before)] + [(row["after"], one) for one in after]
        texts = group.locator("text").all_text_contents()
        shown = "<0.1%" if 0 < row["after"] < 5e-4 else f"{100 * row['after']:.1f}%"
        assert (shown if row["after"] else f"{row['cut']} 밖") in texts
        ground = group.locator(".ground").evaluate_all(SHAPE)[0]
        for _, y, _, height in (before, *after):
            assert y + height / 2 == pytest.approx(ground[1] + ground[3] / 2)
    largest, longest = max(lengths, key=lambda one: one[0])
    for p, (x, _, width, _) in lengths:
        assert x == longest[0] and width == pytest.approx(max(1, longest[2] * p / largest), abs=0.3)
    assert longest[2] > 80
    pieces = page.locator(".dist svg > .box").evaluate_all(SHAPE)
    spans = [(*span, index) for index, row in enumerate(rows) for span in row["spans"]]
    top = pieces[0][1] - 0.75 if spans[0][0] == 0 else min(one[1] for one in pieces) - 0.75
    whole = max(one[1] + one[3] for one in pieces) + 0.75 - top
    assert len(pieces) == len(spans) and len({piece[0] for piece in pieces}) == 1
    for (low, high, _), (_, y, _, height) in zip(spans, pieces, strict=True):
        assert y == pytest.approx(top + low * whole + 0.75, abs=0.6)
        assert height == pytest.approx(max(0.5, (high - low) * whole - 1.5), abs=0.6)
    hits = page.locator(".dist svg > .box").evaluate_all(
        "all => all.map((one) => one.classList.contains('hit'))"
    )
    assert hits == [index == value["hit"] for *_, index in spans]
    circle = page.locator(".dist svg > circle")
    assert float(circle.get_attribute("cy")) == pytest.approx(top + value["u"] * whole, abs=0.6)
    number = f"{value['u']:.3f}" if size == DESKTOP else f"{value['u']:.2f}"
    assert number in page.locator(".dist svg > text").all_text_contents()
    cuts = page.locator(".dist .cut-line").all()
    first = next(index for index, row in enumerate(rows) if row["cut"])
    assert [float(line.get_attribute("y1")) for line in cuts] == [
        pytest.approx(groups[first].locator(".ground").evaluate_all(SHAPE)[0][1])
    ]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_strip_shows_what_was_typed_read_and_drawn(open_page, size):
    visit = opened(open_page, size=size)
    page = visit.page
    for presses in range(4):
        value = page.evaluate("lab.active().value")
        columns, n = (6 if size == DESKTOP else 4), len(value["tokens"])
        first = max(0, n + 1 - columns)
        shown = value["tokens"][first:]
        name = lambda token: ("·" if token["space"] else "") + (token["label"] or token["piece"])  # noqa: E731
        assert page.locator(".strip .chip.in text").all_text_contents() == [name(token) for token in shown]
        typed = max(0, value["n_typed"] - first)
        assert page.locator(".strip .typed").count() == (typed > 0)
        out = page.locator(".strip .chip:not(.in):not(.next):not(.empty) text").all_text_contents()
        drawn = [value["drawn"]] if value["drawn"] else []
        assert out == [name(token) for token in [*shown[typed:], *drawn]]
        assert (
            page.locator(".strip .chip.hit").count()
            == page.locator(".strip .chip.next").count()
            == len(drawn)
        )
        assert (
            page.locator(".strip .cache.k").count() - 1
            == page.locator(".strip .cache.v").count() - 1
            == len(shown)
        )
        fresh = min(value["kv_fresh"], len(shown))
        assert page.locator(".strip .cache.k.fresh").count() == fresh
        used = page.locator(".strip .window-used").evaluate_all(SHAPE)[0]
        frame = page.locator(".strip .window-frame").evaluate_all(SHAPE)[0]
        share = value["n_context"] / value["n_ctx"]
        assert used[2] == pytest.approx(max(2, share * (frame[2] - 3)), abs=0.1)
        assert frame[0] <= used[0] and used[1] > frame[1]
        texts = page.locator(".strip svg > text").all_text_contents()
        assert (f"{value['kv_saved']:,}" in " ".join(texts)) and ("…" in texts) == (
            first + value["offset"] > 0
        )
        chips = [one.bounding_box() for one in page.locator(".strip .chip.in").all()]
        model = page.locator(".strip-model").bounding_box()
        for chip in chips:
            middle = chip["x"] + chip["width"] / 2
            assert (
                model["x"] <= middle <= model["x"] + model["width"]
                and chip["y"] > model["y"] + model["height"]
            )
        for one in page.locator(".strip .chip.hit").all():
            box = one.bounding_box()
            assert box["y"] + box["height"] < model["y"] and box["x"] + box["width"] / 2 > chips[-1]["x"] + 30
        if presses < 3:
            act(visit, "#go")


def test_a_long_token_is_written_smaller_before_it_is_cut(open_page):
    """‘learned’ is what the scene is about, and a phone has four columns."""
    visit = drawing.load(open_page(lang="en", size=PHONE, query={"lesson": "next-token", "scene": "draw"}))
    chips = visit.page.locator(".strip .chip:not(.empty)")
    assert chips.locator("text").all_text_contents() == ["Today", "·I", "·learned", "·learned"]
    sizes = chips.locator("text").evaluate_all("all => all.map((one) => parseFloat(one.style.fontSize))")
    assert min(sizes) >= 13 and max(sizes) == 17
    for one in chips.all():
        text, box = one.locator("text").bounding_box(), one.locator("rect").bounding_box()
        assert box["x"] < text["x"] and text["x"] + text["width"] < box["x"] + box["width"]


def test_the_tree_says_how_likely_each_step_was(open_page):
    """Lines as wide as their probabilities, names from left to right, the whole path at the end of a row."""
    visit = opened(open_page)
    act(visit, "#go")
    act(visit, "#go")
    act(visit, ".dist [data-key^=token]", 2)
    act(visit, ".tree .node")
    act(visit, ".dist [data-key^=token]", 1)
    value = act(visit, "#go")
    page, tree = visit.page, value["tree"]
    nodes = page.locator(".tree .node").all()
    assert len(nodes) == len(tree["nodes"]) >= 4
    boxes = {}
    for node, group in zip(tree["nodes"], nodes, strict=True):
        boxes[node["index"]] = (node, group.bounding_box())
        shown = ("·" if node["space"] else "") + (node["label"] or node["piece"])
        assert group.locator(".chip text").text_content() == shown
        assert ("hit" in group.locator(".chip").get_attribute("class").split()) == node["now"]
    for node, box in boxes.values():
        parent = boxes.get(node["parent"]) if node["depth"] else None
        if parent:
            assert box["x"] > parent[1]["x"] + 20
        same = [
            other
            for one, other in boxes.values()
            if one["row"] > node["row"] and one["depth"] == node["depth"]
        ]
        assert all(other["y"] > box["y"] + 20 for other in same)
    edges = page.locator(".tree .edge").evaluate_all(
        "all => all.map((one) => Number(one.getAttribute('stroke-width')))"
    )
    steps = [node for node in tree["nodes"] if node["depth"]]
    assert edges == pytest.approx([1 + 9 * node["p"] for node in steps])
    texts = page.locator(".tree text").all_text_contents()
    for node in steps:
        assert ("<1%" if node["p"] < 0.005 else f"{100 * node['p']:.0f}%") in texts
    for node in tree["nodes"]:
        if node["leaf"] and node["path_p"] is not None:
            assert ("<0.1%" if node["path_p"] < 5e-4 else f"{100 * node['path_p']:.1f}%") in texts
    assert any(text.startswith(f"{tree['paths']}") or f"{tree['paths']}갈래" in text for text in texts)
    before, n = page.evaluate("document.activeElement?.dataset?.key ?? ''"), len(nodes)
    nodes[0].focus()
    order = []
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
        order.append(
            page.evaluate("[...document.querySelectorAll('.tree .node')].indexOf(document.activeElement)")
        )
    assert order == [1, 2, 1, 0, n - 1], before


def test_a_question_is_answered_by_its_buttons(open_page):
    visit = opened(open_page)
    page = visit.page
    questions = page.evaluate("lab.active().value.questions")
    items = page.locator("section.guess li")
    assert items.count() == 3
    for number, question in enumerate(questions):
        item = items.nth(number)
        assert item.locator(".answer").text_content() == ""
        before = visit.serial()
        if question["kind"] == "choice":
            assert item.locator("button").all_text_contents() == question["options"]
            item.locator("button").nth(1).click()
        else:
            item.locator("input").fill("3")
            item.locator("button").click()
        visit.wait_painted(after=before)
        answered = page.evaluate("lab.active().value.questions")[number]
        assert answered["given"] == (1 if question["kind"] == "choice" else 3)
        assert item.locator(".answer").text_content()
        if question["kind"] == "choice":
            pressed = [one.get_attribute("aria-pressed") for one in item.locator("button").all()]
            assert pressed == [str(index == 1).lower() for index in range(len(pressed))]
            right = item.locator("button").evaluate_all(
                "all => all.map((one) => one.classList.contains('right'))"
            )
            assert right == [index == answered["right"] for index in range(len(right))]
