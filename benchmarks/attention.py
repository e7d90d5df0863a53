"""From a new text, and from a cut, to the repainted page of 「어텐션」, in Chromium, on the embedded model.

    python -m benchmarks.attention [--turns 40]

The reference is the bare queued event of `benchmarks.round_trip`; both pages are open in the same browser and
take turns. Time runs from the action to the second frame after the drawing; that of the sweep from the
picture to the last cell of its map, the pause before it included.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.report import Figure, quantile, report
from benchmarks.round_trip import TURN, WARM_UP, WATCH_BARE, WATCH_PRESSES, press
from tests.harness import chromium
from tests.harness.server import QUIET, Server
from tests.harness.visit import open_visit

TEXT_BAR, CUT_BAR, SWEEP_BAR = 300, 200, 1000  # ms
TEXTS = tuple(
    f"어느 흐린 봄날, {name}는 선우와 함께 꽃밭으로 소풍을 갔어요. 그곳에서 {name}는 노란 꽃을 보았어요. 참 좋았어요."
    for name in ("지우", "연우")
)
ACT = """async (action) => {
  const root = document.documentElement.dataset;
  const before = Number(root.serial);
  const begin = performance.now();
  lab.active().act(action);
  while (Number(root.serial) <= before) await new Promise(requestAnimationFrame);
  return performance.now() - begin;
}"""
SWEPT = """async () => {
  const begin = performance.now();
  const cells = "#attention .of-cut .impact button";
  const empty = () => [...document.querySelectorAll(cells)].some((one) => !one.textContent);
  while (empty()) await new Promise(requestAnimationFrame);
  return performance.now() - begin;
}"""


def texts(page: Page, times: int) -> tuple[list[float], list[float]]:
    """Send the two texts in turn -> ms until each was painted, and from there until its sweep was."""
    painted, swept = [], []
    for index in range(times):
        painted.append(page.evaluate(ACT, {"type": "text", "text": TEXTS[index % 2]}))
        swept.append(page.evaluate(SWEPT))
    return painted, swept


def cuts(page: Page, times: int) -> list[float]:
    """Cut a head and take it back, in turn -> ms until each was painted."""
    return [page.evaluate(ACT, {"type": "switch", "part": "2.3"}) for _ in range(times)]


def measure(turns: int) -> tuple[dict[str, list[float]], int]:
    """Milliseconds of each kind, and the tokens of the text."""
    samples: dict[str, list[float]] = {"text": [], "sweep": [], "cut": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        logs = Path(folder)
        with (
            Server(["app.py"], logs / "app.txt", QUIET) as app,
            Server(["benchmarks/bare/event.py"], logs / "bare.txt", QUIET) as bare,
        ):
            app.wait()
            bare.wait()
            browser = chromium.launch(playwright)
            ours = open_visit(browser, app.url, query={"lesson": "attention"})
            ours.wait_model()
            theirs = open_visit(browser, bare.url, query={"lang": None, "theme": None})
            theirs.page.locator("#answer b").wait_for()
            theirs.page.wait_for_timeout(500)  # the answer to the first visit may still be on its way
            theirs.page.evaluate(WATCH_BARE)
            theirs.page.evaluate(WATCH_PRESSES, "#press")
            texts(ours.page, WARM_UP)
            cuts(ours.page, WARM_UP + WARM_UP % 2)
            press(theirs.page, "#press", WARM_UP)
            while len(samples["text"]) < turns:
                painted, swept = texts(ours.page, TURN)
                samples["text"] += painted
                samples["sweep"] += swept
                samples["cut"] += cuts(ours.page, TURN + TURN % 2)
                samples["bare"] += press(theirs.page, "#press", TURN)
            n_tokens = ours.page.evaluate("lab.active().value.tokens.length")
            browser.close()
    return samples, n_tokens


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=40)
    samples, n_tokens = measure(parser.parse_args().turns)
    p50, p95 = ({name: quantile(values, q) for name, values in samples.items()} for q in (0.5, 0.95))
    figures = [
        Figure("text -> map painted, p50", p50["text"], "ms", TEXT_BAR, f"{n_tokens} tokens"),
        Figure("text -> map painted, p95", p95["text"], "ms"),
        Figure("cut -> repainted, p50", p50["cut"], "ms", CUT_BAR),
        Figure("cut -> repainted, p95", p95["cut"], "ms"),
        Figure("sweep over all heads, p50", p50["sweep"], "ms", SWEEP_BAR, "from the painted picture"),
        Figure("bare queued event, p50", p50["bare"], "ms"),
        Figure("  ratio of p50, text", p50["text"] / p50["bare"], "x"),
        Figure("  ratio of p50, cut", p50["cut"] / p50["bare"], "x"),
    ]
    return report("attention", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
