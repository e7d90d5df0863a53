"""Every scene of every lesson begins and can be drawn, and a learner's State is small plain data."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from app.languages import CODES
from app.lesson import Lesson
from app.models import Registry
from lessons import LESSONS
from tests.mounted import Mounted, Visitor

LARGEST = 50_000  # bytes of one State
SCENES = [(lesson, index) for lesson in LESSONS for index in range(len(lesson.scenes))]


@pytest.fixture(scope="module")
def pages() -> dict[str, Mounted]:
    """Every lesson on the embedded models, by "<lang>/<id>"."""
    registry = Registry()
    return {
        f"{lang}/{lesson.id}": Mounted(lesson, lesson.stage, registry, lang)
        for lesson in LESSONS
        for lang in CODES
    }


def parts(value: Any) -> Iterator[Any]:
    """`value` and all that it is made of."""
    yield value
    if isinstance(value, tuple | list):
        inside = value
    elif isinstance(value, dict):
        inside = [*value, *value.values()]
    else:
        inside = vars(value).values() if hasattr(value, "__dict__") else ()
    for part in inside:
        yield from parts(part)


def assert_small_and_plain(state: Any) -> None:
    assert len(pickle.dumps(state)) < LARGEST
    foreign = {type(part).__module__.split(".")[0] for part in parts(state)}
    assert foreign <= {"builtins", "app", "lessons"}, foreign


@pytest.mark.parametrize("lang", CODES)
@pytest.mark.parametrize(("lesson", "index"), SCENES, ids=lambda value: getattr(value, "id", str(value)))
def test_every_scene_begins_and_is_drawn(pages, lesson: Lesson, index: int, lang: str):
    visitor = Visitor(pages[f"{lang}/{lesson.id}"])
    picture = visitor.act("scene", to=index)
    assert picture["ready"] and picture["notice"] == "" and picture["scene"] == index
    assert_small_and_plain(visitor.visit.state)
    assert_small_and_plain(visitor.visit.base)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_a_long_text_leaves_a_small_state(pages, lesson: Lesson):
    visitor = Visitor(pages[f"ko/{lesson.id}"])
    assert visitor.act("text", text="나는 오늘 그 곳에 간다 " * 700)["ready"]
    assert_small_and_plain(visitor.visit.state)


def test_a_long_path_and_a_full_tree_leave_a_small_state(pages):
    """256 tokens one after another, and as many branches as a tree may have."""
    visitor = Visitor(pages["ko/next-token"])
    visitor.enter("text=나는&ids=" + ",".join(f"{30 + n % 50}!" for n in range(256)))
    assert_small_and_plain(visitor.visit.state)
    tree = [[n - 1 if n % 256 else None, 30 + n // 256 * 60 + n % 50, None] for n in range(1024)]
    visitor = Visitor(pages["ko/next-token"])
    visitor.enter("text=나는", kept={"tree": tree})
    assert len(visitor.visit.state.history.nodes) == 1024
    assert_small_and_plain(visitor.visit.state)
