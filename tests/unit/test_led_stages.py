"""What the page asks changes nothing; where the server leads, a learner stands where the leader does."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

import pytest

from app import i18n
from app.lesson import Lead
from tests.mounted import Mounted, Visitor, tiny_registry
from tests.toys import page_leads, server_leads


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with tiny_registry(tmp_path_factory.mktemp("led")) as registry:
        yield registry


@pytest.fixture
def asking(registry) -> Visitor:
    lesson = page_leads.LESSON
    return Visitor(Mounted(lesson, lesson.stage, registry))


@pytest.fixture
def following(registry, monkeypatch) -> Mounted:
    monkeypatch.setattr(server_leads, "ROOMS", {})
    lesson = server_leads.LESSON
    return Mounted(lesson, lesson.stage, registry)


def ask(visitor: Visitor, name, **more):
    """Its one line; what she holds on the server is the same object before and after."""
    places = visitor.mounted.host.session(visitor.session).places
    before = {name: (place.visit, place.answered) for name, place in places.items()}
    answers = visitor.mounted.answers(visitor.session, {"ask": name, "seq": 9, **more})
    for name, (visit, answered) in before.items():
        assert places[name].visit is visit and places[name].answered == answered
    assert len(answers) == 1 and answers[0].pop("seq") == 9
    return answers[0]


def test_a_question_has_its_reply_and_changes_nothing(asking):
    asking.enter()
    assert ask(asking, "gradient", weight=1) == {"reply": {"loss": 4.0, "slope": -4.0}}
    asking.act("text", text="다른 글")
    assert ask(asking, "gradient", weight=3) == {"reply": {"loss": 0.0, "slope": 0.0}}


def test_a_server_that_has_forgotten_her_replies_too(asking):
    assert ask(asking, "gradient", weight=4, at="text=x") == {"reply": {"loss": 1.0, "slope": 2.0}}


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("nothing", {}, "not_understood"),
        (["gradient"], {}, "not_understood"),
        ("gradient", {}, "not_understood"),
        ("gradient", {"weight": "1"}, "not_understood"),
    ],
)
def test_what_it_cannot_reply_is_one_sentence(asking, caplog, name, more, code):
    caplog.set_level(logging.INFO, logger="app")
    assert ask(asking, name, **more) == {"sorry": i18n.shared_text("ko")[f"error.{code}"]}
    assert not [record for record in caplog.records if record.exc_info]


def test_a_lesson_that_nobody_leads_says_so(asking):
    assert asking.enter()["led"] is None
    assert ask(asking, "lead") == {"reply": {"version": None}}


def test_who_follows_stands_where_the_leader_does(following):
    leader, led = Visitor(following), Visitor(following)
    leader.enter("room=blue&leads=1")
    assert leader.picture["led"] is None
    assert led.enter("room=blue")["led"] == "", "she waits for whoever will lead"
    led.act("text", text="내 글")
    leader.act("text", text="모두의 글")
    leader.act("move")
    version = ask(led, "lead")["reply"]["version"]
    assert version
    shown = led.act("led")
    assert (shown["led"], shown["count"], shown["text"]) == (version, 1, "모두의 글")
    assert shown["follows"] and shown["can_return"] and shown["notice"] == ""
    assert led.page.text == "내 글", "her own text stays hers"
    assert ask(led, "lead")["reply"]["version"] == version

    leader.act("move")
    assert ask(led, "lead")["reply"]["version"] != version
    led.act("alone")
    assert led.picture["led"] is None and ask(led, "lead") == {"reply": {"version": None}}
    assert led.act("led")["count"] == 1, "who is on her own is not moved"


def test_a_move_while_she_is_being_led_is_not_lost(following, monkeypatch):
    """The version told is that of the place shown, not of the newest."""
    led = Visitor(following)
    led.enter("room=blue")
    first, second = (Lead(name, {"room": "blue", "count": n}) for name, n in (("one", "1"), ("two", "2")))
    leads = iter([first, second])
    live = following.context.lesson.stage.loaded
    monkeypatch.setitem(live.__dict__, "lead", lambda context, page, state: next(leads))
    assert (led.act("led")["led"], led.picture["count"]) == ("one", 1)


def test_a_server_that_was_restarted_leads_on(following):
    led = Visitor(following)
    led.enter("room=blue")
    server_leads.ROOMS["blue"] = Lead("new", {"room": "blue", "count": "7"})
    link = led.picture["link"] | {"text": led.picture["text"]}
    later = Visitor(following)  # nothing is known of her but what her page sends along
    at = urlencode(link)
    assert ask(later, "lead", at=at) == {"reply": {"version": "new"}}
    assert later.act("led", at=at)["count"] == 7
