"""One step of SGD on this sentence: its gradient, the valley ahead, what it writes, what others lose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.engine import sets
from app.engine.copies import Taught
from app.lesson import Context, Page
from app.parts import Part
from app.payload import Payload
from lessons.pretraining import compute
from lessons.pretraining.picture import RATE, Picture
from lessons.pretraining.state import MOST_STEPS, RATES, State

if TYPE_CHECKING:
    from app.engine.sgd import Gradient

KINDS = (("attn", "attention"), ("mlp", "mlp"), ("ln", "ln"))  # as the page and the engine call them
LARGEST_LOSS = 1e6  # nats; no curve is drawn as high
OTHERS = 10  # held-out sentences


def draw(picture: Picture) -> dict[str, Any] | None:
    """Where the next step starts; None for a single token. What it follows comes with `ahead`."""
    if len(picture.ids) < 2:
        return None
    return {
        "loss": round(-(picture.now.log_probs().mean or 0.0), 6),
        "rates": [rate / RATE for rate in RATES],
        "full": len(picture.state.steps) >= MOST_STEPS,
    }


def gradient(picture: Picture, found: Gradient) -> dict[str, Any]:
    """What a step follows, part by part, and what the prior of MAP would add."""
    return {
        "norm": round(found.norm, 4),
        "parts": _parts(picture, found.norms),
        "prior": round(found.prior, 4),
        "weights": round(found.prior_norm / found.weight_decay, 2),
        "share": round(found.prior_share, 6),
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
    """What belongs to this sentence and this Θ."""
    return Part((*picture.of, *picture.theta), dict).name


def ahead(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"key", "losses", "norm", "parts", "prior", "weights", "share"}: L1 after a step of each rate of the
    slider, and what it follows. Asked for after the picture, which so need not wait for it.
    """
    picture = Picture(context, page, state, context.model(page))
    if len(picture.ids) < 2:
        return {"key": "", "losses": []}
    found, losses = picture.now.look_ahead(tuple(rate / RATE for rate in RATES))
    shown = [None if one is None else round(min(one, LARGEST_LOSS), 5) for one in losses]
    return {"key": key(picture), "losses": shown, **gradient(picture, found)}


def writes(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"key", "prompt", "new"}: the first tokens of the text, and how this Θ goes on with them, greedily."""
    picture = Picture(context, page, state, context.model(page))
    prompt, new = picture.now.ask(("written",), lambda loaded: compute.written(loaded, picture.ids))
    ids = [*prompt, *new]
    views = [picture.view(token, ids[:place]) for place, token in enumerate(ids)]
    return {"key": key(picture), "prompt": views[: len(prompt)], "new": views[len(prompt) :]}


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
