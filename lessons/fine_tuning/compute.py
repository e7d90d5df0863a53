"""The numbers of 「미세조정」 that Python knows: inputs as token sequences, counts, answers."""

from __future__ import annotations

from functools import lru_cache

from app.engine import sets
from app.engine.finetune import NEW_TOKENS, Plan, n_new_parameters, update_mask
from app.engine.inputs import Example, Kind, transform
from app.engine.parameters import Shape
from app.engine.tasks import LENGTH, label_tokens
from app.guess import Answer
from app.models.loading import LoadedModel
from lessons.fine_tuning import transferred
from lessons.fine_tuning.recorded import SPLIT, measured_task
from lessons.fine_tuning.state import State
from lessons.fine_tuning.transferred import BOTH

OWN_LABELS = 2  # until the learner's own lines are read
TRAINED = {"full": "full", "head": "head", "last": "last layers", "prompts": "soft prompts"}
SAME = 0.35  # L1 that moved by less than this share of itself stayed where it was


def kind_of(task: str) -> Kind:
    """The input transformation of a task; a learner's own lines are classified."""
    return "classification" if task == "own" else sets.about(task).kind


def set_language(task: str, lang: str) -> str:
    """The half of a set that a page in `lang` trains on."""
    return lang if task == "own" or lang in sets.about(task).languages else "en"


def fields(text: str, example: tuple[str, ...], state: State) -> tuple[str, ...]:
    """The fields of the input on show: the page's text, then the learner's, else those of the `example`.

    A question that the task leaves empty stays empty and is no field of hers.
    """
    own = iter((state.second, state.third, state.fourth))
    return (text, *((next(own) or field) if field else "" for field in example[1:]))


def example(loaded: LoadedModel, task: str, of: tuple[str, ...], n_soft_prompts: int) -> Example:
    """The fields as the sequences that a run reads, each of at most LENGTH tokens."""
    return transform(kind_of(task), of, 0, loaded.tokenizer.encode, LENGTH, n_soft_prompts)


def plan(loaded: LoadedModel, state: State, n_labels: int, labels: tuple[str, ...]) -> Plan:
    """What a run with these settings starts from and may change."""
    return Plan(
        kind=kind_of(state.task),
        n_labels=n_labels,
        n_layers_transferred=min(state.layers, loaded.n_layer),
        trained=TRAINED[state.trained],
        label_tokens=label_tokens(loaded, labels) if state.trained == "prompts" else (),
        seed=state.seed,
    )


@lru_cache(maxsize=256)
def n_changed(shape: Shape, plan: Plan) -> int:
    """How many numbers a step of this run may change."""
    return int(update_mask(shape, plan).sum())


def n_new(shape: Shape) -> int:
    """W_y and the embeddings of Start, Delim and Extract."""
    return n_new_parameters(shape)


def n_new_rows() -> int:
    return len(NEW_TOKENS)


def language_loss(loaded: LoadedModel, task: str) -> Answer:
    """What L1 on the task's text does in a run without λ: recorded, mean over seeds."""
    name = measured_task(loaded.name, task)
    before, _ = transferred.before(loaded.name, name)
    after = {row.lambda_: row.l1_task.mean for row in transferred.lambdas(loaded.name, name)}
    right = 1 if abs(after[0.0] - before) < SAME * before else 0 if after[0.0] < before else 2
    return Answer(
        right, {"before": f"{before:.2f}", "after": f"{after[0.0]:.2f}", "half": f"{after[0.5]:.2f}"}
    )


def best_start(loaded: LoadedModel, task: str) -> Answer:
    """Which number of transferred layers gave the best accuracy: recorded, mean over seeds."""
    points = transferred.layers(loaded.name, measured_task(loaded.name, task))
    found = {point.n_layers_transferred: point.accuracy[SPLIT][BOTH].mean for point in points}
    asked = (-1, 0, loaded.n_layer - 1, loaded.n_layer)
    right = max(range(len(asked)), key=lambda index: found[asked[index]])
    values = {f"p{index}": f"{found[k]:.1f}" for index, k in enumerate(asked)}
    return Answer(right, values | {"steps": points[0].steps})


def head_only(loaded: LoadedModel, task: str) -> Answer:
    """How many numbers a run changes that trains W_y alone."""
    n_labels = OWN_LABELS if task == "own" else sets.about(task).n_labels
    columns = 1 if kind_of(task) == "choice" else n_labels
    shape = Shape.of(loaded, columns)
    changed = n_changed(shape, Plan(kind_of(task), n_labels, loaded.n_layer, "head"))
    return Answer(changed, {"n": f"{changed:,}", "d": loaded.d_model, "columns": columns})
