"""The picture of 「사전학습」 as plain data: bars, distributions, the step, the road, the background."""

from __future__ import annotations

from math import exp
from typing import Any

from app.guess import Questions
from app.lesson import Context, Page
from app.models import LoadedModel
from app.outside import outside
from app.parts import Part
from app.views.explained import explained
from app.views.snippet import Snippet, loadable
from lessons.pretraining import background, compute, look, questions, road, step
from lessons.pretraining.picture import RATE, Picture
from lessons.pretraining.state import State

MOST_NATS = 100  # of a mean, above which its perplexity is not written out


def draw(context: Context, page: Page, state: State, loaded: LoadedModel) -> dict[str, Any]:
    """The picture. What is computed from tensors is a part of its own, made where the browser lacks it."""
    picture = Picture(context, page, state, loaded)
    of, theta, window = picture.of, picture.theta, (state.k, state.layer, state.head)
    stage = state.view == "stage"
    return {
        "view": state.view,
        "at": {
            "k": picture.k,
            "most_k": max(1, len(picture.ids) - 1),
            "token": picture.token,
            "step": state.at,
            "since": state.since,
            "layer": state.layer,
            "head": state.head,
            "rate": state.rate,
            "taken": list(state.steps),
            "prior": state.prior,
            "task": state.task,
        },
        "heads": [loaded.n_layer, loaded.n_head],
        "tokens": Part(of, lambda: picture.tokens),
        "n_dropped": picture.n_dropped,
        "bars": Part((*of, *theta, *window, state.since), lambda: bars(picture)),
        "axis": Part((*of, state.layer, state.head), lambda: road.axis(picture)),
        "road": {"key": road.key(picture)},
        "zero": Part((of[0], of[2]), lambda: road.zero(picture)),
        "step": Part((*of, *theta, stage), lambda: step.draw(picture) if stage else None),
        "world": Part((*of, *theta, stage), lambda: step.world(picture) if stage else None),
        "theta": step.key(picture),
        "background": Part((*of, state.view, None if stage else theta), lambda: background.draw(picture)),
        "look": Part(
            (*of, *theta, *window, state.since, state.token, state.rate, state.prior, state.view, state.zero),
            lambda: look.told(picture),
        ),
        "pieces": Part(of, lambda: explained(picture.tokens, picture.words)),
        "outside": Part((*of, page.model), lambda: outside(context, page)),
        "questions": Questions(of, lambda name: questions.answer(picture, name)),
        "code": _code(picture),
    }


def bars(picture: Picture) -> dict[str, Any]:
    """A bar for each token but the first, what a short window adds to it, its outline, what was expected."""
    ids, k, layer, head = picture.ids, picture.k, picture.state.layer, picture.state.head
    seen = picture.now.ask(
        ("pretraining seen", k, layer, head), lambda loaded: compute.seen(loaded, ids, k, layer, head)
    )
    before = list(picture.ids)
    places = [
        [
            picture.view(token, before[:place]) | {"p": round(p, 6), "here": token == picture.ids[place]}
            for token, p in row
        ]
        for place, row in enumerate(seen.top, 1)
    ]
    mean = compute.mean(picture.surprise)
    was = picture.surprise_before
    return {
        "now": _plain(picture.surprise),
        "full": _plain(picture.surprise_in_full),
        "was": None if was is None else _plain(was),
        "was_mean": None if was is None else round(compute.mean(was), 6),
        "sum": round(sum(picture.surprise), 6),
        "mean": round(mean, 6),
        "perplexity": None if mean > MOST_NATS else round(exp(mean), 4),
        "top": places,
        "looks": [[round(weight, 4) for weight in row] for row in seen.looks],
    }


def _plain(values: list[float]) -> list[float]:
    return [round(one, 6) for one in values]


def _code(picture: Picture) -> Snippet:
    """The text, the model, the window and the learning rate of this screen."""
    values = {
        "name, text = ": f'"{loadable(picture.spec)}", {picture.page.text!r}',
        "k, rate = ": f"{picture.k}, {picture.state.rate / RATE:g}",
    }
    return Snippet("snippets/equation_1.py", values)
