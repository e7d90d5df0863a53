"""Recorded figures: each file is of this repository's making and of today's weights, and still holds."""

import hashlib
import json
import math
from datetime import date
from itertools import product

import pytest

from app import records
from app.engine.few_shot import RELATIONS, accuracy, relation_named, relations
from app.engine.ways import costs
from app.models import load
from training.evaluate.downstream import set_sha256
from training.paths import MODELS, weights_sha256
from training.records import write as command
from training.records.recorder import Recorder

NAMES = records.names()


def outdated(record, models=MODELS):
    """The models of a record whose weights are no longer those it was measured on."""
    return [model for model, sha256 in record["weights"].items() if weights_sha256(model, models) != sha256]


def test_every_record_can_be_made_again():
    assert NAMES, "no record"
    assert set(NAMES) == set(command.RECORDERS)


@pytest.mark.parametrize("name", NAMES)
def test_a_record_tells_how_it_was_made(name):
    record, recorder = records.read(name), command.RECORDERS[name]
    assert set(record) == {"record", "command", "date", "seeds", "weights", "settings", "data"}
    assert record["record"] == name
    assert record["command"] == f'make records ARGS="{name}"'
    assert date.fromisoformat(record["date"]) <= date.today()
    assert record["seeds"] == list(recorder.seeds)
    assert record["settings"] == recorder.settings, "the recorder has changed since; run make records"
    assert set(record["weights"]) == set(recorder.models)
    json.dumps(record, allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_record_is_of_the_weights_that_are_there(name):
    assert not outdated(records.read(name)), "the weights have changed since; run make records"


def test_the_training_record_is_whole():
    """Every plan once; spreads in order; losses that can be."""
    data = records.read("ln_training")["data"]
    names = ("depth", "scaled", "learning_rate", "warm_up", "placement")
    plans = [tuple(run[name] for name in names) for run in data["runs"]]
    assert len(plans) == len(set(plans)) == 4 * 2 * 2 * 2 * 2
    for run in data["runs"]:
        assert len(run["mean"]) == len(run["low"]) == len(run["high"]) == 20
        for low, mean, high in zip(run["low"], run["mean"], run["high"], strict=True):
            assert data["best_loss"] - 0.2 < low <= mean <= high


def test_the_record_of_pre_training_is_whole():
    """Every checkpoint and the finished model; what is copied and what is normalised stands as it should."""
    data = records.read("pretraining")["data"]
    known = json.loads((MODELS / data["model"] / "checkpoints.json").read_text(encoding="utf-8"))
    tuned = records.read("fine_tuning")["data"]["gain"]
    points = [*data["checkpoints"], data["final"]]
    assert [(p["step"], p["tokens"], p["loss"]) for p in data["checkpoints"]] == [
        (one["step"], one["tokens_seen"], one["loss"]) for one in known["checkpoints"]
    ]
    steps = [point["step"] for point in points]
    assert steps == sorted(steps) and len(steps) == 9
    losses = [point["held_out_loss"] for point in points]
    assert losses == sorted(losses, reverse=True) and 1 < losses[-1] < losses[0] < math.log(5026)
    for point, one in zip(data["checkpoints"], known["checkpoints"], strict=True):
        induction = max(map(max, point["heads"]["induction"]))
        assert induction == pytest.approx(one["induction"], abs=0.002)
    for task, by_lang in data["fine_tuned"].items():
        row = next(
            row
            for row in tuned
            if (row["model"], row["task"]) == (data["model"], task) and row["n_layers_transferred"] == 4
        )
        assert row["lambda_"] == 0
        for lang, score in by_lang.items():
            seeds = [one["test"][lang] for one in row["by_seed"].values()]
            assert score == pytest.approx(sum(seeds) / len(seeds), abs=0.051)
            for point in points:
                assert len(point["heads"]["previous"]) == 4 and len(point["heads"]["previous"][0]) == 6
                for name, value in point["normalised"][task].items():
                    if name.startswith(lang):
                        accuracy = point["zero_shot"][task][name]
                        assert value == pytest.approx((accuracy - 50) / (score - 50), abs=1e-3)
    assert set(data["fine_tuned"]) == {"sentiment", "acceptability", "choice", "reference"}


def test_the_induction_head_comes_between_6_and_13_million_tokens():
    """The promise of the lesson's scrubber, on the landed weights."""
    points = records.read("pretraining")["data"]["checkpoints"]
    best = {point["tokens"]: max(map(max, point["heads"]["induction"])) for point in points}
    assert best[6_553_600] < 0.1 and best[13_107_200] > 0.6


def test_the_record_of_examples_is_whole():
    """Every kind, language, model and number of examples; every relation; ten points each and their mean."""
    data = records.read("in_context")["data"]
    assert data["relations_sha256"] == hashlib.sha256(RELATIONS.read_bytes()).hexdigest()
    shots = (0, 1, 2, 4, 8)
    found = [tuple(row[name] for name in ("model", "kind", "lang", "shots")) for row in data["accuracy"]]
    assert sorted(found) == sorted(product(("tiny-gpt1", "tiny-gpt2"), "ab", ("ko", "en"), shots))
    assert {row["model"] for row in data["by_relation"]} == {"tiny-gpt2"}
    found = [(row["relation"], row["shots"]) for row in data["by_relation"] + data["left_out"]]
    assert sorted(found) == sorted(product([one.name for one in relations()], shots))
    for row in data["accuracy"] + data["by_relation"]:
        assert len(row["points"]) == 10 and all(0 <= point <= 1 for point in row["points"])
        assert all(round(20 * point, 6).is_integer() for point in row["points"]), "of 20 lists"
        assert row["mean"] == pytest.approx(sum(row["points"]) / 10, abs=1e-4) and 0 <= row["copied"] <= 1


@pytest.mark.parametrize(
    ("name", "shots"), [("ko_noun category", 0), ("en_noun plural", 2), ("ko_verb past", 8)]
)
def test_twenty_prompts_asked_again_lie_in_the_recorded_spread(name, shots):
    """By the function that the page calls."""
    rows = records.read("in_context")["data"]["by_relation"]
    (row,) = (row for row in rows if (row["relation"], row["shots"]) == (name, shots))
    now = accuracy(load("tiny-gpt2"), relation_named(name), shots, range(20))
    assert min(row["points"]) <= now <= max(row["points"])


def test_the_record_of_the_three_ways_is_whole():
    data = records.read("three_ways")["data"]
    assert data["set_sha256"] == set_sha256("sentiment")
    keys = [(row["way"], row["shots"], row["lang"]) for row in data["rows"]]
    ways_ = [("fine-tuning", None), ("prompt tuning", None), *(("in-context", shots) for shots in (0, 1, 4))]
    assert sorted(keys, key=str) == sorted(((*way, lang) for way in ways_ for lang in ("ko", "en")), key=str)
    changed = {cost.way: cost.n_changed for cost in costs(load("tiny-gpt2"), ())}
    for row in data["rows"]:
        assert row["n_changed"] == changed[row["way"]]
        assert len(row["points"]) == len(row["test_points"]) == (1 if row["shots"] == 0 else 3)
        assert all(round(20 * point, 6).is_integer() for point in row["points"]), "of 20 sentences"
        assert row["mean"] == pytest.approx(sum(row["points"]) / len(row["points"]), abs=1e-4)
        assert (row["seconds"] > 0) == (row["way"] != "in-context") and row["answer_seconds"] > 0


def test_the_runs_of_prompt_tuning_are_those_of_the_record_of_fine_tuning():
    """Two commands made them, from the same seeds."""
    facts = {"model": "tiny-gpt2", "task": "sentiment", "trained": "soft prompts"}
    (other,) = (row for row in records.read("fine_tuning")["data"]["parts"] if facts.items() <= row.items())
    for row in records.read("three_ways")["data"]["rows"]:
        if row["way"] == "prompt tuning":
            expected = [other["by_seed"][seed]["test"][row["lang"]] for seed in "012"]
            assert [100 * point for point in row["test_points"]] == pytest.approx(expected, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_point_measured_again_lies_within_the_recorded_spread(name):
    points = command.RECORDERS[name].measure_again(records.read(name)["data"])
    assert points
    assert not [point for point in points if not point.low <= point.now <= point.high]


@pytest.fixture
def weights(tmp_path):
    """A folder of models with one that has weights, and their hash."""
    folder = tmp_path / "models"
    (folder / "small").mkdir(parents=True)
    (folder / "small" / "model.safetensors").write_bytes(b"weights")
    return folder, hashlib.sha256(b"weights").hexdigest()


def test_changed_weights_are_noticed(weights):
    folder, sha256 = weights
    assert outdated({"weights": {"small": sha256}}, folder) == []
    (folder / "small" / "model.safetensors").write_bytes(b"other weights")
    assert outdated({"weights": {"small": sha256}}, folder) == ["small"]


def test_the_command_writes_what_was_measured(tmp_path, weights, monkeypatch):
    recorder = Recorder(
        measure=lambda: {"curve": [1.5, 2.5]},
        measure_again=lambda data: [],
        settings={"steps": 2},
        seeds=(4, 5),
        models=("small",),
    )
    monkeypatch.setitem(command.RECORDERS, "tried", recorder)
    monkeypatch.setattr(command, "weights_sha256", lambda model: f"hash of {model}")
    command.write("tried", tmp_path / "records")
    assert json.loads((tmp_path / "records" / "tried.json").read_text(encoding="utf-8")) == {
        "record": "tried",
        "command": 'make records ARGS="tried"',
        "date": date.today().isoformat(),
        "seeds": [4, 5],
        "weights": {"small": "hash of small"},
        "settings": {"steps": 2},
        "data": {"curve": [1.5, 2.5]},
    }


def test_the_command_knows_its_records(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["records", "nonsense"])
    with pytest.raises(SystemExit):
        command.main()
    assert "nonsense" in capsys.readouterr().err
