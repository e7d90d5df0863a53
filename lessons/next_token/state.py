"""What the lesson 「GPT란?」 remembers of one learner.

No torch here: the page is built from it before torch is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from app.engine.history import History
from app.links import Codec, flag, integer, number, unlinked, words

COLUMNS = 12  # tokens sent to the strip; it shows four to six of them
MAX_PATH = 256  # tokens after the text
MAX_NODES = 1024  # of the whole tree
MAX_DRAWS = 9_999  # a random number is found by making all before it, so a far one would cost memory and time
KNOBS = ("temperature", "top_k", "top_p", "seed")
TOP_K_STOPS = (*range(1, 21), 25, 30, 40, 50, 100, 0)  # 0 is off: every token stays


class Choice(NamedTuple):
    """One token after the text.

    Chosen by hand (`draw_index` None) or by the `draw_index`-th random number of the seed.
    """

    token_id: int
    draw_index: int | None


class Passed(NamedTuple):
    """The forward pass behind the picture, without its numbers.

    Args:
        node: the last token of its input in the tree; None where that is the text itself.
        n_reused: how many of its tokens the pass before it had in the same places, so that their keys and
            values are read and not computed.
    """

    node: int | None
    n_reused: int


def read_choices(text: str) -> tuple[Choice, ...]:
    """`12,7!,9@4` -> choices.

    `!` is by hand; a drawn token counts on from the drawn one before it unless `@` says its number.

    Raises:
        ValueError: anything else, or more than MAX_PATH tokens.
    """
    if not text:
        return ()
    parts = text.split(",")
    if len(parts) > MAX_PATH:
        raise ValueError(f"more than {MAX_PATH} tokens")
    choices, following = [], 0
    for part in parts:
        if part.endswith("!"):
            choices.append(Choice(_digits(part[:-1]), None))
            continue
        token_id, at, index = part.partition("@")
        draw_index = _digits(index) if at else following
        if draw_index > MAX_DRAWS:
            raise ValueError(f"{draw_index} is not the index of a random number")
        choices.append(Choice(_digits(token_id), draw_index))
        following = draw_index + 1
    return tuple(choices)


def write_choices(choices: tuple[Choice, ...]) -> str:
    """The inverse of `read_choices`."""
    parts, following = [], 0
    for token_id, draw_index in choices:
        if draw_index is None:
            parts.append(f"{token_id}!")
            continue
        parts.append(str(token_id) if draw_index == following else f"{token_id}@{draw_index}")
        following = draw_index + 1
    return ",".join(parts)


def _digits(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise ValueError(f"{text} is not a token id")
    return int(text)


@dataclass(frozen=True)
class State:
    """Fields with a codec are in links. `chosen` and `presses` are a scene's words for a beginning.

    Args:
        temperature: logits are divided by it, > 0.
        top_k: how many of the likeliest tokens stay; 0 is off.
        top_p: how much probability stays, from the top; 1 is off.
        seed: of the stream of random numbers that draws take one by one.
        draws: how many of them have been used up.
        landed: the last token has come down into the input, and nothing is drawn yet.
        hidden: the bars are covered until the learner has guessed.
        ids: the tokens after the text, on the path shown.
        chosen: words to put after the text by hand, at the start of a scene.
        presses: how many tokens to draw after those.
        guess: the learner's guess for the next token.
        compare: the three ways of decoding are on show.
        history: all paths tried.
        passed: the forward pass behind the picture.
    """

    temperature: float = field(default=0.8, metadata=number(0.1, 2.0, step=0.05))
    top_k: int = field(default=7, metadata=integer(0, 100, stops=TOP_K_STOPS))
    top_p: float = field(default=0.9, metadata=number(0.05, 1.0, step=0.05))
    seed: int = field(default=1, metadata=integer(0, 999_999))
    draws: int = field(default=0, metadata=integer(0, MAX_DRAWS))
    landed: bool = field(default=False, metadata=flag())
    hidden: bool = field(default=False, metadata=flag())
    ids: tuple[Choice, ...] = field(default=(), metadata={"link": Codec(read_choices, write_choices)})
    chosen: tuple[str, ...] = field(default=(), metadata=words(16, 40))
    presses: int = field(default=0, metadata=unlinked(integer(0, 16)))
    guess: str | None = None
    compare: bool = False
    history: History | None = None
    passed: Passed | None = field(default=None, compare=False, repr=False)
