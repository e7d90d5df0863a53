"""「사전학습」, the server's half: the window moved, a token hovered, one step of SGD, the scrubber moved.

    python -m benchmarks.pretraining [--times 20]

In this process, on one thread, on the embedded tiny-gpt2 and a text of 24 tokens. Every round runs all of
them in turn with the reference, one plain forward of `transformers` on the same text, so that they meet the
same load. Nothing is found in the memory of an earlier round. The bars are those of the whole way to the
painted picture, so the server's half must stay well below them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from itertools import count

import torch

from app.engine import checkpoints
from app.engine.copies import COPIES, Taught, visitor
from app.engine.log_probs import distribution, log_probs
from app.engine.memory import SHARED
from app.models import load
from benchmarks.report import Figure, quantile, report

WINDOW_BAR, STEP_BAR, SCRUB_BAR = 200, 300, 150  # ms
N_TOKENS = 24
K, LAYER, HEAD, PLACE = 5, 2, 3, 20
LINE = tuple(0.01 * i for i in range(9))  # η of the little curve beside the slider

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
    samples = measure(parser.parse_args().times)
    p50 = {name: quantile(values, 0.5) for name, values in samples.items()}
    told = {
        "window": ("the window moved", WINDOW_BAR, f"{N_TOKENS} tokens, k = {K}"),
        "hover": ("a token hovered", WINDOW_BAR, ""),
        "step": ("one step, with its bars", STEP_BAR, ""),
        "line": (f"the curve of {len(LINE)} rates", None, ""),
        "held out": ("ten other sentences", None, ""),
        "scrub": ("the scrubber, a loaded checkpoint", SCRUB_BAR, "bars and a head"),
        "road": ("the bars at all checkpoints", None, ""),
    }
    figures = [Figure("transformers' forward, p50", p50["forward"], "ms")]
    for name, (what, bar, note) in told.items():
        figures.append(Figure(f"{what}, p50", p50[name], "ms", bar, note))
        figures.append(Figure("  ratio to the forward", p50[name] / p50["forward"], "x"))
    figures.append(Figure("a checkpoint read from its file", first_read(), "ms"))
    return report("pretraining", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
