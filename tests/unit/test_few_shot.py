"""Fresh lists of examples: of the corpus's words, nested by shots, answered as the evaluation answers."""

import json
from itertools import pairwise

import pytest
import torch

from app.engine import few_shot
from app.engine.few_shot import MOST_SHOTS, accuracy, answers, drawn, measuring, relations
from app.engine.in_context import ExampleList, candidate_log_probabilities
from app.errors import InputError
from app.models import load
from tests.tiny_models import write_folder
from training.corpus import incontext
from training.corpus.data import rows
from training.corpus.shown import relation_rows

KNOWN = [one for one in relations() if one.kind == "a"]
NEW = [one for one in relations() if one.kind == "b"]


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp(request.param), request.param, n_ctx=96))


def test_the_command_writes_the_committed_relations():
    written = [json.loads(line) for line in few_shot.RELATIONS.read_text(encoding="utf-8").splitlines()]
    assert len(written) == len(KNOWN) + len(NEW) and KNOWN and NEW
    assert written == json.loads(json.dumps(list(relation_rows())))


def test_the_known_relations_are_those_of_the_corpus():
    found = {tuple(one.name.split()): dict(one.pairs) for one in KNOWN}
    expected = {
        (word_class, rule): answers_
        for word_class, of_class in incontext.relations().items()
        for rule, answers_ in of_class.items()
    }
    assert found == expected
    assert all(one.rule == one.name.split()[1] and one.lang == one.name[:2] for one in KNOWN)


def test_the_new_rules_sort_what_no_list_of_pre_training_sorts():
    known = {(lang, row[lang]): row for row in rows("words") for lang in ("ko", "en")}
    pairs = []
    for one in NEW:
        categories = {known[one.lang, word]["category_ko"] for word, _ in one.pairs}
        assert frozenset(categories) in incontext.HELD_OUT_PAIRS
        pairs.append((one.lang, frozenset(categories)))
        assert {category for _, category in one.pairs} == set(one.rule.split())
        assert one.labels == incontext.HELD_OUT_LABELS[one.lang]
    assert len(set(pairs)) == len(pairs) == 2 * len(incontext.HELD_OUT_PAIRS)


@pytest.mark.parametrize("relation", relations(), ids=lambda one: one.name)
def test_a_list_follows_its_relation(relation):
    truth, asked = dict(relation.pairs), set()
    for seed in range(30):
        one = drawn(relation, MOST_SHOTS, seed)
        assert one.rule == relation.name and len(one.examples) == MOST_SHOTS + 1
        words = [word for word, _ in one.examples]
        assert len(set(words)) == len(words)
        asked.add(words[-1])
        given = dict(one.examples)
        if relation.kind == "a":
            assert all(truth[word] == answer for word, answer in one.examples)
        else:
            rule = {(truth[word], label) for word, label in given.items()}
            assert len(rule) == len({c for c, _ in rule}) == len({label for _, label in rule}) == 2
            assert {label for _, label in rule} <= set(relation.labels)
    assert len(asked) > 10, "fresh words"


@pytest.mark.parametrize("relation", [KNOWN[1], KNOWN[-1], NEW[0], NEW[-1]], ids=lambda one: one.name)
def test_more_shots_only_put_more_before(relation):
    for seed in range(5):
        lists = [drawn(relation, shots, seed) for shots in range(MOST_SHOTS + 1)]
        for shots, one in enumerate(lists):
            assert one.most_shots == shots and one.prompt(shots).count(" = ") == shots
            assert one.candidates == lists[0].candidates and one.answer in one.candidates
        for fewer, more in pairwise(lists):
            assert more.examples[1:] == fewer.examples
            assert more.prompt(fewer.most_shots) == fewer.prompt(fewer.most_shots)


def test_the_candidates_are_those_of_the_evaluation():
    """Kind a: what any relation of these words answers, and the answers of eight examples; b: every label."""
    for relation in KNOWN:
        one = drawn(relation, MOST_SHOTS, 1)
        word = one.examples[-1][0]
        beside = incontext.relations()[relation.word_class].values()
        expected = {of[word] for of in beside if word in of} | {answer for _, answer in one.examples}
        assert set(one.candidates) == expected and len(one.candidates) == len(expected)
    for relation in NEW:
        one = drawn(relation, 0, 1)
        assert set(one.candidates) == {label for of in incontext.HELD_OUT_LABELS.values() for label in of}


@pytest.mark.parametrize("shots", [-1, 9, 1.5, "2", None, True])
def test_shots_that_no_list_has(shots):
    with pytest.raises(InputError):
        drawn(KNOWN[0], shots, 0)


@torch.no_grad()
def test_the_answers_are_every_candidate_scored_by_one_plain_pass_each(loaded):
    for relation in (KNOWN[0], KNOWN[5], NEW[0]):
        one = drawn(relation, 2, 0)
        prompt, encode = one.prompt(2), loaded.tokenizer.encode
        totals = []
        for candidate in one.candidates:
            ids, given = encode(f"{prompt} {candidate},"), encode(prompt)
            assert ids[: len(given)] == given
            log_p = loaded.model(torch.tensor([ids[:-1]])).logits[0].log_softmax(-1)
            totals.append(sum(log_p[place - 1, ids[place]].item() for place in range(len(given), len(ids))))
        p = torch.tensor(totals, dtype=torch.double).softmax(-1).tolist()
        expected = sorted(zip(one.candidates, p, strict=True), key=lambda pair: -pair[1])
        found = answers(loaded, one, 2)
        assert [candidate for candidate, _ in found] == [candidate for candidate, _ in expected]
        for (_, p), (_, q) in zip(found, expected, strict=True):
            assert p == pytest.approx(q, rel=1e-3, abs=1e-6)


def test_what_is_too_long_for_the_context_is_cut_on_the_left(loaded):
    """As if the examples that fell out had never stood there."""
    words = tuple((f"the small dog {number} went to the river", "오늘") for number in range(9))
    one = ExampleList("a", "en", "long", words, ("오늘", "곳에"))
    log_p = candidate_log_probabilities(loaded, one.prompt(8), one.candidates)
    ids = loaded.tokenizer.encode(f"{one.prompt(8)} 오늘,")
    given = len(loaded.tokenizer.encode(one.prompt(8)))
    assert len(ids) > loaded.n_ctx
    kept = ids[-loaded.n_ctx :]
    with torch.no_grad():
        plain = loaded.model(torch.tensor([kept[:-1]])).logits[0].log_softmax(-1)
    n_asked = len(ids) - given
    places = range(len(kept) - n_asked, len(kept))
    assert log_p[0] == pytest.approx(sum(plain[i - 1, kept[i]].item() for i in places), abs=1e-3)


def test_the_accuracy_is_the_share_of_seeds_answered_right(loaded):
    relation, seeds = KNOWN[1], (3, 4, 5, 6)
    lists = [drawn(relation, 1, seed) for seed in seeds]
    right = [answers(loaded, one, 1)[0][0] == one.answer for one in lists]
    assert accuracy(loaded, relation, 1, seeds) == sum(right) / 4
    assert sum(1 for _ in measuring(loaded, relation, 1, seeds)) == len(seeds), "a pause after every list"
