"""What a press does to the State of 「GPT란?」: draw, pick, go back, branch, turn a knob.

Pure: no gradio, no words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app import links
from app.engine import next_token as engine
from app.engine.next_token import History
from app.errors import InputError
from app.models import LoadedModel
from lessons.next_token.compute import context_ids, draw_at, ended, passed_ids, path, pending, step
from lessons.next_token.state import (
    KNOBS,
    MAX_DRAWS,
    MAX_NODES,
    MAX_PATH,
    Choice,
    Passed,
    State,
)
from lessons.next_token.tree import likeliest_first, top_of_view

MOST_LOOKED_UP = 12  # nodes of the tree in view whose followers get their probabilities for one picture


def start(loaded: LoadedModel, text: str, state: State) -> State:
    """Tokens of `text` as the input, then the path that a link or a scene asks for.

    Raises:
        InputError("no_tokens"): the tokenizer makes nothing of the text.
    """
    prompt = loaded.tokenizer.encode(text)
    if not prompt:
        raise InputError("no_tokens")
    state = replace(state, history=History(tuple(prompt)), passed=None)
    if state.ids:
        return _settle(loaded, _as_if_drawn(_plant(loaded, state, state.ids)))
    words = (loaded.tokenizer.encode(" " + word) for word in state.chosen)
    chosen = [Choice(token_id, None) for ids in words for token_id in ids]
    wanted = state.landed
    if chosen:
        state = _as_if_drawn(_plant(loaded, state, chosen))
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


def _as_if_drawn(state: State) -> State:
    """Say that the pass before was that of one token less, as it is when tokens are drawn one by one."""
    here = state.history.current
    node = state.history.nodes[here].parent if pending(state) else here
    return state if node is None else replace(state, passed=Passed(state.history.nodes[node].parent, 0))


def _settle(loaded: LoadedModel, state: State) -> State:
    """Run the model where the picture needs it; a pass that is already there is kept."""
    choices = tuple(Choice(node.token_id, node.draw_index) for node in path(state))
    here = state.history.current
    node = state.history.nodes[here].parent if pending(state) else here
    if state.passed is None or state.passed.node != node:
        before, now = (ids[-loaded.n_ctx :] for ids in (passed_ids(state), context_ids(state)))
        # at least the last token is run: what comes after it is what is asked for
        n_reused = min(engine.common_prefix(before, now), len(now) - 1)
        state = replace(state, passed=Passed(node, n_reused))
        step(loaded, state)
    state = replace(state, ids=choices)
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
    top = top_of_view(history)
    for parent in _followed(history, top):
        unknown = [child for child in history.children(parent) if history.nodes[child].p is None]
        if unknown:
            before = [*history.prompt, *(history.nodes[index].token_id for index in history.path_to(parent))]
            p = engine.next_logits(loaded, before).double().softmax(-1)  # (V,)
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
    p = float(step(loaded, state).logits.double().softmax(-1)[token_id])
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
    token_id = draw_at(loaded, state, state.draws)
    state = _extend(loaded, state, token_id, state.draws)
    return _settle(loaded, replace(state, draws=(state.draws + 1) % (MAX_DRAWS + 1), hidden=False))


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
    try:
        value = links.accept(State, knob if knob in KNOBS else "", value)
    except ValueError:
        raise InputError("not_understood") from None
    state = replace(state, **{knob: round(value, 2)})
    if not pending(state) or path(state)[-1].draw_index is None:
        return _settle(loaded, state)
    last = path(state)[-1]
    back = _settle(loaded, _step_back(state))
    token_id = draw_at(loaded, back, last.draw_index)
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
