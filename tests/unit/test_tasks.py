"""The labelled sets as the page reads them, and as inputs of the embedded models."""

import json

import pytest

from app.engine import sets, tasks
from app.models import load
from app.models.registry import EMBEDDED
from tests.random_models import random_model
from training.evaluate.downstream import read_task

FILES = [
    (name, split, lang)
    for name in sets.names()
    for split in sets.about(name).sizes
    for lang in sets.about(name).languages
]


def lines(name: str, split: str) -> list[dict]:
    path = sets.FOLDER / name / f"{split}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_folder_is_a_set():
    assert set(sets.names()) == {path.parent.name for path in sets.FOLDER.glob("*/train.jsonl")}
    assert len(sets.names()) >= 6


@pytest.mark.parametrize(("name", "split", "lang"), FILES)
def test_rows_are_those_of_the_file(name: str, split: str, lang: str):
    about, everything = sets.about(name), lines(name, split)
    assert len(sets.rows(name, split)) == about.sizes[split] == len(everything)
    of_language = [row for row in everything if row["lang"] == lang]
    found = sets.rows(name, split, lang)
    assert len(found) == about.sizes[split] // len(about.languages)
    assert [(list(row.fields), row.label, row.lang, row.group) for row in found] == [
        (row["fields"], row["label"], row["lang"], row["group"]) for row in of_language
    ]
    assert {row.label for row in found} == set(range(about.n_labels)), "every label comes in both languages"


def test_no_name_of_a_visitor_is_a_path():
    for name in ("../models", "sentiment/..", "", "constructor"):
        with pytest.raises(KeyError):
            sets.rows(name, "dev")
    with pytest.raises(KeyError):
        sets.rows("sentiment", "../../README.md")


@pytest.mark.parametrize("model", EMBEDDED)
@pytest.mark.parametrize("name", ["sentiment", "choice"])
def test_examples_are_those_that_the_records_were_measured_on(model: str, name: str):
    loaded = load(model)
    theirs = read_task(name, loaded, n_soft_prompts=8)
    assert list(tasks.examples(loaded, name, "train", n_soft_prompts=8)) == theirs.train
    for lang, wanted in theirs.tests["test"].items():
        found = tasks.examples(loaded, name, "test", lang, 8)
        assert list(found) == wanted
        assert tasks.examples(loaded, name, "test", lang, 8) is found, "tokenised once"


@pytest.mark.parametrize("model", EMBEDDED)
def test_a_label_is_the_last_token_of_its_word(model: str):
    loaded = load(model)
    for name in sets.names():
        for lang in sets.about(name).languages:
            words = sets.about(name).labels[lang]
            found = tasks.label_tokens(loaded, words)
            assert found == tuple(loaded.tokenizer.encode("a " + word)[-1] for word in words)
    words = ["좋음", "좋음", "", "good", "good", "\0", "좋음", "좋음"]
    assert len(set(tasks.label_tokens(loaded, words))) == 8, "labels that are alike have tokens of their own"


@pytest.mark.parametrize("model", EMBEDDED)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_held_out_sentences_begin_after_end_of_text(model: str, lang: str):
    loaded, texts = load(model), sets.held_out(lang)
    assert len(texts) == len(set(texts)) == 200
    found = tasks.held_out(loaded, lang, 7)
    assert len(found) == 7
    for ids, text in zip(found, texts, strict=False):
        assert ids[0] == loaded.eot_id == 0
        assert loaded.tokenizer.decode(ids[1:]).lower() == text.lower()


def test_a_set_is_read_anew_for_another_model():
    """What is kept belongs to one loaded model."""
    loaded = load("tiny-gpt2")
    other = random_model("gpt2")
    object.__setattr__(other, "tokenizer", load("tiny-gpt1").tokenizer)
    here, there = (tasks.examples(one, "sentiment", "dev", "ko") for one in (loaded, other))
    assert here != there


def test_the_store_is_told_how_large_a_set_is(monkeypatch):
    """Every sequence counts, so a set of pairs takes twice the room of one of sentences."""
    told = []
    monkeypatch.setattr(tasks.SHARED, "kept", lambda key, make: told.append(make()) or told[-1][0])
    for name in ("sentiment", "similarity"):
        tasks.examples(load(EMBEDDED[0]), name, "test", "ko")
    for found, n_bytes in told:
        assert n_bytes == 600 * sum(len(example.sequences) for example in found)
    assert {len(example.sequences) for example in told[1][0]} == {2}
