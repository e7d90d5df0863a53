"""Starting `python app.py` by hand: help, mistakes, and a first page that does not wait for torch."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.harness.server import QUIET, Server


def start(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "app.py", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)


def test_help_answers_without_starting_anything(root: Path):
    begin = time.monotonic()
    done = start(root, "--help")
    assert done.returncode == 0 and "--root-path" in done.stdout and not done.stderr
    assert time.monotonic() - begin < 3, "gradio or torch was imported first"


def test_a_bad_value_is_one_sentence(root: Path):
    done = start(root, "--port", "http")
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_model_that_is_not_there_is_one_sentence(root: Path, tmp_path: Path):
    done = start(root, "--model", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_process_says_where_the_page_is(server):
    assert str(server.port) in server.read_log()


def test_a_second_app_beside_it_speaks_the_language_it_was_told(tmp_path: Path, server):
    """`--lang en` is for visits whose link names no language, whatever the browser's is."""
    with Server(["app.py", "--lang", "en"], tmp_path / "log.txt", QUIET) as second:
        second.wait()
        for running, page in ((server, ""), (second, "en")):
            request = urllib.request.Request(running.url, headers={"Accept-Language": "ko-KR"})
            with urllib.request.urlopen(request) as answer:
                assert answer.url.startswith(running.url + page)
                assert answer.url.rstrip("?") == running.url + page
