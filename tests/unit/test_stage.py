"""Every action gets its picture, an error leaves what was there, and a link is an exact state.

A small lesson that counts shows what the stage does; the real one, on untrained models, that the two fit.
"""

from __future__ import annotations

import dataclasses
import logging
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app import i18n, models
from app.errors import InputError
from app.languages import CODES
from app.lesson import Lesson, Live, Stage
from app.links import MAX_TEXT, integer
from app.models.registry import EMBEDDED
from app.visits import clean_text
from lessons.next_token.lesson import LESSON
from tests.mounted import Mounted, Visitor, tiny_registry

DEFAULT, OTHER = EMBEDDED


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with tiny_registry(tmp_path_factory.mktemp("stage")) as registry:
        yield registry


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog):
    """A traceback in the log means a fault of ours; none of these visitors may cause one."""
    caplog.set_level(logging.INFO, logger="app")
    yield
    assert not [record for record in caplog.get_records("call") if record.exc_info], caplog.text


# ---- a lesson that counts ----


@dataclass(frozen=True)
class Count:
    """`steps` may be set by a link. `started` counts beginnings; `log` is what a link cannot hold."""

    steps: int = field(default=0, metadata=integer(0, 9))
    by: int = field(default=1, metadata=integer(1, 3))
    started: int = 0
    log: tuple[str, ...] = ()


def count(context, page, state, payload):
    if payload.flag("fail"):
        raise InputError("unknown_token", id=7)
    return dataclasses.replace(state, steps=state.steps + state.by, log=(*state.log, "count"))


def start(context, page, state):
    if "no start" in page.text:
        raise InputError("no_tokens")
    return dataclasses.replace(state, started=state.started + 1)


def draw_count(context, page, state):
    if "no picture" in page.text:
        raise InputError("no_tokens")
    return {
        "steps": state.steps,
        "by": state.by,
        "started": state.started,
        "log": list(state.log),
        "ready": True,
    }


def restore(context, page, state, kept):
    log = tuple(row.choice("0", ("count",)) for row in kept.rows("log", 99, 1))
    return dataclasses.replace(state, log=log) if log else state


LIVE = Live(
    start=start,
    forget=lambda state: dataclasses.replace(state, steps=0, log=()),
    draw=draw_count,
    actions={"count": count},
    keep=lambda state: {"log": [[entry] for entry in state.log]},
    restore=restore,
)
COUNTING = Stage(preview=lambda context, page, state: {"steps": None, "ready": False}, live=LIVE)
SCENES = """
[[scene]]
id = "zero"
slide = "1"

[[scene]]
id = "five"
slide = "2"
state = { text = "다섯", steps = 5, by = 2 }

[[scene]]
id = "nine"
slide = "3"
state = { text = "아홉", steps = 9 }
"""
FIRST = {"ko": "처음", "en": "first"}
WORDS = "## ui.word\nword\n" + "".join(
    f"## scene.{scene}.{part}\n{part}\n" for scene in ("zero", "five", "nine") for part in ("title", "say")
)


@pytest.fixture(scope="module")
def counting(tmp_path_factory, registry) -> dict[str, Mounted]:
    """The lesson that counts, in both languages."""
    folder = tmp_path_factory.mktemp("counting")
    (folder / "scenes.toml").write_text(SCENES, encoding="utf-8")
    for lang in CODES:
        first = f"## first_text\n{FIRST[lang]}\n"
        (folder / f"text.{lang}.md").write_text(first + WORDS, encoding="utf-8")
    lesson = Lesson("counting", 1, Count, folder, COUNTING)
    return {lang: Mounted(lesson, COUNTING, registry, lang) for lang in CODES}


@pytest.fixture
def visitor(counting) -> Visitor:
    return Visitor(counting["ko"])


def test_a_page_begins_without_a_model(counting):
    """What stands in the page before any action: no State has begun yet."""
    value = counting["ko"].view.light()["preview"]
    assert (value["ready"], value["steps"], value["text"], value["scene"]) == (False, None, "처음", None)


def test_a_first_visit(visitor):
    picture = visitor.enter()
    assert (picture["text"], picture["model"], picture["scene"]) == ("처음", DEFAULT, None)
    assert (picture["steps"], picture["started"], picture["notice"]) == (0, 1, "")
    assert picture["link"] == {"text": "처음"}
    assert not picture["can_return"]


def test_every_answer_carries_the_number_of_its_question(visitor):
    assert visitor.enter()["seq"] == 1
    assert visitor.act("count")["seq"] == 2
    assert visitor.act("count", fail=True)["seq"] == 3


def test_an_action_may_be_the_very_first(visitor):
    """A press that came before the lesson was entered is carried out all the same."""
    picture = visitor.act("count")
    assert (picture["steps"], picture["started"]) == (1, 1)


def test_entering_again_changes_nothing(visitor):
    visitor.enter()
    visitor.act("count")
    assert visitor.enter()["steps"] == 1
    assert visitor.picture["started"] == 1


def test_a_text_of_ones_own(visitor):
    visitor.enter("by=3")
    visitor.act("count")
    picture = visitor.act("text", text="  내 글  ")
    assert picture["text"] == "내 글"
    assert (picture["steps"], picture["by"], picture["log"]) == (0, 3, []), "forgotten, but for the knobs"
    assert picture["link"] == {"text": "내 글", "by": "3"}


def test_a_text_becomes_nfc(visitor):
    assert visitor.act("text", text="\u1102\u1161\u1102\u1173\u11ab")["text"] == "나는"


def test_scenes_show_their_own_text_and_mine_brings_ones_own_back(visitor):
    visitor.act("text", text="내 글")
    picture = visitor.act("scene", to=1)
    assert (picture["text"], picture["steps"], picture["by"], picture["scene"]) == ("다섯", 5, 2, 1)
    assert picture["link"] == {"scene": "five"}
    assert picture["can_return"]
    picture = visitor.act("mine")
    assert (picture["text"], picture["steps"], picture["by"], picture["scene"]) == ("내 글", 0, 1, None)
    assert not picture["can_return"]


def test_a_scene_without_a_text_shows_the_lessons_first_one(visitor):
    visitor.act("text", text="내 글")
    picture = visitor.act("scene", to=0)
    assert picture["text"] == "처음"
    assert picture["link"] == {"scene": "zero"}
    assert picture["can_return"]


@pytest.mark.parametrize(("to", "shown"), [(-5, 0), (2, 2), (3, 2), (10**30, 2), (-(10**30), 0)])
def test_scenes_beyond_the_ends(visitor, to, shown):
    assert visitor.act("scene", to=to)["scene"] == shown


def test_a_scene_taken_on_by_the_learner_says_so_in_the_link(visitor):
    visitor.act("scene", to=1)
    picture = visitor.act("count")
    assert picture["link"] == {"scene": "five", "steps": "7"}
    picture = visitor.act("text", text="내 글")
    assert picture["link"] == {"scene": "five", "steps": "0", "text": "내 글"}


def test_another_model(visitor):
    visitor.enter()
    visitor.act("count")
    picture = visitor.act("model", name=OTHER)
    assert (picture["model"], picture["steps"], picture["text"]) == (OTHER, 0, "처음")
    assert picture["link"]["model"] == OTHER
    assert visitor.act("scene", to=1)["model"] == OTHER, "a scene without a model keeps the learner's"
    assert "model" not in visitor.act("model", name=DEFAULT)["link"]


def test_fetching_a_model_tells_how_far_it_is(visitor):
    visitor.enter()
    visitor.act("count")
    *news, picture = visitor.fetch(type="model", name=OTHER, seq=9)
    assert news, "nothing was told while it was loading"
    words = {text for key, text in i18n.shared_text("ko").items() if key.startswith("loading.")}
    assert all(told["busy"] in words and told["seq"] == 9 for told in news)
    assert (picture["model"], picture["seq"]) == (OTHER, 9)


def test_fetching_a_model_that_cannot_be_had_ends_in_one_sentence(visitor):
    visitor.enter()
    visitor.act("count")
    picture = visitor.fetch(type="model", name="gpt-9", seq=9)[-1]
    assert "gpt-9" in picture["notice"]
    assert (picture["model"], picture["steps"]) == (DEFAULT, 1)


# ---- links ----


def test_a_link_sets_text_model_and_fields(visitor):
    picture = visitor.enter(
        urlencode({"text": "글", "model": OTHER, "steps": 4, "lang": "ko", "theme": "dark"})
    )
    assert (picture["text"], picture["model"], picture["steps"], picture["notice"]) == ("글", OTHER, 4, "")
    assert picture["link"] == {"text": "글", "model": OTHER, "steps": "4"}


def test_a_link_to_a_scene_with_changes(visitor):
    picture = visitor.enter("scene=five&steps=6")
    assert (picture["text"], picture["steps"], picture["by"]) == ("다섯", 6, 2)
    assert picture["link"] == {"scene": "five", "steps": "6"}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("steps=10&by=2", "steps"),
        ("steps=x&by=2", "steps"),
        ("colour=red&by=2", "colour"),
        ("started=5&by=2", "started"),
        ("scene=nowhere&by=2", "scene"),
        ("model=../../etc&by=2", "model"),
        ("lang=xx&by=2", "lang"),
        ("theme=blue&by=2", "theme"),
        ("present=yes&by=2", "present"),
        ("lesson=other&by=2", "lesson"),
        ("%3Cb%3E=1&by=2", "<b>"),
    ],
)
def test_what_a_link_loses_is_told_and_the_rest_is_kept(visitor, query, told):
    picture = visitor.enter(query)
    assert told in picture["notice"]
    assert picture["notice"] == i18n.fill(i18n.shared_text("ko")["link.dropped"], names=told)
    assert (picture["by"], picture["steps"]) == (2, 0)
    assert visitor.act("count")["notice"] == "", "told once"


def test_many_unknown_names_make_a_short_notice(visitor):
    query = urlencode({f"{'x' * 200}{i}": 1 for i in range(100)})
    assert len(visitor.enter(query)["notice"]) < 300


@pytest.mark.parametrize("text", ["", "   ", "%0a%09"])
def test_an_empty_text_in_a_link_is_told(visitor, text):
    picture = visitor.enter(f"text={text}&by=2")
    assert picture["notice"] == i18n.shared_text("ko")["error.empty_text"]
    assert (picture["text"], picture["by"]) == ("처음", 2)


@pytest.mark.parametrize(
    "query", ["%", "&&&", "=", "a=%ff%fe", "steps", "?steps=1", "steps=1;by=2", "\x00", "나=는"]
)
def test_no_query_is_too_odd(visitor, query):
    assert visitor.enter(query)["text"] == "처음"


def test_a_link_that_cannot_begin_leaves_a_lesson_that_works(visitor):
    """The first action of a visit fails: nothing may be stuck, whatever is pressed next."""
    first = visitor.enter(urlencode({"text": "no start"}))
    assert first["notice"] == i18n.shared_text("ko")["error.no_tokens"]
    picture = visitor.act("count")
    assert (picture["ready"], picture["steps"], picture["notice"]) == (True, 1, "")
    assert picture["started"] == 1


# ---- errors ----


def shown(picture: dict) -> dict:
    """A picture without what belongs to one answer only."""
    return {key: value for key, value in picture.items() if key not in ("seq", "notice")}


def test_an_error_leaves_everything_as_it_was(visitor):
    visitor.act("text", text="내 글")
    visitor.act("scene", to=1)
    before = visitor.act("count")
    after = visitor.act("count", fail=True)
    assert shown(after) == shown(before)
    assert after["notice"] == "7번 토큰은 이 모델의 어휘에 없어요."
    assert visitor.act("mine")["text"] == "내 글"


@pytest.mark.parametrize("text", ["no start", "no picture"])
def test_a_text_that_cannot_be_shown_leaves_the_one_before(visitor, text):
    visitor.act("text", text="내 글")
    before = visitor.act("count")
    after = visitor.act("text", text=text)
    assert after["notice"] == i18n.shared_text("ko")["error.no_tokens"]
    assert shown(after) == shown(before)
    assert visitor.act("count")["steps"] == 2
    visitor.act("scene", to=1)
    assert visitor.act("mine")["text"] == "내 글"


def test_errors_are_told_in_the_language_of_the_page(counting):
    assert Visitor(counting["en"]).act("count", fail=True)["notice"] == "This model has no token 7."


def test_a_fault_of_ours_is_logged_and_told_in_one_sentence(counting, caplog, monkeypatch):
    visitor = Visitor(counting["ko"])
    before = visitor.enter()

    def break_down(*_):
        raise ZeroDivisionError("our own fault")

    monkeypatch.setitem(LIVE.actions, "count", break_down)
    after = visitor.act("count")
    assert shown(after) == shown(before)
    assert after["notice"] == i18n.shared_text("ko")["error.internal"]
    assert "ZeroDivisionError: our own fault" in caplog.text
    caplog.clear()


# ---- texts at the door ----


def test_a_long_text_is_cut_and_told(visitor):
    picture = visitor.act("text", text="가" * (MAX_TEXT + 1))
    assert picture["text"] == "가" * MAX_TEXT == picture["link"]["text"]
    assert f"{MAX_TEXT:,}" in picture["notice"]
    assert visitor.act("text", text="가" * MAX_TEXT)["notice"] == ""


@pytest.mark.parametrize("length", [20_001, 1_000_000])
def test_even_longer_texts_are_cut(length):
    text, told = clean_text("가 " * length, "en")
    assert len(text) <= MAX_TEXT and f"{MAX_TEXT:,}" in told


@pytest.mark.parametrize("text", ["", " ", "\n\t\r\u3000"])
def test_nothing_but_white_space_is_no_text(text):
    with pytest.raises(InputError) as raised:
        clean_text(text, "ko")
    assert raised.value.code == "empty_text"


@pytest.mark.parametrize("text", [None, 3, ["나는"], {"a": 1}, True, b"x", float("nan")])
def test_what_is_no_text_is_told(text):
    with pytest.raises(InputError) as raised:
        clean_text(text, "ko")
    assert raised.value.code == "not_text"


# ---- the real lesson ----


@pytest.fixture(scope="module")
def real(registry) -> dict[str, Mounted]:
    return {lang: Mounted(LESSON, LESSON.stage, registry, lang) for lang in CODES}


JUNK = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "나는",
    "\ud800",
    "x" * 100_000,
    [],
    [[None]],
    {},
    {"a": {"b": [None]}},
]
FIELDS = {
    "scene": ("to",),
    "text": ("text",),
    "model": ("name",),
    "pick": ("id",),
    "go": ("node",),
    "knob": ("knob", "value"),
    "hide": ("on",),
    "guess": ("text",),
    "compare": ("on",),
    "answer": ("id", "answer"),
    "enter": ("query", "kept"),
}
WELL_MEANT = {"knob": {"knob": "temperature", "value": 1.0}, "answer": {"id": "cold", "answer": 1}}


def junk_actions() -> list[dict]:
    actions = [{"type": junk} for junk in JUNK]
    for type_, names in FIELDS.items():
        actions += [
            {"type": type_} | WELL_MEANT.get(type_, {}) | {name: junk} for name in names for junk in JUNK
        ]
        actions.append({"type": type_})
    for knob in ("temperature", "top_k", "top_p", "seed"):
        actions += [{"type": "knob", "knob": knob, "value": junk} for junk in JUNK]
    return actions


def test_junk_gets_a_picture_and_leaves_a_lesson_that_works(real):
    """One after the other in one session; each answer is either a picture or a picture with one sentence."""
    visitor = Visitor(real["ko"])
    visitor.enter()
    actions = junk_actions()
    assert len(actions) > 200
    for action in actions:
        picture = visitor.send(action)
        assert picture["ready"], action
        assert picture["notice"].count("\n") == 0, action
        assert i18n.shared_text("ko")["error.internal"] not in picture["notice"], action
        if len(picture["text"]) > 100:  # it was taken; with it, all that follow would be slow
            visitor.act("text", text="나는 오늘")
    visitor.act("text", text="나는 오늘")
    assert visitor.act("draw")["drawn"] is not None


@pytest.mark.parametrize("payload", [None, [], "draw", 7, True, float("nan"), [["type", "draw"]]])
def test_what_is_no_action_at_all_is_not_understood(real, payload):
    visitor = Visitor(real["ko"])
    before = visitor.enter()
    after = visitor.send(payload)
    assert after["notice"] == i18n.shared_text("ko")["error.not_understood"]
    assert shown(after) == shown(before)
    assert visitor.fetch(type="draw")[-1]["drawn"], "the other event takes actions as well"


@pytest.mark.parametrize("payload", [None, [], "draw", 7])
def test_nor_does_the_loading_event_stumble(real, payload):
    visitor = Visitor(real["ko"])
    visitor.enter()
    answers = real["ko"].answers(visitor.session, payload)
    assert answers[-1]["notice"] == i18n.shared_text("ko")["error.not_understood"]


def test_a_link_with_a_token_outside_the_vocabulary_leaves_a_lesson_that_works(real):
    visitor = Visitor(real["ko"])
    picture = visitor.enter("text=나는&ids=9999&temperature=1.5")
    assert picture["notice"] == "9999번 토큰은 이 모델의 어휘에 없어요."
    assert (picture["text"], picture["ids"], picture["knobs"]["temperature"]) == ("나는", "", 1.5)
    picture = visitor.act("draw")
    assert picture["ready"] and picture["drawn"] and picture["notice"] == ""


def test_two_visitors_share_nothing(real):
    """Each acts while the other one stands elsewhere; then a third one finds a lesson as good as new."""
    first, second = Visitor(real["ko"]), Visitor(real["ko"])
    fresh = first.enter()
    second.enter()
    first.act("text", text="오늘 나는 그 책을")
    for _ in range(3):
        first.act("draw")
    mine = first.act("guess", text="간다")
    theirs = second.act("draw")
    assert theirs["text"] == fresh["text"]
    assert theirs["tree"]["paths"] == 1
    second.act("knob", knob="temperature", value=1.5)
    second.act("answer", id="cold", answer=1)
    again = first.enter()
    assert shown(again) == shown(mine)
    third = Visitor(real["ko"]).enter()
    assert shown(third) == shown(fresh)


def test_visitors_at_the_same_time(real):
    """Ten threads press at once; each gets what it would get alone (the draws of its own seed)."""

    def visit(seed: int, found: dict) -> None:
        visitor = Visitor(real["ko"])
        visitor.enter(f"text=나는&seed={seed}")
        for _ in range(6):
            visitor.act("draw")
        found[seed] = visitor.picture["ids"]

    alone, together = {}, {}
    for seed in range(10):
        visit(seed, alone)
    threads = [threading.Thread(target=visit, args=(seed, together)) for seed in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone
    assert len(set(alone.values())) > 5


# ---- an address is an exact state ----

TEXTS = [
    "나는 오늘",
    "I like the small dog",
    "가족👨‍👩‍👧과 곳에",
    "ㅋㅋ \u202eab",
    "a&b=c#d +%20",
    "그 " * 40,
]


def exact(picture: dict) -> dict:
    """What a link promises to bring back. Not: what the cache happened to hold, other branches, the guess."""
    names = (
        "text",
        "model",
        "scene",
        "architecture",
        "tokens",
        "offset",
        "drawn",
        "u",
        "rows",
        "hit",
        "ended",
    )
    names += (
        "hidden",
        "knobs",
        "knobs_line",
        "notes",
        "n_context",
        "n_dropped",
        "window_note",
        "ids",
        "say",
        "code",
    )
    nodes = {node["index"]: node for node in picture["tree"]["nodes"]}
    path, node = [], next((node for node in nodes.values() if node["now"]), None)
    while node is not None and node["index"] is not None:
        path.insert(0, {name: node[name] for name in ("id", "p", "path_p", "depth")})
        node = nodes.get(node["parent"])
    return {name: picture[name] for name in names} | {"path": path}


def approximately(value):
    """Probabilities may differ in their last digits: a cache adds up in another order."""
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-4, abs=1e-6)
    if isinstance(value, dict):
        return {key: approximately(item) for key, item in value.items()}
    return [approximately(item) for item in value] if isinstance(value, list) else value


def random_action(generator: random.Random, picture: dict) -> dict:
    """Anything a learner may press on this picture; drawing twice as often as the rest."""
    ids = [row["id"] for row in picture["rows"] if not row["rest"]] + [generator.randrange(22, 110)]
    nodes = [node["index"] for node in picture["tree"]["nodes"]]
    knob, value = generator.choice(
        [
            ("temperature", generator.choice([0.1, 0.35, 1.0, 2.0])),
            ("top_k", generator.choice([0, 1, 5, 40])),
            ("top_p", generator.choice([0.05, 0.55, 1.0])),
            ("seed", generator.randrange(1_000_000)),
        ]
    )
    return generator.choice(
        [
            {"type": "draw"},
            {"type": "draw"},
            {"type": "draw"},
            {"type": "undo"},
            {"type": "undo"},
            {"type": "pick", "id": generator.choice(ids)},
            {"type": "go", "node": generator.choice(nodes)},
            {"type": "knob", "knob": knob, "value": value},
            {"type": "hide", "on": generator.random() < 0.7},
            {"type": "answer", "id": "single", "answer": 3},
            {"type": "scene", "to": generator.randrange(len(LESSON.scenes))},
            {"type": "text", "text": generator.choice(TEXTS)},
            {"type": "model", "name": generator.choice(EMBEDDED)},
            {"type": "mine"},
        ]
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_address_is_an_exact_state(real, seed):
    """After every press of a random walk, whoever follows the address sees the same picture."""
    generator = random.Random(seed)
    mounted = real[generator.choice(CODES)]
    visitor = Visitor(mounted)
    visitor.enter()
    walked = []
    for _ in range(12):
        action = random_action(generator, visitor.picture)
        walked.append(action)
        visitor.send(action)
        followed = Visitor(mounted).enter(visitor.address())
        assert followed["notice"] == "", walked
        assert exact(followed) == approximately(exact(visitor.picture)), walked
        assert followed["link"] == visitor.picture["link"], walked


@pytest.mark.parametrize("index", range(len(LESSON.scenes)))
def test_a_scene_and_its_address_are_the_same(real, index):
    visitor = Visitor(real["en"])
    picture = visitor.act("scene", to=index)
    assert picture["link"] == {"scene": LESSON.scenes[index].id}
    followed = Visitor(real["en"]).enter(visitor.address())
    assert exact(followed) == approximately(exact(picture))
    for action in ("draw", "undo", "undo", "undo"):
        visitor.act(action)
        followed = Visitor(real["en"]).enter(visitor.address())
        assert exact(followed) == approximately(exact(visitor.picture)), action


def test_the_same_token_ids_in_a_scene_of_another_model(real):
    """Ids mean something in one vocabulary only: those of a scene are no longer taken for granted."""
    visitor = Visitor(real["ko"])
    visitor.act("model", name=OTHER)
    scene = next(i for i, scene in enumerate(LESSON.scenes) if scene.id == "output")
    ids = visitor.act("scene", to=scene)["ids"]
    visitor.act("model", name=DEFAULT)
    for part in ids.split(","):
        visitor.act("pick", id=int(part.rstrip("!")))
        visitor.act("hide", on=True)  # it comes down
        visitor.act("hide", on=False)
    visitor.act("undo")
    assert visitor.picture["ids"] == ids
    followed = Visitor(real["ko"]).enter(visitor.address())
    assert exact(followed) == approximately(exact(visitor.picture))


# ---- what a link cannot hold, through a change of language ----


def change_language(visitor: Visitor, mounted: Mounted, **spoilt) -> Visitor:
    """As the browser does it: the address with the text, and what was kept in sessionStorage."""
    other = Visitor(mounted)
    context = mounted.context
    query = {"lesson": context.lesson.id, **visitor.picture["link"], "lang": context.lang}
    query |= {"text": visitor.picture["text"], "ids": visitor.picture["ids"]}
    other.enter(urlencode(query), kept=visitor.picture["keep"] | spoilt)
    return other


def branches(picture: dict) -> set[tuple]:
    """All paths that were tried, as token ids."""
    tree = picture["keep"]["tree"]

    def path(index: int | None) -> tuple:
        return () if index is None else (*path(tree[index][0]), tuple(tree[index][1:]))

    return {path(index) for index in range(len(tree))}


def learner(mounted: Mounted) -> Visitor:
    """Two branches, a guess at the end of one of them, two answers, a text of her own."""
    visitor = Visitor(mounted)
    visitor.act("text", text="나는 오늘")
    visitor.act("draw")
    visitor.act("draw")
    visitor.act("go", node=0)
    visitor.act("pick", id=40)
    visitor.act("draw")
    visitor.act("answer", id="cold", answer=1)
    visitor.act("answer", id="single", answer=2)
    visitor.act("compare", on=True)
    visitor.act("hide", on=True)
    visitor.act("guess", text="간다")
    return visitor


def test_a_change_of_language_loses_nothing(real):
    korean = learner(real["ko"])
    assert korean.picture["tree"]["paths"] == 2
    english = change_language(korean, real["en"])
    told = {"say", "notes", "window_note", "knobs_line"}  # in the other language
    expected = {name: value for name, value in exact(korean.picture).items() if name not in told}
    found = {name: value for name, value in exact(english.picture).items() if name not in told}
    assert found == approximately(expected)
    assert english.picture["notice"] == ""
    assert branches(english.picture) == branches(korean.picture)
    assert english.picture["keep"]["guess"] == "간다"
    answers = {question["id"]: question["given"] for question in english.picture["questions"]}
    assert answers == {"cold": 1, "single": 2, "likelier": None}
    assert len(english.picture["compare"]) == 3
    back = change_language(english, real["ko"])
    assert branches(back.picture) == branches(korean.picture)


def test_ones_own_text_is_still_there_when_the_language_changes_in_a_scene(real):
    korean = Visitor(real["ko"])
    korean.act("text", text="내 글")
    korean.act("scene", to=0)
    english = change_language(korean, real["en"])
    assert english.picture["text"] == "나는 오늘" and english.picture["scene"] == 0
    assert english.picture["can_return"]
    assert english.act("mine")["text"] == "내 글"


KEPT_JUNK = [
    *(
        {"tree": tree}
        for tree in (
            5,
            {},
            [5],
            [[None, 30]],
            [[None, "30", 0]],
            [[7, 30, 0]],
            [[0, 30, 0]],
            [[None, -1, 0]],
            [[None, 10**9, 0]],
            [[None, 30, -1]],
            [[None, 30, 10**12]],
            [[None, 30, 1.5]],
            [[None, 30, 0]] * 5000,
            [[None if i == 0 else i - 1, 30, 0] for i in range(400)],
        )
    ),
    *({"guess": guess} for guess in (5, "\ud800", "", " ", "x" * 1000)),
    *(
        {"answers": answers}
        for answers in (5, {}, [5], [["nowhere", 1]], [["cold", "1"]], [["cold", float("nan")]])
    ),
    *({"answers": answers} for answers in ([[[], {}]], [["cold", True]], [["cold"]], [["cold", 10**400]])),
    *({"compare": compare} for compare in (5, "true", [])),
    *({"mine": mine} for mine in (5, "", "   ", "\ud800", "x" * 30_000)),
]


@pytest.mark.parametrize("spoilt", KEPT_JUNK, ids=lambda spoilt: ascii(spoilt)[:40])
def test_what_was_kept_may_be_spoilt(real, spoilt):
    """Others can write into a browser's storage; the address must come back whole whatever stands there."""
    korean = Visitor(real["ko"])
    korean.act("text", text="나는 오늘")
    korean.act("draw")
    korean.act("pick", id=40)
    english = change_language(korean, real["en"], **spoilt)
    assert english.picture["text"] == "나는 오늘"
    assert english.picture["ids"] == korean.picture["ids"]
    for node in english.picture["tree"]["nodes"]:
        english.act("go", node=node["index"])
        assert english.picture["notice"] == ""
    english.act("mine")
    assert english.act("draw")["drawn"]


def test_kept_things_of_any_type(real):
    for kept in [
        None,
        5,
        "x",
        [],
        [1],
        True,
        {"tree": None, "guess": None, "answers": None, "compare": None},
    ]:
        picture = Visitor(real["ko"]).enter("text=나는", kept=kept)
        assert picture["ready"] and picture["notice"] == "", kept


def test_the_words_of_every_loading_stage_exist(registry):
    """The stages that `load` reports, each told in words."""
    stages = []
    models.load(registry.spec(OTHER), eager=True, progress=lambda _, stage: stages.append(stage))
    assert stages
    for lang in CODES:
        assert {f"loading.{stage}" for stage in [*stages, "download"]} <= set(i18n.shared_text(lang))
    assert Path(registry.spec(OTHER).location).name == OTHER


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: ascii(junk)[:20])
def test_a_place_sent_along_may_be_junk(real, junk):
    """The press is carried out from a first visit, and nothing else comes of it."""
    for place in ({"at": junk}, {"kept": junk}, {"at": junk, "kept": junk}):
        picture = Visitor(real["ko"]).act("draw", **place)
        assert picture["ready"] and picture["drawn"], place


def test_a_server_that_has_forgotten_a_learner_goes_on_where_she_stood(real):
    """Her browser sends along the address and what was kept; here the server has just been started again."""
    there, here = learner(real["ko"]), Visitor(real["ko"])
    place = {
        "at": urlencode({**there.picture["link"], "text": there.picture["text"]}),
        "kept": there.picture["keep"],
    }
    assert exact(here.act("draw", **place)) == approximately(exact(there.act("draw")))
    assert branches(here.picture) == branches(there.picture)
    assert here.page.text == there.page.text
