"""맞혀 보기 of 「GPT란?」: the answers of the live model in words."""

from __future__ import annotations

from typing import Any

from app.engine.memory import number_of
from app.guess import Answer, Questions
from app.views.numbers import percent
from lessons.next_token import compute
from lessons.next_token.picture import Picture


def questions(picture: Picture) -> Questions:
    """The questions, for the frame to draw with this text's answers."""

    def ask(name: str) -> Answer:
        answer = getattr(compute, name)(picture.loaded, picture.state)
        options = answer.options and tuple(
            _after_best(picture, answer, token_id) for token_id in answer.options
        )
        return Answer(answer.right, _readable(picture, answer), options)

    state = picture.state
    of = number_of(picture.loaded), picture.ids, state.temperature, state.top_k, state.top_p, state.seed
    return Questions(of, ask)


def _after_best(picture: Picture, answer: Answer, token_id: int) -> str:
    return picture.piece(token_id, [*picture.ids, answer.values["best"]])


def _readable(picture: Picture, answer: Answer) -> dict[str, Any]:
    """The values of an answer as they stand in a sentence: ids become pieces, probabilities per cent."""
    values = dict(answer.values)
    for name in ("now", "cold"):
        if name in values:
            values[name] = percent(values[name])
    if "list" in values:
        named = [f"{_after_best(picture, answer, token_id)} {percent(p)}" for token_id, p in values["list"]]
        values["list"] = ", ".join(named)
    if "pieces" in values:
        values["pieces"] = ", ".join(f"‘{picture.piece(token_id)}’" for token_id in values["pieces"])
    if "best" in values:
        values["best"] = picture.piece(values["best"])
    return values
