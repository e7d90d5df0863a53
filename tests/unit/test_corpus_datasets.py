"""The labelled sets: balanced, no leaks, no shortcuts, and labels true by an independent reading."""

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from tests.corpus_reading import follows, read_comparison, read_state
from training.corpus.datasets.acceptability import wrong_form, wrong_order, wrong_time
from training.corpus.datasets.make import SIZES, TASKS, write_datasets
from training.corpus.labels import LABEL_WORDS, TASK_LABELS
from training.corpus.write import documents

FOLDER = Path(__file__).parents[2] / "assets" / "datasets"


def load(task: str, split: str, folder: Path = FOLDER) -> list[dict]:
    lines = (folder / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_command_writes_the_committed_files(tmp_path: Path) -> None:
    write_datasets(tmp_path, seed=0)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json*")}
    assert len(written) == 3 * len(TASKS) + 1
    for path, content in written.items():
        assert (FOLDER / path).read_bytes() == content, path


@pytest.mark.parametrize("task", TASKS)
def test_splits_are_balanced_and_share_nothing(task: str) -> None:
    seen: set[tuple[str, ...]] = set()
    for split, size in SIZES.items():
        examples = load(task, split)
        assert len(examples) == size
        counts = Counter(example["label"] for example in examples)
        assert max(counts.values()) - min(counts.values()) <= 1
        keys = {tuple(sorted(example["fields"])) for example in examples}
        assert len(keys) == size and not keys & seen
        seen |= keys


def test_nothing_stands_in_the_pre_training_text() -> None:
    """Not a field of four words or more, as a document or as a sentence of one."""
    fields = {
        field
        for task in TASKS
        for split in SIZES
        for example in load(task, split)
        for field in example["fields"]
        if len(field.split()) >= 4
    }
    assert len(fields) > 15_000
    for kind in ("everyday", "qa", "claims", "story", "diary", "review", "dialogue"):
        for made in documents(kind, "ko", 1500, seed=3):
            text = made["text"]
            assert not fields & {text, *re.split(r"(?<=[.?!]) ", text)}, text


def accuracy(train: list[tuple[str, int]], test: list[tuple[str, int]]) -> float:
    """Of a logistic regression on word uni- and bigrams."""
    vectorizer = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\S+")
    seen = vectorizer.fit_transform([text for text, _ in train])
    model = LogisticRegression(max_iter=200, C=0.1).fit(seen, [label for _, label in train])
    return model.score(vectorizer.transform([text for text, _ in test]), [label for _, label in test])


@pytest.mark.parametrize(
    ("task", "majority"), [("entailment", 1 / 3), ("similarity", 1 / 2), ("choice", 1 / 2)]
)
def test_no_words_give_the_label_away(task: str, majority: float) -> None:
    train, test = ([(" | ".join(e["fields"]), e["label"]) for e in load(task, s)] for s in ("train", "test"))
    assert accuracy(train, test) < majority + 0.05
    last_train, last_test = (
        [(e["fields"][-1], e["label"]) for e in load(task, s)] for s in ("train", "test")
    )
    assert accuracy(last_train, last_test) < majority + 0.05


@pytest.mark.parametrize("task", ["choice", "reference"])
def test_no_answer_is_right_by_its_words(task: str) -> None:
    def answers(split: str) -> list[tuple[str, int]]:
        return [
            (" | ".join([*e["fields"][:2], answer]), int(index == e["label"]))
            for e in load(task, split)
            for index, answer in enumerate(e["fields"][2:])
        ]

    assert accuracy(answers("train"), answers("test")) < 0.55


def test_entailment_labels_are_true() -> None:
    checked = 0
    for example in load("entailment", "test"):
        premise, hypothesis = example["fields"]
        if "보다" in hypothesis:
            continue
        facts = {}
        for sentence in re.split(r"(?<=\.) ", premise):
            _, subject, value, negated = read_state(sentence, "states")
            assert not negated
            facts[subject] = value
        _, subject, value, negated = read_state(hypothesis, "states")
        expected = 2 if subject not in facts else int((facts[subject] == value) == negated)
        assert example["label"] == expected, example
        checked += 1
    assert checked > 300


def test_comparison_labels_are_true() -> None:
    for example in load("entailment", "test"):
        premise, hypothesis = example["fields"]
        if "보다" not in hypothesis:
            continue
        told, claimed = (read_comparison(sentence, "comparisons") for sentence in (premise, hypothesis))
        assert example["label"] == follows(told, claimed, "comparisons"), example


def test_the_answer_of_a_choice_is_in_the_right_sentence() -> None:
    for example in load("choice", "test"):
        report, question, *answers = example["fields"]
        states = [read_state(sentence, "states") for sentence in re.split(r"(?<=\.) ", report)]
        named = [
            (word, state) for state in states for word in state[1:3] if re.search(rf"(^| ){word}", question)
        ]
        _, asked = max(named, key=lambda pair: len(pair[0]))  # 다락방, not 방
        assert any(answers[example["label"]].startswith(word) for word in asked[1:3]), example


def test_damaged_sentences() -> None:
    rng = random.Random(0)
    assert wrong_form("민준이는 학교에서 사과를 먹었다.", rng) in (
        "민준이은 학교에서 사과를 먹었다.",
        "민준이는 학교에서 사과을 먹었다.",
    )
    assert wrong_form("어서 와.", rng) is None
    assert wrong_order("민준이는 사과를 어제 먹었다.", rng) in (
        "민준이는 먹었다 사과를 어제.",
        "민준이는 사과를 먹었다 어제.",
    )
    assert wrong_time("민준이는 내일 사과를 먹을 것이다.", rng).split()[1] in (
        "어제",
        "지난주에",
        "그저께",
        "지난",
    )
    assert wrong_time("민준이는 사과를 먹었다.", rng) is None


def test_label_words_are_all_listed() -> None:
    words = [word for by_lang in TASK_LABELS.values() for labels in by_lang.values() for word in labels]
    assert set(words) == set(LABEL_WORDS) and len(set(LABEL_WORDS)) == len(LABEL_WORDS)
    assert all(" " not in word for word in LABEL_WORDS)
