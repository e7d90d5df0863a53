"""The live half of 「사전학습」: what each action of the browser does, and what the page asks beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.lesson import Context, Live, Page
from app.payload import Payload
from lessons.pretraining import compute, figures, road, step, zero_live
from lessons.pretraining.picture import Picture
from lessons.pretraining.state import FINISHED, MOST_STEPS, NONE, RATES, SURPRISING, State

MOST_AT_ONCE = 10_000  # presses that have waited for one answer


def start(context: Context, page: Page, state: State) -> State:
    """The state with a token, a head and checkpoints that this text and this model have."""
    loaded = context.model(page)
    picture = Picture(context, page, state, loaded)
    n = len(picture.ids)
    at = _nearest(picture.steps, state.at)
    return replace(
        state,
        k=0 if state.k >= n - 1 else state.k,
        token=SURPRISING if state.token < 1 or state.token >= n else state.token,
        at=at,
        since=state.since if state.since in (NONE, FINISHED) else _nearest(picture.steps, state.since),
        steps=state.steps if n > 1 else (),
        rate=min(RATES, key=lambda one: abs(one - state.rate)),
        layer=min(state.layer, loaded.n_layer - 1),
        head=min(state.head, loaded.n_head - 1),
    )


def _nearest(steps: tuple[int, ...], wanted: int) -> int:
    """The checkpoint nearest to an update; the finished model where there are none."""
    if wanted == FINISHED or not steps:
        return FINISHED
    return min(steps, key=lambda one: abs(one - wanted))


def forget(state: State) -> State:
    """Another text or model: checkpoint, head and rate stay, what belonged to the tokens does not."""
    return replace(state, token=SURPRISING, k=0, steps=(), since=NONE, zero=False)


def draw_picture(context: Context, page: Page, state: State) -> dict[str, Any]:
    return figures.draw(context, page, state, context.model(page))


def look_back(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Let each token see `k` before it."""
    ids, _ = compute.shown_ids(context.model(page), page.text)
    k = payload.field("k", State)
    return replace(state, k=0 if k >= len(ids) - 1 else k)


def choose(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Choose u_i."""
    return start(context, page, replace(state, token=payload.field("token", State)))


def scrub(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Another checkpoint; the one before stays as an outline, the steps on this sentence are given up."""
    at = _nearest(Picture(context, page, state, context.model(page)).steps, payload.field("at", State))
    return state if at == state.at else replace(state, at=at, since=state.at, steps=())


def take(context: Context, page: Page, state: State, payload: Payload) -> State:
    """One step of SGD on this sentence, or `times` of them, as far as there is room."""
    times = payload.whole_or("times", 1, 1, MOST_AT_ONCE)
    rate = payload.field("rate", State) if "rate" in payload else state.rate
    steps = (*state.steps, *[rate] * times)[:MOST_STEPS]
    return start(context, page, replace(state, rate=rate, steps=steps))


def undo(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Take the last step back, `times` of them, or all."""
    left = max(0, len(state.steps) - payload.whole_or("times", 1, 1, MOST_AT_ONCE))
    return replace(state, steps=() if payload.flag("all") else state.steps[:left])


def set_field(context: Context, page: Page, state: State, payload: Payload) -> State:
    """One of the choices: {"name", "value"}."""
    name = payload.choice("name", ("rate", "layer", "head", "prior", "task", "view"))
    return start(context, page, replace(state, **{name: payload.field("value", State, name)}))


LIVE = Live(
    start=start,
    forget=forget,
    draw=draw_picture,
    actions={
        "window": look_back,
        "choose": choose,
        "scrub": scrub,
        "step": take,
        "undo": undo,
        "set": set_field,
    },
    replies={"road": road.points, "ahead": step.ahead, "writes": step.writes, "zero": zero_live.measure},
)
