"""The four input transformations of GPT-1, section 3.3: order of special tokens, fields, cutting, padding."""

from itertools import chain

import pytest
import torch

from app.engine.inputs import collate, contrast_groups, cut_longest, grouped_batches, transform

PAD, START, DELIM, EXTRACT = 1, 3, 4, 5  # the ids issued with the vocabularies
WORDS = {letter: 300 + i for i, letter in enumerate("abcdefghij")}


def encode(text: str) -> list[int]:
    return [WORDS[word] for word in text.split()]


def ids(text: str) -> tuple[int, ...]:
    """ "S a D b E" -> ids, with S, D, E for the special tokens."""
    return tuple({"S": START, "D": DELIM, "E": EXTRACT}.get(word) or WORDS[word] for word in text.split())


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("classification", ["a b"], ["S a b E"]),
        ("entailment", ["a b", "c"], ["S a b D c E"]),
        ("similarity", ["a b", "c"], ["S a b D c E", "S c D a b E"]),
        ("choice", ["a", "b", "c d", "e", "f"], ["S a b D c d E", "S a b D e E", "S a b D f E"]),
        ("choice", ["a", "", "c", "d"], ["S a D c E", "S a D d E"]),
    ],
)
def test_order_of_the_special_tokens(kind, fields, expected):
    example = transform(kind, fields, 1, encode, n_ctx=64)
    assert example.sequences == tuple(map(ids, expected))
    assert (example.label, example.n_cut) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("classification", ["a b"]),
        ("entailment", ["a", "b"]),
        ("similarity", ["a", "b"]),
        ("choice", ["a", "b", "c", "d"]),
    ],
)
def test_every_field_is_tokenised_by_itself(kind, fields):
    """A token that spans two fields would tell the model where they were glued."""
    asked = []
    transform(kind, fields, 0, lambda text: asked.append(text) or encode(text), n_ctx=64)
    assert asked == fields


@pytest.mark.parametrize(
    ("kind", "fields", "n_ctx", "expected", "n_cut"),
    [
        ("classification", ["a b c d"], 4, ["S a b E"], 2),
        ("entailment", ["a", "b c d e"], 6, ["S a D b c E"], 2),
        ("entailment", ["a b c d", "e f"], 6, ["S a D e f E"], 3),
        ("entailment", ["a b c d", "e"], 5, ["S a D e E"], 3),
        ("similarity", ["a", "b c d e"], 6, ["S a D b c E", "S b c D a E"], 2),
        ("similarity", ["a b c", "d e f"], 6, ["S a D d e E", "S d e D a E"], 3),
        ("choice", ["a b c d e", "f", "g", "h i"], 7, ["S a b f D g E", "S a f D h i E"], 7),
        ("entailment", ["a b", "c"], 3, ["S D E"], 3),
    ],
)
def test_too_long_cuts_the_longest_field_on_the_right(kind, fields, n_ctx, expected, n_cut):
    """Of equally long fields the first; both orders of a similarity pair keep the same tokens."""
    example = transform(kind, fields, 0, encode, n_ctx)
    assert example.sequences == tuple(map(ids, expected))
    assert example.n_cut == n_cut


@pytest.mark.parametrize("n_ctx", range(3, 12))
@pytest.mark.parametrize("kind", ["classification", "entailment", "similarity", "choice"])
def test_no_special_token_is_ever_cut(kind, n_ctx):
    n_fields = {"classification": 1, "entailment": 2, "similarity": 2, "choice": 4}[kind]
    example = transform(kind, ["a b c d e"] * n_fields, 0, encode, n_ctx)
    for sequence in example.sequences:
        assert sequence[0] == START and sequence[-1] == EXTRACT
        assert sequence.count(DELIM) == (kind != "classification")
        assert len(sequence) <= n_ctx


def test_a_context_without_room_for_the_special_tokens_is_refused():
    with pytest.raises(ValueError, match="no room"):
        transform("entailment", ["a", "b"], 0, encode, n_ctx=2)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="ranking"):
        transform("ranking", ["a"], 0, encode, n_ctx=9)


def test_soft_prompts_stand_before_start_and_count_in_the_context():
    example = transform("classification", ["a b c"], 0, encode, n_ctx=12, n_soft_prompts=8)
    assert example.sequences == ((6, 7, 8, 9, 10, 11, 12, 13, *ids("S a b E")),)
    assert example.n_cut == 1


def test_cutting_alternates_once_fields_are_equally_long():
    assert cut_longest([[1, 2, 3, 4], [5, 6, 7]], room=4) == ([[1, 2], [5, 6]], 3)


def test_batches_are_padded_on_the_right_and_ask_for_all_tokens_after_start():
    """The special tokens Delim and Extract are predicted too; Start, soft prompts and padding are not."""
    examples = [
        transform("entailment", ["a", "b"], 1, encode, n_ctx=16),
        transform("entailment", ["a b", "c d"], 0, encode, n_ctx=16),
    ]
    batch = collate(examples, length=8)
    expected = [[[*ids("S a D b E"), PAD, PAD, PAD]], [[*ids("S a b D c d E"), PAD]]]
    assert torch.equal(batch.ids, torch.tensor(expected))
    assert batch.predicted.tolist() == [[[0, 1, 1, 1, 1, 0, 0, 0]], [[0, 1, 1, 1, 1, 1, 1, 0]]]
    assert batch.labels.tolist() == [1, 0]
    prompted = collate([transform("classification", ["a"], 0, encode, n_ctx=16, n_soft_prompts=2)])
    assert prompted.predicted.tolist() == [[[0, 0, 0, 1, 1]]]


def test_several_sequences_of_an_example_stay_together():
    examples = [transform("similarity", pair, 0, encode, n_ctx=16) for pair in (["a", "b c"], ["d", "e"])]
    batch = collate(examples)
    assert batch.ids.shape == (2, 2, 6)
    assert batch.ids[1].tolist() == [[*ids("S d D e E"), PAD], [*ids("S e D d E"), PAD]]


def grouped(n_groups: int, size: int) -> list:
    """Examples whose label is the number of their group."""
    return [
        transform("classification", ["a"], group, encode, n_ctx=8, group=group)
        for group in range(n_groups)
        for _ in range(size)
    ]


def labels(examples: list, batch_size: int, n_batches: int, seed: int = 0) -> list[list[int]]:
    return [batch.labels.tolist() for batch in grouped_batches(examples, batch_size, n_batches, seed)]


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_every_batch_is_full_and_made_of_whole_groups(size: int):
    """Five groups do not fill whole batches, so a batch also takes the first ones of the next pass."""
    for batch in labels(grouped(5, size), 8, n_batches=7):
        assert len(batch) == 8
        assert all(batch[i : i + size] == [batch[i]] * size for i in range(0, 8, size))


def test_each_pass_holds_every_group_once_in_a_new_order():
    drawn = list(chain(*labels(grouped(10, 2), 4, n_batches=10)))[::2]
    first, second = drawn[:10], drawn[10:]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert labels(grouped(10, 2), 4, 10) == labels(grouped(10, 2), 4, 10)
    assert labels(grouped(10, 2), 4, 10) != labels(grouped(10, 2), 4, 10, seed=1)


@pytest.mark.parametrize("sizes", [(2, 4), (3, 3), (16,)])
def test_groups_that_cannot_fill_a_batch_are_refused(sizes: tuple[int, ...]):
    examples = [
        transform("classification", ["a"], 0, encode, n_ctx=8, group=group)
        for group, size in enumerate(sizes)
        for _ in range(size)
    ]
    with pytest.raises(ValueError, match="do not fill a batch of 8"):
        next(grouped_batches(examples, 8, 1, seed=0))


def test_an_example_without_a_group_stands_alone():
    alone = [transform("classification", ["a"], label, encode, n_ctx=8) for label in range(3)]
    assert [len(group) for group in contrast_groups([*alone, *grouped(2, 2)])] == [1, 1, 1, 2, 2]
