"""The road of pre-training: the axis of its checkpoints, what is recorded of them, this sentence at each."""

from __future__ import annotations

import base64
import time
from typing import Any

from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from app import records
from app.engine import checkpoints
from app.engine.zero_shot_sets import ONE_THRESHOLD
from app.lesson import Context, Page
from app.parts import Part
from app.payload import Payload
from lessons.pretraining import compute
from lessons.pretraining.picture import Picture
from lessons.pretraining.state import FINISHED, TASKS, State

RECORD = "pretraining"
SIDE = 48  # cells of a small pattern
AT_ONCE = 0.12  # seconds of one answer
MOST_POINTS = 64


def recorded(picture: Picture) -> list[dict[str, Any]]:
    """What is recorded of each stop: the checkpoints in order, and the finished model."""
    data = records.read(RECORD)["data"]
    return [*data["checkpoints"], data["final"]]


def axis(picture: Picture) -> dict[str, Any] | None:
    """The stops of the scrubber, from left to right; None where the model has no checkpoints."""
    if not picture.steps:
        return None
    layer, head = picture.state.layer, picture.state.head
    stops = [
        {
            "at": at,
            "step": one["step"],
            "tokens": one["tokens"],
            "loss": one["held_out_loss"],
            "induction": one["heads"]["induction"][layer][head],
            "place": picture.place_of(one["step"]),
        }
        for at, one in zip([*picture.steps, FINISHED], recorded(picture), strict=True)
    ]
    return {"stops": stops, "vocabulary": picture.finished.vocab_size}


def zero(picture: Picture) -> dict[str, Any] | None:
    """Zero-shot accuracies, 0 for guessing and 1 for the fine-tuned model, in the language of the page."""
    if not picture.steps:
        return None
    record, lang = records.read(RECORD), picture.context.lang
    data, rows = record["data"], recorded(picture)
    curves = [
        {
            "task": task,
            "name": picture.words(f"task.{task}"),
            "accuracy": [row["zero_shot"][task][lang] for row in rows],
            "values": [row["normalised"][task][lang] for row in rows],
            "chance": data["chance"][task],
            "tuned": data["fine_tuned"][task][lang],
        }
        for task in TASKS
    ]
    about = {"command": record["command"], "date": record["date"], "n": data["examples"]}
    alone = data["final"]["zero_shot"]["acceptability"][f"{lang} {ONE_THRESHOLD}"]
    tuned = data["fine_tuned"]["acceptability"][lang]
    say = picture.words("zero.record", **about)
    beside = picture.words("zero.alone", alone=f"{alone:.1f}", tuned=f"{tuned:.1f}")
    return {"curves": curves, "say": say, "alone": beside}


def key(picture: Picture) -> str:
    """What the points of the road belong to."""
    return Part((*picture.of, picture.k, picture.state.layer, picture.state.head), dict).name


def points(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"key", "points"}: this sentence at each stop from `first` on, as many as a moment gives."""
    picture = Picture(context, page, state, context.model(page))
    stops = [*picture.steps, FINISHED]
    first = payload.whole("first", 0, MOST_POINTS)
    began, found = time.monotonic(), []
    for at in stops[first:]:
        found.append(_point(picture, at))
        if time.monotonic() - began > AT_ONCE:
            break
    return {"key": key(picture), "points": found}


def _point(picture: Picture, at: int) -> dict[str, Any]:
    loaded, ids, state = picture.checkpoint(at), picture.ids, picture.state
    short = compute.mean(compute.surprise(loaded, ids, picture.k))
    full = compute.mean(compute.surprise(loaded, ids, len(ids))) if picture.shortened else short
    pattern = checkpoints.pattern(loaded, ids, state.layer, state.head)
    return {"mean": round(short, 4), "full": round(full, 4), "pattern": thumbnail(pattern)}


def thumbnail(pattern: Tensor) -> dict[str, Any]:
    """pattern (T, T) -> {"side", "data"}: a byte a cell, 255 for 1; of many the largest under each cell."""
    side = min(SIDE, len(pattern))
    small = pattern if side == len(pattern) else adaptive_max_pool2d(pattern[None], side)[0]
    data = (small * 255).round().byte().numpy().tobytes()
    return {"side": side, "data": base64.b64encode(data).decode("ascii")}
