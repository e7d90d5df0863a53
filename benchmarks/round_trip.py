"""From a press to the painted answer, in Chromium, on the embedded model.

    python -m benchmarks.round_trip [--presses 60]

The reference is the least that Gradio can do: one button, one HTML output, through its queue. Both pages are
open in the same browser and pressed in turn, a few times each, so that both meet the same load. "Painted"
is the second frame after the drawing has changed, for both.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.report import Figure, quantile, report
from tests.harness import chromium
from tests.harness.server import QUIET, Server
from tests.harness.visit import open_visit

P50_BAR, P95_BAR = 150, 250  # ms
WARM_UP, TURN = 5, 10  # presses before measuring, and presses of one page before the other's turn
TEXT = "나는 오늘"

# The app sets data-serial in the second frame after it has drawn an answer.
WATCH_APP = """() => {
  window.painted = [];
  const note = () => painted.push(performance.now());
  new MutationObserver(note).observe(document.documentElement, { attributeFilter: ["data-serial"] });
}"""
WATCH_BARE = """() => {
  window.painted = [];
  const note = () => painted.push(performance.now());
  const later = requestAnimationFrame;
  const answer = document.querySelector("#answer");
  let last = answer.querySelector("b").textContent;
  const changed = () => {
    const now = answer.querySelector("b")?.textContent ?? last;
    if (now !== last) later(() => later(note));
    last = now;
  };
  new MutationObserver(changed).observe(answer, { childList: true, subtree: true, characterData: true });
}"""
WATCH_PRESSES = """selector => {
  window.pressed = [];
  const note = event => { if (event.target.closest(selector)) pressed.push(event.timeStamp); };
  addEventListener("click", note, { capture: true });
}"""


def press(page: Page, selector: str, times: int) -> list[float]:
    """Press `selector` with the mouse, each time after the last answer was painted -> ms that each took."""
    for _ in range(times):
        before = page.evaluate("painted.length")
        page.locator(selector).click()
        page.wait_for_function("before => painted.length > before", arg=before, timeout=30_000)
    pressed, painted = page.evaluate("[pressed.splice(0), painted.splice(0)]")
    assert len(pressed) == len(painted) == times, "a press was not answered by exactly one picture"
    return [end - begin for begin, end in zip(pressed, painted, strict=True)]


def measure(presses: int) -> dict[str, list[float]]:
    """Milliseconds of each press of the app and of the bare page, in turns of `TURN`."""
    samples: dict[str, list[float]] = {"app": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        logs = Path(folder)
        with (
            Server(["app.py"], logs / "app.txt", QUIET) as app,
            Server(["benchmarks/bare/event.py"], logs / "bare.txt", QUIET) as bare,
        ):
            app.wait()
            bare.wait()
            browser = chromium.launch(playwright)
            ours = open_visit(browser, app.url, query={"text": TEXT})
            ours.wait_ready()
            ours.wait_model()
            theirs = open_visit(browser, bare.url, query={"lang": None, "theme": None})
            theirs.page.locator("#answer b").wait_for()
            pages = {"app": (ours.page, "#go", WATCH_APP), "bare": (theirs.page, "#press", WATCH_BARE)}
            for page, selector, watch in pages.values():
                page.wait_for_timeout(500)  # the answer to the first visit may still be on its way
                page.evaluate(watch)
                page.evaluate(WATCH_PRESSES, selector)
                press(page, selector, WARM_UP)
            while len(samples["app"]) < presses:
                for name, (page, selector, _) in pages.items():
                    samples[name] += press(page, selector, TURN)
            browser.close()
    return samples


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=60)
    samples = measure(parser.parse_args().presses)
    p50, p95 = ({name: quantile(values, q) for name, values in samples.items()} for q in (0.5, 0.95))
    figures = [
        Figure("press -> painted, p50", p50["app"], "ms", P50_BAR),
        Figure("press -> painted, p95", p95["app"], "ms", P95_BAR),
        Figure("bare queued event, p50", p50["bare"], "ms"),
        Figure("bare queued event, p95", p95["bare"], "ms"),
        Figure("  ratio of p50", p50["app"] / p50["bare"], "x"),
        Figure("  ratio of p95", p95["app"] / p95["bare"], "x"),
    ]
    return report("round_trip", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
