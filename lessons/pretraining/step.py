"""One step of SGD on this sentence: its gradient, the valley ahead, and what the other sentences lose."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from app.engine import sets
from app.lesson import Context, Page
from app.parts import Part
from app.payload import Payload
from lessons.pretraining import compute, standin
from lessons.pretraining.picture import RATE, Picture
from lessons.pretraining.state import MOST_STEPS, RATES, State

OTHERS = 10  # held-out sentences
DECAY = 0.01  # w of the prior: GPT-1's own, section 4.1


def draw(picture: Picture) -> dict[str, Any] | None:
    """The gradient on show, part by part, and what the prior of MAP would add; None for a single token."""
    if len(picture.ids) < 2:
        return None
    found = standin.gradient(picture.now, picture.ids)
    prior = DECAY / 2 * found.weights**2
    share = DECAY * found.weights / (DECAY * found.weights + found.norm)
    return {
        "key": key(picture),
        "loss": round(found.loss, 6),
        "norm": round(found.norm, 4),
        "parts": _parts(picture, found.norms),
        "prior": round(prior, 4),
        "weights": round(found.weights, 2),
        "share": round(share, 6),
        "rates": [rate / RATE for rate in RATES],
        "full": len(picture.state.steps) >= MOST_STEPS,
    }


def _parts(picture: Picture, norms: dict[str, float]) -> list[dict[str, Any]]:
    """A line for each block, its attention, MLP and LN told apart."""
    lines = [{"name": picture.words("part.embed"), "pieces": [["embed", norms["embed"]]]}]
    for layer in range(picture.finished.n_layer):
        pieces = [[kind, norms[f"{layer}.{kind}"]] for kind in ("attn", "mlp", "ln")]
        lines.append({"name": picture.words("part.block", layer=layer), "pieces": pieces})
    if "final" in norms:
        lines.append({"name": picture.words("part.final"), "pieces": [["ln", norms["final"]]]})
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
    found = standin.line(picture.now, picture.ids, rates)
    return {"key": key(picture), "losses": [round(min(one, 1e6), 5) for one in found]}


@cache
def others(lang: str) -> tuple[str, ...]:
    """Ten sentences that no model has read, evenly from the held-out ones of that language."""
    lines = (json.loads(line) for line in sets.HELD_OUT.read_text(encoding="utf-8").splitlines())
    texts = [one["text"] for one in lines if one["lang"] == lang and one["kind"] == "everyday"]
    return tuple(texts[:: max(1, len(texts) // OTHERS)][:OTHERS])


def world(picture: Picture) -> dict[str, Any] | None:
    """The mean −log P of ten other sentences before the steps on this one and after them; None without steps."""
    if not picture.rates or len(picture.ids) < 2:
        return None
    rows = []
    for text in others(picture.context.lang):
        ids, _ = compute.shown_ids(picture.finished, text)
        before, after = (
            compute.mean(compute.surprise(model, ids, len(ids)))
            for model in (picture.pretrained, picture.now)
        )
        rows.append({"text": text, "before": round(before, 4), "after": round(after, 4)})
    means = {side: round(sum(row[side] for row in rows) / len(rows), 4) for side in ("before", "after")}
    return {"rows": rows, **means}
