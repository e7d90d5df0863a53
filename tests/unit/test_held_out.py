"""The held-out sentences that lessons show: of the command's making, and in no text that a model has read."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.harness.matrix import quick
from training.corpus.shown import DEFAULT_OUT, HELD_OUT_COUNTS, first_sentences, held_out_rows, standing_in
from training.corpus.write import LAST_SHARES, documents

ROWS = [
    json.loads(line) for line in (DEFAULT_OUT / "held_out.jsonl").read_text(encoding="utf-8").splitlines()
]
SENTENCES = {row["text"] for row in ROWS}
TRAINING_SEEDS = (0, 1, 2, 3)  # of the five stages, as the models' cards name them
PROSE = [(kind, lang) for kind, lang in LAST_SHARES if not kind.startswith(("word_list", "incontext"))]


def test_there_are_some_hundred_sentences_of_every_kind_in_both_languages():
    assert len(SENTENCES) == len(ROWS)
    assert Counter((row["lang"], row["kind"]) for row in ROWS) == {
        (lang, kind): n for lang in ("ko", "en") for kind, n in HELD_OUT_COUNTS.items()
    }


@pytest.mark.parametrize("kind", HELD_OUT_COUNTS)
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_command_draws_the_committed_sentences(kind, lang):
    committed = {row["text"] for row in ROWS if (row["kind"], row["lang"]) == (kind, lang)}
    assert committed <= set(first_sentences(kind, lang))


def test_none_stands_in_a_training_split():
    files = sorted(DEFAULT_OUT.glob("*/train.jsonl"))
    assert files, "no training split"
    fields = (
        field
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        for field in json.loads(line)["fields"]
    )
    assert not standing_in(fields, SENTENCES)


@pytest.mark.parametrize("seed", quick(TRAINING_SEEDS))
def test_none_is_among_the_first_texts_of_a_training_seed(seed):
    written = (made["text"] for kind, lang in PROSE for made in documents(kind, lang, 1000, seed))
    assert not standing_in(written, SENTENCES)


@pytest.mark.slow
def test_none_stands_in_the_last_stage_of_the_run():
    """The whole text of the fifth stage, written again: the grammar is the same since."""
    written = (
        made["text"]
        for (kind, lang), share in LAST_SHARES.items()
        for made in documents(kind, lang, round(share * 250_000 * 1.01), seed=3)
    )
    assert not standing_in(written, SENTENCES)


def test_a_sentence_stands_in_a_text_also_inside_another_and_without_its_mark():
    sentences = ("A cat ran home.", "나는 집에 갔다.", "Tim ate an apple.")
    assert standing_in(["A cat ran home. It slept."], sentences) == {"A cat ran home."}
    assert standing_in(['"어제 나는 집에 갔다", 말했다.'], sentences) == {"나는 집에 갔다."}
    assert standing_in(["Yesterday Tim ate an apple"], sentences) == {"Tim ate an apple."}
    assert standing_in(['"Tim ate an apple," she said.'], sentences) == {"Tim ate an apple."}
    assert standing_in(["Tim ate a pear.", "Cat ran home.", ""], sentences) == set()


def test_a_sentence_that_was_read_is_left_out(tmp_path: Path):
    """Training texts that hold every second of the committed sentences: others take their places."""
    read = tmp_path / "train.jsonl"
    lines = [json.dumps({"text": row["text"] + " 그래요."}, ensure_ascii=False) + "\n" for row in ROWS[::2]]
    read.write_text("".join(lines), encoding="utf-8")
    found = {row["text"] for row in held_out_rows([read])}
    assert len(found) == len(ROWS) and not found & {row["text"] for row in ROWS[::2]}
