"""A modified Kneser-Ney 5-gram over token ids: the yardstick that knows only the last four tokens.

N-grams are 64-bit keys: each (place, token) has a random number, and a key is the xor of those it holds
(Zobrist hashing; among ten million n-grams a collision has probability 3e-6). The highest order counts
occurrences; each lower one counts in how many different n-grams its n-gram is the end. Source: Chen and
Goodman (1999), "An empirical study of smoothing techniques for language modeling", section 3 and equations
(26) to (28).
"""

from dataclasses import dataclass

import numpy as np

ORDER = 5
# the estimate can fall to zero on small corpora, and nothing would be left for unseen tokens
LEAST_DISCOUNT = 0.01


@dataclass(frozen=True)
class Level:
    """One order: sorted n-gram keys with their counts, sorted context keys with what the smoothing needs of
    them."""

    grams: np.ndarray  # (G,) uint64
    discounted: np.ndarray  # (G,) float64, count - D(count)
    contexts: np.ndarray  # (C,) uint64
    totals: np.ndarray  # (C,) float64, sum of counts after this context
    held_back: np.ndarray  # (C,) float64, sum of D(count) after this context


class KneserNey:
    """P(token | up to four tokens before it in the same document)."""

    def __init__(self, ids: np.ndarray, starts: np.ndarray, vocab_size: int):
        """ids (N,), each document ids[starts[i]:starts[i + 1]] closed by its end-of-text token, which is
        also what stands before it."""
        self.vocab_size = vocab_size
        rng = np.random.default_rng(0)
        self._numbers = rng.integers(0, 2**64, (ORDER, vocab_size), np.uint64, endpoint=False)
        keys, own = self._keys(ids, starts)
        self.levels: list[Level] = []
        places = np.arange(len(ids))
        for order in range(ORDER, 0, -1):
            grams, first, counts = np.unique(keys[order - 1][places], return_index=True, return_counts=True)
            places = places[first]  # one place for each different n-gram: what the next lower order counts
            self.levels.insert(0, _level(grams, counts, grams ^ own[places]))

    def log_probabilities(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """ln P of every token of the documents, (N,) float64."""
        keys, own = self._keys(ids, starts)
        p = np.full(len(ids), 1 / self.vocab_size)
        for level, key in zip(self.levels, keys, strict=True):
            context, known = _find(level.contexts, key ^ own)
            gram, seen = _find(level.grams, key)
            own_share = np.where(seen, level.discounted[gram], 0.0)
            mixed = (own_share + level.held_back[context] * p) / level.totals[context]
            p = np.where(known, mixed, p)
        return np.log(p)

    def _keys(self, ids: np.ndarray, starts: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """For each order the key of the n-gram that ends at each token (N,), and each token's own number in
        it."""
        end_of_text = ids[starts[1] - 1]
        place_in_document = np.arange(len(ids)) - np.repeat(starts[:-1], np.diff(starts))
        keys = [self._numbers[0][ids]]
        for back in range(1, ORDER):
            before = np.where(place_in_document >= back, np.roll(ids, back), end_of_text)
            keys.append(keys[-1] ^ self._numbers[back][before])
        return keys, keys[0]


def _level(grams: np.ndarray, counts: np.ndarray, context_of: np.ndarray) -> Level:
    n1, n2, n3, n4 = (max(1, int((counts == n).sum())) for n in range(1, 5))
    y = n1 / (n1 + 2 * n2)
    discounts = np.clip(
        [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3],
        LEAST_DISCOUNT,
        [LEAST_DISCOUNT, 1, 2, 3],
    )
    discount = discounts[np.minimum(counts, 3)]
    contexts, index = np.unique(context_of, return_inverse=True)
    return Level(
        grams=grams,
        discounted=counts - discount,
        contexts=contexts,
        totals=np.bincount(index, counts),
        held_back=np.bincount(index, discount),
    )


def _find(table: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of each key in the sorted table (any index where it is not there), and whether it is there."""
    index = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return index, table[index] == keys
