"""The corpus command and the filter for film reviews."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from training.corpus.film_reviews import is_wanted, selected, words_of
from training.corpus.size import wordings
from training.corpus.write import SHARES, write_corpus
from training.evaluate.gpt import unread

GOOD = "배우들의 연기가 좋아서 끝까지 재미있게 봤다."
BAD = {
    "a name of a person": "송강호 연기가 좋아서 끝까지 재미있게 봤다.",
    "looks like a name": "박누구의 연기가 좋아서 끝까지 재미있게 봤다.",
    "an insult": "병신 같은 연기가 좋아서 끝까지 재미있게 봤다.",
    "politics": "대통령 연기가 좋아서 끝까지 재미있게 봤다.",
    "looks": "얼굴이 좋아서 끝까지 재미있게 봤다.",
    "violence": "살인 연기가 좋아서 끝까지 재미있게 봤다.",
    "other letters": "DVD 연기가 좋아서 끝까지 재미있게 봤다.",
    "shouting": "배우들의 연기가 좋아서 끝까지 재미있게 봤다!!",
    "no ending": "배우들의 연기가 좋아서 끝까지 재미",
    "misspelt": "배우들의 연기가 좋아서 끝까지 재미있게 봣다.",
    "no spaces": "배우들의연기가좋아서 끝까지 재미있게 봤다.",
    "too short": "재미있게 봤다.",
}


@pytest.fixture(scope="module")
def counts() -> Counter[str]:
    """Word counts in which every word but the one that looks like a name is common."""
    common = Counter(word for text in (GOOD, *BAD.values()) for word in words_of(text) for _ in range(100))
    common["박누구의"] = 1
    return common


def test_a_plain_review_passes(counts: Counter[str]) -> None:
    assert is_wanted(GOOD, counts)


@pytest.mark.parametrize("reason", BAD)
def test_other_reviews_do_not(reason: str, counts: Counter[str]) -> None:
    assert not is_wanted(BAD[reason], counts)


def test_a_review_with_a_rare_noun_does_not_pass(counts: Counter[str]) -> None:
    rare = Counter(counts)
    rare["연기가"] = 2
    assert not is_wanted(GOOD, rare)


def test_a_text_is_kept_once() -> None:
    assert selected([(9, GOOD)] * 40) == [(9, GOOD)]


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    reviews = folder / "reviews.jsonl.gz"
    with gzip.open(reviews, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps([9, text]) + "\n" for text in [GOOD] * 40)
    for name in ("first", "again"):
        write_corpus(folder / name, seed=0, n_documents=3000, reviews=reviews)
    write_corpus(folder / "other", seed=1, n_documents=300, reviews=None)
    return folder


def test_the_same_seed_writes_the_same_bytes(corpus: Path) -> None:
    for name in ("train.jsonl", "heldout.jsonl"):
        assert (corpus / "first" / name).read_bytes() == (corpus / "again" / name).read_bytes()
    assert read(corpus / "first" / "train.jsonl")[0] != read(corpus / "other" / "train.jsonl")[0]


def test_the_last_mix_holds_more_everyday_texts(tmp_path: Path, corpus: Path) -> None:
    write_corpus(tmp_path, seed=0, n_documents=300, mix="last")
    shares = [
        sum(made["kind"] == "everyday" for made in documents) / len(documents)
        for documents in (read(tmp_path / "train.jsonl"), read(corpus / "other" / "train.jsonl"))
    ]
    assert shares[0] > shares[1] + 0.1


def test_what_an_earlier_run_has_read_is_not_held_out(corpus: Path) -> None:
    heldout, train = (corpus / "first" / name for name in ("heldout.jsonl", "train.jsonl"))
    assert unread(heldout, [train]) == read(heldout)
    assert unread(heldout, [train, heldout]) == []


def test_documents_are_different_and_the_files_share_none(corpus: Path) -> None:
    train, heldout = (
        [d["text"] for d in read(corpus / "first" / f"{name}.jsonl")] for name in ("train", "heldout")
    )
    assert len({*train, *heldout}) == len(train) + len(heldout)
    assert len(heldout) == pytest.approx(0.01 * len(train), rel=0.1)


def test_every_kind_is_there_with_what_the_evaluation_needs(corpus: Path) -> None:
    documents = read(corpus / "first" / "train.jsonl")
    kinds = {(d["kind"], d["lang"]) for d in documents}
    wanted = {("review_grammar" if kind == "review" else kind, lang) for kind, lang in SHARES}
    assert wanted <= kinds
    for made in documents:
        assert made["text"].strip() == made["text"] != ""
        if made["kind"] == "story":
            assert made["second_mentions"] and all(
                0 < a < b <= len(made["text"]) for a, b in made["second_mentions"]
            )
        if made["kind"] == "review_grammar":
            assert made["label"] in ("positive", "negative")


def test_the_summary_counts_what_was_written(corpus: Path) -> None:
    summary = json.loads((corpus / "first" / "summary.json").read_text(encoding="utf-8"))
    written = read(corpus / "first" / "train.jsonl") + read(corpus / "first" / "heldout.jsonl")
    found = Counter(f"{d['kind']} {d['lang']}" for d in written)
    assert {name: count["documents"] for name, count in summary["counts"].items()} == found
    assert summary["grammar"]["wordings"] > summary["grammar"]["templates"] > 1000


def test_wordings_of_a_template_are_counted() -> None:
    assert [
        wordings(text) for text in ("가", "[가|나]", "[가|나[다|라|]] [마|바]", "{n:은} [|정말] 왔다")
    ] == [1, 2, 8, 2]


def test_reviews_are_an_option(corpus: Path) -> None:
    def kinds(name: str) -> set[str]:
        files = (corpus / name / f for f in ("train.jsonl", "heldout.jsonl"))
        return {d["kind"] for file in files for d in read(file)}

    assert "film_review" in kinds("first")
    assert "film_review" not in kinds("other")
