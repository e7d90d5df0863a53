"""What the page asks after the picture, a layer or a list at a time, so that it can show a bar and stop.

A question changes nothing. `key` says what an answer belongs to; the page throws away what comes too late.
"""

from __future__ import annotations

from typing import Any

from app.engine.interventions import proceed
from app.engine.sweeps import carried, sweep
from app.lesson import Context, Page, Reply
from app.payload import Payload
from app.views import bertviz
from app.views.tokens import token_view
from lessons.attention import compute, exchange, lists
from lessons.attention.picture import Picture
from lessons.attention.state import State

CONTINUED = 8  # tokens, greedy


def _picture(context: Context, page: Page, state: State) -> Picture:
    return Picture(context, page, state, context.model(page))


def sweep_layer(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"key", "changes"}: by how much log P of the followed token changes when one head of a layer is cut."""
    picture = _picture(context, page, state)
    layer = payload.whole("layer", 0, picture.loaded.n_layer - 1)
    found = sweep(picture.loaded, picture.text_ids, picture.target, state.how, layers=[layer])
    return {"key": picture.sweep_key, "changes": [round(x, 5) for x in dict(found)[layer].tolist()]}


def carried_layer(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"key", "changes"}: how far each head of a layer alone carries the answer to that of the other text."""
    picture = _picture(context, page, state)
    layer = payload.whole("layer", 0, picture.loaded.n_layer - 1)
    two = exchange.pair(picture.loaded, page.text, state.other)
    if isinstance(two, str):
        return {"key": "", "changes": []}
    position = exchange.position_of(state, len(two.ids))
    found = carried(picture.loaded, two.ids, two.other, two.answers, position, layers=[layer])
    return {"key": exchange.key(picture), "changes": [round(x, 5) for x in dict(found)[layer].tolist()]}


def go_on(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"before", "after"}: the tokens that the model writes next by itself, as it is and with the cuts."""
    picture = _picture(context, page, state)
    before = _written(picture, compute.cuts_of((), state.how))
    return {
        "before": before,
        "after": _written(picture, compute.cuts_of(state.cuts, state.how)) if state.cuts else before,
    }


def _written(picture: Picture, cuts: Any) -> list[dict[str, Any]]:
    ids = list(picture.text_ids)
    new = [token for token, _ in proceed(picture.loaded, ids, cuts, CONTINUED)]
    pieces = picture.loaded.tokenizer.pieces([*ids, *new])[len(ids) :]
    label = picture.words("special.end")
    return [
        token_view(piece, label if token == picture.loaded.eot_id else "")
        for piece, token in zip(pieces, new, strict=True)
    ]


def read_list(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"share"} of the random lists that have been read, after a moment; 1 when all have."""
    return {"share": lists.read_some(context.model(page))}


def bertviz_view(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"data", "say"}: what one of bertviz's views draws of this text, and where it stops, in words."""
    picture = _picture(context, page, state)
    loaded = picture.loaded
    kind = payload.choice("kind", bertviz.KINDS[loaded.architecture])
    layer = payload.whole_or("layer", 0, 0, loaded.n_layer - 1)
    n, shown = len(picture.text_ids), bertviz.most_tokens(loaded, kind)
    return {
        "data": bertviz.view_data(loaded, picture.text_ids, kind, layer),
        "say": " ".join(filter(None, [_off(picture, state), _shown(picture, n, shown)])),
    }


def _shown(picture: Picture, n: int, shown: int) -> str:
    return picture.words("bert.cap", limit=shown, n=n) if n > shown else picture.words("bert.same")


def _off(picture: Picture, state: State) -> str:
    """bertviz draws the model as it is, whatever is cut beside it."""
    return picture.words("bert.uncut", parts=picture.named(state.cuts)) if state.cuts else ""


REPLIES: dict[str, Reply] = {
    "sweep": sweep_layer,
    "carried": carried_layer,
    "proceed": go_on,
    "lists": read_list,
    "bertviz": bertviz_view,
}
