"""A run of fine-tuning that goes on in pieces while others look at it.

Steps are those of `finetune`, looks those of `tuned`; the learning rate rises and falls by the `recipe`. One
thread calls `step`; any thread may read the news, look at the weights as they are now, change λ, or take the
run back to a mark. The weights after each step are new tensors, so a look needs no lock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any, NamedTuple

import torch
from torch import Tensor

from app.engine.finetune import FineTuning, Plan
from app.engine.inputs import Batch, Example, grouped_batches
from app.engine.parameters import Shape
from app.engine.recipe import RECIPE
from app.engine.tasks import LENGTH
from app.engine.tuned import Looks, rounded
from app.errors import InputError

EVERY = 20  # steps between two evaluations, where the page wants no other number
MOST_MARKS = 2
MOST_STEPS = 3000  # in all, with those that were taken back

Event = dict[str, Any]


@dataclass(frozen=True)
class Material:
    """What a run trains on and is measured by; without dev examples nothing is evaluated.

    world: sentences of the model's own world as ids, each after end-of-text. end: the token that ends a text.
    """

    tuning: FineTuning
    train: Sequence[Example]
    dev: Sequence[Example] = ()
    world: Sequence[Sequence[int]] = ()
    batch_seed: int = 0
    end: int | None = None


class Weights(NamedTuple):
    """A run after `n_steps` steps: the vector and its moments, each (P,)."""

    flat: Tensor
    first: Tensor
    second: Tensor
    n_steps: int


class Mark(NamedTuple):
    """A moment of a run that was kept."""

    weights: Weights
    lambda_: float
    learning_rate: float


class LiveRun:
    """One run, which trains while `goes`, up to step `target`. failed: None, "nan" or "long" (MOST_STEPS).

    prepare: called by the first `step`, so that a run that waits holds nothing. lambda_, learning_rate (the
        peak of the recipe's): hold from the next step on.
    """

    def __init__(
        self,
        plan: Plan,
        shape: Shape,
        prepare: Callable[[], Material],
        steps: int,
        lambda_: float,
        learning_rate: float,
    ):
        self.plan, self.shape = plan, shape
        self.steps, self.target, self.goes = steps, steps, False
        self.lambda_, self.learning_rate = lambda_, learning_rate
        self.every = EVERY
        self.failed: str | None = None
        self._prepare = prepare
        self._material: Material | None = None
        self._now: Weights | None = None
        self._measured: Weights | None = None
        self._batches: list[Batch] = []
        self._further: Iterator[Batch] = iter(())
        self._n_made = 0
        self._marks: dict[int, Weights] = {}
        self._n_marks = 0
        self._events: list[Event] = []
        self._lock = Lock()  # for what follows from a step; never held while something is computed

    @property
    def n_steps(self) -> int:
        """Steps that led to the weights as they are now."""
        now = self._now
        return now.n_steps if now else 0

    @property
    def n_events(self) -> int:
        """`since` of the news that are still to come."""
        return len(self._events)

    @property
    def begun(self) -> bool:
        """It has weights: the looks below can be had."""
        return self._now is not None

    @property
    def wants(self) -> bool:
        """There is a piece of work to be done."""
        now = self._now
        return now is None or (self.failed is None and (self._is_due(now) or self._trains(now)))

    def lead(self, goes: bool, target: int, lambda_: float, learning_rate: float, every: int = EVERY) -> None:
        """What the page wants from the next step on. To go on after a pause forgives a loss that was no
        number. every: steps between two evaluations, one after the last step too; 0 for none but the first.
        """
        if goes and not self.goes and self.failed == "nan":
            self.failed = None
        self.lambda_, self.learning_rate = lambda_, learning_rate
        self.target, self.goes, self.every = target, goes, every

    def step(self) -> None:
        """The next piece of work: the beginning, an evaluation, or one step of training."""
        before = self._now
        if before is None:
            return self._begin()
        if self._is_due(before):
            measured = self._measure(before)
            with self._lock:
                if self._now is before:  # not taken back meanwhile
                    self._events += measured
                    self._measured = before
        elif self._trains(before):
            self._train(before)

    def news(self, since: int, most: int) -> tuple[list[Event], int]:
        """(what has happened since event `since`, at most `most` of it, the `since` of the next question)."""
        with self._lock:
            found = self._events[since : since + most]
        return found, min(since, len(self._events)) + len(found)

    def look(self, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """Examples by the weights as they are now -> P(label) (n, n_labels), and the L1 of each (n,).

        Raises InputError("run_waits") before the run has begun, as the other looks and `mark` do.
        """
        flat = self._weights().flat
        return self._looks.at_examples(flat, examples)

    def task_loss(self) -> list[float]:
        """L1 of each dev example, in nats per token."""
        self._weights()
        return self.look(self._material.dev)[1].tolist()

    def world_loss(self) -> list[float]:
        """L1 of each sentence of the model's own world."""
        self._weights()
        return self.line_losses(self._material.world)

    def line_losses(self, lines: Sequence[Sequence[int]]) -> list[float]:
        """L1 of each line of ids, whose first token is given."""
        flat = self._weights().flat
        return self._looks.at_lines(flat, lines)

    def proceed(self, ids: Sequence[int], n: int) -> list[tuple[int, float]]:
        """Greedy continuation: up to n tokens, each with its probability."""
        flat = self._weights().flat
        return self._looks.further(flat, ids, n, LENGTH, self._material.end)

    def mark(self) -> tuple[int, int]:
        """Keep this moment -> (a number for `back`, its step). Of more than MOST_MARKS the oldest is lost."""
        with self._lock:
            now = self._weights()
            self._n_marks += 1
            self._marks[self._n_marks] = Mark(now, self.lambda_, self.learning_rate)
            while len(self._marks) > MOST_MARKS:
                del self._marks[next(iter(self._marks))]
            return self._n_marks, now.n_steps

    def back(self, mark: int) -> Mark | None:
        """Go on from a mark, with the batches that came then; None where it is no longer kept."""
        with self._lock:
            kept = self._marks.get(mark)
            if kept is not None:
                self._now, self.lambda_, self.learning_rate = kept
                self.failed = None if self.failed == "nan" else self.failed
            return kept

    def _begin(self) -> None:
        self._material = material = self._prepare()
        tuning, size = material.tuning, RECIPE.batch_size
        self._further = grouped_batches(material.train, size, self.steps, material.batch_seed)
        self._looks = Looks(self.shape, self.plan.one_logit_per_sequence)
        self._now = Weights(tuning.flat, tuning.first_moment, tuning.second_moment, 0)

    def _weights(self) -> Weights:
        if self._now is None:
            raise InputError("run_waits")
        return self._now

    def _is_due(self, now: Weights) -> bool:
        n = now.n_steps
        at_a_stop = (n % self.every == 0 or n == self.steps) if self.every else n == 0
        return at_a_stop and self._measured is not now and len(self._material.dev) > 0

    def _trains(self, now: Weights) -> bool:
        return self.goes and now.n_steps < min(self.target, self.steps)

    def _train(self, before: Weights) -> None:
        tuning, started = self._material.tuning, time.perf_counter()
        while len(self._batches) <= before.n_steps:
            self._batches.append(next(self._further))
        tuning.flat, tuning.first_moment, tuning.second_moment, tuning.n_steps = before
        tuning.lambda_ = self.lambda_
        tuning.learning_rate = RECIPE.learning_rate_at(before.n_steps, self.steps, self.learning_rate)
        (report,) = tuning.steps([self._batches[before.n_steps]])
        after = Weights(tuning.flat, tuning.first_moment, tuning.second_moment, tuning.n_steps)
        event = {"what": "step", "ms": 1000 * (time.perf_counter() - started)} | asdict(report)
        self._n_made += 1
        with self._lock:
            if self._now is not before:  # taken back meanwhile: this step has not been
                return
            if not math.isfinite(report.l3):
                self.failed = "nan"
                return
            self._now = after
            self._events.append(event)
            if self._n_made >= MOST_STEPS:
                self.failed = "long"

    def _measure(self, now: Weights) -> list[Event]:
        """The event of an evaluation on the dev examples."""
        dev = self._material.dev
        probabilities, l1 = self._looks.at_examples(now.flat, dev)  # (n, n_labels), (n,)
        if not (probabilities.isfinite().all() and l1.isfinite().all()):
            self.failed = "nan"
            return []
        labels = torch.tensor([example.label for example in dev])
        accuracy = (probabilities.argmax(-1) == labels).double().mean().item()
        found = {"accuracy": accuracy, "probabilities": rounded(probabilities), "l1": l1.mean().item()}
        return [{"what": "dev", "step": now.n_steps} | found]
