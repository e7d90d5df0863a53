"""The named endpoints of the glossary: a blank filled from both sides, and a list of examples to complete.

They keep what `app.endpoints` promises of all. Both use the embedded models, whichever is picked on the page.
"""

from __future__ import annotations

from typing import Any

from app.endpoints import N_TOP
from app.models.tokens import learner_text

Json = dict[str, Any]


def fill_blank(text: str, position: int) -> Json:
    """{"top": [{"id", "piece", "p"}]}: the ten tokens that tiny-bert finds likeliest in one place of a text.

    position: of the token that is replaced by the mask token, counted from 0 in tiny-bert's tokens, which are
    those of tiny-gpt2. What it reads beside them, end-of-text after the text, is added and not counted. An
    empty text has no such place and is an error; so is a text longer than the context of 64 with end-of-text,
    which tells how many tokens there were.
    """
    from app.engine import blank
    from app.models import load_masked

    text, model = learner_text(text), load_masked()
    filled = blank.fill_blank(model, text, position)
    top = filled.likeliest(N_TOP)
    pieces = model.tokenizer.candidates(filled.ids[: filled.position], [id_ for id_, _ in top])
    return {
        "top": [
            {"id": id_, "piece": piece.piece, "p": p} for (id_, p), piece in zip(top, pieces, strict=True)
        ]
    }
