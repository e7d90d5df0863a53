"""What every head looks at in *this* text: the six scores of `head_scores`, measured on the learner's tokens.

    previous, first, entropy, width    as there
    same        at a token that stands earlier in the text too: the weight on all its earlier places together
    induction   at such a token: the weight on the places right after its earlier places, together

Where the second half of a text repeats the first, and no token stands twice in a half, these are the same
numbers as there. A text is short and its tokens are not random, so they describe this text and prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from app.engine.head_scores import SCORES, HeadScores, score_any_text


def text_scores(patterns: Sequence[Tensor], ids: Sequence[int]) -> list[HeadScores]:
    """The scores of every head on one text, layer by layer.

    patterns: n_layer × (h, T, T), rows are queries and sum to 1. ids: the T tokens.
    None stands for what has no position: same and induction where no token repeats, and previous, first and
    entropy in a text of one token.
    """
    found = []
    for layer, pattern in enumerate(patterns):
        scores = score_text(pattern, ids)
        found += [
            HeadScores(
                layer, head, **{name: None if s is None else s[head].item() for name, s in scores.items()}
            )
            for head in range(pattern.shape[0])
        ]
    return found


def score_text(patterns: Tensor, ids: Sequence[int]) -> dict[str, Tensor | None]:
    """The patterns of some heads on one text, (nh, T, T) -> each score by name, (nh,), or None."""
    scores: dict[str, Tensor | None] = dict.fromkeys(SCORES)
    scores["width"] = torch.zeros(patterns.shape[0])  # of one token, which only sees itself
    if len(ids) > 1:
        scores |= score_any_text(patterns)
    tokens = torch.tensor(list(ids))
    earlier = (tokens[:, None] == tokens[None, :]).tril(-1)  # (T, T): the key is the query's token, before it
    again = earlier.any(1)  # (T,): the token has been there before
    if again.any():
        after = torch.zeros_like(earlier)
        after[:, 1:] = earlier[:, :-1]  # the key follows such a place
        scores["same"] = (patterns * earlier).sum(-1)[:, again].mean(-1)
        scores["induction"] = (patterns * after).sum(-1)[:, again].mean(-1)
    return scores
