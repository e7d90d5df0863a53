"""「미세조정」 without its run: inputs against transformers, counts, recorded figures, actions."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from functools import cache
from statistics import mean

import pytest
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from app import records
from app.engine import sets
from app.languages import CODES
from app.models import Registry
from benchmarks import gain
from lessons.fine_tuning.lesson import LESSON
from lessons.fine_tuning.state import RATES, TASKS, State
from tests.mounted import Mounted, Visitor

START, DELIM, EXTRACT = 3, 4, 5
LONGEST = 32  # tokens of a row in the browser's graphs


@pytest.fixture(params=CODES)
def lang(request) -> str:
    return request.param


@cache
def mounted(lang: str) -> Mounted:
    return Mounted(LESSON, LESSON.stage, Registry(), lang)


@pytest.fixture
def visitor(lang: str) -> Visitor:
    return Visitor(mounted(lang))


def ask(visitor: Visitor, name: str, **more) -> dict:
    """What the page asks beside its actions: {"reply"} or {"sorry"}."""
    return visitor.mounted.answers(visitor.session, {"ask": name, "seq": 9, **more})[-1]


def rows(picture) -> list[list[int]]:
    return [sequence["ids"] for sequence in picture["sequences"]]


@pytest.fixture(scope="module")
def tokenizers(root) -> dict:
    return {
        name: AutoTokenizer.from_pretrained(root / f"assets/models/{name}")
        for name in ("tiny-gpt1", "tiny-gpt2")
    }


@pytest.mark.parametrize("model", ["tiny-gpt1", "tiny-gpt2"])
def test_each_kind_of_input_is_built_as_in_figure_1(visitor, tokenizers, model):
    cut = lambda text: tokenizers[model](text, add_special_tokens=False).input_ids  # noqa: E731
    visitor.act("model", name=model)
    texts = {}
    for task in ("sentiment", "entailment", "similarity", "choice", "reference"):
        texts[task] = visitor.mounted.context.words[f"example.{task}"].split("\n")
        visitor.act("text", text=texts[task][0])
        picture = visitor.act("task", task=task)
        a, *rest = map(cut, texts[task])
        expected = {
            "sentiment": lambda a=a: [[START, *a, EXTRACT]],
            "entailment": lambda a=a, rest=rest: [[START, *a, DELIM, *rest[0], EXTRACT]],
            "similarity": lambda a=a, rest=rest: [
                [START, *a, DELIM, *rest[0], EXTRACT],
                [START, *rest[0], DELIM, *a, EXTRACT],
            ],
        }.get(
            task,
            lambda a=a, rest=rest: [[START, *a, *rest[0], DELIM, *answer, EXTRACT] for answer in rest[1:]],
        )
        assert rows(picture) == expected(), task
        labels = [token["label"] for token in picture["sequences"][0]["tokens"] if token["special"]]
        assert labels == (["Start", "Extract"] if task == "sentiment" else ["Start", "Delim", "Extract"])
        shown = [field["value"] for field in picture["fields"]]
        assert shown == [text for text in texts[task] if text], "a field for each that is written"


def test_own_fields_are_read_and_come_back_empty(visitor):
    before = visitor.act("task", task="entailment")
    picture = visitor.act("field", index=1, text="<b>{x}</b>")
    assert picture["fields"][1]["value"] == "<b>{x}</b>" and rows(picture) != rows(before)
    assert visitor.act("field", index=1, text="  ")["fields"] == before["fields"]
    for index in (0, 2, -1, "1"):
        assert visitor.act("field", index=index, text="x")["notice"], index


def test_a_long_text_is_cut_and_told(visitor):
    picture = visitor.act("text", text="바다 " * 60)
    assert len(rows(picture)[0]) == LONGEST and rows(picture)[0][-1] == EXTRACT
    n = re.search(r"\d+토큰을|(\d+) were", picture["cut"])
    assert n, picture["cut"]


@pytest.mark.parametrize("model", ["tiny-gpt1", "tiny-gpt2"])
def test_the_counts_are_those_of_the_weights(visitor, root, model):
    whole = AutoModelForCausalLM.from_pretrained(root / f"assets/models/{model}")
    n, d = sum(part.numel() for part in whole.parameters()), whole.config.n_embd
    visitor.act("model", name=model)
    for task, columns in (("sentiment", 2), ("choice", 1)):
        picture = visitor.act("task", task=task)
        assert picture["counts"] == {
            "new": d * (columns + 3),
            "w_y": d * columns,
            "rows": 3,
            "changed": n + d * columns,
        }
    visitor.act("task", task="sentiment")
    last = 12 * d * d + 13 * d + (2 * d if model == "tiny-gpt2" else 0)
    for trained, expected in (("head", 2 * d), ("prompts", 8 * d), ("last", last + 2 * d)):
        picture = visitor.act("set", name="trained", value=trained)
        assert picture["counts"]["changed"] == expected, trained
        assert f"{expected:,}" in picture["say_changed"]
    prompted = visitor.act("set", name="trained", value="prompts")
    assert (prompted["settings"]["rate"], prompted["settings"]["lambda"]) == (0.03, 0.0)
    whole = visitor.act("set", name="trained", value="full")
    assert len(rows(prompted)[0]) == 8 + len(rows(whole)[0]) and whole["settings"]["rate"] == 0.001


def test_settings_travel_in_a_link_and_wrong_ones_do_not(visitor):
    for name, value in (
        ("lambda_", 1.25),
        ("rate", RATES[1]),
        ("layers", 2),
        ("trained", "head"),
        ("seed", 7),
        ("steps", 60),
    ):
        assert name in visitor.act("set", name=name, value=value)["link"]
    kept = visitor.picture["settings"]
    assert kept == {"lambda": 1.25, "rate": RATES[1], "layers": 2, "trained": "head", "seed": 7, "steps": 60}
    for name, value in (
        ("lambda_", 2.1),
        ("rate", 0.5),
        ("layers", -2),
        ("trained", "all"),
        ("seed", 1000),
        ("steps", 61),
        ("second", "x"),
    ):
        refused = visitor.act("set", name=name, value=value)
        assert refused["notice"] and refused["settings"] == kept, name


def test_the_model_has_as_many_layers_as_it_has(visitor):
    assert visitor.act("set", name="layers", value=48)["settings"]["layers"] == 4


def test_lines_are_cut_into_tokens_one_by_one(visitor, tokenizers):
    said = ["재미있다.", "It was fun 🙂", "바다 " * 60]
    reply = ask(visitor, "lines", lines=[[text] for text in said])["reply"]
    cut = [tokenizers["tiny-gpt2"](text).input_ids[: LONGEST - 2] for text in said]
    assert reply == {"rows": cut, "cut": 1}


@pytest.mark.parametrize(
    "lines",
    [[], "x", [["a"]] * 501, [[""]], [["a", "b"]], [[3]], [{"0": "a"}], None],
    ids=["none", "text", "too-many", "empty", "two", "number", "object", "null"],
)
def test_bad_lines_get_one_sentence(visitor, lines):
    sorry = ask(visitor, "lines", lines=lines)["sorry"]
    assert sorry and sorry != visitor.mounted.context.words["error.internal"]


def test_the_vocabulary_names_every_token(visitor, tokenizers):
    pieces = ask(visitor, "vocabulary")["reply"]["pieces"]
    tokenizer = tokenizers["tiny-gpt2"]
    assert len(pieces) == len(tokenizer)
    for id_ in tokenizer(" school, today 오늘").input_ids:
        written = tokenizer.decode([id_])
        if "�" not in written:
            assert pieces[id_] == [written.strip() or "␣", written.startswith(" ") and written != " "]


def record(root) -> dict:
    return json.loads((root / "assets/records/fine_tuning.json").read_text())["data"]


def test_the_recorded_points_are_means_of_the_record(visitor, root):
    picture = visitor.picture or visitor.act("view", view="layers")
    for point in picture["layers"]["points"]:
        [row] = [
            row
            for row in record(root)["layers"]
            if (row["model"], row["task"], row["n_layers_transferred"])
            == ("tiny-gpt2", "sentiment", point["k"])
        ]
        values = [mean(run["test"].values()) for run in row["by_seed"].values()]
        assert point["values"] == values and point["mean"] == round(mean(values), 2)
    assert [point["k"] for point in picture["layers"]["points"]] == [-1, 0, 1, 2, 3, 4]
    best = max(picture["layers"]["points"], key=lambda point: point["mean"])
    assert f"{best['mean']:.1f}" in picture["layers"]["look"] and best["name"] in picture["layers"]["look"]


def test_a_task_without_a_record_says_whose_it_shows(visitor):
    own = visitor.act("task", task="entailment")
    assert own["layers"]["task"] == "entailment"
    other = visitor.act("task", task="similarity")
    assert other["layers"]["task"] == "sentiment"
    assert (
        other["layers"]["note"] != own["layers"]["note"]
        and other["layers"]["note"] in other["lambdas"]["note"]
    )


def test_a_point_of_the_learner_s_stands_among_those_made_like_hers(visitor, root):
    """What her run is held against: steps, λ and learning rate of the recorded ones."""
    told = (visitor.picture or visitor.act("view", view="layers"))["layers"]
    rows = [
        row for row in record(root)["layers"] if (row["model"], row["task"]) == ("tiny-gpt2", told["task"])
    ]
    assert {(row["steps"], row["lambda_"]) for row in rows} == {(told["steps"], told["lambda"])}
    assert told["rate"] == records.read("fine_tuning")["settings"]["recipe"]["learning_rate"]


def test_lambda_in_words_is_what_the_record_says(visitor, root):
    picture = visitor.picture or visitor.act("view", view="train")
    chosen = {
        row["lambda_"]: row
        for row in record(root)["lambdas"]
        if (row["model"], row["task"], row["n_labels"]) == ("tiny-gpt2", "sentiment", 1000)
    }
    accuracy = {
        k: mean(mean(run["test"].values()) for run in row["by_seed"].values()) for k, row in chosen.items()
    }
    l1 = {k: mean(run["l1_task"] for run in row["by_seed"].values()) for k, row in chosen.items()}
    say = picture["lambdas"]["say"]
    assert f"{abs(accuracy[0.5] - accuracy[0.0]):.1f}" in say
    assert f"{l1[0.0]:.2f}" in say and f"{l1[0.5]:.2f}" in say
    fell = accuracy[0.5] < accuracy[0.0]
    assert ("내렸어요" in say or "fell" in say) == fell


def test_table_5_is_told_as_it_is(visitor):
    paper = (visitor.picture or visitor.act("view", view="train"))["paper"]
    assert [row["name"] for row in paper["rows"]][:2] == ["RTE", "QNLI"]  # 56.0 - 54.4 before 88.1 - 86.9
    assert re.findall(r"\d+\.\d", paper["say"])[-2:] == ["74.7", "75.0"]
    assert sum(row["points"] > 0 for row in paper["rows"]) == 4


def test_the_answers_are_those_of_the_record_and_the_model(visitor, root):
    visitor.act("answer", id="head", answer=384)
    asked = {
        question["id"]: question for question in visitor.act("answer", id="start", answer=2)["questions"]
    }
    assert asked["head"]["right"] == 2 * 192
    rows_ = {
        row["n_layers_transferred"]: row["mean"]["test"]
        for row in record(root)["layers"]
        if (row["model"], row["task"]) == ("tiny-gpt2", "sentiment")
    }
    in_order = [rows_[k] for k in (-1, 0, 3, 4)]
    assert asked["start"]["right"] == in_order.index(max(in_order))
    forget = {q["id"]: q for q in visitor.act("answer", id="forget", answer=0)["questions"]}["forget"]
    assert forget["right"] == 1, "L1 stays where it was when nothing lowers it"


def test_the_code_gives_what_torch_gives(visitor, root, monkeypatch):
    monkeypatch.chdir(root)
    text = visitor.act("text", text="이 영화는 재미있다.")["text"]
    with redirect_stdout(io.StringIO()) as told:
        exec(visitor.act("set", name="lambda_", value=0.75)["code"], {})
    printed = [float(value) for value in re.findall(r"[\d.]+(?=,|$)", told.getvalue().strip())]
    model = AutoModelForCausalLM.from_pretrained(root / "assets/models/tiny-gpt2", dtype=torch.float32)
    wte = model.get_input_embeddings().weight.data
    wte[[3, 4, 5]] = torch.randn(3, 192, generator=torch.Generator().manual_seed(1000)) * 0.02
    w_y = torch.randn(192, 2, generator=torch.Generator().manual_seed(0)) * 0.02
    ids = torch.tensor(
        [[3, *AutoTokenizer.from_pretrained(root / "assets/models/tiny-gpt2")(text).input_ids, 5]]
    )
    with torch.no_grad():
        out = model(ids, output_hidden_states=True)
    l1 = F.cross_entropy(out.logits[0, :-1], ids[0, 1:]).item()
    l2 = F.cross_entropy(out.hidden_states[-1][:, -1] @ w_y, torch.tensor([0])).item()
    assert printed[:3] == pytest.approx([l1, l2, l2 + 0.75 * l1], abs=2e-4)


def test_a_state_is_small_and_starts_at_the_recipe():
    from app.engine.recipe import RECIPE

    assert (State().steps, State().rate, State().lambda_) == (
        RECIPE.steps,
        RECIPE.learning_rate,
        RECIPE.lambda_,
    )


def test_the_gain_is_measured_on_the_first_set_of_each_kind():
    """Where a press on a kind leads: what `make bench ARGS=gain` says holds for what the learner does."""
    first: dict[str, str] = {}
    for task in TASKS:
        if task != "own":
            first.setdefault(sets.about(task).kind, task)
    assert tuple(first.values()) == gain.SETS
