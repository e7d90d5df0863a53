"""A stage that the server leads: a count that one learner moves and all others in her room see."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.lesson import Context, Lead, Lesson, Live, Page, Stage
from app.links import choice, flag, integer, write_fields
from app.payload import Payload

ROOMS: dict[str, Lead] = {}  # where its leader stands; a real one lies in the Host


@dataclass(frozen=True)
class State:
    """`room` makes it a led stage, unless one `leads` it."""

    room: str = field(default="none", metadata=choice("none", "blue", "green"))
    leads: bool = field(default=False, metadata=flag())
    count: int = field(default=0, metadata=integer(0, 99))


def move(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Count on; where she leads, the others follow to her link."""
    state = replace(state, count=state.count + 1)
    if state.leads:
        followed = write_fields(replace(state, leads=False), State())
        ROOMS[state.room] = Lead(secrets.token_hex(8), followed | {"text": page.text})
    return state


def alone(context: Context, page: Page, state: State, payload: Payload) -> State:
    return replace(state, room="none")


def lead(context: Context, page: Page, state: State) -> Lead | None:
    return None if state.leads or state.room == "none" else ROOMS.get(state.room, Lead(""))


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    return {"count": state.count, "follows": lead(context, page, state) is not None}


LESSON = Lesson(
    id="server-leads",
    order=2,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(
        preview=lambda context, page, state: {"count": 0, "follows": False},
        live=Live(draw=draw, actions={"move": move, "alone": alone}, lead=lead),
    ),
)
