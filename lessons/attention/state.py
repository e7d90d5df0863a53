"""What the lesson 「어텐션」 remembers of one learner. No torch here: the page is built from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from app.links import Codec, choice, flag, integer, unlinked

VIEWS = ("ours", "head", "model", "neuron")  # 우리 보기, and bertviz's three
MODES = ("curves", "heatmap")
TOOLS = ("cut", "exchange", "mask")
SCORES = ("previous", "first", "same", "induction", "entropy", "width")
MODES_OF_A_CUT = ("zero", "mean")
MAX_BLOCKS = 48  # of the largest GPT-2
MAX_HEADS = 25
MAX_TOKENS = 128  # of a text in this lesson: more rows than pixels cannot be seen
MOST_PARTS = 200  # cut or exchanged at once
LONGEST_OTHER = 300  # characters of the second sentence
MOST_OTHER = 1000  # that are taken, so that a longer one can be told
LAST = -1  # the last token; of the answers the likeliest one

_PART = re.compile(r"(?:(\d{1,2})\.(\d{1,2})|([am])(\d{1,2}))")


def read_parts(text: str) -> tuple[str, ...]:
    """ "2.4,a1,m0" -> head 2.4, the attention of block 1 and the MLP of block 0, each once and in order.

    Raises ValueError for anything else.
    """
    parts = text.split(",") if text else []
    if len(parts) > MOST_PARTS or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError(f"{text!r} names no heads")
    return tuple(sorted(set(parts), key=order))


def order(part: str) -> tuple[int, int]:
    """Where a part stands among others: by block, heads before the whole attention before the MLP."""
    layer, head, kind, block = _PART.fullmatch(part).groups()
    return (int(layer), int(head)) if kind is None else (int(block), MAX_HEADS + (kind == "m"))


def place(part: str) -> tuple[str, int, int]:
    """ "2.4" -> ("head", 2, 4); "a1" -> ("attention", 1, -1); "m0" -> ("mlp", 0, -1)."""
    layer, head, kind, block = _PART.fullmatch(part).groups()
    if kind is None:
        return "head", int(layer), int(head)
    return ("attention" if kind == "a" else "mlp"), int(block), -1


def _read_heads(text: str) -> tuple[str, ...]:
    heads = read_parts(text)
    if any(place(part)[0] != "head" for part in heads):
        raise ValueError(f"{text!r} names more than heads")
    return heads


def _read_other(text: str) -> str:
    if len(text) > MOST_OTHER or "\0" in text:
        raise ValueError("too long for a second sentence")
    text.encode()  # half a character is a ValueError
    return text


def _written(parts: tuple[str, ...]) -> str:
    return ",".join(parts)


def _taken(read: Any) -> Codec:
    def accept(value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is written as in a link")
        return read(value)

    return Codec(read, _written, accept)


@dataclass(frozen=True)
class State:
    """Fields with a codec are in links. Layers, heads and tokens count from 0.

    Args:
        view: one of VIEWS.
        layer, head: the head that is shown large; a model with fewer shows its last one.
        query: the token that looks; LAST is the last one.
        mode: how the large head is drawn, one of MODES.
        rank: the score by which heads are ranked, or "label": the pattern that each is named after.
        lists: scores on the random lists instead of those on this text.
        tool: what stands at the right, one of TOOLS.
        cuts: what is switched off, as `read_parts` gives it.
        how: what stands in its place, one of MODES_OF_A_CUT.
        target: the token whose log P is followed; LAST is the likeliest one without a cut.
        other: the second sentence of an exchange; "" is the example of the text.
        swaps: the heads that are exchanged at once.
        position: the token at which they are; LAST is all of them.
        model: of the cuts and swaps, which mean nothing in another one.
    """

    view: str = field(default="ours", metadata=choice(*VIEWS))
    layer: int = field(default=3, metadata=integer(0, MAX_BLOCKS - 1))
    head: int = field(default=2, metadata=integer(0, MAX_HEADS - 1))
    query: int = field(default=LAST, metadata=integer(LAST, MAX_TOKENS - 1))
    mode: str = field(default="curves", metadata=choice(*MODES))
    rank: str = field(default="label", metadata=choice("label", *SCORES))
    lists: bool = field(default=False, metadata=flag())
    tool: str = field(default="cut", metadata=choice(*TOOLS))
    cuts: tuple[str, ...] = field(default=(), metadata={"link": _taken(read_parts)})
    how: str = field(default="zero", metadata=choice(*MODES_OF_A_CUT))
    target: int = field(default=LAST, metadata=integer(LAST, 10**6))
    other: str = field(default="", metadata={"link": Codec(_read_other, str)})
    swaps: tuple[str, ...] = field(default=(), metadata={"link": _taken(_read_heads)})
    position: int = field(default=LAST, metadata=integer(LAST, MAX_TOKENS - 1))
    model: str = field(default="", metadata=unlinked(choice("")))


def is_cut(state: State) -> bool:
    """The head that is shown large is among what is switched off, alone or with its whole block."""
    return bool({f"{state.layer}.{state.head}", f"a{state.layer}"} & set(state.cuts))
