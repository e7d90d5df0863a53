"""The numbers behind 「GPT란?」: one forward pass, three filters, one random number.

Pure: no gradio, no words.

Scores are float32 logits; probabilities are float64 so that the strip from 0 to 1 closes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from app.engine import next_token as engine
from app.engine.next_token import History, KVCache, Node, Sampling, Warped
from app.errors import InputError
from app.guess import Answer
from app.models import LoadedModel
from lessons.next_token.state import KNOBS, MAX_DRAWS, MAX_NODES, MAX_PATH, TOP_K_STOPS, Choice
from lessons.next_token.tree import likeliest_first, top_of_view

if TYPE_CHECKING:
    from lessons.next_token.state import State

SHOWN = 9
COMPARED_TOKENS = 8
COLD = 0.2
ONE_PICTURE = 8  # distributions: what one picture needs of them is computed once
LOOKED_THROUGH = 32  # likeliest tokens, among which there are eight that read differently
MOST_LOOKED_UP = 12  # nodes of the tree in view whose followers get their probabilities for one picture


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


def sampling(state: State) -> Sampling:
    return Sampling(state.temperature, state.top_k, state.top_p)


@lru_cache(ONE_PICTURE)
def _ranked(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return engine.ranked(logits)


@lru_cache(ONE_PICTURE)
def warped(logits: torch.Tensor, sampling: Sampling) -> Warped:
    """`engine.warp` of the very tensor `logits` (V,), which nobody changes."""
    return engine.warp(logits, sampling, _ranked(logits))


def start(loaded: LoadedModel, text: str, state: State) -> State:
    """Tokens of `text` as the input, then the path that a link or a scene asks for.

    Raises:
        InputError("no_tokens"): the tokenizer makes nothing of the text.
    """
    prompt = loaded.tokenizer.encode(text)
    if not prompt:
        raise InputError("no_tokens")
    state = replace(state, history=History(tuple(prompt)), cache=KVCache(), step=None)
    if state.ids:
        return _settle(loaded, _as_if_drawn(loaded, _plant(loaded, state, state.ids)))
    words = (loaded.tokenizer.encode(" " + word) for word in state.chosen)
    chosen = [Choice(token_id, None) for ids in words for token_id in ids]
    wanted = state.landed
    if chosen:
        state = _as_if_drawn(loaded, _plant(loaded, state, chosen))
    for _ in range(state.presses):
        state = draw(loaded, state)
    landed = wanted and state.history.current is not None
    return _settle(loaded, replace(state, chosen=(), presses=0, landed=landed))


def _plant(loaded: LoadedModel, state: State, choices: Sequence[Choice]) -> State:
    """Put `choices` after the text. Their probabilities are looked up when the picture needs them.

    Raises:
        InputError("unknown_token"): not in the vocabulary. InputError("path_too_long").
    """
    history = state.history
    for token_id, draw_index in choices:
        if token_id >= loaded.vocab_size:
            raise InputError("unknown_token", id=token_id)
        history = history.extend(token_id, by_hand=draw_index is None, draw_index=draw_index, p=None)
    if len(history.path()) > MAX_PATH:
        raise InputError("path_too_long", limit=MAX_PATH)
    return replace(state, history=history)


def _as_if_drawn(loaded: LoadedModel, state: State) -> State:
    """Leave in the cache what drawing the tokens one by one would have left: all but the last one."""
    before = context_ids(state)[:-1]
    if before:
        state.cache.logits(loaded, list(before))
    return state


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


def _settle(loaded: LoadedModel, state: State) -> State:
    """Run the model where the picture needs it; a pass that is already there is kept."""
    choices = tuple(Choice(node.token_id, node.draw_index) for node in path(state))
    ids = context_ids(state)
    step = state.step
    if step is None or step.ids != ids:
        logits = state.cache.logits(loaded, list(ids))  # (V,)
        cache = state.cache
        step = Step(ids, logits, cache.n_reused, cache.n_computed, cache.n_dropped, cache.numbers_saved)
    state = replace(state, ids=choices, step=step)
    return replace(state, history=_looked_up(loaded, state.history))


def _looked_up(loaded: LoadedModel, history: History) -> History:
    """`history` with the probabilities that its picture shows: of the path, and of the branches in view."""
    if all(node.p is not None for node in history.nodes):
        return history
    path, n_prompt = history.path(), len(history.prompt)
    ids = history.ids()
    if any(history.nodes[index].p is None for index in path) and len(ids) <= loaded.n_ctx + 1:
        p = engine.probabilities(loaded, ids, n_prompt)  # one pass for the whole path
        history = history.with_probabilities(dict(zip(path, p, strict=True)))
    cache, top = KVCache(), top_of_view(history)
    for parent in _followed(history, top):
        unknown = [child for child in history.children(parent) if history.nodes[child].p is None]
        if unknown:
            before = [*history.prompt, *(history.nodes[index].token_id for index in history.path_to(parent))]
            p = cache.logits(loaded, before).double().softmax(-1)  # (V,)
            history = history.with_probabilities(
                {child: float(p[history.nodes[child].token_id]) for child in unknown}
            )
    return history


def _followed(history: History, top: int | None) -> Iterator[int | None]:
    """The nodes in view whose followers are in view too: `top`, the path on show, the likeliest others."""
    yield top
    path = history.path()
    below = sorted(
        (child for child in likeliest_first(history, top) if history.children(child)),
        key=lambda child: child not in path,
    )
    yield from below[:MOST_LOOKED_UP]


def _extend(loaded: LoadedModel, state: State, token_id: int, draw_index: int | None) -> State:
    """Put `token_id` after the context on show. It is drawn, but has not come down to the input yet."""
    history = state.history
    if len(history.path()) >= MAX_PATH:
        raise InputError("path_too_long", limit=MAX_PATH)
    been_here = any(history.nodes[child].token_id == token_id for child in history.children(history.current))
    if len(history.nodes) >= MAX_NODES and not been_here:
        raise InputError("tree_full", limit=MAX_NODES)
    state = _settle(loaded, state)
    p = float(state.step.logits.double().softmax(-1)[token_id])
    by_hand = draw_index is None
    history = state.history.extend(token_id, by_hand=by_hand, draw_index=draw_index, p=p)
    nodes = list(history.nodes)  # a token that was here before has now come about in this way
    nodes[history.current] = replace(nodes[history.current], by_hand=by_hand, draw_index=draw_index, p=p)
    return replace(
        state,
        history=replace(history, nodes=tuple(nodes)),
        landed=False,
        ids=(*state.ids, Choice(token_id, draw_index)),
        guess=None,
    )


def draw(loaded: LoadedModel, state: State) -> State:
    """The token on show comes down, and the next one is drawn with the next random number of the seed."""
    if ended(loaded, state):
        return _settle(loaded, replace(state, history=state.history.go(None), landed=False))
    state = _settle(loaded, replace(state, landed=True))
    token_id = _draw_at(state, state.draws)
    state = _extend(loaded, state, token_id, state.draws)
    return _settle(loaded, replace(state, draws=(state.draws + 1) % (MAX_DRAWS + 1), hidden=False))


def _draw_at(state: State, draw_index: int) -> int:
    bar = warped(state.step.logits, sampling(state))
    return engine.draw(bar.p_after, bar.order, engine.uniform(state.seed, draw_index))


def land(loaded: LoadedModel, state: State) -> State:
    """The token on show comes down to the input, and nothing is drawn yet."""
    return _settle(loaded, replace(state, landed=True)) if pending(state) else state


def pick(loaded: LoadedModel, state: State, token_id: int) -> State:
    """Choose a bar by hand: in place of the token on show, or as the next one."""
    if not 0 <= token_id < loaded.vocab_size:
        raise InputError("unknown_token", id=token_id)
    state = _step_back(state)
    return _settle(loaded, _extend(loaded, _settle(loaded, state), token_id, None))


def _step_back(state: State) -> State:
    """To the context on show, with nothing drawn."""
    return replace(state, history=state.history.undo(), landed=True) if pending(state) else state


def undo(loaded: LoadedModel, state: State) -> State:
    """Take the last step back: a token that came down goes up again, a drawn one goes away."""
    if state.history.current is None:
        return state
    history = state.history if state.landed else state.history.undo()
    return _settle(loaded, replace(state, history=history, landed=False, guess=None))


def go(loaded: LoadedModel, state: State, node: int | None) -> State:
    """Stand at `node` of the tree, with its token drawn but not yet come down; None is the text itself.

    Raises:
        InputError("not_understood"): there is no such node.
    """
    if node is not None and not 0 <= node < len(state.history.nodes):
        raise InputError("not_understood")
    return _settle(loaded, replace(state, history=state.history.go(node), landed=False, guess=None))


def turn(loaded: LoadedModel, state: State, knob: str, value: float) -> State:
    """Turn a knob. The token on show, if a random number drew it, is drawn again with the same number."""
    low, high = KNOBS.get(knob, (1, 0))
    if not low <= value <= high or (knob == "top_k" and value not in TOP_K_STOPS):
        raise InputError("not_understood")
    whole = knob in ("top_k", "seed")
    state = replace(state, **{knob: int(value) if whole else round(float(value), 2)})
    if not pending(state) or path(state)[-1].draw_index is None:
        return _settle(loaded, state)
    last = path(state)[-1]
    back = _settle(loaded, _step_back(state))
    token_id = _draw_at(back, last.draw_index)
    if token_id == last.token_id:
        return state
    is_newest = state.history.current == len(state.history.nodes) - 1
    if is_newest:  # nothing grew from it, so it leaves no branch behind
        back = replace(back, history=replace(back.history, nodes=back.history.nodes[:-1]))
    return _settle(loaded, _extend(loaded, back, token_id, last.draw_index))


def keep(state: State) -> list[list[int | None]]:
    """The tree as plain data: [parent, token id, index of the random number or None] of every node."""
    return [[node.parent, node.token_id, node.draw_index] for node in state.history.nodes]


def restore(loaded: LoadedModel, state: State, kept: Sequence[tuple[int | None, int, int | None]]) -> State:
    """`state` with the paths of `kept` beside its own: (parent, token id, index of the random number).

    It stops at a token that this model does not have, and where a path or the tree would become too long.
    """
    history, indices, depths = state.history, {}, {None: 0}
    for number, (parent, token_id, draw_index) in enumerate(kept):
        depths[number] = depths[parent] + 1
        if token_id >= loaded.vocab_size or depths[number] > MAX_PATH or len(history.nodes) >= MAX_NODES:
            break
        branch = history.go(None if parent is None else indices[parent])
        history = branch.extend(token_id, by_hand=draw_index is None, draw_index=draw_index, p=None)
        indices[number] = history.current
    return _settle(loaded, replace(state, history=history.go(state.history.current)))


def ended(loaded: LoadedModel, state: State) -> bool:
    """The model has drawn its end-of-text token, which stands in the output now."""
    return pending(state) and path(state)[-1].token_id == loaded.eot_id


def random_number(state: State) -> float | None:
    """The number that drew the token on show; None when nothing is drawn, or it was chosen by hand.

    Also None when it was drawn with other settings or another seed: now the number falls elsewhere.
    """
    token_id = drawn_now(state)
    if token_id is None or token_id != path(state)[-1].token_id:
        return None
    return engine.uniform(state.seed, path(state)[-1].draw_index)


def drawn_now(state: State) -> int | None:
    """The token that the settings of now draw in place of the one on show; None when no number drew that."""
    if not pending(state) or path(state)[-1].draw_index is None:
        return None
    return _draw_at(state, path(state)[-1].draw_index)


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
    log_p, context = 0.0, list(state.step.ids)
    logits = state.step.logits
    rank = int((logits > logits[ids[0]]).sum()) + 1
    for token_id in ids:
        log_p += float(logits.double().log_softmax(-1)[token_id])
        context.append(token_id)
        logits = state.cache.logits(loaded, context)  # (V,)
    return ids, float(torch.tensor(log_p).exp()), rank


def compare(loaded: LoadedModel, state: State) -> dict[str, list[tuple[int, float]]]:
    """Greedy, sampling and beam search from the text on show -> {method: [(token id, probability)]}."""
    ids = list(state.step.ids)
    return {
        strategy: [
            (step.token_id, step.p)
            for step in engine.generate(loaded, ids, COMPARED_TOKENS, strategy, sampling(state), state.seed)
        ]
        for strategy in ("greedy", "sample", "beam")
    }


def cold_leader(loaded: LoadedModel, state: State) -> Answer:
    """Does the leader gain when the temperature falls to COLD?"""
    now = warped(state.step.logits, sampling(state))
    cold = warped(state.step.logits, Sampling(COLD, state.top_k, state.top_p))
    leader = int(now.order[0])
    p_now, p_cold = float(now.p_after[leader]), float(cold.p_after[leader])
    right = 2 if abs(p_cold - p_now) < 1e-3 else 0 if p_cold > p_now else 1
    return Answer(right, {"best": leader, "now": p_now, "cold": p_cold})


def draws_with_one_box(loaded: LoadedModel, state: State) -> Answer:
    """How many different tokens ten draws give with top-k at 1."""
    bar = warped(state.step.logits, Sampling(state.temperature, 1, state.top_p))
    numbers = [engine.uniform(state.seed, i) for i in range(10)]
    drawn = set(engine.draw_all(bar.p_after, bar.order, numbers))
    return Answer(len(drawn), {"distinct": len(drawn), "pieces": tuple(drawn)})


def after_the_leader(loaded: LoadedModel, state: State) -> Answer:
    """What follows the leader: the model's first, third and eighth choice as options.

    They stand in the order of their ids, so the place tells nothing. Of tokens that read alike (GPT-1 has
    words, and beginnings of words) only the likeliest counts.
    """
    leader = int(state.step.logits.argmax())
    context = [*state.step.ids, leader]
    # In a full window this look ahead would leave behind what the next step is said to compute anew.
    cache = state.cache if len(context) <= loaded.n_ctx else KVCache()
    probabilities = cache.logits(loaded, context).double().softmax(-1)  # (V,)
    different: dict[str, int] = {}
    for piece in loaded.tokenizer.candidates(context, probabilities.topk(LOOKED_THROUGH).indices.tolist()):
        different.setdefault(piece.piece.strip(), piece.id)
    best = list(different.values())
    options = sorted((best[0], best[2], best[7]))
    listed = tuple((token_id, float(probabilities[token_id])) for token_id in best[:3])
    return Answer(options.index(best[0]), {"best": leader, "list": listed}, tuple(options))
