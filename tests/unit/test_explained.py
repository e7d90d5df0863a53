"""Tokens that cannot be read are explained, on the landed tokenizers of both kinds."""

from __future__ import annotations

import re

import pytest

from app import i18n
from app.models import Registry, loading
from app.views.explained import explained
from app.views.tokens import token_view


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


def told(registry, model: str, text: str, lang: str = "ko", label: str = "") -> str:
    tokenizer = loading.load_tokenizer(registry.spec(model))
    views = [token_view(piece, label) for piece in tokenizer.pieces(tokenizer.encode(text))]
    return explained(views, lambda key, **values: i18n.fill(i18n.shared_text(lang)[key], **values))


@pytest.mark.parametrize(
    ("model", "text", "expected"),
    [
        ("tiny-gpt2", "나는 오늘", ""),
        ("tiny-gpt2", "🙂", "‹F0› ‹9F› ‹99› ‹82›: 글자 ‘🙂’의 바이트를 나눈 것"),
        ("tiny-gpt2", "안녕 🙂", "␣: 빈칸 하나인 토큰 · ‹F0› ‹9F› ‹99› ‹82›: 글자 ‘🙂’의 바이트를 나눈 것"),
        ("tiny-gpt1", "🙂", "<unk>: 어휘에 없는 글자"),
        ("tiny-gpt1", "안녕", "‹녀›: 글자 ‘녕’의 일부(자모) · ‹ㅇ›: 글자 ‘녕’의 일부(자모)"),
    ],
)
def test_what_is_said_of_a_text(registry, model, text, expected):
    assert told(registry, model, text) == expected


def view(piece: str, hex_: str, part_of: str | None) -> dict:
    return {"piece": piece, "hex": hex_, "part_of": part_of, "label": "", "space": False, "id": 1}


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (view("‹EB A6›", "EB A6", "리"), "‹EB A6›: 글자 ‘리’의 앞 바이트"),
        (view("‹A6›", "A6", "리"), "‹A6›: 글자 ‘리’의 가운데 바이트"),
        (view("‹AC›다", "AC EB 8B A4", "리"), "‹AC›: 글자 ‘리’의 뒤 바이트"),
        (view("‹A4›", "A4", None), "‹A4›: 아직 다 나오지 않은 글자의 바이트"),
    ],
)
def test_a_byte_says_where_it_stands(token, expected):
    """리 is EB A6 AC in UTF-8."""
    assert "리".encode().hex(" ").upper() == "EB A6 AC"
    ko = i18n.shared_text("ko")
    assert explained([token], lambda key, **values: i18n.fill(ko[key], **values)) == expected


def test_the_line_stays_short(registry):
    """Four sentences at most, each once."""
    assert told(registry, "tiny-gpt1", "안녕 🙂 빵 뷁 쀍 곬").count(" · ") == 3
    once = told(registry, "tiny-gpt1", "🙂")
    assert told(registry, "tiny-gpt1", "🙂 🙂 🙂") == once


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ({"piece": "가", "hex": "", "part_of": "각", "label": ""}, "가: 글자 ‘각’의 일부(자모)"),
        ({"piece": "가", "hex": "EA B0 80", "part_of": None, "label": ""}, ""),
        ({"piece": "<unk>", "hex": "", "part_of": None, "label": ""}, "<unk>: 어휘에 없는 글자"),
        ({"piece": "<unk>", "hex": "3C", "part_of": None, "label": ""}, ""),
        (
            {"piece": "‹EB A6›", "hex": "EB A6", "part_of": "리리", "label": ""},
            "‹EB A6›: 글자 ‘리리’의 일부(자모)",
        ),
    ],
)
def test_what_is_said_of_one_token(token, expected):
    ko = i18n.shared_text("ko")
    said = explained([token], lambda key, **values: i18n.fill(ko[key], **values))
    assert re.sub("[\u2068\u2069]", "", said) == expected


def test_a_special_token_with_a_name_needs_no_words(registry):
    assert told(registry, "tiny-gpt1", "🙂", label="글의 끝") == ""
