"""How many connections and log lines there may be, and what is kept of pages and files."""

from __future__ import annotations

import asyncio
import gzip
import logging
import resource
import time

import pytest

from app import libraries
from app.doors import answers, limits, pages
from app.doors.coding import best_coding
from app.doors.limits import FewLines, Held
from tests.doors import Knock, sentence, visitor

# ---- connections ----


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        low = min(1024, before[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, low), before[1]))
        most = limits.raise_open_files()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert hard == before[1] and soft == (65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))
        assert most == max(64, min(limits.MOST_HELD, soft - limits.SPARE))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_one_address_may_hold_half_and_never_less_than_a_class():
    held = Held(4000)
    assert held.most_of_one == 2000 and Held(500).most_of_one == 400
    assert all(held.enter("a") for _ in range(2000)) and not held.enter("a")
    assert all(held.enter(f"b{i % 10}") for i in range(2000)) and not held.enter("c")
    for _ in range(2000):
        held.leave("a")
    assert held.enter("a") and held.total == 2001
    assert "c" not in held._by_address


def test_a_stream_too_many_is_told_so_and_all_are_counted_down(caplog):
    client, _behind, doors = visitor(endpoints={"echo": lambda text: text})
    doors.held = Held(0)
    answer = client.get("/config")
    assert answer.status_code == 503 and answer.json() == {"detail": sentence("busy")}
    doors.held = Held(10)
    for address in ("/config", "/nothing", "/theme.css"):
        client.get(address)
        client.post(address, content=b"{")
    assert doors.held.total == 0 and not doors.held._by_address and not caplog.records


def test_who_does_not_take_her_answer_is_let_go(monkeypatch):
    monkeypatch.setattr(answers, "SLOWEST_PIECE", 0.05)

    async def run():
        _, _, doors = visitor()
        knock = Knock(doors, "GET", libraries.PLOTLY, takes=1)
        await asyncio.wait_for(knock.done, 5)
        assert len(knock.body) == answers.PIECE and doors.held.total == 0

    asyncio.run(run())


# ---- the log ----


def record(traceback: bool = False) -> logging.LogRecord:
    exc_info = (ValueError, ValueError(), None) if traceback else None
    return logging.LogRecord("x", logging.ERROR, "", 0, "it %s", ("broke",), exc_info)


def test_the_log_grows_by_a_few_lines_a_second(monkeypatch):
    now = [time.monotonic()]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    few = FewLines()
    assert sum(few.filter(record()) for _ in range(1000)) == limits.LINES_AT_ONCE
    now[0] += 1.01
    passed = [one for one in (record() for _ in range(1000)) if few.filter(one)]
    assert len(passed) == limits.LINES_A_SECOND
    assert passed[0].getMessage() == "[960 more left out] it broke"
    now[0] += 3600
    lines = 0
    for _ in range(600):  # ten minutes of a traceback each second
        now[0] += 1
        lines += limits.LINES_OF_A_TRACEBACK * few.filter(record(traceback=True))
    assert lines <= 600 * limits.LINES_A_SECOND + limits.LINES_AT_ONCE + limits.LINES_OF_A_TRACEBACK


# ---- files ----


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
def test_a_file_is_the_package_s_own_packed_once(monkeypatch, coding):
    client, behind, doors = visitor()
    own = libraries.plotly_file().read_bytes()
    packed = []
    monkeypatch.setattr(
        type(doors.files),
        "_read",
        staticmethod(lambda path, c, read=doors.files._read: packed.append(c) or read(path, c)),
    )
    headers = {"accept-encoding": coding}
    for _ in range(3):
        answer = client.get(f"{libraries.PLOTLY}?v=1", headers=headers)
        assert answer.status_code == 200 and answer.content == own
        assert "immutable" in answer.headers["cache-control"]
    head = client.head(libraries.PLOTLY, headers=headers)
    assert head.headers["content-length"] == answer.headers["content-length"] and not head.content
    assert len(packed) == 1 and not behind.asked


def test_every_file_of_gradio_s_page_is_served_as_it_is():
    client, behind, _doors = visitor()
    folder = libraries.folders()["/assets/"][0]
    for path in sorted(folder.glob("*.css"))[:5] + sorted(folder.glob("*.js"))[:5]:
        answer = client.get(f"/assets/{path.name}", headers={"accept-encoding": "gzip"})
        assert answer.content == path.read_bytes()
    assert client.get("/favicon.ico").content == libraries.ICON.read_bytes()
    assert "immutable" not in client.get("/favicon.ico").headers["cache-control"]
    assert not behind.asked


def test_files_in_memory_are_bounded(monkeypatch):
    from app.doors import files

    client, _, doors = visitor()
    monkeypatch.setattr(files, "MOST_BYTES", 200_000)
    folder = libraries.folders()["/assets/"][0]
    for path in sorted(folder.glob("*.js"))[:40]:
        client.get(f"/assets/{path.name}", headers={"accept-encoding": "identity"})
    held = sum(map(len, doors.files._kept.values()))
    assert held == doors.files._size and (held <= 200_000 or len(doors.files._kept) == 1)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("gzip, deflate, br", "br"),
        ("gzip;q=0.5", "gzip"),
        ("br;q=0, gzip;q=1.0", "gzip"),
        ("br; q=0.000 , gzip ; q=0", ""),
        ("*", ""),
        ("x" * 50_000, ""),
    ],
    ids=lambda value: value[:20],
)
def test_the_coding_a_browser_asks_for(accepted, coding):
    assert best_coding(accepted) == coding


# ---- pages ----


def test_a_page_is_written_once_for_each_name_of_the_server():
    client, behind, _doors = visitor()
    for host in ("one.example", "two.example", "one.example", "two.example:7860"):
        for query in ("", "?text=secret", "?lesson=next-token&text=other"):
            answer = client.get(f"/en{query}", headers={"host": host, "cookie": "a=b", "x-evil": "secret"})
            assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"
    assert [dict(scope["headers"])[b"host"] for scope in behind.asked] == [
        b"one.example",
        b"two.example",
        b"two.example:7860",
    ]
    for scope in behind.asked:
        assert scope["query_string"] == b"" and scope["method"] == "GET"
        assert set(dict(scope["headers"])) <= set(pages.PASSED_ON)


def test_no_host_name_gets_another_one_s_page():
    client, behind, _doors = visitor()
    client.get("/en", headers={"host": "good.example", "x-forwarded-host": "evil.example"})
    client.get("/en", headers={"host": "good.example"})
    assert len(behind.asked) == 2 and b"x-forwarded-host" not in dict(behind.asked[1]["headers"])


@pytest.mark.parametrize("host", ['a"b', "<script>", "a/b", "x" * 300, "a\\b", "é", "'", ""])
def test_what_is_no_host_name_is_refused(caplog, host):
    client, behind, _doors = visitor()
    for name in ("host", "x-forwarded-host", "x-forwarded-proto"):
        answer = client.get("/en", headers=[(name.encode(), host.encode("latin-1"))])
        assert answer.status_code == 400 and answer.json() == {"detail": sentence("not_understood")}
    assert not behind.asked and not caplog.records


def test_a_proxy_s_prefix_is_no_reason_to_refuse():
    client, _behind, _doors = visitor()
    assert client.get("/en", headers={"x-forwarded-prefix": "/lab"}).status_code == 200


def test_pages_in_memory_are_bounded(monkeypatch):
    client, behind, doors = visitor()
    client.get("/en", headers={"host": "honest"})
    for i in range(3 * pages.MOST_PAGES):
        client.get("/en", headers={"host": f"h{i}"})
        client.get("/en", headers={"host": "honest"})
    assert len(doors.pages._kept) <= pages.MOST_PAGES
    assert sum(dict(scope["headers"])[b"host"] == b"honest" for scope in behind.asked) == 1
    monkeypatch.setattr(pages, "MOST_BYTES", 10)
    client.get("/en", headers={"host": "other"})
    assert len(doors.pages._kept) == 1


def test_packed_pages_unpack_to_the_same():
    client, _, doors = visitor()
    plain = client.get("/config", headers={"accept-encoding": "identity"})
    for coding in ("gzip", "br"):
        answer = client.get("/config", headers={"accept-encoding": coding})
        assert answer.headers["content-encoding"] == coding and answer.content == plain.content
    assert gzip.decompress(doors.pages._kept.popitem()[1].packed["", "gzip"]) == plain.content
