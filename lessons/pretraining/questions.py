"""맞혀 보기 of 「사전학습」: the answers of the live model in words."""

from __future__ import annotations

from app.guess import Answer
from lessons.pretraining import compute
from lessons.pretraining.look import nats
from lessons.pretraining.picture import Picture
from lessons.pretraining.state import FINISHED

STOPS = ".?!"


def answer(picture: Picture, name: str) -> Answer:
    """The answer that the function `name` of compute finds, in words."""
    return {"most_surprising": _most, "shortest_memory": _short, "first_stop": _stop}[name](picture)


def _most(picture: Picture) -> Answer:
    found = compute.surprise(picture.finished, picture.ids, len(picture.ids))
    if len(found) < 2:
        return Answer(0, {}, tuple(view["piece"] for view in picture.tokens[-1:]), ".none")
    places, right = compute.most_surprising(found)
    options = tuple(picture.words("option.place", piece=picture.piece(one + 1), i=one + 2) for one in places)
    place = places[right]
    return Answer(right, {"piece": picture.piece(place + 1), "nats": nats(found[place])}, options)


def _short(picture: Picture) -> Answer:
    full = sum(compute.surprise(picture.finished, picture.ids, len(picture.ids)))
    one = sum(compute.surprise(picture.finished, picture.ids, 1))
    ratio, right = compute.shortest_memory(full, one)
    return Answer(right, {"full": nats(full), "one": nats(one), "ratio": f"{ratio:.1f}"})


def _stop(picture: Picture) -> Answer:
    stops = [*picture.steps, FINISHED]
    if len(stops) < 2:
        return Answer(0, {}, (picture.when(FINISHED),), ".none")
    chosen, right = compute.first_stop([_closes(picture, at) for at in stops])
    options = (*(picture.when(stops[one]) for one in chosen), picture.words("option.never"))
    if right == len(chosen):
        return Answer(right, {}, options, ".never")
    at = stops[chosen[right]]
    return Answer(right, {"at": picture.when(at), "text": _read(picture, at)}, options)


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
