"""Writing on from a prompt: greedy, sampling, and beam search (equal to `transformers`' generate, tested)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from app.engine.cache import KVCache, check_ids
from app.engine.controls import Sampling, Strategy, check_strategy
from app.engine.forward import hidden, unembed
from app.engine.key_values import KeyValues
from app.engine.sampling import draw, uniform, warp

if TYPE_CHECKING:
    from app.models import LoadedModel

N_BEAMS = 4
Result = TypeVar("Result")


@dataclass(frozen=True)
class Step:
    """One new token and its plain softmax probability where it was taken."""

    token_id: int
    p: float


def generate(
    loaded: LoadedModel,
    ids: Sequence[int],
    n: int,
    strategy: Strategy = "greedy",
    sampling: Sampling | None = None,
    seed: int = 0,
) -> list[Step]:
    """Up to `n` tokens after `ids`. An end-of-text token, where the model has one, is the last when it comes.

    sampling and seed count for "sample" only, whose i-th token uses the i-th number of the seed's stream.
    "beam" keeps four beams and returns the text with the highest mean log-probability per token.
    Raises InputError: "no_tokens", "unknown_token" or "unknown_strategy".
    """
    return finish(generating(loaded, ids, n, strategy, sampling, seed))


def finish(steps: Generator[None, None, Result]) -> Result:
    """Run a generator to its end -> what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def generating(
    loaded: LoadedModel,
    ids: Sequence[int],
    n: int,
    strategy: Strategy = "greedy",
    sampling: Sampling | None = None,
    seed: int = 0,
) -> Generator[None, None, list[Step]]:
    """`generate`, which pauses after every token, so that others may use the processor meanwhile."""
    check_ids(loaded, ids)
    if check_strategy(strategy) == "beam":
        return (yield from _beam_search(loaded, list(ids), n))
    cache, steps, sampling = KVCache(), [], sampling or Sampling()
    while len(steps) < n and not (steps and steps[-1].token_id == loaded.eot_id):
        logits = cache.logits(loaded, [*ids, *(step.token_id for step in steps)])  # (V,)
        if strategy == "greedy":
            token_id, p = int(logits.argmax()), logits.softmax(dim=0)
        else:
            warped = warp(logits, sampling)
            token_id, p = draw(warped.p_after, warped.order, uniform(seed, len(steps))), warped.p_before
        steps.append(Step(token_id, p[token_id].item()))
        yield
    return steps


@dataclass(frozen=True)
class _Beam:
    """Tokens written so far, the log-probability of each, and their sum."""

    ids: tuple[int, ...] = ()
    log_ps: tuple[float, ...] = ()
    total: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / len(self.ids)

    def steps(self) -> list[Step]:
        p = torch.tensor(self.log_ps, dtype=torch.float64).exp().tolist()
        return [Step(*pair) for pair in zip(self.ids, p, strict=True)]


class _BeamLogits:
    """Logits after each of some texts that share a prompt; keys and values are kept while the context has
    room.
    """

    def __init__(self, loaded: LoadedModel, prompt: list[int]):
        self._loaded, self._prompt = loaded, prompt
        self._memory = KeyValues(loaded)

    def after(self, beams: list[_Beam], parents: list[int]) -> Tensor:
        """(B beams, V). `parents`: which text of the call before each beam continues, by one token."""
        n_ctx = self._loaded.n_ctx
        texts = [[*self._prompt, *beam.ids] for beam in beams]
        with torch.no_grad():
            if len(texts[0]) > n_ctx:  # the window slides: every token moves, and nothing that is kept holds
                final = hidden(self._loaded, torch.tensor([text[-n_ctx:] for text in texts]))
            else:
                n_held = len(self._memory)
                if n_held:
                    self._memory.pick(parents)
                final = hidden(self._loaded, torch.tensor([text[n_held:] for text in texts]), self._memory)
            return unembed(self._loaded, final[:, -1])


def _beam_search(loaded: LoadedModel, prompt: list[int], n: int) -> Generator[None, None, list[Step]]:
    """The finished text with the highest mean log-probability.

    Each step takes the 2 · N_BEAMS best continuations of all beams: those that end are finished if they are
    among the best N_BEAMS, the best N_BEAMS others go on. It stops early when no open beam is better, per
    token so far, than the worst of N_BEAMS finished ones. (`transformers` with length_penalty 1 and
    early_stopping False.)
    """
    logits_of = _BeamLogits(loaded, prompt)
    open_beams, parents = [_Beam()], [0]
    finished: list[_Beam] = []
    for length in range(1, n + 1):
        log_p = logits_of.after(open_beams, parents).log_softmax(dim=-1)  # (B, V)
        totals = torch.tensor([beam.total for beam in open_beams])[:, None] + log_p  # (B, V)
        best = totals.flatten().topk(min(2 * N_BEAMS, totals.numel()))
        candidates = []
        for total, place in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            parent, token_id = divmod(place, loaded.vocab_size)
            beam = open_beams[parent]
            log_ps = (*beam.log_ps, log_p[parent, token_id].item())
            candidates.append((_Beam((*beam.ids, token_id), log_ps, total), parent))
        ends = [length == n or beam.ids[-1] == loaded.eot_id for beam, _ in candidates]
        finished += [beam for (beam, _), end in zip(candidates[:N_BEAMS], ends, strict=False) if end]
        finished = sorted(finished, key=lambda beam: beam.mean, reverse=True)[:N_BEAMS]
        going_on = [candidate for candidate, end in zip(candidates, ends, strict=True) if not end][:N_BEAMS]
        if not going_on or (len(finished) == N_BEAMS and going_on[0][0].mean <= finished[-1].mean):
            break
        open_beams, parents = [beam for beam, _ in going_on], [parent for _, parent in going_on]
        yield
    return finished[0].steps()
