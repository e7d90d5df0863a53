"""Repeated lists, in-context lists and facts of the corpus."""

import random

import pytest

from training.corpus.data import rows
from training.corpus.facts import facts
from training.corpus.incontext import (
    EXAMPLES,
    HELD_OUT_LABELS,
    HELD_OUT_PAIRS,
    TestList,
    evaluation_lists,
    kind_a,
    kind_b,
    relations,
)
from training.corpus.lists import vocabulary, word_list

CATEGORY = {lang: {row[lang]: row["category_ko"] for row in rows("words")} for lang in ("ko", "en")}


def pairs(text: str) -> list[tuple[str, str]]:
    return [tuple(example.split(" = ")) for example in text.split(", ")]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_word_lists_repeat_with_one_period(lang: str) -> None:
    periods = set()
    for seed in range(60):
        listed = word_list(random.Random(seed), lang).split()
        period = next(p for p in range(1, len(listed)) if listed[p:] == listed[:-p])
        assert len(listed) >= 2 * period and len(set(listed)) == period
        assert set(listed) <= set(vocabulary(lang))
        periods.add(period)
    assert min(periods) == 2 and max(periods) > 25 and len(periods) > 12


def test_kind_a_shows_one_relation_with_true_answers() -> None:
    for seed in range(200):
        shown = pairs(kind_a(random.Random(seed)))
        assert len(dict(shown)) == EXAMPLES
        fitting = [
            (word_class, name)
            for word_class, by_name in relations().items()
            for name, answers in by_name.items()
            if all(answers.get(word) == answer for word, answer in shown)
        ]
        assert fitting, shown


def test_the_words_of_a_class_are_asked_about_in_several_ways() -> None:
    """Otherwise the word alone would tell which relation is meant."""
    for word_class, by_name in relations().items():
        common = set.intersection(*(set(answers) for answers in by_name.values()))
        assert len(by_name) >= 2 and len(common) >= 2 * EXAMPLES, word_class


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_kind_b_sorts_two_categories_and_keeps_out_what_is_held_out(lang: str) -> None:
    for seed in range(400):
        shown = pairs(kind_b(random.Random(seed), lang))
        by_label: dict[str, set[str]] = {}
        for word, label in shown:
            by_label.setdefault(label, set()).add(CATEGORY[lang][word])
        assert len(shown) == EXAMPLES and len(by_label) == 2
        assert all(len(categories) == 1 for categories in by_label.values()), "a label for two categories"
        assert frozenset(set.union(*by_label.values())) not in HELD_OUT_PAIRS
        assert not set(by_label) & set(HELD_OUT_LABELS[lang])


@pytest.mark.parametrize("kind", ["a", "b"])
def test_evaluation_lists_ask_the_same_words_at_every_number_of_shots(kind: str) -> None:
    by_shots = {shots: evaluation_lists(kind, 50, shots, seed=0) for shots in (0, 1, 8)}
    for none, one, eight in zip(*by_shots.values(), strict=True):
        assert none.answer == one.answer == eight.answer
        assert one.prompt.endswith(none.prompt) and eight.prompt.endswith(one.prompt)
        assert len(eight.shown) == 8 and not none.shown
        assert {eight.answer, *eight.shown} <= set(eight.candidates) == set(none.candidates)
        assert f"{eight.prompt} {eight.answer}".count(" = ") == EXAMPLES
    assert evaluation_lists(kind, 50, 8, seed=0) == by_shots[8] != evaluation_lists(kind, 50, 8, seed=1)


def test_evaluation_lists_of_kind_b_use_only_what_is_held_out() -> None:
    for one in evaluation_lists("b", 100, 8, seed=0):
        lang, *pair = one.rule.split()
        assert frozenset(pair) in HELD_OUT_PAIRS
        assert set(one.candidates) <= set(HELD_OUT_LABELS[lang])


def test_the_copy_baseline_takes_the_last_of_equally_frequent_answers() -> None:
    def copied(*shown: str) -> str | None:
        return TestList("", "", (), shown, "").copied

    assert copied("가", "나", "가", "나") == "나"
    assert copied("가", "나", "가") == "가"
    assert copied() is None


def test_an_unknown_kind_or_number_of_shots_is_an_error() -> None:
    with pytest.raises(ValueError):
        evaluation_lists("c", 1, 0, 0)
    with pytest.raises(ValueError):
        evaluation_lists("a", 1, EXAMPLES, 0)


def test_facts_agree_with_the_lexicon() -> None:
    told = " ".join(facts(random.Random(seed), lang) for seed in range(300) for lang in ("ko", "en"))
    assert "The opposite of big is small." in told and '"크다"의 반대말은 "작다"' in told
    opposites = {(row["en"], row["opposite_en"]) for row in rows("opposites")}
    for sentence in told.split(". "):
        if sentence.startswith("The opposite of "):
            a, b = sentence.removeprefix("The opposite of ").rstrip(".").split(" is ")
            assert (a, b) in opposites or (b, a) in opposites
