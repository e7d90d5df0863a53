"""Fine-tuning on labelled examples: where a run starts, what it may change, and its steps one at a time.

The step itself is `objective.make_step`. λ and the learning rate are read before each step, so whoever holds
the run may change them between two steps.

New are W_y and the embeddings of Start, Delim and Extract, "the only extra parameters" of GPT-1's section
3.1, whatever is transferred: in pre-training those three were never targets, and what its softmax left in
their rows is one vector, five times as long as that of a word. Sources: GPT-1 (Radford et al. 2018), sections
3.1, 3.2 and 4.1; for soft prompts: Lester et al. 2021, "The Power of Scale for Parameter-Efficient Prompt
Tuning".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from app.engine.inputs import (
    DELIM,
    EXTRACT,
    FIRST_ORDINARY,
    SOFT_PROMPTS,
    START,
    Batch,
    Example,
    Kind,
    collate,
)
from app.engine.objective import EPS, all_used, forward, make_step
from app.engine.parameters import (
    INIT_STD,
    Shape,
    flatten,
    new_head,
    pretrained_parts,
    random_parts,
    unflatten,
)
from app.models import LoadedModel

N_SOFT_PROMPTS = 8
NEW_TOKENS = (START, DELIM, EXTRACT)
NEW_TOKENS_SEED = 1000  # added to the seed of a run: their rows are not those of W_y
NOTHING, EMBEDDINGS = -1, 0  # values of `n_layers_transferred` beside 1, 2, …

Trained = Literal["full", "head", "last layers", "soft prompts"]


@dataclass(frozen=True)
class Plan:
    """What a run starts from and what it may change.

    n_layers_transferred: -1 nothing, 0 the embeddings, k the embeddings and the first k layers; with all
        layers comes GPT-2's final layer norm. What is not transferred starts at random, and so do always the
        embeddings of Start, Delim and Extract.
    trained: "full" everything; "head" W_y alone; "last layers" W_y, the last `n_last_layers` layers and the
        final layer norm; "soft prompts" the embeddings of 8 soft prompt tokens alone, which start as those of
        words drawn at random, with those of `label_tokens` (one for each column) as W_y.
    seed: of W_y and of all other random starting weights.
    """

    kind: Kind
    n_labels: int
    n_layers_transferred: int
    trained: Trained = "full"
    n_last_layers: int = 1
    label_tokens: tuple[int, ...] = ()
    seed: int = 0

    @property
    def one_logit_per_sequence(self) -> bool:
        """Whether each sequence of an example stands for one label: true for multiple choice."""
        return self.kind == "choice"

    @property
    def n_out(self) -> int:
        """Columns of W_y."""
        return 1 if self.one_logit_per_sequence else self.n_labels

    @property
    def n_soft_prompts(self) -> int:
        """How many soft prompt tokens the inputs of this run begin with."""
        return N_SOFT_PROMPTS if self.trained == "soft prompts" else 0


@dataclass(frozen=True)
class StepReport:
    """One step: its number from 1, its settings, and losses (nats) and accuracy of its batch before it."""

    step: int
    lambda_: float
    learning_rate: float
    l1: float
    l2: float
    accuracy: float

    @property
    def l3(self) -> float:
        return self.l2 + self.lambda_ * self.l1


class FineTuning:
    """One run. `lambda_` and `learning_rate` may be set at any time and hold from the next step on.

    The weights of `loaded` are copied, never changed. The defaults are the paper's (section 4.1); models as
    small as the embedded ones want about ten times its learning rate.
    """

    def __init__(self, loaded: LoadedModel, plan: Plan, lambda_: float = 0.5, learning_rate: float = 6.25e-5):
        self.plan = plan
        self.shape = Shape.of(loaded, plan.n_out)
        self.lambda_ = lambda_
        self.learning_rate = learning_rate
        self.n_steps = 0
        self.flat = starting_point(self.shape, loaded.model, plan)  # (P,) float32
        self.trained = update_mask(self.shape, plan)  # (P,) bool
        self.first_moment = torch.zeros_like(self.flat)
        self.second_moment = torch.zeros_like(self.flat)
        self._step = make_step(self.shape, plan.one_logit_per_sequence)

    def steps(self, batches: Iterable[Batch]) -> Iterator[StepReport]:
        """One AdamW step for each batch. A later call goes on with the same weights and moments."""
        for batch in batches:
            lambda_, learning_rate = self.lambda_, self.learning_rate
            self.n_steps += 1
            self.flat, self.first_moment, self.second_moment, *losses = self._step(
                self.flat,
                self.first_moment,
                self.second_moment,
                self.trained,
                torch.tensor(float(self.n_steps)),
                *batch,
                all_used(self.shape),
                torch.tensor(lambda_),
                torch.tensor(learning_rate),
                torch.tensor(EPS),
            )
            l1, l2, accuracy = (loss.item() for loss in losses)
            yield StepReport(self.n_steps, lambda_, learning_rate, l1, l2, accuracy)

    @torch.no_grad()
    def probabilities(self, examples: Sequence[Example], batch_size: int = 64) -> Tensor:
        """P(label | input) by the weights as they are now, (n, n_labels) float32. Source: equation (3)."""
        parts = unflatten(self.shape, self.flat)
        found = []
        for start in range(0, len(examples), batch_size):
            ids = collate(examples[start : start + batch_size]).ids  # (B, S, T)
            _, logits = forward(self.shape, parts, ids, self.plan.one_logit_per_sequence)  # (B, n_labels)
            found.append(torch.softmax(logits, -1))
        return torch.cat(found)


def starting_point(shape: Shape, model: torch.nn.Module, plan: Plan) -> Tensor:
    """The vector (P,) a run begins with: what the plan transfers from `model`, the rest at random."""
    k = plan.n_layers_transferred
    if not NOTHING <= k <= shape.n_layer:
        raise ValueError(f"cannot transfer {k} of {shape.n_layer} layers")
    generator = torch.Generator().manual_seed(plan.seed)
    w_y = new_head(shape, generator)  # drawn first, so that all starting points of a seed share it
    transferred = ["wte.", "wpe."] if k >= EMBEDDINGS else []
    transferred += [f"h.{layer}." for layer in range(k)]
    transferred += ["ln_f."] if k == shape.n_layer else []
    parts = random_parts(shape, generator)
    for name, pretrained in pretrained_parts(shape, model).items():
        if name.startswith(tuple(transferred)):
            parts[name] = pretrained
    wte = parts["wte.weight"]  # (V, d), a copy
    new_tokens = torch.Generator().manual_seed(plan.seed + NEW_TOKENS_SEED)
    wte[list(NEW_TOKENS)] = torch.randn(len(NEW_TOKENS), shape.d_model, generator=new_tokens) * INIT_STD
    if plan.trained == "soft prompts":
        words = torch.randint(FIRST_ORDINARY, shape.vocab_size, (N_SOFT_PROMPTS,), generator=new_tokens)
        wte[list(SOFT_PROMPTS[:N_SOFT_PROMPTS])] = wte[words]
        if len(plan.label_tokens) != shape.n_out:
            raise ValueError(f"{shape.n_out} label tokens wanted, {len(plan.label_tokens)} given")
        w_y = wte[list(plan.label_tokens)].T
    return flatten(shape, parts | {"w_y": w_y})


def n_new_parameters(shape: Shape) -> int:
    """How many numbers fine-tuning adds to a pre-trained model: W_y and three embeddings."""
    return shape.d_model * (shape.n_out + len(NEW_TOKENS))


def update_mask(shape: Shape, plan: Plan) -> Tensor:
    """(P,) bool: True where the plan lets a step change a number."""
    masks = {name: torch.zeros(size, dtype=torch.bool) for name, size in shape.parts().items()}
    if plan.trained == "soft prompts":
        masks["wte.weight"][list(SOFT_PROMPTS[:N_SOFT_PROMPTS])] = True
        return flatten(shape, masks)
    last_layers = range(shape.n_layer - plan.n_last_layers, shape.n_layer)
    changed = {
        "full": tuple(masks),
        "head": ("w_y",),
        "last layers": ("w_y", "ln_f.", *(f"h.{layer}." for layer in last_layers)),
    }[plan.trained]
    return flatten(shape, {name: mask | name.startswith(changed) for name, mask in masks.items()})
