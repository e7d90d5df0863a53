"""The four input transformations of GPT-1 (section 3.3, Figure 1): a task's fields as token sequences.

    classification    Start  text  Extract
    entailment        Start  premise  Delim  hypothesis  Extract
    similarity        Start  a  Delim  b  Extract  and  Start  b  Delim  a  Extract
    multiple choice   Start  document  question  Delim  answer k  Extract, for each k

Every field is tokenised by itself, so no token spans two fields. The special tokens have the same ids in all
embedded models and cannot be typed. In prompt tuning, soft prompt tokens stand before Start.

Examples come in **contrast groups**: a premise with each of its hypotheses, an opinion confirmed and denied.
A batch takes whole groups, because what tells the labels apart is then all that differs within it. That makes
it sure that a tiny model learns a task in 300 steps of 8: tiny-gpt2 gets, in groups and with the same rows
shuffled singly, 94 and 52 % on similarity, 89 and 75 on entailment, and on sentiment 100 in groups by either
of two seeds, singly 57 by one and 100 by the other (`dev`).
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

PAD, START, DELIM, EXTRACT = 1, 3, 4, 5
SOFT_PROMPTS = range(6, 22)  # reserved for prompt tuning
FIRST_ORDINARY = 300  # from here on ids are ordinary tokens; below are special ones and single bytes or signs

Kind = Literal["classification", "entailment", "similarity", "choice"]
Encode = Callable[[str], Sequence[int]]


@dataclass(frozen=True)
class Example:
    """One labelled example, ready for a model.

    n_cut: how many tokens of its fields were cut to make every sequence fit.
    group: the number of its contrast group; None for an example that stands alone.
    """

    sequences: tuple[tuple[int, ...], ...]
    label: int
    n_cut: int
    group: int | None = None


class Batch(NamedTuple):
    """B examples of S sequences each, padded on the right to T tokens.

    predicted: 1 on the tokens that L1 asks for, which are all after Start; 0 on Start, on what stands before
        it, and on padding.
    """

    ids: Tensor  # (B, S, T) int64
    predicted: Tensor  # (B, S, T) float32
    labels: Tensor  # (B,) int64


def transform(
    kind: Kind,
    fields: Sequence[str],
    label: int,
    encode: Encode,
    n_ctx: int,
    n_soft_prompts: int = 0,
    group: int | None = None,
) -> Example:
    """Fields as text -> an `Example` whose sequences hold at most `n_ctx` tokens each, soft prompts included.

    fields: (text,), (premise, hypothesis), (a, b), or (document, question, answer 0, answer 1, …), where the
        document or the question may be "". encode: text -> ids, without special tokens.
    """
    tokens = [list(encode(field)) for field in fields]
    before = [*SOFT_PROMPTS[:n_soft_prompts], START]
    room = n_ctx - len(before) - 1  # for all between Start and Extract
    if kind == "classification":
        (text,), n_cut = cut_longest(tokens, room)
        sequences = [[*before, *text, EXTRACT]]
    elif kind == "entailment":
        (premise, hypothesis), n_cut = cut_longest(tokens, room - 1)
        sequences = [[*before, *premise, DELIM, *hypothesis, EXTRACT]]
    elif kind == "similarity":
        (a, b), n_cut = cut_longest(tokens, room - 1)
        sequences = [[*before, *a, DELIM, *b, EXTRACT], [*before, *b, DELIM, *a, EXTRACT]]
    elif kind == "choice":
        sequences, n_cut = [], 0
        for answer in tokens[2:]:
            (document, question, kept), n_cut_here = cut_longest([*tokens[:2], answer], room - 1)
            sequences.append([*before, *document, *question, DELIM, *kept, EXTRACT])
            n_cut += n_cut_here
    else:
        raise ValueError(f"unknown kind of task: {kind}")
    return Example(tuple(map(tuple, sequences)), label, n_cut, group)


def cut_longest(fields: Sequence[Sequence[int]], room: int) -> tuple[list[list[int]], int]:
    """Take tokens off the right end of whichever field is longest until all fit into `room` together.

    Of equally long fields the first is cut. Returns the fields and the number of tokens cut.
    """
    if room < 0:
        raise ValueError("the context has no room for the special tokens")
    kept = [list(field) for field in fields]
    n_cut = max(0, sum(map(len, kept)) - room)
    for _ in range(n_cut):
        max(kept, key=len).pop()
    return kept, n_cut


def collate(examples: Sequence[Example], length: int | None = None) -> Batch:
    """Examples with equally many sequences -> a `Batch` padded to `length`, or to its longest sequence."""
    T = length or max(len(sequence) for example in examples for sequence in example.sequences)
    ids, predicted = [], []
    for example in examples:
        for sequence in example.sequences:
            n_padding = T - len(sequence)
            n_given = sequence.index(START) + 1
            ids.append([*sequence] + [PAD] * n_padding)
            predicted.append([0.0] * n_given + [1.0] * (len(sequence) - n_given) + [0.0] * n_padding)
    size = (len(examples), -1, T)
    labels = torch.tensor([example.label for example in examples])
    return Batch(torch.tensor(ids).view(size), torch.tensor(predicted).view(size), labels)


def contrast_groups(examples: Sequence[Example]) -> list[list[Example]]:
    """The examples by their group, groups in the order of their first example."""
    groups: dict[object, list[Example]] = {}
    for index, example in enumerate(examples):
        key = ("alone", index) if example.group is None else example.group
        groups.setdefault(key, []).append(example)
    return list(groups.values())


def some_groups(examples: Sequence[Example], n: int, seed: int) -> list[Example]:
    """`n` examples in whole groups, drawn with the seed; all where there are no more."""
    groups = contrast_groups(examples)
    n_groups = min(n // len(groups[0]), len(groups))
    return [example for group in random.Random(seed).sample(groups, n_groups) for example in group]


def grouped_batches(
    examples: Sequence[Example], batch_size: int, n_batches: int, seed: int
) -> Iterator[Batch]:
    """Batches of exactly `batch_size` examples in whole groups, for as many passes over the groups as it
    takes.

    Each pass has a new order, and a batch may take the last groups of one pass and the first of the next.
    Raises ValueError where groups differ in size or do not fill a batch.
    """
    groups = contrast_groups(examples)
    size = len(groups[0])
    if any(len(group) != size for group in groups) or batch_size % size:
        raise ValueError(f"groups that differ in size, or do not fill a batch of {batch_size}")
    generator = random.Random(seed)
    waiting: list[list[Example]] = []
    for _ in range(n_batches):
        while len(waiting) * size < batch_size:
            waiting += generator.sample(groups, len(groups))
        n_groups = batch_size // size
        batch, waiting = waiting[:n_groups], waiting[n_groups:]
        yield collate([example for group in batch for example in group])
