"""Runs of 「미세조정」 that the server makes for a page whose browser cannot: what the page asks, answered.

assets/js/training/server_trainer.js asks, and is to its lesson what trainer.js is; `app.training_line` gives
the runs their turns. An example comes as its fields, each a list of tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from app.engine import sets, tasks
from app.engine.finetune import n_new_parameters, update_mask
from app.engine.live_run import EVERY, LiveRun
from app.engine.parameters import Shape
from app.engine.recipe import RECIPE
from app.engine.tuned import proceeded, rounded
from app.errors import InputError
from app.lesson import Context, Page, Reply
from app.models.registry import EMBEDDED
from app.payload import Payload
from app.training_line import SHARED, TrainingLine
from lessons.fine_tuning import run_order
from lessons.fine_tuning.run_order import LARGEST_LAMBDA, LARGEST_RATE, MOST_STEPS, SPLITS, Order

AT_ONCE = 40  # sequences of one question, so that its answer takes a fraction of a second
MOST_FURTHER = 24
MOST_NEWS = 120
LONGEST_NAME = 40


@dataclass(frozen=True, eq=False)
class Served:
    """A run in the line, and what was ordered."""

    order: Order
    live: LiveRun

    @property
    def wants(self) -> bool:
        return self.live.wants

    def step(self) -> None:
        self.live.step()

    @property
    def n_at_once(self) -> int:
        """Examples of one question."""
        plan = self.order.plan
        return AT_ONCE // {"similarity": 2, "choice": plan.n_labels}.get(plan.kind, 1)


def replies(line: TrainingLine = SHARED) -> Mapping[str, Reply]:
    """For `Live.replies`: each takes (context, page, state, payload) and returns plain data."""

    def of_run(answer: Callable[[Served, Payload], dict[str, Any]]) -> Reply:
        return lambda context, page, state, payload: answer(line.get(_name(payload)), payload)

    return {
        "load_run": _load,
        "begin_run": partial(_begin, line),
        "run_news": partial(_news, line),
        "run_try": of_run(_try),
        "run_split": of_run(_split),
        "run_language": of_run(_language),
        "run_proceed": of_run(_proceed),
        "run_back": of_run(_back),
        "end_run": partial(_end, line),
    }


def _load(context: Context, page: Page, state: Any, payload: Payload) -> dict[str, Any]:
    """{"recipe", "set": {"kind", "languages"}, or None for own lines}"""
    payload.choice("model", EMBEDDED)
    name = payload.choice_or("set", sets.names(), "")
    about = sets.about(name) if name else None
    told = about and {"kind": about.kind, "languages": about.languages}
    return {"recipe": asdict(RECIPE), "set": told}


def _begin(line: TrainingLine, context: Context, page: Page, state: Any, payload: Payload) -> dict[str, Any]:
    """A run is put into the line.

    {"run": its name, "place", "n_trained", "n_new", "lambda_", "learning_rate", "steps", "at_once": how many
    examples one question may have}
    """
    order = run_order.read(context, payload)
    shape = Shape.of(order.loaded, order.plan.n_out)
    live = LiveRun(order.plan, shape, order.material, order.steps, order.lambda_, order.learning_rate)
    served = Served(order, live)
    settings = {name: getattr(order, name) for name in ("lambda_", "learning_rate", "steps")}
    n_trained = int(update_mask(shape, order.plan).sum())
    name = line.begin(served)
    numbers = {"n_trained": n_trained, "n_new": n_new_parameters(shape), "at_once": served.n_at_once}
    return {"run": name, "place": line.place(name)} | settings | numbers


def _news(line: TrainingLine, context: Context, page: Page, state: Any, payload: Payload) -> dict[str, Any]:
    """What the page wants from now on -> what has happened since.

    {"place": how many are served before it, "begun": it has had its turn, "events", "since": for the next
    question, "step": of the weights as they are now, "rests": nothing is left to be done or told, "failed":
    None, "nan" or "long", "mark": {"id", "step"} of what was kept before anything else, where that is asked}.
    """
    name = _name(payload)
    live = line.get(name).live
    kept = live.mark() if payload.flag("mark") else None
    live.lead(
        payload.flag("goes"),
        payload.whole("target", 0, MOST_STEPS),
        payload.number("lambda_", 0.0, LARGEST_LAMBDA),
        payload.number("learning_rate", 0.0, LARGEST_RATE),
        payload.whole_or("every", EVERY, 0, MOST_STEPS),
    )
    place = line.place(name)
    rests = not live.wants
    found = {"place": place, "begun": live.begun, "step": live.n_steps, "failed": live.failed}
    events, since = live.news(payload.whole("since"), MOST_NEWS)
    mark = kept and {"id": kept[0], "step": kept[1]}
    return found | {
        "events": events,
        "since": since,
        "rests": rests and len(events) < MOST_NEWS,
        "mark": mark,
    }


def _try(run: Served, payload: Payload) -> dict[str, Any]:
    """{"examples": [fields of each]} -> {"probabilities": (n, labels), "l1": nats per token (n,)}."""
    most = (run.n_at_once, run_order.MOST_FIELDS, run_order.MOST_TOKENS)
    sent = payload.wholes("examples", most, run.live.shape.vocab_size - 1)
    if not sent:
        raise InputError("not_understood")
    order = run.order
    probabilities, l1 = run.live.look([run_order.example(order.loaded, order.plan, one, 0) for one in sent])
    return {"probabilities": rounded(probabilities), "l1": l1.tolist()}


def _split(run: Served, payload: Payload) -> dict[str, Any]:
    """{"split", "from"} -> as `_try` for the next examples of a split; "labels" of them, "n" in all."""
    examples = run.order.examples(payload.choice("split", SPLITS))
    start = payload.whole("from")
    some = examples[start : start + run.n_at_once]
    if not some:
        raise InputError("not_understood")
    probabilities, l1 = run.live.look(some)
    found = {"probabilities": rounded(probabilities), "l1": l1.tolist()}
    return found | {"labels": [example.label for example in some], "n": len(examples)}


def _language(run: Served, payload: Payload) -> dict[str, Any]:
    """{"of": "task" or "held out"} or {"lines": [tokens, the first given]} -> {"each": nats per token}."""
    if "lines" in payload:
        lines = payload.wholes("lines", (AT_ONCE, run_order.MOST_TOKENS), run.live.shape.vocab_size - 1)
        if not lines or min(map(len, lines)) < 2:
            raise InputError("not_understood")
        return {"each": run.live.line_losses([line[: tasks.LENGTH] for line in lines])}
    of_task = payload.choice("of", ("task", "held out")) == "task"
    return {"each": run.live.task_loss() if of_task else run.live.world_loss()}


def _proceed(run: Served, payload: Payload) -> dict[str, Any]:
    """{"ids", "n"} -> {"ids": the greedy continuation, "probabilities": of each}."""
    ids = payload.wholes("ids", (run_order.MOST_TOKENS,), run.live.shape.vocab_size - 1)
    if not ids:
        raise InputError("not_understood")
    return proceeded(run.live.proceed(ids, payload.whole("n", 1, MOST_FURTHER)))


def _back(run: Served, payload: Payload) -> dict[str, Any]:
    """{"mark"} -> {"back": {"step", "since", "lambda_", "learning_rate"}, or None where it is not kept}."""
    kept = run.live.back(payload.whole("mark"))
    if kept is None:
        return {"back": None}
    led = {"lambda_": kept.lambda_, "learning_rate": kept.learning_rate}
    return {"back": {"step": kept.weights.n_steps, "since": run.live.n_events} | led}


def _end(line: TrainingLine, context: Context, page: Page, state: Any, payload: Payload) -> dict[str, Any]:
    line.end(_name(payload))
    return {"ended": True}


def _name(payload: Payload) -> str:
    return payload.string("run", LONGEST_NAME)
