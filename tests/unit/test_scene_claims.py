"""What a scene says is what its picture shows: one small check beside each scene, in both languages.

On the landed weights, through the same door as the browser. A check is a function (picture, visitor) that
asserts; a scene without one fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from app import i18n, models
from app.models import Registry
from lessons import LESSONS
from tests.mounted import Mounted, Visitor

Picture = dict[str, Any]
Claim = Callable[[Picture, Visitor], None]
LANGS = i18n.LANGUAGES
CLAIMS: dict[tuple[str, str], Claim] = {}


def claim(lesson: str, *scenes: str) -> Callable[[Claim], Claim]:
    def keep(check: Claim) -> Claim:
        CLAIMS.update({(lesson, scene): check for scene in scenes})
        return check

    return keep


@pytest.fixture(scope="module")
def pages() -> dict[str, Mounted]:
    registry = Registry()
    return {
        f"{lang}/{one.id}": Mounted(one, one.stage, registry, lang) for one in LESSONS for lang in LANGS
    }


SCENES = [(one, index) for one in LESSONS for index in range(len(one.scenes))]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("lesson", "index"), SCENES, ids=lambda value: value if isinstance(value, int) else value.id
)
def test_the_picture_shows_what_the_scene_says(pages, lesson, index: int, lang: str):
    visitor = Visitor(pages[f"{lang}/{lesson.id}"])
    picture = visitor.act("scene", to=index)
    CLAIMS[lesson.id, lesson.scenes[index].id](picture, visitor)
    hangul = any("가" <= character <= "힣" for character in picture["text"])
    assert hangul == (lang == "ko"), "a scene is in the language of its page"


def test_every_check_is_of_a_scene():
    assert {(one.id, scene.id) for one in LESSONS for scene in one.scenes} == set(CLAIMS)


def first_words(visitor: Visitor) -> str:
    """What the lesson begins with, in the language of the page."""
    context = visitor.mounted.context
    return context.lesson.text[context.lang]


def chosen(visitor: Visitor, scene: str) -> list[str]:
    """The words that a scene of 「GPT란?」 puts in by hand."""
    context = visitor.mounted.context
    one = next(one for one in context.lesson.scenes if one.id == scene)
    return list(one.state_in(context.words)["chosen"])


def read(tokens: list[Picture]) -> str:
    return "".join((" " if token["space"] else "") + token["piece"] for token in tokens).strip()


# ---- 「GPT란?」 ----


@claim("next-token", "name", "input")
def the_text_is_the_input(picture: Picture, visitor: Visitor) -> None:
    assert read(picture["tokens"]) == picture["text"] == first_words(visitor)
    assert picture["drawn"] is None and picture["hit"] == -1
    assert sum(row["after"] for row in picture["rows"]) == pytest.approx(1)


def assert_in_output(picture: Picture, visitor: Visitor, words: list[str]) -> None:
    """The last of `words` has been chosen, and has not come down; its bar can be found."""
    assert picture["drawn"]["by_hand"] and picture["drawn"]["piece"] == words[-1]
    assert read(picture["tokens"]) == " ".join([first_words(visitor), *words[:-1]])
    row = picture["rows"][picture["hit"]]
    assert row["piece"] == words[-1] and row["before"] > 0.01, "its bar can be seen"


@claim("next-token", "output")
def one_token_comes_out(picture: Picture, visitor: Visitor) -> None:
    assert_in_output(picture, visitor, chosen(visitor, "output"))
    assert f"‘{picture['drawn']['piece']}’" in visitor.mounted.context.words["scene.output.say"]


@claim("next-token", "again")
def the_chip_has_come_down(picture: Picture, visitor: Visitor) -> None:
    (word,) = chosen(visitor, "again")
    assert picture["drawn"] is None and picture["tokens"][-1]["piece"] == word
    assert picture["tokens"][-1]["by_hand"] and not picture["tokens"][-2]["by_hand"]
    assert f"‘{word}’" in visitor.mounted.context.words["scene.again.say"]


@claim("next-token", "place")
def the_next_one_is_chosen_too(picture: Picture, visitor: Visitor) -> None:
    assert_in_output(picture, visitor, chosen(visitor, "place"))
    assert f"‘{picture['drawn']['piece']}’" in visitor.mounted.context.words["scene.place.say"]


@claim("next-token", "longer")
def only_the_new_token_is_computed(picture: Picture, visitor: Visitor) -> None:
    assert picture["drawn"] is None and picture["tokens"][-1]["piece"] == chosen(visitor, "longer")[-1]
    assert picture["kv_fresh"] == 1
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    reused = picture["n_input"] - 1
    assert picture["kv_saved"] == 2 * loaded.n_layer * loaded.d_model * reused > 0


@claim("next-token", "sentence")
def a_sentence_has_come_about(picture: Picture, visitor: Visitor) -> None:
    words = chosen(visitor, "sentence")
    assert_in_output(picture, visitor, words)
    whole = [first_words(visitor), *words]
    told = visitor.mounted.context.words["scene.sentence.say"].replace(",", "")
    assert " ".join(whole) in told


@claim("next-token", "draw")
def the_leader_did_not_win(picture: Picture, visitor: Visitor) -> None:
    row = picture["rows"][picture["hit"]]
    (low, high) = row["spans"][0]
    assert low <= picture["u"] < high and not picture["drawn"]["by_hand"]
    assert row["after"] < max(one["after"] for one in picture["rows"] if not one["rest"])


def drawn_path(picture: Picture, visitor: Visitor) -> tuple[list[int], list[int]]:
    """The drawn tokens and the rank, from 0, that plain `transformers` gives each of them."""
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    prompt = loaded.tokenizer.encode(picture["text"])
    drawn = [int(one.split("@")[0]) for one in picture["ids"].split(",")]
    with torch.no_grad():
        logits = loaded.model(torch.tensor([[*prompt, *drawn]])).logits[0]  # (T, V)
    ranks = [
        int((logits[len(prompt) - 1 + n] > logits[len(prompt) - 1 + n, token_id]).sum())
        for n, token_id in enumerate(drawn)
    ]
    return drawn, ranks


@claim("next-token", "cold")
def only_leaders_were_drawn(picture: Picture, visitor: Visitor) -> None:
    drawn, ranks = drawn_path(picture, visitor)
    assert len(drawn) == 6 and ranks == [0] * 6
    leader = picture["rows"][0]
    assert leader["after"] > leader["before"], "the longest bar takes more than the model gave it"


@claim("next-token", "hot")
def the_text_loses_its_way(picture: Picture, visitor: Visitor) -> None:
    """A third of its tokens are none that a reader would expect; the seed is that of the scene before."""
    drawn, ranks = drawn_path(picture, visitor)
    assert len(drawn) == 6 and sum(rank >= 50 for rank in ranks) >= 2
    assert all(row["cut"] == "" for row in picture["rows"]), "no filter is on"
    lesson = visitor.mounted.context.lesson
    words = visitor.mounted.context.words
    cold = next(one for one in lesson.scenes if one.id == "cold")
    assert cold.state_in(words)["seed"] == picture["knobs"]["seed"]


@claim("next-token", "guess")
def the_bars_are_covered(picture: Picture, visitor: Visitor) -> None:
    assert picture["hidden"] and picture["drawn"] is None and picture["alt"]["distribution"] == ""
