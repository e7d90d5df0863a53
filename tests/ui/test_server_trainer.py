"""Training on the server from a page: calls and news as of the browser's own trainer, turns, who has gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Error

from app.engine import sets, tasks
from app.engine.finetune import FineTuning, Plan, n_new_parameters
from app.engine.inputs import grouped_batches
from app.engine.recipe import RECIPE
from app.models import load
from tests.harness.server import Server
from tests.harness.visit import Visit, open_visit
from tests.ui.test_toys import ANSWERED, start

pytestmark = pytest.mark.ui

PLAN = {
    "kind": "classification",
    "nLabels": 2,
    "nLayersTransferred": 4,
    "seed": 1,
    "batchSeed": 2,
    "steps": 40,
}
LANG = "ko"


class Training:
    """A page that trains on the server. Every call returns the value of its promise."""

    def __init__(self, visit: Visit):
        self.page = visit.page

    def do(self, script: str, argument: Any = None) -> Any:
        """`trainer` and `own` are at hand."""
        wrapped = (
            f"(given) => {{ const {{ own }} = lab.active(); const {{ trainer }} = own; return ({script}); }}"
        )
        return self.page.evaluate(wrapped, argument)

    def begin(self, **changes: Any) -> dict[str, Any]:
        loaded = {"model": "tiny-gpt2", "set": "sentiment", "lang": LANG}
        return self.do("trainer.load(given[0]).then(() => trainer.begin(given[1]))", [loaded, PLAN | changes])

    def news(self, what: str) -> list[dict[str, Any]]:
        return self.do("own.news.filter((one) => one.what === given)", what)

    def wait(self, true: str, argument: Any = None) -> None:
        """Until an expression over `news` is true."""
        self.page.wait_for_function(
            f"(given) => {{ const {{ news }} = lab.active().own; return {true}; }}",
            arg=argument,
            timeout=60_000,
        )


@pytest.fixture(scope="module")
def toys(tmp_path_factory) -> Iterator[Server]:
    server = start(tmp_path_factory.mktemp("toys") / "log.txt")
    yield server
    server.stop()
    assert "Traceback" not in server.read_log(), server.read_log()[-4000:]


@pytest.fixture
def opened(toys: Server, browser: Browser) -> Iterator[Callable[[], Training]]:
    """`opened()` -> a new visitor's page."""
    visits = []

    def open_() -> Training:
        visits.append(open_visit(browser, toys.url, query={"lesson": "server-trains"}))
        visits[-1].page.wait_for_function(ANSWERED, timeout=90_000)
        return Training(visits[-1])

    yield open_
    for visit in visits:
        if not visit.page.is_closed():
            visit.page.evaluate("lab.active().own.trainer.close()")
            visit.page.wait_for_timeout(300)
            assert not visit.complaints()
        visit.page.context.close()


def test_a_run_is_that_of_the_engine_with_the_calls_of_the_browser_s_trainer(opened):
    one = opened()
    about = one.begin()
    loaded = load("tiny-gpt2")
    plan = Plan("classification", 2, 4, seed=1)
    tuning = FineTuning(loaded, plan, 0.5, 1e-3)
    assert about == {
        "nTrained": tuning.flat.numel(),
        "nNew": n_new_parameters(tuning.shape),
        "lambda": RECIPE.lambda_,
        "peak": RECIPE.learning_rate,
        "steps": 40,
    }
    assert one.do("trainer.run(3, 2)") == {"step": 3}
    mark = one.do("trainer.mark()")
    one.do("trainer.set({ lambda: 1.25 })")
    assert one.do("trainer.run(2, 2)") == {"step": 5}
    train = tasks.examples(loaded, "sentiment", "train", LANG, length=32)
    reports = []
    for number, batch in enumerate(grouped_batches(train, RECIPE.batch_size, 40, 2)):
        if number == 5:
            break
        tuning.lambda_ = 0.5 if number < 3 else 1.25
        tuning.learning_rate = RECIPE.learning_rate_at(number, 40)
        reports += [*tuning.steps([batch])]
    for told, report in zip(one.news("step"), reports, strict=True):
        assert told["step"] == report.step and told["lambda"] == report.lambda_
        for name, value in (
            ("l1", report.l1),
            ("l2", report.l2),
            ("l3", report.l3),
            ("accuracy", report.accuracy),
        ):
            assert told[name] == pytest.approx(value, rel=1e-5)
        assert told["learningRate"] == pytest.approx(report.learning_rate) and told["ms"] > 0
    assert [told["step"] for told in one.news("dev")] == [0, 2, 4]
    assert [len(told["probabilities"]) for told in one.news("dev")] == [40] * 3

    dev = tasks.examples(loaded, "sentiment", "dev", LANG, length=32)
    fields = [loaded.tokenizer.encode(row.fields[0]) for row in sets.rows("sentiment", "dev", LANG)]
    sent = [{"fields": [ids], "label": example.label} for ids, example in zip(fields, dev, strict=True)][:50]
    found = one.do("trainer.evaluate(given)", sent)
    p = tuning.probabilities(dev[:50])
    assert torch.tensor(found["probabilities"]) == pytest.approx(p, abs=1e-3)
    labels = torch.tensor([example.label for example in dev[:50]])
    assert found["accuracy"] == pytest.approx((p.argmax(-1) == labels).double().mean().item(), abs=0.021)
    of_split = one.do("trainer.evaluate('dev')")
    assert len(of_split["probabilities"]) == len(of_split["l1"]) == 200
    assert of_split["probabilities"][:50] == found["probabilities"]
    task, world = (one.do("trainer.language(given)", of) for of in ("task", "held out"))
    assert len(task["each"]) == 40 and len(world["each"]) == 20
    assert task["l1"] == pytest.approx(sum(of_split["l1"][:40]) / 40, rel=1e-4)
    again = one.do("trainer.language(given)", [[*line] for line in tasks.held_out(loaded, LANG, 20)])
    assert again["l1"] == pytest.approx(world["l1"], rel=1e-4)
    further = one.do("trainer.proceed(given, 5)", [0, 301, 302])
    assert len(further["ids"]) == len(further["probabilities"]) <= 5

    assert one.do("trainer.back(given)", mark) == {"step": 3, "lambda": 0.5, "peak": RECIPE.learning_rate}
    assert one.do("trainer.back(99)") is None
    assert one.do("trainer.run(1)") == {"step": 4}
    last = one.news("step")[-1]
    assert last["step"] == 4 and last["lambda"] == 0.5
    assert last["l1"] == pytest.approx(reports[3].l1, rel=1e-5), "the same batch with the same weights"


@pytest.mark.slow
def test_lambda_moves_while_it_runs_and_a_pause_ends_it(opened):
    one = opened()
    one.begin(steps=1000)
    one.do("void trainer.run(1000).then((told) => { own.ended = told; })")
    one.wait("news.some(({ step }) => step === 2)")
    one.do("trainer.set({ lambda: 1.5 })")
    one.wait("news.some(({ lambda }) => lambda === 1.5)")
    one.do("trainer.pause()")
    one.wait("lab.active().own.ended")
    found = one.news("step")
    assert one.do("own.ended") == {"step": found[-1]["step"]}
    lambdas = [told["lambda"] for told in found]
    assert lambdas == sorted(lambdas) and set(lambdas) == {0.5, 1.5}
    assert one.do("trainer.run(1)") == {"step": found[-1]["step"] + 1}


@pytest.mark.slow
def test_a_mark_made_while_it_runs_is_of_the_last_step_that_was_told(opened):
    """So a page knows where it comes back to, though the server was a few steps ahead of it."""
    one = opened()
    one.begin(steps=200)
    one.do("void trainer.run(200).then(() => { own.ended = true; })")
    one.wait("news.some(({ step }) => step === 3)")
    one.do(
        "(trainer.mark().then((id) => {"
        " own.mark = [id, own.news.findLast((one) => one.what === 'step').step];"
        " }), trainer.set({ lambda: 2 }))"
    )
    one.wait("news.filter(({ lambda }) => lambda === 2).length > 2")
    one.do("trainer.pause()")
    one.wait("lab.active().own.ended")
    mark, at = one.do("own.mark")
    steps = one.news("step")
    assert [told["step"] for told in steps] == list(range(1, len(steps) + 1))
    first = next(told["step"] for told in steps if told["lambda"] == 2)
    assert first - 1 <= at + 1, "lambda acts from the step after the mark on, or from the next"
    assert one.do("trainer.back(given)", mark) == {"step": at, "lambda": 0.5, "peak": RECIPE.learning_rate}
    assert one.do("trainer.run(1)") == {"step": at + 1}
    again = one.news("step")[-1]
    assert again["step"] == at + 1 and again["lambda"] == 0.5
    assert again["l1"] == pytest.approx(steps[at]["l1"], rel=1e-6), "from the same weights, by the same batch"


def test_two_learners_take_turns_and_see_their_place(opened):
    """The second waits, is told so, and has her turn when the first page is closed, within seconds."""
    one, two = opened(), opened()
    one.begin(steps=1000)
    one.do("void trainer.run(1000)")
    one.wait("news.some(({ what }) => what === 'step')")
    two.do(
        "void trainer.load({ model: 'tiny-gpt1', set: 'choice', lang: 'en' })"
        ".then(() => trainer.begin(given)).then(() => trainer.run(2)).then((told) => { own.ended = told; })",
        {"kind": "choice", "nLabels": 2, "steps": 2},
    )
    two.wait("news.some(({ what, place }) => what === 'queue' && place === 1)")
    two.page.wait_for_timeout(1500)
    assert not two.news("step"), "one run at a time"
    closed = time.monotonic()
    one.page.close()
    two.wait("lab.active().own.ended")
    assert time.monotonic() - closed < 25, "8 s, and two steps on a busy machine"
    assert [told["place"] for told in two.news("queue")] == [1, 0]
    assert two.do("own.ended") == {"step": 2}


@pytest.mark.slow
def test_a_run_that_waits_can_be_left(opened):
    one, two = opened(), opened()
    one.begin(steps=1000)
    one.do("void trainer.run(1000)")
    two.do(
        "void trainer.load({ model: 'tiny-gpt2', set: 'sentiment', lang: 'ko' })"
        ".then(() => trainer.begin(given))",
        PLAN,
    )
    two.wait("news.some(({ what }) => what === 'queue')")
    two.do("trainer.close()")
    one.do("trainer.close()")
    assert two.begin()["steps"] == 40, "a new one begins at once"
    assert two.do("trainer.run(1)") == {"step": 1}


def test_own_lines(opened):
    one = opened()
    rows = [{"fields": [[301 + n, 400 + n % 3]], "label": n % 3} for n in range(30)]
    plan = {"nLabels": 3, "examples": rows[:24], "dev": rows[24:], "steps": 2, "trained": "head"}
    about = one.begin(**plan)
    assert about["nTrained"] == 192 * 3 and about["nNew"] == 192 * 6
    assert one.do("trainer.run(2)") == {"step": 2}
    dev, _ = one.news("dev")  # before the first step, and after the last
    assert len(dev["probabilities"]) == 6 and len(dev["probabilities"][0]) == 3


def test_what_the_server_refuses_is_one_sentence(opened):
    one = opened()
    with pytest.raises(Error, match="알 수 없는 요청이에요"):
        one.begin(trained="everything")
    (failed,) = one.news("failed")
    assert failed["why"] == "server" and failed["message"].startswith("알 수 없는 요청이에요")
    one.begin()
    assert one.do("trainer.run(1)") == {"step": 1}, "a way on"


@pytest.mark.slow
def test_a_run_that_is_gone_is_one_sentence(opened):
    """As when the server was restarted, or the page slept."""
    one = opened()
    one.page.evaluate(
        """() => {
          const stage = lab.active();
          const real = stage.ask.bind(stage);
          const sent = (data) => (stage.own.gone ? { ...data, run: "x" } : data);
          stage.ask = (name, data, signal) => real(name, sent(data), signal);
        }"""
    )
    one.begin()
    one.do("(own.gone = true, void trainer.run(9).catch((error) => { own.error = error.why; }))")
    one.wait("lab.active().own.error")
    (failed,) = one.news("failed")
    assert (
        failed == {"what": "failed", "why": "server", "message": failed["message"]}
        and "남아 있지 않아요" in failed["message"]
    )
    assert one.do("own.error") == "server"
    one.do("own.gone = false")
    assert one.begin()["steps"] == 40, "a way on"
