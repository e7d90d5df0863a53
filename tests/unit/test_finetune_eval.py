"""The comparison of starting points: its order, its learning rate, its time limit, and what it reports."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.random_models import random_examples, random_model
from training.evaluate.downstream import TaskData, read_task, task_names
from training.evaluate.fine_tuning import Setting, compare, fine_tune, joined, learning_rate, settings


def task(n_train: int = 12, n_test: int = 6) -> TaskData:
    train = random_examples("entailment", n_train)
    return TaskData("entailment", 2, train, random_examples("entailment", n_test, seed=1))


def test_a_task_is_read_into_the_inputs_of_its_kind(tmp_path):
    """Fields in the order of the file, cut to the model's context; the label and the majority of the test."""
    facts = {"kind": "entailment", "labels": {"ko": ["함의", "모순"], "en": ["yes", "no"]}, "sizes": {}}
    (tmp_path / "index.json").write_text(json.dumps({"claims": facts}), encoding="utf-8")
    (tmp_path / "claims").mkdir()
    rows = [{"fields": ["aa", "b"], "label": 1}, {"fields": ["a", "bb"], "label": 1}]
    rows += [{"fields": ["c" * 30, "d"], "label": 0}]
    for split in ("train", "test"):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "claims" / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    letters = SimpleNamespace(encode=lambda text: [300 + ord(letter) - ord("a") for letter in text])
    loaded = replace(random_model("gpt1", n_ctx=16), tokenizer=letters)
    assert task_names(tmp_path) == ["claims"]
    found = read_task("claims", loaded, tmp_path)
    assert (found.kind, found.n_labels) == ("entailment", 2)
    assert found.train[0].sequences == ((3, 300, 300, 4, 301, 5),)
    assert [example.label for example in found.test] == [1, 1, 0]
    assert [len(example.sequences[0]) for example in found.test] == [6, 6, 16]
    assert found.majority == pytest.approx(200 / 3)


def test_what_pretraining_is_worth_is_compared_first():
    """A short time limit must leave out the least important figures."""
    assert settings(n_layer=4) == [
        Setting(4, 0.5),
        Setting(-1, 0.5),
        Setting(4, 0.0),
        Setting(-1, 0.0),
        Setting(4, 1.0),
        Setting(-1, 1.0),
        Setting(0, 0.5),
        Setting(1, 0.5),
        Setting(2, 0.5),
        Setting(3, 0.5),
    ]


def test_learning_rate_rises_for_a_tenth_of_the_steps_and_falls_to_almost_nothing():
    rates = [learning_rate(step, 100) for step in range(100)]
    assert max(rates) == rates[9] == pytest.approx(6.25e-4)
    assert rates[:10] == sorted(rates[:10]) and rates[9:] == sorted(rates[9:], reverse=True)
    assert 0 < rates[0] < rates[4] and 0 < rates[-1] < 1e-5
    assert learning_rate(0, 1) == pytest.approx(6.25e-4)


def test_a_run_draws_its_labels_by_its_seed_and_sees_each_three_times():
    run = fine_tune(random_model("gpt2"), task(n_train=80), Setting(2, 0.5), n_labels=64, seed=0)
    assert run.n_steps == 3 * math.ceil(64 / 32)
    assert run.lambda_ == 0.5


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
def test_every_setting_is_reported_with_every_seed(architecture: str):
    found = compare(random_model(architecture), {"entailment": task()}, n_labels=8, seeds=(0, 1))
    rows = found["tasks"]["entailment"]["settings"]
    assert [(row["n_layers_transferred"], row["lambda"]) for row in rows] == [
        (2, 0.5),
        (-1, 0.5),
        (2, 0.0),
        (-1, 0.0),
        (2, 1.0),
        (-1, 1.0),
        (0, 0.5),
        (1, 0.5),
    ]
    possible = {round(100 * right / 6, 1) for right in range(7)}
    for row in rows:
        assert len(row["by_seed"]) == 2 and set(row["by_seed"]) <= possible
        assert row["accuracy"] == pytest.approx(sum(row["by_seed"]) / 2, abs=0.1)
    assert found["left_out"] == []
    assert json.loads(json.dumps(found)) == found


def test_what_the_time_does_not_allow_is_listed_as_left_out():
    found = compare(random_model("gpt2"), {"entailment": task()}, seconds=-1.0, n_labels=8)
    assert found["tasks"]["entailment"]["settings"] == []
    assert [(row["n_layers_transferred"], row["lambda"]) for row in found["left_out"]][:2] == [
        (2, 0.5),
        (-1, 0.5),
    ]
    assert len(found["left_out"]) == 8


def test_the_same_seed_gives_the_same_figures():
    twice = [compare(random_model("gpt1"), {"e": task()}, n_labels=8, seeds=(3,)) for _ in range(2)]
    assert twice[0] == twice[1]


def test_tasks_measured_later_join_those_of_the_same_weights():
    def measured(command: str, tasks: dict, left_out: list, weights: str = "abc") -> dict:
        facts = {"model": "tiny", "weights_sha256": weights, "labels": 1000, "seeds": [0]}
        return facts | {"command": command, "tasks": tasks, "left_out": left_out}

    before = measured("first", {"a": 1, "b": 2}, [{"task": "a"}, {"task": "b"}])
    found = joined(before, measured("second", {"b": 3, "c": 4}, [{"task": "c"}]))
    assert found["tasks"] == {"a": 1, "b": 3, "c": 4} and found["command"] == "first; second"
    assert found["left_out"] == [{"task": "a"}, {"task": "c"}]
    with pytest.raises(ValueError, match="other weights"):
        joined(before, measured("second", {}, [], weights="other"))
