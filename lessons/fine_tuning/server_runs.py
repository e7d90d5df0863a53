"""Runs of 「미세조정」 that the server makes for a page whose browser cannot: what the page asks, answered.

assets/js/training/server_trainer.js asks; `app.training_line` gives the runs their turns. An example comes as
its sequences, tokens with Start and Extract among them; soft prompts are put before them here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

from app import models
from app.engine import sets, tasks
from app.engine.finetune import FineTuning, Plan, Trained, n_new_parameters, update_mask
from app.engine.inputs import SOFT_PROMPTS, START, Example, Kind
from app.engine.live_run import LiveRun, Material
from app.engine.parameters import Shape
from app.engine.tuned import proceeded, rounded
from app.errors import InputError
from app.languages import CODES
from app.lesson import Context, Page, Reply
from app.models import LoadedModel
from app.models.registry import EMBEDDED
from app.payload import Payload
from app.training_line import SHARED, TrainingLine

OWN = "own"
MOST_STEPS = 1000
LARGEST_LAMBDA, LARGEST_RATE = 10.0, 1.0
MOST_LAYERS = 48  # in a plan; as many as there are is meant
LARGEST_SEED = 2**31 - 1
MOST_OWN, MOST_LABELS = 500, 8
N_DEV, N_WORLD = 40, 16
MOST_TRIED, MOST_TOKENS = 40, 128  # sequences of one question, tokens of a sequence
MOST_TOKENS_TRIED = MOST_TRIED * tasks.LENGTH
MOST_FURTHER = 24
MOST_NEWS = 120
LONGEST_NAME = 40

Splits = tuple[Sequence[Example], Sequence[Example]]  # what a run trains on, and dev


def replies(line: TrainingLine = SHARED) -> Mapping[str, Reply]:
    """For `Live.replies`: each takes (context, page, state, payload) and returns plain data."""

    def of_run(answer: Callable[[LiveRun, Payload], dict[str, Any]]) -> Reply:
        return lambda context, page, state, payload: answer(line.get(_name(payload)), payload)

    return {
        "begin_run": partial(_begin, line),
        "run_news": partial(_news, line),
        "run_try": of_run(_try),
        "run_language": of_run(_language),
        "run_proceed": of_run(_proceed),
        "run_mark": of_run(lambda run, payload: {"mark": run.mark()}),
        "run_back": of_run(lambda run, payload: {"step": run.back(payload.whole("mark"))}),
        "end_run": partial(_end, line),
    }


def _begin(line: TrainingLine, context: Context, page: Page, state: Any, payload: Payload) -> dict[str, Any]:
    """A run is put into the line -> {"run": its name, "place", "n_changed", "n_new"}."""
    loaded = models.load(context.registry.spec(payload.choice("model", EMBEDDED)))
    name = payload.choice("set", (*sets.names(), OWN))
    lang = payload.choice("lang", CODES if name == OWN else sets.about(name).languages)
    own = _own(loaded, payload.part("own")) if name == OWN else None
    sent = payload.part("plan")
    plan = _plan(loaded, name, lang, own, sent)
    shape = Shape.of(loaded, plan.n_out)
    batch_seed = sent.whole_or("batch_seed", plan.seed, 0, LARGEST_SEED)
    examples = own and _own_examples(plan, own)
    prepare = partial(_material, loaded, plan, name, lang, examples, batch_seed)
    run = LiveRun(plan, shape, prepare, payload.whole("steps", 1, MOST_STEPS), *_led(payload))
    n_changed = int(update_mask(shape, plan).sum())
    found = line.begin(run)
    return {
        "run": found,
        "place": line.place(found),
        "n_changed": n_changed,
        "n_new": n_new_parameters(shape),
    }


def _news(line: TrainingLine, context: Context, page: Page, state: Any, payload: Payload) -> dict[str, Any]:
    """What the page wants from now on -> what has happened since.

    {"place": how many are served before it, "begun": it has had its turn, "events", "since": for the next
    question, "step": of the weights as they are now, "rests": nothing is left to be done or told, "failed":
    None, "nan" or "long"}.
    """
    name = _name(payload)
    run = line.get(name)
    run.lead(payload.flag("goes"), payload.whole("target", 0, MOST_STEPS), *_led(payload))
    place = line.place(name)
    found = {"place": place, "begun": run.begun, "step": run.n_steps, "failed": run.failed}
    rests = not run.wants
    events, since = run.news(payload.whole("since"), MOST_NEWS)
    return found | {"events": events, "since": since, "rests": rests and len(events) < MOST_NEWS}


def _try(run: LiveRun, payload: Payload) -> dict[str, Any]:
    """{"examples": [sequences of each]} -> {"probabilities": (n, labels), "l1": nats per token (n,)}."""
    most = MOST_TRIED // _n_sequences(run.plan), _n_sequences(run.plan), MOST_TOKENS
    sent = payload.wholes("examples", most, run.shape.vocab_size - 1)
    if not 0 < sum(len(ids) for sequences in sent for ids in sequences) <= MOST_TOKENS_TRIED:
        raise InputError("not_understood")
    probabilities, l1 = run.look([_example(run.plan, run.shape.n_ctx, sequences, 0) for sequences in sent])
    return {"probabilities": rounded(probabilities), "l1": l1.tolist()}


def _language(run: LiveRun, payload: Payload) -> dict[str, Any]:
    """{"of": "task" or "world"} -> {"l1": nats per token on the task's text, or on that of its own world}."""
    of_task = payload.choice("of", ("task", "world")) == "task"
    return {"l1": run.task_loss() if of_task else run.world_loss()}


def _proceed(run: LiveRun, payload: Payload) -> dict[str, Any]:
    """{"ids", "n"} -> {"ids": the greedy continuation, "probabilities": of each}."""
    ids = payload.wholes("ids", (MOST_TOKENS,), run.shape.vocab_size - 1)
    if not 1 <= len(ids) <= run.shape.n_ctx:
        raise InputError("not_understood")
    return proceeded(run.proceed(ids, payload.whole("n", 1, MOST_FURTHER)))


def _end(line: TrainingLine, context: Context, page: Page, state: Any, payload: Payload) -> dict[str, Any]:
    line.end(_name(payload))
    return {"ended": True}


def _name(payload: Payload) -> str:
    return payload.string("run", LONGEST_NAME)


def _led(payload: Payload) -> tuple[float, float]:
    """λ, and the peak of the learning rate."""
    return payload.number("lambda_", 0.0, LARGEST_LAMBDA), payload.number("learning_rate", 0.0, LARGEST_RATE)


@dataclass(frozen=True)
class Own:
    """A learner's own lines. lines: a sequence each. n_dev: so many of them, the last, are held out."""

    lines: list[list[int]]
    labels: list[int]
    n_dev: int

    @property
    def n_labels(self) -> int:
        return max(self.labels) + 1


def _own(loaded: LoadedModel, sent: Payload) -> Own:
    """Raises InputError("not_understood") where the lines are no set: the page has checked them."""
    lines = sent.wholes("lines", (MOST_OWN, MOST_TOKENS), loaded.vocab_size - 1)
    labels = sent.wholes("labels", (MOST_OWN,), MOST_LABELS - 1)
    if len(labels) != len(lines) or len(set(labels)) < 2 or max(map(len, lines)) > tasks.LENGTH:
        raise InputError("not_understood")
    return Own(lines, labels, sent.whole("n_dev", 1, len(lines) - 1))


def _plan(loaded: LoadedModel, name: str, lang: str, own: Own | None, sent: Payload) -> Plan:
    about = None if own else sets.about(name)
    kind: Kind = about.kind if about else "classification"
    words = about.labels[lang] if about else [str(label) for label in range(own.n_labels)]
    n_out = 1 if kind == "choice" else len(words)
    trained = sent.choice("trained", get_args(Trained))
    tokens: Sequence[int] = ()
    if trained == "soft prompts":
        tokens = tasks.label_tokens(loaded, words[:n_out])
        if "label_tokens" in sent:
            tokens = sent.wholes("label_tokens", (n_out,), loaded.vocab_size - 1)
        if len(tokens) != n_out:
            raise InputError("not_understood")
    return Plan(
        kind,
        len(words),
        min(sent.whole("n_layers_transferred", -1, MOST_LAYERS), loaded.n_layer),
        trained,
        min(sent.whole_or("n_last_layers", 1, 1, MOST_LAYERS), loaded.n_layer),
        tuple(tokens),
        sent.whole("seed", 0, LARGEST_SEED),
    )


def _own_examples(plan: Plan, own: Own) -> Splits:
    longest = tasks.LENGTH + plan.n_soft_prompts
    built = [
        _example(plan, longest, [line], label) for line, label in zip(own.lines, own.labels, strict=True)
    ]
    return built[: -own.n_dev], built[-own.n_dev :]


def _material(
    loaded: LoadedModel, plan: Plan, name: str, lang: str, own: Splits | None, batch_seed: int
) -> Material:
    """Called in the thread that trains, when the run's turn comes."""
    train, dev = own or (
        tasks.examples(loaded, name, split, lang, plan.n_soft_prompts, tasks.LENGTH)
        for split in ("train", "dev")
    )
    world = tasks.held_out(loaded, lang, N_WORLD)
    return Material(FineTuning(loaded, plan), train, dev[:N_DEV], world, batch_seed)


def _n_sequences(plan: Plan) -> int:
    return {"similarity": 2, "choice": plan.n_labels}.get(plan.kind, 1)


def _example(plan: Plan, n_ctx: int, sequences: Sequence[Sequence[int]], label: int) -> Example:
    """Raises InputError("not_understood") where the sequences are not those of the kind."""
    if len(sequences) != _n_sequences(plan):
        raise InputError("not_understood")
    return Example(tuple(_sequence(plan, n_ctx, ids) for ids in sequences), label, 0)


def _sequence(plan: Plan, n_ctx: int, ids: Sequence[int]) -> tuple[int, ...]:
    """Start is in it, and something after it that L1 can ask for."""
    soft = SOFT_PROMPTS[: plan.n_soft_prompts]
    if START in ids and ids[0] != soft.start:
        ids = [*soft, *ids]
    if START not in ids[:-1] or len(ids) > n_ctx:
        raise InputError("not_understood")
    return tuple(ids)
