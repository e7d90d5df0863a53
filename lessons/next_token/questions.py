"""맞혀 보기 of 「GPT란?」: the answers of the live model in words."""

from __future__ import annotations

from typing import Any

from app import guess
from app.views.numbers import percent
from lessons.next_token import compute
from lessons.next_token.picture import Picture


def questions(picture: Picture) -> list[dict[str, Any]]:
    """The questions with this text's answers, as app/guess.py draws them."""

    def ask(name: str) -> guess.Answer:
        answer = getattr(compute, name)(picture.loaded, picture.state)
        options = answer.options and tuple(
            _after_best(picture, answer, token_id) for token_id in answer.options
        )
        return guess.Answer(answer.right, _readable(picture, answer), options)

    return guess.draw(picture.context, picture.state.answers, ask)


def _after_best(picture: Picture, answer: guess.Answer, token_id: int) -> str:
    return picture.piece(token_id, [*picture.ids, answer.values["best"]])


def _readable(picture: Picture, answer: guess.Answer) -> dict[str, Any]:
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
