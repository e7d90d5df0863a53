"""「사전학습」: the window moved, a token hovered, one step of SGD, the scrubber moved.

    python -m benchmarks.pretraining [--times 20]

Two pages in the same Chromium take turns: the lesson and the bare queued event of `benchmarks.round_trip`.
Time runs from the action to the second frame after the drawing. What the server computes for it is measured
in this process, on one thread, on the embedded tiny-gpt2 and a text of 24 tokens: every round runs all of it
in turn with one plain forward of `transformers` on the same text, so that they meet the same load, and
nothing is found in the memory of an earlier round.

The last part is a class: 30 visitors of a server step at once, then leave, and the server forgets them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from itertools import count, cycle
from typing import Any

import torch
from playwright.sync_api import Page

from app.engine import checkpoints
from app.engine.copies import COPIES, Taught, visitor
from app.engine.log_probs import distribution, log_probs
from app.engine.memory import SHARED
from app.models import load
from benchmarks.architecture import SEND, beside_bare
from benchmarks.classroom import served
from benchmarks.learners import Learner, Seen
from benchmarks.report import Figure, quantile, report
from benchmarks.round_trip import TURN, press
from lessons.pretraining.state import write_steps

WINDOW_BAR, STEP_BAR, SCRUB_BAR = 200, 300, 150  # ms
CLASS, STEPS, CLASS_RATE, FORGOTTEN, LEFT_BAR = 30, 3, 30, 7.0, 50  # learners; thousandths; s; MB
N_TOKENS = 24
K, LAYER, HEAD, PLACE = 5, 2, 3, 20
LINE = tuple(0.01 * i for i in range(9))  # η of the little curve beside the slider

TEXT = "어제 수학 국어 영어 역사 수학 국어 영어 역사, "
TEXT += "그리고 저는 지난 주말에 그 꽃집에 들렀습니다. 우리는 꽃을 샀어요."
ACT = SEND.replace("(text)", "(action)").replace('{ type: "text", text }', "action")

Run = Callable[[], object]


def contestants() -> dict[str, Run]:
    """What is timed, by name."""
    loaded = load(checkpoints.MODEL)
    ids = torch.randint(300, 3000, (N_TOKENS,), generator=torch.Generator().manual_seed(0)).tolist()
    numbers = count(1)

    def plain() -> None:
        with torch.no_grad():
            loaded.model(torch.tensor([ids]))

    def step() -> None:
        """The next step of a run that begins anew after forty, and its bars for the window."""
        taught = Taught(loaded, tuple(ids), (1e-4,) * (1 + next(numbers) % 40))
        taught.report()
        taught.log_probs(K)

    def scrub() -> None:
        """Bars and the chosen head on a checkpoint that is loaded."""
        at = checkpoints.at(checkpoints.road()[next(numbers) % len(checkpoints.road())].step)
        log_probs(at, ids, K)
        checkpoints.pattern(at, ids, LAYER, HEAD)

    return {
        "forward": plain,
        "window": lambda: log_probs(loaded, ids, K),
        "hover": lambda: distribution(loaded, ids, PLACE, K),
        "step": step,
        "line": lambda: Taught(loaded, tuple(ids)).look_ahead(LINE),
        "held out": lambda: Taught(loaded, tuple(ids)).held_out("ko"),
        "scrub": scrub,
        "road": lambda: checkpoints.along(ids, K),
    }


def measure(times: int) -> dict[str, list[float]]:
    """Milliseconds of each contestant in each round; the first round only warms up."""
    runs = contestants()
    samples: dict[str, list[float]] = {name: [] for name in runs}
    with visitor("benchmark"):
        for round_ in range(times + 1):
            for name, run in runs.items():
                SHARED.clear()
                began = time.perf_counter()
                run()
                if round_:
                    samples[name].append(1000 * (time.perf_counter() - began))
    COPIES.clear()
    return samples


def painted(times: int) -> tuple[dict[str, list[float]], int]:
    """Milliseconds until each action was painted, and the bare page's event; and the tokens of the text."""

    def sent(page: Page, action: dict[str, Any]) -> float:
        return page.evaluate(ACT, action)

    def steps(page: Page, rate: int) -> list[float]:
        """One step of SGD each, taken back before the next."""
        found = []
        for _ in range(TURN):
            found.append(sent(page, {"type": "step", "rate": rate, "times": 1}))
            sent(page, {"type": "undo", "times": 1})
        return found

    samples: dict[str, list[float]] = {
        name: [] for name in ("window painted", "hover painted", "step painted", "scrub painted", "bare")
    }
    with beside_bare("pretraining") as (ours, theirs):
        sent(ours, {"type": "text", "text": TEXT})
        n = ours.evaluate("lab.active().value.tokens.length")
        windows, tokens = cycle((1, 3, 5, 9)), cycle(range(1, n))
        stops = cycle(one.step for one in checkpoints.road())
        for round_ in range(times // TURN + 2):
            found = (
                [sent(ours, {"type": "window", "k": next(windows)}) for _ in range(TURN)],
                [sent(ours, {"type": "choose", "token": next(tokens)}) for _ in range(TURN)],
                steps(ours, 3),
                [sent(ours, {"type": "scrub", "at": next(stops)}) for _ in range(TURN)],
                press(theirs, "#press", TURN),
            )
            if round_ > 1:  # by then every checkpoint is loaded
                for name, values in zip(samples, found, strict=True):
                    samples[name] += values
            sent(ours, {"type": "scrub", "at": 0})
    return samples, n


class Stepper(Learner):
    """A learner who takes steps of SGD on a sentence of her own."""

    lesson = "pretraining"

    def link(self) -> dict[str, Any]:
        return {"text": self.text}

    async def step(self, n: int) -> None:
        """The n-th step; what was taken before must still be there."""
        await self.act({"type": "step", "rate": CLASS_RATE})
        taken = self.picture["link"].get("steps")
        if taken != write_steps((CLASS_RATE,) * n):
            self.seen.wrong.append(f"after {n} steps: {taken}")


async def stepping(url: str, numbers: range, seen: Seen) -> None:
    """All enter, then all take each of STEPS steps at once."""
    learners = [Stepper(url, number, seen) for number in numbers]
    await asyncio.gather(*(learner.enter() for learner in learners))
    for n in range(1, STEPS + 1):
        await asyncio.gather(*(learner.step(n) for learner in learners))
    for learner in learners:
        learner.connection.close()


def class_memory() -> tuple[dict[str, float], Seen]:
    """Megabytes of a server before a class, with it, and when it has been forgotten."""
    seen, rss = Seen(), {}
    with served("benchmarks/bare/forgetful.py") as (url, process):
        asyncio.run(stepping(url, range(CLASS, CLASS + 8), seen))  # what the first learners load, stays
        time.sleep(FORGOTTEN)
        rss["before"] = process.rss()
        asyncio.run(stepping(url, range(CLASS), seen))
        rss["with them"] = process.rss()
        time.sleep(FORGOTTEN)
        rss["after"] = process.rss()
    return rss, seen


def first_read() -> float:
    """Milliseconds in which a checkpoint is read from its file."""
    steps = [one.step for one in checkpoints.road()]
    fresh = checkpoints.Checkpoints(checkpoints.shared().spec, steps)
    began = time.perf_counter()
    fresh.at(steps[0])
    return 1000 * (time.perf_counter() - began)


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    torch.set_num_threads(1)
    times = parser.parse_args().times
    on_screen, n_tokens = painted(times)
    rss, seen = class_memory()
    samples = measure(times) | on_screen | {"class": rss}
    p50 = {name: quantile(values, 0.5) for name, values in samples.items() if name != "class"}
    figures = [Figure("bare queued event, p50", p50["bare"], "ms")]
    for name, what, bar in (
        ("window", "the window moved -> repainted", WINDOW_BAR),
        ("hover", "a token chosen -> repainted", WINDOW_BAR),
        ("step", "one step -> repainted", STEP_BAR),
        ("scrub", "the scrubber moved, loaded -> repainted", SCRUB_BAR),
    ):
        took = p50[f"{name} painted"]
        figures.append(Figure(f"{what}, p50", took, "ms", bar, f"{n_tokens} tokens"))
        figures.append(Figure("  ratio to the bare event", took / p50["bare"], "x"))
    told = {
        "window": ("the window moved, computed", WINDOW_BAR, f"{N_TOKENS} tokens, k = {K}"),
        "hover": ("a token hovered, computed", WINDOW_BAR, ""),
        "step": ("one step, with its bars, computed", STEP_BAR, ""),
        "line": (f"the curve of {len(LINE)} rates", None, ""),
        "held out": ("ten other sentences", None, ""),
        "scrub": ("the scrubber, a loaded checkpoint, computed", SCRUB_BAR, "bars and a head"),
        "road": ("the bars at all checkpoints", None, ""),
    }
    figures.append(Figure("transformers' forward, p50", p50["forward"], "ms"))
    for name, (what, bar, note) in told.items():
        figures.append(Figure(f"{what}, p50", p50[name], "ms", bar, note))
        figures.append(Figure("  ratio to the forward", p50[name] / p50["forward"], "x"))
    figures.append(Figure("a checkpoint read from its file", first_read(), "ms"))
    figures += [
        Figure("RSS of the server before a class", rss["before"], "MB"),
        Figure(f"  while {CLASS} step, more by", rss["with them"] - rss["before"], "MB"),
        Figure("  when they are forgotten, more by", rss["after"] - rss["before"], "MB", LEFT_BAR),
        Figure("  steps that were not hers, and errors", len(seen.wrong + seen.errors), "", 0),
    ]
    return report("pretraining", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
