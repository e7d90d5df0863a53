"""맞혀 보기 of 「사전학습」: the answers of the live model in words."""

from __future__ import annotations

from app.guess import Answer
from lessons.pretraining import compute
from lessons.pretraining.look import nats
from lessons.pretraining.picture import Picture
from lessons.pretraining.state import FINISHED

OPTIONS = 4
STOPS = ".?!"


def answer(picture: Picture, name: str) -> Answer:
    """The answer of the question function `name`."""
    return {"most_surprising": most_surprising, "shortest_memory": shortest_memory, "first_stop": first_stop}[
        name
    ](picture)


def most_surprising(picture: Picture) -> Answer:
    """Which token of this sentence surprises the model most? Among four, evenly from the ranking."""
    found = compute.surprise(picture.finished, picture.ids, len(picture.ids))
    if len(found) < 2:
        return Answer(0, {}, tuple(view["piece"] for view in picture.tokens[-1:]), ".none")
    ranked = sorted(range(len(found)), key=lambda place: -found[place])
    places = sorted(ranked[:: max(1, len(ranked) // OPTIONS)][:OPTIONS])
    right = places.index(ranked[0])
    options = tuple(picture.words("guess.option", piece=picture.piece(one + 1), i=one + 2) for one in places)
    values = {"piece": picture.piece(ranked[0] + 1), "nats": nats(found[ranked[0]])}
    return Answer(right, values, options)


def shortest_memory(picture: Picture) -> Answer:
    """What becomes of the sum when k is 1? Nearly the same, half as much again, or twice and more."""
    full = sum(compute.surprise(picture.finished, picture.ids, len(picture.ids)))
    one = sum(compute.surprise(picture.finished, picture.ids, 1))
    ratio = one / full if full else 1.0
    right = 0 if ratio < 1.25 else 1 if ratio < 1.75 else 2
    return Answer(right, {"full": nats(full), "one": nats(one), "ratio": f"{ratio:.1f}"})


def first_stop(picture: Picture) -> Answer:
    """At which checkpoint does the model first close the sentence that it goes on with?"""
    stops = [*picture.steps, FINISHED]
    closing = [_closes(picture, at) for at in stops]
    names = [
        picture.words("when.end") if at == FINISHED else picture.words("when.step", n=f"{at:,}")
        for at in stops
    ]
    if len(stops) < 2:
        return Answer(0, {}, (names[-1],), ".none")
    chosen = [0, 2, 4, len(stops) - 1] if len(stops) > 5 else list(range(len(stops)))
    options = [names[one] for one in chosen]
    if True not in closing:
        return Answer(len(options), {}, (*options, picture.words("guess.closes.never")), ".never")
    first = closing.index(True)
    if first not in chosen:  # in the place of the nearest of the four
        nearest = min(range(len(chosen)), key=lambda one: abs(chosen[one] - first))
        chosen[nearest] = first
        options = [names[one] for one in chosen]
    values = {"at": names[first], "text": _read(picture, stops[first])}
    return Answer(chosen.index(first), values, (*options, picture.words("guess.closes.never")))


def _closes(picture: Picture, at: int) -> bool:
    _, new = compute.written(picture.checkpoint(at), picture.ids)
    pieces = [piece.piece for piece in picture.finished.tokenizer.pieces(new)]
    return picture.finished.eot_id in new or any(
        piece.strip()[-1:] in STOPS for piece in pieces if piece.strip()
    )


def _read(picture: Picture, at: int) -> str:
    """The prompt and what the checkpoint wrote after it, up to where it ended."""
    prompt, new = compute.written(picture.checkpoint(at), picture.ids)
    if picture.finished.eot_id in new:
        new = new[: new.index(picture.finished.eot_id)]
    return picture.finished.tokenizer.decode([*prompt, *new]).strip()
