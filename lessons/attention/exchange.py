"""Exchange: what becomes of the answer when heads get the z that they have on a second sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from app.engine.hooks import exchange
from app.engine.interventions import heads_z
from app.errors import InputError
from app.models import LoadedModel
from app.models.tokens import learner_text
from app.parts import Part
from app.views.tokens import token_view
from lessons.attention import compute
from lessons.attention.picture import Picture
from lessons.attention.state import LAST, LONGEST_OTHER, State, place

LEAST_APART = 0.05  # nats between the two sentences; of less no part can be told


@dataclass(frozen=True)
class Pair:
    """Two sentences of the same number of tokens and the answers that the model gives to them.

    Args:
        ids, other: the tokens of the text and of the second sentence.
        answers: (likeliest next token of the text, of the other); never the same one.
        text_log_p, other_log_p: (V,) of the next token.
    """

    ids: tuple[int, ...]
    other: tuple[int, ...]
    answers: tuple[int, int]
    text_log_p: Tensor
    other_log_p: Tensor

    def lead(self, log_p: Tensor) -> float:
        """log P(answer of the text) − log P(answer of the other), in nats."""
        return float(log_p[self.answers[0]] - log_p[self.answers[1]])

    def carried(self, log_p: Tensor) -> float:
        """How far from the text (0) to the other sentence (1) that lead has been carried."""
        start, end = self.lead(self.text_log_p), self.lead(self.other_log_p)
        return (self.lead(log_p) - start) / (end - start)


def position_of(state: State, n_tokens: int) -> int | None:
    """Where heads are exchanged: at one token, or (None) at all."""
    return None if state.position == LAST else min(state.position, n_tokens - 1)


def pair(loaded: LoadedModel, text: str, other: str) -> Pair | str:
    """The two sentences, or why there is nothing to exchange: "empty", "long", "unread", "length", "same"."""
    plain = compute.run(loaded, text)
    try:
        other = learner_text(other).strip()
        if len(other) > LONGEST_OTHER:
            return "long"
        if not other:
            return "empty"
        ids, _ = compute.shown_ids(loaded, other)
    except InputError:
        return "unread"
    if len(ids) != len(plain.ids):
        return "length"
    log_p = plain.next_log_probabilities()
    other_log_p = compute.run(loaded, other).next_log_probabilities()
    answers = int(log_p.argmax()), int(other_log_p.argmax())
    found = Pair(plain.ids, ids, answers, log_p, other_log_p)
    apart = abs(found.lead(other_log_p) - found.lead(log_p))
    return "same" if answers[0] == answers[1] or apart < LEAST_APART else found


def swapped(loaded: LoadedModel, text: str, two: Pair, state: State) -> Tensor:
    """(V,) log P after the text when the state's heads have the z of the other sentence."""
    if not state.swaps:
        return two.text_log_p
    z = heads_z(loaded, two.other)  # n_layer × (T, h, d_head)
    heads = [place(part)[1:] for part in state.swaps]
    hook = exchange(
        {(layer, head): z[layer][:, head] for layer, head in heads}, position_of(state, len(two.ids))
    )
    return compute.hooked(compute.run(loaded, text), hook).next_log_probabilities()


def draw(picture: Picture) -> dict[str, Any]:
    """The panel: both sentences, the bars of both answers, and how far the state's heads carry."""
    state, loaded = picture.state, picture.loaded
    uncut = picture.words("exchange.uncut", parts=picture.named(state.cuts)) if state.cuts else ""
    shown: dict[str, Any] = {
        "uncut": uncut,
        "other": state.other,
        "position": state.position,
        "swaps": [{"part": part, "name": picture.part(part)} for part in state.swaps],
        "key": "",
    }
    two = pair(loaded, picture.page.text, state.other)
    if isinstance(two, str):
        return shown | {"say": picture.words(f"exchange.{two}", **_lengths(picture, two))}
    after = swapped(loaded, picture.page.text, two, state)
    pieces = picture.next_view(two.answers[0]), _view(picture, two.other, two.answers[1])
    rows = [
        piece
        | {
            "before": float(two.text_log_p[token].exp()),
            "after": float(after[token].exp()),
            "other": float(two.other_log_p[token].exp()),
        }
        for token, piece in zip(two.answers, pieces, strict=True)
    ]
    return shown | {
        "say": "",
        "rows": rows,
        "tokens": [token_view(piece) for piece in loaded.tokenizer.pieces(list(two.other))],
        "changed": [
            index
            for index, (one, another) in enumerate(zip(two.ids, two.other, strict=True))
            if one != another
        ],
        "carried": round(two.carried(after), 4) if state.swaps else 0.0,
        "key": key(picture),
    }


def key(picture: Picture) -> str:
    """What the map of carried fractions belongs to."""
    return Part((picture.of, picture.state.other, picture.state.position), dict).name


def _lengths(picture: Picture, kind: str) -> dict[str, Any]:
    other = picture.state.other.strip()
    n_other = len(picture.loaded.tokenizer.encode(other)) if kind == "length" else 0
    return {
        "limit": LONGEST_OTHER,
        "n": len(picture.text_ids),
        "other": n_other,
        "piece": picture.next_piece(int(picture.before.argmax())),
    }


def _view(picture: Picture, ids: tuple[int, ...], token_id: int) -> dict[str, Any]:
    piece = picture.loaded.tokenizer.candidates(list(ids), [token_id])[0]
    return token_view(piece, picture.words("special.end") if token_id == picture.loaded.eot_id else "")
