"""What the lesson 「용어」 remembers of one learner. No torch here: the page is built from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app import cards
from app.languages import CODES
from app.links import Codec, flag, integer

MIDDLE = -1  # the blank where the lesson's own text says, in any other text the middle token
MOST_TOKENS = 128
SHOTS = (0, 1, 2, 4, 8)
TASKS = {  # a downstream task's card -> what its example is drawn from
    "text-classification": "classification",
    "nli": "entailment",
    "text-generation": "generation",
    "question-answering": "choice",
}
FEW = ("in-context", "zero-shot", "one-shot", "few-shot")  # terms beside which the examples stand
WAYS = ("fine-tuning", "prompt-tuning")
LONGEST_RELATION = 40
_RELATION = re.compile(r"[\w ]*")


def _term(written: str) -> str:
    if written not in cards.terms(CODES[0]):
        raise ValueError(f"{written!r} has no card")
    return written


def _relation(written: str) -> str:
    if len(written) > LONGEST_RELATION or not _RELATION.fullmatch(written):
        raise ValueError(f"{written!r} names no relation")
    return written


@dataclass(frozen=True)
class State:
    """Fields with a codec are in links.

    Args:
        term: the card that is open. Which node of the map is chosen, and what stands under the card, follows.
        position: the token that is hidden, counted from 0.
        relation: which lists of examples, as `app.engine.few_shot` names them; "" the first of the language.
        shots: how many examples are shown.
        seed: of the list that is drawn.
        table: whether the three ways are looked at together, until a card is opened.
    """

    term: str = field(default="in-context", metadata={"link": Codec(_term, str, _term)})
    position: int = field(default=MIDDLE, metadata=integer(MIDDLE, MOST_TOKENS - 1))
    relation: str = field(default="", metadata={"link": Codec(_relation, str, _relation)})
    shots: int = field(default=4, metadata=integer(0, SHOTS[-1], stops=SHOTS))
    seed: int = field(default=0, metadata=integer(0, 999))
    table: bool = field(default=False, metadata=flag())


def demo(term: str) -> str:
    """What stands under the card: "few", "ways", "tasks" or ""."""
    if term in FEW:
        return "few"
    if term in WAYS:
        return "ways"
    return "tasks" if term == "downstream" or term in TASKS else ""
