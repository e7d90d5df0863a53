"""Run the benchmarks one after the other while every trainer of this checkout rests."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.trainers import paused

NAMES = (
    "startup",
    "round_trip",
    "engine",
    "architecture",
    "attention",
    "pretraining",
    "glossary",
    "training",
    "classroom",
)
LONG = ("gain",)  # only where it is asked for by name


def main(names: list[str]) -> int:
    """Exit code: 0 when every bar was met, 1 when one was missed, 2 for a name that is not known."""
    unknown = [name for name in names if name not in NAMES + LONG]
    if unknown:
        print(f"unknown benchmark: {unknown[0]} (there are {', '.join(NAMES + LONG)})", file=sys.stderr)
        return 2
    failed = []
    with paused() as resting:
        if resting:
            print(f"{len(resting)} training process(es) rest while this runs")
        for name in names or NAMES:
            if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode:
                failed.append(name)
    if failed:
        print(f"missed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
