"""What 「용어」 shows: distributions against `transformers`, counts against the weights; what it refuses.

On the landed models: which token is likely belongs to them, that the numbers are theirs does not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

from app import cards, records
from app.engine import few_shot as engine
from app.engine.ways import HELD_BACK
from app.languages import CODES
from app.models import Registry, load, load_masked
from app.views import few_shot
from lessons.glossary import compute, ways
from lessons.glossary.lesson import LESSON
from lessons.glossary.state import FEW, SHOTS, TASKS, WAYS, State
from tests.mounted import Mounted, Visitor

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "assets/models"
END, MASK = 0, 2
TEXTS = ("비가 와서 나는 우산을 들고 집에 갔다.", "It rained, so I took my umbrella to school.", "나는")
HOSTILE = ("<img onerror=alert(1)>", "${7*7}{{7*7}}", "**나** [[token]]", "\u202eabc\u2066", "가" * 3000)


@pytest.fixture(scope="module")
def pages() -> dict[str, Mounted]:
    registry = Registry()
    return {lang: Mounted(LESSON, LESSON.stage, registry, lang) for lang in CODES}


@pytest.fixture
def visitor(pages) -> Visitor:
    return Visitor(pages["ko"])


def set_(visitor: Visitor, name: str, value: object) -> dict:
    picture = visitor.act("set", name=name, value=value)
    assert not picture["notice"], picture["notice"]
    return picture


@pytest.mark.parametrize("text", TEXTS)
def test_both_distributions_equal_transformers(visitor, text):
    visitor.enter()
    visitor.act("text", text=text)
    ids = load_masked().tokenizer.encode(text)
    gpt = AutoModelForCausalLM.from_pretrained(MODELS / "tiny-gpt2", dtype=torch.float32).eval()
    bert = AutoModelForMaskedLM.from_pretrained(MODELS / "tiny-bert", dtype=torch.float32).eval()
    for position in {0, len(ids) // 2, len(ids) - 1}:
        blank = set_(visitor, "position", position)["blank"]
        given = [*ids[:position], MASK, *ids[position + 1 :], END]
        with torch.no_grad():
            plain = {
                "gpt": gpt(torch.tensor([ids[:position] or [END]])).logits[0, -1].softmax(-1),
                "bert": bert(torch.tensor([given])).logits[0, position].softmax(-1),
            }
        for who, p in plain.items():
            rows = blank[who]
            assert [row["p"] for row in rows if row["hidden"]] == [
                pytest.approx(float(p[ids[position]]), abs=1e-5)
            ]
            assert rows[0]["hidden"] or rows[0]["p"] == pytest.approx(float(p.max()), abs=1e-5)
            assert sum(row["p"] for row in rows) == pytest.approx(1, abs=1e-5)
            assert [row["rest"] for row in rows] == [False] * compute.ROWS + [True]


def test_the_sentence_says_who_and_why(visitor):
    picture = visitor.enter("position=3")
    found = compute.blank(load("tiny-gpt2"), load_masked(), TEXTS[0], 3)
    assert picture["blank"]["who"] == found.who == "bert"
    left = load_masked().tokenizer.encode("비가 와서 나는 우산을")
    model = load_masked()
    with torch.no_grad():
        alone = model.model(torch.tensor([[*left[:3], MASK, END]])).logits[0, 3].softmax(-1)[left[3]]
    assert found.alone == pytest.approx(float(alone), abs=1e-6) and alone < found.of_bert / 2
    assert "‘우산을’" in picture["look"] or "BERT" in set_(visitor, "term", "masked-lm")["look"]
    told = set_(visitor, "term", "masked-lm")["look"]
    assert f"{100 * found.of_bert:.1f}%" in told and f"{100 * float(alone):.1f}%" in told
    assert "왼쪽 3개" in told and "오른쪽 4개" in told


@pytest.mark.parametrize(
    ("gpt", "bert", "who"), [(0.1, 0.2, "bert"), (0.2, 0.1, "gpt"), (0.1, 0.11, "same"), (0.11, 0.1, "same")]
)
def test_about_the_same_is_neither_s(gpt, bert, who):
    p = [torch.tensor([1 - one, one]) for one in (gpt, bert)]
    assert compute.Blank("", 0, (1,), (), 0, *p, None).who == who


def test_a_long_text_keeps_its_end(visitor):
    text = "나는 오늘 학교에 갔다. " * 40
    visitor.enter()
    picture = visitor.act("text", text=text)
    blank = picture["blank"]
    n = len(load_masked().tokenizer.encode(text.strip()))
    assert len(blank["tokens"]) <= 63 and str(n - len(blank["tokens"])) in blank["dropped"]
    assert blank["tokens"][-1]["piece"] == "."


class Counting:
    """A tokenizer that counts how often it encodes, and how much."""

    def __init__(self, tokenizer):
        self.tokenizer, self.lengths = tokenizer, []

    def encode(self, text: str) -> list[int]:
        self.lengths.append(len(text))
        return self.tokenizer.encode(text)

    def decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids)


@pytest.mark.parametrize(
    "text", ["가 " * 5000, "나" * 10_000, "a" * 10_000, "\U0001f436" * 10_000, "나는 " * 9 + "힣" * 9000]
)
def test_the_longest_text_is_encoded_once_and_its_end_a_few_times(text):
    bert = load_masked()
    model = SimpleNamespace(tokenizer=Counting(bert.tokenizer), n_ctx=bert.n_ctx)
    kept, n_dropped = compute.fitting(model, text.strip())
    n, of_kept = (len(bert.tokenizer.encode(one)) for one in (text.strip(), kept))
    assert text.strip().endswith(kept) and 40 < of_kept < bert.n_ctx and n_dropped == n - of_kept
    first, *others = model.tokenizer.lengths
    assert first == len(text.strip()) and len(others) <= 12 and max(others) < 1000


@pytest.mark.parametrize(
    "text", ["나는 오늘 학교에 갔다. " * 40, "It rained, so I took my umbrella.  " * 30, "갉 나는 " * 50]
)
def test_what_is_kept_of_a_long_text_begins_with_the_first_word_that_fits(text):
    tokenizer, most = load_masked().tokenizer, load_masked().n_ctx - 1
    text = text.strip()
    wanted = next(one for one in _ends(text) if len(tokenizer.encode(one)) <= most)
    assert compute.fitting(load_masked(), text)[0] == wanted


def _ends(text: str) -> Iterator[str]:
    while text:
        yield text
        text = text.partition(" ")[2].lstrip()


@pytest.mark.parametrize(("linked", "shots"), [(3, (2, 4)), (5, (4,)), (6, (4, 8)), (7, (8,)), (4, (4,))])
def test_a_link_s_number_of_examples_is_the_nearest_one_there_is(visitor, linked, shots):
    picture = visitor.enter(f"shots={linked}")
    assert picture["shots"] in shots and picture["few"]["shots"] == len(picture["few"]["examples"])
    assert picture["shots"] == picture["few"]["shots"] and not picture["notice"]


@pytest.mark.parametrize("position", [7, 6, 1])
def test_the_particle_of_what_a_token_is_given_has_one_form(visitor, position):
    visitor.enter("term=masked-lm")
    for text in TEXTS[:2]:
        visitor.act("text", text=text)
        assert "’에 " in set_(visitor, "position", position)["look"]
        assert "에(에)" not in visitor.act("set", name="position", value=position)["look"]


def test_the_counts_are_those_of_the_weights(visitor):
    counts = visitor.enter()["counts"]
    model = load("tiny-gpt2").model
    assert counts["n"] == sum(one.numel() for one in model.parameters())
    assert counts["full"] == counts["n"] + 2 * model.config.n_embd, "and W_y"
    assert counts["prompt"] == 8 * model.config.n_embd == 1536
    assert counts["cells"] == counts["n"] / 10_000


@pytest.mark.parametrize("lang", CODES)
def test_the_preview_counts_the_same_without_torch(pages, lang):
    numbers = Visitor(pages[lang]).enter()["counts"]
    assert LESSON.stage.preview(pages[lang].context, None, State())["counts"]["n"] == numbers["n"]
    code = "import sys, lessons.glossary.lesson as one; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.stdout.strip() == "False", run.stderr


def test_the_prompt_is_what_the_engine_reads(visitor):
    visitor.enter()
    for shots in SHOTS:
        few = set_(visitor, "shots", shots)["few"]
        relation = engine.relation_named(few["relation"])
        one = engine.drawn(relation, shots, 0)
        assert few["prompt"] == one.prompt(shots) and few["right"] == one.answer
        assert len(few["examples"]) == shots
        shown = ", ".join(f"{word} = {answer}" for word, answer in few["examples"])
        assert few["prompt"] == f"{shown + ', ' if shown else ''}{few['asked']} ="
        answers = dict(engine.answers(load("tiny-gpt2"), one, shots))
        for row in few["answers"]:
            assert row["p"] == pytest.approx(answers[row["piece"]], abs=1e-6)
        assert any(row["right"] for row in few["answers"]), "the right answer is always among them"
        assert sum(row["p"] for row in few["answers"]) + few["rest"]["p"] == pytest.approx(1, abs=1e-5)
    assert {row["shots"] for row in few["recorded"]} == set(SHOTS)


@pytest.mark.parametrize("lang", CODES)
def test_relations_of_the_page_s_language_come_first(pages, lang):
    """Within what is known and within what is new."""
    named = {one.name: one.lang == lang for one in engine.relations()}
    choices = Visitor(pages[lang]).enter()["few"]["relations"]
    for kind in ("a", "b"):
        own = [named[one["name"]] for one in choices if one["kind"] == kind]
        assert own == sorted(own, reverse=True) and set(own) == {True, False}
    assert len(choices) == len(named)


@pytest.mark.parametrize("lang", CODES)
@pytest.mark.parametrize("model", ["tiny-gpt1", "tiny-gpt2"])
def test_no_new_rule_is_learned(model, lang):
    """The line to look at says so of every number of examples."""
    relations = [one for one in engine.relations() if (one.kind, one.lang) == ("b", lang)]
    rows = [row for one in relations for row in few_shot.recorded(model, one) if row["shots"]]
    assert rows and all(row["mean"] < row["copied"] + 0.1 for row in rows)


@pytest.mark.parametrize("lang", CODES)
@pytest.mark.parametrize("model", ["tiny-gpt1", "tiny-gpt2"])
def test_the_answers_to_the_questions(model, lang):
    """Counted and read in another way than the page does."""
    found = SimpleNamespace(who="bert")
    loaded = load(model)
    rows = {
        row["kind"]: round(100 * row["mean"])
        for row in records.read("in_context")["data"]["accuracy"]
        if (row["model"], row["lang"], row["shots"]) == (model, lang, 8)
    }
    answer = compute.new_rule(found, loaded, lang)
    assert (answer.right, answer.values) == (rows["b"], {"new": rows["b"], "known": rows["a"]})
    d = loaded.model.config.n_embd
    n = sum(one.numel() for one in loaded.model.parameters()) + 2 * d
    answer = compute.prompt_changes(found, loaded, lang)
    assert answer.right == 8 * d
    assert answer.values == {"n": f"{8 * d:,}", "d": d, "vectors": 8, "all": f"{n:,}"}
    for who, right, words in (("gpt", 0, ".gpt"), ("bert", 1, ""), ("same", 2, ".same")):
        answer = compute.who_guesses(SimpleNamespace(who=who), loaded, lang)
        assert (answer.right, answer.words) == (right, words)


def test_other_examples_have_another_word(visitor):
    visitor.enter()
    asked = {set_(visitor, "seed", seed)["few"]["asked"] for seed in range(4)}
    assert len(asked) > 1


@pytest.mark.parametrize("model", ["tiny-gpt1", "tiny-gpt2"])
def test_the_picked_model_reads_the_examples(visitor, model):
    visitor.enter()
    picture = visitor.act("model", name=model)
    assert picture["few"]["model"] == model and picture["few"]["recorded"]
    assert bool(picture["other_model"]) == (model != "tiny-gpt2"), "the map stays tiny-gpt2's, and says so"


def test_fresh_questions_are_those_of_the_engine(visitor):
    visitor.enter("relation=ko_noun+category&shots=2")
    relation = engine.relation_named("ko_noun category")
    got = []
    for first in range(0, few_shot.N_PROMPTS, few_shot.AT_ONCE):
        found = visitor.send({"ask": "fresh", "batch": 1, "first": first, "seq": 9 + first})["reply"]
        assert len(found["right"]) == few_shot.AT_ONCE and found["seconds"] > 0
        got += found["right"]
    start = few_shot.FRESH + few_shot.N_PROMPTS
    want = engine.accuracy(load("tiny-gpt2"), relation, 2, range(start, start + few_shot.N_PROMPTS))
    assert sum(got) / len(got) == want


@pytest.mark.parametrize("lang", CODES)
def test_the_sentences_are_the_same_for_all_ways(pages, lang):
    visitor = Visitor(pages[lang])
    table = visitor.enter()["ways"]
    texts = [row.fields[0] for row in HELD_BACK[lang]]
    assert [one["text"] for one in table["sentences"]] == texts and len(texts) == 20
    assert [one["label"] for one in table["sentences"]].count(0) == 10
    tokenizer = load("tiny-gpt2").tokenizer
    assert [one["ids"] for one in table["sentences"]] == [tokenizer.encode(text) for text in texts]
    found = visitor.send({"ask": "in_context", "shots": 1, "seed": 0, "first": 15, "seq": 7})["reply"]
    assert len(found["right"]) == 5


def test_the_table_counts_and_sizes(visitor):
    rows = {row["id"]: row for row in visitor.enter()["ways"]["rows"]}
    assert [row["changed"] for row in rows.values()] == [2_769_792, 1536, 0]
    assert rows["fine-tuning"]["stored"] == ["11.08 MB", "33.24 MB", "110.79 MB"]
    whole = 4 * 2_769_408
    assert rows["prompt-tuning"]["stored"][2] == f"{(whole + 10 * 4 * 1536) / 1e6:.2f} MB"
    assert all(row["recorded"] for row in rows.values())


@pytest.mark.parametrize("lang", CODES)
def test_a_way_that_only_guesses_is_named(pages, lang):
    context = pages[lang].context
    told = ways.say(context)
    for way in ways.WAYS:
        bad = ways.recorded(lang, way)[-1]["test_mean"] < 0.6
        named = context.words[f"ui.node.{way}"] in told.rsplit(")", 2)[-2]
        assert named == bad, (way, told)


@pytest.mark.parametrize(("bytes_", "told"), [(96, "96 B"), (6144, "6.1 KB"), (11_079_168, "11.08 MB")])
def test_sizes_are_read_in_steps_of_a_thousand(bytes_, told):
    assert ways.size(bytes_) == told


@pytest.mark.parametrize("lang", CODES)
def test_every_task_has_an_example_of_its_set(pages, lang):
    visitor = Visitor(pages[lang])
    visitor.enter()
    for term in TASKS:
        task = set_(visitor, "term", term)["tasks"]
        assert task["say"] and task["go"] and task["link"]["lesson"] in ("fine-tuning", "next-token")
        assert bool(task["answer"]) == (term != "text-generation") == bool(task["example"])


def test_every_node_has_a_card():
    nodes = {
        "upstream",
        "gpt",
        "masked-lm",
        "language-model",
        "transfer-learning",
        "downstream",
        "in-context",
    }
    assert nodes | set(FEW) | set(WAYS) | set(TASKS) <= set(cards.terms("ko"))


@pytest.mark.parametrize(
    ("query", "kept"),
    [("term=nowhere", False), ("term=softmax", True), ("position=999", False), ("shots=9", False)],
)
def test_a_link_holds_what_there_is(visitor, query, kept):
    picture = visitor.enter(query)
    assert bool(picture["notice"]) != kept
    assert (picture["term"] == "softmax") == (query == "term=softmax")


def test_an_unknown_relation_is_the_first_one(visitor):
    picture = visitor.enter("relation=no+such+thing")
    assert picture["few"]["relation"] == "ko_noun category" and "relation" not in picture["link"]


def test_a_new_text_has_its_blank_in_the_middle(visitor):
    visitor.enter("position=1")
    picture = visitor.act("text", text="나는 오늘 그 곳에 간다.")
    assert picture["blank"]["position"] == len(picture["blank"]["tokens"]) // 2
    assert "position" not in picture["link"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_or_refused(visitor, text):
    visitor.enter()
    picture = visitor.act("text", text=text)
    assert picture["ready"] and picture["blank"]["tokens"]
    json.dumps(picture, allow_nan=False)
    for position in (0, 127):
        visitor.act("set", name="position", value=position)


@pytest.mark.parametrize(
    "payload",
    [
        {"name": "term", "value": "<script>"},
        {"name": "term", "value": {"path": "/etc/passwd"}},
        {"name": "shots", "value": 3},
        {"name": "position", "value": 1e9},
        {"name": "relation", "value": "a" * 400},
        {"name": "__class__", "value": 1},
    ],
)
def test_a_hostile_action_changes_nothing(visitor, payload):
    before = visitor.enter()["link"]
    picture = visitor.act("set", **payload)
    assert picture["notice"] and picture["link"] == before


@pytest.mark.parametrize(
    "more", [{}, {"batch": -1, "first": 0}, {"batch": 0, "first": 20}, {"batch": "x", "first": 0}]
)
def test_a_hostile_question_gets_one_sentence(visitor, more):
    visitor.enter()
    assert "sorry" in visitor.send({"ask": "fresh", "seq": 3, **more})


def test_the_snippet_gives_the_numbers_on_screen(visitor):
    picture = visitor.enter()
    run = subprocess.run(
        [sys.executable, "-c", picture["code"]], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    printed = run.stdout.strip().splitlines()
    for line, who in zip(printed, ("gpt", "bert"), strict=True):
        assert line.startswith(who.upper())
        (row,) = [row for row in picture["blank"][who] if row["hidden"]]
        assert float(re.search(r" (\d\.\d{4}) ", line)[1]) == pytest.approx(row["p"], abs=1e-4)
