"""What an attention head looks at, measured on repeated random text, and the label it earns by that.

The text is r and then r again, r being n random ordinary tokens. Knowing the language does not help there, so
a head that finds the earlier copy does so by looking. Positions count from 0:

    previous    the weight from t to t-1, t >= 1
    first       the weight from t to 0, t >= 1
    same        the weight from n+i to i: the same token in the first copy
    induction   the weight from n+i to i+1: the token that followed it there
    entropy     -Σ p ln p / ln(t+1), t >= 1: 0 for a single place, 1 for all places alike
    width       Σ p·|t-j|: the mean distance looked back, in tokens

All are means over the sequences and those positions. Source of the idea: Olsson et al. 2022, "In-context
Learning and Induction Heads".
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from app.engine.decoding import finish
from app.engine.forward import embed, run_block
from app.engine.inputs import FIRST_ORDINARY
from app.engine.memory import SHARED, number_of, tensor_bytes
from app.errors import InputError, ModelError

if TYPE_CHECKING:
    from app.models import LoadedModel

N_SEQUENCES = 32
LEAST_SCORE = 0.4
LEAST_LEAD = 0.15
PATTERNS = ("previous", "first", "same", "induction")
SCORES = (*PATTERNS, "entropy", "width")
NO_CLEAR_PATTERN = "no clear pattern"


@dataclass(frozen=True)
class HeadScores:
    """The scores of one head. Layers and heads count from 0; all lie in [0, 1] but `width`, in tokens.

    None: a learner's text has no position to measure it at (`text_scores`); on random lists all are there.
    """

    layer: int
    head: int
    previous: float | None
    first: float | None
    same: float | None
    induction: float | None
    entropy: float | None
    width: float

    @property
    def label(self) -> str:
        """The pattern with the largest score where it is clear (0.4, and 0.15 above the next one)."""
        return label_of({name: getattr(self, name) for name in PATTERNS})


def label_of(scores: Mapping[str, float | None]) -> str:
    """The name with the largest score, where that is at least 0.4 and 0.15 above the next one; else "no clear
    pattern". What could not be measured (None) does not count.
    """
    measured = sorted((score, name) for name, score in scores.items() if score is not None)
    if not measured:
        return NO_CLEAR_PATTERN
    best, name = measured[-1]
    second = measured[-2][0] if len(measured) > 1 else 0.0
    return name if best >= LEAST_SCORE and best - second >= LEAST_LEAD else NO_CLEAR_PATTERN


def repeated_sequences(vocab_size: int, n_ctx: int) -> Tensor:
    """r r for 32 random r, (32, 2n) int64 with n = n_ctx/2 - 2, at least 1; no special tokens, the same every
    time. A vocabulary too small to have ordinary tokens from id 300 on gives those of its upper half.
    """
    n = max(1, n_ctx // 2 - 2)
    first = FIRST_ORDINARY if vocab_size > FIRST_ORDINARY else vocab_size // 2
    generator = torch.Generator().manual_seed(0)
    r = torch.randint(first, vocab_size, (N_SEQUENCES, n), generator=generator)  # (32, n)
    return torch.cat([r, r], dim=1)


def score_patterns(patterns: Tensor) -> dict[str, Tensor]:
    """The attention patterns of some heads on one repeated sequence -> each score by name, (nh,).

    patterns: (nh, 2n, 2n), rows are queries and sum to 1.
    """
    n = patterns.shape[-1] // 2
    i = torch.arange(n)
    return score_any_text(patterns) | {
        "same": patterns[:, n + i, i].mean(-1),
        "induction": patterns[:, n + i, i + 1].mean(-1),
    }


def score_any_text(patterns: Tensor) -> dict[str, Tensor]:
    """The scores that need no repetition, (nh,) each: previous, first, entropy and width.

    patterns: (nh, T, T) of a text of T ≥ 2 tokens, rows are queries and sum to 1.
    """
    t = torch.arange(patterns.shape[-1])
    later = patterns[:, 1:]  # (nh, T-1, T): queries that have something before them
    nats = -torch.xlogy(later, later).sum(-1)  # (nh, T-1)
    distance = (t[:, None] - t[None, :]).abs()  # (T, T)
    return {
        "previous": patterns[:, t[1:], t[:-1]].mean(-1),
        "first": later[:, :, 0].mean(-1),
        "entropy": (nats / torch.log(t[1:] + 1.0)).mean(-1),
        "width": (patterns * distance).sum(-1).mean(-1),
    }


def head_scores(loaded: LoadedModel) -> list[HeadScores]:
    """The scores of every head on the random lists, layer by layer."""
    return finish(measuring(loaded))


def measuring(loaded: LoadedModel) -> Generator[float, None, list[HeadScores]]:
    """`head_scores`, with the share that is done, from 0 to 1, after every block of every sequence.

    What a sequence has given is kept for all visitors, so a second call goes on where one was closed, and
    costs nothing where one came to its end. Raises InputError("too_many_tokens") for a context of one token,
    ModelError("broken_weights") for weights that are numbers but absurd.
    """
    sequences = repeated_sequences(loaded.vocab_size, loaded.n_ctx)  # (32, 2n)
    if sequences.shape[1] > loaded.n_ctx:
        raise InputError("too_many_tokens", n=sequences.shape[1], limit=loaded.n_ctx)
    found = []
    for done, ids in enumerate(sequences):
        key = ("head scores", number_of(loaded), done)
        scores = SHARED.get(key)
        if scores is None:
            for scores in _scores_on(loaded, ids):
                yield (done + len(scores["width"]) / loaded.n_layer) / N_SEQUENCES
            SHARED.put(key, scores, tensor_bytes(scores.values()))
        found.append(scores)
    if not all(score.isfinite().all() for scores in found for score in scores.values()):
        raise ModelError("broken_weights", name=loaded.name)
    means = {
        name: torch.stack([scores[name] for scores in found]).mean(0) for name in SCORES
    }  # (n_layer, nh)
    return [
        HeadScores(layer, head, **{name: score[layer, head].item() for name, score in means.items()})
        for layer in range(loaded.n_layer)
        for head in range(loaded.n_head)
    ]


def _scores_on(loaded: LoadedModel, ids: Tensor) -> Generator[dict[str, Tensor], None, None]:
    """ids (2n,) -> each score by name, (layers so far, nh), after every block.

    One sequence at a time and no pattern kept: those of all 32 would not fit into memory for a large model.
    """
    layers: list[dict[str, Tensor]] = []

    def score(name: str, tensor: Tensor) -> Tensor:
        if name.endswith("attn.hook_pattern"):
            layers.append(score_patterns(tensor[0]))
        return tensor

    with torch.no_grad():
        x = embed(loaded, ids[None])  # (1, 2n, d)
    for layer in range(loaded.n_layer):
        with torch.no_grad():  # never across a pause: it would hold for the caller too
            x = run_block(loaded, x, layer, hook=score)
        yield {name: torch.stack([scores[name] for scores in layers]) for name in SCORES}
