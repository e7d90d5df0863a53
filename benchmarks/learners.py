"""Learners who draw a token every two seconds, each with her own text, and check what comes back.

    python -m benchmarks.learners URL --learners 30 --seconds 40

A process of its own, so that its cost can be told from the server's. They send what assets/js/stage.js and
transport.js send, and ask again after an error as the page does. Two lines of JSON go out: when all have
entered, and at the end what they saw.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import secrets
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from benchmarks.wire import Connection

EVERY = 2.0  # seconds from press to press
WAITS = (0.4, 0.8, 1.6, 3.0, 5.0)  # as in transport.js
ENTERING = 0.04  # seconds between two who open the page
STARTS = (
    "나는 오늘 그 곳에",
    "우리는 지난 여름에 바다에서",
    "오늘 아침에 나는 친구와",
    "어제 저녁에 동생은 집에서",
)
ENDS = ("간다", "놀았다", "책을 읽었다", "밥을 먹었다", "노래를 불렀다")


@dataclass
class Seen:
    """What all learners saw. `draws`: (when it was pressed, on time.time(); seconds until it was there)."""

    draws: list[tuple[float, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Learner:
    """One browser: a session, a text, and the last picture."""

    lesson = "next-token"

    def __init__(self, url: str, number: int, seen: Seen, source: str = ""):
        self.text = f"{STARTS[number % len(STARTS)]} {ENDS[number % len(ENDS)]} {number}"
        self.seed, self.seen = number, seen
        self.session = secrets.token_urlsafe(18)
        self.connection = Connection(url, source)
        self.seq = 0
        self.picture: dict[str, Any] = {}

    def link(self) -> dict[str, Any]:
        """What stands in the address she opens."""
        return {"text": self.text, "seed": self.seed}

    async def enter(self) -> None:
        """Open the page, by a link to her text."""
        await self._until_answered("/?" + urlencode({"lesson": self.lesson, "text": self.text}), None)
        await self.act({"type": "enter", "query": urlencode(self.link())})
        tokens = self.picture.get("tokens", [])
        read = "".join(
            (" " if token["space"] else "") + token["piece"].replace("␣", " ") for token in tokens
        ).strip()
        if not read or not self.text.endswith(read):
            self.seen.wrong.append(f"{read!r} is not of {self.text!r}")

    async def draw(self, pressed: float) -> None:
        """Press 다음 토큰 뽑기; `pressed` on time.time()."""
        before, ended = self._path(), self.picture["ended"]
        await self.act({"type": "draw"})
        self.seen.draws.append((pressed, time.time() - pressed))
        path = self._path()
        goes_on = path[: len(before)] == before and len(path) == len(before) + 1
        if not goes_on and not (ended and not path):  # after an end of text it begins anew
            self.seen.wrong.append(f"after {before} came {path}")

    def _path(self) -> list[str]:
        return list(filter(None, self.picture["link"].get("ids", "").split(",")))

    async def act(self, action: dict[str, Any]) -> None:
        """Send an action and take its picture."""
        self.seq += 1
        sent = action | {"seq": self.seq, "session": self.session}
        if self.picture:
            at = urlencode(self.picture["link"] | {"text": self.picture["text"]})
            sent = {"at": at, "kept": self.picture["keep"]} | sent
        body = json.dumps(sent, ensure_ascii=False).encode()
        told = await self._until_answered(f"/act/ko/{self.lesson}", body)
        self.picture = json.loads(told.splitlines()[-1])  # news of a loading model may stand before it
        of, seq, notice = self.picture["text"], self.picture["seq"], self.picture["notice"]
        if (of, seq, notice, self.picture["ready"]) != (self.text, self.seq, "", True):
            self.seen.wrong.append(f"asked {self.seq} of {self.text!r}, got {seq} of {of!r}: {notice}")

    async def _until_answered(self, path: str, body: bytes | None) -> bytes:
        for attempt in range(100):
            try:
                status, answer = await asyncio.wait_for(self.connection.ask(path, body), 60)
                if status == 200:
                    return answer
                self.seen.errors.append(f"status {status}")
            except (OSError, EOFError, TimeoutError) as error:
                self.seen.errors.append(repr(error))
            await asyncio.sleep(WAITS[min(attempt, len(WAITS) - 1)])
        raise RuntimeError("never answered")


async def lesson(url: str, n: int, seconds: float, first: int = 0) -> Seen:
    """`n` learners enter one after the other, then draw for `seconds` -> what they saw."""
    seen = Seen()
    learners = [Learner(url, first + number, seen) for number in range(n)]
    await asyncio.gather(*(_later(ENTERING * i, learner.enter()) for i, learner in enumerate(learners)))
    print(json.dumps({"entered": time.time()}), flush=True)
    chance, begin = random.Random(first), time.time() + 0.5
    await asyncio.gather(
        *(_draw_on(learner, begin + chance.uniform(0, EVERY), seconds) for learner in learners)
    )
    for learner in learners:
        learner.connection.close()
    return seen


async def _draw_on(learner: Learner, begin: float, seconds: float) -> None:
    """Press every EVERY seconds; a press during another one waits in line, as on the page."""
    for press in range(int(seconds / EVERY)):
        at = begin + press * EVERY
        await asyncio.sleep(max(0.0, at - time.time()))
        await learner.draw(at)


async def _later(seconds: float, work: Any) -> None:
    await asyncio.sleep(seconds)
    await work


def main() -> int:
    """Run them and print what they saw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--learners", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--first", type=int, default=0, help="number of the first one; texts differ by it")
    asked = parser.parse_args()
    seen = asyncio.run(lesson(asked.url, asked.learners, asked.seconds, asked.first))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({**vars(seen), "cpu": used.ru_utime + used.ru_stime}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
