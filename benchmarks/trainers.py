"""Let running trainers rest while something is measured; they go on afterwards whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PID_FILES = Path(__file__).parents[1] / "build"
TRAINER = "-m training."


def running(folder: Path = PID_FILES, command: str = TRAINER) -> list[int]:
    """Ids of the live processes named in `folder`/*.pid whose command line holds `command`.

    The command line is compared because a pid file may be left over, its number somebody else's by now.
    """
    found = []
    for path in sorted(folder.glob("*.pid")):
        text = path.read_text(encoding="utf-8").strip()
        if text.isdigit():
            # -ww: the whole line, whatever width COLUMNS names
            shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", text], capture_output=True, text=True)
            if command in shown.stdout:
                found.append(int(text))
    return found


@contextmanager
def paused(folder: Path = PID_FILES, command: str = TRAINER) -> Iterator[list[int]]:
    """Stop the trainers for the length of the block -> their ids.

    A small guard process continues them as soon as the pipe to it closes, which also happens when this
    process is killed: no training run can stay stopped because a benchmark died.
    """
    ids = running(folder, command)
    if not ids:
        yield []
        return
    guard = subprocess.Popen(
        ["sh", "-c", 'read -r _; kill -CONT "$@"', "guard", *map(str, ids)],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C in the terminal must not reach it
    )
    try:
        for id_ in ids:
            with suppress(ProcessLookupError):  # it ended by itself just now
                os.kill(id_, signal.SIGSTOP)
        yield ids
    finally:
        guard.stdin.close()
        guard.wait()
