"""The live half of 「미세조정」: settings of the next run, and what only the server knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.engine.recipe import RECIPE
from app.errors import InputError
from app.lesson import Context, Live, Page
from app.models import load
from app.payload import Payload
from lessons.fine_tuning import figures, own, server_runs
from lessons.fine_tuning.state import LONGEST_FIELD, TASKS, TRAINED, VIEWS, State

WRITTEN = ("second", "third", "fourth")


def start(context: Context, page: Page, state: State) -> State:
    """The state with a number of layers that the model has, and a text that it can read."""
    loaded = load(figures.trained_spec(context, page))
    if not loaded.tokenizer.encode(page.text or ""):
        raise InputError("no_tokens")
    return replace(state, layers=min(state.layers, loaded.n_layer))


def choose_task(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Another task, with its own example in the fields after the first."""
    task = payload.choice("task", TASKS)
    view = "own" if task == "own" else "train" if state.view == "own" else state.view
    return replace(state, task=task, view=view, second="", third="", fourth="")


def write_field(context: Context, page: Page, state: State, payload: Payload) -> State:
    """One of the fields after the page's text; with nothing in it the task's example comes back.

    `index` counts the fields of the task, the page's text being 0.
    """
    shown = figures.fields(context, page, state)
    written = [place for place, value in enumerate(shown) if place and value]
    index = payload.whole("index", 1, len(written))
    text = payload.string("text", LONGEST_FIELD).replace("\0", "").strip()
    return replace(state, **{WRITTEN[index - 1]: text})


def set_view(context: Context, page: Page, state: State, payload: Payload) -> State:
    return replace(state, view=payload.choice("view", VIEWS))


def set_field(context: Context, page: Page, state: State, payload: Payload) -> State:
    """One setting of the next run: {"name", "value"}."""
    name = payload.choice("name", ("lambda_", "rate", "layers", "trained", "seed", "steps"))
    if name == "trained":
        trained = payload.choice("value", TRAINED)
        if "prompts" not in (trained, state.trained):
            return replace(state, trained=trained)
        if trained == "prompts":  # as the recipe has it: eight rows have to move the whole model
            return replace(state, trained=trained, rate=RECIPE.prompt_learning_rate, lambda_=0.0)
        return replace(state, trained=trained, rate=RECIPE.learning_rate)
    return start(context, page, replace(state, **{name: payload.field("value", State, name)}))


def vocabulary(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """The pieces of the model that is trained, for what the page generates."""
    return {"pieces": figures.vocabulary(load(figures.trained_spec(context, page)))}


LIVE = Live(
    draw=figures.draw,
    actions={"task": choose_task, "field": write_field, "view": set_view, "set": set_field},
    start=start,
    replies={"vocabulary": vocabulary, "lines": own.tokenise, **server_runs.replies()},
)
