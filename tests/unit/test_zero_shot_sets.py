"""The heuristics on rows of the sets: each guess alone, and what a live run on a few rows says."""

from __future__ import annotations

from statistics import median

import pytest

from app.engine import sets, zero_shot
from app.engine.memory import SHARED
from app.engine.zero_shot_sets import ONE_THRESHOLD, asking, zero_shot_live
from app.errors import InputError
from app.models import load
from tests.tiny_models import write_folder


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp(request.param), request.param, n_ctx=96))


def guess(loaded, task: str, lang: str, row: sets.Row) -> int:
    if task == "sentiment":
        words = {"ko": ("긍정", "부정"), "en": ("positive", "negative")}[lang]
        return zero_shot.sentiment(loaded, row.fields[0], words).label
    return {"choice": zero_shot.choice, "reference": zero_shot.reference}[task](loaded, row.fields).label


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("task", ["sentiment", "choice", "reference"])
def test_a_live_run_counts_what_the_heuristic_gets_right(loaded, task: str, lang: str):
    rows = sets.rows(task, "test", lang)[:12]
    right = [guess(loaded, task, lang, row) == row.label for row in rows]
    found = zero_shot_live(loaded, task, lang, n=12)
    assert found.right == tuple(right) and found.n == 12
    assert found.accuracy == {"": pytest.approx(100 * sum(right) / 12)}


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_acceptability_by_group_and_by_one_threshold(loaded, lang: str):
    rows = sets.rows("acceptability", "test", lang)[:12]
    scores = [zero_shot.mean_log_probability(loaded, "", row.fields[0]) for row in rows]
    pairs = []
    for at in range(0, 12, 4):
        assert len({row.group for row in rows[at : at + 4]}) == 1
        fits = [i for i in range(at, at + 4) if rows[i].label == 0]
        damaged = [i for i in range(at, at + 4) if rows[i].label == 1]
        assert fits in ([at, at + 3], [at + 1, at + 2])
        pairs += [sum(scores[i] for i in fits) > sum(scores[i] for i in damaged)] * 4
    found = zero_shot_live(loaded, "acceptability", lang, n=14)
    assert found.right == tuple(pairs), "cut down to whole groups"
    below = [int(score < median(scores)) == row.label for score, row in zip(scores, rows, strict=True)]
    assert found.accuracy[ONE_THRESHOLD] == pytest.approx(100 * sum(below) / 12)


def test_it_pauses_after_every_row_and_is_kept(loaded, monkeypatch):
    SHARED.clear()
    assert list(asking(loaded, "choice", "ko", 8)) == [(i + 1) / 8 for i in range(8)]
    first = zero_shot_live(loaded, "choice", "ko", 8)
    monkeypatch.setattr(zero_shot, "choice", None)
    assert zero_shot_live(loaded, "choice", "ko", 8) == first
    with pytest.raises(TypeError):
        zero_shot_live(loaded, "choice", "ko", 12)


def test_forty_rows_of_each_task_are_there():
    for task in zero_shot.TASKS:
        for lang in ("ko", "en"):
            assert len(sets.rows(task, "test", lang)) >= 200


@pytest.mark.parametrize(
    ("task", "lang", "n", "code"),
    [
        ("entailment", "ko", 40, "unknown_task"),
        ("../x", "ko", 40, "unknown_task"),
        (None, "ko", 40, "unknown_task"),
        ("choice", "fr", 40, "unknown_task"),
        ("choice", "ko", 3, "out_of_range"),
    ],
)
def test_what_cannot_be_asked(loaded, task, lang, n, code):
    with pytest.raises(InputError) as raised:
        zero_shot_live(loaded, task, lang, n)
    assert raised.value.code == code
