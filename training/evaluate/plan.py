"""Which fine-tuning runs are measured, the most important first. `fine_tuning` runs them.

1  everything transferred against nothing, all tasks, λ 0
2  nothing, the embeddings, 1, 2, … layers
3  λ against the number of labels
4  the head alone, the last layers, soft prompts
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.engine.finetune import NOTHING, Trained
from app.engine.recipe import RECIPE

N_LAYERS = 4  # of both GPTs
GPTS = ("tiny-gpt2", "tiny-gpt1")
TASKS = ("sentiment", "entailment", "similarity", "choice", "reference", "acceptability", "binding")
HARD = "binding"
TWO_TASKS = ("sentiment", "entailment")  # of points 2, 3 and 4
FIRST_SEEDS, OTHER_SEEDS = (0, 1, 2, 3, 4), (0, 1, 2)
EARLY_STEPS = 150  # before everything is learned from any number of layers
LAMBDAS = (0.0, 0.5, 1.0, 2.0)
N_LABELS = (32, 100, 300, 1000)
ALL_LABELS = 2000


@dataclass(frozen=True)
class Setting:
    """One run; `app.engine.finetune.Plan` has the rest. n_labels: how many training examples it draws."""

    point: int
    model: str
    task: str
    seed: int
    n_layers_transferred: int = N_LAYERS
    lambda_: float = 0.0
    n_labels: int = ALL_LABELS
    steps: int = RECIPE.steps
    trained: Trained = "full"
    n_last_layers: int = 0


def settings() -> list[Setting]:
    """All runs of the evaluation, in the order in which they are made."""
    tasks = [task for task in TASKS if task != HARD]
    points = [one for seed in OTHER_SEEDS for one in (*layers(seed), *lambdas(seed), *parts(seed))]
    return sorted([*gain(tasks, FIRST_SEEDS), *gain([HARD], OTHER_SEEDS), *points], key=turn)


def turn(one: Setting) -> int:
    """When a run's turn is: a first look at every point comes before the last seeds of any."""
    if one.point == 1:
        return {0: 0, 1: 0, 2: 2}.get(one.seed, 5) if one.task != HARD else 2 + 3 * (one.seed > 0)
    if one.seed:
        return 4
    return 3 if one.point == 3 and one.n_labels < max(N_LABELS) else 1


def gain(tasks: Sequence[str], seeds: Sequence[int]) -> Iterator[Setting]:
    """Point 1. A seed goes through all tasks before the next one does."""
    for seed in seeds:
        for task in tasks:
            for model in GPTS:
                one = Setting(1, model, task, seed)
                yield from (one, replace(one, n_layers_transferred=NOTHING))


def layers(seed: int) -> Iterator[Setting]:
    """Point 2."""
    for model in GPTS:
        for task in TWO_TASKS:
            for k in range(NOTHING, N_LAYERS + 1):
                yield Setting(2, model, task, seed, n_layers_transferred=k, steps=EARLY_STEPS)


def lambdas(seed: int) -> Iterator[Setting]:
    """Point 3: tiny-gpt2 with every number of labels, tiny-gpt1 with the largest."""
    for model in GPTS:
        for n_labels in reversed(N_LABELS) if model == GPTS[0] else N_LABELS[-1:]:
            for task in TWO_TASKS:
                for lambda_ in LAMBDAS:
                    yield Setting(3, model, task, seed, lambda_=lambda_, n_labels=n_labels)


def parts(seed: int) -> Iterator[Setting]:
    """Point 4. All of the model is measured in point 1."""
    for model in GPTS:
        for task in TWO_TASKS:
            yield Setting(4, model, task, seed, trained="head")
            yield Setting(4, model, task, seed, trained="soft prompts")
            for k in (1, 2, 3):
                yield Setting(4, model, task, seed, trained="last layers", n_last_layers=k)
