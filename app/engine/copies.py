"""Who holds a private copy of a model: one for each visitor, all within a bound, gone when she has left.

A copy is no more than the steps that led to it, and those stand in the visitor's State: one that was thrown
out, by others' copies or by a restart, is made again from text, η and number of steps. So nothing is lost but
time, and what `Taught` gives depends on its arguments alone. Needs no torch until the first step.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from app.engine.memory import MEGABYTE, SHARED, number_of
from app.errors import InputError

if TYPE_CHECKING:
    from app.engine.log_probs import Distribution, LogProbs
    from app.engine.sgd import Copy, Gradient, StepReport
    from app.models import LoadedModel

DEFAULT_LIMIT = 256 * MEGABYTE  # 23 copies of an embedded model
BYTES_OF_AN_ANSWER = 4000

Result = TypeVar("Result")

_visitor: ContextVar[str] = ContextVar("visitor", default="")


@contextmanager
def visitor(name: str) -> Iterator[None]:
    """Whose copy is meant by what is done meanwhile in this thread; without a name, no copy is kept."""
    token = _visitor.set(name)
    try:
        yield
    finally:
        _visitor.reset(token)


class Copies:
    """The copies of all visitors, at most `limit` bytes; the one used longest ago goes first.

    May be used from several threads at once. A copy that is thrown out at work is freed when its work ends.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT):
        self.limit = limit
        self._held: OrderedDict[str, tuple[int, Copy]] = OrderedDict()  # number of the model, its copy
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def n_bytes(self) -> int:
        """Bytes of all weights that are held."""
        with self._lock:
            return sum(copy.n_bytes for _, copy in self._held.values())

    def of(self, name: str, loaded: LoadedModel) -> Copy:
        """The visitor's copy of that model, whatever steps it has made; a new one where she has none.

        Raises InputError("copy_too_large") for a model of which none may be held.
        """
        from app.engine.sgd import Copy, n_bytes

        number = number_of(loaded)
        with self._lock:
            found = self._held.get(name)
            if found is not None and found[0] == number:
                self._held.move_to_end(name)
                return found[1]
            self._held.pop(name, None)
        size = n_bytes(loaded)
        if size > self.limit:
            most = self.limit // MEGABYTE
            raise InputError("copy_too_large", name=loaded.name, n=size // MEGABYTE, limit=most)
        made = Copy(loaded)
        if name:
            with self._lock:
                self._held[name] = number, made
                self._shrink()
        return made

    def leave(self, name: str) -> None:
        """That visitor has gone."""
        with self._lock:
            self._held.pop(name, None)

    def clear(self) -> None:
        """Hold none."""
        with self._lock:
            self._held.clear()

    def _shrink(self) -> None:
        while sum(copy.n_bytes for _, copy in self._held.values()) > self.limit:
            self._held.popitem(last=False)


COPIES = Copies()


@dataclass(frozen=True)
class Taught:
    """A model after steps on one sentence, `rates` one η for each; without steps, the model itself.

    What it gives is computed on the visitor's copy, which is brought there first, and kept for all by what it
    is made of. Everything raises as `sgd.Copy.step`, and InputError("copy_too_large").
    """

    loaded: LoadedModel
    ids: tuple[int, ...]
    rates: tuple[float, ...] = ()
    decay: float = 0.0

    def report(self) -> StepReport | None:
        """What the last step changed; None before the first."""
        if not self.rates:
            return None
        earlier, rate = Taught(self.loaded, self.ids, self.rates[:-1], self.decay), self.rates[-1]
        return self._kept(
            ("report",), lambda: earlier._on_copy(lambda copy: copy.step(self.ids, rate, self.decay), True)
        )

    def log_probs(self, k: int | None = None) -> LogProbs:
        """Equation (1) on the sentence, as `log_probs.log_probs`."""
        from app.engine.log_probs import log_probs

        return self.ask(("log probs", k), lambda loaded: log_probs(loaded, self.ids, k))

    def distribution(self, place: int, k: int | None = None) -> Distribution:
        """What is expected at a place, as `log_probs.distribution`."""
        from app.engine.log_probs import distribution

        return self.ask(("distribution", place, k), lambda loaded: distribution(loaded, self.ids, place, k))

    def held_out(self, lang: str, n: int = 10) -> tuple[float, ...]:
        """L1 of each of `n` other sentences, as `sentence_loss.held_out_losses`."""
        from app.engine.sentence_loss import held_out_losses

        return self.ask(("held out", lang, n), lambda loaded: held_out_losses(loaded, lang, n))

    def look_ahead(self, rates: Sequence[float]) -> tuple[Gradient, tuple[float | None, ...]]:
        """The gradient of the next step, and L1 after one of each of `rates`, as `sgd.Copy.look_ahead`."""
        rates = tuple(rates)
        return self._kept(
            ("ahead", rates),
            lambda: self._on_copy(lambda copy: copy.look_ahead(self.ids, rates, self.decay)),
        )

    def ask(self, what: tuple, work: Callable[[LoadedModel], Result]) -> Result:
        """`work` on these weights, which must leave them as they are; what it gives is plain data, named by
        `what`.
        """
        if not self.rates:
            return work(self.loaded)
        return self._kept(what, lambda: self._on_copy(lambda copy: work(copy.loaded)))

    def _on_copy(self, work: Callable[[Copy], Result], steps: bool = False) -> Result:
        """steps: `work` makes a step. Who only looks at the model itself needs no copy of her own: the one
        she has stays where it is.
        """
        copy = COPIES.of(_visitor.get() if self.rates or steps else "", self.loaded)
        with copy.lock:
            copy.replay(self.ids, self.rates, self.decay)
            return work(copy)

    def _kept(self, what: tuple, make: Callable[[], Result]) -> Result:
        key = ("taught", number_of(self.loaded), self.ids, self.rates, self.decay, *what)
        return SHARED.kept(key, lambda: (make(), BYTES_OF_AN_ANSWER))
