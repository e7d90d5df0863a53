"""What the lesson 「사전학습」 remembers of one learner. No torch here: the page is built from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from app.links import Codec, choice, flag, integer

BACKGROUND = (
    "tasks",
    "labels",
    "goal",
    "transfer",
    "plan",
)  # pictures beside the stage, in the slides' order
TASKS = ("sentiment", "reference", "acceptability", "choice")  # of the zero-shot curves
MAX_TOKENS = 128  # of a text in this lesson: narrower bars cannot be seen
MAX_BLOCKS, MAX_HEADS = 48, 25
MOST_STEPS = 50
LARGEST_STEP = 10**7  # of pre-training
LARGEST_RATE = 250  # in thousandths
RATES = tuple(range(2, 26, 2)) + tuple(range(30, 101, 5))  # in thousandths: stops of the slider
FINISHED = 0  # of checkpoints: the model as it is when pre-training has ended
SURPRISING = -1  # of tokens: the one with the longest bar
NONE = -1


def read_steps(text: str) -> tuple[int, ...]:
    """ "40x3,10" -> the learning rates of four steps of SGD, in thousandths: 40, 40, 40, 10.

    Raises ValueError for anything else, and for more than MOST_STEPS of them.
    """
    rates: list[int] = []
    for part in text.split(",") if text else []:
        rate, x, times = part.partition("x")
        if not all(one.isascii() and one.isdigit() and len(one) <= 3 for one in (rate, times if x else "1")):
            raise ValueError(f"{part!r} is no step")
        rates += [int(rate)] * int(times or 1)
        if len(rates) > MOST_STEPS or not 0 < int(rate) <= LARGEST_RATE:
            raise ValueError(f"{text!r} are no steps")
    return tuple(rates)


def write_steps(rates: tuple[int, ...]) -> str:
    """The inverse of `read_steps`."""
    runs = ((rate, len(list(run))) for rate, run in groupby(rates))
    return ",".join(str(rate) if times == 1 else f"{rate}x{times}" for rate, times in runs)


def _accept_steps(value: Any) -> tuple[int, ...]:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is written as in a link")
    return read_steps(value)


@dataclass(frozen=True)
class State:
    """Fields with a codec are in links. Layers, heads and tokens count from 0.

    Args:
        view: "stage", or one of BACKGROUND.
        k: how many tokens before it each token may see; 0 is all that fit.
        token: the u_i that is chosen; SURPRISING is the one with the longest bar.
        at: the update of pre-training after which the model is shown; FINISHED is its end.
        since: the checkpoint whose bars stand as an outline, NONE for none.
        steps: learning rates of the steps taken on this sentence, in thousandths.
        rate: of the next one, in thousandths.
        layer, head: the head that is shown through pre-training.
        prior: weight decay counts too (MAP).
        task: of the zero-shot heuristics, the one that is measured again.
        zero: what is told is of the zero-shot curves, and not of the bars.
    """

    view: str = field(default="stage", metadata=choice("stage", *BACKGROUND))
    k: int = field(default=0, metadata=integer(0, 1024))
    token: int = field(default=SURPRISING, metadata=integer(SURPRISING, MAX_TOKENS - 1))
    at: int = field(default=FINISHED, metadata=integer(FINISHED, LARGEST_STEP))
    since: int = field(default=NONE, metadata=integer(NONE, LARGEST_STEP))
    steps: tuple[int, ...] = field(
        default=(), metadata={"link": Codec(read_steps, write_steps, _accept_steps)}
    )
    rate: int = field(default=10, metadata=integer(1, LARGEST_RATE))
    layer: int = field(default=3, metadata=integer(0, MAX_BLOCKS - 1))
    head: int = field(default=2, metadata=integer(0, MAX_HEADS - 1))
    prior: bool = field(default=False, metadata=flag())
    task: str = field(default="choice", metadata=choice(*TASKS))
    zero: bool = field(default=False, metadata=flag())
