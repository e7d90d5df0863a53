"""From a new text to both repainted diagrams of 「GPT-1 vs GPT-2」, in Chromium, on the embedded models.

    python -m benchmarks.architecture [--texts 40]

The reference is the bare queued event of `benchmarks.round_trip`; both pages are open in the same browser and
take turns. A text has 24 tokens or more. Time runs from the action to the second frame after the drawing; the
moment for which the box waits while somebody types is not in it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.report import Figure, quantile, report
from benchmarks.round_trip import TURN, WARM_UP, WATCH_BARE, WATCH_PRESSES, press
from tests.harness import chromium
from tests.harness.server import QUIET, Server
from tests.harness.visit import open_visit

P50_BAR = 250  # ms
TEXTS = (
    "나는 오늘 아침에 일찍 일어나서 학교에 갔다. 그리고 점심을 먹고 집에 왔다. 비가 와서 우산을 썼다. "
    "나는 웃었다. 참 좋았다.",
    "오늘 아침에 나는 친구와 함께 학교에 갔다. 그리고 집에 와서 점심을 먹고 우산을 썼다. 비가 왔다. "
    "나는 웃었다. 참 좋았다.",
)
SEND = """async (text) => {
  const root = document.documentElement.dataset;
  const before = Number(root.serial);
  const begin = performance.now();
  lab.active().act({ type: "text", text });
  while (Number(root.serial) <= before) await new Promise(requestAnimationFrame);
  return performance.now() - begin;
}"""


@contextmanager
def beside_bare(lesson: str) -> Iterator[tuple[Page, Page]]:
    """(the lesson with its model ready, the bare page), each of a server of its own, in one browser."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        logs = Path(folder)
        with (
            Server(["app.py"], logs / "app.txt", QUIET) as app,
            Server(["benchmarks/bare/event.py"], logs / "bare.txt", QUIET) as bare,
        ):
            app.wait()
            bare.wait()
            browser = chromium.launch(playwright)
            ours = open_visit(browser, app.url, query={"lesson": lesson})
            ours.wait_model()
            theirs = open_visit(browser, bare.url, query={"lang": None, "theme": None})
            theirs.page.locator("#answer b").wait_for()
            theirs.page.wait_for_timeout(500)  # the answer to the first visit may still be on its way
            theirs.page.evaluate(WATCH_BARE)
            theirs.page.evaluate(WATCH_PRESSES, "#press")
            yield ours.page, theirs.page
            browser.close()


def send(page: Page, times: int) -> list[float]:
    """Send the two texts in turn -> ms until each was painted."""
    return [page.evaluate(SEND, TEXTS[index % 2]) for index in range(times)]


def measure(texts: int) -> tuple[dict[str, list[float]], int]:
    """Milliseconds of each text and of each press of the bare page, and the tokens of the longer column."""
    samples: dict[str, list[float]] = {"app": [], "bare": []}
    with beside_bare("architecture") as (ours, theirs):
        send(ours, WARM_UP)
        press(theirs, "#press", WARM_UP)
        while len(samples["app"]) < texts:
            samples["app"] += send(ours, TURN)
            samples["bare"] += press(theirs, "#press", TURN)
        n_tokens = ours.evaluate(
            "Math.max(...lab.active().value.columns.map((column) => column.tokens.length))"
        )
    return samples, n_tokens


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=40)
    samples, n_tokens = measure(parser.parse_args().texts)
    p50, p95 = ({name: quantile(values, q) for name, values in samples.items()} for q in (0.5, 0.95))
    figures = [
        Figure("text -> both diagrams, p50", p50["app"], "ms", P50_BAR, f"{n_tokens} tokens"),
        Figure("text -> both diagrams, p95", p95["app"], "ms"),
        Figure("bare queued event, p50", p50["bare"], "ms"),
        Figure("  ratio of p50", p50["app"] / p50["bare"], "x"),
    ]
    return report("architecture", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
