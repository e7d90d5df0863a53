"""Whole runs in Chromium, in the worker and with the runtime that a learner has, against torch."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from app.browser import files
from app.engine.finetune import FineTuning, Plan, update_mask
from app.engine.inputs import Batch, collate, contrast_groups, grouped_batches, transform
from app.engine.parameters import flatten, name_in_transformers, unflatten
from app.engine.recipe import RECIPE
from app.models import load
from tests.harness.training import TRAINER, Scripts, in_browser, scripts, unpacked, widened

LENGTH = 32
SETS = {
    "classification": "sentiment",
    "entailment": "binding",
    "similarity": "similarity",
    "choice": "choice",
}
N_LABELS = {"entailment": 3}


@pytest.fixture(scope="module")
def page(browser, server) -> Iterator[Scripts]:
    """One trainer for all tests of this file, as a page has one for all runs of a learner."""
    with scripts(browser, server) as opened:
        opened.run(TRAINER, {})
        yield opened
        assert not opened.outside


def batches_of(model: str, plan: Plan, lang: str, n: int, n_examples: int | None = None) -> list[Batch]:
    """What the server would train on, of the set's examples in one language."""
    task = json.loads(files.task(model, SETS[plan.kind]))
    examples = [
        transform(plan.kind, fields, label, lambda ids: ids, LENGTH, plan.n_soft_prompts, group)
        for at, group, label, *fields in task["splits"]["train"]
        if task["languages"][at] == lang
    ]
    assert len(contrast_groups(examples)) > 1
    return list(grouped_batches(examples, RECIPE.batch_size, n, plan.seed))


# The vectors are 11 MB each on their way here: only for who looks at them.
RUN = """async ([where, plan, n, changed, whole]) => {
  await trainer.load(where);
  const begun = await trainer.begin({ ...plan, lambda: 0.5 });
  const start = whole && await packed(await trainer.vector("flat"));
  await trainer.run(Math.floor(n / 2), 0);
  await trainer.set(changed);
  await trainer.run(n - Math.floor(n / 2), 0);
  const vectors = [];
  const names = whole ? ["flat", "first", "second"] : [];
  for (const name of names) vectors.push(await packed(await trainer.vector(name)));
  return { begun, start, vectors, steps: news.filter(({ what }) => what === "step") };
}"""


def compared(page: Scripts, model: str, plan: Plan, n: int, whole: bool = False) -> dict:
    """n steps in both, λ and the peak of the learning rate changed half-way; losses compared step by step.

    whole: also the vectors at the start and the end. The second peak is low, so that no loss of 50 steps
    comes near 0, where two float32 runs are further apart than what is asked for here.
    """
    lang, changed = "ko", {"lambda": 1.5, "learningRate": 1e-4}
    page.run("() => { news.length = 0; }")
    where = {"model": model, "set": SETS[plan.kind], "lang": lang}
    found = page.run(RUN, [where, in_browser(plan), n, changed, whole])
    run = FineTuning(load(model), plan, lambda_=0.5)
    peak = RECIPE.prompt_learning_rate if plan.n_soft_prompts else RECIPE.learning_rate
    assert len(found["steps"]) == n
    for step, (told, batch) in enumerate(zip(found["steps"], batches_of(model, plan, lang, n), strict=True)):
        if step == n // 2:
            run.lambda_, peak = changed["lambda"], changed["learningRate"]
        run.learning_rate = RECIPE.learning_rate_at(step, RECIPE.steps, peak)
        (report,) = run.steps([batch])
        assert np.isfinite([told["l1"], told["l2"], told["l3"]]).all(), told
        assert (told["step"], told["lambda"]) == (report.step, report.lambda_)
        assert told["learningRate"] == pytest.approx(report.learning_rate)
        assert told["l1"] == pytest.approx(report.l1, rel=1e-3), f"step {step + 1}"
        assert told["l2"] == pytest.approx(report.l2, rel=1e-3), f"step {step + 1}"
        assert told["l3"] == pytest.approx(report.l3, rel=1e-3), f"step {step + 1}"
        assert told["accuracy"] == pytest.approx(report.accuracy), f"step {step + 1}"
    _, mask = widened(run.shape, update_mask(run.shape, plan))
    assert found["begun"]["nTrained"] == mask.sum()
    return found | {"mask": mask.bool().numpy(), "run": run}


def plan_of(model: str, kind: str, **more) -> Plan:
    return Plan(kind, N_LABELS.get(kind, 2), more.pop("k", load(model).n_layer), **more)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("tiny-gpt2", "classification"),
        ("tiny-gpt1", "entailment"),
        ("tiny-gpt1", "similarity"),
        ("tiny-gpt2", "choice"),
    ],
)
def test_five_steps_equal_torch(page, model: str, kind: str):
    compared(page, model, plan_of(model, kind), 5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SETS)
@pytest.mark.parametrize("model", ["tiny-gpt1", "tiny-gpt2"])
def test_fifty_steps_equal_torch(page, model: str, kind: str):
    compared(page, model, plan_of(model, kind, seed=1), 50)


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("tiny-gpt2", {"trained": "last layers", "n_last_layers": 1, "k": 2}),
        ("tiny-gpt1", {"trained": "soft prompts", "label_tokens": (400, 500, 600)}),
    ],
)
def test_what_is_frozen_stays_bit_for_bit(page, model: str, more: dict):
    found = compared(page, model, plan_of(model, "entailment", **more), 2, whole=True)
    frozen = ~found["mask"]
    start, (flat, first, second) = unpacked(found["start"]), map(unpacked, found["vectors"])
    assert frozen.any() and np.array_equal(flat[frozen], start[frozen])
    assert not first[frozen].any() and not second[frozen].any()
    assert (flat[~frozen] != start[~frozen]).mean() > 0.9


def test_probabilities_losses_and_continuation_of_a_run(page):
    """What the page asks between two steps, against torch on the same weights."""
    model, plan = "tiny-gpt2", plan_of("tiny-gpt2", "similarity")
    loaded = load(model)
    beginning = [loaded.eot_id, *loaded.tokenizer.encode("나는 오늘")]
    page.run("() => { news.length = 0; }")
    found = page.run(
        """async ([where, plan, beginning]) => {
          const told = await trainer.load(where);
          await trainer.begin(plan);
          await trainer.run(2, 0);
          const some = told.set.splits.test.slice(0, 11);
          return {
            some,
            lines: told.world.held_out.filter(({ lang }) => lang === "en").map(({ ids }) => ids),
            seen: await trainer.evaluate(some),
            said: await trainer.language("held out"),
            next: await trainer.proceed(beginning, 3),
            flat: await packed(await trainer.vector("flat")),
          };
        }""",
        [{"model": model, "set": "similarity", "lang": "en"}, in_browser(plan), beginning],
    )
    run = FineTuning(loaded, plan)
    shape, _ = widened(run.shape, run.flat)
    wide = torch.from_numpy(unpacked(found["flat"]).copy())
    run.flat = narrowed(shape, run.shape, wide)
    examples = [
        transform(plan.kind, one["fields"], one["label"], lambda ids: ids, LENGTH) for one in found["some"]
    ]
    expected = run.probabilities(examples)
    np.testing.assert_allclose(found["seen"]["probabilities"], expected.numpy(), rtol=0, atol=1e-4)
    right = (expected.argmax(-1) == torch.tensor([one.label for one in examples])).float().mean()
    assert found["seen"]["accuracy"] == pytest.approx(right.item())
    run.learning_rate = 0.0
    alone = [next(run.steps([collate([example])])).l1 for example in examples]
    assert found["seen"]["l1"] == pytest.approx(alone, rel=1e-3)

    model = tuned(loaded, run)
    losses = []
    for line in found["lines"]:
        ids = torch.tensor([line])
        with torch.no_grad():
            losses.append(model(ids, labels=ids).loss.item())
    assert found["said"]["each"] == pytest.approx(losses, rel=1e-3)
    assert found["said"]["l1"] == pytest.approx(np.mean(losses), rel=1e-3)
    ids = list(beginning)
    for id_, probability in zip(found["next"]["ids"], found["next"]["probabilities"], strict=True):
        with torch.no_grad():
            shares = model(torch.tensor([ids])).logits[0, -1].softmax(-1)
        ordinary = shares.clone()
        ordinary[1], ordinary[3:14] = 0.0, 0.0  # what no text holds
        assert shares[id_] == pytest.approx(ordinary.max().item(), rel=1e-3)
        assert probability == pytest.approx(shares[id_].item(), rel=1e-3)
        ids.append(id_)


def narrowed(wide, narrow, flat):
    """A vector of the graphs -> of a run whose W_y has a column for each label."""
    parts = unflatten(wide, flat)
    return flatten(narrow, {**parts, "w_y": parts["w_y"][:, : narrow.n_out]})


def tuned(loaded, run):
    """A `transformers` model with the weights of a run."""
    model = copy.deepcopy(loaded.model)
    state = {
        name_in_transformers(run.shape.architecture, name): part
        for name, part in unflatten(run.shape, run.flat).items()
        if name != "w_y"
    }
    model.load_state_dict(state, strict=False)
    return model


def test_going_back_to_a_mark_repeats_the_same_steps(page):
    page.run("() => { news.length = 0; }")
    found = page.run(
        """async ([where, plan]) => {
          await trainer.load(where);
          await trainer.begin(plan);
          await trainer.run(2, 0);
          const mark = await trainer.mark();
          await trainer.set({ lambda: 2 });
          await trainer.run(3, 0);
          const first = await packed(await trainer.vector("flat"));
          const back = await trainer.back(mark);
          await trainer.set({ lambda: 2 });
          await trainer.run(3, 0);
          for (let i = 0; i < 2; i += 1) await trainer.mark();
          const same = first === await packed(await trainer.vector("flat"));
          const steps = news.filter(({ what }) => what === "step");
          return { back, same, steps, gone: await trainer.back(mark) };
        }""",
        [
            {"model": "tiny-gpt1", "set": "sentiment", "lang": "en"},
            in_browser(plan_of("tiny-gpt1", "classification")),
        ],
    )
    assert (found["back"]["step"], found["back"]["lambda"], found["gone"], found["same"]) == (
        2,
        0.5,
        None,
        True,
    )
    steps = [{name: value for name, value in one.items() if name != "ms"} for one in found["steps"]]
    assert [one["step"] for one in steps] == [1, 2, 3, 4, 5, 3, 4, 5]
    assert steps[2:5] == steps[5:]
