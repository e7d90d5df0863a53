"""Lab 1, second half: the first steps of training, both placements on the same batches, warm-up or none.

Too slow to do while a learner waits, so `make records` runs it and the page shows the record. What is learnt
is a toy language in which a word fixes which four words may follow it; the loss that a perfect model would
reach is known exactly, and so is that of a model that knows nothing.

Sources: warm-up and Adam, GPT-1 section 4.1; why warm-up matters for post-LN, Xiong et al. 2020.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.forward import hidden, unembed
from app.engine.untrained import Placement, Recipe, untrained

N_WORDS = 64
N_TOKENS = 32
N_TEXTS = 8  # in a batch
FOLLOWER_P = (0.5, 0.25, 0.15, 0.1)  # of the four words that may follow a word, the likeliest first
LANGUAGE_SEED = 0


@dataclass(frozen=True)
class Plan:
    """One training run: width 64, Adam without weight decay or clipping, 8 texts of 32 tokens a step.

    scaled: begin with GPT-2's 1/√N, whatever the placement, so that the two can be told apart.
    warm_up: steps over which the learning rate rises in a line to its peak, where it stays; 0 is none.
    seed: of the start and of the batches. Runs of one seed see the same batches, whatever else differs.
    """

    placement: Placement
    scaled: bool
    depth: int
    learning_rate: float
    warm_up: int
    n_steps: int
    seed: int


def untaught_loss() -> float:
    """L1 of the model that finds every word as likely as any other, in nats."""
    return math.log(N_WORDS)


def best_loss() -> float:
    """L1 of the model that knows the language: the entropy of the next word, in nats."""
    return -math.fsum(p * math.log(p) for p in FOLLOWER_P)


def followers() -> Tensor:
    """(N_WORDS, 4) int64: the words that may follow each word, in the order of FOLLOWER_P."""
    generator = torch.Generator().manual_seed(LANGUAGE_SEED)
    return torch.stack([torch.randperm(N_WORDS, generator=generator)[:4] for _ in range(N_WORDS)])


def batches(seed: int) -> Iterator[Tensor]:
    """(N_TEXTS, N_TOKENS + 1) int64, without end: a first word, each as likely, and the words after it."""
    generator = torch.Generator().manual_seed(seed)
    table, p = followers(), torch.tensor(FOLLOWER_P)
    while True:
        words = [torch.randint(N_WORDS, (N_TEXTS,), generator=generator)]
        drawn = torch.multinomial(p, N_TEXTS * N_TOKENS, replacement=True, generator=generator)
        for choice in drawn.view(N_TOKENS, N_TEXTS):
            words.append(table[words[-1], choice])
        yield torch.stack(words, dim=1)


def losses(plan: Plan) -> Iterator[float]:
    """L1 in nats of each step's batch before the step, `plan.n_steps` of them."""
    recipe = Recipe(plan.placement, plan.depth, plan.scaled, vocab_size=N_WORDS)
    loaded = untrained(recipe, plan.seed)
    optimizer = torch.optim.Adam(loaded.model.parameters(), lr=plan.learning_rate)
    for step, ids in zip(range(1, plan.n_steps + 1), batches(plan.seed), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * min(1.0, step / plan.warm_up if plan.warm_up else 1.0)
        logits = unembed(loaded, hidden(loaded, ids[:, :-1]))  # (N_TEXTS, N_TOKENS, N_WORDS)
        loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()
