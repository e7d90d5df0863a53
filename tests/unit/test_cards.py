"""The cards of the terms: whole, the same in all languages, used, and with links that lead somewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import cards, i18n, modules
from app.languages import CODES
from lessons import LESSONS


@pytest.fixture
def entry(tmp_path: Path, monkeypatch):
    """`entry(lines)` -> the cards of a file with one entry of these lines."""

    def read(lines: str) -> dict:
        monkeypatch.setattr(i18n, "ASSETS", tmp_path)
        (tmp_path / "terms.ko.md").write_text(f"note\n## one\n{lines}\n", encoding="utf-8")
        return cards.terms("ko")

    return read


def test_an_entry_is_a_name_plain_lines_and_labelled_ones(entry):
    assert entry("이름\n첫 문장.\n둘째 문장: 그대로.\nprecise: 정확히.\nformula: x_{1}: 2\nsource: 어디") == {
        "one": {
            "title": "이름",
            "text": "첫 문장.\n둘째 문장: 그대로.",
            "precise": "정확히.",
            "formula": "x_{1}: 2",
            "source": "어디",
        }
    }


@pytest.mark.parametrize(
    "lines",
    [
        "이름",
        "이름\nprecise: 없어요",
        "이름\n쉬운 말.\nprecice: 잘못",
        "이름\n쉬운 말.\nsource: 하나\nsource: 둘",
        "이름\n쉬운 말.\nsource: 하나\n이어진 줄",
    ],
)
def test_a_mistake_in_an_entry_is_an_error(entry, lines: str):
    with pytest.raises(ValueError, match="one"):
        entry(lines)


def test_places_in_lessons_that_are_not_there_are_left_out():
    places = ["attention#row", "attention#nowhere", "nowhere#row", "attention"]
    assert [link["scene"] for link in cards.links_to(LESSONS, places, "ko")] == ["row"]
    assert cards.links_to([], places, "ko") == []


@pytest.mark.parametrize("lang", CODES)
def test_the_page_carries_no_more_of_a_card_than_opens_anywhere(lang: str):
    """Name and plain sentence; the rest is asked for by the tab of the terms."""
    files = modules.Modules(LESSONS, {}).edition.files
    told = json.loads(files[f"words/{lang}/{modules.TERMS}.json"])
    assert told == cards.whole(LESSONS, lang)
    small = cards.named_in(["[[softmax]], [[head|헤드]], [[no-such-term]]"], lang)
    assert {term: set(card) for term, card in small.items()} == {
        "softmax": {"title", "text"},
        "head": {"title", "text"},
    }
