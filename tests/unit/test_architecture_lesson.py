"""What 「GPT-1 vs GPT-2」 shows beside its tensors: code, words, panels, labs, answers, and what it refuses.

On untrained models of both architectures; expected numbers come from `transformers` and plain torch here.
"""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields, replace

import pytest
import torch
from transformers.models.gpt2 import modeling_gpt2
from transformers.models.openai import modeling_openai

from app.engine.init_lab import N_STARTS, gradient_norms, residual_walk
from app.errors import InputError
from app.guess import load_questions
from app.languages import CODES
from app.views import heatmap
from lessons.architecture import compute, filled, starts
from lessons.architecture.lesson import LESSON
from lessons.architecture.nodes import INSIDE, OUTSIDE, kind_of
from lessons.architecture.state import CHANGES, LABS, NO_NODE, SIDES, TERMS, State
from tests.mounted import Mounted, Visitor, tiny_registry

N_CTX = 24
SOURCES = {"gpt1": modeling_openai, "gpt2": modeling_gpt2}
MOST_BYTES = 300_000  # of one update


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with tiny_registry(tmp_path_factory.mktemp("architecture"), n_ctx=N_CTX) as registry:
        yield registry


@pytest.fixture(scope="module", params=CODES)
def mounted(request, registry) -> Mounted:
    return Mounted(LESSON, LESSON.stage, registry, request.param)


@pytest.fixture
def visitor(mounted) -> Visitor:
    visitor = Visitor(mounted)
    visitor.enter()
    assert not visitor.picture["notice"]
    return visitor


def places(n_layer: int = 2):
    """(side, name) of everything that can be pressed."""
    names = [*OUTSIDE, *(f"blocks.{layer}.{name}" for layer in range(n_layer) for name in INSIDE)]
    return [(side, name) for side in SIDES for name in names if kind_of(name, side)]


@pytest.mark.parametrize("side", SIDES)
def test_every_line_of_code_stands_in_transformers(side: str):
    lines = {line.strip() for line in inspect.getsource(SOURCES[side]).splitlines()}
    kinds = [*OUTSIDE.values(), *INSIDE.values()]
    shown = [kind.code[side] for kind in kinds if kind.code[side]]
    assert len(shown) >= 10
    assert not [line for line in shown if line not in lines]


def test_every_place_opens_with_its_words_and_stays_small(visitor):
    for side, name in places():
        picture = visitor.act("pick", side=side, node=name)
        panel = picture["panel"]
        assert not picture["notice"], name
        assert (panel["name"], panel["side"]) == (name, side)
        assert panel["say"] and panel["title"] and "{" not in panel["say"]
        assert all(re.fullmatch(r"\[\d+(, \d+)*\]", shape) for _, shape in panel["where"])
        assert picture["link"].get("node", State().node) == name
    assert visitor.act("pick", node=None)["panel"]["kind"] != "tensor"


def test_a_long_text_fits_into_one_update(visitor):
    text = "나는 오늘 그 곳에 간다. I like the small dog. " * 40
    picture = visitor.act("text", text=text)
    for column in picture["columns"]:
        assert len(column["tokens"]) == N_CTX
        assert column["n_dropped"] > 0
    assert len(re.findall(r"\d+", picture["look"])) >= 2, "how many are left out stands in the sentence"
    for side, name in places():
        picture = visitor.act("pick", side=side, node=name)
        assert len(json.dumps(picture)) < MOST_BYTES, name


def test_two_heatmaps_share_what_one_panel_may_hold():
    tensor = torch.randn(100, 600)
    first, second = heatmap.share(tensor, tensor[:, :60])
    assert (first, second) == (heatmap.MOST_VALUES - 6000, heatmap.MOST_VALUES // 2)
    part = heatmap.exact(tensor, first)
    assert (part["columns"], part["of"]) == (first // 100, 600)
    assert sum(heatmap.share(tensor, tensor)) == heatmap.MOST_VALUES


def test_columns_of_the_scores_have_the_names_of_their_tokens(visitor, registry):
    panel = visitor.act("pick", side="gpt2", node="logits")["panel"]
    assert len(panel["y"]["names"]) == panel["y"]["columns"]
    run = compute.run(models_of(registry)["gpt2"], visitor.picture["text"])
    best = int(run.tensors["logits"][-1].argmax())
    piece = run.loaded.tokenizer.candidates(list(run.ids), [best])[0]
    assert panel["y"]["names"][0].strip() in (
        piece.piece.strip(),
        visitor.mounted.context.text("special.end"),
    )


@pytest.mark.parametrize("lit", [*CHANGES, *TERMS, "none"])
def test_what_is_lit_has_its_panel_and_a_sentence(visitor, lit: str):
    picture = visitor.act("light", lit=lit)
    assert not picture["notice"]
    assert picture["lit"] == lit
    assert "{" not in picture["look"]
    picture = visitor.act("pick", node=None)
    expected = "change" if lit in CHANGES else "term" if lit in TERMS else "none"
    assert picture["panel"]["kind"] == expected


def test_papers_values_and_own_stand_side_by_side(visitor, registry):
    visitor.act("light", lit="vocabulary")
    panel = visitor.picture["panel"]
    assert panel["rows"][0][1:] == ["40,478", "50,257"]
    sizes = [compute.run(model, "나").loaded.vocab_size for model in models_of(registry).values()]
    assert panel["rows"][1][1:] == [f"{size:,}" for size in sizes]
    for cut, (side, model) in zip(panel["cuts"], models_of(registry).items(), strict=True):
        ids = model.tokenizer.encode(visitor.picture["text"])[-N_CTX:]
        assert cut["side"] == side
        assert [token["id"] for token in cut["tokens"]] + [0] * cut["more"] == ids[:24] + [0] * cut["more"]
    visitor.act("light", lit="context")
    assert visitor.picture["panel"]["rows"][0][1:] == ["512", "1,024"]


def models_of(registry):
    from app import models

    return {side: models.load(registry.spec(f"tiny-{side}")) for side in SIDES}


def test_the_picked_model_sits_in_the_column_of_its_architecture(visitor):
    for name in ("tiny-gpt1", "tiny-gpt2"):
        picture = visitor.act("model", name=name)
        assert picture["architecture"] == name.removeprefix("tiny-")
        assert [column["side"] for column in picture["columns"]] == list(SIDES)


def test_walking_the_blocks_takes_the_panel_along(visitor):
    visitor.act("pick", side="gpt1", node="blocks.0.hook_mlp_out")
    picture = visitor.act("open", block=1)
    assert [column["open"] for column in picture["columns"]] == [1, 1]
    assert picture["panel"]["name"] == "blocks.1.hook_mlp_out"
    assert "blocks.1.hook_mlp_out" in picture["columns"][0]["tensors"]


JUNK = [
    ("open", {"block": 99}),
    ("open", {"block": True}),
    ("open", {"block": "1"}),
    ("light", {"lit": "everything"}),
    ("light", {"lit": ["ln"]}),
    ("pick", {"side": "gpt1", "node": "ln_final.hook_normalized"}),
    ("pick", {"side": "gpt2", "node": "blocks.9.hook_mlp_out"}),
    ("pick", {"side": "gpt3", "node": "logits"}),
    ("pick", {"side": "gpt2", "node": "__class__"}),
    ("mark", {"row": "first"}),
    ("mark", {"row": 10**9}),
    ("head", {"head": 25}),
    ("head", {"head": True}),
    ("head", {}),
    ("lab", {"lab": "all", "on": True}),
    ("depth", {"depth": 1}),
    ("depth", {"depth": 2.5}),
    ("depth", {"depth": 4, "init": "he"}),
    ("depth", {"depth": 4, "scaled": True}),
    ("answer", {"id": "larger", "answer": "gpt2"}),
]


@pytest.mark.parametrize(("action", "payload"), JUNK)
def test_junk_gets_one_sentence_and_changes_nothing(visitor, action: str, payload: dict):
    before = visitor.picture
    picture = visitor.act(action, **payload)
    assert picture["notice"]
    assert picture["panel"] == before["panel"] and picture["link"] == before["link"]


def test_a_link_to_a_tensor_that_is_not_there_opens_without_it(mounted):
    visitor = Visitor(mounted)
    for node in ("ln_final.hook_normalized", "blocks.77.hook_mlp_out", "blocks.x.y", "nothing"):
        visitor.enter(f"lesson=architecture&side=gpt1&node={node}&block=47")
        assert visitor.picture["ready"]
        assert visitor.picture["node"] == ""


def test_a_text_without_tokens_is_refused(registry):
    for model in models_of(registry).values():
        with pytest.raises(InputError):
            compute.run(model, "")


def test_labs_add_start_after_start_and_begin_anew_when_moved(visitor):
    for lab in LABS:
        visitor.act("lab", lab=lab, on=True)
    visitor.act("depth", depth=3, scaled=False, init="gpt")
    for _ in range(N_STARTS + 1):
        visitor.act("start")
    labs = visitor.picture["labs"]
    expected = list(gradient_norms(3))[-1], list(residual_walk(3))[-1]
    for curve, spread in zip(
        labs["gradients"]["curves"], (expected[0].post_ln, expected[0].pre_ln), strict=True
    ):
        assert curve["mean"] == pytest.approx(spread.mean)
        assert curve["low"] == pytest.approx(spread.low)
    for curve, spread in zip(labs["walk"]["curves"], (expected[1].plain, expected[1].scaled), strict=True):
        assert curve["high"] == pytest.approx(spread.high)
    assert labs["gradients"]["n_done"] == labs["walk"]["n_done"] == N_STARTS
    moved = visitor.act("depth", depth=4, scaled=True, init="gpt")["labs"]
    assert moved["gradients"]["n_done"] == 1
    assert len(moved["gradients"]["curves"][0]["mean"]) == 4
    closed = visitor.act("lab", lab="lens", on=False)["labs"]
    assert "lens" not in closed and "walk" in closed


def test_a_closed_lab_costs_nothing():
    assert starts.measure(State()) == State()


def test_the_table_of_parameters_adds_up(visitor):
    rows = visitor.act("lab", lab="parameters", on=True)["labs"]["parameters"]["rows"]
    numbers = [[int(cell.replace(",", "")) for cell in row[1:]] for row in rows]
    for column in zip(*numbers, strict=True):
        assert sum(column[:-1]) == column[-1]
    assert [rows[-1][1], rows[-1][3]] == ["116,534,784", "124,439,808"]


def test_the_last_row_of_the_lens_is_the_model_s_own_prediction(visitor):
    picture = visitor.act("lab", lab="lens", on=True)
    for column, shown in zip(picture["columns"], picture["labs"]["lens"]["columns"], strict=True):
        assert shown["rows"][-1]["p_final"] == pytest.approx(column["next"]["p"])
        assert len(shown["rows"]) == len(shown["norms"]) == column["n_layer"] + 1


def test_questions_are_answered_by_the_models(visitor, registry):
    text = visitor.picture["text"]
    last, first = {}, {}
    for side, model in models_of(registry).items():
        ids = torch.tensor([model.tokenizer.encode(text)[-N_CTX:]])
        kept = {}
        block = model.model.transformer.h[-1]
        handle = block.register_forward_hook(
            lambda module, inputs, output, kept=kept: kept.update(
                out=output[0] if isinstance(output, tuple | list) else output
            )
        )
        with torch.no_grad():
            states = model.model(ids, output_hidden_states=True).hidden_states
        handle.remove()
        last[side] = kept["out"].reshape(-1, kept["out"].shape[-1])
        first[side] = states[0][0]
    norms = {side: tensor.norm(dim=-1).mean().item() for side, tensor in last.items()}
    equal = abs(norms["gpt1"] - norms["gpt2"]) <= 0.1 * max(norms.values())
    times = (last["gpt2"].std(correction=0) / first["gpt2"].std(correction=0)).item()
    counts = {side: len(model.tokenizer.encode(text)) for side, model in models_of(registry).items()}
    right = {
        "larger": 2 if equal else int(norms["gpt2"] > norms["gpt1"]),
        "growth": 0 if times < 2 else 1 if times < 10 else 2,
        "tokens": 2 if counts["gpt1"] == counts["gpt2"] else int(counts["gpt2"] < counts["gpt1"]),
    }
    assert {question["id"] for question in load_questions(LESSON)} == set(right)
    assert all(question["right"] is None for question in visitor.picture["questions"])
    for name, expected in right.items():
        picture = visitor.act("answer", id=name, answer=0)
        question = next(one for one in picture["questions"] if one["id"] == name)
        assert question["right"] == expected
        assert question["answer"] and "{" not in question["answer"]


def test_scenes_open_and_cover_the_slides(visitor):
    slides = {scene.slide for scene in LESSON.scenes}
    assert {"GPT1 구조 1", "GPT1 구조 2", "GPT2"} <= slides
    for number, scene in enumerate(LESSON.scenes):
        picture = visitor.act("scene", to=number)
        assert not picture["notice"], scene.id
        assert picture["lit"] == scene.state.get("lit", State().lit)
    lit = {scene.state.get("lit") for scene in LESSON.scenes}
    assert set(CHANGES) <= lit


def test_state_comes_back_from_its_link(mounted, visitor):
    visitor.act("open", block=1)
    visitor.act("light", lit="final")
    visitor.act("pick", side="gpt1", node="blocks.1.hook_attn_out")
    visitor.act("mark", row=2)
    visitor.act("head", head=1)
    visitor.act("depth", depth=7, scaled=True, init="xavier")
    other = Visitor(mounted)
    other.enter(visitor.address())
    for key in ("lit", "open", "side", "node", "row", "panel"):
        assert other.picture[key] == visitor.picture[key], key
    assert other.picture["labs"] == visitor.picture["labs"]
    assert other.picture["labs"] == {"depth": 7, "scaled": True, "init": "xavier", "open": []}


def test_answers_survive_a_change_of_language(mounted, visitor):
    kept = visitor.act("answer", id="tokens", answer=1)["keep"]
    other = Visitor(mounted)
    other.enter(visitor.address(), kept=kept)
    assert [question["given"] for question in other.picture["questions"]] == [None, None, 1]


def test_every_field_of_the_link_is_checked():
    linked = {field.name for field in fields(State) if "link" in field.metadata}
    assert linked == {"lit", "block", "side", "node", "head", "row", "depth", "scaled", "init"}
    assert replace(State(), node=NO_NODE).node == NO_NODE


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.5, "0.50"), (-12.34, "−12.34"), (0.0123, "0.012"), (-0.0001, "0.000"), (0, "0.000")],
)
def test_numbers_of_a_formula(value: float, shown: str):
    assert filled.number(torch.tensor(value)) == shown
