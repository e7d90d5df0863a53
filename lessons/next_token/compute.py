"""The numbers behind 「GPT란?」: one pass, three filters, one random number (long: one small function each).

Pure: no gradio, no words.

Scores are float32 logits; probabilities are float64 so that the strip from 0 to 1 closes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch

from app.engine import next_token as engine
from app.engine.memory import SHARED, number_of
from app.engine.next_token import Node, Sampling, Warped
from app.guess import Answer
from app.models import LoadedModel
from lessons.next_token.state import State

SHOWN = 9
COMPARED_TOKENS = 8
COLD = 0.2
ONE_PICTURE = 8  # distributions: what one picture needs of them is computed once
LOOKED_THROUGH = 32  # likeliest tokens, among which there are eight that read differently


@dataclass(frozen=True)
class Step:
    """One forward pass and what the cache did for it.

    Args:
        ids: the whole input, also what has fallen out of the window.
        logits: (V,) of the next token.
        n_reused, n_computed: positions whose K and V came from the cache, and those computed now.
        n_dropped: tokens that are outside the context window.
        numbers_saved: 2 × layers × width × n_reused.
    """

    ids: tuple[int, ...]
    logits: torch.Tensor
    n_reused: int
    n_computed: int
    n_dropped: int
    numbers_saved: int


@dataclass(frozen=True)
class Row:
    """One bar. `spans` are its pieces of the strip from 0 to 1; `cut` names the filter that took it out.

    `rest` is the number of tokens that the last row stands for, 0 for a single token.
    """

    token_id: int
    before: float
    after: float
    cut: str
    spans: tuple[tuple[float, float], ...]
    rank: int
    rest: int = 0


def step(loaded: LoadedModel, state: State) -> Step:
    """The pass on show. What it gave lies in the shared memory, or is computed anew."""
    return _step(loaded, passed_ids(state), state.passed.n_reused)


@lru_cache(ONE_PICTURE)  # one picture asks for it many times
def _step(loaded: LoadedModel, ids: tuple[int, ...], n_reused: int) -> Step:
    n_window = min(len(ids), loaded.n_ctx)
    return Step(
        ids,
        engine.next_logits(loaded, ids),
        n_reused,
        n_computed=n_window - n_reused,
        n_dropped=len(ids) - n_window,
        numbers_saved=2 * loaded.n_layer * loaded.d_model * n_reused,
    )


def sampling(state: State) -> Sampling:
    return Sampling(state.temperature, state.top_k, state.top_p)


@lru_cache(ONE_PICTURE)
def _ranked(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return engine.ranked(logits)


@lru_cache(ONE_PICTURE)
def warped(logits: torch.Tensor, sampling: Sampling) -> Warped:
    """`engine.warp` of the very tensor `logits` (V,), which nobody changes."""
    return engine.warp(logits, sampling, _ranked(logits))


def path(state: State) -> list[Node]:
    """The tokens after the text, from the first to the one the learner stands on."""
    return [state.history.nodes[index] for index in state.history.path()]


def pending(state: State) -> bool:
    """A token stands in the output and has not come down to the input yet."""
    return state.history.current is not None and not state.landed


def context_ids(state: State) -> tuple[int, ...]:
    """The input of the pass on show: everything, but for the last token while it has not come down yet."""
    ids = tuple(state.history.ids())
    return ids[:-1] if pending(state) else ids


def draw_at(loaded: LoadedModel, state: State, draw_index: int) -> int:
    """The token that the settings of now draw with the `draw_index`-th random number of the seed."""
    bar = warped(step(loaded, state).logits, sampling(state))
    return engine.draw(bar.p_after, bar.order, engine.uniform(state.seed, draw_index))


def passed_ids(state: State) -> tuple[int, ...]:
    """The input of the last pass, also what has fallen out of the window; () where there was none yet."""
    if state.passed is None:
        return ()
    history = state.history
    return (*history.prompt, *(history.nodes[index].token_id for index in history.path_to(state.passed.node)))


def ended(loaded: LoadedModel, state: State) -> bool:
    """The model has drawn its end-of-text token, which stands in the output now."""
    return pending(state) and path(state)[-1].token_id == loaded.eot_id


def random_number(loaded: LoadedModel, state: State) -> float | None:
    """The number that drew the token on show; None when nothing is drawn, or it was chosen by hand.

    Also None when it was drawn with other settings or another seed: now the number falls elsewhere.
    """
    drawn = drawn_now(loaded, state)
    if drawn is None or drawn != path(state)[-1].token_id:
        return None
    return engine.uniform(state.seed, path(state)[-1].draw_index)


def drawn_now(loaded: LoadedModel, state: State) -> int | None:
    """The token that the settings of now draw in place of the one on show; None when no number drew that."""
    if not pending(state) or path(state)[-1].draw_index is None:
        return None
    return draw_at(loaded, state, path(state)[-1].draw_index)


def rows(warped: Warped, also: tuple[int, ...]) -> list[Row]:
    """The SHOWN likeliest tokens and the rest as one row.

    Those of `also` are among them whatever their place.
    """
    likeliest = warped.order[: SHOWN + len(also)].tolist()
    rank = {token_id: int((warped.order == token_id).nonzero()) for token_id in also}
    rank |= {token_id: place for place, token_id in enumerate(likeliest)}
    ends = warped.p_after[warped.order].double().cumsum(0)  # (V,)
    ends = ends / ends[-1]  # float32 probabilities do not add up to exactly 1
    shown = sorted(list(dict.fromkeys([*also, *likeliest]))[:SHOWN], key=rank.__getitem__)
    single = []
    for token_id in shown:
        place = rank[token_id]
        low = float(ends[place - 1]) if place else 0.0
        cut = "" if place < warped.n_after_top_p else "top-p" if place < warped.n_after_top_k else "top-k"
        p_after = float(warped.p_after[token_id])
        span = ((low, min(float(ends[place]), 1.0)),) if p_after > 0 else ()
        single.append(Row(token_id, float(warped.p_before[token_id]), p_after, cut, span, place))
    return [*single, _rest(single, len(warped.order), warped)]


def _rest(single: list[Row], vocabulary: int, warped: Warped) -> Row:
    """Everything that has no row of its own; on the strip it fills the gaps."""
    gaps, at = [], 0.0
    for row in single:
        for low, high in row.spans:
            if low > at + 1e-12:
                gaps.append((at, low))
            at = high
    if at < 1 - 1e-9:
        gaps.append((at, 1.0))
    n_rest = vocabulary - len(single)
    first = next((place for place, row in enumerate(single) if row.rank != place), len(single))
    cut = "" if first < warped.n_after_top_p else "top-p" if first < warped.n_after_top_k else "top-k"
    before = max(0.0, 1.0 - sum(row.before for row in single))
    return Row(-1, before, sum(high - low for low, high in gaps), cut, tuple(gaps), first, n_rest)


def guessed(loaded: LoadedModel, state: State) -> tuple[list[int], float, int] | None:
    """The learner's guess -> (its tokens, their probability in a row, rank of the first from 1)."""
    if state.guess is None:
        return None
    spaced = state.guess if state.guess[:1].isspace() else " " + state.guess
    ids = loaded.tokenizer.encode(spaced)
    if not ids:
        return None
    now = step(loaded, state)
    log_p, context, logits = 0.0, list(now.ids), now.logits
    rank = int((logits > logits[ids[0]]).sum()) + 1
    for token_id in ids:
        log_p += float(logits.double().log_softmax(-1)[token_id])
        context.append(token_id)
        logits = engine.next_logits(loaded, context)  # (V,)
    return ids, float(torch.tensor(log_p).exp()), rank


def compare(loaded: LoadedModel, state: State) -> dict[str, list[tuple[int, float]]]:
    """Greedy, sampling and beam search from the text on show -> {method: [(token id, probability)]}."""
    ids, knobs, seed = passed_ids(state), sampling(state), state.seed

    def make() -> tuple[dict[str, list[tuple[int, float]]], int]:
        found = {}
        for strategy in ("greedy", "sample", "beam"):
            steps = engine.generate(loaded, list(ids), COMPARED_TOKENS, strategy, knobs, seed)
            found[strategy] = [(one.token_id, one.p) for one in steps]
        return found, 0

    return SHARED.kept(("compare", number_of(loaded), ids, knobs, seed), make)


def cold_leader(loaded: LoadedModel, state: State) -> Answer:
    """Does the leader gain when the temperature falls to COLD? Asked with the filters off.

    With them it may hold everything already: 100 % that say nothing about temperature.
    """
    rank = _ranked(step(loaded, state).logits)
    leader = int(rank[1][0])
    p_now, p_cold = (engine.largest_probability(rank, one) for one in (state.temperature, COLD))
    right = 2 if abs(p_cold - p_now) < 1e-3 else 0 if p_cold > p_now else 1
    return Answer(right, {"best": leader, "now": p_now, "cold": p_cold})


def draws_with_one_box(loaded: LoadedModel, state: State) -> Answer:
    """How many different tokens ten draws give with top-k at 1."""
    bar = warped(step(loaded, state).logits, Sampling(state.temperature, 1, state.top_p))
    numbers = [engine.uniform(state.seed, i) for i in range(10)]
    drawn = set(engine.draw_all(bar.p_after, bar.order, numbers))
    return Answer(len(drawn), {"distinct": len(drawn), "pieces": tuple(drawn)})


def after_the_leader(loaded: LoadedModel, state: State) -> Answer:
    """What follows the leader: the model's first, third and eighth choice as options.

    They stand in the order of their ids, so the place tells nothing. Of tokens that read alike (GPT-1 has
    words, and beginnings of words) only the likeliest counts.
    """
    now = step(loaded, state)
    leader = int(now.logits.argmax())
    context = [*now.ids, leader]
    probabilities = engine.next_logits(loaded, context).double().softmax(-1)  # (V,)
    different: dict[str, int] = {}
    for piece in loaded.tokenizer.candidates(context, probabilities.topk(LOOKED_THROUGH).indices.tolist()):
        different.setdefault(piece.piece.strip(), piece.id)
    best = list(different.values())
    options = sorted((best[0], best[2], best[7]))
    listed = tuple((token_id, float(probabilities[token_id])) for token_id in best[:3])
    return Answer(options.index(best[0]), {"best": leader, "list": listed}, tuple(options))
