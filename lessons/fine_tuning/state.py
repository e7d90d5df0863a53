"""What the lesson 「미세조정」 remembers of one learner: task, sentences and settings of the next run.

The run itself lives in the page (draw.js). No torch here: the page needs this before torch is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.links import Codec, choice, integer, number

TASKS = ("sentiment", "acceptability", "entailment", "similarity", "choice", "reference", "own")
TRAINED = ("full", "head", "last", "prompts")
VIEWS = ("train", "layers", "parts", "own")
ALL_LAYERS = 48  # more than any model has: as many as there are
LONGEST_FIELD = 500
STEPS = (60, 100, 150, 200, 300)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)


def text(longest: int) -> dict[str, Codec]:
    """A learner's own words, "" where she has written none."""

    def accept(value: object) -> str:
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise ValueError(f"no text of at most {longest} characters")
        return value

    return {"link": Codec(accept, str, accept)}


def _rate(written: str) -> float:
    value = float(written)
    if value not in RATES:
        raise ValueError(f"{written} is none of {RATES}")
    return value


@dataclass(frozen=True)
class State:
    """Fields with a codec are in links.

    Args:
        view: what stands in the middle: the run, layers transferred, what is trained, own data.
        task: one of TASKS.
        second, third, fourth: the fields of an input after the page's text; "" is the task's own example.
        lambda_: λ of the next step; in a link, of the next run.
        rate: peak of the learning rate.
        layers: how many pre-trained layers are transferred: -1 nothing, 0 the embeddings, ALL_LAYERS all.
        trained: what a run may change, one of TRAINED.
        seed: of the starting weights and of the order of the batches.
        steps: how long a run is.
    """

    view: str = field(default="train", metadata=choice(*VIEWS))
    task: str = field(default="sentiment", metadata=choice(*TASKS))
    second: str = field(default="", metadata=text(LONGEST_FIELD))
    third: str = field(default="", metadata=text(LONGEST_FIELD))
    fourth: str = field(default="", metadata=text(LONGEST_FIELD))
    lambda_: float = field(default=0.5, metadata=number(0.0, 2.0, step=0.05))
    rate: float = field(default=0.001, metadata={"link": Codec(_rate, repr, lambda value: _rate(str(value)))})
    layers: int = field(default=ALL_LAYERS, metadata=integer(-1, ALL_LAYERS))
    trained: str = field(default="full", metadata=choice(*TRAINED))
    seed: int = field(default=0, metadata=integer(0, 999))
    steps: int = field(default=300, metadata=integer(1, 300, stops=STEPS))
