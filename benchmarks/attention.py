"""「어텐션」: from a text to the map, from a cut to the picture, and the sweep over all heads.

    python -m benchmarks.attention [--times 40]

Two pages in the same Chromium take turns: the lesson on the embedded model and the bare queued event of
`benchmarks.round_trip`. A text has 24 tokens or more. Time runs from the action to the second frame after the
drawing. The sweeps run in this process on one thread; that of a model of GPT-2 small's size (random weights)
pauses after every block, and between two pauses nobody can stop it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Generator

import torch
from playwright.sync_api import Page
from transformers import GPT2Config, GPT2LMHeadModel

from app.engine.head_scores import measuring
from app.engine.sweeps import sweep, sweeping
from app.models import LoadedModel, load
from app.models.registry import EMBEDDED
from benchmarks.architecture import SEND, beside_bare, send
from benchmarks.report import Figure, quantile, report
from benchmarks.round_trip import TURN, WARM_UP, press

TEXT_BAR, CUT_BAR, SWEEP_BAR, STOP_BAR = 300, 200, 1000, 2000  # ms
N_TOKENS = 24
SMALL = {"n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024, "vocab_size": 50257}
CUT = SEND.replace("(text)", "(part)").replace('{ type: "text", text }', '{ type: "switch", part }')
PARTS = ("2.3", "2.0")


def cut(page: Page, times: int) -> list[float]:
    """Switch two heads off and on in turn -> ms until each was painted."""
    return [page.evaluate(CUT, PARTS[index % 2]) for index in range(times)]


def measure(times: int) -> tuple[dict[str, list[float]], int]:
    """Milliseconds of each text, each cut and each press of the bare page, and the tokens of the text."""
    samples: dict[str, list[float]] = {"text": [], "cut": [], "bare": []}
    with beside_bare("attention") as (ours, theirs):
        send(ours, WARM_UP)
        cut(ours, 2 * len(PARTS))
        press(theirs, "#press", WARM_UP)
        while len(samples["text"]) < times:
            samples["text"] += send(ours, TURN)
            samples["cut"] += cut(ours, TURN)
            samples["bare"] += press(theirs, "#press", TURN)
        n_tokens = ours.evaluate("lab.active().value.tokens.length")
    return samples, n_tokens


def swept(name: str) -> float:
    """Milliseconds of a sweep over all heads of an embedded model, the best of three."""
    loaded, took = load(name), []
    ids = torch.randint(300, 3000, (N_TOKENS,), generator=torch.Generator().manual_seed(0)).tolist()
    for _ in range(3):
        began = time.perf_counter()
        list(sweep(loaded, ids, ids[0]))
        took.append(1000 * (time.perf_counter() - began))
    return min(took)


def gaps(work: Generator, seconds: float) -> tuple[float, bool]:
    """(the longest time between two pauses in ms, whether it ended within `seconds`)."""
    longest, began = 0.0, time.perf_counter()
    last = began
    for _ in work:
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        if now - began > seconds:
            return 1000 * longest, False
    return 1000 * longest, True


def large() -> LoadedModel:
    """GPT-2 small's size with random weights."""
    torch.manual_seed(0)
    return LoadedModel("random", "gpt2", GPT2LMHeadModel(GPT2Config(**SMALL)).eval(), tokenizer=None)


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=40)
    torch.set_num_threads(1)
    samples, n_tokens = measure(parser.parse_args().times)
    p50, p95 = ({name: quantile(values, q) for name, values in samples.items()} for q in (0.5, 0.95))
    figures = [
        Figure("text -> map, p50", p50["text"], "ms", TEXT_BAR, f"{n_tokens} tokens"),
        Figure("text -> map, p95", p95["text"], "ms"),
        Figure("a cut -> repainted, p50", p50["cut"], "ms", CUT_BAR),
        Figure("a cut -> repainted, p95", p95["cut"], "ms"),
        Figure("bare queued event, p50", p50["bare"], "ms"),
        Figure("  text, ratio of p50", p50["text"] / p50["bare"], "x"),
        Figure("  cut, ratio of p50", p50["cut"] / p50["bare"], "x"),
    ]
    for name in EMBEDDED:
        note = f"{N_TOKENS} tokens"
        figures.append(Figure(f"sweep over all heads, {name}", swept(name), "ms", SWEEP_BAR, note))
    model = large()
    for name, work in (
        ("a sweep of 24 tokens", sweeping(model, list(range(300, 324)), 300)),
        ("the random lists", measuring(model)),
    ):
        longest, ended = gaps(work, 20)
        note = "GPT-2 small's size, " + ("to its end" if ended else "stopped after 20 s")
        figures.append(Figure(f"longest wait for a stop, {name}", longest, "ms", STOP_BAR, note))
    return report("attention", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
