"""The live half of 「용어」: what each action of the browser does, and what the page asks beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.errors import InputError
from app.lesson import Context, Live, Page
from app.models import load_masked
from app.payload import Payload
from app.views import few_shot
from lessons.glossary import figures, ways
from lessons.glossary.picture import examples_model
from lessons.glossary.state import MIDDLE, SHOTS, State

FIELDS = ("term", "position", "relation", "shots", "seed")


def start(context: Context, page: Page, state: State) -> State:
    """The state with a relation and a number of examples that there are, for a text that can be read."""
    if not load_masked().tokenizer.encode(page.text or ""):
        raise InputError("no_tokens")
    found = few_shot.relation(state.relation, context.lang)
    shots = min(SHOTS, key=lambda stop: abs(stop - state.shots))
    return replace(state, relation=found.name if state.relation == found.name else "", shots=shots)


def forget(state: State) -> State:
    """Another text or model: the card and the examples stay, the blank does not."""
    return replace(state, position=MIDDLE)


def set_field(context: Context, page: Page, state: State, payload: Payload) -> State:
    """One of the choices: {"name", "value"}. Other examples draw the list of the same seed."""
    name = payload.choice("name", FIELDS)
    table = state.table and name != "term"
    return start(context, page, replace(state, table=table, **{name: payload.field("value", State, name)}))


def fresh(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """Some of 20 fresh prompts with the chosen number of examples -> as `few_shot.measured`."""
    return few_shot.measured(
        examples_model(context, page),
        few_shot.relation(state.relation, context.lang),
        state.shots,
        payload.whole("batch", 0, few_shot.MOST_BATCHES),
        payload.whole("first", 0, few_shot.N_PROMPTS - 1),
    )


def in_context(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """Some of the sentences held back, with examples before each -> as `ways.answered`."""
    return ways.answered(
        context.lang,
        payload.whole("shots", 0, ways.MOST_SHOTS),
        payload.whole("seed", 0, ways.MOST_DRAWS),
        payload.whole("first", 0, len(ways.HELD_BACK[context.lang]) - 1),
    )


LIVE = Live(
    start=start,
    forget=forget,
    draw=figures.draw,
    actions={"set": set_field},
    replies={"fresh": fresh, "in_context": in_context},
)
