"""One step of SGD on one sentence, on a private copy of a model.

    Θ ← Θ − η·(g + w·Θ),   g = ∂/∂Θ of the mean −ln P of the sentence's tokens (equation 1, L1 alone)

Maximum likelihood has w = 0. With w > 0 it is MAP: a prior N(0, 1/w) on the weights adds (w/2)‖Θ‖² to the
loss, whose gradient is w·Θ; for plain SGD that is exactly weight decay, for AdamW it is not. As in GPT-1,
only matrices decay: "all non bias or gain weights". Sources: GPT-1 (Radford et al. 2018), equation (1) and
section 4.1; Loshchilov and Hutter 2019, section 2.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import RLock
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from app.engine.controls import check_number
from app.engine.hooks import check_fits
from app.engine.log_probs import log_probs
from app.engine.objective import WEIGHT_DECAY
from app.engine.sentence_loss import mean_loss
from app.errors import InputError, ModelError

if TYPE_CHECKING:
    from app.models import LoadedModel

MOST_STEPS = 50
LARGEST_RATE = 1000.0


@dataclass(frozen=True)
class Gradient:
    """What a step would follow.

    norm: ‖g‖. norms: of its parts, "embeddings", "blocks.0.attention", "blocks.0.mlp", "blocks.0.ln", …, and
        in GPT-2 "final ln"; their squares add up to norm². prior: (w/2)‖Θ‖² in nats. prior_norm: ‖w·Θ‖.
    """

    norm: float
    norms: dict[str, float]
    weight_decay: float
    prior: float
    prior_norm: float

    @property
    def prior_share(self) -> float:
        """‖w·Θ‖ / (‖g‖ + ‖w·Θ‖): the prior's share of the two lengths that a step of MAP is made of."""
        whole = self.norm + self.prior_norm
        return self.prior_norm / whole if whole else 0.0


@dataclass(frozen=True)
class StepReport:
    """One step. before, after: ln P of the second token and all after it, in nats, each given all before it.

    rate: η. decay: the w of the step itself, 0 for maximum likelihood. gradient: that of the step; its prior
        is told for w = 0.01, the paper's, where the step has none.
    """

    rate: float
    decay: float
    before: tuple[float, ...]
    after: tuple[float, ...]
    gradient: Gradient

    @property
    def l1_before(self) -> float:
        """The mean −ln P in nats per token."""
        return -math.fsum(self.before) / len(self.before)

    @property
    def l1_after(self) -> float:
        return -math.fsum(self.after) / len(self.after)


Step = tuple[tuple[int, ...], float, float]  # ids, rate, decay


class Copy:
    """A private copy of a model's weights. For several threads at once; the model itself never changes.

    n_bytes: what it holds. steps: those that led to the weights as they are. lock: hold it over several
        calls that belong together; what `loaded` computes is of the weights as they are then.
    """

    def __init__(self, loaded: LoadedModel):
        self._source = loaded
        self.lock = RLock()
        self.steps: tuple[Step, ...] = ()
        self.loaded = replace(loaded, model=copy.deepcopy(loaded.model))
        self.n_bytes = n_bytes(loaded)

    def step(self, ids: Sequence[int], rate: float, decay: float = 0.0) -> StepReport:
        """One step on `ids` (n ≥ 2 tokens) -> what it changed.

        Raises InputError: "too_few_tokens", "too_many_tokens", "unknown_token", "not_a_number",
        "out_of_range", "too_many_steps", and "step_diverged" where the weights are no use after it: then it
        has not been made.
        """
        with self.lock:
            wanted = self._check(ids, rate, decay)
            before = log_probs(self.loaded, ids).log_p
            gradient = self._gradient(wanted[0])
            told = self._told(gradient, decay)
            self._go(wanted, gradient)
            del gradient
            try:
                after = log_probs(self.loaded, ids).log_p
            except ModelError as error:
                self.undo()
                raise InputError("step_diverged", rate=rate) from error
            return StepReport(wanted[1], wanted[2], before, after, told)

    def undo(self) -> None:
        """As it was before the last step: made again from the beginning. Nothing to undo is of no account."""
        with self.lock:
            self._make(self.steps[:-1])

    def replay(self, ids: Sequence[int], rates: Sequence[float], decay: float = 0.0) -> None:
        """The weights after these steps, whatever was before; those that it has made already stay.

        Raises as `step`.
        """
        with self.lock:
            self._make([self._check(ids, rate, decay, number) for number, rate in enumerate(rates)])

    def look_ahead(
        self, ids: Sequence[int], rates: Sequence[float], decay: float = 0.0
    ) -> tuple[Gradient, tuple[float | None, ...]]:
        """The gradient here, and the L1 after one step of each of `rates` along it (nats per token).

        None where the weights would be no use any more. The weights stay as they are. Raises as `step`.
        """
        with self.lock:
            for rate in rates:
                self._check(ids, rate, decay, 0)
            ids, _, decay = self._check(ids, 0.0, decay, 0)
            gradient = self._gradient(ids)
            start = [weight.detach().clone() for weight in self._weights()]
            found: list[float | None] = []
            try:
                for rate in rates:
                    self._move(gradient, rate, decay, start)
                    loss = self._l1(ids)
                    found.append(loss if math.isfinite(loss) else None)
            finally:
                self._put(start)
            return self._told(gradient, decay), tuple(found)

    def _make(self, wanted: Sequence[Step]) -> None:
        wanted = tuple(wanted)
        if self.steps != wanted[: len(self.steps)]:
            self._put(self._source.model.parameters())
            self.steps = ()
        for one in wanted[len(self.steps) :]:
            self._go(one, self._gradient(one[0]))

    def _go(self, one: Step, gradient: Sequence[Tensor]) -> None:
        """Make the step; one that ends in weights that are no numbers is taken back."""
        self._move(gradient, one[1], one[2])
        if not all(math.isfinite(weight.sum().item()) for weight in self._weights()):
            made, self.steps = self.steps, (*self.steps, one)
            self._make(made)
            raise InputError("step_diverged", rate=one[1])
        self.steps = (*self.steps, one)
        self._changed()

    def _gradient(self, ids: tuple[int, ...]) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            return torch.autograd.grad(mean_loss(self.loaded, torch.tensor([ids])), self._weights())

    @torch.no_grad()
    def _move(
        self, gradient: Sequence[Tensor], rate: float, decay: float, start: Sequence[Tensor] | None = None
    ) -> None:
        """Θ − rate·(gradient + decay·Θ), from `start` or from where it is."""
        weights = self._weights()
        for weight, slope, first in zip(weights, gradient, start or weights, strict=True):
            shrunk = first * (1 - rate * decay) if decay and weight.dim() == 2 else first
            torch.add(shrunk, slope, alpha=-rate, out=weight)

    @torch.no_grad()
    def _l1(self, ids: tuple[int, ...]) -> float:
        return mean_loss(self.loaded, torch.tensor([ids])).item()

    def _weights(self) -> list[nn.Parameter]:
        return list(self.loaded.model.parameters())

    @torch.no_grad()
    def _put(self, weights: Sequence[Tensor]) -> None:
        for mine, other in zip(self._weights(), weights, strict=True):
            mine.copy_(other)
        self._changed()

    def _changed(self) -> None:
        """What was computed of the weights as they were is not true of them any more."""
        self.loaded = replace(self.loaded)

    def _told(self, gradient: Sequence[Tensor], decay: float) -> Gradient:
        w = decay or WEIGHT_DECAY
        parts: dict[str, list[Tensor]] = {}
        for (name, _), slope in zip(self.loaded.model.named_parameters(), gradient, strict=True):
            parts.setdefault(part_of(name), []).append(slope)
        norms = {part: length(slopes) for part, slopes in parts.items()}
        matrices = [weight.detach() for weight in self._weights() if weight.dim() == 2]
        size = length(matrices, torch.float64)
        return Gradient(math.hypot(*norms.values()), norms, w, w / 2 * size**2, w * size)

    def _check(self, ids: Sequence[int], rate: float, decay: float, made: int | None = None) -> Step:
        if len(ids) < 2:
            raise InputError("too_few_tokens", n=len(ids))
        check_fits(self.loaded, ids)
        if (len(self.steps) if made is None else made) >= MOST_STEPS:
            raise InputError("too_many_steps", limit=MOST_STEPS)
        rate = check_number("rate", rate, 0, LARGEST_RATE)
        return tuple(ids), rate, check_number("decay", decay, 0, 1)


def part_of(name: str) -> str:
    """The part that a weight of `transformers`' model belongs to, as in `Gradient.norms`."""
    words = name.removeprefix("transformer.").split(".")
    if words[0] == "h":
        kind = {"attn": "attention", "mlp": "mlp"}.get(words[2], "ln")
        return f"blocks.{words[1]}.{kind}"
    return {"ln_f": "final ln", "lm_head": "output"}.get(words[0], "embeddings")


def n_bytes(loaded: LoadedModel) -> int:
    """Bytes of a model's weights; a table used twice counts once."""
    return sum(weight.numel() * weight.element_size() for weight in loaded.model.parameters())


def length(tensors: Sequence[Tensor], dtype: torch.dtype = torch.float32) -> float:
    """The Euclidean norm of all their numbers together."""
    return math.hypot(*(torch.linalg.vector_norm(tensor, dtype=dtype).item() for tensor in tensors))
