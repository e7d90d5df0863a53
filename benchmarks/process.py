"""What other processes have used so far, as Linux tells it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class Process:
    """A running process of this machine."""

    def __init__(self, pid: int):
        self._folder = Path("/proc") / str(pid)
        self.marked = 0.0

    def mark(self) -> None:
        """Remember what it has used up to now, as `marked`."""
        self.marked = self.cpu()

    def cpu(self) -> float:
        """Seconds of processor time, all threads together."""
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self) -> float:
        """Megabytes that it holds in memory."""
        return int((self._folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def renderers(above: int) -> list[int]:
    """Ids of the processes that draw a page of a Chromium which the process `above` has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has ended meanwhile
                command = (folder / "cmdline").read_bytes()
                if b"--type=renderer" in command and above in _ancestors(int(folder.name)):
                    found.append(int(folder.name))
    return found


def _ancestors(pid: int) -> list[int]:
    found = []
    while pid > 1:
        fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
        pid = int(fields[1])
        found.append(pid)
    return found


def proportional(pid: int) -> float:
    """Megabytes of a process, what it shares with others counted in parts."""
    lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
