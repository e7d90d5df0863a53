"""The picture of 「어텐션」 as plain data: the map of heads, one head large, its row, what a cut does."""

from __future__ import annotations

import base64
from typing import Any

from torch import Tensor

from app.engine.head_scores import NO_CLEAR_PATTERN
from app.guess import Questions
from app.lesson import Context, Page
from app.models import LoadedModel
from app.outside import outside
from app.parts import Part
from app.views import heatmap
from app.views.explained import explained
from app.views.snippet import Snippet, loadable
from app.views.tokens import token_view
from lessons.attention import compute, exchange, lists, look, questions, unmasked
from lessons.attention.picture import Picture
from lessons.attention.state import SCORES, State, is_cut, place

BUTTON_FREE = 48  # heads of a model whose sweep needs no button


def draw(context: Context, page: Page, state: State, loaded: LoadedModel) -> dict[str, Any]:
    """The picture. What is computed from tensors is a part of its own, made where the browser lacks it."""
    picture = Picture(context, page, state, loaded)
    of, cut = picture.of, picture.cut
    head = state.layer, state.head
    read = lists.done(loaded)
    return {
        "at": {
            "layer": state.layer,
            "head": state.head,
            "query": picture.query,
            "last": len(picture.text_ids),
        },
        "layers": loaded.n_layer,
        "heads": loaded.n_head,
        "many": loaded.n_layer * loaded.n_head > BUTTON_FREE,
        "view": state.view,
        "mode": state.mode,
        "rank": state.rank,
        "lists": state.lists,
        "lists_done": read,
        "list": Part((of[-1], state.lists), lambda: _list(picture) if state.lists else []),
        "tool": state.tool,
        "how": state.how,
        "cuts": [_cut(picture, part) for part in state.cuts],
        "tokens": Part(of, lambda: picture.tokens),
        "n_dropped": picture.n_dropped,
        "map": Part((*of, *cut), lambda: _map(picture)),
        "scores": Part((*of, *cut, state.lists, state.lists and read), lambda: _scores(picture)),
        "large": Part((*of, *cut, *head), lambda: _large(picture)),
        "row_about": picture.words("row.about", i=picture.query + 1, me=picture.piece(picture.query)),
        "row": Part((*of, *cut, *head, picture.query), lambda: _row(picture)),
        "effect": Part((*of, *cut, picture.target), lambda: _effect(picture)),
        "sweep": {"key": picture.sweep_key},
        "exchange": Part(
            (*of, state.cuts, state.tool == "exchange", state.other, state.swaps, state.position),
            lambda: exchange.draw(picture) if state.tool == "exchange" else None,
        ),
        "unmasked": Part(
            (*of, state.tool == "mask" and (*cut, *head, picture.query)),
            lambda: unmasked.draw(picture) if state.tool == "mask" else None,
        ),
        "look": Part(
            (
                *of,
                *cut,
                *head,
                picture.query,
                picture.target,
                state.rank,
                state.tool,
                state.swaps,
                state.position,
                state.other,
            ),
            lambda: look.told(picture),
        ),
        "pieces": Part(of, lambda: explained(picture.tokens, picture.words)),
        "outside": Part((*of, page.model), lambda: outside(context, page)),
        "questions": Questions(of, lambda name: questions.answer(picture, name)),
        "code": _code(picture),
    }


def _cut(picture: Picture, part: str) -> dict[str, Any]:
    kind, layer, head = place(part)
    return {"part": part, "kind": kind, "layer": layer, "head": head, "name": picture.part(part)}


def _list(picture: Picture) -> list[dict[str, Any]]:
    return [token_view(piece) for piece in lists.example(picture.loaded)]


def _map(picture: Picture) -> dict[str, Any]:
    side, data = compute.thumbnails(picture.run.patterns())
    return {"side": side, "data": base64.b64encode(data).decode("ascii")}


def _scores(picture: Picture) -> list[dict[str, Any]]:
    """Of each head the six scores, rounded as they are read; `was` where a cut has changed its own one.

    A score that cannot be measured on this text is null.
    """
    if picture.state.lists:
        found = lists.scores(picture.loaded)
        if found is not None:
            return [_score(one, one) for one in found]
    return [_score(now, was) for now, was in zip(picture.scores_now, picture.scores, strict=True)]


def _score(now: Any, was: Any) -> dict[str, Any]:
    """A head is named after what it does without a cut."""
    label = "" if was.label == NO_CLEAR_PATTERN else was.label
    values = {name: _rounded(getattr(now, name)) for name in SCORES}
    before = {name: _rounded(getattr(was, name)) for name in SCORES}
    return {"label": label, **values, "was": before}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _large(picture: Picture) -> dict[str, Any]:
    state = picture.state
    pattern = picture.run.patterns()[state.layer][state.head]  # (T, T)
    return {
        "pattern": heatmap.exact(pattern, most=pattern.numel()),
        "name": picture.words("head.name", layer=state.layer, head=state.head),
    }


def _row(picture: Picture) -> dict[str, Any]:
    row = picture.row
    query, ids = picture.query, picture.text_ids
    together = {"q": row.q[None], "k": row.k, "v": row.v, "z": row.z[None]}
    return {name: heatmap.exact(tensor, most=tensor.numel()) for name, tensor in together.items()} | {
        "d": row.q.shape[0],
        "dots": _plain(row.dots, 3),
        "scores": _plain(row.scores, 3),
        "weights": _plain(row.weights, 5),
        "strongest": row.strongest,
        "relations": [compute.relation(ids, query, key) for key in range(query + 1)],
        "earlier": compute.earlier(ids, query),
        "off": bool(picture.state.cuts) and not row.z.any().item(),
        "mean": is_cut(picture.state) and picture.state.how == "mean",
        "hidden": len(ids) - 1 - query,
    }


def _plain(tensor: Tensor, digits: int) -> list[float]:
    return [round(value, digits) for value in tensor.double().tolist()]


def _effect(picture: Picture) -> dict[str, Any]:
    compared = compute.compare(picture.before, picture.after, [picture.target])
    before, after = (float(side[picture.target]) for side in (picture.before, picture.after))
    return {
        "target": picture.target,
        "piece": picture.next_piece(picture.target),
        "before": round(before, 4),
        "after": round(after, 4),
        "rows": [picture.next_view(token) | {"before": p, "after": q} for token, p, q in compared.rows],
        "rest": list(compared.rest),
    }


def _code(picture: Picture) -> Snippet:
    """The text, the model, the head on show and the heads that are cut, on this screen."""
    state, spec = picture.state, picture.context.registry.spec(picture.loaded.name)
    cut = [list(place(part)[1:]) for part in state.cuts if place(part)[0] == "head"]
    values = {
        "name, text = ": f'"{loadable(spec)}", {picture.page.text!r}',
        "layer, head, off = ": f"{state.layer}, {state.head}, {cut or [[state.layer, state.head]]}",
    }
    return Snippet("snippets/cut_a_head.py", values)
