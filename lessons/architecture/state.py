"""What the lesson 「GPT-1 vs GPT-2」 remembers of one learner. No torch here: the page is built from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.links import Codec, choice, flag, integer

SIDES = ("gpt1", "gpt2")
CHANGES = ("ln", "final", "init", "vocabulary", "context", "sizes")  # in the order of the slide
TERMS = ("embed", "position", "blocks", "unembed")  # GPT-1, equation (2), from left to right
INITS = ("gpt", "xavier")  # start values in lab 1: this project's, and those of Xiong et al. 2020
LABS = ("gradients", "walk", "lens", "parameters")
DEPTHS = (2, 48)  # of the untrained models in the labs
MAX_BLOCKS = 48  # of the largest GPT-2
MAX_HEADS = 25
NO_NODE = "none"
ROWS = (-1, 1023)  # of the token that is marked

_HOOK = re.compile(r"[a-z][a-z0-9_.]{0,59}")


def _read_node(text: str) -> str:
    """The name of a tensor; which ones a model has is known only when it is loaded."""
    if not _HOOK.fullmatch(text):
        raise ValueError(f"{text} is not the name of a tensor")
    return text


@dataclass(frozen=True)
class Start:
    """The two curves of one lab at one random start.

    gradients: norms by block, (post-LN, pre-LN). walk: std by addition, (plain, scaled by 1/√N).
    """

    curves: tuple[list[float], list[float]]


@dataclass(frozen=True)
class State:
    """Fields with a codec are in links.

    Args:
        lit: what is lit in both drawings: one of CHANGES, one of TERMS, or "none".
        block: the block that is open; a model with fewer blocks opens its last one.
        side: the column whose tensor is in the panel.
        node: the tensor in the panel, by its name in a trace; NO_NODE shows what `lit` is about.
        head: the head whose pattern is in full in the panel; a model with fewer heads shows its last one.
        row: the token whose row is marked, counted from 0 among those shown; -1 is the last one.
        depth, scaled: of the untrained models in labs 1 and 2; scaled is GPT-2's 1/√N.
        init: the start values in lab 1, one of INITS.
        labs: those that are open.
        gradients, walks: the random starts measured so far with these settings.
    """

    lit: str = field(default="ln", metadata=choice("none", *CHANGES, *TERMS))
    block: int = field(default=2, metadata=integer(0, MAX_BLOCKS - 1))
    side: str = field(default="gpt2", metadata=choice(*SIDES))
    node: str = field(default="blocks.2.ln1.hook_normalized", metadata={"link": Codec(_read_node, str)})
    head: int = field(default=0, metadata=integer(0, MAX_HEADS - 1))
    row: int = field(default=-1, metadata=integer(*ROWS))
    depth: int = field(default=12, metadata=integer(*DEPTHS))
    scaled: bool = field(default=False, metadata=flag())
    init: str = field(default="gpt", metadata=choice(*INITS))
    labs: tuple[str, ...] = ()
    gradients: tuple[Start, ...] = field(default=(), repr=False)
    walks: tuple[Start, ...] = field(default=(), repr=False)
