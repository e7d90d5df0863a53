"""The live half of 「어텐션」: what each action of the browser does, and what the page asks beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.lesson import Context, Live, Page
from app.models import LoadedModel
from app.payload import Payload
from lessons.attention import compute, figures, long_work
from lessons.attention.picture import named
from lessons.attention.state import LAST, MAX_TOKENS, State, order, place


def start(context: Context, page: Page, state: State) -> State:
    """The state with a head, parts and tokens that this model and this text have."""
    loaded = context.model(page)
    ids, _ = compute.shown_ids(loaded, page.text or "")
    if state.model not in ("", page.model):
        state = replace(state, cuts=(), swaps=())
    return replace(
        state,
        model=page.model,
        layer=min(state.layer, loaded.n_layer - 1),
        head=min(state.head, loaded.n_head - 1),
        query=LAST if state.query >= len(ids) else state.query,
        position=LAST if state.position >= len(ids) else state.position,
        target=LAST if state.target >= loaded.vocab_size else state.target,
        cuts=tuple(part for part in state.cuts if _exists(loaded, part)),
        swaps=tuple(part for part in state.swaps if _exists(loaded, part)),
    )


def lost(context: Context, page: Page, before: State, after: State) -> str:
    """What `start` has taken away, in words: the head on show, and parts, of this model or another one."""
    left = after.cuts + after.swaps
    gone = [part for part in dict.fromkeys(before.cuts + before.swaps) if part not in left]
    told = []
    if gone:
        key = "lost.parts" if before.model in ("", after.model) else "lost.with_model"
        told.append(context.text(key, parts=named(context.text, gone)))
    asked, shown = f"{before.layer}.{before.head}", f"{after.layer}.{after.head}"
    if asked not in (shown, f"{State.layer}.{State.head}"):
        told.append(context.text("lost.head", asked=asked, shown=shown))
    return " ".join(told)


def _exists(loaded: LoadedModel, part: str) -> bool:
    _, layer, head = place(part)
    return layer < loaded.n_layer and head < loaded.n_head


def forget(state: State) -> State:
    """Another text or model: the head and what is cut stay, the tokens do not."""
    return replace(state, query=LAST, target=LAST, position=LAST)


def draw_picture(context: Context, page: Page, state: State) -> dict[str, Any]:
    return figures.draw(context, page, state, context.model(page))


def pick(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Show one head large."""
    loaded = context.model(page)
    return replace(
        state,
        layer=payload.whole("layer", 0, loaded.n_layer - 1),
        head=payload.whole("head", 0, loaded.n_head - 1),
    )


def mark(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Choose the token that looks."""
    return start(context, page, replace(state, query=payload.whole("query", 0, MAX_TOKENS - 1)))


def set_field(context: Context, page: Page, state: State, payload: Payload) -> State:
    """One of the choices: {"name", "value"}."""
    name = payload.choice(
        "name", ("view", "mode", "rank", "lists", "tool", "how", "target", "position", "other")
    )
    return start(context, page, replace(state, **{name: payload.field("value", State, name)}))


def switch(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Cut a part, or take the cut back; without a part everything is on again."""
    return replace(state, cuts=_toggled(context, page, state.cuts, payload))


def swap(context: Context, page: Page, state: State, payload: Payload) -> State:
    """Exchange one more head, or one less; without one none is exchanged."""
    parts = _toggled(context, page, state.swaps, payload)
    return replace(state, swaps=tuple(part for part in parts if place(part)[0] == "head"))


def _toggled(context: Context, page: Page, parts: tuple[str, ...], payload: Payload) -> tuple[str, ...]:
    if "part" not in payload:
        return ()
    loaded = context.model(page)
    (part,) = payload.field("part", State, "cuts")[:1] or ("",)
    if not part or not _exists(loaded, part):
        return parts
    left = tuple(one for one in parts if one != part)
    return left if part in parts else tuple(sorted((*parts, part), key=order))


LIVE = Live(
    start=start,
    lost=lost,
    forget=forget,
    draw=draw_picture,
    actions={"pick": pick, "mark": mark, "set": set_field, "switch": switch, "swap": swap},
    replies=long_work.REPLIES,
)
