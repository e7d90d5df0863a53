"""Every sentence and table cell of 「GPT-1 vs GPT-2」 with a number in it, computed another way."""

from __future__ import annotations

import pytest
from torch.nn.functional import layer_norm

from app.languages import CODES
from lessons.architecture.lesson import LESSON
from lessons.architecture.nodes import INSIDE, OUTSIDE, kind_of
from lessons.architecture.state import CHANGES, SIDES, TERMS
from tests.mounted import Mounted
from tests.reference import values_in
from tests.two_models import LONG, PAPER, SIZES, Seen, two_models


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


def in_a_sentence(seen: Seen, block: int) -> dict[str, str]:
    """Every value that a sentence of look.* may name."""
    first, second = (seen.loaded[side] for side in SIDES)
    inside = f"blocks.{min(block, first.n_layer - 1)}."
    tokens = {side: len(seen.whole[side]) for side in SIDES}
    ln1 = first.model.transformer.h[min(block, first.n_layer - 1)].ln_1
    final = second.model.transformer.ln_f
    normal = lambda x: f"{layer_norm(x.double(), x.shape[-1:]).std(correction=0):.2f}"  # noqa: E731
    (next1, p1), (next2, p2) = (seen.next_token(side) for side in SIDES)
    return {
        "hat1": normal(seen.tensors["gpt1"][inside + "hook_resid_mid"]),
        "hat2": normal(seen.tensors["gpt2"][seen.last("gpt2")]),
        "gain1": f"{ln1.weight.mean().item():.2f}",
        "gain2": f"{final.weight.mean().item():.2f}",
        "count1": f"{seen.weights('gpt1'):,}",
        "count2": f"{seen.weights('gpt2'):,}",
        "paper1": "116,534,784",
        "block": f"{min(block, first.n_layer - 1)}",
        "last": f"{second.n_layer - 1}",
        "mid": seen.std("gpt1", inside + "hook_resid_mid"),
        "ln1": seen.std("gpt1", inside + "ln1.hook_normalized"),
        "start": seen.std("gpt2", "blocks.0.hook_resid_pre"),
        "end": seen.std("gpt2", seen.last("gpt2")),
        "final": seen.std("gpt2", "ln_final.hook_normalized"),
        "end1": seen.std("gpt1", seen.last("gpt1")),
        "n": f"{2 * second.n_layer}",
        "layers1": f"{first.n_layer}",
        "layers": f"{second.n_layer}",
        "factor": f"{(2 * second.n_layer) ** -0.5:.3f}",
        "rows1": f"{first.model.get_input_embeddings().weight.shape[0]}",
        "rows2": f"{second.model.get_input_embeddings().weight.shape[0]}",
        "context1": f"{SIZES['gpt1']['n_ctx']}",
        "context2": f"{SIZES['gpt2']['n_ctx']}",
        "tokens1": f"{tokens['gpt1']}",
        "tokens2": f"{tokens['gpt2']}",
        "width1": f"{SIZES['gpt1']['n_embd']}",
        "width": f"{SIZES['gpt2']['n_embd']}",
        "embed1": seen.std("gpt1", "hook_embed"),
        "embed2": seen.std("gpt2", "hook_embed"),
        "position1": seen.std("gpt1", "hook_pos_embed"),
        "position2": seen.std("gpt2", "hook_pos_embed"),
        **{"next1": next1, "p1": p1, "next2": next2, "p2": p2},
    }


@pytest.mark.parametrize("block", [0, 2])
@pytest.mark.parametrize("lit", ["none", *CHANGES, *TERMS])
def test_the_line_to_look_at_says_the_numbers_of_this_text(seen, lit: str, block: int):
    seen.act("open", block=block)
    told = seen.act("light", lit=lit)["look"]
    expected = in_a_sentence(seen, block)
    same = expected["tokens1"] == expected["tokens2"] and f"look.{lit}.same" in seen.words
    assert not same, "a text that both cut alike hides which number is whose"
    found = values_in(seen.words[f"look.{lit}"], told)
    assert found and found == {name: expected[name] for name in found}


@pytest.mark.parametrize("lit", CHANGES)
def test_the_line_under_a_heading_is_of_its_side(seen, lit: str):
    subs = seen.act("light", lit=lit)["subs"]
    for side in SIDES:
        values = values_in(seen.words[f"sub.{lit}.{side}"], subs[side])
        *_, vocabulary, context = PAPER[side]
        expected = {
            "n": f"{2 * SIZES[side]['n_layer']}",
            "vocabulary": f"{vocabulary:,}",
            "context": f"{context:,}",
        }
        assert values == {name: expected[name] for name in values}
    assert seen.act("light", lit="embed")["subs"] == seen.act("light", lit="ln")["subs"]


def test_the_sizes_under_a_heading(seen):
    for column in seen.act("light", lit="none")["columns"]:
        size = SIZES[column["side"]]
        layers, width, *_ = PAPER[column["side"]]
        here, paper = (
            values_in(seen.words[key], line)
            for key, line in zip(("dims", "dims.paper"), column["dims"], strict=True)
        )
        assert here == {"layers": f"{size['n_layer']}", "width": f"{size['n_embd']}"}
        assert paper == {"layers": f"{layers}", "width": f"{width}"}
        assert (column["n_layer"], column["n_head"], column["d_model"]) == (
            size["n_layer"],
            size["n_head"],
            size["n_embd"],
        )
        told = values_in(seen.words["alt.column"], column["alt"])
        assert told == {
            "model": column["model"],
            "blocks": f"{size['n_layer']}",
            "block": f"{column['open']}",
        }


def test_what_is_left_out_of_a_long_text_is_counted(mounted, both):
    seen = Seen(mounted, both, LONG)
    told = seen.act("light", lit="context")["look"]
    dropped = {side: len(seen.whole[side]) - SIZES[side]["n_ctx"] for side in SIDES}
    assert min(dropped.values()) > 0 and len(set(dropped.values())) == 2
    for column in seen.visitor.picture["columns"]:
        assert column["n_dropped"] == dropped[column["side"]]
        assert seen.words["dropped"].format(n=column["n_dropped"]) in told
    rows = seen.visitor.picture["panel"]["rows"]
    assert rows[-1] == [seen.words["panel.used"], *(f"{SIZES[side]['n_ctx']}" for side in SIDES)]
    cuts = seen.act("light", lit="vocabulary")["panel"]["cuts"]
    for cut in cuts:
        assert cut["count"] == seen.words["panel.tokens"].format(n=len(seen.whole[cut["side"]]))
        assert len(cut["tokens"]) == min(24, SIZES[cut["side"]]["n_ctx"])
        assert cut["more"] == SIZES[cut["side"]]["n_ctx"] - len(cut["tokens"])


def in_the_table(seen: Seen, lit: str) -> list[list[str]]:
    """The rows of the panel about one difference, less the names of most of them."""
    first, second = SIDES
    if lit == "ln":
        return [
            [seen.std(first, "blocks.1.hook_resid_mid"), seen.std(second, "blocks.1.hook_resid_pre")],
            [seen.std(side, "blocks.1.ln1.hook_normalized") for side in SIDES],
        ]
    if lit == "final":
        after = [seen.words["panel.absent"], seen.std(second, "ln_final.hook_normalized")]
        return [[seen.std(side, seen.last(side)) for side in SIDES], after]
    if lit == "init":
        return [["24", "24"], ["6", "4"], ["1", "1/√4 = 0.500"]]
    if lit == "sizes":
        return [
            ["116,534,784", "124,439,808"],
            ["–", "354,823,168"],
            ["–", "774,030,080"],
            ["–", "1,557,611,200"],
            [f"{seen.weights(side):,}" for side in SIDES],
        ]
    place = {"vocabulary": "get_input_embeddings", "context": None}[lit]
    tables = {}
    for side, loaded in seen.loaded.items():
        body = loaded.model.transformer
        positions = body.wpe if side == "gpt2" else body.positions_embed
        tables[side] = list((loaded.model.get_input_embeddings() if place else positions).weight.shape)
    paper = [f"{PAPER[side][2 if place else 3]:,}" for side in SIDES]
    rows = [paper, [f"{tables[side][0]:,}" for side in SIDES], [str(tables[side]) for side in SIDES]]
    return rows if place else [*rows, [f"{len(seen.ids[side])}" for side in SIDES]]


@pytest.mark.parametrize("lit", CHANGES)
def test_the_table_of_a_difference(seen, lit: str):
    seen.act("open", block=1)
    seen.act("light", lit=lit)
    panel = seen.act("pick", node=None)["panel"]
    assert [row[1:] for row in panel["rows"]] == in_the_table(seen, lit)
    assert (panel["kind"], panel["title"]) == ("change", seen.words[f"change.{lit}.title"])
    assert (panel["say"], panel["source"]) == (
        seen.words[f"change.{lit}.say"],
        seen.words[f"change.{lit}.source"],
    )
    assert bool(panel["cuts"]) == (lit == "vocabulary")
    names = {
        "ln": ["panel.ln.in", "panel.ln.out"],
        "final": ["panel.final.before", "panel.final.after"],
        "init": ["panel.paper_n", "panel.here_n", "panel.factor"],
        "vocabulary": ["panel.paper", "panel.here", "panel.vocabulary.table"],
        "context": ["panel.paper", "panel.here", "panel.context.table", "panel.used"],
    }
    if lit in names:
        assert [row[0] for row in panel["rows"]] == [seen.words[name] for name in names[lit]]
    else:
        sizes = [values_in(seen.words["panel.sizes.row"], row[0]) for row in panel["rows"][:-1]]
        assert [tuple(one.values()) for one in sizes] == [
            ("12", "768"),
            ("24", "1,024"),
            ("36", "1,280"),
            ("48", "1,600"),
        ]
        assert panel["rows"][-1][0] == seen.words["panel.sizes.here"]


@pytest.mark.parametrize("lit", TERMS)
def test_the_places_of_a_term_in_both_models(seen, lit: str):
    seen.act("light", lit=lit)
    panel = seen.act("pick", node=None)["panel"]
    assert panel["title"] == seen.words[f"term.{lit}.title"] and panel["say"] == seen.words[f"term.{lit}.say"]
    assert panel["source"] == seen.words["term.source"]
    for side, column in zip(SIDES, panel["columns"], strict=True):
        assert column["side"] == side
        places = {
            "embed": [("UWₑ", "hook_embed")],
            "position": [("Wₚ", "hook_pos_embed"), ("h₀", "blocks.0.hook_resid_pre")],
            "blocks": [
                (f"h{'₁₂₃'[block]}", seen.out(side, block)) for block in range(SIZES[side]["n_layer"])
            ],
            "unembed": [("hₙ", seen.last(side)), ("hₙWₑᵀ", "logits")],
        }[lit]
        if (lit, side) == ("unembed", "gpt2"):
            places = [places[0], ("LN_f(hₙ)", "ln_final.hook_normalized"), ("LN_f(hₙ)Wₑᵀ", "logits")]
        assert len(column["places"]) == len(places)
        for shown, (symbol, name) in zip(column["places"], places, strict=True):
            tensor = seen.tensors[side][name]
            first = [f"{value:.2f}".replace("-", "−") for value in tensor[-1][:3].tolist()]
            assert shown == {
                "symbol": symbol,
                "shape": str(list(tensor.shape)),
                "std": seen.std(side, name),
                "values": ", ".join(first) + ", …",
            }


def test_without_a_choice_the_panel_says_what_to_do(seen):
    seen.act("light", lit="none")
    panel = seen.act("pick", node=None)["panel"]
    assert panel == {
        "kind": "none",
        "title": seen.words["panel.none.title"],
        "say": seen.words["panel.none.say"],
    }


def every_place(seen: Seen) -> list[tuple[str, str]]:
    names = [*OUTSIDE, *(f"blocks.1.{name}" for name in INSIDE)]
    return [(side, name) for side in SIDES for name in names if kind_of(name, side)]


# What the symbols of each formula are, in sizes of the model: T tokens, V vocabulary, C context, d, h heads.
def shapes(seen: Seen, side: str, kind: str) -> list[list[int]]:
    size, T = SIZES[side], len(seen.ids[side])
    V, C, d, h = seen.loaded[side].vocab_size, size["n_ctx"], size["n_embd"], size["n_head"]
    rows, flat = [T, d], {"pattern": [[T, h, d // h], [h, T, T]], "logits": [[T, d], [V, d], [T, V]]}
    return flat | {
        "embed": [[T, V], [V, d], rows],
        "position": [[C, d], rows, rows],
        "ln": [rows, [d]],
        "resid_pre": [rows],
        "attn_out": [[h, T, T], [T, h, d // h], [d, d], rows],
        "resid_mid": [rows, rows],
        "resid_post": [rows, rows],
        "hidden": [rows, [d, 4 * d], [T, 4 * d]],
        "mlp_out": [rows, [d, 4 * d], [4 * d, d], rows],
    }


def test_every_panel_names_its_tensor_its_shapes_and_its_code(seen):
    for side, name in every_place(seen):
        panel = seen.act("pick", side=side, node=name)["panel"]
        kind = kind_of(name, side).words
        title, size = seen.words[f"node.{kind}.title"], SIZES[side]
        if name.startswith("blocks"):
            title = seen.words["in_block"].format(block=1, title=title)
        assert panel["title"] == title
        say = seen.words.get(f"node.{kind}.say") or seen.words[f"node.{kind}.say.{side}"]
        expected = {"width": size["n_embd"], "hidden": 4 * size["n_embd"], "heads": size["n_head"]}
        assert values_in(say, panel["say"]) == {
            key: f"{expected[key]}" for key in values_in(say, panel["say"])
        }
        known = shapes(seen, side, kind)
        assert [shape for _, shape in panel["where"]] == [
            str(one) for one in known["ln" if kind.startswith("ln") else kind]
        ]
        assert panel["shape"] == list(seen.tensors[side][name].shape)
        assert panel["twins"] == [one for one in SIDES if name in seen.tensors[one]]
        assert all(line in kind_of(name, one).code[one] for one, line in panel["code"])
        assert [one for one, _ in panel["code"]] == [one for one in SIDES if kind_of(name, side).code[one]]
        assert [token["id"] for token in panel["tokens"]] == seen.ids[side]
        if panel["kind"] == "tensor":
            assert_heatmaps(seen, side, name, panel)


def assert_heatmaps(seen: Seen, side: str, name: str, panel: dict) -> None:
    """What stands over them, and how many columns are shown of how many."""
    leaving, n = seen.words["panel.leaving"], seen.loaded[side].vocab_size
    if name == "logits":
        shown = min(192, n)
        leaving = seen.words["panel.logits"].format(n=shown, all=f"{n:,}")
        assert panel["y"]["columns"] == len(panel["y"]["names"]) == shown
        best = seen.tensors[side]["logits"][-1].argmax()
        label = seen.words["special.end"]
        expected = {seen.next_token(side)[0], f"·{seen.next_token(side)[0]}"} | (
            {label} if best == 0 else set()
        )
        assert panel["y"]["names"][0].strip() in expected
    else:
        assert panel["y"]["names"] == []
    assert panel["y"]["label"] == leaving
    entering = {"hook_embed": False}.get(name, not name.endswith("resid_pre"))
    assert bool(panel["x"]) == entering
    if entering:
        assert panel["x"]["label"] == seen.words["panel.entering"]


@pytest.mark.parametrize("row", [0, 1, 4, -1, 900])
def test_the_formula_in_numbers_is_of_the_marked_token(seen, row: int):
    """Counted from 0; the last one where none is marked, or none is there."""
    for side, name in every_place(seen):
        seen.act("pick", side=side, node=name)
        panel = seen.act("mark", row=row)["panel"]
        if "filled" not in panel:
            assert kind_of(name, side).words == "resid_pre"
            continue
        pieces = [token["piece"].strip() for token in panel["tokens"]]
        own = row if 0 <= row < len(pieces) else len(pieces) - 1
        key = "attention" if panel["kind"] == "heads" else "likeliest" if name == "logits" else "number"
        values = values_in(seen.words[f"filled.{key}"], panel["filled"]["say"])
        expected = {"token": pieces[own]}
        if key == "attention":
            expected["other"] = pieces[int(seen.tensors[side][name][panel["head"], own].argmax())]
        assert values == expected
