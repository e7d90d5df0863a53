"""What another process has used so far, as Linux tells it."""

from __future__ import annotations

import os
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
