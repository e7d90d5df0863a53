"""No address makes the server stumble: the answer is a page, the way to one, or one sentence."""

from __future__ import annotations

import asyncio
import json
import random
from urllib.parse import quote

import pytest

from app.doors.language import PAGES
from app.links import SHARED_NAMES, codecs
from lessons import LESSONS
from tests.doors import Knock, visitor
from tests.harness.matrix import quick

ROUNDS = 1500
PATHS = [
    *PAGES,
    "/config",
    "/gradio_api/info",
    "/theme.css",
    "/m/0/assets/js/main.js",
    "/gradio_api/queue/data",
]
PATHS += [
    "/act/ko/next-token",
    "/gradio_api/call/x",
    "/gradio_api/call/x/0",
    "//",
    "/en//",
    "/..",
    "/\0",
    "/é",
    "/나",
]
NAMES = [*SHARED_NAMES, "__theme", "fbclid", "session_hash", "__sign", "", "constructor"]
NAMES += [name for lesson in LESSONS for name in codecs(lesson.State)]
VALUES = [
    "",
    "en",
    "ko",
    "next-token",
    "dark",
    "나는 오늘",
    "\0",
    "\r\nx: y",
    "9" * 400,
    "%",
    "%zz",
    "\ud800",
    "🇰🇷",
]
VALUES += [
    "&",
    "=",
    ";",
    "#",
    "?",
    "//evil.example",
    "../",
    "a" * 70_000,
    "가" * 20_000,
    "[" * 500,
    "{0}",
    "12,7!@",
]


def query(chance: random.Random) -> bytes:
    """A query, escaped, half escaped or as bytes that nobody has escaped."""
    parts = []
    for _ in range(chance.choice([0, 1, 1, 2, 5, 300])):
        name, value = chance.choice(NAMES), chance.choice(VALUES if chance.random() < 0.9 else NAMES)
        if chance.random() < 0.8:
            parts.append(f"{name}={quote(value, errors='surrogatepass')}".encode())
        else:
            parts.append(f"{name}{chance.choice(['', '=', '=='])}{value}".encode("utf-8", "surrogatepass"))
    joined = chance.choice([b"&", b";", b"&&"]).join(parts)
    return joined + bytes(chance.randrange(256) for _ in range(chance.choice([0, 0, 0, 20])))


@pytest.mark.parametrize("root", quick(["", "/lab", "/가"], "", "/가"))
def test_no_address_makes_a_500(caplog, root: str):
    chance = random.Random(5)
    _, _, doors = visitor()

    async def ask() -> None:
        for _ in range(ROUNDS // 5):
            path = root * (chance.random() < 0.8) + chance.choice(PATHS)
            told = query(chance)
            headers = [(b"host", b"host"), (b"accept-language", chance.choice([b"en", b"ko", b"\xff", b""]))]
            method = chance.choice(["GET", "GET", "HEAD", "POST", "PUT"])
            more = {"root_path": root, "headers": headers, "scheme": "http", "server": ("host", 80)}
            asked = Knock(doors, method, path, told, b"", http_version="1.1", asgi={"version": "3.0"}, **more)
            await asyncio.wait_for(asked.done, 20)
            assert asked.status in (200, 307, 400, 404), (asked.status, method, path, told[:200])
            if asked.status >= 400 and method != "HEAD":
                assert len(json.loads(asked.body)["detail"].splitlines()) == 1

    asyncio.run(ask())
    assert not caplog.records
