"""The named endpoints of attention: patterns, scores of heads, and what cutting or exchanging heads changes.

They keep what `app.endpoints` promises of all. Layers and heads count from 0. Long ones are generators, which
pause after every block, so that others are answered meanwhile.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar

from app.endpoints import MAX_TRACED_NUMBERS, N_TOP
from app.engine.controls import check_number
from app.errors import InputError
from app.models import LoadedModel, Registry, load
from app.models.tokens import learner_text

if TYPE_CHECKING:
    from torch import Tensor

Json = dict[str, Any]
Result = TypeVar("Result")
Steps = Generator[object, None, Result]


def attention(text: str, model: str, layer: int, head: int, *, registry: Registry | None = None) -> Json:
    """{"pieces": [the text of each token], "pattern": [[weight]]}: one head's attention pattern.

    layer, head: whole numbers from 0. pattern[i][j]: the weight of token i on token j; a row sums to 1 and is
    0 behind the causal mask. An empty text starts from one end-of-text token, or is an error where the
    vocabulary has none; so is a text longer than the context, which tells both numbers.
    """
    return _whole(attending(text, model, layer, head, registry=registry))


def attending(
    text: str, model: str, layer: int, head: int, *, registry: Registry | None = None
) -> Steps[Json]:
    """`attention`, in steps."""
    from app.engine import interventions

    loaded, ids = _read(text, model, registry)
    layer = check_number("layer", layer, 0, loaded.n_layer - 1, whole=True)
    head = check_number("head", head, 0, loaded.n_head - 1, whole=True)
    if min(len(ids), loaded.n_ctx) ** 2 > MAX_TRACED_NUMBERS:
        raise InputError("tensor_too_large", n=len(ids) ** 2, limit=MAX_TRACED_NUMBERS)
    pattern = yield from interventions.looking(loaded, ids, layer, head)  # (T, T)
    return {
        "pieces": [piece.piece for piece in loaded.tokenizer.pieces(ids)],
        "pattern": pattern.tolist(),
    }


def head_scores(model: str, *, registry: Registry | None = None) -> Json:
    """{"heads": [{"layer", "head", "previous", "first", "same", "induction", "entropy", "width"}]}.

    What each head looks at in 32 lists of random tokens, each said twice: the mean weight on the token before
    (previous), on the first token (first), on the same token of the first copy (same) and on the one after it
    (induction); the entropy of a row, 0 for one place and 1 for all alike; the mean distance looked back, in
    tokens (width). All lie in [0, 1] but the width. A large model takes minutes at its first call.
    """
    return _whole(scoring(model, registry=registry))


def scoring(model: str, *, registry: Registry | None = None) -> Steps[Json]:
    """`head_scores`, in steps."""
    from dataclasses import asdict

    from app.engine.head_scores import measuring

    scores = yield from measuring(load((registry or Registry()).spec(model)))
    return {"heads": [asdict(one) for one in scores]}


def ablate(
    text: str, model: str, heads: str, mode: str = "zero", *, registry: Registry | None = None
) -> Json:
    """{"before": [{"id", "piece", "p"}], "after": [{"id", "piece", "p"}]}: the ten likeliest next tokens,
    with all heads and with those heads cut, each sorted by its own p.

    heads: layer.head, as in "0.3,2.1"; none for an empty one. mode: what takes the place of such a head's
    output, "zero" or "mean" (its mean over the positions of this text); the bias of the output projection
    stays. An empty text starts from one end-of-text token, or is an error where the vocabulary has none; of a
    text longer than the context the last tokens count.
    """
    return _whole(ablating(text, model, heads, mode, registry=registry))


def ablating(
    text: str, model: str, heads: str, mode: str, *, registry: Registry | None = None
) -> Steps[Json]:
    """`ablate`, in steps."""
    from app.engine import interventions

    mode = interventions.check_mode(mode)
    loaded, ids = _read(text, model, registry)
    window = ids[-loaded.n_ctx :]
    cuts = interventions.Cuts(interventions.parse_heads(loaded, heads), mode=mode)
    before = yield from interventions.predicting(loaded, window)
    after = yield from interventions.predicting(loaded, window, interventions.cut(cuts))
    return {"before": _likeliest(loaded, ids, before), "after": _likeliest(loaded, ids, after)}


def patch(text: str, other: str, model: str, heads: str, *, registry: Registry | None = None) -> Json:
    """{"before": [{"id", "piece", "p"}], "after": [{"id", "piece", "p"}]}: the ten likeliest tokens after
    `text`, as it is and when those heads get, at all positions, the output that they have on `other`; each
    sorted by its own p.

    heads: layer.head, as in "0.3,2.1"; none for an empty one. Both texts need equally many tokens, else the
    error tells both numbers. An empty text starts from one end-of-text token, or is an error where the
    vocabulary has none; of texts longer than the context the last tokens count.
    """
    return _whole(patching(text, other, model, heads, registry=registry))


def patching(
    text: str, other: str, model: str, heads: str, *, registry: Registry | None = None
) -> Steps[Json]:
    """`patch`, in steps."""
    from app.engine import interventions

    other = learner_text(other)
    loaded, ids = _read(text, model, registry)
    _, other_ids = _read(other, model, registry)
    interventions.check_same_length(len(ids), len(other_ids))
    window, other_window = ids[-loaded.n_ctx :], other_ids[-loaded.n_ctx :]
    chosen = interventions.parse_heads(loaded, heads)
    z: list[Tensor] = []  # n_layer × (T, h, d_head)
    yield from interventions.predicting(loaded, other_window, interventions.keep_z(z))
    theirs = {(layer, head): z[layer][:, head] for layer, head in chosen}
    before = yield from interventions.predicting(loaded, window)
    after = yield from interventions.predicting(loaded, window, interventions.exchange(theirs))
    return {"before": _likeliest(loaded, ids, before), "after": _likeliest(loaded, ids, after)}


def _read(text: str, model: str, registry: Registry | None) -> tuple[LoadedModel, list[int]]:
    """The model, and what it is given of the text: all its tokens."""
    from app.engine.next_token import prompt_ids

    text = learner_text(text)
    loaded = load((registry or Registry()).spec(model))
    return loaded, prompt_ids(loaded, text)


def _likeliest(loaded: LoadedModel, ids: list[int], log_p: Tensor) -> list[Json]:
    """The ten largest of (V,) log probabilities."""
    top = log_p.sort(descending=True, stable=True).indices[:N_TOP].tolist()
    return [
        {"id": piece.id, "piece": piece.piece, "p": log_p[piece.id].exp().item()}
        for piece in loaded.tokenizer.candidates(ids, top)
    ]


def _whole(steps: Steps[Result]) -> Result:
    from app.engine.decoding import finish

    return finish(steps)
