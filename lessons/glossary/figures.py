"""The picture of 「용어」 as plain data: the map's counts, the blank, and what stands under the open card."""

from __future__ import annotations

from typing import Any

from app.engine.finetune import N_SOFT_PROMPTS
from app.engine.memory import number_of
from app.engine.ways import costs
from app.guess import Answer, Questions
from app.lesson import Context, Page
from app.parts import Part
from app.views import few_shot
from app.views.numbers import percent
from app.views.snippet import Snippet
from app.views.tokens import token_view
from lessons.glossary import compute, look, tasks, ways
from lessons.glossary.picture import Picture, n_numbers
from lessons.glossary.preview import MODEL, NUMBERS_OF_A_CELL, chosen
from lessons.glossary.state import TASKS, State, demo

FEW = 0.095  # below it a percentage has one digit


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    """The picture. What is computed from tensors is a part of its own, made where the browser lacks it."""
    picture = Picture(context, page, state)
    text = context.lang, page.text, picture.position
    few = context.lang, picture.examples.name, state.relation, state.shots, state.seed
    under, task = demo(state.term), TASKS.get(state.term, "classification")
    return {
        **chosen(state),
        "counts": _counts(picture),
        "blank": Part(text, lambda: _blank(picture)),
        "few": Part(
            few, lambda: few_shot.draw(context, picture.examples, picture.relation, state.shots, state.seed)
        ),
        "ways": Part((context.lang,), lambda: ways.draw(context)),
        "tasks": Part((context.lang, task), lambda: tasks.draw(context, task)),
        "look": Part((*text, *few, under, state.term, state.table), lambda: look.told(picture)),
        "other_model": "" if page.model == MODEL else context.text("other_model", model=MODEL),
        "questions": Questions((*text, number_of(picture.gpt)), lambda name: _answer(picture, name)),
        "code": Snippet(
            "snippets/fill_the_blank.py",
            {"text, position = ": f"{picture.blank.text!r}, {picture.blank.position}"},
        ),
    }


def _counts(picture: Picture) -> dict[str, Any]:
    """How many numbers there are, and how many each way changes; a cell of the map stands for 10,000."""
    n = n_numbers(picture.gpt)
    full, prompt, _ = costs(picture.gpt, ())
    return {
        "model": MODEL,
        "n": n,
        "cells": n / NUMBERS_OF_A_CELL,
        "full": full.n_changed,
        "prompt": prompt.n_changed,
        "prompt_cells": f"{prompt.n_changed / NUMBERS_OF_A_CELL:.2f}",
        "vectors": N_SOFT_PROMPTS,
        "d": picture.gpt.d_model,
    }


def _blank(picture: Picture) -> dict[str, Any]:
    """The tokens with the blank in them, and what either model finds probable there."""
    found = picture.blank
    return {
        "tokens": [token_view(piece) for piece in found.pieces],
        "position": found.position,
        "dropped": picture.words("dropped", n=found.n_dropped) if found.n_dropped else "",
        "gpt": _distribution(picture, found.gpt),
        "bert": _distribution(picture, found.bert),
        "who": found.who,
    }


def _distribution(picture: Picture, probabilities: Any) -> list[dict[str, Any]]:
    """Rows of a distribution, the last one for all other tokens: {"piece", "p", "told", "hidden", …}."""
    found = picture.blank
    rows, rest = found.rows(probabilities)
    before, special = found.ids[: found.position], picture.words("special.end")
    pieces = picture.gpt.tokenizer.candidates(before, [id_ for id_, _ in rows])
    drawn = [
        token_view(piece, special if id_ == picture.gpt.eot_id else "")
        | {"p": round(p, 6), "told": percent(p, int(p < FEW)), "hidden": id_ == found.hidden, "rest": False}
        for piece, (id_, p) in zip(pieces, rows, strict=True)
    ]
    return [
        *drawn,
        {
            "piece": picture.words("rest"),
            "space": False,
            "p": round(rest, 6),
            "told": percent(rest, int(rest < FEW)),
            "hidden": False,
            "rest": True,
        },
    ]


def _answer(picture: Picture, name: str) -> Answer:
    """An answer of the live models, or of the record, its values as they stand in a sentence."""
    answer = getattr(compute, name)(picture.blank, picture.gpt, picture.context.lang)
    found = picture.blank
    shown = {
        "word": picture.named(found.position),
        "gpt": percent(found.of_gpt),
        "bert": percent(found.of_bert),
    }
    return Answer(answer.right, shown | dict(answer.values), answer.options, answer.words)
