"""The live half of 「GPT-1 vs GPT-2」: what each action of the browser does, on the two loaded models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app import models
from app.errors import InputError
from app.lesson import Context, Live, Page
from app.payload import Payload
from lessons.architecture import figures, starts
from lessons.architecture.nodes import block_of, kind_of
from lessons.architecture.state import (
    LABS,
    NO_NODE,
    State,
)

# The tensor of GPT-2's column that the panel shows when a difference is lit; else the difference itself.
FIRST_NODE = {"ln": "blocks.{block}.ln1.hook_normalized", "final": "ln_final.hook_normalized"}


def start(context: Context, page: Page, state: State) -> State:
    """The state with a block and a tensor that these models have, and a text that both can read."""
    loaded = context.both_models(page)
    if not all(model.tokenizer.encode(page.text or "") for model in loaded.values()):
        raise InputError("no_tokens")
    deepest = max(model.n_layer for model in loaded.values())
    state = replace(state, block=min(state.block, deepest - 1))
    return state if _exists(loaded, state) else replace(state, node=NO_NODE)


def _exists(loaded: Mapping[str, models.LoadedModel], state: State) -> bool:
    """There is a place in the drawing for the tensor that the panel shows."""
    block = block_of(state.node)
    return kind_of(state.node, state.side) is not None and (
        block is None or block < loaded[state.side].n_layer
    )


def forget(state: State) -> State:
    """Another text or model: the place stays, the marked token does not."""
    return replace(state, row=-1)


def draw_picture(context: Context, page: Page, state: State) -> dict[str, Any]:
    return figures.draw(context, page, state, context.both_models(page))


def open_block(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Open another block; a tensor in the panel is exchanged for its sister in that block."""
    loaded = context.both_models(page)
    block = payload.whole("block", 0, max(model.n_layer for model in loaded.values()) - 1)
    node = state.node
    if block_of(node) is not None:
        own = min(block, loaded[state.side].n_layer - 1)
        node = f"blocks.{own}.{node.split('.', 2)[2]}"
    return replace(state, block=block, node=node)


def light(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Light one difference, one term of equation (2), or nothing."""
    lit = payload.field("lit", State)
    block = min(state.block, context.both_models(page)["gpt2"].n_layer - 1)
    node = FIRST_NODE.get(lit, NO_NODE).format(block=block)
    return replace(state, lit=lit, node=node, side="gpt2")


def pick(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Put a tensor into the panel; without a name the panel goes back to what is lit."""
    if "node" not in payload:
        return replace(state, node=NO_NODE)
    picked = replace(state, node=payload.field("node", State), side=payload.field("side", State))
    if not _exists(context.both_models(page), picked):  # only names that are on the drawing get through
        raise InputError("not_understood")
    return picked


def mark(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Mark the row of one token."""
    return replace(state, row=payload.field("row", State))


def show_head(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Show the pattern of one head in full."""
    return replace(state, head=payload.field("head", State))


def open_lab(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Open or close a lab; what has been measured stays."""
    lab = payload.choice("lab", LABS)
    others = tuple(name for name in state.labs if name != lab)
    return replace(state, labs=(*others, lab) if payload.flag("on") else others)


def set_depth(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Another depth or initialisation of the untrained models: what it changes is measured anew."""
    depth, scaled, init = payload.field("depth", State), payload.flag("scaled"), payload.field("init", State)
    walks = state.walks if depth == state.depth else ()  # lab 2 shows both scalings, and knows one init
    fresh = replace(state, depth=depth, scaled=scaled, init=init, gradients=(), walks=walks)
    return measure_start(context, page, fresh, Payload())


def measure_start(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Measure one more random start of labs 1 and 2; the browser asks until there are enough."""
    return starts.measure(state)


LIVE = Live(
    start=start,
    forget=forget,
    draw=draw_picture,
    actions={
        "open": open_block,
        "light": light,
        "pick": pick,
        "mark": mark,
        "head": show_head,
        "lab": open_lab,
        "depth": set_depth,
        "start": measure_start,
    },
)
