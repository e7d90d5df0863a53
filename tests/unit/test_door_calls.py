"""Calls of the endpoints: who leaves costs nothing more, and whatever is sent is answered or refused."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from types import SimpleNamespace

import pytest

from app.doors import calls as calling
from app.errors import InputError
from tests.doors import Knock, sentence, visitor

JOIN, DATA, CANCEL = "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/cancel"


def echo(text: str, n: int = 3) -> dict:
    return {"text": str(text)[:5], "n": n}


def endless(text: str):
    while True:
        time.sleep(0.002)
        yield


def broken(text: str) -> dict:
    raise ZeroDivisionError("ours")


def half_told(text: str) -> dict:
    raise InputError("unknown_model", name="a\ud800")


ENDPOINTS = {"echo": echo, "endless": endless, "broken": broken, "half_told": half_told}


@pytest.fixture
def told(caplog):
    """The log must stay empty, unless a test reads it."""
    with caplog.at_level(logging.WARNING):
        yield caplog


def events(text: str) -> list[dict]:
    return [json.loads(part.removeprefix("data: ")) for part in text.split("\n\n") if part]


def curl(client, name: str, body: dict) -> tuple[str, object]:
    """As README shows it -> (event, data)."""
    put = client.post(f"/gradio_api/call/{name}", json=body)
    assert put.status_code == 200, put.text
    answer = client.get(f"/gradio_api/call/{name}/{put.json()['event_id']}")
    event, data = answer.text.strip().split("\n")
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def empty(doors) -> bool:
    calls = doors.calls
    return not (calls._channels or calls._bytes_waiting or calls._bytes_answered or doors.room.held)


def test_curl_gets_an_answer_or_one_sentence(told):
    client, behind, doors = visitor(ENDPOINTS)
    assert curl(client, "echo", {"data": ["나는", 4]}) == ("complete", [{"text": "나는", "n": 4}])
    assert curl(client, "echo", {"data": ["a"]}) == ("complete", [{"text": "a", "n": 3}]), "the default"
    for data in ([], [1, 2, 3], [1] * 5000):
        event, refused = curl(client, "echo", {"data": data})
        assert event == "error" and "text, n=3" in refused["error"]
    assert curl(client, "half_told", {"data": ["a"]})[1]["error"].count("a?") == 1
    assert not told.records and not behind.asked and empty(doors)


def test_what_is_our_fault_is_one_sentence_and_in_the_log_once(told):
    client, _, doors = visitor(ENDPOINTS)
    event, refused = curl(client, "broken", {"data": ["a"]})
    assert event == "error" and "ours" not in json.dumps(refused)
    assert len(told.records) == 1 and empty(doors)


def test_gradio_client_s_way_tells_every_answer_then_closes(told):
    client, behind, doors = visitor(ENDPOINTS)
    doors.calls.join(scope(), "echo", {"data": ["a"], "session_hash": "s"}, 10)
    doors.calls.join(scope(), "echo", {"data": [], "session_hash": "s"}, 10)
    found = events(client.get(DATA, params={"session_hash": "s"}).text)
    assert [event["msg"] for event in found] == ["process_completed"] * 2 + ["close_stream"]
    found = sorted(found[:2], key=lambda event: not event["success"])
    assert found[0]["success"] and found[0]["output"]["data"] == [{"text": "a", "n": 3}]
    assert not found[1]["success"] and "text, n=3" in found[1]["output"]["error"]
    assert not told.records and empty(doors) and not behind.asked


def scope() -> dict:
    return {"headers": [], "client": ("127.0.0.1", 1)}


@pytest.mark.parametrize(
    "body",
    [
        {"fn_index": index, "data": [], "session_hash": "s"}
        for index in (None, True, -1, 9, 10**39, 1.5, "0", [0], {"path": "README.md"}, float("nan"))
    ],
    ids=str,
)
def test_a_wrong_fn_index_is_one_sentence(told, body):
    client, behind, doors = visitor(ENDPOINTS)
    gradio = SimpleNamespace(get_blocks=lambda: SimpleNamespace(fns={0: SimpleNamespace(api_name=False)}))
    doors_app = client.app

    async def inside(scope, receive, send):
        await doors_app(scope | {"app": gradio}, receive, send)

    client = type(client)(inside)
    for sent in (body, body | {"fn_index": 0}):
        answer = client.post(JOIN, content=json.dumps(sent))
        assert answer.status_code == 404 and answer.json() == {"detail": sentence("no_endpoint")}
    assert not told.records and not behind.asked and empty(doors)


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"path": "README.md"}},
        {"data": "text"},
        {"data": None},
        {"data": [], "session_hash": {"path": "README.md"}},
        {"data": [], "session_hash": "x" * 5_000},
        {"data": [], "session_hash": "../x"},
        {"data": [], "session_hash": ["x"]},
        {"data": [], "session_hash": ""},
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_call_without_arguments_or_session_is_one_sentence(told, body):
    client, _, doors = visitor(ENDPOINTS)
    answer = client.post("/gradio_api/call/echo", json=body)
    assert answer.status_code == 400 and answer.json() == {"detail": sentence("not_understood")}
    assert not told.records and empty(doors)


QUERIES = ["", "session_hash=x", "session_hash=" + "x" * 60_000, "a&" * 450, "session_hash=%00%ff"]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:20])
def test_an_unknown_session_is_one_sentence(told, query):
    client, *_ = visitor(ENDPOINTS)
    for address in (f"{DATA}?{query}", f"/gradio_api/call/echo/{'0' * 32}?{query}"):
        answer = client.get(address)
        assert answer.status_code == 404 and answer.json() == {"detail": sentence("no_session")}
    assert not told.records


def test_limits_of_what_waits(told, monkeypatch):
    client, _, doors = visitor(ENDPOINTS)
    monkeypatch.setattr(calling, "MOST_OPEN", 3)
    monkeypatch.setattr(calling, "MOST_CHANNELS", 2)
    put = lambda session: client.post(  # noqa: E731
        "/gradio_api/call/echo", json={"data": ["a"], "session_hash": session}
    )
    assert [put("a").status_code for _ in range(4)] == [200, 200, 200, 503]
    assert [put(session).status_code for session in ("b", "c")] == [200, 503]
    assert put("c").json() == {"detail": sentence("busy")}
    monkeypatch.setattr(calling, "MOST_CHANNELS", 100)
    monkeypatch.setattr(calling, "MOST_BYTES_WAITING", doors.calls._bytes_waiting + 50_000)
    big = {"data": ["x" * 60_000]}
    assert client.post("/gradio_api/call/echo", json=big).status_code == 503
    monkeypatch.setattr(calling, "NOBODY_LISTENS", -1.0)
    doors.calls.forget()
    assert empty(doors), "calls that nobody listens for are forgotten"


async def _put(doors, name: str, session: str, **more) -> str:
    return doors.calls.join(scope(), name, {"data": ["x"], "session_hash": session} | more, 100)


def test_a_caller_that_leaves_ends_her_jobs():
    async def run():
        _, _, doors = visitor(ENDPOINTS)
        for _ in range(5):
            await _put(doors, "endless", "left")
        knock = Knock(doors, "GET", DATA, query=b"session_hash=left")
        await asyncio.sleep(0.15)
        assert doors.host.endpoint_work.waiting and not empty(doors)
        knock.leave()
        await asyncio.wait_for(knock.done, 2)  # at once, not at the next heartbeat
        await asyncio.sleep(0.15)
        assert empty(doors) and not doors.held.total
        assert not doors.host.endpoint_work.waiting and not doors.host.endpoint_work._running
        # The same session may come again.
        await _put(doors, "echo", "left")
        again = Knock(doors, "GET", DATA, query=b"session_hash=left")
        await asyncio.wait_for(again.done, 2)
        assert b'"success":true' in again.body and b"close_stream" in again.body
        assert empty(doors)

    asyncio.run(run())


def test_one_call_is_taken_back_and_the_others_are_answered():
    async def run():
        _, _, doors = visitor(ENDPOINTS)
        first = await _put(doors, "endless", "s")
        await _put(doors, "echo", "s")
        knock = Knock(doors, "GET", DATA, query=b"session_hash=s")
        await asyncio.sleep(0.1)
        cancel = Knock(
            doors, "POST", CANCEL, body=json.dumps({"session_hash": "s", "event_id": first}).encode()
        )
        await asyncio.wait_for(cancel.done, 2)
        await asyncio.wait_for(knock.done, 2)
        found = events(knock.body.decode())
        assert [event["msg"] for event in found] == ["process_completed"] * 2 + ["close_stream"]
        assert {event["event_id"]: bool(event["output"]) for event in found[:2]}[first] is False
        await asyncio.sleep(0.1)
        assert empty(doors) and not doors.host.endpoint_work._running

    asyncio.run(run())


def test_a_call_put_down_while_the_last_answer_goes_out_is_not_lost():
    async def run():
        _, _, doors = visitor(ENDPOINTS)
        await _put(doors, "echo", "s")
        knock = Knock(doors, "GET", DATA, query=b"session_hash=s")
        while b"process_completed" not in knock.body:
            await asyncio.sleep(0)
        await _put(doors, "echo", "s")
        await asyncio.wait_for(knock.done, 2)
        assert b"close_stream" in knock.body
        again = Knock(doors, "GET", DATA, query=b"session_hash=s")
        await asyncio.wait_for(again.done, 2)
        assert b"process_completed" in again.body and empty(doors)

    asyncio.run(run())


def test_a_slow_reader_gives_her_room_back(monkeypatch):
    monkeypatch.setattr(calling, "SLOWEST_READER", 0.1)

    async def run():
        _, _, doors = visitor(ENDPOINTS | {"large": lambda text: "x" * 300_000})
        await _put(doors, "large", "s")
        knock = Knock(doors, "GET", DATA, query=b"session_hash=s", takes=1)
        await asyncio.wait_for(knock.done, 2)
        assert empty(doors) and not doors.held.total

    asyncio.run(run())


def test_nothing_large_stays_in_memory():
    before = threading.active_count()
    client, _, doors = visitor(ENDPOINTS)
    for i in range(20):
        client.post(
            JOIN, content=json.dumps({"data": ["x" * 400_000], "session_hash": f"s{i}", "fn_index": 1})
        )
        client.post("/act/ko/next-token", content=json.dumps({"seq": "x" * 400_000, "session": "s" * 20}))
        curl(client, "echo", {"data": ["x" * 400_000]})
    assert empty(doors) and not doors.host.n_sessions
    assert threading.active_count() < before + 30
