"""The learners of benchmarks/classroom.py are real ones: three draw for three seconds, nothing is amiss."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from benchmarks.classroom import lesson
from benchmarks.learners import Learner, Seen
from benchmarks.process import Process
from tests.harness.server import QUIET, Server


@pytest.mark.slow
def test_three_learners_draw_and_every_answer_is_their_own(tmp_path: Path):
    with Server(["app.py", "--offline"], tmp_path / "log.txt", QUIET) as server:
        server.wait()
        process = Process(server.pid)
        seen = lesson(server.url, 3, 4, begun=process.mark)
        assert 0 < process.marked < process.cpu()
        assert process.rss() > 50
    assert seen["errors"] == seen["wrong"] == []
    assert len(seen["draws"]) == 3 * 2
    assert seen["cpu"] > 0


def test_a_learner_notices_what_is_not_hers():
    """Else a benchmark that checks nothing would look the same."""
    seen = Seen()
    learner = Learner("http://127.0.0.1:1/", 7, seen)
    mine = {
        "text": learner.text,
        "seq": 1,
        "notice": "",
        "ready": True,
        "link": {},
        "keep": {},
        "ended": False,
    }
    others = [
        {"text": "다른 사람의 글"},
        {"seq": 2},
        {"notice": "무엇이 잘못됐어요."},
        {"ready": False},
        {"link": {"ids": "1,2"}},
    ]

    async def answer(path: str, body: bytes | None) -> bytes:
        return json.dumps(mine | {"link": {"ids": "5"}} | other).encode()

    learner._until_answered = answer
    for other in [{}, *others]:
        learner.seq, learner.picture, seen.wrong[:] = 0, dict(mine), []
        asyncio.run(learner.draw(0.0))
        assert bool(seen.wrong) == bool(other), other


def test_a_process_is_measured():
    process = Process(os.getpid())
    process.mark()
    sum(range(10**6))
    assert process.cpu() >= process.marked
    assert 10 < process.rss() < 100_000
