"""What a page may order of the server's training: its payload, checked, as the plan and examples of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from app import models
from app.engine import sets, tasks
from app.engine.finetune import FineTuning, Plan, Trained
from app.engine.inputs import Example, Kind, some_groups, transform
from app.engine.live_run import Material
from app.engine.recipe import RECIPE
from app.errors import InputError
from app.languages import CODES
from app.lesson import Context
from app.models import LoadedModel
from app.models.registry import EMBEDDED
from app.payload import Payload

OWN = "own"
BOTH = ""  # languages
SPLITS = ("train", "dev", "test", "test_new_words")
MOST_STEPS = 1000
LARGEST_LAMBDA, LARGEST_RATE = 10.0, 1.0
MOST_LAYERS = 48  # in a plan; as many as there are is meant
LARGEST_SEED = 2**31 - 1
MOST_OWN, MOST_LABELS, MOST_FIELDS = 500, 8, 4
N_DEV, N_WORLD = 40, 20  # dev examples of a run; sentences of its world, in each language
MOST_TOKENS = 128  # of a field, of which `tasks.LENGTH` count


@dataclass(frozen=True)
class Order:
    """A run as the page wants it. lang: "" for both. own: a learner's own examples by split, or None.

    n_examples: how many training examples it draws from, in whole groups. n_dev: how many it is measured by.
    learning_rate: the peak of the recipe's.
    """

    loaded: LoadedModel
    set: str
    lang: str
    plan: Plan
    own: Mapping[str, Sequence[Example]] | None
    steps: int
    lambda_: float
    learning_rate: float
    batch_seed: int
    n_examples: int
    n_dev: int

    def examples(self, split: sets.Split) -> Sequence[Example]:
        """A split as this run reads it; none where there is no such split."""
        if self.own is not None:
            return self.own.get(split, ())
        if split not in sets.about(self.set).sizes:
            return ()
        soft = self.plan.n_soft_prompts
        return tasks.examples(self.loaded, self.set, split, self.lang, soft, tasks.LENGTH)

    def material(self) -> Material:
        """What the run trains on and is measured by, with its starting weights."""
        train = (
            some_groups(self.examples("train"), self.n_examples, self.batch_seed) if self.n_examples else None
        )
        world = [
            line
            for lang in CODES
            if self.lang in (BOTH, lang)
            for line in tasks.held_out(self.loaded, lang, N_WORLD)
        ]
        return Material(
            FineTuning(self.loaded, self.plan),
            train or self.examples("train"),
            self.examples("dev")[: self.n_dev],
            [line[: tasks.LENGTH] for line in world],
            self.batch_seed,
            self.loaded.eot_id,
        )


def read(context: Context, payload: Payload) -> Order:
    """{"model", "set", "lang", "plan": {…}, "own": {…}} of a browser -> an order.

    Raises:
        InputError("not_understood"): anything that no page of ours would send. ModelError: as `models.load`.
    """
    loaded = models.load(context.registry.spec(payload.choice("model", EMBEDDED)))
    name = payload.choice("set", (*sets.names(), OWN))
    lang = payload.choice("lang", (BOTH, *(CODES if name == OWN else sets.about(name).languages)))
    sent = payload.part("plan")
    own = payload.part("own") if name == OWN else None
    plan = _plan(loaded, name, lang, own, sent)
    soft = plan.trained == "soft prompts"
    return Order(
        loaded,
        name,
        lang,
        plan,
        None if own is None else _own(loaded, plan, own),
        sent.whole_or("steps", RECIPE.steps, 1, MOST_STEPS),
        number(sent, "lambda_", 0.0 if soft else RECIPE.lambda_, LARGEST_LAMBDA),
        number(
            sent, "learning_rate", RECIPE.prompt_learning_rate if soft else RECIPE.learning_rate, LARGEST_RATE
        ),
        sent.whole_or("batch_seed", plan.seed, 0, LARGEST_SEED),
        sent.whole("n_examples", 1) if "n_examples" in sent else 0,
        sent.whole("n_dev", 0, N_DEV) if "n_dev" in sent else N_DEV,
    )


def number(sent: Payload, name: str, default: float, high: float) -> float:
    """A number from 0 to `high`; the default where there is none."""
    return sent.number(name, 0.0, high) if name in sent else default


def example(loaded: LoadedModel, plan: Plan, fields: Sequence[Sequence[int]], label: int) -> Example:
    """Fields as tokens -> the example of a run, its sequences cut to `tasks.LENGTH`.

    Raises:
        InputError("not_understood"): fields that are not those of the kind, or no tokens of the model.
    """
    wanted = {"classification": 1, "choice": 2 + plan.n_labels}.get(plan.kind, 2)
    if len(fields) != wanted or any(id_ >= loaded.vocab_size for field in fields for id_ in field):
        raise InputError("not_understood")
    length = min(tasks.LENGTH, loaded.n_ctx)
    return transform(plan.kind, fields, label, list, length, plan.n_soft_prompts)


def _plan(loaded: LoadedModel, name: str, lang: str, own: Payload | None, sent: Payload) -> Plan:
    about = None if own is not None else sets.about(name)
    kind: Kind = about.kind if about else own.choice("kind", get_args(Kind))
    n_labels = about.n_labels if about else own.whole("n_labels", 2, 2 if kind == "choice" else MOST_LABELS)
    n_out = 1 if kind == "choice" else n_labels
    trained = sent.choice("trained", get_args(Trained))
    tokens: Sequence[int] = ()
    if trained == "soft prompts":
        words = (
            about.labels[lang or about.languages[0]] if about else [str(label) for label in range(n_labels)]
        )
        tokens = tasks.label_tokens(loaded, words[:n_out])
        if "label_tokens" in sent:
            tokens = sent.wholes("label_tokens", (MOST_LABELS,), loaded.vocab_size - 1)[:n_out]
        if len(tokens) != n_out:
            raise InputError("not_understood")
    return Plan(
        kind,
        n_labels,
        min(sent.whole_or("n_layers_transferred", MOST_LAYERS, -1, MOST_LAYERS), loaded.n_layer),
        trained,
        min(sent.whole_or("n_last_layers", 1, 1, MOST_LAYERS), loaded.n_layer),
        tuple(tokens),
        sent.whole_or("seed", 0, 0, LARGEST_SEED),
    )


def _own(loaded: LoadedModel, plan: Plan, sent: Payload) -> dict[str, list[Example]]:
    """A learner's own examples. n_dev: so many of them, the last ones, are held out."""
    rows = sent.wholes("examples", (MOST_OWN, MOST_FIELDS, MOST_TOKENS), loaded.vocab_size - 1)
    labels = sent.wholes("labels", (MOST_OWN,), plan.n_labels - 1)
    if len(labels) != len(rows):
        raise InputError("not_understood")
    n_dev = sent.whole("n_dev", 0, len(rows) - 1)
    built = [example(loaded, plan, fields, label) for fields, label in zip(rows, labels, strict=True)]
    n_train = len(built) - n_dev
    return {"train": built[:n_train], "dev": built[n_train:]}
