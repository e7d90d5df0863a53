"""What a benchmark found: a table to read, a file to keep, an exit code."""

from __future__ import annotations

import datetime
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "build" / "bench"


@dataclass(frozen=True)
class Figure:
    """One line of a report.

    Args:
        name: what was measured.
        value: the figure, in `unit`.
        unit: "s", "ms", "MB", "%" or "x" for a ratio.
        bar: the most it may be; None for a figure that is only told.
        note: how it was had, in a few words.
    """

    name: str
    value: float
    unit: str
    bar: float | None = None
    note: str = ""

    @property
    def missed(self) -> bool:
        return self.bar is not None and not self.value <= self.bar


def quantile(samples: Sequence[float], q: float) -> float:
    """Nearest-rank quantile of `samples`, 0 < q <= 1: a value that was really measured."""
    ordered = sorted(samples)
    return ordered[math.ceil(len(ordered) * q) - 1]


def report(name: str, figures: Sequence[Figure], samples: Mapping[str, Any]) -> int:
    """Print the table, write build/bench/<name>.json -> exit code, 1 when a bar is missed."""
    print(f"\n{name}")
    for figure in figures:
        bar = "" if figure.bar is None else f"<= {figure.bar:g} {'MISSED' if figure.missed else 'ok'}"
        print(f"  {figure.name:<46}{figure.value:>9.2f} {figure.unit:<3} {bar:<14} {figure.note}".rstrip())
    record = {
        "benchmark": name,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": {"system": platform.platform(), "cores": os.cpu_count(), "load": os.getloadavg()},
        "figures": [asdict(figure) | {"missed": figure.missed} for figure in figures],
        "samples": samples,
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return int(any(figure.missed for figure in figures))
