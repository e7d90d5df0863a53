"""One step of SGD on this sentence: its gradient, the valley ahead, and what the other sentences lose."""

from __future__ import annotations

from typing import Any

from app.engine import sets
from app.engine.copies import Taught
from app.lesson import Context, Page
from app.parts import Part
from app.payload import Payload
from lessons.pretraining.picture import RATE, Picture
from lessons.pretraining.state import MOST_STEPS, RATES, State

KINDS = (("attn", "attention"), ("mlp", "mlp"), ("ln", "ln"))  # as the page and the engine call them
LARGEST_LOSS = 1e6  # nats; no curve is drawn as high
OTHERS = 10  # held-out sentences


def draw(picture: Picture) -> dict[str, Any] | None:
    """The gradient on show, part by part, and what the prior of MAP would add; None for a single token."""
    if len(picture.ids) < 2:
        return None
    found, _ = picture.now.look_ahead(())
    return {
        "key": key(picture),
        "loss": round(-(picture.now.log_probs().mean or 0.0), 6),
        "norm": round(found.norm, 4),
        "parts": _parts(picture, found.norms),
        "prior": round(found.prior, 4),
        "weights": round(found.prior_norm / found.weight_decay, 2),
        "share": round(found.prior_share, 6),
        "rates": [rate / RATE for rate in RATES],
        "full": len(picture.state.steps) >= MOST_STEPS,
    }


def _parts(picture: Picture, norms: dict[str, float]) -> list[dict[str, Any]]:
    """A line for each block, its attention, MLP and LN told apart."""
    lines = [{"name": picture.words("part.embed"), "pieces": [["embed", norms["embeddings"]]]}]
    for layer in range(picture.finished.n_layer):
        pieces = [[kind, norms[f"blocks.{layer}.{part}"]] for kind, part in KINDS]
        lines.append({"name": picture.words("part.block", layer=layer), "pieces": pieces})
    if "final ln" in norms:
        lines.append({"name": picture.words("part.final"), "pieces": [["ln", norms["final ln"]]]})
    for line in lines:
        line["pieces"] = [[kind, round(norm, 4)] for kind, norm in line["pieces"]]
        line["norm"] = round(sum(norm**2 for _, norm in line["pieces"]) ** 0.5, 4)
    return lines


def key(picture: Picture) -> str:
    """What a valley belongs to."""
    return Part((*picture.of, *picture.theta, "valley"), dict).name


def valley(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"key", "losses"}: L1 of this sentence after one step of each rate of the slider."""
    picture = Picture(context, page, state, context.model(page))
    rates = tuple(rate / RATE for rate in RATES)
    if len(picture.ids) < 2:
        return {"key": "", "losses": []}
    _, found = picture.now.look_ahead(rates)
    losses = [None if one is None else round(min(one, LARGEST_LOSS), 5) for one in found]
    return {"key": key(picture), "losses": losses}


def world(picture: Picture) -> dict[str, Any] | None:
    """The mean −log P of ten other sentences before the steps and after them; None without steps."""
    if not picture.rates or len(picture.ids) < 2:
        return None
    lang = picture.context.lang
    before = Taught(picture.pretrained, picture.ids).held_out(lang, OTHERS)
    after = picture.now.held_out(lang, OTHERS)
    rows = [
        {"text": text, "before": round(was, 4), "after": round(now, 4)}
        for text, was, now in zip(sets.held_out(lang), before, after, strict=False)
    ]
    means = {side: round(sum(row[side] for row in rows) / len(rows), 4) for side in ("before", "after")}
    return {"rows": rows, **means}
