"""The server's training runs as a page asks for them: the engine's own, one at a time, nobody else's."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from app.engine import sets, tasks
from app.engine.finetune import FineTuning, Plan
from app.engine.inputs import grouped_batches, some_groups, transform
from app.engine.live_run import LiveRun
from app.engine.recipe import RECIPE
from app.errors import InputError, UserError
from app.lesson import Context, Page
from app.models import Registry, load
from app.payload import Payload
from app.training_line import TrainingLine
from lessons.fine_tuning import server_runs
from tests.mounted import tiny_registry

PLAN = {
    "trained": "full",
    "n_layers_transferred": 48,
    "n_last_layers": 1,
    "seed": 3,
    "batch_seed": 4,
    "steps": 30,
    "lambda_": 0.5,
    "learning_rate": 1e-3,
    "n_examples": 800,
    "n_dev": 40,
}
BEGIN = {"model": "tiny-gpt2", "set": "sentiment", "lang": "ko", "plan": PLAN}
LED = {"lambda_": 0.5, "learning_rate": 1e-3, "goes": True, "target": 30, "since": 0}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Untrained models of two layers and a context of 48."""
    with tiny_registry(tmp_path_factory.mktemp("models"), n_ctx=48) as registry:
        yield registry


class Asking:
    """A page: it asks, and gets what arrives there."""

    def __init__(self, registry: Registry, line: TrainingLine):
        self.line, self.registry = line, registry
        self.context = Context(None, "ko", {}, registry)
        self.replies = server_runs.replies(line)

    def ask(self, name: str, **sent: Any) -> dict[str, Any]:
        answer = self.replies[name](self.context, Page(None, "tiny-gpt2"), None, Payload(sent))
        return json.loads(json.dumps(answer, allow_nan=False))

    def begin(self, plan: dict | None = None, **changes: Any) -> str:
        return self.ask("begin_run", **BEGIN | {"plan": PLAN | (plan or {})} | changes)["run"]

    def live(self, run: str) -> LiveRun:
        return self.line.get(run).live

    def until(self, run: str, true: Callable[[dict], bool], **led: Any) -> list[dict]:
        """Ask for news until they are as wanted -> all that was told."""
        told, since, end = [], 0, time.monotonic() + 60
        while True:
            news = self.ask("run_news", run=run, **LED | led | {"since": since})
            told += news["events"]
            since = news["since"]
            if true(news):
                return told
            assert time.monotonic() < end, news
            time.sleep(0.005)

    def rest(self, run: str, **led: Any) -> list[dict]:
        return self.until(run, lambda news: news["rests"], **led)


@pytest.fixture
def page(registry: Registry) -> Iterator[Asking]:
    line = TrainingLine()
    yield Asking(registry, line)
    for name in list(line._entries):
        line.end(name)


def steps(told: list[dict]) -> list[dict]:
    return [event for event in told if event["what"] == "step"]


@pytest.mark.parametrize("model", ["tiny-gpt1", "tiny-gpt2"])
@pytest.mark.parametrize("name", ["sentiment", "entailment", "similarity", "choice"])
def test_a_run_is_that_of_the_engine(page: Asking, model: str, name: str):
    run = page.begin({"steps": 6}, model=model, set=name, lang="en")
    told = page.rest(run, target=6)
    loaded = load(page.registry.spec(model))
    tuning = FineTuning(loaded, Plan(sets.about(name).kind, 2, 2, seed=3))
    train = tasks.examples(loaded, name, "train", "en", length=32)
    assert len(train) == 1000
    train = some_groups(train, 800, 4)
    for number, (batch, found) in enumerate(
        zip(grouped_batches(train, RECIPE.batch_size, 6, 4), steps(told), strict=True)
    ):
        tuning.lambda_ = 0.5
        tuning.learning_rate = RECIPE.learning_rate_at(number, 6, 1e-3)
        (report,) = tuning.steps([batch])
        assert (found["step"], found["l1"], found["l2"], found["accuracy"]) == (
            number + 1,
            report.l1,
            report.l2,
            report.accuracy,
        )
    dev = tasks.examples(loaded, name, "dev", "en", length=32)[:40]
    found = page.ask("run_split", run=run, split="dev", **{"from": 0})
    n = len(found["labels"])
    assert n == (40 if sets.about(name).kind in ("classification", "entailment") else 20)
    assert torch.tensor(found["probabilities"]) == pytest.approx(tuning.probabilities(dev[:n]), abs=6e-5)


def test_lambda_and_rate_act_from_the_next_step_on(page: Asking):
    run = page.begin({"steps": 1000})
    told = page.until(run, lambda news: news["step"] >= 3, target=1000)
    told = page.until(run, lambda news: news["step"] >= 8, target=1000, lambda_=1.5, learning_rate=2e-3)
    page.until(run, lambda news: news["rests"], goes=False)
    found = steps(told)
    changed = next(place for place, event in enumerate(found) if event["lambda_"] == 1.5)
    assert 3 <= changed < len(found) and {event["lambda_"] for event in found[changed:]} == {1.5}
    for event in found:
        peak = 1e-3 if event["lambda_"] == 0.5 else 2e-3
        assert event["learning_rate"] == RECIPE.learning_rate_at(event["step"] - 1, 1000, peak)


def test_three_learners_wait_for_each_other_and_see_it(page: Asking):
    a, b, c = (page.begin({"steps": 1000}) for _ in range(3))

    def place(run: str) -> int:
        return page.ask("run_news", run=run, **LED | {"target": 1000})["place"]

    page.until(a, lambda news: news["step"] > 0, target=1000)
    assert [place(run) for run in (a, b, c)] == [0, 1, 2]
    assert not page.ask("run_news", run=b, **LED)["begun"], "one run at a time"
    assert page.ask("end_run", run=a) == {"ended": True}
    assert [place(run) for run in (b, c)] == [0, 1]
    page.until(b, lambda news: news["begun"] and news["step"] > 0, target=1000)
    page.ask("run_news", run=b, **LED | {"goes": False})
    page.until(c, lambda news: news["place"] == 0 and news["step"] > 0, target=1000)


@pytest.mark.parametrize("trained", ["full", "head", "last layers", "soft prompts"])
@pytest.mark.parametrize("name", ["sentiment", "choice"])
def test_how_many_numbers_change_is_told(page: Asking, trained: str, name: str):
    answer = page.ask("begin_run", **BEGIN | {"set": name, "plan": PLAN | {"trained": trained}})
    loaded = load(page.registry.spec("tiny-gpt2"))
    columns = 1 if name == "choice" else 2
    d = loaded.d_model
    in_all = sum(parameter.numel() for parameter in loaded.model.parameters())
    in_a_block = sum(parameter.numel() for parameter in loaded.model.transformer.h[0].parameters())
    expected = {
        "full": in_all + columns * d,
        "head": columns * d,
        "last layers": columns * d + in_a_block + 2 * d,
        "soft prompts": 8 * d,
    }
    assert answer["n_trained"] == expected[trained]
    assert answer["n_new"] == d * (columns + 3)
    told = page.rest(answer["run"], target=2)
    assert len(steps(told)) == 2


def own(n: int = 20, n_dev: int = 4, n_labels: int = 3, longest: int = 28) -> dict[str, Any]:
    generator = random.Random(0)
    rows = [[[generator.randrange(30, 100) for _ in range(generator.randint(1, longest))]] for _ in range(n)]
    labels = [number % n_labels for number in range(n)]
    return {
        "kind": "classification",
        "n_labels": n_labels,
        "examples": rows,
        "labels": labels,
        "n_dev": n_dev,
    }


@pytest.mark.parametrize("trained", ["full", "soft prompts"])
def test_own_lines_are_trained_on_and_those_held_out_are_not(page: Asking, trained: str):
    sent = own(longest=60)
    run = page.begin({"trained": trained, "steps": 3, "n_examples": None}, set="own", own=sent)
    told = page.rest(run, target=3)
    assert len(steps(told)) == 3
    material = page.live(run)._material
    n_soft = 8 if trained == "soft prompts" else 0
    assert [example.sequences for example in material.train] == [
        (((*range(6, 6 + n_soft), 3, *row[: 30 - n_soft], 5),)) for (row,) in sent["examples"][:16]
    ], "cut to 32 tokens, as in the browser"
    assert [example.label for example in material.dev] == sent["labels"][16:]
    dev, _ = [event for event in told if event["what"] == "dev"]  # at the start and at the end
    assert len(dev["probabilities"]) == 4 and len(dev["probabilities"][0]) == 3
    found = page.ask("run_try", run=run, examples=[sent["examples"][0], [[]]])
    assert all(sum(row) == pytest.approx(1, abs=1e-3) for row in found["probabilities"])
    assert page.ask("run_split", run=run, split="dev", **{"from": 0})["n"] == 4


def test_five_hundred_lines_of_eight_labels(page: Asking):
    run = page.begin({"steps": 1}, set="own", own=own(500, 100, 8))
    first, _, _ = page.rest(run, target=1)
    assert len(first["probabilities"]) == 40 and len(first["probabilities"][0]) == 8


@pytest.mark.parametrize("kind", ["entailment", "similarity", "choice"])
def test_own_rows_of_another_kind(page: Asking, kind: str):
    n_fields = 4 if kind == "choice" else 2
    sent = own(n_labels=2) | {"kind": kind}
    sent["examples"] = [row * n_fields for row in sent["examples"]]
    run = page.begin({"steps": 2}, set="own", own=sent)
    assert len(steps(page.rest(run, target=2))) == 2


def test_looks_of_the_page(page: Asking):
    run = page.begin(set="similarity")
    page.rest(run, target=2)
    live, loaded = page.live(run), load(page.registry.spec("tiny-gpt2"))
    sent = [[[40, 41, 42], [50 + n]] for n in range(7)]
    examples = [transform("similarity", fields, 0, list, 32) for fields in sent]
    found = page.ask("run_try", run=run, examples=sent)
    probabilities, l1 = live.look(examples)
    assert torch.tensor(found["probabilities"]) == pytest.approx(probabilities, abs=6e-5)
    assert found["l1"] == pytest.approx(l1.tolist())
    test, told = tasks.examples(loaded, "similarity", "test", "ko", length=32), []
    while len(told) < len(test):
        answer = page.ask("run_split", run=run, split="test", **{"from": len(told)})
        told += zip(answer["probabilities"], answer["labels"], strict=True)
        assert answer["n"] == len(test) == 200
    assert [label for _, label in told] == [example.label for example in test]
    assert torch.tensor([p for p, _ in told]) == pytest.approx(live.look(test)[0], abs=6e-5)
    dev = tasks.examples(loaded, "similarity", "dev", "ko", length=32)[:40]
    assert page.ask("run_language", run=run, of="task")["each"] == pytest.approx(live.look(dev)[1].tolist())
    lines = [list(line) for line in tasks.held_out(loaded, "ko", 20)]
    world = page.ask("run_language", run=run, of="held out")["each"]
    assert world == pytest.approx([live.line_losses([line[:32]])[0] for line in lines], rel=1e-4)
    assert page.ask("run_language", run=run, lines=lines[:3])["each"] == pytest.approx(world[:3], rel=1e-4)
    further = page.ask("run_proceed", run=run, ids=[0, 40, 41], n=6)
    assert further["ids"] == [id_ for id_, _ in live.proceed([0, 40, 41], 6)]
    assert len(further["probabilities"]) == len(further["ids"]) <= 6


def test_what_is_told_of_a_set_and_of_a_run(page: Asking):
    told = page.ask("load_run", model="tiny-gpt1", set="entailment", lang="ko")
    assert told["set"] == {"kind": "entailment", "languages": ["ko", "en"]}
    assert told["recipe"]["steps"] == RECIPE.steps
    assert page.ask("load_run", model="tiny-gpt1")["set"] is None
    begun = page.ask("begin_run", **BEGIN | {"plan": {"trained": "soft prompts"}})
    assert (begun["lambda_"], begun["learning_rate"], begun["steps"]) == (0, RECIPE.prompt_learning_rate, 300)
    begun = page.ask("begin_run", **BEGIN | {"plan": {"trained": "full"}})
    assert (begun["lambda_"], begun["learning_rate"], begun["steps"]) == (0.5, RECIPE.learning_rate, 300)


def test_both_languages(page: Asking):
    run = page.begin({"n_examples": None}, lang="")
    page.rest(run, target=1)
    material = page.live(run)._material
    assert len(material.train) == 2000 and len(material.world) == 40


def test_back_to_a_mark(page: Asking):
    run = page.begin()
    page.rest(run, target=3)
    news = page.ask("run_news", run=run, **LED | {"target": 5, "mark": True, "lambda_": 1})
    mark = news["mark"]["id"]
    assert news["mark"]["step"] == 3
    page.rest(run, target=5, lambda_=1)
    page.ask("run_news", run=run, **LED | {"lambda_": 2, "goes": False})
    back = page.ask("run_back", run=run, mark=mark)
    assert back == {"back": {"step": 3, "since": 6, "lambda_": 0.5, "learning_rate": 1e-3}}
    assert page.ask("run_back", run=run, mark=99) == {"back": None}
    told = page.rest(run, target=5)
    assert [event["step"] for event in steps(told)] == [1, 2, 3, 4, 5, 4, 5]


def test_many_news_come_in_several_answers(page: Asking, monkeypatch):
    monkeypatch.setattr(server_runs, "MOST_NEWS", 4)
    run = page.begin({"steps": 20})
    told = page.rest(run, target=20)
    assert [event["step"] for event in steps(told)] == list(range(1, 21))


def test_nothing_of_another_learner_is_reachable(page: Asking):
    """A run answers to its whole name alone."""
    run = page.begin()
    page.rest(run, target=1)
    for wrong in ("", run[:-1], run + "x", run.swapcase(), "*", "0"):
        for name, more in ANSWERED.items():
            with pytest.raises(InputError, match="run_gone"):
                page.ask(name, **more, run=wrong)


ANSWERED: dict[str, dict[str, Any]] = {
    "run_news": LED | {"every": 20, "mark": False},
    "run_try": {"examples": [[[40]]]},
    "run_split": {"split": "dev", "from": 0},
    "run_language": {"of": "task"},
    "run_proceed": {"ids": [0, 40], "n": 2},
    "run_back": {"mark": 1},
}
HAVE_DEFAULTS = ("n_layers_transferred", "n_last_layers", "seed", "batch_seed", "steps")
ODD = [
    None,
    True,
    -1,
    1.5,
    10**20,
    "",
    "x",
    "__proto__",
    [],
    [[]],
    {},
    {"path": "/etc/passwd"},
    [None],
    [[[1e9]]],
]


@pytest.mark.parametrize("field", [*BEGIN, *(f"plan.{name}" for name in PLAN)])
def test_no_odd_value_begins_a_run_that_fails(page: Asking, field: str):
    """It is refused with one sentence, or is a default; and nothing stays in the line."""
    for odd in ODD:
        sent = json.loads(json.dumps(BEGIN))
        inside, _, name = field.rpartition(".")
        (sent[inside] if inside else sent)[name] = odd
        try:
            run = page.ask("begin_run", **sent)["run"]
        except UserError as error:
            assert error.code in ("not_understood", "not_text"), (field, odd)
        else:
            default = odd is None or name in HAVE_DEFAULTS
            assert default or (name, odd) in (("lambda_", 1.5), ("lang", "")), (field, odd)
            page.rest(run, target=1)
            page.ask("end_run", run=run)
    assert len(page.line) == 0


@pytest.mark.parametrize("name", ANSWERED)
def test_no_odd_value_is_answered_with_more_than_a_sentence(page: Asking, name: str):
    run = page.begin({"steps": 2})
    page.rest(run, target=2)
    for field, odd in itertools.product(ANSWERED[name], ODD):
        sent = ANSWERED[name] | {field: odd}
        try:
            page.ask(name, run=run, **sent)
        except UserError as error:
            assert error.code in ("not_understood", "not_text"), (field, odd)
    for odd in ODD:
        with pytest.raises(UserError):
            page.ask(name, **ANSWERED[name] | {"run": odd})
    assert page.ask("run_news", run=run, **LED)["step"] == 2, "the run is as it was"


OTHER_OWN = {
    "no line": own() | {"examples": [], "labels": []},
    "more than 500": own(501),
    "labels are missing": own() | {"labels": [0, 1]},
    "a label too many": own(20, 4, 9),
    "a label that is none": own() | {"labels": [3] * 20},
    "one label": own() | {"n_labels": 1},
    "all held out": own() | {"n_dev": 20},
    "fewer than none held out": own() | {"n_dev": -1},
    "a very long line": own(longest=2000),
    "two fields": own() | {"examples": [[[40], [41]]] * 20},
    "no field": own() | {"examples": [[]] * 20},
    "no token": own() | {"examples": [[[10**6]]] * 20},
    "text": own() | {"examples": ["나는"] * 20},
    "another kind": own() | {"kind": "entailment"},
    "no kind": own() | {"kind": "parsing"},
    "nothing": {},
    "null": None,
    "list": [],
}


@pytest.mark.parametrize("sent", OTHER_OWN.values(), ids=OTHER_OWN)
def test_own_lines_that_are_no_set_are_refused(page: Asking, sent: Any):
    with pytest.raises(InputError, match="not_understood"):
        page.begin(set="own", own=sent)
    assert len(page.line) == 0


@pytest.mark.parametrize(
    "examples",
    [[], [[]], [[40]], [[[40], [41]]], [[[40]]] * 41, [[[-1]]], [[[10**6]]], [[[40] * 129]], [[["a"]]], "a"],
    ids=lambda examples: str(examples)[:40],
)
def test_examples_that_the_run_cannot_read_are_refused(page: Asking, examples: Any):
    run = page.begin()
    page.rest(run, target=0)
    with pytest.raises(InputError, match="not_understood"):
        page.ask("run_try", run=run, examples=examples)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("run_split", {"split": "test", "from": 200}),
        ("run_split", {"split": "../dev", "from": 0}),
        ("run_split", {"split": "dev"}),
        ("run_language", {"of": "everything"}),
        ("run_language", {"lines": []}),
        ("run_language", {"lines": [[0]]}),
        ("run_language", {"lines": [[0, 40]] * 41}),
        ("run_proceed", {"ids": [], "n": 3}),
        ("run_proceed", {"ids": [0], "n": 25}),
        ("run_proceed", {"ids": [0] * 129, "n": 3}),
    ],
)
def test_questions_that_are_none_are_refused(page: Asking, name: str, sent: dict):
    run = page.begin()
    page.rest(run, target=0)
    with pytest.raises(InputError, match="not_understood"):
        page.ask(name, run=run, **sent)


def test_the_line_is_bounded_and_says_so(page: Asking):
    for _ in range(8):
        page.begin({"steps": 1000})
    with pytest.raises(InputError, match="line_full"):
        page.begin()


def test_label_tokens_of_the_page(page: Asking):
    plan = {"trained": "soft prompts", "label_tokens": [40, 50]}
    run = page.begin(plan)
    page.rest(run, target=0)
    assert page.live(run).plan.label_tokens == (40, 50)
    for wrong in ([40], [40, 10**6], "4050", [[40]]):
        with pytest.raises(InputError, match="not_understood"):
            page.begin(plan | {"label_tokens": wrong})


def test_only_embedded_models_are_trained(page: Asking):
    for name in ("openai-community/gpt2", "tiny-bert", "../tiny-gpt2", None):
        with pytest.raises(InputError, match="not_understood"):
            page.begin(model=name)


def test_the_shared_models_are_never_trained(page: Asking):
    loaded = load(page.registry.spec("tiny-gpt2"))
    before = {name: value.clone() for name, value in loaded.model.state_dict().items()}
    page.rest(page.begin(), target=3)
    assert all(torch.equal(value, before[name]) for name, value in loaded.model.state_dict().items())
