"""Learn byte-pair-encoding merges from word counts, with two rules that ready-made trainers do not offer.

Wanted words (the label words of the tasks) become single tokens, and a rule says which symbols may merge.
The second matters for GPT-1's way of writing: a word is what stands between two spaces, so 「간다.」 is one
word, and without the rule 「다.」 would be learned where 「간다」 and 「.」 should. Source of the
algorithm: Sennrich, Haddow and Birch (2016), algorithm 1.
"""

import heapq
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise

Pair = tuple[str, str]
MEDIAL_OR_FINAL = ("\u1161", "\u11c2")  # jamo that never begin a syllable
WANTED = 10**12  # a count that no corpus reaches: these words are merged first


def learn_merges(
    words: Counter[str],
    n_merges: int,
    wanted: Iterable[str] = (),
    end_of_word: str = "",
    may_merge: Callable[[str, str], bool] = lambda left, right: True,
) -> list[Pair]:
    """The `n_merges` most frequent merges, in order; fewer when no pair is left. Ties go to the first in
    code point order.

    The last character of each word carries `end_of_word`. `may_merge` sees both symbols without that mark.
    """
    counted = words + Counter(dict.fromkeys(wanted, WANTED))
    spellings = [[*word[:-1], word[-1] + end_of_word] for word in counted]
    counts = list(counted.values())
    allowed: dict[Pair, bool] = {}
    pair_counts: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)

    def is_allowed(pair: Pair) -> bool:
        if pair not in allowed:
            allowed[pair] = may_merge(pair[0], pair[1].removesuffix(end_of_word))
        return allowed[pair]

    for word, (spelling, count) in enumerate(zip(spellings, counts, strict=True)):
        for pair in pairwise(spelling):
            pair_counts[pair] += count
            places[pair].add(word)
    queue = [(-count, pair) for pair, count in pair_counts.items() if is_allowed(pair)]
    heapq.heapify(queue)

    merges: list[Pair] = []
    while queue and len(merges) < n_merges:
        negative_count, pair = heapq.heappop(queue)
        # an entry from before a neighbour was merged: put it back with today's count
        if pair_counts[pair] != -negative_count:
            if pair_counts[pair] > 0:
                heapq.heappush(queue, (-pair_counts[pair], pair))
            continue
        merges.append(pair)
        grown: set[Pair] = set()
        for word in places.pop(pair):
            old, new = spellings[word], merged(spellings[word], pair)
            for neighbours in pairwise(old):
                pair_counts[neighbours] -= counts[word]
            for neighbours in pairwise(new):
                pair_counts[neighbours] += counts[word]
                places[neighbours].add(word)
                grown.add(neighbours)
            spellings[word] = new
        for neighbours in grown:
            if is_allowed(neighbours):
                heapq.heappush(queue, (-pair_counts[neighbours], neighbours))
    return merges


def merged(spelling: list[str], pair: Pair) -> list[str]:
    """`spelling` with every occurrence of `pair`, from the left, written as one symbol."""
    result: list[str] = []
    position = 0
    while position < len(spelling):
        if tuple(spelling[position : position + 2]) == pair:
            result.append(pair[0] + pair[1])
            position += 2
        else:
            result.append(spelling[position])
            position += 1
    return result


def reads_well(left: str, right: str) -> bool:
    """Letters, digits and signs stay apart, and no piece goes on from the middle of a syllable (「ᆫ이」 out
    of 「반전이」).

    A combining mark counts as a letter. A piece may still end in the middle of a syllable: 「저」 before
    「ᆫ」.
    """
    return _kind(left[0]) == _kind(right[0]) and not MEDIAL_OR_FINAL[0] <= left[0] <= MEDIAL_OR_FINAL[1]


def _kind(char: str) -> str:
    category = unicodedata.category(char)[0]
    return {"L": "letter", "M": "letter", "N": "digit"}.get(category, "sign")
