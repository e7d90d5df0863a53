"""Questions are asked of the live model, and its answer is told only after the learner's."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path

import pytest

from app import guess
from app.errors import InputError
from app.guess import Answer
from app.languages import CODES
from app.lesson import Context, Lesson
from app.payload import Payload

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in ROOT.glob("lessons/*/guess.toml"))

QUESTIONS = """
[[question]]
id = "colour"
kind = "choice"
answer = "compute:colour"

[[question]]
id = "live"
kind = "choice"
answer = "compute:live"

[[question]]
id = "count"
kind = "number"
low = 1
high = 10
step = 1
answer = "compute:count"
"""
WORDS = {
    "guess.colour.ask": "What colour is {thing}?",
    "guess.colour.options": "red\ngreen",
    "guess.colour.answer": "{thing} is green.",
    "guess.live.ask": "Which?",
    "guess.live.answer": "That one.",
    "guess.count.ask": "How many?",
    "guess.count.unit": "pieces",
    "guess.count.answer": "{n} of them.",
}
ANSWERS = {
    "colour": Answer(1, {"thing": "{grass}"}),
    "live": Answer(0, {}, ("first", "second")),
    "count": Answer(7.5, {"n": 7.5}),
}


@pytest.fixture
def lesson(tmp_path) -> Lesson:
    (tmp_path / "guess.toml").write_text(QUESTIONS, encoding="utf-8")
    return Lesson("quiz", 1, object, tmp_path, None)


def draw(lesson: Lesson, answers: tuple = ()) -> dict[str, dict]:
    context = Context(lesson, "en", WORDS, None)
    drawn = guess.draw(context, answers, ANSWERS.__getitem__)
    assert [question["id"] for question in drawn] == ["colour", "live", "count"]
    return {question["id"]: json.loads(json.dumps(question, allow_nan=False)) for question in drawn}


def test_before_an_answer_nothing_gives_it_away(lesson):
    for question in draw(lesson).values():
        assert question["given"] is None and question["right"] is None and question["answer"] == ""


def test_after_an_answer_the_models_is_told_and_the_others_stay_closed(lesson):
    drawn = draw(lesson, (("count", 3),))
    assert (drawn["count"]["given"], drawn["count"]["right"], drawn["count"]["answer"]) == (
        3,
        7.5,
        "7.5 of them.",
    )
    assert drawn["colour"]["right"] is None and drawn["live"]["right"] is None


def test_zero_is_an_answer(lesson):
    drawn = draw(lesson, (("colour", 0),))
    assert (drawn["colour"]["given"], drawn["colour"]["right"]) == (0, 1)


def test_words_and_options(lesson):
    """From the text, or from the model where it names them; a value is put in as it is."""
    drawn = draw(lesson, (("colour", 0),))
    assert drawn["colour"]["ask"] == "What colour is {grass}?"
    assert drawn["colour"]["answer"] == "{grass} is green."
    assert drawn["colour"]["options"] == ["red", "green"]
    assert drawn["live"]["options"] == ["first", "second"]
    assert [drawn["count"][key] for key in ("low", "high", "step", "unit")] == [1, 10, 1, "pieces"]
    assert "options" not in drawn["count"]


def test_answers_are_added_and_replaced(lesson):
    answers = guess.give((), lesson, Payload({"id": "colour", "answer": 1}))
    answers = guess.give(answers, lesson, Payload({"id": "count", "answer": 2.5}))
    assert dict(answers) == {"colour": 1, "count": 2.5}
    again = guess.give(answers, lesson, Payload({"id": "colour", "answer": 0}))
    assert dict(again) == {"colour": 0, "count": 2.5} and len(again) == 2
    assert dict(answers)["colour"] == 1, "the answers of before are a value"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"id": "colour"},
        {"answer": 1},
        {"id": "nowhere", "answer": 1},
        {"id": None, "answer": 1},
        {"id": ["colour"], "answer": 1},
        {"id": {"colour": 1}, "answer": 1},
        *(
            {"id": "count", "answer": answer}
            for answer in (None, "3", True, False, [3], {}, math.nan, math.inf, -math.inf, 1e300, 10**400)
        ),
    ],
    ids=ascii,
)
def test_what_is_no_answer_is_not_understood(lesson, payload):
    with pytest.raises(InputError) as raised:
        guess.give((), lesson, Payload(payload))
    assert raised.value.code == "not_understood"


# ---- the questions of the real lessons ----


def test_there_are_lessons_with_questions():
    assert ROOT / "lessons/next_token" in FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_question_has_its_words_and_a_function_that_answers(folder):
    lesson = importlib.import_module(f"lessons.{folder.name}.lesson").LESSON
    compute = importlib.import_module(f"lessons.{folder.name}.compute")
    questions = guess.load_questions(lesson)
    assert 1 <= len(questions) <= 3
    assert len({question["id"] for question in questions}) == len(questions)
    for question in questions:
        place, _, function = question["answer"].partition(":")
        assert place == "compute" and callable(getattr(compute, function)), (
            "an answer is computed, never a constant"
        )
        assert question["kind"] in ("choice", "number")
        for lang in CODES:
            words = lesson.texts(lang)
            key = f"guess.{question['id']}"
            assert words[f"{key}.ask"] and words[f"{key}.answer"]
            if question["kind"] == "number":
                assert words[f"{key}.unit"]
                assert question["low"] < question["high"] and question["step"] > 0
        if question["kind"] == "choice":
            options = [lesson.texts(lang).get(f"guess.{question['id']}.options") for lang in CODES]
            if any(options):  # else the model names them
                assert len({len(text.split("\n")) for text in options}) == 1
                assert all(len(set(text.split("\n"))) == len(text.split("\n")) >= 2 for text in options)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_question_is_left_over_in_the_words(folder):
    lesson = importlib.import_module(f"lessons.{folder.name}.lesson").LESSON
    asked = {question["id"] for question in guess.load_questions(lesson)}
    words = {key.split(".")[1] for key in lesson.texts("ko") if key.startswith("guess.")}
    assert words == asked
