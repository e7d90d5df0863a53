"""What 「어텐션」 shows: every number against `transformers` or plain torch; what it refuses.

On untrained models of both architectures.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from app import models
from app.engine.memory import SHARED
from app.languages import CODES
from app.models import registry as registry_module
from app.models.tokens import ReadableTokenizer
from app.views import bertviz
from lessons.attention import compute, lists
from lessons.attention.lesson import LESSON
from lessons.attention.state import SCORES, place, read_parts
from tests import plain_attention
from tests.mounted import Mounted, Visitor, tiny_registry

N_CTX = 140
MOST_BYTES = 300_000  # of one update
TEXTS = ("나는 오늘 그 곳에 간다. 나는 오늘 그", "I like the small dog. I like the", "나는")
UNREAD = "a text that gives no token"
ROOT = Path(__file__).parents[2]
MODELS = ("tiny-gpt1", "tiny-gpt2")


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    # weights with which the likeliest token depends on the text
    with tiny_registry(tmp_path_factory.mktemp("attention"), n_ctx=N_CTX, seed=2) as registry:
        yield registry


@pytest.fixture(scope="module")
def mounted(registry) -> Mounted:
    return Mounted(LESSON, LESSON.stage, registry)


@pytest.fixture
def visitor(mounted) -> Visitor:
    return Visitor(mounted)


def begin(visitor: Visitor, text: str, model: str = "tiny-gpt2", **fields: str) -> dict:
    query = "&".join(f"{name}={value}" for name, value in {"text": text, "model": model, **fields}.items())
    picture = visitor.enter(query)
    assert not picture["notice"], picture["notice"]
    return picture


def loaded_of(visitor: Visitor, picture: dict) -> tuple[models.LoadedModel, list[int]]:
    loaded = models.load(visitor.mounted.context.registry.spec(picture["model"]))
    return loaded, loaded.tokenizer.encode(picture["text"])


def weights_hash(model: torch.nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def values(part: dict) -> np.ndarray:
    """{"rows", "columns", "top", "data"} as the browser reads it -> (rows, columns)."""
    data = np.frombuffer(base64.b64decode(part["data"]), np.uint8).reshape(-1, 3).astype(np.int32)
    steps = (data[:, 0] | data[:, 1] << 8 | data[:, 2] << 16) << 8 >> 8
    return (steps * part["top"] / (2**23 - 1)).reshape(part["rows"], part["columns"])


@pytest.mark.parametrize(("text", "model"), list(itertools.product(TEXTS, MODELS)))
def test_pattern_map_and_row_equal_transformers(visitor, text, model):
    picture = begin(visitor, text, model)
    loaded, ids = loaded_of(visitor, picture)
    found = plain_attention.patterns(loaded, ids)  # (n_layer, h, T, T)
    layer, head, query = (picture["at"][name] for name in ("layer", "head", "query"))
    assert (layer, head) == (loaded.n_layer - 1, min(2, loaded.n_head - 1)) and query == len(ids) - 1
    np.testing.assert_allclose(values(picture["large"]["pattern"]), found[layer, head], atol=1e-6)
    side, data = picture["map"]["side"], base64.b64decode(picture["map"]["data"])
    assert side == len(ids) and len(data) == loaded.n_layer * loaded.n_head * side**2
    assert np.abs(np.frombuffer(data, np.uint8) / 255 - found.flatten().numpy()).max() < 0.0025
    row = picture["row"]
    np.testing.assert_allclose(row["weights"], found[layer, head, query, : query + 1], atol=1e-5)
    q, k, v, z = (values(row[name]) for name in "qkvz")
    d = loaded.d_model // loaded.n_head
    assert row["d"] == d and row["hidden"] == 0
    np.testing.assert_allclose(row["dots"], (k @ q[0]), atol=2e-3)
    np.testing.assert_allclose(row["scores"], np.array(row["dots"]) / d**0.5, atol=2e-3)
    weights = np.exp(row["scores"]) / np.exp(row["scores"]).sum()
    np.testing.assert_allclose(row["weights"], weights, atol=2e-3)
    np.testing.assert_allclose(z[0], row["weights"] @ v, atol=2e-3)


def test_a_row_in_the_middle_knows_what_it_cannot_see(visitor):
    begin(visitor, TEXTS[0])
    picture = visitor.act("mark", query=2)
    assert picture["at"]["query"] == 2 and len(picture["row"]["weights"]) == 3
    assert picture["row"]["hidden"] == picture["at"]["last"] - 3


@pytest.mark.parametrize("query", [2, -1])
def test_each_token_that_is_seen_is_named_by_what_it_is_to_the_one_that_looks(visitor, query):
    picture = begin(visitor, "a b c a b", query=str(query))
    _, ids = loaded_of(visitor, picture)
    at = query % len(ids)
    expected = [""] * (at + 1)
    expected[0] = "first"
    expected[at - 1] = "previous"
    for before in [index for index in range(at) if ids[index] == ids[at]]:
        expected[before : before + 2] = "same", "induction"
    expected[at] = "self"
    assert picture["row"]["relations"] == expected
    assert query == 2 or {"same", "induction"} <= set(expected), "the last one stands there before"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("cut", [("0.1",), ("0.0", "1.2")])
def test_a_cut_equals_zeroed_outputs_everywhere_in_the_picture(visitor, cut, model):
    begin(visitor, TEXTS[1], model)
    for part in cut:
        picture = visitor.act("switch", part=part)
    loaded, ids = loaded_of(visitor, picture)
    heads = [place(part)[1:] for part in cut]
    before, after = plain_attention.log_p(loaded, ids), plain_attention.log_p(loaded, ids, heads)
    effect = picture["effect"]
    assert effect["target"] == int(before.argmax())
    assert effect["before"] == pytest.approx(float(before.max()), abs=1e-4)
    assert effect["after"] == pytest.approx(float(after[effect["target"]]), abs=1e-4)
    for row in effect["rows"]:
        assert row["before"] == pytest.approx(float(before[row["id"]].exp()), abs=1e-5)
        assert row["after"] == pytest.approx(float(after[row["id"]].exp()), abs=1e-5)
    for side in (0, 1):
        shown = sum(row[("before", "after")[side]] for row in effect["rows"])
        assert shown + effect["rest"][side] == pytest.approx(1, abs=1e-6)
    found = plain_attention.patterns(loaded, ids, heads)
    at = picture["at"]
    np.testing.assert_allclose(values(picture["large"]["pattern"]), found[at["layer"], at["head"]], atol=1e-6)
    for index, one in enumerate(picture["scores"]):
        pattern = found.flatten(0, 1)[index]
        for name in ("previous", "first", "induction"):
            assert one[name] == pytest.approx(plain_attention.score(pattern, ids, name), abs=1e-5)


def test_the_head_that_is_cut_gives_nothing(visitor):
    begin(visitor, TEXTS[0], layer="1", head="0")
    picture = visitor.act("switch", part="1.0")
    assert picture["row"]["off"] and not values(picture["row"]["z"]).any()
    picture = visitor.act("set", name="how", value="mean")
    assert not picture["row"]["off"] and values(picture["row"]["z"]).any()
    assert [one["part"] for one in visitor.act("switch", part="m0")["cuts"]] == ["m0", "1.0"]
    assert visitor.act("switch")["cuts"] == []


def test_a_whole_attention_and_an_mlp_can_be_cut(visitor):
    plain = begin(visitor, TEXTS[1])["effect"]
    loaded, ids = loaded_of(visitor, visitor.picture)
    every = [(0, head) for head in range(loaded.n_head)]
    cut = visitor.act("switch", part="a0")["effect"]
    expected = plain_attention.log_p(loaded, ids, every)[plain["target"]]
    assert cut["after"] == pytest.approx(float(expected), abs=1e-4)
    visitor.act("switch")
    mlp = visitor.act("switch", part="m1")["effect"]
    handle = loaded.model.transformer.h[1].mlp.register_forward_hook(
        lambda module, inputs, output: torch.zeros_like(output)
    )
    expected = plain_attention.log_p(loaded, ids)[plain["target"]]
    handle.remove()
    assert mlp["after"] == pytest.approx(float(expected), abs=1e-4)


def ask(visitor: Visitor, name: str, **more) -> dict:
    return visitor.mounted.answers(visitor.session, {"ask": name, "seq": 1, **more})[-1]["reply"]


@pytest.mark.parametrize("model", MODELS)
def test_the_sweep_cuts_one_head_after_another(visitor, model):
    picture = begin(visitor, TEXTS[1], model)
    loaded, ids = loaded_of(visitor, picture)
    before = plain_attention.log_p(loaded, ids)
    for layer in range(loaded.n_layer):
        reply = ask(visitor, "sweep", layer=layer)
        assert reply["key"] == picture["sweep"]["key"]
        for head, change in enumerate(reply["changes"]):
            after = plain_attention.log_p(loaded, ids, [(layer, head)])
            target = picture["effect"]["target"]
            assert change == pytest.approx(float(after[target] - before[target]), abs=1e-4)


def others(text: str) -> Iterator[str]:
    """The same words in other orders, most of them as many tokens."""
    for words in itertools.islice(itertools.permutations(text.split()), 1, 8000, 41):
        yield " ".join(words)


@pytest.mark.parametrize("model", MODELS)
def test_an_exchange_equals_hooks_that_swap(visitor, model):
    """Untrained models often give one answer to both texts; that of one pair at least differs."""
    begin(visitor, TEXTS[1], model, tool="exchange")
    visitor.act("swap", part="0.1")
    for text in others(TEXTS[1]):
        picture = visitor.act("set", name="other", value=text)
        if not picture["exchange"]["say"]:
            break
    exchange = picture["exchange"]
    assert not exchange["say"]
    loaded, ids = loaded_of(visitor, picture)
    other = loaded.tokenizer.encode(text)
    assert len(ids) == len(other)
    after = plain_attention.log_p_exchanged(loaded, ids, other, [(0, 1)])
    for row in exchange["rows"]:
        assert row["after"] == pytest.approx(float(after[row["id"]].exp()), abs=1e-5)
    on_text, on_other = plain_attention.log_p(loaded, ids), plain_attention.log_p(loaded, other)
    mine, theirs = int(on_text.argmax()), int(on_other.argmax())
    lead = [float(one[mine] - one[theirs]) for one in (on_text, on_other, after)]
    expected = (lead[2] - lead[0]) / (lead[1] - lead[0])
    assert exchange["carried"] == pytest.approx(expected, abs=1e-3)
    reply = ask(visitor, "carried", layer=0)
    assert reply["key"] == exchange["key"]
    assert reply["changes"][1] == pytest.approx(expected, abs=1e-3)


def test_two_sentences_of_different_length_are_told_with_both_numbers(visitor):
    begin(visitor, TEXTS[1], tool="exchange")
    picture = visitor.act("set", name="other", value="나는 오늘")
    loaded, ids = loaded_of(visitor, picture)
    say = picture["exchange"]["say"]
    assert str(len(ids)) in say and str(len(loaded.tokenizer.encode("나는 오늘"))) in say
    assert ask(visitor, "carried", layer=0) == {"key": "", "changes": []}


@pytest.mark.parametrize(("other", "told"), [("가" * 301, "300자"), (UNREAD, "토큰이 하나도")])
def test_a_second_sentence_that_cannot_be_used_is_told_in_the_panel(visitor, monkeypatch, other, told):
    """And leaves nothing of the one before it on show."""
    encode = ReadableTokenizer.encode
    monkeypatch.setattr(
        ReadableTokenizer, "encode", lambda self, text: [] if text == UNREAD else encode(self, text)
    )
    picture = begin(visitor, TEXTS[1], tool="exchange", other=TEXTS[1].replace("dog", "cat"))
    picture = visitor.act("set", name="other", value=other)
    assert told in picture["exchange"]["say"] and not picture["notice"]
    assert "rows" not in picture["exchange"] and picture["exchange"]["key"] == ""


def test_beside_the_mask_the_sentence_leaves_room_for_what_would_be(visitor):
    begin(visitor, "나는 오늘 그 곳에", query="1")
    reasons = {visitor.mounted.context.words[f"look.is.{name}"] for name in ("previous", "first")}
    assert any(one in visitor.picture["look"] for one in reasons) or "자기" in visitor.picture["look"]
    look = visitor.act("set", name="tool", value="mask")["look"]
    assert "마스크가 없다면" in look and not any(one in look for one in reasons)


def test_half_a_character_is_no_second_sentence(visitor):
    begin(visitor, TEXTS[1], tool="exchange")
    assert visitor.act("set", name="other", value="a \ud83d")["notice"]


def test_an_exchange_says_that_cuts_do_not_count_in_it(visitor):
    begin(visitor, TEXTS[1], tool="exchange")
    assert not visitor.picture["exchange"]["uncut"]
    picture = visitor.act("switch", part="0.1")
    assert "헤드 0.1" in picture["exchange"]["uncut"]
    plain = visitor.act("set", name="other", value=next(others(TEXTS[1])))["exchange"]
    assert plain == visitor.act("switch")["exchange"] | {"uncut": plain["uncut"]}


def test_without_the_mask_the_scores_stay_and_all_are_seen(visitor):
    begin(visitor, TEXTS[1], tool="mask")
    picture = visitor.act("mark", query=1)
    loaded, _ = loaded_of(visitor, picture)
    layer, head = picture["at"]["layer"], picture["at"]["head"]
    inside = f"blocks.{layer}.attn.hook_"
    tensors = compute.run(loaded, picture["text"]).tensors
    q, k = (tensors[inside + name][:, head].double() for name in "qk")  # (T, d_head)
    expected = (q @ k.T / q.shape[1] ** 0.5).softmax(-1)
    drawn = np.frombuffer(base64.b64decode(picture["unmasked"]["data"]), np.uint8).reshape(expected.shape)
    np.testing.assert_allclose(drawn / 255, expected, atol=0.0021)
    np.testing.assert_allclose(picture["unmasked"]["weights"], expected[1], atol=1e-5)


def test_the_scores_of_the_random_lists_come_a_moment_at_a_time(visitor):
    begin(visitor, TEXTS[0])
    before = visitor.act("set", name="lists", value=True)
    assert before["lists"] and not before["lists_done"]
    shares = []
    while not shares or shares[-1] < 1:
        shares.append(ask(visitor, "lists")["share"])
        assert len(shares) < 400
    assert shares == sorted(shares)
    after = visitor.act("set", name="lists", value=True)
    assert after["lists_done"] and after["scores"] != before["scores"]
    assert all(one[name] is not None for one in after["scores"] for name in SCORES)


def test_all_lists_have_been_read_only_when_the_scores_are_kept(visitor, monkeypatch):
    """A moment that ends with the last block of the last list is not over before what it gave is there."""
    loaded, _ = loaded_of(visitor, begin(visitor, TEXTS[0]))
    kept = {}

    def measuring(loaded):
        yield 31 / 32
        yield 1.0
        return ["the scores"]

    monkeypatch.setattr(lists, "measuring", measuring)
    monkeypatch.setattr(lists, "SLICE", 0)
    monkeypatch.setattr(lists.SHARED, "get", kept.get)
    monkeypatch.setattr(lists.SHARED, "put", lambda key, value, n_bytes: kept.update({key: value}))
    assert lists.read_some(loaded) == 1 and lists.done(loaded)


def test_what_is_written_on_is_greedy_with_the_cuts(visitor):
    begin(visitor, TEXTS[1])
    picture = visitor.act("switch", part="0.1")
    loaded, ids = loaded_of(visitor, picture)
    reply = ask(visitor, "proceed")
    for side, cut in (("before", ()), ("after", ((0, 1),))):
        written = [token["id"] for token in reply[side]]
        for n, token in enumerate(written):
            assert token == int(plain_attention.log_p(loaded, [*ids, *written[:n]], cut).argmax())
        assert len(written) == 8 or written[-1] == loaded.eot_id


def test_a_cut_stays_with_the_one_who_made_it(mounted):
    """Two visitors on the same text: one cuts, the other's numbers and the weights stay, nothing is kept."""
    mine, theirs = Visitor(mounted), Visitor(mounted)
    first = begin(theirs, TEXTS[1])
    loaded, _ = loaded_of(theirs, first)
    weights = weights_hash(loaded.model)
    begin(mine, TEXTS[1])
    kept = len(SHARED)
    for part in ("0.1", "a1", "m0"):
        mine.act("switch", part=part)
    ask(mine, "sweep", layer=0)
    ask(mine, "proceed")
    assert len(SHARED) == kept, "nothing that a cut changes is kept"
    again = theirs.act("pick", layer=first["at"]["layer"], head=first["at"]["head"])
    for name in ("map", "large", "row", "scores", "effect", "look"):
        assert again[name] == first[name]
    assert again["cuts"] == []
    assert weights_hash(loaded.model) == weights
    assert mine.picture["cuts"] and mine.act("switch")["effect"] == first["effect"]


def test_another_model_takes_no_cut_along(visitor):
    begin(visitor, TEXTS[1])
    visitor.act("switch", part="0.1")
    assert visitor.act("text", text=TEXTS[0])["cuts"], "another text does"
    visitor.act("swap", part="1.0")
    picture = visitor.act("model", name="tiny-gpt1")
    assert picture["cuts"] == []
    assert "0.1" in picture["notice"] and "1.0" in picture["notice"] and "다른 모델" in picture["notice"]
    assert not visitor.act("model", name="tiny-gpt2")["notice"], "nothing was lost this time"


def test_a_long_text_fits_into_one_update(registry):
    text = "나는 오늘 그 곳에 간다. I like the small dog. " * 40
    visitor = Visitor(Mounted(LESSON, LESSON.stage, registry))
    picture = begin(visitor, "나는")
    picture = visitor.act("text", text=text)
    assert picture["at"]["last"] == 128 and picture["n_dropped"] > 0
    assert picture["map"]["side"] == 48
    for tool in ("mask", "exchange", "cut"):
        assert len(json.dumps(visitor.act("set", name="tool", value=tool)).encode()) < MOST_BYTES
    held = visitor.picture["parts"]
    small = visitor.act("mark", query=5, held=held)
    assert "map" not in small and "large" not in small, "what is the same is not sent again"


def test_a_thumbnail_holds_the_largest_weight_under_each_cell():
    pattern = torch.rand(2, 3, 100, 100)
    side, data = compute.thumbnails(pattern)
    found = np.frombuffer(data, np.uint8).reshape(2, 3, side, side)
    assert side == 48
    for row, column in ((0, 0), (17, 3), (47, 47)):
        rows = slice(row * 100 // side, -(-(row + 1) * 100 // side))
        columns = slice(column * 100 // side, -(-(column + 1) * 100 // side))
        expected = pattern[:, :, rows, columns].amax((2, 3)) * 255
        np.testing.assert_allclose(found[:, :, row, column], expected.round())
    side, data = compute.thumbnails(torch.rand(12, 12, 128, 128))  # of GPT-2's size
    assert side >= 20 and len(data) <= compute.MOST_CELLS


def test_what_bertviz_gets_is_the_same_pattern(visitor):
    begin(visitor, TEXTS[0])
    for kind in bertviz.KINDS["gpt2"]:
        reply = ask(visitor, "bertviz", kind=kind, layer=1)
        assert reply["data"]["kind"] == kind and reply["say"]
    begin(visitor, TEXTS[0], "tiny-gpt1")
    sorry = visitor.mounted.answers(visitor.session, {"ask": "bertviz", "seq": 1, "kind": "neuron"})[-1]
    assert "sorry" in sorry


@pytest.mark.parametrize("lang", CODES)
def test_every_guess_is_answered_by_the_model(registry, lang):
    visitor = Visitor(Mounted(LESSON, LESSON.stage, registry, lang))
    picture = begin(visitor, TEXTS[1])
    loaded, ids = loaded_of(visitor, picture)
    found = plain_attention.patterns(loaded, ids)
    scores = {
        f"{layer}.{head}": plain_attention.score(found[layer, head], ids, "previous")
        for layer, head in itertools.product(range(loaded.n_layer), range(loaded.n_head))
    }
    best = max(scores, key=scores.get)
    questions = {one["id"]: one for one in visitor.act("answer", id="back", answer=0)["questions"]}
    assert questions["back"]["options"][questions["back"]["right"]] == best
    questions = {one["id"]: one for one in visitor.act("answer", id="falls", answer=0)["questions"]}
    before = plain_attention.log_p(loaded, ids)
    layer, head = map(int, best.split("."))
    after = plain_attention.log_p(loaded, ids, [(layer, head)])
    token = int(before.argmax())
    assert questions["falls"]["right"] == pytest.approx(float(after[token] - before[token]), abs=0.06)


def test_parts_are_read_in_order_and_nothing_else_is():
    assert read_parts("2.3,a1,m0,2.3,2.0") == ("m0", "a1", "2.0", "2.3")
    assert read_parts("") == ()
    for bad in ("2", "2.3;3.2", "x1", "2.3,", "100.1", ",".join(["0.1"] * 201)):
        with pytest.raises(ValueError, match="names no heads"):
            read_parts(bad)


def test_a_link_brings_the_place_back(visitor):
    begin(visitor, TEXTS[1])
    visitor.act("switch", part="0.1")
    visitor.act("set", name="rank", value="previous")
    visitor.act("mark", query=2)
    again = Visitor(visitor.mounted)
    picture = again.enter(visitor.address())
    assert [one["part"] for one in picture["cuts"]] == ["0.1"]
    assert picture["rank"] == "previous" and picture["at"]["query"] == 2
    assert again.visit.state == visitor.visit.state


def test_a_head_that_the_model_has_not_is_left_out(visitor):
    picture = visitor.enter("text=나는 오늘&cuts=0.1,40.2,m30&layer=40&head=20&query=100")
    assert [one["part"] for one in picture["cuts"]] == ["0.1"]
    shown = f"{picture['layers'] - 1}.{picture['heads'] - 1}"
    assert all(part in picture["notice"] for part in ("40.2", "블록 30의 MLP", "40.20", shown))
    assert "0.1" not in picture["notice"]
    assert picture["at"]["layer"] < picture["layers"] and picture["at"]["head"] < picture["heads"]
    assert visitor.act("switch", part="9.9")["cuts"] == picture["cuts"]
    assert visitor.act("switch", part="nonsense")["notice"]


def test_the_code_of_this_screen_runs_and_gives_the_picture(tmp_path, monkeypatch):
    """On the embedded model, where the code says it stands."""
    monkeypatch.setattr(registry_module, "MODELS_FOLDER", ROOT / "assets/models")
    mounted = Mounted(LESSON, LESSON.stage, registry_module.Registry())
    visitor = Visitor(mounted)
    picture = visitor.enter()
    picture = visitor.act("switch", part="3.2")
    file = tmp_path / "code.py"
    file.write_text(picture["code"], encoding="utf-8")
    told = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, check=True, timeout=120, cwd=ROOT
    )
    weights, before, after = told.stdout.rsplit("\n", 3)[0], *told.stdout.strip().split("\n")[-2:]
    numbers = [float(one) for one in weights.split("[")[1].split("]")[0].replace("\n", " ").split(",")]
    np.testing.assert_allclose(numbers, Visitor(mounted).enter()["row"]["weights"], atol=2e-4)
    rows = picture["effect"]["rows"]
    assert float(before.split()[-1]) == pytest.approx(max(row["before"] for row in rows), abs=1e-3)
    assert float(after.split()[-1]) == pytest.approx(max(row["after"] for row in rows), abs=1e-3)


def test_a_model_of_144_heads_fits_into_one_update(tmp_path):
    """As many heads, tokens and numbers in a head as GPT-2 has."""
    with tiny_registry(tmp_path, n_ctx=N_CTX, n_layer=1, n_head=12, n_embd=768) as registry:
        visitor = Visitor(Mounted(LESSON, LESSON.stage, registry))
        picture = begin(visitor, "I like the small dog. " * 40, tool="mask")
        assert picture["at"]["last"] == 128 and picture["row"]["d"] == 64
        rest = len(json.dumps({**picture, "map": None, "scores": None}).encode())
        heads = len(json.dumps(picture["scores"]).encode()) * 12
        side, data = compute.thumbnails([torch.rand(12, 128, 128)] * 12)
        assert side >= 20 and rest + heads + len(base64.b64encode(data)) < MOST_BYTES


@pytest.mark.parametrize(("ratio", "right"), [(0.2, 0), (0.5, 1), (1.0, 2), (2.0, 3)])
def test_the_right_answer_is_the_option_that_says_it(monkeypatch, ratio, right):
    """Below 0.3 of what it was, fallen, about the same, risen: one of the four options that are shown."""
    found = {"head": "2.3", "token": 0, "before": -2.0, "after": -2.0 + float(np.log(ratio))}
    monkeypatch.setattr(compute, "_without_it", lambda plain: found)
    assert compute.cut_it(None).right == right
    assert len(LESSON.texts("ko")["guess.cut.options"].split("\n")) == 4
