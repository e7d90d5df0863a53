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

from dataclasses import dataclass

import torch
from torch import Tensor

from app.engine.inputs import FIRST_ORDINARY
from app.models import LoadedModel

N_SEQUENCES = 32
LEAST_SCORE = 0.4
LEAST_LEAD = 0.15
PATTERNS = ("previous", "first", "same", "induction")
NO_CLEAR_PATTERN = "no clear pattern"


@dataclass(frozen=True)
class HeadScores:
    """The scores of one head. Layers and heads count from 0; all lie in [0, 1] but `width`, in tokens."""

    layer: int
    head: int
    previous: float
    first: float
    same: float
    induction: float
    entropy: float
    width: float

    @property
    def label(self) -> str:
        """The pattern with the largest score where it is clear (0.4, and 0.15 above the next one)."""
        scores = {name: getattr(self, name) for name in PATTERNS}
        best, second = sorted(scores, key=scores.get, reverse=True)[:2]
        clear = scores[best] >= LEAST_SCORE and scores[best] - scores[second] >= LEAST_LEAD
        return best if clear else NO_CLEAR_PATTERN


def repeated_sequences(vocab_size: int, n_ctx: int) -> Tensor:
    """r r for 32 random r, (32, 2n) int64 with n = n_ctx/2 - 2; no special tokens, the same every time."""
    n = n_ctx // 2 - 2
    generator = torch.Generator().manual_seed(0)
    r = torch.randint(FIRST_ORDINARY, vocab_size, (N_SEQUENCES, n), generator=generator)  # (32, n)
    return torch.cat([r, r], dim=1)


def score_patterns(patterns: Tensor) -> dict[str, Tensor]:
    """The attention patterns of some heads on one repeated sequence -> each score by name, (nh,).

    patterns: (nh, 2n, 2n), rows are queries and sum to 1.
    """
    T = patterns.shape[-1]
    n = T // 2
    t = torch.arange(T, device=patterns.device)
    i = torch.arange(n, device=patterns.device)
    later = patterns[:, 1:]  # (nh, 2n-1, 2n): queries that have something before them
    nats = -torch.xlogy(later, later).sum(-1)  # (nh, 2n-1)
    distance = (t[:, None] - t[None, :]).abs()  # (2n, 2n)
    return {
        "previous": patterns[:, t[1:], t[:-1]].mean(-1),
        "first": later[:, :, 0].mean(-1),
        "same": patterns[:, n + i, i].mean(-1),
        "induction": patterns[:, n + i, i + 1].mean(-1),
        "entropy": (nats / torch.log(t[1:] + 1.0)).mean(-1),
        "width": (patterns * distance).sum(-1).mean(-1),
    }


@torch.no_grad()
def head_scores(loaded: LoadedModel) -> list[HeadScores]:
    """The scores of every head, layer by layer. Needs a model with eager attention: `load(…, eager=True)`."""
    sequences = repeated_sequences(loaded.vocab_size, loaded.n_ctx).to(loaded.model.device)
    # One sequence at a time: the patterns of all 32 would not fit into memory for a large model.
    found = [_scores_on(loaded.model, ids) for ids in sequences]
    means = {name: torch.stack([scores[name] for scores in found]).mean(0) for name in found[0]}
    return [
        HeadScores(layer, head, **{name: score[layer, head].item() for name, score in means.items()})
        for layer in range(loaded.n_layer)
        for head in range(loaded.n_head)
    ]


def _scores_on(model: torch.nn.Module, ids: Tensor) -> dict[str, Tensor]:
    """ids (2n,) -> each score by name, (n_layer, nh)."""
    patterns = model(ids[None], output_attentions=True).attentions  # n_layer tensors (1, nh, 2n, 2n)
    if not patterns or patterns[0] is None:
        raise ValueError("no attention patterns: load the model with eager attention")
    layers = [score_patterns(layer[0]) for layer in patterns]
    return {name: torch.stack([scores[name] for scores in layers]) for name in layers[0]}
