"""Documents as token windows: what one training step reads.

A learner's text stands at position 0 with nothing before it, so many windows must begin like that too.
Documents are laid one after the other, each closed by end-of-text. A document cut by the end of a window
goes on in the next one; but when that window began in the middle of a document itself, the cut document is
laid again from its first token. So at least every other window begins with a document (unless documents are
longer than a window), nothing is lost, nothing is padded, and a few beginnings are read twice.

Both GPTs read the same documents in the same order, which depends on the seed and the epoch alone: progress
is counted in documents.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from training.pretrain.model import IGNORED
from training.pretrain.tokenizers import END_OF_TEXT_ID, FIRST_ORDINARY_ID

SHORTEST_PERIOD = 2


@dataclass(frozen=True)
class Documents:
    """All documents in one row of tokens. ids (N,) int16; document i is ids[starts[i]:starts[i + 1]],
    end-of-text included."""

    ids: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        return self.ids[self.starts[index] : self.starts[index + 1]]


@dataclass(frozen=True)
class Windows:
    """ids (W, n_ctx) and targets (W, n_ctx) int16, `IGNORED` where nothing is asked.

    documents_read (W,): how many documents of this epoch have been read to their end after each window.
    """

    ids: np.ndarray
    targets: np.ndarray
    documents_read: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def encode_documents(texts: Iterable[str], tokenizer: Tokenizer) -> Documents:
    """Tokenize each text and close it with end-of-text."""
    encoded = [
        np.array([*encoding.ids, END_OF_TEXT_ID], np.int16)
        for encoding in tokenizer.encode_batch_fast(list(texts))
    ]
    starts = np.cumsum([0, *map(len, encoded)])
    return Documents(np.concatenate(encoded), starts)


def pack(documents: Documents, order: Iterable[int], n_ctx: int) -> Windows:
    """Lay the documents of `order` into windows of n_ctx inputs and n_ctx targets. The last, unfilled
    window is left out."""
    rows, read = [], []
    for row, n_read in _rows(documents, list(order), n_ctx + 1):
        rows.append(row)
        read.append(n_read)
    tokens = np.stack(rows) if rows else np.empty((0, n_ctx + 1), np.int16)
    return Windows(tokens[:, :-1], tokens[:, 1:], np.array(read, np.int64))


def _rows(documents: Documents, order: list[int], length: int) -> Iterator[tuple[np.ndarray, int]]:
    """Rows of `length` tokens, and the number of documents read to their end. A row that goes on repeats
    the last token before it."""
    current, position = 0, 0  # the document order[current], its next token
    goes_on = False
    while True:
        first, room, parts = current, length, []
        position -= goes_on
        while room and current < len(order):
            part = documents[order[current]][position : position + room]
            parts.append(part)
            room -= len(part)
            position += len(part)
            if position == len(documents[order[current]]):
                current, position = current + 1, 0
        if room:
            return
        yield np.concatenate(parts), current
        cut_began_before = current == first
        goes_on = position > 0 and (not goes_on or cut_began_before)
        if not goes_on:
            position = 0


def repeated_lists(
    n: int, n_ctx: int, vocab_size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """n windows of random ordinary tokens, repeated: what induction heads can do and knowledge of words
    cannot.

    Each list is 2 to n_ctx/2 - 2 tokens (short ones as often as long ones, by octave) drawn alike from all
    ordinary ones, written at least twice, closed by end-of-text. Its first pass cannot be predicted and is
    not asked for: the model must not learn to expect random tokens after an unusual text. Returns ids,
    targets, both (n, n_ctx) int16. Source: Olsson et al. 2022, "In-context learning and induction heads".
    """
    ids = np.empty((n, n_ctx + 1), np.int16)
    targets = np.full((n, n_ctx + 1), IGNORED, np.int16)
    longest = n_ctx // 2 - 2
    for row in range(n):
        position = 0
        while position <= n_ctx:
            period = round(SHORTEST_PERIOD * (longest / SHORTEST_PERIOD) ** rng.random())
            length = rng.integers(2 * period, n_ctx + 1)
            a_list = np.resize(rng.integers(FIRST_ORDINARY_ID, vocab_size, period), length + 1)
            a_list[-1] = END_OF_TEXT_ID
            end = min(position + length + 1, n_ctx + 1)
            ids[row, position:end] = a_list[: end - position]
            targets[row, position + period : end] = a_list[period : end - position]
            position = end
    return ids[:, :-1], targets[:, 1:]


def epoch_windows(
    documents: Documents, n_ctx: int, vocab_size: int, list_share: float, seed: int, epoch: int
) -> Windows:
    """All windows of one pass over the documents, in training order; `list_share` of them are repeated
    lists."""
    order = np.random.default_rng([seed, epoch]).permutation(len(documents))
    packed = pack(documents, order, n_ctx)
    rng = np.random.default_rng([seed, epoch, n_ctx, vocab_size])
    n_lists = round(len(packed) * list_share / (1 - list_share))
    places = np.sort(rng.integers(0, len(packed) + 1, n_lists))
    list_ids, list_targets = repeated_lists(n_lists, n_ctx, vocab_size, rng)
    read_before = np.concatenate([[0], packed.documents_read])[places]
    return Windows(
        np.insert(packed.ids, places, list_ids, axis=0),
        np.insert(packed.targets, places, list_targets, axis=0),
        np.insert(packed.documents_read, places, read_before),
    )
