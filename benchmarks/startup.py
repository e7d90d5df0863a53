"""How long a person waits: `python app.py` -> first page, and first page -> first token.

    python -m benchmarks.startup [--rounds 5] [--lessons 8]

Every round starts three fresh processes in turn: our app and Gradio's hello world, each opened by the same
Chromium with an empty cache, and one that imports torch and transformers and loads the embedded model the
plain way. Reported are ratios of medians, and what the browser had asked for before the first picture.
`--lessons` adds lessons as `make lesson` writes them, in a copy of the repository, until there are so many.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import Figure, report
from lessons import LESSONS
from lessons.skeleton import __main__ as skeleton
from tests.harness import chromium
from tests.harness.copy import copy_repository
from tests.harness.server import QUIET, ROOT, Server
from tests.harness.visit import LOCALES, MODEL_READY, READY

MODEL = ROOT / "assets" / "models" / "tiny-gpt2"
PAGE_BAR, MODEL_BAR = 1.5, 1.25
PAGE_AIM = 1.25
HTML_BAR = 90  # KB
HELLO_READY = "document.querySelector('button.primary')?.checkVisibility()"

# Looks once per frame and keeps the time at which each condition was first met, in ms of the wall clock.
WATCH = """conditions => {
  window.met = {};
  const look = () => {
    for (const [name, holds] of document.documentElement ? Object.entries(conditions) : []) {
      if (!(name in met) && holds()) met[name] = performance.timeOrigin + performance.now();
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);  // not at once: the document has no element yet
}"""

# Before the first picture, each [requests, bytes over the network, bytes unpacked].
ASKED = """() => {
  const [html] = performance.getEntriesByType('navigation');
  const before = performance.getEntriesByType('resource')
    .filter((entry) => entry.startTime < met.ready - performance.timeOrigin);
  const add = ([n, packed, plain], { encodedBodySize, decodedBodySize }) =>
    [n + 1, packed + encodedBodySize, plain + decodedBodySize];
  const sum = (entries) => entries.reduce(add, [0, 0, 0]);
  const ours = (ending) => sum(before.filter(({ name }) => name.includes('/m/') && name.endsWith(ending)));
  return { html: sum([html]), script: ours('.js'), style: ours('.css'), all: sum([html, ...before]) };
}"""

# The way every tutorial loads a model; runs in a process of its own and prints the seconds.
PLAIN_LOAD = """
import sys, time
begin = time.perf_counter()
import torch, transformers
transformers.AutoTokenizer.from_pretrained(sys.argv[1])
transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
print(time.perf_counter() - begin)
"""


def watch(page: Page, conditions: dict[str, str]) -> None:
    """Have every document of `page` note when each of `conditions`, JavaScript expressions, first holds."""
    functions = ", ".join(f"{json.dumps(name)}: () => {holds}" for name, holds in conditions.items())
    page.add_init_script(f"({WATCH})({{{functions}}})")


def with_lessons(number: int, folder: Path) -> Path:
    """A copy of the repository, in `folder`, that has `number` lessons."""
    copy = copy_repository(folder)
    for n in range(number - len(LESSONS)):
        skeleton.write(f"copy-{n}", copy)
    return copy


def first_visit(
    browser: Browser, script: list[str], conditions: dict[str, str], log: Path, root: Path = ROOT
) -> tuple[dict[str, float], dict[str, list[int]]]:
    """Start `script` of the repository at `root` and open its page.

    -> {condition, or "served": seconds since the process began}, what ASKED says.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 720}, locale=LOCALES["ko"])
    page = context.new_page()
    watch(page, conditions)
    with Server(script, log, QUIET, root=root) as server:
        server.wait_listening()
        page.goto(server.url, wait_until="commit")
        for name in conditions:
            page.wait_for_function("name => name in (window.met ?? {})", arg=name, timeout=120_000)
        met = page.evaluate("met")
        navigation = "performance.getEntriesByType('navigation')[0].responseEnd + performance.timeOrigin"
        met["served"] = page.evaluate(navigation)
        asked = page.evaluate(ASKED)
        context.close()
        return {name: at / 1000 - server.started for name, at in met.items()}, asked


def plain_load() -> float:
    """Seconds to import torch and transformers and to load the embedded model, in a fresh process."""
    command = [sys.executable, "-c", PLAIN_LOAD, str(MODEL)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def measure(rounds: int, lessons: int = 0) -> dict[str, list]:
    """All samples in seconds, and under "asked" what ASKED says of the last visit of our app.

    With `lessons`, of an app that has so many.

    The order turns round each time, so that none always follows the same other.
    """
    samples: dict[str, list] = {
        "app": [],
        "hello": [],
        "token": [],
        "token_after_served": [],
        "load": [],
    }

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser, log = chromium.launch(playwright), Path(folder) / "log.txt"
        root = with_lessons(lessons, Path(folder) / "copy") if lessons else ROOT

        def app() -> None:
            met, asked = first_visit(browser, ["app.py"], {"ready": READY, "model": MODEL_READY}, log, root)
            samples["asked"] = [asked]
            samples["app"].append(met["ready"])
            samples["token"].append(met["model"] - met["ready"])
            samples["token_after_served"].append(met["model"] - met["served"])

        def hello() -> None:
            met, _ = first_visit(browser, ["benchmarks/bare/hello.py"], {"ready": HELLO_READY}, log)
            samples["hello"].append(met["ready"])

        steps = [app, hello, lambda: samples["load"].append(plain_load())]
        for step in steps:  # once unmeasured: files come from the disk the first time
            step()
        for values in samples.values():
            values.clear()
        for round_ in range(rounds):
            for step in steps if round_ % 2 == 0 else reversed(steps):
                step()
        browser.close()
    return samples


def _packed(asked: list[int]) -> str:
    """A note on [requests, bytes over the network, bytes unpacked]."""
    return f"{asked[1] / 1000:.1f} KB over the network, {asked[0]} requests"


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lessons", type=int, default=0)
    given = parser.parse_args()
    samples = measure(given.rounds, given.lessons)
    [asked] = samples["asked"]
    median = {name: statistics.median(values) for name, values in samples.items() if name != "asked"}
    page, token = median["app"] / median["hello"], median["token"] / median["load"]
    aim = "aim reached" if page <= PAGE_AIM else f"the aim is {PAGE_AIM}"
    figures = [
        Figure("python app.py -> first page ready", median["app"], "s"),
        Figure("bare hello world -> first page ready", median["hello"], "s"),
        Figure("  ratio", page, "x", PAGE_BAR, aim),
        Figure("first page ready -> first token", median["token"], "s"),
        Figure("first page served -> first token", median["token_after_served"], "s"),
        Figure("import torch, transformers + load the model", median["load"], "s"),
        Figure("  ratio", token, "x", MODEL_BAR, "from first page ready"),
        *(
            Figure(name, asked[part][2] / 1000, "KB", bar, _packed(asked[part]))
            for name, part, bar in (
                ("HTML of the page", "html", HTML_BAR),
                ("our scripts before the first picture", "script", None),
                ("our styles before the first picture", "style", None),
                ("all that was asked for until then", "all", None),
            )
        ),
    ]
    return report("startup", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
