"""The step of `app.engine.objective` for evaluations of hundreds of runs: two to three times as fast.

Same forward pass and losses; the gradient by plain autograd, the update by `torch.optim.AdamW`, and L1 left
out where λ is 0. A test holds it to `app.engine.finetune.FineTuning`.
"""

from collections.abc import Iterable, Sequence
from statistics import mean

import torch

from app.engine.finetune import Plan, starting_point, update_mask
from app.engine.inputs import Batch, Example, collate
from app.engine.objective import (
    BETA_1,
    BETA_2,
    EPS,
    WEIGHT_DECAY,
    Parts,
    classification_loss,
    forward,
    language_model_loss,
)
from app.engine.parameters import Shape, unflatten
from app.models import LoadedModel

EXAMPLES_AT_ONCE = 64


class QuickRun:
    """One run of a plan with one λ. `parts` are the weights as they are now, by name."""

    def __init__(self, loaded: LoadedModel, plan: Plan, lambda_: float):
        self.plan, self.lambda_ = plan, lambda_
        self.shape = Shape.of(loaded, plan.n_out)
        flat, mask = starting_point(self.shape, loaded.model, plan), update_mask(self.shape, plan)
        masks = unflatten(self.shape, mask)
        self.parts: Parts = {name: part.clone() for name, part in unflatten(self.shape, flat).items()}
        self.n_changed = int(mask.sum())
        trained = {name: part for name, part in self.parts.items() if masks[name].any()}
        for part in trained.values():
            part.requires_grad_(True)
        # where only some rows of a table may change: what the others are put back to after each step
        self._fixed = {
            name: (~masks[name], part.detach().clone())
            for name, part in trained.items()
            if not masks[name].all()
        }
        decay = [part for part in trained.values() if part.dim() == 2]
        groups = [{"params": decay, "weight_decay": WEIGHT_DECAY}]
        groups += [{"params": [p for p in trained.values() if p.dim() != 2], "weight_decay": 0.0}]
        groups = [group for group in groups if group["params"]]
        self.optimizer = torch.optim.AdamW(groups, betas=(BETA_1, BETA_2), eps=EPS, fused=True)

    def step(self, batch: Batch, learning_rate: float) -> float:
        """One update -> L2 before it, in nats."""
        h, logits = forward(self.shape, self.parts, batch.ids, self.plan.one_logit_per_sequence)
        l2 = classification_loss(logits, batch.labels)
        loss = l2
        if self.lambda_:
            l1 = language_model_loss(h, self.parts["wte.weight"], batch.ids, batch.predicted)
            loss = l2 + self.lambda_ * l1
        self.optimizer.zero_grad()
        loss.backward()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        for name, (fixed, _) in self._fixed.items():
            self.parts[name].grad[fixed] = 0.0
        self.optimizer.step()
        with torch.no_grad():
            for name, (fixed, before) in self._fixed.items():
                self.parts[name][fixed] = before[fixed]
        return l2.item()

    @torch.no_grad()
    def accuracy(self, examples: Sequence[Example]) -> float:
        """In percent."""
        right = []
        for batch in batches(examples):
            _, logits = forward(self.shape, self.parts, batch.ids, self.plan.one_logit_per_sequence)
            right += (logits.argmax(-1) == batch.labels).tolist()
        return 100 * mean(right)

    @torch.no_grad()
    def text_loss(self, batches: Iterable[Batch]) -> float:
        """L1: the mean over the batches' examples, in nats per token."""
        total, n = 0.0, 0
        for batch in batches:
            h, _ = forward(self.shape, self.parts, batch.ids, self.plan.one_logit_per_sequence)
            l1 = language_model_loss(h, self.parts["wte.weight"], batch.ids, batch.predicted)
            total, n = total + l1.item() * len(batch.labels), n + len(batch.labels)
        return total / n


def batches(examples: Sequence[Example]) -> Iterable[Batch]:
    """Neighbours in length together, so that little is padding."""
    ordered = sorted(examples, key=lambda example: max(map(len, example.sequences)))
    for start in range(0, len(ordered), EXAMPLES_AT_ONCE):
        yield collate(ordered[start : start + EXAMPLES_AT_ONCE])
