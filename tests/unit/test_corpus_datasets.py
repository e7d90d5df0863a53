"""The labelled sets: balanced, grouped, no leaks, no shortcuts, short, and labels that are true."""

import json
import re
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from app.engine.inputs import transform
from tests.corpus_reading import follows, read_comparison, read_state
from training.corpus.conjugation import conjugate
from training.corpus.data import rows
from training.corpus.datasets.activities import KINDS, of_mood
from training.corpus.datasets.choice import MOODS
from training.corpus.datasets.leaks import found_in_corpus
from training.corpus.datasets.lengths import MOST_TOKENS, longest, short_enough
from training.corpus.datasets.make import SIZES, TASKS, draw, write_datasets
from training.corpus.labels import LABEL_WORDS, TASK_LABELS
from training.corpus.write import documents
from training.evaluate import word_bag
from training.paths import MODELS
from training.pretrain.tokenizers import read_tokenizer

FOLDER = Path(__file__).parents[2] / "assets" / "datasets"
SIX = [task for task in TASKS if task != "binding"]
INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))


def load(task: str, split: str, folder: Path = FOLDER) -> list[dict]:
    lines = (folder / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def whole(task: str) -> list[dict]:
    return [example for split in TASKS[task].splits for example in load(task, split)]


def told(task: str, split: str) -> set[str]:
    """Its sentences; the questions and answers of a choice are no sentences of their own."""
    n = 1 if TASKS[task].kind == "choice" else None
    return {field for example in load(task, split) for field in example["fields"][:n]}


def test_the_command_writes_the_committed_files(tmp_path: Path) -> None:
    write_datasets(tmp_path, 0, short_enough())
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json*")}
    assert len(written) == 4 * len(SIX) + 3 + 1
    for path, content in written.items():
        assert (FOLDER / path).read_bytes() == content, path


@pytest.mark.parametrize("task", TASKS)
def test_splits_are_as_large_as_the_index_says_and_no_example_occurs_twice(task: str) -> None:
    assert set(INDEX[task]["sizes"]) == set(TASKS[task].splits)
    for split, size in INDEX[task]["sizes"].items():
        assert len(load(task, split)) == size == SIZES[split]
    keys = [tuple(sorted(example["fields"])) for example in whole(task)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("task", SIX)
def test_labels_and_languages_are_balanced(task: str) -> None:
    for split in TASKS[task].splits:
        counts = Counter((example["label"], example["lang"]) for example in load(task, split))
        assert set(counts.values()) == {SIZES[split] // 4}


@pytest.mark.parametrize("task", TASKS)
def test_groups_fill_a_batch_of_eight(task: str) -> None:
    """All groups of a set have its size; both labels stand in each, as often; one language."""
    size = INDEX[task]["group_size"]
    assert size in (1, 2, 4, 8)
    for split in TASKS[task].splits:
        groups = defaultdict(list)
        for example in load(task, split):
            groups[example["group"]].append(example)
        assert {len(group) for group in groups.values()} == {size}
        if task in SIX:
            for group in groups.values():
                assert sum(example["label"] for example in group) == size / 2
                assert len({example["lang"] for example in group}) == 1


@pytest.mark.parametrize("task", TASKS)
def test_no_sentence_stands_in_two_splits(task: str) -> None:
    splits = TASKS[task].splits
    for i, split in enumerate(splits):
        for other in splits[i + 1 :]:
            assert not told(task, split) & told(task, other), (split, other)


def activities_in(text: str, names: set[str]) -> set[str]:
    """Which activities of the lexicon a text tells, by what stands beside the verb; the longest where one of
    them is part of another (lunch, a packed lunch)."""
    objects = {
        phrase: row["ko"]
        for row in rows("activities")
        if row["ko"] in names
        for phrase in (row["ko"].rsplit(" ", 1)[0], row["en"].split(" ", 1)[-1])
        if re.search(rf"(^| ){phrase}", text)
    }
    return {
        name
        for phrase, name in objects.items()
        if not any(phrase != other and phrase in other for other in objects)
    }


def judgements_in(text: str) -> set[str]:
    return {
        row["ko"]
        for row in rows("sentiment")
        if conjugate(row["ko"], "past", "한다").removesuffix("다") in text
        or re.search(rf"\b{row['en']}\b", text)
    }


OF_KINDS = {name for names in KINDS.values() for name in names}
OF_MOODS = {name for mood in MOODS for name in of_mood(mood)}
DECIDING = {
    "sentiment": judgements_in,
    "entailment": lambda text: activities_in(text, OF_KINDS),
    "similarity": lambda text: activities_in(text, OF_KINDS),
    "choice": lambda text: activities_in(text, OF_MOODS),
}


@pytest.mark.parametrize("task", DECIDING)
def test_new_words_stand_in_no_training_sentence(task: str) -> None:
    """Those on which the label depends, in the first field: hypotheses and answers are common to all."""
    seen, new = (
        set().union(*(DECIDING[task](example["fields"][0]) for example in load(task, split)))
        for split in ("train", "test_new_words")
    )
    assert len(seen) > 20 and len(new) > 5
    assert not seen & new


@pytest.mark.parametrize("model", ["tiny-gpt1", "tiny-gpt2"])
@pytest.mark.parametrize("task", TASKS)
def test_inputs_are_short(task: str, model: str) -> None:
    """By the inputs that the engine makes, which the command counts for itself."""
    tokenizer = read_tokenizer(MODELS / model)
    for example in whole(task):
        made = transform(
            TASKS[task].kind, example["fields"], example["label"], lambda text: tokenizer.encode(text).ids, 64
        )
        n = max(map(len, made.sequences))
        assert n <= MOST_TOKENS
        assert n == longest(TASKS[task].kind, example["fields"], tokenizer)


def test_nothing_stands_in_the_pre_training_text() -> None:
    """No sentence of a test split, as a document, a sentence or two of one; the command reads more of it."""
    tested = set().union(
        *(told(task, split) for task in TASKS for split in TASKS[task].splits if split.startswith("test"))
    )
    assert len(tested) > 4_000
    for kind in ("everyday", "qa", "claims", "story", "diary", "review", "dialogue"):
        for lang in ("ko", "en") if kind != "claims" else ("ko",):
            for made in documents(kind, lang, 800, seed=3):
                parts = re.split(r"(?<=[.?!]) ", made["text"])
                assert not tested & {made["text"], *parts, *map(" ".join, pairwise(parts))}


def test_a_leak_into_the_corpus_is_found(tmp_path: Path) -> None:
    text = load("entailment", "test")[0]["fields"][0]
    corpus = tmp_path / "train.jsonl"
    corpus.write_text(json.dumps({"text": f"Before. {text} After."}) + "\n", encoding="utf-8")
    assert found_in_corpus(FOLDER, [corpus]) == [text]
    corpus.write_text(json.dumps({"text": text.removesuffix(".") + ", too."}) + "\n", encoding="utf-8")
    assert found_in_corpus(FOLDER, [corpus]) == []


def test_a_set_that_runs_out_says_so() -> None:
    with pytest.raises(ValueError, match="no more groups for test"):
        draw("entailment", SIZES, 0, lambda kind, example: False)


@pytest.mark.parametrize("split", ["test", "test_new_words"])
@pytest.mark.parametrize("task", SIX)
def test_no_words_give_the_label_away(task: str, split: str) -> None:
    """Neither those of all fields, nor of the last one, nor of one answer: at most 5 points above always
    giving the same label."""
    train, test = (word_bag.views(TASKS[task].kind, load(task, name)) for name in ("train", split))
    for view in train:
        assert word_bag.accuracy(train[view], test[view]) <= 55, view


def test_no_words_give_the_hard_label_away() -> None:
    train, test = (word_bag.views("entailment", load("binding", name)) for name in ("train", "test"))
    for view in train:
        assert word_bag.accuracy(train[view], test[view]) <= 100 / 3 + 5, view


def test_a_bag_sees_what_words_give_away() -> None:
    """Otherwise its 50 % would say nothing."""
    rows = [
        {"fields": [f"it was {word} {n}", "so"], "label": i} for n in range(9) for i, word in enumerate("ab")
    ]
    views = word_bag.views("entailment", rows)
    assert word_bag.accuracy(views["all fields"], views["all fields"]) == 100
    assert word_bag.accuracy(views["last field"], views["last field"]) == 50


def kind_of(sentence: str) -> str:
    """The kind of the one activity that a sentence tells."""
    (activity,) = activities_in(sentence, OF_KINDS)
    (kind,) = (kind for kind, names in KINDS.items() if activity in names)
    return kind


def test_similar_children_did_the_same_kind_of_thing() -> None:
    for example in load("similarity", "test"):
        a, b = map(kind_of, example["fields"])
        assert example["label"] == int(a != b), example


def test_binding_labels_are_true() -> None:
    checked = 0
    for example in load("binding", "test"):
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
    assert checked > 200


def test_comparison_labels_are_true() -> None:
    for example in load("binding", "test"):
        premise, hypothesis = example["fields"]
        if "보다" not in hypothesis:
            continue
        told, claimed = (read_comparison(sentence, "comparisons") for sentence in (premise, hypothesis))
        assert example["label"] == follows(told, claimed, "comparisons"), example


def test_label_words_are_all_listed() -> None:
    words = [word for by_lang in TASK_LABELS.values() for labels in by_lang.values() for word in labels]
    assert set(words) == set(LABEL_WORDS) and len(set(LABEL_WORDS)) == len(LABEL_WORDS)
    assert all(" " not in word for word in LABEL_WORDS)
