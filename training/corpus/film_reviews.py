"""Film reviews through a strict filter: whole, well-formed Korean sentences about the film and nobody else.

Input: gzipped lines ``[rating, text]`` from the Naver sentiment movie corpus (declared CC0 by its compiler).
The text is training data only and is never committed. What may not occur is data: lexicon/review_filter.tsv.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from .data import rows

MIN_WORDS, MAX_WORDS = 4, 32
MAX_MEAN_LENGTH, MAX_LENGTH = 4.2, 7  # syllables per word: longer ones are written without spaces
COMMON, SEEN = 10, 3  # a word occurs this often in the reviews; the smaller number is enough for a predicate
COMMON_NAME_LIKE = 40

_LETTERS = re.compile(r"[^가-힣 .,!?'\"]")
_SHOUTING = re.compile(r"\.{2,}|[!?]{2,}")
_END = re.compile(r"(다|요|까|죠|네)[.!?]$")
_NOT_HANGUL = re.compile(r"[^가-힣]")
_PREDICATE = re.compile(
    r"(다|요|고|서|면|지만|는데|네|는|은|한|된|할|될|던|게|며|도록|려고|니까|지|어|아|해|까|죠|군|구나|려)$"
)
# a past tense written with ㅅ for ㅆ, and 되 for 돼
_MISSPELT = re.compile(r"[햇봣갓왓엇앗졋됫밧낫렷쳣겟][다어는던지네습]|되요|됬|안돼는|몇일|어떻해|왠만|써요$")
_NAME_LIKE = re.compile(
    r"^[김이박최정강조윤장임한오서신권황안송류유홍전고문손양배백허남심노하곽성차주우구민진나지엄원천방공현함변염]"
    r"[가-힣]{2}(이|가|은|는|을|를|의|도|씨|님|와|과|에게|랑|이랑|한테|보다|만|연기)?$"
)


@cache
def _unwanted() -> tuple[re.Pattern[str], tuple[str, ...]]:
    parts = [row["word"] for row in rows("review_filter") if row["kind"] == "part"]
    names = tuple(row["word"] for row in rows("review_filter") if row["kind"] == "name")
    return re.compile("|".join(map(re.escape, parts))), names


def read(path: Path) -> list[tuple[int, str]]:
    """(rating 1 to 10, text with single spaces). Raises OSError or ValueError for an unreadable file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [(rating, " ".join(text.split())) for rating, text in map(json.loads, lines)]


def words_of(text: str) -> list[str]:
    return [word for word in (_NOT_HANGUL.sub("", part) for part in text.split()) if word]


def is_wanted(text: str, counts: Counter[str]) -> bool:
    """Whether a review passes; ``counts`` are word counts over all reviews: names and slips are rare."""
    parts, names = _unwanted()
    if _LETTERS.search(text) or _SHOUTING.search(text) or not _END.search(text):
        return False
    if parts.search(text) or _MISSPELT.search(text):
        return False
    words = words_of(text)
    if not MIN_WORDS <= len(words) <= MAX_WORDS:
        return False
    if sum(map(len, words)) / len(words) > MAX_MEAN_LENGTH or max(map(len, words)) > MAX_LENGTH:
        return False
    return all(_is_ordinary(word, counts, names) for word in words)


def _is_ordinary(word: str, counts: Counter[str], names: tuple[str, ...]) -> bool:
    if word.startswith(names) or (_NAME_LIKE.match(word) and counts[word] < COMMON_NAME_LIKE):
        return False
    return counts[word] >= COMMON or (counts[word] >= SEEN and bool(_PREDICATE.search(word)))


def selected(reviews: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """The reviews that pass, each text once, in the given order."""
    reviews = list(reviews)
    counts = Counter(word for _, text in reviews for word in words_of(text))
    kept = {text: rating for rating, text in reviews if is_wanted(text, counts)}
    return [(rating, text) for text, rating in kept.items()]
