"""The downstream part of the cards: its figures are the record's, and what was not run is named."""

from importlib import import_module

import pytest

from training.evaluate import card_tasks, set_cards
from training.paths import read_record


def row(k: int, ko: float, **changes) -> dict:
    losses = changes.pop("losses", {})
    by_seed = {str(seed): {"test": {"ko": ko + seed, "en": 90.0}} | losses for seed in (0, 2)}
    facts = {
        "model": "tiny",
        "task": "choice",
        "n_layers_transferred": k,
        "lambda_": 0.5,
        "n_labels": 1000,
        "steps": 150,
        "trained": "full",
        "n_last_layers": 0,
        "n_changed": 2000,
        "mean": {"test": (ko + 91) / 2},
        "spread": {"test": 0.5},
        "by_seed": by_seed,
    }
    return facts | changes


@pytest.fixture
def record(monkeypatch):
    head = row(4, 60.0, trained="head", n_changed=192)
    made = {
        "command": "make it",
        "date": "2026-11-28",
        "weights": {"tiny": "abc"},
        "settings": {"recipe": {"steps": 300, "batch_size": 8, "learning_rate": 0.001}},
        "data": {
            "gain": [row(4, 80.0), row(-1, 50.0), row(4, 10.0, model="other")],
            "layers": [row(0, 70.0)],
            "lambdas": [row(4, 80.0, losses={"l1_task": 1.5, "l1_held_out": 2.0})],
            "parts": [head],
            "before": {"tiny": {"l1_task": {"choice": 9.0}, "l1_held_out": 0.65}},
            "left_out": [{"model": "tiny", "point": 3}, {"model": "other", "point": 1}],
        },
    }
    for module in (card_tasks, set_cards):
        monkeypatch.setattr(module, "read_record", lambda name: made)
    return made


def test_a_card_gives_what_was_measured_on_its_weights(record):
    text = card_tasks.fine_tuning("tiny", "abc")
    assert "| choice | test | 85.5 ± 0.5 | 70.5 ± 0.5 | +15.0 | 2 |" in text
    assert "| choice | embeddings | 80.5 ± 0.5 (80.0, 81.0) |" in text
    assert "| choice | 1,000 | 0.5 | 85.5 ± 0.5 | 1.50 | 2.00 |" in text
    assert text.index("| the head W_y | 192 |") < text.index("| everything | 2,000 |")
    assert "choice 9.00; held out 0.65" in text and "1 of point 3" in text
    assert "10.0" not in text, "a row of another model"
    assert card_tasks.fine_tuning("tiny", "other weights") == card_tasks.NOT_MEASURED


def test_a_sets_card_gives_each_language(record):
    text = set_cards.models("choice")
    assert "| tiny | everything | test | ko | 81.0 | 2 |" in text
    assert "| tiny | nothing | test | en | 90.0 | 2 |" in text
    assert "not measured" in set_cards.models("entailment")


def test_the_sets_cards_are_those_of_the_sets_and_the_record():
    """All but the bag's table, which would take a minute."""
    measured = {row["task"] for row in (read_record("fine_tuning") or {"data": {"gain": []}})["data"]["gain"]}
    for task in set_cards.tasks():
        written = (set_cards.DATASETS / task / "README.md").read_text(encoding="utf-8")
        assert set_cards.models(task) in written
        assert set_cards.lines(*set_cards.facts_and_train(task)) in written
        made_of = import_module(f"training.corpus.datasets.{task}").__doc__
        assert made_of.strip() in written
        assert (set_cards.NOT_MEASURED in written) == (task not in measured)


def test_the_sentence_about_lambda_counts_its_table():
    def row(lambda_: float, *held_out: float) -> dict:
        by_seed = {str(seed): {"l1_held_out": one} for seed, one in enumerate(held_out)}
        return {"task": "choice", "n_labels": 100, "lambda_": lambda_, "by_seed": by_seed}

    told = card_tasks.what_lambda_does([row(0, 2.0, 2.2), row(0.5, 2.3, 2.5), row(1, 2.0, 1.9)])
    assert "ends higher than with λ 0 in 1 of 2 settings, in the others at most 0.15 nats lower" in told
    assert "in 1 of 1 settings." in card_tasks.what_lambda_does([row(0, 2.0), row(0.5, 2.3)]).replace(
        "\n", " "
    )


def test_it_is_said_where_all_layers_come_late():
    def row(task: str, k: int, accuracy: float) -> dict:
        return {"task": task, "n_layers_transferred": k, "mean": {"test": accuracy}}

    rows = [
        row("choice", 3, 90.0),
        row("choice", 4, 70.0),
        row("reference", 3, 80.0),
        row("reference", 4, 95.0),
    ]
    (told,) = card_tasks.layers_late(rows, 300)
    assert "choice 70.0 against 90.0 with 3." in told and "reference" not in told and "300 steps" in told
    assert card_tasks.layers_late(rows[2:], 300) == []


def test_the_last_layers_are_counted_in_words():
    def row(k: int) -> dict:
        accuracy = {"mean": {"test": 90.0}, "spread": {"test": 1.0}}
        return {"task": "choice", "trained": "last layers", "n_last_layers": k, "n_changed": k} | accuracy

    lines = card_tasks.parts_table([], [row(1), row(2)]).splitlines()
    assert (
        "| the head and the last layer |" in lines[-2] and "| the head and the last 2 layers |" in lines[-1]
    )
