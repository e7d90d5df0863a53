"""What a browser holds already is neither computed nor sent again, and what it needs always comes."""

from __future__ import annotations

import json
import random
import time
from statistics import median

import pytest

from app import i18n, parts
from app.lesson import Context, Page
from app.models import Registry
from app.parts import Part
from app.payload import Payload
from app.stage import answer
from lessons.architecture.lesson import LESSON
from lessons.next_token.lesson import LESSON as NEXT_TOKEN
from tests.mounted import Mounted, Visitor, plain

LONG = "나는 오늘 그 곳에 간다 " * 40
TENSORS = ("columns", "panel", "labs")


class Browser(Visitor):
    """As assets/js/stage.js: says what it holds, and completes the picture with it."""

    def act(self, type_, **payload):
        before = self.picture
        picture = super().act(type_, **payload, held=before.get("parts"))
        self.sent = picture
        self.picture = picture | {
            name: before[name] for name in picture.get("parts", ()) if name not in picture
        }
        return self.picture


@pytest.fixture(scope="module")
def architecture() -> Mounted:
    return Mounted(LESSON, LESSON.stage, Registry(), "ko")


def test_a_part_is_left_out_where_its_name_is_held():
    made = []
    drawing = {"word": "w", "large": Part(("text", 1), lambda: made.append(1) or [1, 2])}
    first = parts.fill(drawing, Payload())
    assert first["word"] == "w" and first["large"] == [1, 2] and list(first["parts"]) == ["large"]
    again = parts.fill(drawing, Payload(first["parts"]))
    assert "large" not in again and again["parts"] == first["parts"] and made == [1]
    other = parts.fill({"large": Part(("text", 2), lambda: "other")}, Payload(first["parts"]))
    assert other["large"] == "other" and other["parts"] != first["parts"]


@pytest.mark.parametrize("sent", [None, 1, "large", [], {"large": 1}, {"large": None}, {"large": "x" * 99}])
def test_whatever_else_a_browser_claims_to_hold_is_sent(sent):
    filled = parts.fill({"large": Part((), lambda: "value")}, Payload(sent))
    assert filled["large"] == "value" and "x" not in filled["parts"]["large"]


def test_a_picture_without_parts_stays_as_it_is():
    assert parts.fill({"word": "w"}, Payload({"word": "w"})) == {"word": "w"}


def test_answering_a_question_sends_no_tensors(architecture):
    browser = Browser(architecture)
    whole = browser.act("text", text=LONG)
    assert {len(column["tokens"]) for column in whole["columns"]} >= {128}
    answered = browser.act("answer", id="growth", answer=1)
    assert not set(TENSORS) & set(browser.sent)
    assert len(json.dumps(browser.sent, ensure_ascii=False).encode()) <= 10_000
    assert answered["questions"][1]["given"] == 1
    assert [answered[name] for name in TENSORS] == [whole[name] for name in TENSORS]


def test_answering_a_question_costs_next_to_nothing():
    """Of processor time, from the payload to the picture as plain data."""
    context = Context(LESSON, "ko", i18n.shared_text("ko") | LESSON.texts("ko"), Registry())
    page, visit, picture = answer(
        context, LESSON.stage, Page(None, "tiny-gpt2"), None, Payload({"type": "text", "text": LONG})
    )
    costs = []
    for number in range(15):
        sent = {"type": "answer", "id": "growth", "answer": number % 3, "held": picture["parts"]}
        start = time.process_time()
        page, visit, picture = answer(context, LESSON.stage, page, visit, Payload(sent))
        costs.append(time.process_time() - start)
    assert median(costs) <= 0.005, costs


@pytest.mark.parametrize("seed", range(4))
def test_a_picture_with_what_was_held_is_the_whole_picture(architecture, seed):
    """A learner whose browser holds parts, beside one whose browser always asks for all."""
    generator = random.Random(seed)
    browser, other = Browser(architecture), Visitor(architecture)
    for _ in range(25):
        action = generator.choice(
            [
                {"type_": "light", "lit": generator.choice(["ln", "init", "vocabulary", "embed", "none"])},
                {"type_": "open", "block": generator.randrange(4)},
                {"type_": "pick", "side": "gpt1", "node": "blocks.1.attn.hook_pattern"},
                {"type_": "pick", "side": "gpt2", "node": "logits"},
                {"type_": "mark", "row": generator.randrange(-1, 5)},
                {"type_": "head", "head": generator.randrange(6)},
                {"type_": "lab", "lab": generator.choice(["lens", "parameters"]), "on": True},
                {"type_": "answer", "id": "tokens", "answer": generator.randrange(3)},
                {"type_": "text", "text": generator.choice(["나는 오늘", "the river", "", "학교에서"])},
                {"type_": "model", "name": generator.choice(["tiny-gpt1", "tiny-gpt2", "no such model"])},
                {"type_": "scene", "to": generator.randrange(12)},
                {"type_": "nonsense"},
            ]
        )
        assert plain(browser.act(**action)) == plain(other.act(**action))


def test_lighting_a_difference_sends_no_tensors(architecture):
    browser = Browser(architecture)
    browser.act("text", text=LONG)
    browser.act("light", lit="init")
    assert "columns" not in browser.sent and browser.sent["subs"]
    assert len(json.dumps(browser.sent, ensure_ascii=False).encode()) <= 10_000


@pytest.mark.parametrize("seed", range(4))
def test_bars_that_were_held_are_the_bars(seed):
    """The same of 「GPT란?」, whose bars change with nearly everything and stay with the rest."""
    generator = random.Random(seed)
    mounted = Mounted(NEXT_TOKEN, NEXT_TOKEN.stage, Registry(), "ko")
    browser, other = Browser(mounted), Visitor(mounted)
    for _ in range(25):
        action = generator.choice(
            [
                {"type_": "draw"},
                {"type_": "draw"},
                {"type_": "undo"},
                {"type_": "pick", "id": generator.randrange(300, 330)},
                {"type_": "knob", "knob": "temperature", "value": generator.choice([0.2, 0.8])},
                {"type_": "knob", "knob": "top_k", "value": generator.choice([0, 5])},
                {"type_": "knob", "knob": "seed", "value": generator.randrange(3)},
                {"type_": "hide", "on": generator.random() < 0.5},
                {"type_": "guess", "text": generator.choice(["간다", "학교"])},
                {"type_": "compare", "on": generator.random() < 0.5},
                {"type_": "answer", "id": "cold", "answer": generator.randrange(3)},
                {"type_": "text", "text": generator.choice(["나는 오늘", "the river", ""])},
                {"type_": "model", "name": generator.choice(["tiny-gpt1", "tiny-gpt2"])},
                {"type_": "scene", "to": generator.randrange(10)},
            ]
        )
        assert plain(browser.act(**action)) == plain(other.act(**action)), action
