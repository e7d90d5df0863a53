"""A class on one laptop: 1, 30 and 100 learners, 30 beside somebody hostile, and what 200 visits leave.

    python -m benchmarks.classroom [--part load hostile memory] [--seconds 40]

Everything runs on this machine: the server, the learners (benchmarks/learners.py) and the hostile client
(benchmarks/hostile.py) share its cores, on loopback.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.hostile import RATE, STREAMS
from benchmarks.learners import EVERY
from benchmarks.process import Process
from benchmarks.report import Figure, quantile, report
from tests.harness.server import QUIET, ROOT, Server

CLASS, LARGE_CLASS = 30, 100
CPU_BAR = 12  # ms a draw
LARGE_P95_BAR, RATIO_BAR = 1500, 3  # ms; of one learner's p95
HOSTILE_P95_BAR, AFTER_BAR, HOSTILE_RSS_BAR = 2000, 2, 50  # ms; of the p95 before; MB
VISITS, VISITS_BAR = 200, 30  # MB
PHASES = ("page", "config", "act", "plotly", "bodies", "streams")
PHASE = 10.0  # seconds of each, and of quiet after it
STARTING = 5.0  # seconds, at most, until a hostile client has begun


@contextmanager
def served(script: str = "app.py") -> Iterator[tuple[str, Process]]:
    """A server whose model is loaded -> (its address, its process)."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Server([script, "--offline"], Path(folder) / "log.txt", QUIET) as server,
    ):
        server.wait()
        lesson(server.url, 2, 4, first=9000)
        yield server.url, Process(server.pid)


def lesson(
    url: str, n: int, seconds: float, first: int = 0, begun: Callable[[], Any] = lambda: None
) -> dict[str, Any]:
    """Learners in a process of their own -> what they saw. `begun` is called when all have entered."""
    command = [sys.executable, "-m", "benchmarks.learners", url]
    command += ["--learners", str(n), "--seconds", str(seconds), "--first", str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        begun()
        seen = json.loads(process.stdout.readline())
    return seen


def p95(draws: list[list[float]]) -> float:
    """Milliseconds; NaN, which no bar lets pass, where nothing was answered."""
    if not draws:
        return math.nan
    return 1000 * quantile([seconds for _, seconds in draws], 0.95)


def load(seconds: float) -> tuple[list[Figure], dict[str, Any]]:
    """One learner, a class, a large class."""
    figures, samples, alone = [], {}, 0.0
    with served() as (url, process):
        for n in (1, CLASS, LARGE_CLASS):
            seen = lesson(url, n, seconds, 1000 * n, process.mark)
            used, draws = process.cpu() - process.marked, seen["draws"]
            late = sum(took > EVERY for _, took in draws)
            alone = alone or p95(draws)
            bar = {CLASS: RATIO_BAR * alone, LARGE_CLASS: LARGE_P95_BAR}.get(n)
            who = f"{n} learner{'s' if n > 1 else ''}"
            figures += [
                Figure(f"{who}: p50", 1000 * quantile([took for _, took in draws], 0.5), "ms"),
                Figure(f"{who}: p95", p95(draws), "ms", bar),
                Figure(f"{who}: draws not carried out in time", late + missing(n, seconds, draws), "", 0),
                Figure(f"{who}: errors and wrong answers", len(seen["errors"] + seen["wrong"]), "", 0),
                Figure(
                    f"{who}: CPU of the server a draw",
                    1000 * used / len(draws),
                    "ms",
                    CPU_BAR if n > 1 else None,
                ),
                Figure(f"{who}: CPU of the learners in all", seen["cpu"], "s"),
                Figure(f"{who}: RSS of the server", process.rss(), "MB"),
            ]
            samples[who] = seen
    return figures, samples


def missing(n: int, seconds: float, draws: list[list[float]]) -> int:
    """Presses that were never answered."""
    return n * int(seconds / EVERY) - len(draws)


def hostile(seconds: float) -> tuple[list[Figure], dict[str, Any]]:
    """A class, and beside it one phase of hostility after the other, with as long a quiet after each."""
    length = PHASE * (1 + 2 * len(PHASES)) + STARTING * len(PHASES)
    figures, samples = [], {}
    with served("benchmarks/bare/forgetful.py") as (url, process):  # what stays when it has forgotten
        times: dict[str, tuple[float, float]] = {}

        def attack() -> None:
            samples["rss"] = {"before": process.rss()}
            times["before"] = time.time() + 1, time.time() + PHASE
            time.sleep(PHASE)
            for kind in PHASES:
                begin = time.time()
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.hostile",
                    url,
                    "--kind",
                    kind,
                    "--seconds",
                    str(PHASE),
                ]
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
                samples[kind] = json.loads(done.stdout)
                times[kind], times["after " + kind] = (begin, time.time()), (time.time(), time.time() + PHASE)
                samples["rss"][kind] = process.rss()
                time.sleep(PHASE)
                samples["rss"]["after " + kind] = process.rss()

        seen = lesson(url, CLASS, length, 0, attack)
        samples |= {"learners": seen, "times": times}
        normal = 0.0
        for name, (begin, end) in times.items():
            # of a quiet phase its end counts: ten seconds after
            begin = end - PHASE / 2 if name.startswith("after") else begin
            draws = [draw for draw in seen["draws"] if begin <= draw[0] < end]
            normal = normal or p95(draws)
            bar = AFTER_BAR * normal if name.startswith("after") else HOSTILE_P95_BAR
            note = " ".join(f"{n}×{status}" for status, n in samples.get(name, {}).items())
            figures.append(Figure(f"{name}: p95 of {CLASS} learners", p95(draws), "ms", bar, note))
        grown = process.rss() - samples["rss"]["before"]
        figures += [
            Figure("RSS before", samples["rss"]["before"], "MB"),
            Figure("RSS most", max(samples["rss"].values()), "MB"),
            Figure("RSS after, less before", grown, "MB", HOSTILE_RSS_BAR),
            Figure("wrong answers", len(seen["wrong"]), "", 0),
            Figure("errors, asked again", len(seen["errors"]), ""),
        ]
    return figures, samples


def memory(seconds: float) -> tuple[list[Figure], dict[str, Any]]:
    """VISITS visits of a page and two draws, twenty at a time, to a server that forgets early."""
    with served("benchmarks/bare/forgetful.py") as (url, process):
        rss = {"before": process.rss()}
        for first in range(0, VISITS, 20):
            seen = lesson(url, 20, 2 * EVERY, first)
            assert not seen["errors"] and not seen["wrong"], seen
        rss["after"] = process.rss()
        time.sleep(7)
        rss["forgotten"] = process.rss()
    figures = [
        Figure("RSS before the visits", rss["before"], "MB"),
        Figure(f"after {VISITS} visits, more by", rss["after"] - rss["before"], "MB", VISITS_BAR),
        Figure("when they are forgotten, more by", rss["forgotten"] - rss["before"], "MB", VISITS_BAR),
    ]
    return figures, rss


PARTS = {"load": load, "hostile": hostile, "memory": memory}


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=40)
    asked = parser.parse_args()
    figures, samples = [], {}
    for part in asked.part:
        found, samples[part] = PARTS[part](asked.seconds)
        figures += found
    print(f"{RATE} requests a second, {STREAMS} held streams" if "hostile" in asked.part else "")
    return report("classroom", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
