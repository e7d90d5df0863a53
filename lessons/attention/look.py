"""여기를 보세요: one or two sentences, computed from what is on show."""

from __future__ import annotations

from app.engine.head_scores import NO_CLEAR_PATTERN, PATTERNS
from app.views.numbers import percent
from lessons.attention import compute, exchange, unmasked
from lessons.attention.picture import Picture
from lessons.attention.state import is_cut

MOVED = 0.03  # of a score that is called changed
MOSTLY = 0.5  # of its weight, from which on a head is said to rest on the first token


def told(picture: Picture) -> str:
    """What the head does here, and what the cut, the exchange or the mask makes of it."""
    tool = picture.state.tool
    if tool == "mask":
        return f"{_looks(picture, reasons=False)} {unmasked.say(picture)}"
    first = _looks(picture)
    if tool == "exchange":
        return _carried(picture) or first
    if picture.state.cuts and _moved(picture):
        first = ""
    return " ".join(filter(None, [first, _cut(picture), _dropped(picture)]))


def _looks(picture: Picture, reasons: bool = True) -> str:
    """Where the chosen token of this head looks most, and what stands there."""
    state, query = picture.state, picture.query
    if picture.state.cuts and not picture.row.z.any():
        return picture.words("look.off", layer=state.layer, head=state.head)
    if is_cut(state):
        return picture.words("look.mean", layer=state.layer, head=state.head)
    key = picture.row.strongest
    values = {
        "i": query + 1,
        "me": picture.piece(query),
        "j": key + 1,
        "it": picture.piece(key),
        "w": f"{float(picture.row.weights[key]):.2f}",
    }
    relation = compute.relation(picture.text_ids, query, key)
    if relation == "first" and float(picture.row.weights[key]) < MOSTLY:
        relation = ""
    if relation == "self":
        return picture.words("look.self", **values)
    reason = picture.words(f"look.is.{relation}", **values) if relation and reasons and not state.cuts else ""
    return " ".join(filter(None, [picture.words("look.weight", **values), reason]))


def _cut(picture: Picture) -> str:
    """How the score of this head and the probability of the followed token have changed."""
    state = picture.state
    if not state.cuts:
        return ""
    before, after = (float(side[picture.target].exp()) for side in (picture.before, picture.after))
    values = {
        "parts": picture.named(state.cuts),
        "piece": picture.next_piece(picture.target),
        "p": percent(before),
        "q": percent(after),
        "head": f"{state.layer}.{state.head}",
        "way": picture.words("look.less" if after < before else "look.more"),
    }
    moved = _moved(picture)
    return picture.words("look.cut.score" if moved else "look.cut", **values, **moved)


def _moved(picture: Picture) -> dict[str, str]:
    """The score that ranks, or after which this head is named, before and after, where it has changed."""
    was, now = picture.scores[picture.index], picture.scores_now[picture.index]
    name = picture.state.rank if picture.state.rank in PATTERNS else was.label
    if name == NO_CLEAR_PATTERN:
        return {}
    first, second = getattr(was, name), getattr(now, name)
    if first is None or second is None or abs(first - second) < MOVED:
        return {}
    return {
        "score": picture.words(f"score.{name}"),
        "was": f"{first:.2f}",
        "now": f"{second:.2f}",
        "score_way": picture.words("look.falls" if second < first else "look.rises"),
    }


def _carried(picture: Picture) -> str:
    """What the exchanged heads have made of the answer."""
    state, loaded = picture.state, picture.loaded
    two = exchange.pair(loaded, picture.page.text, state.other)
    if isinstance(two, str) or not state.swaps:
        return ""
    after = exchange.swapped(loaded, picture.page.text, two, state)
    first, second = two.answers
    values = {
        "parts": picture.named(state.swaps),
        "part": f"{two.carried(after):.2f}".replace("-", "−"),
        "a": picture.next_piece(first),
        "p": percent(float(after[first].exp())),
        "b": picture.next_piece(second),
        "q": percent(float(after[second].exp())),
    }
    return picture.words("look.exchange", **values)


def _dropped(picture: Picture) -> str:
    return picture.words("dropped", n=picture.n_dropped) if picture.n_dropped else ""
