"""Why causal: what the pattern would be without the mask. The model was not trained like this."""

from __future__ import annotations

import base64
from typing import Any

from app.engine.interventions import open_scores, without_mask
from lessons.attention.picture import Picture


def draw(picture: Picture) -> dict[str, Any]:
    """The pattern of the head on show with the same scores and softmax over all tokens, a byte a cell."""
    state, query = picture.state, picture.query
    scores = open_scores(picture.loaded, picture.run.tensors, state.layer)  # (h, T, T)
    pattern = without_mask(scores)[state.head]  # (T, T)
    row = pattern[query].double()  # (T,)
    return {
        "rows": pattern.shape[0],
        "data": base64.b64encode((pattern * 255).round().byte().numpy().tobytes()).decode("ascii"),
        "weights": [round(value, 5) for value in row.tolist()],
        "say": say(picture),
    }


def say(picture: Picture) -> str:
    """How much of its weight the chosen token would give to what comes after it."""
    n_later = len(picture.text_ids) - 1 - picture.query
    if not n_later:
        return picture.words("mask.last")
    state = picture.state
    row = without_mask(open_scores(picture.loaded, picture.run.tensors, state.layer))[
        state.head, picture.query
    ]
    later = float(row[picture.query + 1 :].sum())
    shown = {"i": picture.query + 1, "me": picture.piece(picture.query), "n": n_later, "w": f"{later:.2f}"}
    return picture.words("mask.later", **shown)
