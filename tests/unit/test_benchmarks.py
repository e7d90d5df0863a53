"""The tools of the benchmarks: quantiles, missed bars, and trainers that rest and always go on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import report as report_module
from benchmarks.report import Figure, quantile, report
from benchmarks.trainers import paused, running

MARK = "-m training.stand_in"


@pytest.mark.parametrize(("q", "expected"), [(0.5, 50), (0.95, 95), (1.0, 100), (0.001, 1)])
def test_quantile_is_a_measured_value(q: float, expected: int):
    assert quantile(list(range(100, 0, -1)), q) == expected


def test_report_writes_figures_and_fails_on_a_missed_bar(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(report_module, "FOLDER", tmp_path / "bench")
    good = [Figure("told", 9.0, "s"), Figure("met", 1.5, "x", 1.5)]
    assert report("sample", good, {"met": [1.5]}) == 0
    assert report("sample", [*good, Figure("late", 1.51, "x", 1.5)], {}) == 1
    assert report("sample", [Figure("nothing", float("nan"), "x", 1.5)], {}) == 1
    assert "MISSED" in capsys.readouterr().out
    written = json.loads((tmp_path / "bench" / "sample.json").read_text())
    assert written["figures"][0]["missed"] is True


@pytest.fixture
def trainer(tmp_path: Path) -> Iterator[subprocess.Popen]:
    """A process that looks like a trainer, with its pid file in `tmp_path`."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", MARK])
    (tmp_path / "trainer.pid").write_text(f"{process.pid}\n", encoding="utf-8")
    yield process
    process.kill()
    process.wait()


def is_stopped(process: subprocess.Popen) -> bool:
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(process.pid)], capture_output=True, text=True)
    return shown.stdout.startswith("T")


def soon(holds: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether `holds()` becomes true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def test_a_trainer_rests_and_goes_on(tmp_path: Path, trainer, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")  # as in a narrow terminal, where ps would cut the command line
    with paused(tmp_path, MARK) as ids:
        assert ids == [trainer.pid]
        assert soon(lambda: is_stopped(trainer))
    assert soon(lambda: not is_stopped(trainer))


def test_a_trainer_goes_on_after_an_error(tmp_path: Path, trainer):
    with pytest.raises(RuntimeError), paused(tmp_path, MARK):
        raise RuntimeError
    assert soon(lambda: not is_stopped(trainer))


def test_a_trainer_goes_on_when_the_benchmark_is_killed(tmp_path: Path, trainer, root: Path):
    code = f"""
import pathlib, time
from benchmarks.trainers import paused
with paused(pathlib.Path({str(tmp_path)!r}), {MARK!r}):
    time.sleep(60)
"""
    benchmark = subprocess.Popen([sys.executable, "-c", code], cwd=root)
    assert soon(lambda: is_stopped(trainer))
    benchmark.send_signal(signal.SIGKILL)
    benchmark.wait()
    assert soon(lambda: not is_stopped(trainer))


def test_a_left_over_pid_file_stops_nobody(tmp_path: Path, trainer):
    (tmp_path / "broken.pid").write_text("not a number", encoding="utf-8")
    assert running(tmp_path, "-m training.something_else") == []
    assert running(tmp_path / "nowhere", MARK) == []
