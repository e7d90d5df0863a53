"""The numbers behind 「어텐션」: one text through the picked model, as it is and with parts cut. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from app.engine.forward import Hook, hidden, unembed
from app.engine.head_scores import HeadScores
from app.engine.hooks import Cuts, cut
from app.engine.interventions import last_log_probabilities
from app.engine.text_scores import text_scores
from app.engine.trace import kept_trace
from app.errors import InputError
from app.guess import Answer
from app.models import LoadedModel
from lessons.attention.state import MAX_TOKENS, place

MOST_SIDE = 48  # cells along a thumbnail
MOST_CELLS = 60_000  # of all thumbnails of one map
ROWS = 5  # of the bars, without the one for all other tokens
NEW_LEADERS = 2  # of them, for what has become likely
N_OPTIONS = 4
FAR, LITTLE, RISEN = 0.3, 0.8, 1.25  # of the probability before; in between it is about the same


@dataclass(frozen=True)
class Run:
    """The model on one text.

    Args:
        ids: the tokens shown, the last ones that fit. n_dropped: how many stand before them and are not seen.
        tensors: of a trace of `ids`; with parts cut it is nobody else's and is kept nowhere.
    """

    loaded: LoadedModel
    ids: tuple[int, ...]
    n_dropped: int
    tensors: Mapping[str, Tensor]

    def patterns(self) -> list[Tensor]:
        """For each block (h, T, T), rows sum to 1."""
        return [self.tensors[f"blocks.{n}.attn.hook_pattern"] for n in range(self.loaded.n_layer)]

    def next_log_probabilities(self) -> Tensor:
        """(V,) float64, of the token after the last one."""
        return self.tensors["logits"][-1].double().log_softmax(-1)


def shown_ids(loaded: LoadedModel, text: str) -> tuple[tuple[int, ...], int]:
    """The tokens of `text` that this lesson shows, and how many before them it leaves out.

    Raises:
        InputError("no_tokens"): the tokenizer makes nothing of the text.
    """
    ids = loaded.tokenizer.encode(text)
    if not ids:
        raise InputError("no_tokens")
    kept = ids[-min(loaded.n_ctx, MAX_TOKENS) :]
    return tuple(kept), len(ids) - len(kept)


def run(loaded: LoadedModel, text: str) -> Run:
    """Send `text` through `loaded` as it is; of a text that is too long the last tokens are kept."""
    ids, n_dropped = shown_ids(loaded, text)
    return Run(loaded, ids, n_dropped, kept_trace(loaded, ids).tensors)


def hooked(plain: Run, hook: Hook) -> Run:
    """The same text with `hook` in the pass. Nothing of it is kept anywhere but in what is returned."""
    kept: dict[str, Tensor] = {}

    def keep(name: str, tensor: Tensor) -> Tensor:
        changed = hook(name, tensor)
        kept[name] = changed[0]
        return changed

    with torch.no_grad():
        final = hidden(plain.loaded, torch.tensor([list(plain.ids)]), hook=keep)  # (1, T, d)
        kept["logits"] = unembed(plain.loaded, final)[0]  # (T, V)
    return Run(plain.loaded, plain.ids, plain.n_dropped, kept)


def cuts_of(parts: Sequence[str], how: str) -> Cuts:
    """What a State names as the engine takes it."""
    named = [place(part) for part in parts]
    return Cuts(
        heads=frozenset((layer, head) for kind, layer, head in named if kind == "head"),
        attention=frozenset(layer for kind, layer, _ in named if kind == "attention"),
        mlps=frozenset(layer for kind, layer, _ in named if kind == "mlp"),
        mode=how,
    )


def under_cuts(plain: Run, parts: Sequence[str], how: str) -> Run:
    """The same text with `parts` cut; without any, the run itself."""
    return hooked(plain, cut(cuts_of(parts, how))) if parts else plain


def thumbnails(patterns: Sequence[Tensor]) -> tuple[int, bytes]:
    """Patterns (h, T, T) of each block -> the cells along a side, and a byte a cell, 255 for 1, head by head.

    Under each cell the largest weight; a side has at most 48 cells, and fewer where heads are many.
    """
    stacked = torch.stack(list(patterns))  # (n_layer, h, T, T)
    n_heads, tokens = stacked.shape[0] * stacked.shape[1], stacked.shape[-1]
    side = min(tokens, MOST_SIDE, math.isqrt(MOST_CELLS // n_heads))
    if side < tokens:
        stacked = adaptive_max_pool2d(stacked, side)  # (n_layer, h, side, side)
    return side, (stacked * 255).round().byte().numpy().tobytes()


@dataclass(frozen=True)
class Row:
    """One token's row of one head, computed in full: softmax(q kᵀ · scale) v.

    q, z: (d_head,) · k, v: (n, d_head) of the n tokens that it sees · dots: (n,) q·k · scores: (n,) times
    `scale`, 1/√d_head · weights: (n,) after softmax. All float32 of the pass.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    dots: Tensor
    scores: Tensor
    weights: Tensor
    z: Tensor

    @property
    def strongest(self) -> int:
        """The token that it looks at most."""
        return int(self.weights.argmax())


def row(of: Run, layer: int, head: int, query: int) -> Row:
    """The row of token `query` of one head."""
    inside = f"blocks.{layer}.attn."
    q, k, v, z = (of.tensors[f"{inside}hook_{name}"][:, head] for name in "qkvz")  # (T, d_head) each
    seen = query + 1
    scores = of.tensors[inside + "hook_attn_scores"][head, query, :seen]  # (n,)
    weights = of.tensors[inside + "hook_pattern"][head, query, :seen]  # (n,)
    return Row(q[query], k[:seen], v[:seen], k[:seen] @ q[query], scores, weights, z[query])


@dataclass(frozen=True)
class Compared:
    """The next token before and after: (token, p before, p after) by p before, and what is left of both."""

    rows: list[tuple[int, float, float]]
    rest: tuple[float, float]


def compare(before: Tensor, after: Tensor, always: Sequence[int]) -> Compared:
    """before, after: (V,) log P. The likeliest tokens of both, and those of `always` in any case."""
    first = before.topk(ROWS).indices.tolist()
    wanted = [*always, *after.topk(NEW_LEADERS).indices.tolist(), *first]
    chosen = sorted(list(dict.fromkeys(wanted))[:ROWS], key=lambda token: -float(before[token]))
    rows = [(token, float(before[token].exp()), float(after[token].exp())) for token in chosen]
    rest = tuple(max(0.0, 1 - sum(one[side] for one in rows)) for side in (1, 2))
    return Compared(rows, rest)


def earlier(ids: Sequence[int], query: int) -> list[int]:
    """Where the token at `query` stands before that place."""
    return [index for index in range(query) if ids[index] == ids[query]]


def relation(ids: Sequence[int], query: int, key: int) -> str:
    """What `key` is to `query`: "self", "induction", "same", "previous", "first" or ""."""
    places = earlier(ids, query)
    if key == query:
        return "self"
    if key - 1 in places:
        return "induction"
    if key in places:
        return "same"
    return "previous" if key == query - 1 else "first" if key == 0 else ""


def scores(plain: Run) -> list[HeadScores]:
    """Of every head on this text, layer by layer."""
    return text_scores(plain.patterns(), plain.ids)


def looks_back(plain: Run) -> Answer:
    """Which of four heads looks at the token before most? One from each quarter of the ranking."""
    ranked = sorted(scores(plain), key=lambda one: -(one.previous or 0.0))
    chosen = sorted(
        ranked[:: max(1, len(ranked) // N_OPTIONS)][:N_OPTIONS], key=lambda one: (one.layer, one.head)
    )
    right, best = chosen.index(ranked[0]), ranked[0]
    options = tuple(f"{one.layer}.{one.head}" for one in chosen)
    if best.previous is None:  # a single token has none before it
        return Answer(right, {}, options, ".none")
    return Answer(right, {"head": options[right], "score": f"{best.previous:.2f}"}, options)


def _without_it(plain: Run) -> dict[str, Any]:
    """That head, the likeliest next token, and its log P before and after the head alone is cut."""
    best = max(scores(plain), key=lambda one: one.previous or 0.0)
    before = plain.next_log_probabilities()
    token = int(before.argmax())
    cuts = Cuts(heads=frozenset([(best.layer, best.head)]))
    after = last_log_probabilities(plain.loaded, plain.ids, cut(cuts))
    named = f"{best.layer}.{best.head}"
    return {"head": named, "token": token, "before": float(before[token]), "after": float(after[token])}


def cut_it(plain: Run) -> Answer:
    """What becomes of the likeliest token's probability when that head is cut?"""
    found = _without_it(plain)
    ratio = math.exp(found["after"] - found["before"])
    return Answer(0 if ratio < FAR else 1 if ratio < LITTLE else 2 if ratio <= RISEN else 3, found)


def falls(plain: Run) -> Answer:
    """By how many nats does its log P change?"""
    found = _without_it(plain)
    return Answer(round(found["after"] - found["before"], 1), found)
