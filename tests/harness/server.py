"""Start a Python server as a person would, in a process of its own, and read what it logs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("OTAT_", "GRADIO_", "HF_")  # variables that would change what is tested
# Gradio's own pages, too, shall not wait for a network that is not there.
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}


class ServerError(RuntimeError):
    """The server ended or did not answer in time; the message ends with its log."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process that serves a page on 127.0.0.1, its output kept in a file.

    Args:
        script: what Python runs, relative to the repository, followed by its arguments; `--port` is added.
        log: file for stdout and stderr together. `started` is the time.time() just before the process began.
        environment: variables on top of this process's, less those that start as in `OURS`.
        port: None for a free one.
        root: the repository, or a copy of it.
    """

    def __init__(
        self,
        script: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        port: int | None = None,
        root: Path = ROOT,
    ):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = log
        self.started = time.time()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-u", *script, "--port", str(self.port)],
                cwd=root,
                env={**inherited, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """Of the server's process."""
        return self._process.pid

    def wait(self, timeout: float = 120) -> None:
        """Until the first page is served.

        Raises:
            ServerError: the process ended, or `timeout` seconds passed.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._raise_if_ended()
            try:
                with urllib.request.urlopen(self.url, timeout=10) as answer:
                    answer.read()
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.02)
        raise ServerError(f"no page after {timeout} s:\n{self.read_log()[-4000:]}")

    def wait_listening(self, timeout: float = 120) -> None:
        """Until the port is open, without asking for a page: what the first request starts has not begun yet.

        Raises:
            ServerError: as `wait`.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._raise_if_ended()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise ServerError(f"not listening after {timeout} s:\n{self.read_log()[-4000:]}")

    def _raise_if_ended(self) -> None:
        if self._process.poll() is not None:
            raise ServerError(f"ended with code {self._process.returncode}:\n{self.read_log()[-4000:]}")

    def read_log(self) -> str:
        """All that the process has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End the process, gently first."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
