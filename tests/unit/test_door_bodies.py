"""A body is limited in bytes, time, depth, numbers and values; each refusal is one sentence."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest

from app.doors import body
from app.doors.body import BadBody, Room, parse
from app.host import Host
from tests.doors import sentence, visitor

ACT, JOIN, CALL = "/act/ko/next-token", "/gradio_api/queue/join", "/gradio_api/call/tokenize"
ADDRESSES = (ACT, JOIN, CALL, "/gradio_api/cancel")

BROKEN = {
    "empty": b"",
    "no JSON": b"\xff\xfe not json",
    "a list": b"[1, 2]",
    "a text": b'"text"',
    "null": b"null",
    "260 levels": b'{"data":' + b"[" * 260 + b"]" * 260 + b"}",
    "100,000 levels": b'{"data":' + b"[" * 100_000,
    "no end": b'{"data": "abc',
    "a 4,200-digit id": b'{"type":"pick","id":' + b"9" * 4200 + b"}",
    "a long exponent": b'{"id": 1e' + b"9" * 4200 + b"}",
    "170,000 lists": b'{"data":[' + b"[]," * 170_000 + b"1]}",
    "quotes without end": b'"' + b'\\"' * 250_000,
    "quotes and backslashes": b'"\\' * 250_000,
}


@pytest.fixture(autouse=True)
def any_stage(monkeypatch):
    monkeypatch.setattr(Host, "has", lambda self, lang, lesson: True)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_one_sentence_and_quick(caplog, address, name):
    client, behind, doors = visitor(endpoints={"tokenize": lambda text: text})
    begun = time.process_time()
    answer = client.post(address, content=BROKEN[name], headers={"accept-language": "en"})
    assert answer.status_code == 400
    assert answer.json() == {"detail": sentence("not_understood", "en")}
    assert time.process_time() - begun < 2.0, "the event loop stood still"
    assert not caplog.records and not behind.asked
    assert not doors.host.n_sessions and not doors.calls._channels


@pytest.mark.parametrize("address", ADDRESSES)
def test_more_than_512_kb_is_refused(caplog, address):
    client, behind, doors = visitor(endpoints={"tokenize": lambda text: text})
    declared = client.post(address, content=b'{"a":"' + b"x" * 600_000 + b'"}')
    chunked = client.post(address, content=iter([b"x" * 100_000] * 6))
    for answer in (declared, chunked):
        assert answer.status_code == 413
        assert answer.json() == {"detail": sentence("too_large")}
        assert answer.headers["connection"] == "close", "the rest would be taken for the next request"
    assert not behind.asked and not doors.host.n_sessions and not caplog.records


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 13, "", "٣", "512001"])
def test_an_odd_length_is_refused_before_a_byte_is_read(length):
    async def receive():
        raise AssertionError("it was read")

    scope = {"headers": [(b"content-length", length.encode())]}
    with pytest.raises(BadBody) as raised:
        asyncio.run(body.read(scope, receive))
    assert (raised.value.status, raised.value.code) == (413, "too_large")


def test_a_slow_body_is_given_up(monkeypatch):
    monkeypatch.setattr(body, "SLOWEST", 0.05)

    async def receive():
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(BadBody) as raised:
        asyncio.run(body.read({"headers": []}, receive))
    assert (raised.value.status, raised.value.code) == (408, "too_slow")


def test_who_leaves_while_sending_is_no_error():
    async def receive():
        return {"type": "http.disconnect"}

    with pytest.raises(ConnectionError):
        asyncio.run(body.read({"headers": []}, receive))


@pytest.mark.parametrize("levels", range(1, 16))
def test_the_depth_is_counted_exactly(levels):
    lists = "[" * (levels - 1) + "]" * (levels - 1) or "1"
    objects = '{"a":' * (levels - 1) + "1" + "}" * (levels - 1)
    for inside in (lists, objects):
        sent = f'{{"[[[[{{{{ \\" ]":{inside}}}'.encode()  # brackets inside a text do not count
        if levels <= body.DEEPEST:
            assert parse(sent) == json.loads(sent)
        else:
            with pytest.raises(BadBody):
                parse(sent)


def test_what_the_page_sends_at_most_passes():
    tree = [[i - 1, 30_000, 2**31 - 1] for i in range(1024)]
    kept = {"tree": tree, "answers": [["q" * 40, 1.5]] * 40, "mine": "가" * 10_000}
    sent = {
        "type": "enter",
        "seq": 7,
        "at": "text=" + "%EA%B0%80" * 10_000,
        "kept": kept,
        "session": "s" * 24,
    }
    packed = json.dumps(sent, ensure_ascii=False).encode()
    assert len(packed) < body.LARGEST
    assert parse(packed) == sent


def test_odd_numbers_and_half_characters_are_answered_without_a_traceback(caplog):
    client, *_ = visitor(endpoints={"tokenize": lambda text: text})
    with caplog.at_level(logging.WARNING):
        for sent in (
            b'{"session":"\\ud800"}',
            b'{"session":NaN}',
            b'{"session":[1e999]}',
            b'{"session":{"path":"x"}}',
            b'{"\\udfff":"\\ud800"}',
        ):
            answer = client.post(ACT, content=sent)
            assert answer.status_code == 400 and answer.json() == {"detail": sentence("not_understood")}
    assert not caplog.records


def test_one_address_may_hold_half_of_the_room_and_not_a_byte_more():
    """What she holds already counts, in all her requests together; the others' half stays free."""
    room = Room(most=100)
    with room.guest("a") as first, room.guest("a") as second, room.guest("b") as other:
        first(30)
        second(20)
        with pytest.raises(BadBody) as refused:
            second(1)
        assert (refused.value.status, refused.value.code) == (503, "busy")
        other(50)
        with pytest.raises(BadBody):
            other(1)
        assert room.held == {"a": 50, "b": 50}
    assert not room.held
    with room.guest("a") as again:
        again(50)
    with room.guest("c") as third, room.guest("d") as fourth, room.guest("e") as fifth:
        third(50)
        fourth(49)
        fifth(1)
        with pytest.raises(BadBody):
            fifth(1)
