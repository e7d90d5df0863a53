"""/fill_blank and /few_shot: what they give, and every odd input."""

from __future__ import annotations

import math
import unicodedata

import pytest

from app import glossary_endpoints
from app.engine import few_shot
from app.errors import UserError
from app.models import load_masked
from tests.calls import code_of, plain

TEXT = "비가 와서 나는 우산을 쓰고 학교에 갔다."


def test_a_blank_has_ten_tokens_the_likeliest_first():
    tokenizer = load_masked().tokenizer
    ids = tokenizer.encode(TEXT)
    for position in range(len(ids)):
        answer = plain(glossary_endpoints.fill_blank(TEXT, position))
        assert list(answer) == ["top"] and len(answer["top"]) == 10
        p = [token["p"] for token in answer["top"]]
        assert p == sorted(p, reverse=True) and 0 < sum(p) <= 1 + 1e-6
        assert len({token["id"] for token in answer["top"]}) == 10
        for token in answer["top"]:
            (piece,) = tokenizer.candidates(ids[:position], [token["id"]])
            assert set(token) == {"id", "piece", "p"} and token["piece"] == piece.piece


def test_the_hidden_word_itself_is_not_seen():
    """Another word in its place gives the same answer; another word beside it does not."""
    ids = load_masked().tokenizer.encode(TEXT)
    assert load_masked().tokenizer.pieces(ids)[3].piece == " 우산을"
    asked = glossary_endpoints.fill_blank(TEXT, 3)
    assert glossary_endpoints.fill_blank(TEXT.replace("우산을", "모자를"), 3) == asked
    assert glossary_endpoints.fill_blank(TEXT.replace("비가", "눈이"), 3) != asked


ODD_TEXTS = [
    " ",
    "\n",
    "👩‍👩‍👧‍👦 🐶",
    "NUL\0",
    "<|mask|> <|endoftext|>",
    "\ufeff\u200b",
    "a\r\nb",
    "\u1112\u1161\u11ab",
]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: ascii(text[:12]))
def test_an_odd_text_is_filled(text: str):
    assert code_of(glossary_endpoints.fill_blank, text, 0) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_tokens"),
        ("가" * 10_000, "blank_too_long"),
        ("가" * 20_001, "text_too_long"),
        (None, "not_text"),
        (7, "not_text"),
        (["a"], "not_text"),
        ("\ud83d", "half_character"),
    ],
    ids=lambda value: ascii(value)[:12],
)
def test_what_cannot_be_filled_is_a_sentence(text, code: str):
    assert code_of(glossary_endpoints.fill_blank, text, 0) == code


def test_a_text_may_be_as_long_as_the_context_beside_end_of_text():
    assert code_of(glossary_endpoints.fill_blank, "," * 63, 62) is None
    with pytest.raises(UserError) as raised:
        glossary_endpoints.fill_blank("," * 64, 0)
    assert raised.value.code == "blank_too_long" and raised.value.details == {"n": 64, "limit": 63}


@pytest.mark.parametrize(
    ("position", "code"),
    [
        (0, None),
        (8, None),
        (3.0, None),
        (-1, "out_of_range"),
        (99, "out_of_range"),
        (10**30, "out_of_range"),
        (math.inf, "out_of_range"),
        (math.nan, "not_a_number"),
        (0.5, "not_a_number"),
        (True, "not_a_number"),
        ("0", "not_a_number"),
        (None, "not_a_number"),
        ([0], "not_a_number"),
    ],
)
def test_position(position, code):
    assert code_of(glossary_endpoints.fill_blank, TEXT, position) == code


def test_an_empty_relation_lists_the_names_of_both_languages():
    names = plain(glossary_endpoints.few_shot("", "no number", None))["relations"]
    assert names == [one.name for one in few_shot.relations()] and len(set(names)) == len(names)
    assert {one.lang for one in few_shot.relations()} == {"ko", "en"}


@pytest.mark.parametrize("relation", few_shot.relations(), ids=lambda one: one.name)
def test_every_relation_gives_a_list_and_all_its_candidates(relation):
    for shots in (0, 1, 8):
        answer = plain(glossary_endpoints.few_shot(relation.name, shots, 3))
        assert list(answer) == ["prompt", "answers", "right"]
        assert answer["prompt"].count(" = ") == shots and answer["prompt"].endswith(" =")
        p = [candidate["p"] for candidate in answer["answers"]]
        assert p == sorted(p, reverse=True) and sum(p) == pytest.approx(1)
        assert answer["right"] in [candidate["piece"] for candidate in answer["answers"]]
        assert glossary_endpoints.few_shot(relation.name, shots, 3) == answer, "the same seed, the same list"


@pytest.mark.parametrize(
    ("relation", "shots", "seed", "code"),
    [
        ("ko 동물 과일", 2.0, 0.0, None),
        ("  ko_noun category\n", 2, 0, None),
        ("\u1103\u1169\u11bc", 2, 0, "unknown_relation"),
        ("colour", 2, 0, "unknown_relation"),
        (" ", 2, 0, "unknown_relation"),
        ("ko_noun category" * 5000, 2, 0, "unknown_relation"),
        ("\ud83d", 2, 0, "unknown_relation"),
        ("../../etc/passwd", 2, 0, "unknown_relation"),
        (None, 2, 0, "unknown_relation"),
        (7, 2, 0, "unknown_relation"),
        (["ko_noun category"], 2, 0, "unknown_relation"),
        ({"a": 1}, 2, 0, "unknown_relation"),
        ("ko_noun category", -1, 0, "out_of_range"),
        ("ko_noun category", 9, 0, "out_of_range"),
        ("ko_noun category", math.inf, 0, "out_of_range"),
        ("ko_noun category", math.nan, 0, "not_a_number"),
        ("ko_noun category", 1.5, 0, "not_a_number"),
        ("ko_noun category", True, 0, "not_a_number"),
        ("ko_noun category", "2", 0, "not_a_number"),
        ("ko_noun category", None, 0, "not_a_number"),
        ("ko_noun category", 2, -1, "out_of_range"),
        ("ko_noun category", 2, 2**32, "out_of_range"),
        ("ko_noun category", 2, 2**32 - 1, None),
        ("ko_noun category", 2, 0.5, "not_a_number"),
        ("ko_noun category", 2, "x", "not_a_number"),
        ("ko_noun category", 2, [1], "not_a_number"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_few_shot_is_asked(relation, shots, seed, code):
    assert code_of(glossary_endpoints.few_shot, relation, shots, seed) == code


def test_a_relation_may_be_spelt_in_either_unicode_form():
    decomposed = unicodedata.normalize("NFD", "ko 동물 과일")
    assert decomposed != "ko 동물 과일"
    assert glossary_endpoints.few_shot(decomposed, 2, 0) == glossary_endpoints.few_shot("ko 동물 과일", 2, 0)
