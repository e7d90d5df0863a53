"""The named endpoints of the glossary: a blank filled from both sides, and a list of examples to complete.

They keep what `app.endpoints` promises of all. Both use the embedded models, whichever is picked on the page.
"""

from __future__ import annotations

from typing import Any

from app.endpoints import MAX_SEED, N_TOP
from app.engine.controls import check_number
from app.models import load
from app.models.registry import EMBEDDED
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


def few_shot(relation: str, shots: int, seed: int) -> Json:
    """{"prompt", "answers": [{"piece", "p"}], "right"}; with an empty relation {"relations": [names]}.

    A fresh list of `shots` examples (0 to 8) and one word that is asked for, drawn with the seed, answered by
    tiny-gpt2. answers: every candidate of that kind of list, its probability with the comma that closes it,
    renormalised to 1, the largest first. right: the candidate that is right. The names of both languages are
    told together. One seed asks for one word whatever `shots` is.
    """
    from app.engine import few_shot as engine

    if relation == "":
        return {"relations": [one.name for one in engine.relations()]}
    of = engine.relation_named(relation)
    seed = check_number("seed", seed, 0, MAX_SEED, whole=True)
    one = engine.drawn(of, shots, seed)
    found = engine.answers(load(EMBEDDED[0]), one, one.most_shots)
    return {
        "prompt": one.prompt(one.most_shots),
        "answers": [{"piece": piece, "p": p} for piece, p in found],
        "right": one.answer,
    }
