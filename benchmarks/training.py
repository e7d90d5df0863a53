"""Fine-tuning in the browser: its step against torch's, its memory, what it takes from the page and the wire.

    python -m benchmarks.training [--rounds 15] [--steps 500] [--model tiny-gpt2]

A step of 8 examples of one sequence (sentiment) and of two (similarity), 32 tokens each: a step in the worker
of a headless Chromium and a step of `FineTuning` on one thread take turns, so that both meet the same load.
Memory is the proportional set size of the page's renderer above what it was before the start, read from
/proc. The page is the app's own with its first lesson open.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

import torch
from playwright.sync_api import Page, sync_playwright

from app.browser import files
from app.doors.coding import encode
from app.engine.finetune import FineTuning, Plan
from app.engine.inputs import grouped_batches
from app.engine.recipe import RECIPE
from app.models import LoadedModel, load
from benchmarks.process import proportional, renderers
from benchmarks.report import Figure, report
from tests.harness import chromium
from tests.harness.server import Server
from tests.harness.visit import open_visit
from training.evaluate.downstream import read_task

STEP_BARS = {1: 2.5}  # times torch eager on one thread, by sequences an example; of two the whole run has one
MEMORY_BAR, FLAT_BAR = 450, 20  # MB above the page, and between the first and the last hundred steps
BLOCK_BAR = 100  # ms
RUN_BARS = {1: 90, 2: 150}  # s, by sequences an example
TRANSFER_BAR = 7  # MB without the runtime
LENGTH = 32
SETS = {1: "sentiment", 2: "similarity"}

START = """async ([model, set]) => {
  const base = new URL("training/", document.querySelector("script[src*='js/main.js']").src);
  const { trainer } = await import(new URL("trainer.js", base).href);
  const { home, page } = await import(new URL("../page.js", base).href);
  window.blocked = [];
  new PerformanceObserver((list) => blocked.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ entryTypes: ["longtask"] });
  window.news = [];
  window.trainer = trainer(page.browser, { home, onNews: (one) => news.push(one) });
  const { kind } = await window.trainer.load({ model, set, lang: null });
  await window.trainer.begin({ kind, nLabels: 2 });
}"""
STEP = """async () => {
  await trainer.run(1, 0);
  return news.at(-1).ms;
}"""


def torch_steps(loaded: LoadedModel, n_sequences: int):
    """A function that makes one step in torch, padded as the graph's, and gives its milliseconds."""
    task = read_task(SETS[n_sequences], loaded)
    run = FineTuning(loaded, Plan(task.kind, task.n_labels, loaded.n_layer), learning_rate=1e-4)
    batch = next(grouped_batches(task.train, RECIPE.batch_size, 1, 0))
    missing = LENGTH - batch.ids.shape[-1]
    pad = torch.nn.functional.pad
    batch = batch._replace(
        ids=pad(batch.ids, (0, missing), value=1), predicted=pad(batch.predicted, (0, missing))
    )

    def step() -> float:
        began = time.perf_counter()
        next(run.steps([batch]))
        return 1000 * (time.perf_counter() - began)

    return step


def turns(page: Page, loaded: LoadedModel, n_sequences: int, rounds: int) -> dict[str, list[float]]:
    """Both steps in turn, in milliseconds; the first rounds warm up."""
    ours = torch_steps(loaded, n_sequences)
    samples: dict[str, list[float]] = {"torch": [], "browser": []}
    for round_ in range(rounds + 3):
        for name, step in (("torch", ours), ("browser", lambda: page.evaluate(STEP))):
            took = step()
            if round_ >= 3:
                samples[name].append(took)
    return samples


def long_run(page: Page, pid: int, before: float, n_steps: int) -> dict[str, Any]:
    """A default run, then as many steps as make `n_steps`: its seconds, and the memory all the while."""
    page.evaluate(
        """([n, more]) => {
          window.took = null;
          const began = performance.now();
          window.done = false;
          (async () => {
            await trainer.run(n, 20);
            took = (performance.now() - began) / 1000;
            await trainer.run(more, 20);
            done = true;
          })();
        }""",
        [RECIPE.steps, max(n_steps - RECIPE.steps, 1)],
    )
    memory: list[tuple[int, float]] = []
    while not page.evaluate("done"):
        step = page.evaluate("news.findLast(({ what }) => what === 'step')?.step ?? 0")
        memory.append((step, proportional(pid) - before))
        time.sleep(0.5)
    dev = page.evaluate(
        "news.filter(({ what }) => what === 'dev').map(({ step, accuracy }) => [step, accuracy])"
    )
    return {"seconds": page.evaluate("took"), "memory": memory, "dev": dev}


def transferred(asked: list[str]) -> int:
    """Bytes of what the page asked for under /browser/, packed as it was sent, without the runtime."""
    made = files.files()
    names = {address.partition(f"/browser/{files.edition()}/")[2] for address in asked}
    return sum(len(encode(made[name](), "br")) for name in names if name)


def measure(options: argparse.Namespace, n_sequences: int, url: str) -> tuple[list[Figure], dict[str, Any]]:
    loaded = load(options.model)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        visit = open_visit(browser, url, lang="ko")
        visit.page.set_default_timeout(900_000)
        visit.wait_model()
        time.sleep(2)
        pid = max(renderers(os.getpid()), key=proportional)
        before, asked = proportional(pid), []
        visit.page.context.on("request", lambda request: asked.append(request.url))
        visit.page.evaluate(START, [options.model, SETS[n_sequences]])
        samples = turns(visit.page, loaded, n_sequences, options.rounds)
        visit.page.evaluate(
            "async (kind) => { await trainer.begin({ kind, nLabels: 2 }); news.length = 0; }",
            read_task(SETS[n_sequences], loaded, most=1).kind,
        )
        found = long_run(visit.page, pid, before, options.steps)
        blocked = visit.page.evaluate("Math.max(0, ...blocked)")
        browser.close()
    ms = {name: median(values) for name, values in samples.items()}
    size = f"8x{n_sequences}x{LENGTH}"
    first = [mb for step, mb in found["memory"] if 20 < step <= 120]
    last = [mb for step, mb in found["memory"] if step > options.steps - 100]
    figures = [
        Figure(f"{size}: a step in torch, one thread", ms["torch"], "ms"),
        Figure(f"{size}: a step in the browser", ms["browser"], "ms"),
        Figure("  ratio", ms["browser"] / ms["torch"], "x", STEP_BARS.get(n_sequences)),
        Figure("  ratio of the quickest", min(samples["browser"]) / min(samples["torch"]), "x"),
        Figure(
            f"{size}: a default run",
            found["seconds"],
            "s",
            RUN_BARS[n_sequences],
            note=f"{RECIPE.steps} steps",
        ),
        Figure("  accuracy on dev at its end", 100 * dict(found["dev"])[RECIPE.steps], "%"),
        Figure("  memory above the page, most", max(mb for _, mb in found["memory"]), "MB", MEMORY_BAR),
        Figure(
            "  memory, last hundred steps less first",
            mean(last) - mean(first),
            "MB",
            FLAT_BAR,
            note=f"of {options.steps}",
        ),
        Figure("  longest task of the page's own thread", blocked, "ms", BLOCK_BAR),
        Figure(
            "  sent to the browser", transferred(asked) / 1e6, "MB", TRANSFER_BAR, note="without the runtime"
        ),
    ]
    return figures, samples | {"run": found}


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--model", default="tiny-gpt2")
    options = parser.parse_args()
    options.steps = max(options.steps, RECIPE.steps + 1)
    torch.set_num_threads(1)
    figures, samples = [], {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(["app.py", "--offline"], Path(folder) / "log.txt") as server,
    ):
        server.wait()
        for n_sequences in SETS:
            found, kept = measure(options, n_sequences, server.url)
            figures += found
            samples[f"{n_sequences} sequences"] = kept
    return report("training", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
