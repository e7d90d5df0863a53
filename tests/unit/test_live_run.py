"""A run in pieces is `FineTuning`'s run, looked at from other threads, led and taken back as it goes on."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable

import pytest
import torch

from app.engine import live_run
from app.engine.finetune import FineTuning, Plan
from app.engine.inputs import Example, collate, grouped_batches
from app.engine.live_run import EVERY, LiveRun, Material
from app.engine.parameters import Shape
from app.engine.recipe import RECIPE
from app.engine.tuned import proceeded, rounded
from app.errors import InputError
from tests.random_models import random_examples, random_model

RATE = 1e-3
KINDS = ("classification", "entailment", "similarity", "choice")


def made(
    plan: Plan = Plan("classification", 2, 2, seed=3),  # noqa: B008
    architecture: str = "gpt2",
    steps: int = 50,
    n: int = 24,
    dev: int = 8,
    lambda_: float = 0.5,
    rate: float = RATE,
) -> tuple[LiveRun, list[Example], list[Example]]:
    """A run on random examples, those it trains on, and those it is measured by."""
    loaded = random_model(architecture)
    train = random_examples(plan.kind, n, n_soft_prompts=plan.n_soft_prompts, seed=1)
    held_out = random_examples(plan.kind, dev, n_soft_prompts=plan.n_soft_prompts, seed=2) if dev else []
    world = [[0, *(random.Random(i).randrange(300, 340) for _ in range(9))] for i in range(3)]
    shape = Shape.of(loaded, plan.n_out)
    prepare = lambda: Material(FineTuning(loaded, plan), train, held_out, world, batch_seed=7)  # noqa: E731
    return LiveRun(plan, shape, prepare, steps, lambda_, rate), train, held_out


def work(run: LiveRun, until: Callable[[], bool] = lambda: False) -> None:
    while run.wants and not until():
        run.step()


def events(run: LiveRun, what: str) -> list[dict]:
    return [event for event in run.news(0, 10**6)[0] if event["what"] == what]


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
@pytest.mark.parametrize("kind", KINDS)
def test_step_by_step_it_is_the_run_of_fine_tuning(architecture: str, kind: str):
    """λ and the rate change in the middle; losses are equal bit for bit."""
    plan = Plan(kind, 2, 1, seed=5)
    run, train, _ = made(plan, architecture, steps=10)
    loaded = random_model(architecture)
    tuning = FineTuning(loaded, plan)
    wanted = []
    for number, batch in enumerate(grouped_batches(train, RECIPE.batch_size, 10, 7)):
        tuning.lambda_ = 0.5 if number < 4 else 1.25
        tuning.learning_rate = RECIPE.learning_rate_at(number, 10, RATE if number < 4 else 2 * RATE)
        wanted += [*tuning.steps([batch])]
    run.lead(True, 4, 0.5, RATE)
    work(run)
    assert run.n_steps == 4
    run.lead(True, 10, 1.25, 2 * RATE)
    work(run)
    found = events(run, "step")
    for event, report in zip(found, wanted, strict=True):
        assert {
            name: event[name] for name in ("step", "lambda_", "learning_rate", "l1", "l2", "accuracy")
        } == {
            "step": report.step,
            "lambda_": report.lambda_,
            "learning_rate": report.learning_rate,
            "l1": report.l1,
            "l2": report.l2,
            "accuracy": report.accuracy,
        }
    assert torch.equal(run._now.flat, tuning.flat)


@pytest.mark.parametrize("trained", ["head", "last layers", "soft prompts"])
def test_what_a_plan_freezes_stays(trained: str):
    plan = Plan("classification", 2, 2, trained, label_tokens=(310, 320), seed=3)
    run, _, _ = made(plan, steps=5)
    tuning = FineTuning(random_model("gpt2"), plan)
    run.lead(True, 5, 0.5, RATE)
    work(run)
    changed = run._now.flat != tuning.flat
    assert changed.any() and not changed[~tuning.trained].any()


def test_it_is_measured_at_the_start_and_now_and_then():
    run, _, dev = made(steps=2 * EVERY)
    work(run)
    assert [event["step"] for event in events(run, "dev")] == [0], "before it goes"
    assert run.n_steps == 0 and not run.wants
    run.lead(True, 1000, 0.5, RATE)
    work(run)
    assert [event["step"] for event in events(run, "dev")] == [0, EVERY, 2 * EVERY]
    kinds = [(event["what"], event["step"]) for event in run.news(0, 100)[0]]
    assert kinds.index(("dev", EVERY)) == kinds.index(("step", EVERY)) + 1
    last = events(run, "dev")[-1]
    tuning = run._material.tuning
    tuning.flat = run._now.flat
    p = tuning.probabilities(dev)
    assert torch.tensor(last["probabilities"]) == pytest.approx(p, abs=6e-5)
    labels = [example.label for example in dev]
    assert last["accuracy"] == sum(int(a == b) for a, b in zip(p.argmax(-1).tolist(), labels)) / len(dev)  # noqa: B905


def test_looks_are_those_of_the_weights_as_they_are_now():
    """By `transformers`, with the run's weights put into its model."""
    run, _, dev = made(architecture="gpt2", steps=4, lambda_=0.0)
    run.lead(True, 3, 0.0, RATE)
    work(run)
    model = random_model("gpt2").model
    parts = dict(model.named_parameters())
    with torch.no_grad():
        at = 0
        for name, size in run.shape.parts().items():
            n = math.prod(size)
            values = run._now.flat[at : at + n].view(size)
            at += n
            if name == "w_y":
                w_y = values
            else:
                parts["transformer." + name].copy_(values)
        model.tie_weights()
        ids = torch.tensor([[0, 301, 302, 303]])
        theirs = model.generate(ids, max_new_tokens=5, do_sample=False, pad_token_id=1)[0, 4:].tolist()
        assert [id_ for id_, _ in run.proceed([0, 301, 302, 303], 5)] == theirs
        p = model(ids).logits[0, -1].softmax(-1)
        assert run.proceed([0, 301, 302, 303], 1)[0][1] == pytest.approx(p.max().item(), rel=1e-4)
        lines = [*run._material.world, [0, 301, 302], [0, *range(300, 318)]]
        losses = [model(torch.tensor([line]), labels=torch.tensor([line])).loss.item() for line in lines]
        assert run.line_losses(lines) == pytest.approx(losses, rel=1e-4)
        assert run.world_loss() == pytest.approx(losses[:3], rel=1e-4)
        found, l1 = run.look(dev[:5])
        for row, loss, example in zip(found, l1, dev[:5], strict=True):
            sequence = torch.tensor([example.sequences[0]])
            seen = model(sequence, labels=sequence, output_hidden_states=True)
            assert loss.item() == pytest.approx(seen.loss.item(), rel=1e-4)
            scores = (seen.hidden_states[-1][0, -1] @ w_y).softmax(-1)
            assert row.tolist() == pytest.approx(scores.tolist(), rel=1e-4)
        assert run.task_loss() == pytest.approx(run.look(dev)[1].tolist())


def test_a_page_says_how_often_it_is_measured():
    run, _, _ = made(steps=9)
    run.lead(True, 9, 0.5, RATE, every=4)
    work(run)
    assert [event["step"] for event in events(run, "dev")] == [0, 4, 8, 9], "at its end as well"
    run, _, _ = made(steps=EVERY)
    run.lead(True, EVERY, 0.5, RATE, every=0)
    work(run)
    assert [event["step"] for event in events(run, "dev")] == [0]


def test_a_continuation_sees_the_last_tokens_and_ends_with_the_text():
    run, _, _ = made()
    work(run)
    looks, flat = run._looks, run._now.flat
    ids = [300 + n % 40 for n in range(60)]
    whole = looks.further(flat, ids, 6, window=20, end=None)
    assert looks.further(flat, ids[-20:], 6, window=20, end=None) == whole
    chosen = [id_ for id_, _ in whole]
    assert len(whole) == 6
    until_end = looks.further(flat, ids, 6, window=20, end=chosen[2])
    assert until_end == whole[: chosen.index(chosen[2]) + 1]


def test_back_to_a_mark_and_on_as_before():
    run, _, _ = made(steps=30)
    run.lead(True, 5, 0.5, RATE)
    work(run)
    mark, at = run.mark()
    assert at == 5
    run.lead(True, 12, 0.5, RATE)
    work(run)
    first, flat = events(run, "step")[5:], run._now.flat
    run.lead(True, 12, 1.5, 2 * RATE)
    assert run.back(mark).weights.n_steps == 5 == run.n_steps
    assert (run.lambda_, run.learning_rate) == (0.5, RATE)
    work(run)
    again = events(run, "step")[12:]
    assert [event | {"ms": 0} for event in first] == [event | {"ms": 0} for event in again]
    assert torch.equal(run._now.flat, flat), "weights, moments and batches are those that were"


def test_only_the_newest_marks_are_kept():
    run, _, _ = made()
    work(run)
    first, *others = (run.mark()[0] for _ in range(1 + live_run.MOST_MARKS))
    assert all(run.back(mark) for mark in others)
    for gone in (first, 99, -1):
        assert run.back(gone) is None


def test_a_step_that_was_under_way_when_it_was_taken_back_has_not_been():
    run, _, _ = made(dev=0)
    run.lead(True, 3, 0.5, RATE)
    work(run)
    mark, _ = run.mark()
    run.lead(True, 9, 0.5, RATE)
    real = run._material.tuning.steps

    def meanwhile(batches):
        found = [*real(batches)]
        run.back(mark)
        return found

    run.step()
    run._material.tuning.steps = meanwhile
    run.step()
    assert run.n_steps == 3 and [event["step"] for event in events(run, "step")] == [1, 2, 3, 4]


def test_a_run_that_waits_holds_nothing_and_cannot_be_looked_at():
    run, _, dev = made()
    assert run.wants and not run.begun
    for look in (lambda: run.look(dev), lambda: run.proceed([0], 1), run.task_loss, run.world_loss, run.mark):
        with pytest.raises(InputError, match="run_waits"):
            look()
    assert run.news(0, 10) == ([], 0)


def test_news_since_are_told_once_and_can_be_told_again():
    run, _, _ = made(steps=9)
    run.lead(True, 9, 0.5, RATE)
    work(run)
    everything, end = run.news(0, 1000)
    assert end == len(everything) == 9 + 2
    first, since = run.news(0, 4)
    second, last = run.news(since, 1000)
    assert first + second == everything and last == end
    assert run.news(0, 4) == (first, since)
    assert run.news(end, 5) == ([], end) and run.news(10**9, 5) == ([], end)


def test_a_pause_acts_between_two_steps():
    run, _, _ = made()
    run.lead(True, 50, 0.5, RATE)
    work(run, until=lambda: run.n_steps == 3)
    run.lead(False, 50, 0.5, RATE)
    assert not run.wants
    run.lead(True, 50, 0.5, RATE)
    assert run.wants


def test_a_loss_that_is_no_number_stops_it_and_leaves_the_weights():
    run, _, _ = made(dev=0, rate=1.0)
    run.lead(True, 2, 0.5, RATE)
    work(run)
    flat = run._now.flat
    run._now = run._now._replace(flat=flat * math.inf)
    run.lead(True, 9, 0.5, RATE)
    work(run)
    assert run.failed == "nan" and run.n_steps == 2 and not run.wants
    assert len(events(run, "step")) == 2
    run.lead(True, 9, 0.5, RATE)
    assert run.failed == "nan", "the page has not heard of it yet"
    run._now = run._now._replace(flat=flat)
    run.lead(False, 9, 0.5, RATE)
    run.lead(True, 9, 0.5, RATE / 10)
    work(run)
    assert run.failed is None and run.n_steps == 9


def test_an_evaluation_that_is_no_number_stops_it():
    run, _, _ = made()
    work(run)
    mark, _ = run.mark()
    run._now = run._now._replace(flat=run._now.flat * math.nan)
    work(run)
    assert run.failed == "nan" and not run.wants
    run.back(mark)
    work(run)
    assert run.failed is None, "a mark is a way on"


def test_it_does_not_go_on_for_ever(monkeypatch):
    monkeypatch.setattr(live_run, "MOST_STEPS", 7)
    run, _, _ = made(steps=5, dev=0)
    run.lead(True, 5, 0.5, RATE)
    work(run, until=lambda: run.n_steps == 1)
    mark, _ = run.mark()
    for _ in range(9):
        work(run)
        run.back(mark)
    assert run.failed == "long" and len(events(run, "step")) == 7


def test_own_lines_fewer_than_a_batch():
    run, train, _ = made(n=3, dev=1, steps=4)
    run.lead(True, 4, 0.5, RATE)
    work(run)
    assert run.n_steps == 4 and len(run._batches[0].labels) == RECIPE.batch_size
    rows = {tuple(row) for batch in run._batches for row in batch.ids[:, 0].tolist()}
    width = len(run._batches[0].ids[0, 0])
    assert rows == {tuple(row) for row in collate(train, width).ids[:, 0].tolist()}


def test_others_look_while_it_goes_on():
    """From another thread, without a mistake and without a wait for the step."""
    run, _, dev = made(steps=40)
    run.lead(True, 40, 0.5, RATE)
    run.step()
    seen, stop = [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            found, _ = run.look(dev)
            mark, _ = run.mark()
            seen.append((run.n_steps, mark, found.sum().item(), len(run.proceed([0], 2))))
            time.sleep(0.001)

    looking = threading.Thread(target=look)
    looking.start()
    work(run)
    stop.set()
    looking.join(20)
    assert run.n_steps == 40 and len(seen) > 3
    assert all(abs(total - len(dev)) < 1e-3 and n == 2 for _, _, total, n in seen)


def test_what_is_sent_is_rounded():
    p = torch.tensor([[0.123449, 0.876551], [1e-6, 1.0]])
    assert rounded(p) == [[0.1234, 0.8766], [0.0, 1.0]]
    assert proceeded([(7, 0.123449), (9, 1.0)]) == {"ids": [7, 9], "probabilities": [0.1234, 1.0]}
