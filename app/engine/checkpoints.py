"""The road of a real model: the weights that pre-training left on its way, and one text along all of them.

`checkpoints.json` beside the weights tells of each how many tokens it had read and what was measured on it
(training/evaluate/checkpoints.py). A checkpoint is read once, by the one loader, from under 3 MB, and kept
among a few; the ones beside it are read meanwhile, so that moving along the road is immediate.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from app.engine.decoding import finish
from app.engine.interventions import head_pattern
from app.engine.log_probs import LogProbs, measuring
from app.engine.memory import SHARED as MEMORY
from app.engine.memory import number_of
from app.errors import ModelError
from app.models.loading import load, read_step
from app.models.registry import ModelSpec

if TYPE_CHECKING:
    from torch import Tensor

    from app.models import LoadedModel

log = logging.getLogger(__name__)

MODELS_FOLDER = Path(__file__).parents[2] / "assets" / "models"
MODEL = "tiny-gpt2"  # the embedded model whose road is kept
MOST = 8  # loaded checkpoints, 11 MB each


@dataclass(frozen=True)
class Checkpoint:
    """step: updates of pre-training. tokens: read until then. loss: on held-out text, nats per token.
    induction: the score of its best head.
    """

    step: int
    tokens: int
    loss: float
    induction: float


@cache
def facts(model: str = MODEL) -> dict[str, Any]:
    """checkpoints.json as it stands: with "command", "date", "split", "examples". Nobody changes it."""
    return json.loads((MODELS_FOLDER / model / "checkpoints.json").read_text(encoding="utf-8"))


@cache
def road(model: str = MODEL) -> tuple[Checkpoint, ...]:
    """The committed checkpoints in order."""
    return tuple(
        Checkpoint(one["step"], one["tokens_seen"], one["loss"], one["induction"])
        for one in facts(model)["checkpoints"]
    )


class Checkpoints:
    """Loaded checkpoints of one model, the `most` that were asked for last. For several threads at once."""

    def __init__(self, spec: ModelSpec, steps: Sequence[int], most: int = MOST):
        self.spec, self._steps, self._most = spec, tuple(steps), most
        self._loaded: OrderedDict[int, LoadedModel] = OrderedDict()
        self._reading = {step: Lock() for step in self._steps}
        self._guard = Lock()
        self._thread: Thread | None = None

    def __len__(self) -> int:
        return len(self._loaded)

    def __contains__(self, step: int) -> bool:
        """It is loaded: asking for it takes no time."""
        return step in self._loaded

    def at(self, step: int | None) -> LoadedModel:
        """The model after that many updates, None for the finished one.

        Raises ModelError: "unknown_step" for another number, "broken_weights".
        """
        if step is None:
            return load(self.spec)
        if isinstance(step, bool) or step not in self._reading:
            raise ModelError("unknown_step", name=self.spec.name, step=str(step)[:20])
        with self._guard:
            found = self._loaded.get(step)
            if found is not None:
                self._loaded.move_to_end(step)
                return found
        with self._reading[step]:
            if (found := self._loaded.get(step)) is None:
                found = read_step(self.spec, step)
                self._keep(step, found)
        return found

    def ahead(self, step: int | None) -> Thread | None:
        """Read the neighbours of that one in a thread -> the thread, None where nothing is to be done."""
        place = len(self._steps) if step is None else self._steps.index(step)
        beside = [self._steps[i] for i in (place + 1, place - 1) if 0 <= i < len(self._steps)]
        missing = [one for one in beside if one not in self]
        with self._guard:
            if not missing or (self._thread is not None and self._thread.is_alive()):
                return None
            self._thread = Thread(target=self._read, args=(missing,), name="checkpoints")
            self._thread.start()
            return self._thread

    def _read(self, steps: Sequence[int]) -> None:
        for step in steps:
            try:
                self.at(step)
            except ModelError as error:  # told when it is asked for
                log.warning("a checkpoint cannot be read: %s", error)

    def _keep(self, step: int, loaded: LoadedModel) -> None:
        with self._guard:
            self._loaded[step] = loaded
            while len(self._loaded) > self._most:
                self._loaded.popitem(last=False)


@cache
def shared() -> Checkpoints:
    """Those of this process."""
    spec = ModelSpec(MODEL, "embedded", str(MODELS_FOLDER / MODEL))
    return Checkpoints(spec, [one.step for one in road()])


def at(step: int | None) -> LoadedModel:
    """The checkpoint, for `log_probs`, patterns and continuations like any model; its neighbours are read
    meanwhile. Raises as `Checkpoints.at`.
    """
    found = shared().at(step)
    shared().ahead(step)
    return found


def along(ids: Sequence[int], k: int | None = None) -> dict[int | None, LogProbs]:
    """Equation (1) on one text at every checkpoint, and at last (None) by the finished model.

    Raises as `log_probs`.
    """
    return finish(walking(ids, k))


def walking(ids: Sequence[int], k: int | None = None) -> Generator[None, None, dict[int | None, LogProbs]]:
    """`along`, which pauses after every block."""
    found: dict[int | None, LogProbs] = {}
    for step in (*(one.step for one in road()), None):
        found[step] = yield from measuring(shared().at(step), ids, k)
    return found


def pattern(loaded: LoadedModel, ids: Sequence[int], layer: int, head: int) -> Tensor:
    """`interventions.head_pattern`, (T, T), kept for all visitors: eight of them are one picture."""
    key = ("head pattern", number_of(loaded), tuple(ids), layer, head)

    def make() -> tuple[Tensor, int]:
        found = head_pattern(loaded, ids, layer, head)
        return found, found.nbytes

    return MEMORY.kept(key, make)
