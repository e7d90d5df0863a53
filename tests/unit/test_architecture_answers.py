"""What 「GPT-1 vs GPT-2」 answers and does: blocks and heads that a model lacks, questions, lens, counts."""

from __future__ import annotations

import re

import pytest
import torch
from torch.nn.functional import layer_norm

from app.languages import CODES
from lessons.architecture import compute, labs, preview
from lessons.architecture.compute import Run
from lessons.architecture.lesson import LESSON
from lessons.architecture.state import MAX_BLOCKS, MAX_HEADS, NO_NODE, SIDES, State
from tests.mounted import Mounted, Visitor
from tests.reference import values_in
from tests.two_models import PAPER, SIZES, TEXT, Seen, two_models


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with two_models(tmp_path_factory.mktemp("different")) as registry:
        yield registry


@pytest.fixture(scope="module", params=CODES)
def mounted(request, both) -> Mounted:
    return Mounted(LESSON, LESSON.stage, both, request.param)


@pytest.fixture
def seen(mounted, both) -> Seen:
    return Seen(mounted, both)


def test_a_head_that_a_model_lacks_is_its_last_one(seen):
    seen.act("head", head=2)
    for side, head in (("gpt1", 1), ("gpt2", 2)):
        panel = seen.act("pick", side=side, node="blocks.1.attn.hook_pattern")["panel"]
        assert (panel["head"], panel["heads"]["heads"]) == (head, SIZES[side]["n_head"])


def test_a_block_that_a_model_lacks_is_its_last_one(seen):
    picture = seen.act("open", block=2)
    assert picture["blocks"] == 3 and [column["open"] for column in picture["columns"]] == [2, 1]
    assert "blocks.1.hook_mlp_out" in picture["columns"][1]["tensors"]
    for node, there in (
        ("blocks.1.hook_mlp_out", "blocks.1.hook_mlp_out"),
        ("ln_final.hook_normalized",) * 2,
    ):
        seen.act("pick", side="gpt2", node=node)
        assert seen.act("open", block=0)["node"] == there.replace("blocks.1", "blocks.0")
        assert seen.act("open", block=2)["node"] == there, "the panel shows what its own model has"
    assert seen.act("light", lit="ln")["node"] == "blocks.1.ln1.hook_normalized"
    assert seen.act("light", lit="final")["node"] == "ln_final.hook_normalized"
    assert seen.visitor.act("open", block=3)["notice"]


def test_a_place_in_a_link_is_one_that_the_model_has(mounted):
    for query, node, block in (
        ("side=gpt2&node=blocks.1.hook_mlp_out&block=7", "blocks.1.hook_mlp_out", 2),
        ("side=gpt2&node=blocks.2.hook_mlp_out", "", 2),
        ("side=gpt1&node=blocks.2.hook_mlp_out", "blocks.2.hook_mlp_out", 2),
        ("side=gpt1&node=blocks.3.hook_mlp_out&block=1", "", 1),
    ):
        visitor = Visitor(mounted)
        picture = visitor.enter(query)
        assert (picture["node"], picture["open"]) == (node, block)


def test_another_text_takes_the_mark_off_the_row(seen):
    assert seen.act("mark", row=3)["row"] == 3
    assert seen.act("text", text="나는 오늘")["row"] == -1


def test_ranges_of_the_link_are_those_of_the_largest_model(mounted):
    """48 blocks of 25 heads: GPT-2 of 1,600 dimensions, 64 a head (table 2); 1,024 tokens."""
    assert (MAX_BLOCKS, MAX_HEADS) == (48, 1600 // 64)
    for name, good, bad in (
        ("block", 47, 48),
        ("head", 24, 25),
        ("row", 1023, 1024),
        ("row", -1, -2),
        ("depth", 48, 49),
        ("depth", 2, 1),
    ):
        for value in (good, bad):
            visitor = Visitor(mounted)
            visitor.enter(f"{name}={value}")
            assert bool(visitor.picture["notice"]) == (value == bad), f"{name}={value}"


def test_answers_tell_the_numbers_of_their_sentences(seen):
    norm = {side: seen.tensors[side][seen.last(side)].norm(dim=-1).mean().item() for side in SIDES}
    before, after = (
        seen.tensors["gpt2"][name].std(correction=0).item()
        for name in ("blocks.0.hook_resid_pre", seen.last("gpt2"))
    )
    times = after / before
    tokens = {side: f"{len(seen.whole[side])}" for side in SIDES}
    expected = {
        "larger": {"first": f"{norm['gpt1']:.2f}", "second": f"{norm['gpt2']:.2f}"},
        "growth": {
            "before": f"{before:.2f}",
            "after": f"{after:.2f}",
            "times": f"{times:.0f}" if times >= 10 else f"{times:.1f}",
        },
        "tokens": {"first": tokens["gpt1"], "second": tokens["gpt2"]},
    }
    for name, values in expected.items():
        picture = seen.act("answer", id=name, answer=0)
        told = next(one["answer"] for one in picture["questions"] if one["id"] == name)
        assert values_in(seen.words[f"guess.{name}.answer"], told) == values


def stub(side: str, value: float, n_tokens: int = 5, start: float = 1.0) -> Run:
    """A run whose stream is `value` everywhere after the last block, `start` ± before the first."""
    signs = torch.tensor([1.0, -1.0]).repeat(n_tokens, 8)  # (T, 16): std 1
    tensors = {f"blocks.0.{'ln2.hook_normalized' if side == 'gpt1' else 'hook_resid_post'}": value * signs}
    tensors["blocks.0.hook_resid_pre"] = start * signs
    stats = lambda name: {"std": tensors[name].std(correction=0).item()}  # noqa: E731
    loaded = type("Loaded", (), {"architecture": side, "n_layer": 1})()
    return Run(
        loaded,
        tuple(range(n_tokens)),
        0,
        type("Trace", (), {"tensors": tensors, "stats": staticmethod(stats)})(),
    )


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [(1, 1.2, 1), (1.2, 1, 0), (1, 1, 2), (1, 1.1, 2), (1.1, 1, 2), (1, 1.12, 1), (1.12, 1, 0)],
)
def test_which_stream_is_longer_within_a_tenth(first, second, right):
    found = compute.larger_residual(stub("gpt1", first), stub("gpt2", second))
    assert found.right == right
    assert found.values == pytest.approx({"first": 4 * first, "second": 4 * second})


@pytest.mark.parametrize(
    ("end", "right", "times"),
    [(1.9, 0, "1.9"), (2, 1, "2.0"), (9.9, 1, "9.9"), (10, 2, "10"), (25.4, 2, "25")],
)
def test_how_much_the_stream_has_grown(end, right, times):
    found = compute.growth(stub("gpt1", 1), stub("gpt2", end))
    assert (found.right, found.values["times"]) == (right, times)


@pytest.mark.parametrize(
    ("first", "second", "right", "words"), [(4, 5, 0, ""), (5, 4, 1, ""), (4, 4, 2, ".same")]
)
def test_who_cuts_the_text_into_fewer_tokens(first, second, right, words):
    found = compute.fewer_tokens(stub("gpt1", 1, first), stub("gpt2", 1, second))
    assert (found.right, found.words, found.values) == (right, words, {"first": first, "second": second})


def test_words_are_numbered_alike_in_both_columns(seen):
    """A token belongs to the word in which it stands, whatever the tokenizer."""
    for column in seen.visitor.picture["columns"]:
        words: dict[int, str] = {}
        for token in column["tokens"]:
            words[token["word"]] = words.get(token["word"], "") + token["piece"]
        assert list(words) == list(range(len(TEXT.split())))
        spaces = [token["space"] for token in column["tokens"]]
        assert sum(spaces) == len(words) - 1 and not spaces[0]


def test_the_end_of_a_text_has_a_name(seen):
    """Wherever a token is written that was in no text."""
    picture = seen.visitor.picture
    for side, column in zip(SIDES, picture["columns"], strict=True):
        is_end = column["next"]["id"] == seen.loaded[side].eot_id
        assert column["next"]["label"] == (seen.words["special.end"] if is_end else "")
        assert all(token["label"] == "" for token in column["tokens"])
    panel = seen.act("pick", side="gpt2", node="logits")["panel"]
    assert panel["y"]["names"].count(seen.words["special.end"]) <= 1


def test_the_lens_against_the_models_own_end(seen):
    """Each layer's vector through the final LN (GPT-2) and the unembedding, in float64."""
    found = seen.act("lab", lab="lens", on=True)["labs"]["lens"]
    for side, column in zip(SIDES, found["columns"], strict=True):
        loaded, n = seen.loaded[side], SIZES[side]["n_layer"]
        stream = [
            seen.tensors[side]["blocks.0.hook_resid_pre"],
            *(seen.tensors[side][seen.out(side, block)] for block in range(n)),
        ]
        assert column["side"] == side and len(column["rows"]) == n + 1
        assert column["norms"] == pytest.approx([one.norm(dim=-1).mean().item() for one in stream], rel=1e-4)
        table = loaded.model.get_input_embeddings().weight.detach().double()
        final = int(seen.tensors[side]["logits"][-1].argmax())
        for row, vectors in zip(column["rows"], stream, strict=True):
            vector = vectors[-1:]
            if side == "gpt2":
                own = loaded.model.transformer.ln_f
                vector = layer_norm(vector, vector.shape[-1:], own.weight, own.bias, own.eps).detach()
            p = (vector.double() @ table.T).softmax(-1)[0]
            top = p.topk(3)
            assert [one["p"] for one in row["top"]] == pytest.approx(top.values.tolist(), rel=1e-3)
            assert row["p_final"] == pytest.approx(p[final].item(), rel=1e-3)
            for one, best in zip(row["top"], top.indices.tolist(), strict=True):
                is_end = best == loaded.eot_id
                piece = loaded.tokenizer.candidates(seen.ids[side], [best])[0].piece
                assert one["piece"].strip("␣ ") == (seen.words["special.end"] if is_end else piece.strip())
        assert [row["n_blocks"] for row in column["rows"]] == list(range(n + 1))
    seen.act("lab", lab="lens", on=False)


def test_ranks_of_the_winner_if_the_last_block_is_skipped(seen):
    """Read as it is, and through the last block's second LN (GPT-1)."""
    run = compute.run(seen.loaded["gpt1"], TEXT)
    own = seen.loaded["gpt1"].model.transformer.h[-1].ln_2
    before = seen.tensors["gpt1"][seen.out("gpt1", 1)][-1]
    winner = int(seen.tensors["gpt1"]["logits"][-1].argmax())
    table = seen.loaded["gpt1"].model.get_input_embeddings().weight.detach()
    expected = []
    for vector in (before, layer_norm(before, before.shape, own.weight, own.bias, own.eps).detach()):
        order = (table @ vector).argsort(descending=True).tolist()
        expected.append(1 + order.index(winner))
    assert labs.ranks_before_the_last_block(run.loaded, run.tensors) == tuple(expected)


def test_parameters_by_part_are_those_of_the_weights(seen):
    found = seen.act("lab", lab="parameters", on=True)["labs"]["parameters"]
    seen.act("lab", lab="parameters", on=False)
    parts = {
        "token_embedding": r"wte|tokens_embed",
        "position_embedding": "wpe|positions_embed",
        "attention": r"\.attn\.",
        "mlp": r"\.mlp\.",
        "layer_norm": r"(^|\.)ln_",
    }
    assert [row[0] for row in found["rows"]] == [
        seen.words[f"lab.parameters.{name}"] for name in [*parts, "total"]
    ]
    for index, side in enumerate(SIDES):
        here = [int(row[2 + 2 * index].replace(",", "")) for row in found["rows"]]
        weights = dict(seen.loaded[side].model.transformer.named_parameters())
        assert here[:-1] == [
            sum(one.numel() for name, one in weights.items() if re.search(pattern, name))
            for pattern in parts.values()
        ]
        layers, d, vocabulary, context = PAPER[side]
        paper = [int(row[1 + 2 * index].replace(",", "")) for row in found["rows"]]
        assert paper[:-1] == [
            vocabulary * d,
            context * d,
            layers * (4 * d * d + 4 * d),
            layers * (8 * d * d + 5 * d),
            layers * 4 * d + (2 * d if side == "gpt2" else 0),
        ]


def test_the_code_names_text_block_and_models(seen):
    seen.act("open", block=1)
    code = seen.visitor.picture["code"]
    assert f"text, block = {TEXT!r}, 1" in code.splitlines()
    assert re.search(r"for name in \(.*tiny-gpt1.*, .*tiny-gpt2.*\):", code)


STATES = [
    State(),
    State(
        lit="final", block=1, side="gpt1", node="logits", head=2, row=3, depth=7, scaled=True, init="xavier"
    ),
    State(lit="embed", block=0, node=NO_NODE, depth=30),
]


@pytest.mark.parametrize("state", STATES)
def test_the_first_picture_says_what_the_full_one_will(mounted, seen, state):
    """Before the models are there: what needs no model is already as it will be."""
    first = preview.draw(mounted.context, seen.visitor.page, state)
    assert {name: first[name] for name in ("lit", "side", "row", "open")} == {
        "lit": state.lit,
        "side": state.side,
        "row": state.row,
        "open": state.block,
    }
    assert first["labs"] == {"depth": state.depth, "scaled": state.scaled, "init": state.init, "open": []}
    assert first["node"] == state.node and first["panel"] is None and first["columns"] == []
    assert first["look"] == seen.words["look.preview"] and first["blocks"] == 4
