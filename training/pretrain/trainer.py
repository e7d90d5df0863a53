"""Pre-training, one step at a time: the recipe, the schedule and everything a run must remember to go on
later."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.pretrain.model import Parameters, Shape, init_parameters, loss
from training.pretrain.windows import Documents, Windows, epoch_windows


@dataclass(frozen=True)
class Recipe:
    """What decides a run. Tokens per step are windows_per_step * n_ctx; learning rates per update."""

    shape: Shape
    windows_per_step: int
    peak_learning_rate: float
    seed: int = 0
    warmup_steps: int = 200
    decay_share: float = 0.3
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.98)
    largest_gradient_norm: float = 1.0
    list_share: float = 0.05


RECIPES = {
    "tiny-gpt1": Recipe(
        Shape("gpt1", vocab_size=4048, n_ctx=64), windows_per_step=32, peak_learning_rate=2e-3
    ),
    "tiny-gpt2": Recipe(
        Shape("gpt2", vocab_size=5026, n_ctx=128), windows_per_step=16, peak_learning_rate=2e-3
    ),
}


def learning_rate(recipe: Recipe, step: int, share_done: float) -> float:
    """Warm-up, constant, then a straight line to zero over the last `decay_share` of the run ("WSD").

    Until the decay starts nothing depends on how long the run will be, so it can be lengthened, or ended
    early, at any time.
    """
    warmup = min(1.0, (step + 1) / recipe.warmup_steps)
    decay = min(1.0, max(0.0, 1 - share_done) / recipe.decay_share)
    return recipe.peak_learning_rate * min(warmup, decay)


class Trainer:
    """Parameters, AdamW and the place in the corpus. Steps are reproducible: the same number of steps gives
    the same parameters, with or without interruptions.
    """

    def __init__(self, recipe: Recipe, documents: Documents, dtype: torch.dtype = torch.float32):
        self.recipe, self.documents, self.dtype = recipe, documents, dtype
        self.parameters: Parameters = init_parameters(recipe.shape, recipe.seed)
        matrices = [p for p in self.parameters.values() if p.dim() == 2]
        vectors = [p for p in self.parameters.values() if p.dim() == 1]
        groups = [
            {"params": matrices, "weight_decay": recipe.weight_decay},
            {"params": vectors, "weight_decay": 0.0},  # biases and layer norm gains do not decay
        ]
        self.optimizer = torch.optim.AdamW(groups, betas=recipe.betas, fused=True)
        self.step_number = 0  # updates made so far
        # the same, but counted anew when AdamW had to start without its moments
        self.updates_of_optimizer = 0
        self.tokens_seen = 0
        self.seconds = 0.0  # spent in steps, all processes of this run together
        self.epoch = 0
        self.window = 0  # the next window of this epoch
        self.documents_before = 0  # read in corpora that this one replaced
        self._windows: Windows | None = None

    @property
    def documents_read(self) -> int:
        """Documents read to their end since the start, all epochs and corpora together."""
        in_epoch = int(self.windows.documents_read[self.window - 1]) if self.window else 0
        return self.documents_before + self.epoch * len(self.documents) + in_epoch

    @property
    def windows(self) -> Windows:
        if self._windows is None:
            shape = self.recipe.shape
            self._windows = epoch_windows(
                self.documents,
                shape.n_ctx,
                shape.vocab_size,
                self.recipe.list_share,
                self.recipe.seed,
                self.epoch,
            )
        return self._windows

    def step(self, share_done: float) -> float:
        """One update on the next windows; the loss before it, in nats per token that counts."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.recipe, self.updates_of_optimizer, share_done)
        ids, targets = self._next_batch()
        value = loss(self.parameters, self.recipe.shape, ids, targets, self.dtype)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), self.recipe.largest_gradient_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step_number += 1
        self.updates_of_optimizer += 1
        self.tokens_seen += ids.numel()
        return value.item()

    def _next_batch(self) -> tuple[Tensor, Tensor]:
        """ids, targets (B, T) int64. The few windows left at the end of an epoch that fill no batch are
        passed over."""
        if self.window + self.recipe.windows_per_step > len(self.windows):
            self.epoch, self.window, self._windows = self.epoch + 1, 0, None
        rows = slice(self.window, self.window + self.recipe.windows_per_step)
        self.window = rows.stop
        return torch.from_numpy(self.windows.ids[rows]).long(), torch.from_numpy(
            self.windows.targets[rows]
        ).long()

    def state(self) -> dict:
        """All that `restore` needs, as references to the live tensors: save it at once."""
        return {
            "parameters": {name: p.detach() for name, p in self.parameters.items()},
            "optimizer": self.optimizer.state_dict(),
            "progress": {name: getattr(self, name) for name in (*self._PROGRESS, "documents_read")},
        }

    def restore(self, state: dict, new_corpus: bool = False) -> None:
        """Continue from `state()`. Without "optimizer" AdamW starts anew, with a warm-up.

        new_corpus: `documents` are not those of the state; they are read from the first one on.
        """
        with torch.no_grad():
            for name, value in state["parameters"].items():
                self.parameters[name].copy_(value)
        for name in self._PROGRESS:
            setattr(self, name, state["progress"].get(name, 0))
        if new_corpus:
            self.documents_before = state["progress"]["documents_read"]
            self.epoch = self.window = 0
        self._windows = None
        if "optimizer" in state:
            self.optimizer.load_state_dict(state["optimizer"])
        else:
            self.updates_of_optimizer = 0

    _PROGRESS = (
        *("step_number", "updates_of_optimizer", "tokens_seen", "seconds"),
        *("epoch", "window", "documents_before"),
    )
