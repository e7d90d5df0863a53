"""The small drawings of 「GPT-1 vs GPT-2」: histograms beside the heatmaps, tables, the charts of the labs.

Their numbers are counted again from what Python sent; a drawing says them in pixels.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from tests.harness import drawing
from tests.harness.visit import PHONE, Visit

pytestmark = pytest.mark.ui
LESSON = {"lesson": "architecture"}
SCRIPT = Path(__file__).with_name("architecture_drawing.js").read_text(encoding="utf-8")
CHART = "#architecture .line-chart"


def opened(open_page, **how) -> Visit:
    visit = drawing.load(open_page(query=LESSON | how.pop("query", {}), **how))
    visit.page.evaluate(SCRIPT)
    return visit


def painted(visit: Visit, action) -> None:
    before = visit.serial()
    action()
    visit.wait_painted(after=before)


def counts(values: np.ndarray, reach: float, bins: int) -> np.ndarray:
    """How many of `values` fall into each of `bins` between ±reach; what lies beyond is in the outermost."""
    inside = np.clip(values, -reach * (1 - 1e-9), reach * (1 - 1e-9))
    return np.histogram(inside, bins=bins, range=(-reach, reach))[0]


def bars_of(found: list[list[float]], axis: list[float], bins: int, tallest: float) -> np.ndarray:
    """[[x, y, width, height]] of bars on an axis [left, right, y] -> their heights, 0 in empty bins."""
    left, right, base = axis
    step = (right - left) / bins
    heights = np.zeros(bins)
    for x, y, width, height in found:
        place = (x - 0.4 - left) / step
        assert place == pytest.approx(round(place), abs=0.01) and width == pytest.approx(step - 0.8)
        assert y + height == pytest.approx(base - 0.5)
        heights[round(place)] = height
    assert heights.max() == pytest.approx(tallest)
    return heights


def assert_like(heights: np.ndarray, expected: np.ndarray) -> None:
    """In proportion; a value on the border of two bins may be in either."""
    shown = heights / heights.max() * expected.max()
    assert np.abs(shown - expected).sum() <= 4 and np.abs(shown - expected).max() <= 1.01


@pytest.mark.parametrize("size", [None, PHONE])
def test_the_three_steps_of_an_ln_as_histograms(open_page, size):
    """All three on one scale, each with its own standard deviation, and between them what is done."""
    visit = opened(open_page, **({"size": size} if size else {}))
    painted(visit, visit.page.locator("#architecture .heat-names button").first.click)
    found = visit.page.evaluate("drawn.histogram()")
    rows = [np.array(found["rows"][name]) for name in ("x", "hat", "y")]
    reach = 3.2 * max(values.std() for values in rows)
    assert found["width"] == found["room"] and len(found["axes"]) == 3
    for index, (values, axis) in enumerate(zip(rows, found["axes"], strict=True)):
        mine = [bar for bar in found["bars"] if axis[0] - 1 <= bar[0] < axis[1]]
        assert_like(bars_of(mine, axis, 21, 34), counts(values, reach, 21))
        name, middle, _ = next(
            text for text in found["texts"] if text[0].startswith(("x  σ", "x̂", "y")[index])
        )
        assert name.split()[-1] == f"{values.std():.2f}".replace("-", "−")
        assert middle == pytest.approx((axis[0] + axis[1]) / 2)
    for (one, other), what in zip(itertools.pairwise(found["axes"]), ("−μ ÷σ", "×γ +β"), strict=True):
        place = next(text for text in found["texts"] if text[0] == what)
        assert place[1] == pytest.approx((one[1] + other[0]) / 2, abs=0.5)
    assert drawing.wrong_words(visit, "#architecture .histogram svg", ".none") == []


@pytest.mark.parametrize("node", ["blocks.2.hook_mlp_out", "blocks.2.hook_resid_post", "hook_embed"])
def test_a_tensor_s_histogram_before_and_after(open_page, node):
    visit = opened(open_page, query={"side": "gpt2", "node": node, "row": "1"})
    found = visit.page.evaluate("drawn.histogram()")
    before, after = (np.array(found["rows"][name]) for name in ("x", "y"))
    shown = before if len(before) else after
    reach = 3.5 * max(shown.std(), after.std())
    assert found["width"] == found["room"] and len(found["axes"]) == 1
    left, right, base = axis = found["axes"][0]
    out = counts(after, reach, 35)
    into = counts(before, reach, 35) if len(before) else np.zeros(35)
    most = max(out.max(), into.max())
    assert_like(bars_of(found["bars"], axis, 35, 32 * out.max() / most), out)
    if len(before):
        heights = np.array([base - 0.5 - y for y in found["outline"]])
        assert len(heights) == 35 and np.abs(heights / 32 * most - into).sum() <= 4
    scale = (right - left) / (2 * reach)
    assert found["mu"] == pytest.approx(left + (shown.mean() + reach) * scale, abs=0.1)
    assert found["sigma"] == pytest.approx([found["mu"], found["mu"] + shown.std() * scale], abs=0.1)
    digits = 2 if reach < 2 else 1
    number = lambda value, digits=digits: f"{value:.{digits}f}".replace("-", "−")  # noqa: E731
    texts = [text[0] for text in found["texts"]]
    assert [one for one in (number(-reach), number(0), number(reach)) if one not in texts] == []
    norm = np.linalg.norm(after)
    told = f"{np.linalg.norm(before):.1f} → {norm:.1f}" if len(before) else f"{norm:.1f}"
    assert told in texts and any(str(len(after)) in text for text in texts)
    assert drawing.wrong_words(visit, "#architecture .histogram svg", ".none") == []


def test_rows_have_their_names_and_standard_deviations(open_page):
    """Beside each row, in the middle of it; the marked one in bold."""
    visit = opened(open_page, query={"row": "2"})
    panel = visit.page.evaluate("lab.active().value.panel")
    for place, letter in enumerate("xy"):
        rows = np.array(visit.page.evaluate("letter => drawn.rowsOf(letter)", letter))
        heat = visit.page.locator("#architecture .heat").nth(place)
        box = heat.locator(".full").bounding_box()
        for selector, expected in (
            (".heat-names button", [("·" if one["space"] else "") + one["piece"] for one in panel["tokens"]]),
            (".heat-numbers span", [f"{values.std():.2f}" for values in rows]),
        ):
            labels = heat.locator(selector)
            assert labels.all_text_contents() == expected
            for row in range(len(expected)):
                label = labels.nth(row).bounding_box()
                middle = box["y"] + (row + 0.5) * box["height"] / len(expected)
                assert label["y"] + label["height"] / 2 == pytest.approx(middle, abs=3)
        marks = heat.locator(".heat-numbers span").evaluate_all(
            "all => all.map((one) => one.className === 'on')"
        )
        assert marks == [row == 2 for row in range(len(rows))]
        reach = 3 * rows.std()
        assert heat.locator(".range").inner_text().split() == [f"−{reach:.2f}", f"{reach:.2f}"]


def test_a_difference_and_a_term_as_tables(open_page):
    visit = opened(open_page, query={"lit": "vocabulary", "node": "none", "text": "고양이가 안녕 🙂 했다"})
    page = visit.page
    panel = page.evaluate("lab.active().value.panel")
    table = page.locator("#architecture .panel-table")
    assert table.locator("thead th").all_text_contents() == ["GPT-1", "GPT-2"]
    rows = [row.locator("th, td").all_text_contents() for row in table.locator("tbody tr").all()]
    assert rows == panel["rows"]
    for cut, place in zip(panel["cuts"], page.locator("#architecture .cut").all(), strict=True):
        assert place.locator("b").first.text_content() == f"GPT-{cut['side'][-1]} · {cut['count']}"
        pieces = [("·" if one["space"] else "") + (one["label"] or one["piece"]) for one in cut["tokens"]]
        assert place.locator(".token").all_text_contents() == pieces
    painted(visit, page.locator("#architecture .mode").click)
    for number in range(4):
        if number:
            painted(visit, page.locator("#architecture .equation-term").nth(number).click)
        value = page.evaluate("lab.active().value")
        assert value["lit"] == ("embed", "position", "blocks", "unembed")[number]
        pressed = page.locator("#architecture .of-equation[aria-pressed=true]")
        assert pressed.get_attribute("data-key") == value["lit"]
        past = page.locator("#architecture .of-equation.past").count()
        assert past == number and page.locator("#architecture .of-changes:visible").count() == 0
        for column in value["panel"]["columns"]:
            block = page.locator(f"#architecture .term-values.{column['side']}")
            lines = [line.locator("> *").all_text_contents() for line in block.locator("p").all()]
            assert lines == [
                [one[name] for name in ("symbol", "shape", "std", "values")] for one in column["places"]
            ]
    painted(visit, page.locator("#architecture .of-equation[aria-pressed=true]").click)
    assert page.evaluate("lab.active().value.lit") == "none", "pressed again it goes out"
    painted(visit, page.locator("[data-key=open-ln]").click)
    assert page.locator("#architecture .panel .about code").inner_text() == "blocks.2.ln1.hook_normalized"
    painted(visit, page.locator("[data-key=side-gpt1]").click)
    assert page.evaluate("lab.active().value.side") == "gpt1"
    sides = page.locator("#architecture .panel-head .seg button")
    assert sides.all_text_contents() == ["GPT-1", "GPT-2"]
    assert [one.get_attribute("aria-pressed") for one in sides.all()] == ["true", "false"]
    names = page.locator("#architecture .panel-code span")
    assert names.all_text_contents() == ["GPT-1", "GPT-2"]
    lines = page.locator("#architecture .panel-code code").all_text_contents()
    assert lines == [line for _, line in page.evaluate("lab.active().value.panel.code")]
    on = page.locator("#architecture .panel-code code.on")
    assert on.count() == 1 and on.text_content() == lines[0]
    painted(visit, page.locator("#architecture .arch-column.gpt2 .s-final").first.click)
    assert [one.is_disabled() for one in sides.all()] == [True, False], "GPT-1 has no final LN"
    painted(visit, page.locator("[data-key=close]").click)
    assert page.evaluate("lab.active().value.node") == ""


def assert_chart(
    visit: Visit, chart, curves: list[dict], xs: list[int], log: bool, low: float | None = None
) -> None:
    """Each curve runs where its numbers are, its band around it; names at the ends do not touch."""
    found = chart.evaluate("drawn.chart")
    every = np.concatenate(
        [np.array(curve[name]) for curve in curves for name in ("values", "low", "high") if curve.get(name)]
    )
    bottom, top = low if low is not None else every.min() if log else 0.0, every.max()
    scale = np.log if log else np.asarray
    left, right, floor, roof = found["plane"]

    def place(values) -> np.ndarray:
        return floor - (scale(np.array(values)) - scale(bottom)) / (scale(top) - scale(bottom)) * (
            floor - roof
        )

    columns = left + (np.array(xs) - xs[0]) / (xs[-1] - xs[0]) * (right - left)
    assert len(found["lines"]) == len(curves)
    for curve, line in zip(curves, found["lines"], strict=True):
        points = np.array(line)
        np.testing.assert_allclose(points[:, 0], columns, atol=0.6)
        np.testing.assert_allclose(points[:, 1], place(curve["values"]), atol=0.6)
    bands = [curve for curve in curves if curve.get("low")]
    assert len(found["bands"]) == len(bands)
    for curve, band in zip(bands, found["bands"], strict=True):
        points = np.array(band)
        np.testing.assert_allclose(points[: len(xs), 1], place(curve["high"]), atol=0.6)
        np.testing.assert_allclose(
            points[len(xs) :][::-1, 1], place(np.maximum(curve["low"], bottom)), atol=0.6
        )
    for text, y in found["ticks"]:
        value = float(text)
        expected = float(place([max(value, bottom)])[0])
        assert y == pytest.approx(expected, abs=3 + 0.05 * (floor - roof)), text
    assert drawing.wrong_words(visit, CHART, ".none") == []


def test_lab_1_draws_its_curves(open_page):
    visit = opened(open_page, query={"depth": "4"})
    page = visit.page
    lab = page.locator("#architecture details").first
    lab.locator("summary").click()
    page.wait_for_function("lab.active().value.labs.gradients?.n_done === 5")
    part = page.evaluate("lab.active().value.labs.gradients")
    assert_chart(
        visit,
        lab.locator(".lab-chart .line-chart"),
        [curve | {"values": curve["mean"]} for curve in part["curves"]],
        [0, 1, 2, 3],
        log=True,
    )
    names = lab.locator(".lab-chart .line-chart text").all_text_contents()
    assert {"post-LN", "pre-LN"} <= set(names)
    charts = lab.locator(".lab-pair > div")
    assert charts.count() == len(part["training"]["groups"]) == 2
    for group, place in zip(part["training"]["groups"], charts.all(), strict=True):
        runs = [run | {"values": run["mean"]} for run in group["runs"]]
        assert_chart(
            visit,
            place.locator(".line-chart"),
            runs,
            part["training"]["steps"],
            log=False,
            low=part["training"]["best"],
        )
        dashes = place.locator(".line-chart path[stroke]").evaluate_all(
            "all => all.map((one) => one.getAttribute('stroke-dasharray'))"
        )
        assert [dash is None for dash in dashes] == [run["warm_up"] > 0 for run in group["runs"]]
        colours = place.locator(".line-chart path[stroke]").evaluate_all(
            "all => all.map((one) => one.getAttribute('stroke'))"
        )
        assert colours == [
            f"var(--{'gpt1' if run['placement'] == 'post_ln' else 'gpt2'})" for run in group["runs"]
        ]
        ends = [text for text in place.locator(".line-chart text").all_text_contents() if "-LN" in text]
        assert sum("↗" in text for text in ends) == sum(run["warm_up"] > 0 for run in group["runs"]) == 2
        assert place.locator("b").first.text_content() == group["title"]
    slider = lab.locator("input[type=range]")
    fill = "one => parseFloat(one.style.getPropertyValue('--fill'))"
    assert slider.evaluate(fill) == pytest.approx(100 * 2 / 46, abs=0.01)
    assert lab.locator("output").text_content() == "4"
    bar = lab.locator("progress")
    assert bar.evaluate("one => [one.value, one.style.visibility]") == [1, "hidden"]


def test_lab_2_draws_the_walk_and_what_was_predicted(open_page):
    visit = opened(open_page, query={"depth": "3"})
    page = visit.page
    lab = page.locator("#architecture details").nth(1)
    lab.locator("summary").click()
    page.wait_for_function("lab.active().value.labs.walk?.n_done === 5")
    part = page.evaluate("lab.active().value.labs.walk")
    curves = [curve | {"values": curve["mean"]} for curve in part["curves"]]
    curves += [{"values": values} for values in part["predicted"]]
    assert_chart(visit, lab.locator(".line-chart"), curves, list(range(7)), log=False)
    dashed = lab.locator(".line-chart path[stroke-dasharray]")
    assert dashed.count() == 2


def test_lab_3_and_the_counts_as_tables(open_page):
    visit = opened(open_page, query={})
    page = visit.page
    lens = page.locator("#architecture details").nth(2)
    lens.locator("summary").click()
    lens.locator(".lens").first.wait_for()
    part = page.evaluate("lab.active().value.labs.lens")
    for column, table in zip(part["columns"], lens.locator(".lens").all(), strict=True):
        assert table.locator("caption").text_content() == f"GPT-{column['side'][-1]}"
        lines = table.locator("tr").all()
        assert len(lines) == len(column["rows"])
        for row, line in zip(
            reversed(column["rows"]), lines, strict=True
        ):  # the last layer on top, as in the drawings
            head = line.locator("th").text_content()
            assert (re.findall(r"\d+", head) or ["0"]) == [str(row["n_blocks"])]
            assert line.locator(".token").all_text_contents() == [one["piece"] for one in row["top"]]
            widths = line.locator("i").evaluate_all("all => all.map((one) => one.style.width)")
            assert [float(width[:-1]) for width in widths] == pytest.approx(
                [100 * one["p"] for one in row["top"]], abs=0.06
            )
            told = line.locator("small").all_text_contents()
            assert told == [f"{100 * one['p']:.0f}%" if one["p"] >= 0.005 else "<1%" for one in row["top"]]
    curves = [{"values": column["norms"]} for column in part["columns"]]
    assert_chart(visit, lens.locator(".line-chart"), curves, list(range(5)), log=False)
    counts = page.locator("#architecture details").nth(3)
    painted(visit, counts.locator("summary").click)
    part = page.evaluate("lab.active().value.labs.parameters")
    table = counts.locator("table")
    assert [line.locator("th, td").all_text_contents() for line in table.locator("tbody tr").all()] == part[
        "rows"
    ]
    heads = table.locator("thead tr").all()
    assert heads[0].locator("th").all_text_contents() == ["GPT-1", "GPT-2"]
    assert heads[1].locator("th").all_text_contents() == part["head"]
    classes = heads[1].locator("th").evaluate_all("all => all.map((one) => one.className)")
    assert classes == ["gpt1", "gpt1", "gpt2", "gpt2"]
