"""맞혀 보기: questions that a learner answers before the live model does.

The questions are data in guess.toml, the answers are computed:

    [[question]]
    id = "cold"                       # words: guess.cold.ask, .options (a line each) or .unit, .answer
    kind = "choice"                   # or "number", with low, high and step
    answer = "compute:cold_leader"    # a function of the lesson's compute module -> Answer
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.lesson import Context, Lesson
from app.parts import Part
from app.payload import Payload

MOST_OPTIONS = 10  # of one question
MOST_KEPT = 100  # answers that a browser may send along


@dataclass(frozen=True)
class Answer:
    """What the live model says.

    Args:
        right: index of the right option, or the right number.
        values: what the answer's sentence is filled with.
        options: the options, where they too come from the model; None when the text names them.
        words: an end of `guess.<id>.answer`, where this answer has a sentence of its own.
    """

    right: float
    values: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] | None = None
    words: str = ""


@dataclass(frozen=True)
class Questions:
    """In a lesson's picture: its questions, which the frame draws and whose answers it keeps.

    Args:
        made_of: everything that the model's answers depend on, as in `Part`.
        ask: name of a function of the compute module -> its Answer.
    """

    made_of: tuple[Any, ...]
    ask: Callable[[str], Answer]

    def part(self, context: Context, answers: tuple[tuple[str, Any], ...]) -> Part:
        """The questions with the learner's answers, made where the browser lacks them."""
        of = (context.lang, context.lesson.id, *self.made_of, answers)
        return Part(of, lambda: draw(context, answers, self.ask))


def load_questions(lesson: Lesson) -> tuple[dict[str, Any], ...]:
    """The entries of the lesson's guess.toml; none where it has no such file."""
    file = lesson.folder / "guess.toml"
    return _read(file, file.stat().st_mtime_ns) if file.exists() else ()


@lru_cache(maxsize=64)
def _read(file: Path, changed: int) -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads(file.read_text(encoding="utf-8"))["question"])


def give(
    answers: tuple[tuple[str, Any], ...], lesson: Lesson, payload: Payload
) -> tuple[tuple[str, Any], ...]:
    """`answers` with the one in `payload` ({"id", "answer"}) added or replaced.

    Raises:
        InputError: no such question, or an answer that cannot be given to it.
    """
    return _with(answers, *_answer(lesson, payload, "id", "answer"))


def restore(
    answers: tuple[tuple[str, Any], ...], lesson: Lesson, kept: Payload
) -> tuple[tuple[str, Any], ...]:
    """`answers` with those that the browser kept, as [id, answer] in "answers".

    What is none of ours is left out, and the others stay.
    """
    for row in kept.rows("answers", MOST_KEPT, 2):
        with suppress(InputError):
            answers = _with(answers, *_answer(lesson, row, "0", "1"))
    return answers


def _answer(lesson: Lesson, sent: Payload, name: str, value: str) -> tuple[str, float]:
    """(question id, answer) from the fields `name` and `value`: an option's index, or a number in range."""
    questions = {question["id"]: question for question in load_questions(lesson)}
    question = questions[sent.choice(name, list(questions))]
    if question["kind"] == "choice":
        return question["id"], sent.whole(value, 0, MOST_OPTIONS - 1)
    return question["id"], sent.number(value, question["low"], question["high"])


def _with(answers: tuple[tuple[str, Any], ...], asked: str, answer: float) -> tuple[tuple[str, Any], ...]:
    return (*(pair for pair in answers if pair[0] != asked), (asked, answer))


def draw(
    context: Context, answers: tuple[tuple[str, Any], ...], ask: Callable[[str], Answer]
) -> list[dict[str, Any]]:
    """The questions as the browser draws them.

    Args:
        ask: name of a function of the compute module -> its Answer. Asked for every question, since its words
            may come from the model; the right answer itself is told only after the learner's.
    """
    drawn = []
    for question in load_questions(context.lesson):
        name = question["id"]
        answer = ask(question["answer"].removeprefix("compute:"))
        given = dict(answers).get(name)
        shown = {
            "id": name,
            "kind": question["kind"],
            "ask": context.text(f"guess.{name}.ask", **answer.values),
            "given": given,
            "right": answer.right if given is not None else None,
            "answer": context.text(f"guess.{name}.answer{answer.words}", **answer.values)
            if given is not None
            else "",
        }
        if question["kind"] == "choice":
            shown["options"] = answer.options or context.words[f"guess.{name}.options"].split("\n")
        else:
            shown |= {key: question[key] for key in ("low", "high", "step")}
            shown["unit"] = context.words[f"guess.{name}.unit"]
        drawn.append(shown)
    return drawn
