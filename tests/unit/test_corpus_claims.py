"""Yes or no: every answer is true by an independent reading, and no frame is one of the labelled sets."""

import random
import re
from collections import Counter

import pytest

from tests.corpus_reading import NO, OPEN, YES, follows, read_comparison, read_state
from training.corpus.claims import claim
from training.corpus.data import rows

ANSWERS = {
    "네.": YES,
    "네, 맞습니다.": YES,
    "아니요.": NO,
    "아니요, 틀립니다.": NO,
    "알 수 없습니다.": OPEN,
}
N_CLAIMS = 1500


@pytest.fixture(scope="module")
def claims() -> list[tuple[str, str, int]]:
    """(report, what is asked, answer)."""
    rng, found = random.Random(7), []
    for _ in range(N_CLAIMS):
        text = claim(rng)
        report, asked, answer = re.fullmatch(r"(.+) 질문: (.+) 답: (.+)", text).groups()
        statement = re.fullmatch(r'"(.+)" 이 말은 맞습니까\?', asked)
        assert bool(statement) == ("," in answer) or ANSWERS[answer] == OPEN, text
        found.append((report, statement[1] if statement else asked, ANSWERS[answer]))
    return found


def test_each_answer_is_given_equally_often(claims):
    counts = Counter(answer for *_, answer in claims)
    assert all(abs(counts[answer] - N_CLAIMS / 3) < 0.06 * N_CLAIMS for answer in (YES, NO, OPEN)), counts


def test_answers_are_true(claims):
    n_compared = 0
    for report, asked, answer in claims:
        if "보다" in asked:
            told, claimed = (read_comparison(sentence, "compared") for sentence in (report, asked))
            assert answer == follows(told, claimed, "compared"), (report, asked)
            n_compared += 1
            continue
        facts = {}
        for sentence in re.split(r"(?<=\.) ", report):
            frame, subject, value, negated = read_state(sentence, "claims")
            assert not negated
            facts[frame, subject] = value
        frame, subject, value, negated = read_state(asked, "claims")
        known = facts.get((frame, subject))
        assert answer == (OPEN if known is None else int((known == value) == negated)), (report, asked)
    assert n_compared > N_CLAIMS / 10


def test_no_frame_is_one_of_the_labelled_sets():
    def frames(table: str, *columns: str) -> set[str]:
        return {row[column] for row in rows(table) for column in columns}

    assert not frames("claims", "positive", "negative") & frames("states", "positive", "negative")
    assert not frames("compared", "more", "less") & frames("comparisons", "more", "less")
