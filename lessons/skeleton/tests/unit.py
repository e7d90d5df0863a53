"""Its numbers against transformers, and what its actions do."""

from __future__ import annotations

import pytest
from transformers import AutoTokenizer

from app.languages import CODES
from app.models import Registry
from lessons.skeleton.lesson import LESSON
from tests.mounted import Mounted, Visitor

MODEL = "assets/models/tiny-gpt2"
TEXT = "나는 오늘 그 곳에 간다"


def first(picture, visitor):
    assert picture["lit"] == 1


def all_of_them(picture, visitor):
    assert picture["lit"] == len(picture["tokens"])
    pieces = [(" " if token["space"] else "") + token["piece"] for token in picture["tokens"]]
    assert "".join(pieces) == picture["text"]


def pieces_of_a_word(picture, visitor):
    words = picture["text"].split()
    assert len(picture["tokens"]) > len(words)
    inside = [token["space"] for token in picture["tokens"]].index(True, 2) - 1  # up to the third word
    assert inside == picture["lit"] - 1 == {"ko": 2, "en": 5}[visitor.mounted.context.lang]


# What a scene says is what its picture shows (tests/unit/test_scene_claims.py runs these).
CLAIMS = {"first": first, "all": all_of_them, "pieces": pieces_of_a_word}


@pytest.fixture(scope="module", params=CODES)
def visitor(request) -> Visitor:
    return Visitor(Mounted(LESSON, LESSON.stage, Registry(), request.param))


def test_the_tokens_are_those_of_transformers(visitor, root):
    expected = AutoTokenizer.from_pretrained(root / MODEL)(TEXT).input_ids
    picture = visitor.act("text", text=TEXT)
    assert [token["id"] for token in picture["tokens"]] == expected
    assert f"{len(expected)}" in picture["look"]


def test_the_slider_lights_tokens_and_the_link_says_so(visitor):
    picture = visitor.act("light", lit=3)
    assert picture["lit"] == 3 and picture["link"]["lit"] == "3"
    refused = visitor.act("light", lit=99)
    assert refused["lit"] == 3 and refused["notice"]


def test_the_answer_is_the_number_of_tokens(visitor):
    visitor.act("text", text=TEXT)
    [question] = visitor.act("answer", id="count", answer=1)["questions"]
    assert question["right"] == len(visitor.picture["tokens"])


def test_the_code_gives_the_numbers_of_the_screen(visitor, root, monkeypatch):
    monkeypatch.chdir(root)
    picture = visitor.act("text", text=TEXT)
    found: dict = {}
    exec(picture["code"], found)
    assert found["ids"] == [token["id"] for token in picture["tokens"]]
    assert f"{found['characters']}" in picture["look"]
