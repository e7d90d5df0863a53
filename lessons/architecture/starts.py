"""Labs 1 and 2, one random start at a time, so that a moved slider stops the work after at most one."""

from __future__ import annotations

from dataclasses import replace

from app.engine import init_lab
from app.engine.init_lab import N_STARTS, Spread
from lessons.architecture.state import Start, State


def measure(state: State) -> State:
    """`state` with one more start of each open lab that still lacks one."""
    if "gradients" in state.labs and len(state.gradients) < N_STARTS:
        found = next(init_lab.gradient_norms(state.depth, state.scaled, state.init, 1, len(state.gradients)))
        start = Start((found.post_ln.mean, found.pre_ln.mean))
        state = replace(state, gradients=(*state.gradients, start))
    if "walk" in state.labs and len(state.walks) < N_STARTS:
        found = next(init_lab.residual_walk(state.depth, 1, len(state.walks)))
        start = Start((found.plain.mean, found.scaled.mean))
        state = replace(state, walks=(*state.walks, start))
    return state


def spreads(starts: tuple[Start, ...]) -> tuple[Spread, Spread]:
    """Mean, smallest and largest of each of the two curves over the starts measured so far."""
    first, second = (Spread.of([start.curves[index] for start in starts]) for index in (0, 1))
    return first, second
