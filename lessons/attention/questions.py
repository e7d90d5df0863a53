"""맞혀 보기 of 「어텐션」: the answers of the live model, in words."""

from __future__ import annotations

from math import exp

from app.engine.hooks import Cuts, cut
from app.engine.interventions import last_log_probabilities
from app.guess import Answer
from app.views.numbers import percent
from lessons.attention.picture import Picture, signed

N_OPTIONS = 4
KEPT, HALF = 0.8, 0.3  # of the probability before; above it is "about the same", below "much less"
RISEN = 1.25


def answer(picture: Picture, name: str) -> Answer:
    """The answer to the question whose function is `name`."""
    return {"looks_back": looks_back, "cut_it": cut_it, "falls": falls}[name](picture)


def _previous(picture: Picture) -> tuple[int, int]:
    """The head that looks at the token before most, on this text."""
    best = max(picture.scores, key=lambda one: one.previous or 0.0)
    return best.layer, best.head


def looks_back(picture: Picture) -> Answer:
    """Which of four heads looks at the token before most? One from each quarter of the ranking."""
    ranked = sorted(picture.scores, key=lambda one: -(one.previous or 0.0))
    step = max(1, len(ranked) // N_OPTIONS)
    chosen = sorted(ranked[::step][:N_OPTIONS], key=lambda one: (one.layer, one.head))
    right = chosen.index(ranked[0])
    options = tuple(f"{one.layer}.{one.head}" for one in chosen)
    score = ranked[0].previous
    if score is None:  # a single token has none before it
        return Answer(right, {"head": options[right]}, options, ".none")
    return Answer(right, {"head": options[right], "score": f"{score:.2f}"}, options)


def _without(picture: Picture) -> tuple[str, str, float, float]:
    """That head, the likeliest next token, and its log P before and after the head is cut."""
    head = _previous(picture)
    token = int(picture.before.argmax())
    after = last_log_probabilities(picture.loaded, picture.text_ids, cut(Cuts(heads=frozenset([head]))))
    named = f"{head[0]}.{head[1]}"
    return named, picture.next_piece(token), float(picture.before[token]), float(after[token])


def cut_it(picture: Picture) -> Answer:
    """What becomes of the likeliest token's probability when that head is cut?"""
    head, piece, before, after = _without(picture)
    ratio = exp(after - before)
    right = 0 if ratio < HALF else 1 if ratio < KEPT else 2 if ratio <= RISEN else 3
    return Answer(right, {"head": head, "piece": piece, "p": percent(exp(before)), "q": percent(exp(after))})


def falls(picture: Picture) -> Answer:
    """By how many nats does its log P change?"""
    head, piece, before, after = _without(picture)
    values = {"head": head, "piece": piece, "change": signed(after - before)}
    return Answer(round(after - before, 1), values)
