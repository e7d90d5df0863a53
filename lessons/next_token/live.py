"""The live half of 「GPT란?」: what each action of the browser does, on the loaded model."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from app import models
from app.errors import InputError
from app.lesson import Context, Live, Page
from app.payload import Payload
from lessons.next_token import figures, moves
from lessons.next_token.state import KNOBS, MAX_DRAWS, MAX_NODES, State

MOST_IN_A_GUESS = 60  # characters


def start(context: Context, page: Page, state: State) -> State:
    return moves.start(context.model(page), page.text, state)


def forget(state: State) -> State:
    """Another text or model: the knobs stay, the path does not."""
    return replace(state, ids=(), draws=0, landed=False, guess=None)


def draw_picture(context: Context, page: Page, state: State) -> dict[str, Any]:
    return figures.Figures(context, page, state, context.model(page)).data()


def draw(context: Context, page: Page, state: State, payload: Payload) -> State:
    return moves.draw(context.model(page), state)


def undo(context: Context, page: Page, state: State, payload: Payload) -> State:
    return moves.undo(context.model(page), state)


def pick(context: Context, page: Page, state: State, payload: Payload) -> State:
    return moves.pick(context.model(page), state, payload.whole("id"))


def go(context: Context, page: Page, state: State, payload: Payload) -> State:
    node = payload.whole("node", 0, MAX_NODES) if "node" in payload else None
    return moves.go(context.model(page), state, node)


def knob(context: Context, page: Page, state: State, payload: Payload) -> State:
    name = payload.choice("knob", KNOBS)
    value = payload.field("value", State, name)
    return moves.turn(context.model(page), state, name, value)


def hide(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Cover the bars so that the learner guesses first, or uncover them."""
    hidden = payload.flag("on")
    state = state if not hidden else moves.land(context.model(page), state)
    return replace(state, hidden=hidden, guess=None)


def guess_token(context: Context, page: Page, state: State, payload: Payload) -> State:
    text = _short_text(payload, "text")
    return replace(state, guess=text or None, hidden=state.hidden and not text)


def compare(context: Context, page: Page, state: State, payload: Payload) -> State:
    return replace(state, compare=payload.flag("on"))


def keep(state: State) -> dict[str, Any]:
    """What a link cannot hold: the other branches, the guess."""
    if state.history is None:
        return {}
    return {"tree": moves.keep(state), "guess": state.guess, "compare": state.compare}


def restore(context: Context, page: Page, state: State, kept: Payload) -> State:
    state = moves.restore(context.model(page), state, kept_tree(kept))
    if "guess" in kept and not state.hidden:
        with suppress(InputError):
            state = replace(state, guess=_short_text(kept, "guess") or None)
    return replace(state, compare=kept.flag("compare"))


def kept_tree(kept: Payload) -> list[tuple[int | None, int, int | None]]:
    """[(parent, token id, index of the random number or None)] of the tree that the browser kept.

    It ends at the first row that is none of ours.
    """
    rows = []
    with suppress(InputError):
        for row in kept.rows("tree", MAX_NODES, 3):
            parent = row.whole("0", 0, len(rows) - 1) if "0" in row else None
            rows.append((parent, row.whole("1"), row.whole("2", 0, MAX_DRAWS) if "2" in row else None))
    return rows


def _short_text(payload: Payload, name: str) -> str:
    return models.tokens.learner_text(payload.string(name, MOST_IN_A_GUESS)).strip()


LIVE = Live(
    start=start,
    forget=forget,
    draw=draw_picture,
    actions={
        "draw": draw,
        "undo": undo,
        "pick": pick,
        "go": go,
        "knob": knob,
        "hide": hide,
        "guess": guess_token,
        "compare": compare,
    },
    keep=keep,
    restore=restore,
)
