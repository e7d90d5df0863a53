"""The numbers behind 「사전학습」: equation (1) on one text, what was expected, how a model goes on. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from app.engine.decoding import generate
from app.engine.forward import Hook, hidden, unembed
from app.engine.log_probs import log_probs
from app.engine.memory import SHARED, number_of
from app.errors import InputError
from app.models import LoadedModel
from lessons.pretraining.state import MAX_TOKENS

ROWS = 5  # of a distribution, without the one for all other tokens
WRITTEN = 6  # tokens that a checkpoint goes on with
OPTIONS = 4  # of a question
SAME, TWICE = 1.25, 1.75  # times as much: under the first nearly the same, from the second about twice
PROMPT = 3  # tokens of the text that it is given


def shown_ids(loaded: LoadedModel, text: str) -> tuple[tuple[int, ...], int]:
    """The tokens of `text` that this lesson shows, and how many before them it leaves out.

    Raises InputError("no_tokens"): the tokenizer makes nothing of the text.
    """
    ids = loaded.tokenizer.encode(text)
    if not ids:
        raise InputError("no_tokens")
    kept = ids[-min(loaded.n_ctx, MAX_TOKENS) :]
    return tuple(kept), len(ids) - len(kept)


def window(ids: Sequence[int], k: int) -> int:
    """The k on show: 0, and all that is longer than the text, is the whole text."""
    longest = max(1, len(ids) - 1)
    return min(k, longest) if k else longest


def surprise(loaded: LoadedModel, ids: Sequence[int], k: int) -> list[float]:
    """-ln P in nats of the second token of `ids` and all after it, each given the k before it, run alone."""
    return turned(log_probs(loaded, ids, k).log_p)


def turned(log_p: Sequence[float]) -> list[float]:
    """The paper's ln P as the screen shows it: -ln P, and no minus before a zero."""
    return [-one if one else 0.0 for one in log_p]


def mean(surprises: Sequence[float]) -> float:
    """0 for a text of one token, which has nothing to be surprised by."""
    return math.fsum(surprises) / len(surprises) if surprises else 0.0


@dataclass(frozen=True)
class Seen:
    """What stands behind the bars of a text of n tokens.

    top: for the second token and all after it, (token, P) of the likeliest, and the token itself.
    looks: (n-1) rows of attention weights over each window, oldest first, by the token before u_i.
    """

    top: list[list[tuple[int, float]]]
    looks: list[list[float]]


def seen(loaded: LoadedModel, ids: Sequence[int], k: int, layer: int, head: int) -> Seen:
    """The distribution of every place and the row of one head, each window of k tokens run alone."""
    key = ("pretraining seen", number_of(loaded), tuple(ids), k, layer, head)

    def make() -> tuple[Seen, int]:
        top, looks = [], []
        for rows, weights, targets in _windows(loaded, ids, k, layer, head):
            p = rows.double().softmax(-1)  # (N, V)
            likeliest = p.topk(ROWS, dim=-1).indices.tolist()
            for row, best, target in zip(p, likeliest, targets, strict=True):
                kept = best if target in best else [*best[:-1], target]
                top.append(sorted(((one, float(row[one])) for one in kept), key=lambda pair: -pair[1]))
            looks += weights
        return Seen(top, looks), 200 * len(ids)

    return SHARED.kept(key, make)


def _windows(loaded: LoadedModel, ids: Sequence[int], k: int, layer: int, head: int):
    """(logits (N, V), N rows of weights, N targets): the places that see all before them, then the rest."""
    caught: list[Tensor] = []
    if len(ids) < 2:
        return
    name = f"blocks.{layer}.attn.hook_pattern"
    with torch.no_grad():
        final = hidden(loaded, torch.tensor([list(ids[:k])]), hook=_catch(name, caught))[0]  # (k, d)
        looks = [caught[0][0, head, place, : place + 1].tolist() for place in range(len(final))]
        if len(ids) <= k:  # the last place has nothing after it to be right about
            final, looks = final[:-1], looks[:-1]
        yield unembed(loaded, final), looks, list(ids[1 : len(final) + 1])
        rest = [list(ids[end - k : end]) for end in range(k + 1, len(ids))]
        if rest:
            caught.clear()
            last = hidden(loaded, torch.tensor(rest), hook=_catch(name, caught))[:, -1]  # (N, d)
            yield unembed(loaded, last), caught[0][:, head, -1].tolist(), list(ids[k + 1 :])


def _catch(wanted: str, caught: list[Tensor]) -> Hook:
    def hook(name: str, tensor: Tensor) -> Tensor:
        if name == wanted:
            caught.append(tensor)
        return tensor

    return hook


def written(loaded: LoadedModel, ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """(prompt, what the model goes on with, greedily): the first tokens of the text and at most six more."""
    prompt = list(ids[:PROMPT])
    key = ("pretraining written", number_of(loaded), tuple(prompt))
    new = SHARED.kept(
        key, lambda: ([step.token_id for step in generate(loaded, prompt, WRITTEN, "greedy")], 200)
    )
    return prompt, new


def most_surprising(found: Sequence[float]) -> tuple[list[int], int]:
    """(four places, or fewer, evenly from the ranking of `found`; which of them is the largest)."""
    ranked = sorted(range(len(found)), key=lambda place: -found[place])
    places = sorted(ranked[:: max(1, len(ranked) // OPTIONS)][:OPTIONS])
    return places, places.index(ranked[0])


def shortest_memory(full: float, one: float) -> tuple[float, int]:
    """(how many times the sum with k = 1 is; 0 nearly the same, 1 half as much again, 2 twice or more)."""
    ratio = one / full if full else 1.0
    return ratio, 0 if ratio < SAME else 1 if ratio < TWICE else 2


def first_stop(closing: Sequence[bool]) -> tuple[list[int], int]:
    """(four stops of the road; which of them is the first that ends the sentence, len of them for none)."""
    stops = [0, 2, 4, len(closing) - 1] if len(closing) > OPTIONS + 1 else list(range(len(closing)))
    if True not in closing:
        return stops, len(stops)
    first = list(closing).index(True)
    if first not in stops:  # in the place of the nearest
        nearest = min(range(len(stops)), key=lambda one: abs(stops[one] - first))
        stops[nearest] = first
    return stops, stops.index(first)
