"""A run in the browser begins where the server's run of the same seed begins, and sees the same batches."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from app.browser import files
from app.engine.finetune import Plan, n_new_parameters, starting_point, update_mask
from app.engine.inputs import contrast_groups, cut_longest, grouped_batches, transform
from app.engine.parameters import Shape
from app.engine.recipe import RECIPE
from app.models import load
from app.models.registry import EMBEDDED
from tests.harness.matrix import quick
from tests.harness.training import Scripts, in_browser, scripts, unpacked, widened

LENGTH = 32


@pytest.fixture(scope="module")
def page(browser, server) -> Iterator[Scripts]:
    with scripts(browser, server) as opened:
        yield opened
        assert not opened.outside


@pytest.mark.parametrize("seed", [0, 1, 1234567, 2**32 - 1])
def test_torch_s_normal_and_whole_numbers(page, seed: int):
    """Sizes that are and are not a multiple of 16, one after the other from one generator."""
    sizes = (16, 24, 192, 1000)
    generator = torch.Generator().manual_seed(seed)
    expected = [torch.randn(n, generator=generator) for n in sizes]
    whole = torch.randint(300, 5026, (50,), generator=generator).tolist()
    found = page.run(
        """async ([seed, sizes]) => {
          const { Twister, randint, randn } = await load("random.js");
          const twister = Twister.ofTorch(seed);
          const normal = sizes.map((n) => [...randn(twister, n)]);
          return [normal, randint(twister, 300, 5026, 50)];
        }""",
        [seed, sizes],
    )
    for got, want in zip(found[0], expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=2e-6)  # times 0.02 in a weight
    assert found[1] == whole


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 + 5, 2**40])
def test_python_s_samples(page, seed: int):
    """Whole populations and small shares of them, which Python draws in two ways."""
    cases = [(1, 1), (5, 5), (500, 500), (500, 8), (100, 25), (64, 3), (2000, 1000)]
    generator = random.Random(seed)
    expected = [generator.sample(range(n), k) for n, k in cases]
    found = page.run(
        """async ([seed, cases]) => {
          const { Twister, sample } = await load("random.js");
          const twister = Twister.ofPython(seed);
          return cases.map(([n, k]) => sample(twister, Array.from({ length: n }, (_, i) => i), k));
        }""",
        [seed, cases],
    )
    assert found == expected


PLANS = {
    "nothing": Plan("entailment", 2, -1, seed=3),
    "embeddings": Plan("similarity", 2, 0, seed=4),
    "two layers": Plan("classification", 5, 2, seed=1),
    "all": Plan("choice", 2, 4),
    "head": Plan("entailment", 3, 4, "head", seed=2),
    "last layers": Plan("classification", 2, 4, "last layers", n_last_layers=2),
    "soft prompts": Plan("entailment", 2, 4, "soft prompts", label_tokens=(400, 500), seed=7),
}


@pytest.mark.parametrize(
    ("model", "name"),
    quick(itertools.product(EMBEDDED, PLANS), *zip(itertools.cycle(EMBEDDED), PLANS, strict=False)),
)
def test_the_same_starting_point_and_mask(page, model: str, name: str):
    plan, loaded = PLANS[name], load(model)
    narrow = Shape.of(loaded, plan.n_out)
    _, flat = widened(narrow, starting_point(narrow, loaded.model, plan))
    _, mask = widened(narrow, update_mask(narrow, plan))
    start, trained, n_new = page.run(
        """async ([name, plan]) => {
          const { nNew, startingPoint, updateMask } = await load("start.js");
          window.held ??= {};
          const { manifest, model, read } = (held[name] ??= await material(name));
          const start = startingPoint(manifest, model, plan, read);
          const mask = updateMask(manifest, model, plan);
          return [await packed(start), await packed(mask), nNew(manifest, model, plan)];
        }""",
        [model, in_browser(plan)],
    )
    np.testing.assert_allclose(unpacked(start), flat.numpy(), rtol=0, atol=1e-6)
    assert np.array_equal(unpacked(trained).astype(bool), mask.bool().numpy())
    assert n_new == n_new_parameters(narrow)


@pytest.mark.parametrize("name", ["sentiment", "similarity", "choice"])
def test_the_same_inputs_in_the_same_batches(page, name: str):
    """Of a whole set, with and without soft prompts: sequences, targets, labels, the order of the groups."""
    model = EMBEDDED[0]
    task = json.loads(files.task(model, name))
    rows = [row for row in task["splits"]["train"] if row[0] == 0]
    seed, n_batches = 5, 70  # more than one pass
    for n_soft_prompts, n_examples in ((0, None), (8, 100)):
        examples = [
            transform(task["kind"], fields, label, lambda ids: ids, LENGTH, n_soft_prompts, group)
            for _, group, label, *fields in rows
        ]
        if n_examples:
            groups = contrast_groups(examples)
            drawn = random.Random(seed).sample(groups, n_examples // len(groups[0]))
            examples = [example for group in drawn for example in group]
        expected = list(grouped_batches(examples, RECIPE.batch_size, n_batches, seed))
        found = page.run(
            """async ([rows, kind, nSoft, nExamples, seed, n]) => {
              const { collate, groupedBatches, ready, someGroups } = await load("inputs.js");
              const { manifest } = await material("tiny-gpt2");
              const examples = rows.map(([, group, label, ...fields]) => ({ group, label, fields }));
              const made = (nExamples ? someGroups(examples, nExamples, seed) : examples)
                .map(ready(manifest.inputs, kind, 32, nSoft));
              const batches = groupedBatches(made, 8, seed);
              const found = [];
              for (let i = 0; i < n; i += 1) {
                const { ids, predicted, labels } = collate(manifest.inputs, batches.next().value, 32);
                found.push([await packed(ids), await packed(predicted), await packed(labels)]);
              }
              return found;
            }""",
            [rows, task["kind"], n_soft_prompts, n_examples, seed, n_batches],
        )
        for told, batch in zip(found, expected, strict=True):
            ids, predicted, labels = map(unpacked, told)
            T = batch.ids.shape[-1]  # Python pads to the longest, the graph's inputs are all of one length
            ids = ids.reshape(*batch.ids.shape[:2], LENGTH)
            assert np.array_equal(ids[..., :T], batch.ids) and (ids[..., T:] == 1).all()
            predicted = predicted.reshape(ids.shape)
            assert np.array_equal(predicted[..., :T], batch.predicted) and not predicted[..., T:].any()
            assert np.array_equal(labels, batch.labels)


def test_the_same_cuts(page):
    generator = random.Random(0)
    cases = []
    for _ in range(200):
        fields = [[generator.randrange(300, 400) for _ in range(generator.randrange(12))] for _ in range(3)]
        cases.append([fields, generator.randrange(40)])
    found = page.run(
        """async (cases) => {
          const { cutLongest } = await load("inputs.js");
          return cases.map(([fields, room]) => cutLongest(fields, room));
        }""",
        cases,
    )
    assert found == [list(cut_longest(fields, room)) for fields, room in cases]


@pytest.mark.parametrize("n_steps", [1, 5, 10, 15, 25, 150, 300])
def test_the_same_learning_rates(page, n_steps: int):
    found = page.run(
        """async ([n, recipe]) => {
          const { learningRateAt } = await load("start.js");
          return Array.from({ length: n + 1 }, (_, step) => learningRateAt(recipe, step, n, 0.03));
        }""",
        [n_steps, vars(RECIPE)],
    )
    expected = [RECIPE.learning_rate_at(step, n_steps, 0.03) for step in range(n_steps)]
    assert found[:-1] == pytest.approx(expected)
    assert found[-1] == pytest.approx(expected[-1]), "after the schedule it stays where it ended"


def test_batches_and_groups_that_do_not_fit_are_refused(page):
    said = page.run(
        """async () => {
          const { groupedBatches } = await load("inputs.js");
          const of = (sizes) => sizes.flatMap((n, group) => Array.from({ length: n }, () => ({ group })));
          return [[2, 4], [3, 3], [16]].map((sizes) => {
            try { groupedBatches(of(sizes), 8, 0).next(); return ""; } catch (error) { return error.message; }
          });
        }"""
    )
    assert all("do not fill a batch of 8" in one for one in said)
