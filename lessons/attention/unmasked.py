"""Why causal: what the pattern would be without the mask. The model was not trained like this."""

from __future__ import annotations

from typing import Any

from app.engine.interventions import open_scores, without_mask
from app.views import heatmap
from lessons.attention.picture import Picture


def draw(picture: Picture) -> dict[str, Any]:
    """The pattern of the head on show with the same scores and softmax over all tokens."""
    state, query = picture.state, picture.query
    scores = open_scores(picture.loaded, picture.run.tensors, state.layer)  # (h, T, T)
    pattern = without_mask(scores)[state.head]  # (T, T)
    row = pattern[query].double()  # (T,)
    return {
        "pattern": heatmap.exact(pattern, most=pattern.numel()),
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
