"""What the lesson says of recorded runs is what the record's seeds give, worked out another way."""

import json
from pathlib import Path

import numpy
import pytest

from app.models.registry import EMBEDDED
from lessons.fine_tuning import transferred
from training.evaluate.plan import GPTS, LAMBDAS, N_LABELS, N_LAYERS, TWO_TASKS

RECORD = json.loads(
    (Path(__file__).parents[2] / "assets/records/fine_tuning.json").read_text(encoding="utf-8")
)
CASES = [(model, task) for model in GPTS for task in TWO_TASKS]


def row_of(table: str, **facts) -> dict:
    (found,) = [
        row for row in RECORD["data"][table] if all(row[name] == value for name, value in facts.items())
    ]
    return found


def assert_is_of(accuracy: transferred.Accuracy, row: dict) -> None:
    """Mean and spread by numpy over an array of seeds and languages, and as the record itself rounds them."""
    assert set(accuracy) == {"test", "test_new_words"}
    for split, by_language in accuracy.items():
        table = numpy.array(
            [list(run[split].values()) for run in row["by_seed"].values()]
        )  # (seeds, languages)
        languages = list(row["by_seed"]["0"][split])
        assert set(by_language) == {*languages, "both"}
        for column, lang in enumerate(languages):
            assert by_language[lang].values == tuple(table[:, column])
            assert by_language[lang].mean == pytest.approx(table[:, column].mean())
            assert by_language[lang].spread == pytest.approx(table[:, column].std())
        both = by_language["both"]
        assert both.mean == pytest.approx(table.mean()) == pytest.approx(row["mean"][split], abs=0.051)
        assert (
            both.spread
            == pytest.approx(table.mean(1).std())
            == pytest.approx(row["spread"][split], abs=0.051)
        )


def test_all_is_measured_on_the_embedded_models():
    assert set(GPTS) == set(EMBEDDED)
    assert transferred.tasks() == TWO_TASKS


@pytest.mark.parametrize(("model", "task"), CASES)
def test_layers_from_nothing_to_all(model: str, task: str):
    points = transferred.layers(model, task)
    assert [point.n_layers_transferred for point in points] == list(range(-1, N_LAYERS + 1))
    for point in points:
        row = row_of("layers", model=model, task=task, n_layers_transferred=point.n_layers_transferred)
        assert_is_of(point.accuracy, row)
        assert point.steps == row["steps"]
        assert len(point.accuracy["test"]["ko"].values) == 3


@pytest.mark.parametrize(("model", "task"), CASES)
def test_lambda_on_and_off(model: str, task: str):
    rows = transferred.lambdas(model, task)
    assert [row.lambda_ for row in rows] == list(LAMBDAS)
    assert {row.n_labels for row in rows} == {max(N_LABELS)}
    for found in rows:
        row = row_of("lambdas", model=model, task=task, n_labels=found.n_labels, lambda_=found.lambda_)
        assert_is_of(found.accuracy, row)
        for name in ("l1_task", "l1_held_out"):
            values = numpy.array([run[name] for run in row["by_seed"].values()])
            spread = getattr(found, name)
            assert (spread.mean, spread.spread) == (pytest.approx(values.mean()), pytest.approx(values.std()))


def test_lambda_with_fewer_labels():
    assert transferred.label_counts("tiny-gpt2", "sentiment") == N_LABELS
    assert transferred.label_counts("tiny-gpt1", "sentiment") == (max(N_LABELS),)
    for n_labels in N_LABELS:
        rows = transferred.lambdas("tiny-gpt2", "sentiment", n_labels)
        assert [(row.lambda_, row.n_labels) for row in rows] == [(one, n_labels) for one in LAMBDAS]
    assert transferred.lambdas("tiny-gpt1", "sentiment", 32) == ()


@pytest.mark.parametrize(("model", "task"), CASES)
def test_where_the_lambda_runs_begin(model: str, task: str):
    found = RECORD["data"]["before"][model]
    assert transferred.before(model, task) == (found["l1_task"][task], found["l1_held_out"])


@pytest.mark.parametrize(("model", "task"), CASES)
def test_parts_from_the_fewest_numbers_to_all(model: str, task: str):
    rows = transferred.parts(model, task)
    assert [(row.trained, row.n_last_layers) for row in rows] == [
        ("head", 0),
        ("soft prompts", 0),
        ("last layers", 1),
        ("last layers", 2),
        ("last layers", 3),
        ("full", 0),
    ]
    assert [row.n_changed for row in rows[:2]] == [192 * 2, 192 * 8]
    for found in rows[:-1]:
        row = row_of(
            "parts", model=model, task=task, trained=found.trained, n_last_layers=found.n_last_layers
        )
        assert found.n_changed == row["n_changed"]
        assert_is_of(found.accuracy, row)
    everything = row_of("gain", model=model, task=task, n_layers_transferred=N_LAYERS)
    assert rows[-1].n_changed == everything["n_changed"]
    assert_is_of(rows[-1].accuracy, everything)


@pytest.mark.parametrize(("model", "task"), CASES)
def test_the_gain_of_pre_training(model: str, task: str):
    nothing, everything = transferred.gain(model, task)
    assert_is_of(nothing, row_of("gain", model=model, task=task, n_layers_transferred=-1))
    assert_is_of(everything, row_of("gain", model=model, task=task, n_layers_transferred=N_LAYERS))


@pytest.mark.parametrize(
    ("model", "task"), [("openai-community/gpt2", "sentiment"), ("tiny-gpt2", "parsing"), ("", "")]
)
def test_what_was_not_measured_is_empty(model: str, task: str):
    assert transferred.layers(model, task) == transferred.lambdas(model, task) == ()
    assert transferred.parts(model, task) == transferred.label_counts(model, task) == ()
    assert transferred.before(model, task) is transferred.gain(model, task) is None


def test_one_language_has_one_half():
    """The hard set has Korean rows alone, and no split of new words."""
    _, everything = transferred.gain("tiny-gpt2", "binding")
    assert set(everything) == {"test"} and set(everything["test"]) == {"ko", "both"}
    assert everything["test"]["ko"] == everything["test"]["both"]
