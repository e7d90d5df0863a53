"""A client that asks for far too much, at `nice 10` and from an address of its own.

    python -m benchmarks.hostile URL --kind act --seconds 10

Against our own server on loopback only. It keeps RATE requests a second going for as long as it is told to,
or holds STREAMS connections, and prints how many answers of which status it got.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
import time
from collections import Counter
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

from app.libraries import addresses
from benchmarks.wire import Connection, request

SOURCE = "127.0.0.2"
RATE, STREAMS = 300, 200
MOST_OPEN = 100  # requests under way at once; a rate that the server does not keep up with stops there
MEGABYTE = b'{"session":"' + b"x" * 1_000_000 + b'"}'
ACT = "/act/ko/next-token"


def requests(kind: str) -> tuple[str, bytes | None]:
    """(address, body) of one request of this kind."""
    if kind == "act":
        at = urlencode({"text": "남의 시간을 쓰는 사람"})
        sent = {"type": "draw", "seq": 1, "at": at, "session": secrets.token_urlsafe(18)}
        return ACT, json.dumps(sent).encode()
    if kind == "bodies":
        return ACT, MEGABYTE
    return {"page": "/?lang=ko", "config": "/config", "plotly": "/" + addresses()["plotly"]}[kind], None


async def flood(url: str, kind: str, seconds: float) -> Counter:
    """RATE requests a second -> {status: how many}."""
    told: Counter = Counter()
    idle = [Connection(url, SOURCE) for _ in range(MOST_OPEN)]
    path, same = requests(kind)
    begin, sent, tasks = time.monotonic(), 0, set()

    async def ask(connection: Connection) -> None:
        body = requests(kind)[1] if kind == "act" else same
        try:
            status, _ = await asyncio.wait_for(connection.ask(path, body), 20)
            told[status] += 1
        except (OSError, EOFError, TimeoutError) as error:
            told[type(error).__name__] += 1
        finally:
            idle.append(connection)

    while (now := time.monotonic() - begin) < seconds:
        while sent < now * RATE and idle:
            task = asyncio.create_task(ask(idle.pop()))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        sent = max(sent, int(now * RATE) - 1)  # what could not be sent is not made up for
        await asyncio.sleep(0.002)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for connection in idle:
        connection.close()
    return told


async def hold(url: str, seconds: float) -> Counter:
    """Hold STREAMS connections: half wait for an endpoint's answer, half never finish their body."""
    host, told = urlsplit(url).hostname, Counter()
    connections = [Connection(url, SOURCE) for _ in range(STREAMS)]
    for number, connection in enumerate(connections):
        with suppress(OSError, EOFError):
            if number % 2:
                await connection.send_part(request(host, ACT, b"x" * 1000)[:-900])
            else:
                session = secrets.token_hex(8)
                call = {"data": ["나는", 100], "session_hash": session}
                status, _ = await connection.ask("/gradio_api/call/generate", json.dumps(call).encode())
                told[status] += 1
                await connection.send_part(request(host, f"/gradio_api/queue/data?session_hash={session}"))
            told["held"] += 1
    await asyncio.sleep(seconds)
    for connection in connections:
        connection.close()
    return told


def main() -> int:
    """Do it, and print what came back."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--kind", choices=("page", "config", "act", "plotly", "bodies", "streams"))
    parser.add_argument("--seconds", type=float, default=10)
    asked = parser.parse_args()
    if urlsplit(asked.url).hostname != "127.0.0.1":
        parser.error("only against a server of one's own, on 127.0.0.1")
    os.nice(10)
    work = (
        hold(asked.url, asked.seconds)
        if asked.kind == "streams"
        else flood(asked.url, asked.kind, asked.seconds)
    )
    print(json.dumps({str(status): n for status, n in asyncio.run(work).items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
