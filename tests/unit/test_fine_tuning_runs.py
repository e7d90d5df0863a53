"""The evaluation of fine-tuning: its fast step, its order, and that it goes on where it stopped."""

import json
from dataclasses import replace
from statistics import mean
from types import SimpleNamespace

import pytest
import torch

from app.engine.finetune import FineTuning, Plan
from app.engine.inputs import collate, some_groups
from app.engine.parameters import unflatten
from app.engine.recipe import RECIPE
from tests.random_models import random_examples, random_model
from training.evaluate import fine_tuning
from training.evaluate.downstream import TaskData, read_task, set_sha256, task_names
from training.evaluate.fine_tuning import Results, measure, train
from training.evaluate.plan import GPTS, TASKS, Setting, settings
from training.evaluate.quick_run import QuickRun, batches
from training.paths import read_record
from training.records.fine_tuning import POINTS, table, take_over

KINDS = ("classification", "similarity", "choice")
TRAINED = ("full", "head", "last layers", "soft prompts")


def task(n_train: int = 16, n_test: int = 6) -> TaskData:
    train, test = (random_examples("entailment", n, seed=seed) for seed, n in enumerate((n_train, n_test)))
    return TaskData("entailment", 2, train, {"test": {"ko": test[:2], "en": test[2:]}})


def setting(**changes) -> Setting:
    return Setting(1, "tiny-gpt2", "entailment", 0, n_layers_transferred=2, steps=3, **changes)


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lambda_", [0.0, 0.5])
def test_the_fast_step_equals_the_engines(architecture: str, kind: str, lambda_: float):
    assert_equal_after_three_steps(architecture, Plan(kind, 2, 2, seed=3), lambda_)


@pytest.mark.parametrize("trained", TRAINED[1:])
def test_the_fast_step_leaves_alone_what_the_engines_does(trained: str):
    plan = Plan("entailment", 2, 2, trained, label_tokens=(310, 320))  # type: ignore[arg-type]
    assert_equal_after_three_steps("gpt2", plan, 0.5)


def assert_equal_after_three_steps(architecture: str, plan: Plan, lambda_: float):
    """Key biases are left out, and with λ 0 the biases of a choice, which move all its answers alike: their
    gradient is rounding error, see tests/parity.
    """
    loaded = random_model(architecture)
    slow, fast = FineTuning(loaded, plan, lambda_, 1e-3), QuickRun(loaded, plan, lambda_)
    for seed in range(3):
        batch = collate(random_examples(plan.kind, 4, n_soft_prompts=plan.n_soft_prompts, seed=seed))
        (report,) = slow.steps([batch])
        assert fast.step(batch, 1e-3) == pytest.approx(report.l2, abs=1e-5)
    for name, part in unflatten(slow.shape, slow.flat).items():
        difference = (part - fast.parts[name]).abs()
        if plan.kind == "choice" and not lambda_ and name.endswith(".bias"):
            continue
        if name.endswith("c_attn.bias"):
            difference = torch.cat(difference.chunk(3)[::2])
        assert difference.max() < 1e-5, name
    assert fast.n_changed == int(slow.trained.sum())


def test_accuracy_and_text_loss_count_every_example_once():
    """Against one example at a time, in the engine's words."""
    run = QuickRun(random_model("gpt2"), Plan("entailment", 2, 2), 0.0)
    examples = random_examples("entailment", 70)
    alone = [batches([example]) for example in examples]
    right = [run.accuracy([example]) for example in examples]
    assert run.accuracy(examples) == pytest.approx(mean(right))
    assert run.text_loss(batches(examples)) == pytest.approx(mean(map(run.text_loss, alone)), abs=1e-5)


def test_a_run_follows_the_recipe(monkeypatch):
    """Batches of 8, the rate of every step by the recipe, soft prompts by theirs."""
    seen = []
    monkeypatch.setattr(QuickRun, "step", lambda self, batch, rate: seen.append((len(batch.labels), rate)))
    train(random_model("gpt2"), task(), setting())
    assert seen == [(8, RECIPE.learning_rate_at(step, 3)) for step in range(3)]


def test_learning_rate_rises_for_a_tenth_of_the_steps_and_falls_to_almost_nothing():
    rates = [RECIPE.learning_rate_at(step, 300) for step in range(300)]
    assert max(rates) == rates[29] == pytest.approx(RECIPE.learning_rate)
    assert rates[:30] == sorted(rates[:30]) and rates[29:] == sorted(rates[29:], reverse=True)
    assert 0 < rates[0] < rates[4] and 0 < rates[-1] < 1e-5
    assert RECIPE.learning_rate_at(0, 1, peak=0.5) == 0.5


def test_labels_are_drawn_in_whole_groups_by_the_seed():
    examples = [replace(one, group=index // 4) for index, one in enumerate(random_examples("entailment", 40))]
    drawn = some_groups(examples, 16, seed=1)
    assert [one.group for one in drawn[::4]] == [one.group for one in drawn[3::4]]
    assert len({one.group for one in drawn}) == 4
    assert drawn == some_groups(examples, 16, seed=1) != some_groups(examples, 16, seed=2)


def test_the_plan_has_five_seeds_of_everything_against_nothing():
    """For each kind of input and both GPTs, at the recipe's steps, and no run twice."""
    planned = settings()
    assert len(set(planned)) == len(planned)
    for model in GPTS:
        for name in ("sentiment", "entailment", "similarity", "choice", "reference", "acceptability"):
            for k in (-1, 4):
                same = [
                    one
                    for one in planned
                    if (one.point, one.model, one.task, one.n_layers_transferred) == (1, model, name, k)
                ]
                assert sorted(one.seed for one in same) == [0, 1, 2, 3, 4]
                assert {one.steps for one in same} == {RECIPE.steps}


def test_runs_that_are_there_are_not_made_again(tmp_path, monkeypatch):
    """Nor are those of other steps, weights or sets taken for them."""
    made = []

    def fake(loaded, task, one, held_out):
        made.append(one)
        return {"accuracy": {"test": {"ko": 1.0}}, "n_changed": 1}

    monkeypatch.setattr(fine_tuning, "measure", fake)
    monkeypatch.setattr(fine_tuning, "read_task", lambda *args, **kwargs: None)
    monkeypatch.setattr(fine_tuning, "load", lambda spec: None)
    monkeypatch.setattr(fine_tuning, "held_out_text", lambda *args: [])
    wanted = [setting(), setting(lambda_=0.5)]
    fine_tuning.run_all(wanted[:1], Results(tmp_path))
    fine_tuning.run_all(wanted, Results(tmp_path))
    assert made == wanted
    assert Results(tmp_path).read(wanted[1])["accuracy"] == {"test": {"ko": 1.0}}
    monkeypatch.setattr(fine_tuning, "set_sha256", lambda name: "another set")
    assert Results(tmp_path).read(wanted[0]) is None
    fine_tuning.run_all(wanted, Results(tmp_path), seconds=-1)
    assert made == wanted, "began a run when the time was up"


def test_a_measured_run_reports_each_split_and_language():
    found = measure(random_model("gpt2"), task(), setting(), ())
    assert set(found["accuracy"]) == {"test"} and set(found["accuracy"]["test"]) == {"ko", "en"}
    assert found["accuracy"]["test"]["ko"] in (0.0, 50.0, 100.0)
    assert found == measure(random_model("gpt2"), task(), setting(), ())


def test_a_row_of_the_record_gives_mean_spread_and_every_seed():
    one = setting()
    found = {
        replace(one, seed=seed): {
            "accuracy": {"test": {"ko": ko, "en": 80.0}, "test_new_words": {"ko": 50.0, "en": 50.0}},
            "n_changed": 7,
        }
        for seed, ko in enumerate((60.0, 80.0, 100.0))
    }
    (row,) = table(1, found | {replace(one, point=2): found[one]})
    assert row["mean"] == {"test": 80.0, "test_new_words": 50.0}
    assert row["spread"] == {"test": 8.2, "test_new_words": 0.0}  # of 70, 80 and 90
    assert row["by_seed"]["2"]["test"] == {"ko": 100.0, "en": 80.0}
    assert "seed" not in row and row["n_layers_transferred"] == 2 and row["n_changed"] == 7


def test_a_smoke_run_makes_one_setting_of_each_kind(tmp_path):
    """The real sets and models, two steps each: every task of point 1, and points 2 to 4."""
    fine_tuning.smoke(tmp_path)
    made = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.json")]
    assert {one["task"] for one in made if one["point"] == 1} == set(TASKS)
    assert {one["point"] for one in made} == {1, 2, 3, 4} and {one["steps"] for one in made} == {2}
    assert {one["trained"] for one in made} >= {"full", "head", "soft prompts", "last layers"}
    assert all({"ko"} <= set(one["accuracy"]["test"]) <= {"ko", "en"} for one in made)


def test_the_runs_of_the_record_are_taken_over(tmp_path):
    """All of them, as they were measured; none where recipe, weights or a set have changed."""
    record, results = read_record("fine_tuning"), Results(tmp_path)
    take_over(record, results)
    found = {one: result for one in settings() if (result := results.read(one))}
    for point, name in POINTS.items():
        assert {json.dumps(row) for row in table(point, found)} == {
            json.dumps(row) for row in record["data"][name]
        }

    def taken(**changes) -> set[str]:
        folder = tmp_path / "-".join(changes)
        take_over(record | changes, Results(folder))
        return {json.loads(path.read_text(encoding="utf-8"))["task"] for path in folder.glob("*.json")}

    assert taken(weights={}) == set()
    assert taken(settings=record["settings"] | {"recipe": {}}) == set()
    sets = record["data"]["sets_sha256"] | {"sentiment": "another"}
    assert taken(data=record["data"] | {"sets_sha256": sets}) == {one.task for one in found} - {"sentiment"}


def test_a_task_is_read_into_the_inputs_of_its_kind(tmp_path):
    """Fields in the order of the file, groups kept, languages apart."""
    facts = {
        "kind": "entailment",
        "labels": {"ko": ["함의", "모순"], "en": ["yes", "no"]},
        "languages": ["ko", "en"],
        "sizes": {"train": 3, "dev": 3, "test": 3},
    }
    (tmp_path / "index.json").write_text(json.dumps({"claims": facts}), encoding="utf-8")
    (tmp_path / "claims").mkdir()
    rows = [
        {"fields": ["aa", "b"], "label": 1, "lang": "ko", "group": 0},
        {"fields": ["a", "bb"], "label": 0, "lang": "ko", "group": 0},
        {"fields": ["c" * 30, "d"], "label": 0, "lang": "en", "group": 1},
    ]
    for split in facts["sizes"]:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "claims" / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    letters = SimpleNamespace(encode=lambda text: [300 + ord(letter) - ord("a") for letter in text])
    loaded = replace(random_model("gpt1", n_ctx=16), tokenizer=letters)
    assert task_names(tmp_path) == ["claims"]
    found = read_task("claims", loaded, tmp_path)
    assert (found.kind, found.n_labels, found.label_words) == ("entailment", 2, ("함의", "모순"))
    assert found.train[0].sequences == ((3, 300, 300, 4, 301, 5),)
    assert [example.group for example in found.train] == [0, 0, 1]
    assert [example.label for example in found.tests["test"]["ko"]] == [1, 0]
    assert [len(example.sequences[0]) for example in found.tests["test"]["en"]] == [16]
    before = set_sha256("claims", tmp_path)
    (tmp_path / "claims" / "dev.jsonl").write_text("", encoding="utf-8")
    set_sha256.cache_clear()
    assert set_sha256("claims", tmp_path) != before
