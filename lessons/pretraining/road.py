"""The road of pre-training: the axis of its checkpoints, what is recorded of them, this sentence at each."""

from __future__ import annotations

import base64
import json
import time
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from app.lesson import Context, Page
from app.parts import Part
from app.payload import Payload
from lessons.pretraining import compute
from lessons.pretraining.picture import Picture
from lessons.pretraining.state import FINISHED, TASKS, State

SIDE = 48  # cells of a small pattern
AT_ONCE = 0.12  # seconds of one answer
MOST_POINTS = 64


@cache
def read_json(file: str) -> dict[str, Any]:
    """A file of ours, read once; {} where there is none."""
    path = Path(file)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def measured(folder: str) -> dict[str, Any]:
    """What was measured of the checkpoints in a model's folder; {} where there are none."""
    return read_json(f"{folder}/checkpoints.json")


def end_of_training(folder: str) -> tuple[int, int]:
    """(updates, tokens seen) of the whole pre-training."""
    progress = read_json(f"{folder}/training.json")["progress"]
    return progress["step_number"], progress["tokens_seen"]


def axis(picture: Picture) -> dict[str, Any] | None:
    """The stops of the scrubber, from left to right; None where the model has no checkpoints."""
    if not picture.steps:
        return None
    recorded = {one["step"]: one for one in measured(picture.spec.location)["checkpoints"]}
    updates, tokens = end_of_training(picture.spec.location)
    stops = [
        {
            "at": step,
            "step": step,
            "tokens": recorded[step]["tokens_seen"],
            "loss": recorded[step]["loss"],
            "induction": recorded[step]["induction"],
            "place": picture.place_of(step),
        }
        for step in picture.steps
    ]
    last = {"loss": None, "induction": None, "place": picture.place_of(updates)}
    return {
        "stops": [*stops, {"at": FINISHED, "step": updates, "tokens": tokens, **last}],
        "vocabulary": picture.finished.vocab_size,
    }


def zero(picture: Picture) -> dict[str, Any] | None:
    """Zero-shot accuracies, 0 for guessing and 1 for the fine-tuned model, in the language of the page."""
    facts = measured(picture.spec.location) if picture.steps else {}
    if not facts:
        return None
    lang = picture.context.lang
    rows = [*facts["checkpoints"], {"zero_shot": facts["final"]}]
    curves = []
    for task in TASKS:
        chance, tuned = facts["chance"][task], facts["fine_tuned"][task][lang]
        accuracy = [row["zero_shot"][task][lang] for row in rows]
        curves.append(
            {
                "task": task,
                "name": picture.words(f"task.{task}"),
                "accuracy": accuracy,
                "values": [round((one - chance) / (tuned - chance), 4) for one in accuracy],
                "chance": chance,
                "tuned": tuned,
            }
        )
    about = {"command": facts["command"], "date": facts["date"], "n": facts["examples"]}
    return {"curves": curves, "say": picture.words("zero.record", **about)}


def key(picture: Picture) -> str:
    """What the points of the road belong to."""
    return Part((*picture.of, picture.k, picture.state.layer, picture.state.head), dict).name


def points(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"key", "points"}: this sentence at each checkpoint, from the stop `first` on, as many as a moment gives."""
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
    pattern = compute.pattern(loaded, ids, state.layer, state.head)
    return {"mean": round(short, 4), "full": round(full, 4), "pattern": thumbnail(pattern)}


def thumbnail(pattern: Tensor) -> dict[str, Any]:
    """pattern (T, T) -> {"side", "data"}: a byte a cell, 255 for 1; of many the largest under each cell."""
    side = min(SIDE, len(pattern))
    small = pattern if side == len(pattern) else adaptive_max_pool2d(pattern[None], side)[0]
    data = (small * 255).round().byte().numpy().tobytes()
    return {"side": side, "data": base64.b64encode(data).decode("ascii")}
