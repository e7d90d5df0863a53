"""Sessions of learners: each sees her own, is forgotten in time, and goes on from what her browser keeps."""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
import time

import pytest

from app import host as hosting
from app.errors import ModelError
from app.host import Host
from app.payload import Payload
from app.settings import Settings
from app.work import MOST_OF_A_SESSION, Gone, Owner
from lessons.next_token.lesson import LESSON
from tests.mounted import Mounted, Visitor, event_loop, tiny_registry


@pytest.fixture(scope="module")
def mounted(tmp_path_factory):
    with tiny_registry(tmp_path_factory.mktemp("models")) as registry:
        yield Mounted(LESSON, LESSON.stage, registry)


def place(visitor: Visitor) -> dict:
    """What the browser sends along with every action."""
    return {"at": visitor.address(), "kept": visitor.picture["keep"]}


def test_five_minutes_after_the_last_action_a_learner_is_forgotten(mounted, monkeypatch):
    now = [time.monotonic()]
    monkeypatch.setattr(hosting.time, "monotonic", lambda: now[0])
    visitor, host = Visitor(mounted), mounted.host
    visitor.enter(urllike("나는 오늘"))
    for _ in range(3):
        visitor.act("draw")
    before = visitor.picture
    now[0] += hosting.FORGOTTEN_AFTER - 1
    host.forget()
    assert visitor.session in host._sessions
    now[0] += 2
    assert host.forget() >= 1 and visitor.session not in host._sessions
    # She goes on where she was, as after a restart of the server.
    after = visitor.act("compare", on=True, **place(visitor))
    assert after["link"]["ids"] == before["link"]["ids"] and after["text"] == "나는 오늘"
    assert not after["notice"]
    assert after["keep"]["tree"] == before["keep"]["tree"]


def urllike(text: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"text": text})


def test_a_repeated_press_is_not_carried_out_twice(mounted):
    visitor = Visitor(mounted)
    visitor.enter(urllike("나는 오늘"))
    first = visitor.act("draw")
    again = visitor.send({"type": "draw", "seq": visitor.seq})
    assert again["link"] == first["link"] and again["seq"] == first["seq"]
    assert visitor.act("draw")["link"]["ids"].startswith(first["link"]["ids"] + ",")


@pytest.mark.parametrize("seq", [None, 0, -1, 2**31, 1.0, True, "1", [1], {"path": "README.md"}])
def test_only_a_small_whole_number_comes_back_as_seq(mounted, seq):
    visitor = Visitor(mounted)
    assert visitor.send({"type": "enter", "query": "", "seq": seq})["seq"] == 0
    ids = [visitor.send({"type": "draw", "seq": seq})["link"]["ids"] for _ in range(2)]
    assert ids[0] != ids[1], "without a number every press counts"


def test_only_so_many_are_remembered(mounted, monkeypatch):
    monkeypatch.setattr(hosting, "MOST_SESSIONS", 5)
    host = Host(Settings())
    for i in range(20):
        host.session(f"s{i}")
        host.session("s0")
    assert list(host._sessions) == ["s16", "s17", "s18", "s19", "s0"]


def test_two_lessons_of_one_page_do_not_overwrite_each_other():
    page = hosting.Page("before", "m1")
    changed = hosting._changed
    after_text, after_model = hosting.Page("after", "m1"), hosting.Page("before", "m2")
    assert changed(changed(page, page, after_text), page, after_model) == hosting.Page("after", "m2")
    assert changed(after_text, page, page) == after_text


def test_a_second_tab_keeps_what_the_first_has_changed_meanwhile(mounted):
    """A slow action of one lesson ends after a quick one of another that changed the text."""
    visitor = Visitor(mounted)
    visitor.enter()
    session = mounted.host.session(visitor.session)
    visitor.act("text", text="새로운 글")
    assert session.page.text == "새로운 글"
    session.page = hosting.replace(session.page, model="tiny-gpt1")  # as another lesson's answer does
    visitor.act("draw")
    assert session.page == hosting.Page("새로운 글", "tiny-gpt1")


@pytest.mark.parametrize("field", ["query", "at"])
def test_a_link_s_download_keeps_no_thread_of_the_page(mounted, monkeypatch, field):
    asked = []

    def load(spec, *more, **named):
        asked.append((spec.name, threading.current_thread().name.partition("_")[0]))
        raise ModelError("model_offline", name=spec.name)

    monkeypatch.setattr(hosting.models, "load", load)
    name = "openai-community/gpt2"
    mounted.answers("a-link-with-a-model", {"type": "enter", field: f"model={name}"})
    assert asked[0] == (name, "downloading")


def test_fifty_learners_never_see_each_other(mounted):
    rng = random.Random(5)
    visitors = {f"사람{i:02}의 글": Visitor(mounted) for i in range(50)}
    for visitor in visitors.values():
        visitor.seq = rng.randint(1, 5)  # numbers of different pages are alike
    texts = [text for text in visitors for _ in range(4)]
    rng.shuffle(texts)
    seen, jobs = {text: [] for text in visitors}, []

    async def one(text: str, payload: dict) -> tuple[str, str]:
        owner = Owner("", visitors[text].session)
        sent = mounted.host.act("ko", LESSON.id, owner, Payload(payload), lambda: False)
        return text, [line async for line in sent][-1].decode()

    async def all_of_them() -> list:
        for text in texts:
            visitor = visitors[text]
            visitor.seq += 1
            payload = {"type": "draw", "seq": visitor.seq, "at": urllike(text), "kept": {}}
            jobs.append(one(text, payload))
        return await asyncio.gather(*jobs)

    for text, answer in asyncio.run_coroutine_threadsafe(all_of_them(), event_loop()).result(100):
        assert set(re.findall(r"사람\d\d의 글", answer)) == {text}
        picture = json.loads(answer)
        assert picture["text"] == text
        seen[text].append(picture["link"].get("ids", ""))
    for paths in seen.values():
        assert sorted(len(path.split(",")) for path in paths) == [1, 2, 3, 4], "a press was lost or doubled"


def test_actions_of_one_lesson_wait_for_each_other_and_not_without_end(mounted):
    async def many(gone) -> list:
        owner = Owner("", "impatient-and-quick")

        async def one(seq: int):
            sent = mounted.host.act("ko", LESSON.id, owner, Payload({"type": "draw", "seq": seq}), gone)
            return [line async for line in sent]

        return await asyncio.gather(*(one(i + 1) for i in range(30)), return_exceptions=True)

    def run(gone):
        return asyncio.run_coroutine_threadsafe(many(gone), event_loop()).result(60)

    found = run(lambda: False)
    assert sum(isinstance(answer, list) for answer in found) == MOST_OF_A_SESSION
    assert {str(answer) for answer in found if not isinstance(answer, list)} == {"busy()"}
    gone = run(lambda: True)
    assert {type(answer) for answer in gone} <= {Gone, type(found[-1])}
    place = mounted.host.session("impatient-and-quick").places[LESSON.id]
    assert place.coming == 0 and not place.turn.locked()
