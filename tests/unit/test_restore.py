"""What a browser kept comes back piece by piece: a stale or spoilt one takes none of the others with it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from lessons import LESSONS
from tests.harness.matrix import quick
from tests.mounted import Mounted, Visitor, registry_for

LESSON = {lesson.id: lesson for lesson in LESSONS}
ROUNDS = 40, 150


@pytest.fixture(scope="module", params=list(LESSON))
def page(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mounted]:
    lesson = LESSON[request.param]
    with registry_for(lesson, tmp_path_factory.mktemp("restore")) as registry:
        yield Mounted(lesson, lesson.stage, registry)


def junk(chance: random.Random, depth: int = 0) -> Any:
    """Anything that JSON can hold, often nearly right."""
    plain = [
        None,
        True,
        False,
        0,
        1,
        -1,
        2**53,
        1.5,
        1e308,
        "",
        "cold",
        "나는",
        "x" * 300,
        "\ud800",
        "{x}",
        "**",
    ]
    kind = chance.randrange(4 if depth < 3 else 2)
    if kind < 2:
        return chance.choice(plain)
    if kind == 2:
        return [junk(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {
        str(chance.choice(plain[9:]).encode("ascii", "replace")): junk(chance, depth + 1) for _ in range(2)
    }


def spoil(chance: random.Random, piece: Any) -> Any:
    """`piece` with junk in one place of it, at its front as often as at its end, or junk altogether."""
    if not isinstance(piece, list) or not piece or chance.random() < 0.3:
        return junk(chance)
    place = chance.randrange(len(piece) + 1)
    spoilt = [*piece]
    if isinstance(piece[0], list) and chance.random() < 0.5:
        place = min(place, len(piece) - 1)
        spoilt[place] = spoil(chance, piece[place])
    else:
        spoilt.insert(place, junk(chance))
    return spoilt


def learner(page: Mounted) -> Visitor:
    """A text of her own, a state, and an answer to every question."""
    visitor = Visitor(page)
    visitor.act("text", text="오늘 나는")
    if page.context.lesson.id == "next-token":
        visitor.act("draw")
        visitor.act("go", node=0)
        visitor.act("pick", id=40)
        visitor.act("compare", on=True)
    for question in visitor.picture["questions"]:
        visitor.act("answer", id=question["id"], answer=question.get("low", 1))
    return visitor


def back(page: Mounted, query: str, kept: dict[str, Any]) -> dict[str, Any]:
    return Visitor(page).enter(query, kept=kept)


def given(picture: dict[str, Any]) -> dict[str, Any]:
    return {question["id"]: question["given"] for question in picture["questions"]}


@pytest.mark.parametrize("rounds", quick(ROUNDS))
def test_a_spoilt_piece_takes_no_other_with_it(page: Mounted, rounds: int):
    visitor = learner(page)
    kept = visitor.picture["keep"]
    path = {"ids": visitor.picture["ids"]} if page.context.lesson.id == "next-token" else {}
    query = urlencode({**visitor.picture["link"], "text": visitor.picture["text"], **path})
    whole = back(page, query, kept)
    assert whole["notice"] == "" and None not in given(whole).values()
    chance = random.Random(11)
    for name in kept:
        for _ in range(rounds // len(kept)):
            piece = spoil(chance, kept[name])
            found = back(page, query, kept | {name: piece})
            told = (name, piece)
            assert found["notice"] == "" and found["ready"], told
            assert found["text"] == "오늘 나는" and found["link"] == visitor.picture["link"], told
            assert found.get("compare") == whole.get("compare") or name == "compare", told
            assert given(found) == given(whole) or name == "answers", told
            if name == "tree":
                assert found["ids"] == whole["ids"], "the path itself stands in the address"


def test_one_bad_answer_leaves_the_others(page: Mounted):
    visitor = learner(page)
    answers = visitor.picture["keep"]["answers"]
    for bad in ([], 5, ["gone", 1], [answers[0][0]], [answers[0][0], "x"], [None, None], {}):
        for place in range(len(answers) + 1):
            kept = {"answers": [*answers[:place], bad, *answers[place:]]}
            assert given(back(page, "text=나는", kept)) == dict(map(tuple, answers)), (bad, place)


def test_an_answer_that_nobody_can_have_given_is_none(page: Mounted):
    """As one kept since a question had more options, or another range."""
    questions = {question["id"]: question for question in learner(page).picture["questions"]}
    for name, question in questions.items():
        outside = (
            (-1, 10, 0.5) if question["kind"] == "choice" else (question["low"] - 1, question["high"] + 1)
        )
        for answer in outside:
            assert given(back(page, "text=나는", {"answers": [[name, answer]]}))[name] is None, (name, answer)
