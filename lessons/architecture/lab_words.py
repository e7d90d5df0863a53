"""What the labs' numbers say, in words that are picked from the numbers and claim no more than they show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from app.engine.init_lab import N_TEXTS
from app.engine.untrained import Recipe
from lessons.architecture.labs import RecordedRun, RecordedTraining
from lessons.architecture.picture import Picture

EVEN = 1.15  # times; of two norms that differ by less neither is called larger
OUTLIER = 3.0  # times the next block
SAME_LOSS = 0.3  # nats; two losses nearer than that are called alike
ORDER = {"post_ln": "first", "pre_ln": "second"}  # of the two halves of a sentence


def trend(first: float, last: float) -> str:
    """ "grows", "falls" or "level", from the norm at one block to that at a later one."""
    return "grows" if last > EVEN * first else "falls" if first > EVEN * last else "level"


def stands_out(norms: Sequence[float]) -> bool:
    """Block 0 is far above block 1, and there are later blocks to compare."""
    return len(norms) > 2 and norms[0] > OUTLIER * norms[1]


def gradients(picture: Picture, post: Sequence[float], pre: Sequence[float]) -> dict[str, str]:
    """Lab 1, from the norms of blocks 0, 1, … -> {"say", "why", "whose"}; why may be ""."""
    state, words = picture.state, picture.words
    say = " ".join(
        _curve(picture, placement, norms) for placement, norms in (("post_ln", post), ("pre_ln", pre))
    )
    recipe = Recipe("post_ln", state.depth, init=state.init)
    std = math.sqrt(2) * recipe.std  # of token plus position embedding
    small = state.init == "gpt" and stands_out(post)
    why = words("lab.gradients.why", std=f"{std:.3f}", times=f"{1 / std:.0f}") if small else ""
    whose = words(f"lab.gradients.whose.{state.init}", texts=N_TEXTS)
    if state.init == "xavier":
        whose += " " + words(f"lab.gradients.paper.{_as_in_the_paper(picture, post, pre)}")
    return {"say": say, "why": why, "whose": whose}


def _as_in_the_paper(picture: Picture, post: Sequence[float], pre: Sequence[float]) -> str:
    """Xiong et al. 2020, section 3.4: post-LN grows, pre-LN stays level; their models have no 1/√N."""
    if picture.state.scaled:
        return "scaled"
    if trend(post[0], post[-1]) != "grows":
        return "none"
    return "both" if trend(pre[0], pre[-1]) == "level" else "post"


def _curve(picture: Picture, placement: str, norms: Sequence[float]) -> str:
    """One half of the sentence: how the norms run from the first block to the last."""
    name, at, said = picture.words(f"lab.{placement}"), 0, ""
    if stands_out(norms):
        said, at = picture.words("lab.gradients.outlier", times=f"{norms[0] / norms[1]:.0f}"), 1
    run = picture.words(
        f"lab.gradients.{trend(norms[at], norms[-1])}.{ORDER[placement]}",
        at=at,
        first=shown(norms[at]),
        last=shown(norms[-1]),
        end=len(norms) - 1,
    )
    return picture.words("lab.gradients.curve", name=name, said=f"{said} {run}".strip())


def shown(norm: float) -> str:
    """Two decimals, or as many as two digits need."""
    return f"{norm:.2f}" if norm >= 0.1 else f"{norm:.2g}"


def verdict(cold: float, warm: float, record: RecordedTraining) -> str:
    """Which of two last losses in nats, without and with warm-up, is the better one.

    "neither" if both are nearer to the model that knows nothing than to the perfect one, "either" if they are
    about equal, else "warm" or "cold".
    """
    if min(cold, warm) > (record.best_loss + record.untaught_loss) / 2:
        return "neither"
    return "either" if abs(cold - warm) < SAME_LOSS else "warm" if warm < cold else "cold"


def training(picture: Picture, record: RecordedTraining, runs: Sequence[RecordedRun]) -> str:
    """What the recorded runs of one learning rate show: who learnt without warm-up, and who with it."""
    halves: list[str] = []
    for placement in ORDER:
        ends: dict[str, float] = {
            "warm" if run.warm_up else "cold": run.mean[-1] for run in runs if run.placement == placement
        }
        found = verdict(**ends, record=record)
        numbers: dict[str, Any] = {start: f"{loss:.2f}" for start, loss in ends.items()}
        halves.append(
            picture.words(f"lab.training.{found}", name=picture.words(f"lab.{placement}"), **numbers)
        )
    return " ".join(halves)


def lens(picture: Picture, plain: int, through: int) -> str:
    """Lab 3: why GPT-1's middle cannot be read, where the two ranks of the winner bear it out; else ""."""
    if through >= plain:
        return ""
    n = picture.runs["gpt1"].loaded.n_layer - 1
    return picture.words("lab.lens.why", n=n, plain=f"{plain:,}", through=f"{through:,}")
