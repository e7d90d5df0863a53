"""Starting `python app.py` by hand: help, mistakes, and a first page that does not wait for torch."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.harness.matrix import quick
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


@pytest.mark.parametrize("kind", quick(["socks5", "http"]))
def test_a_dead_proxy_in_the_environment_does_not_keep_it_from_starting(tmp_path: Path, kind: str):
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    proxies = dict.fromkeys(names, f"{kind}://127.0.0.1:9")
    with Server(["app.py"], tmp_path / "log.txt", QUIET | proxies) as server:
        server.wait()
        deadline = time.monotonic() + 30
        while "Running on" not in server.read_log() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "Running on" in server.read_log() and "Traceback" not in server.read_log()
