"""The endpoints give exactly the JSON they promise, and every bad argument ends in one code."""

import json
import math
import unicodedata
from functools import partial

import numpy
import pytest
import torch

from app import endpoints
from app.errors import UserError
from app.i18n import sentence
from app.models import Registry, load
from app.models.tokens import MAX_CHARACTERS
from tests.tiny_models import write_folder

TEXTS = [
    "",
    "   ",
    "\n\t",
    "나는 오늘",
    "나는 오늘 그 곳에 간다",
    "I like",
    "가" * 10_000,
    "x" * 10_000,
    "한 낱말씩 " * 2000,
    "가족👨‍👩‍👧‍👦과 🐶",
    "ㅋㅋㅋ ㅠㅠ",
    "ᄀ ᆺ",
    "각",
    "e\u0301q\u0307\u0323",
    "שלום مرحبا \u202e거꾸로",
    "NUL\0입니다",
    "\ud83d\udc36",
    "<script>alert(1)</script>",
    "</script><img onerror=alert(1)>",
    "${eval('1')} {{constructor}} ${1+",
    "&lt;b&gt; &amp;",
    "<|endoftext|><|pad|><unk>",
    "\ufeff\u200b\u200d",
    "�",
]


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def model(request, tmp_path_factory):
    """(name, registry) of a model of each architecture."""
    spec = write_folder(tmp_path_factory.mktemp("models") / request.param, request.param)
    return {"model": spec.name, "registry": Registry(spec.location)}


def plain(answer: dict) -> dict:
    """As it arrives at a client: JSON with neither NaN nor Infinity, and valid UTF-8."""
    return json.loads(json.dumps(answer, allow_nan=False, ensure_ascii=False).encode())


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:20]))
def test_any_text_gives_an_answer(model, text):
    tokens = plain(endpoints.tokenize(text, **model))["tokens"]
    assert all(set(token) - {"part_of"} == {"id", "piece", "bytes"} for token in tokens)
    assert all(token["id"] >= 22 for token in tokens), "no special token but <unk> comes from text"
    top = plain(endpoints.next_token(text, **model))["top"]
    assert len(top) == 10
    if "�" not in text:
        assert "�" not in json.dumps([tokens, top], ensure_ascii=False)
    assert len(plain(endpoints.generate(text, n=3, **model))["ids"]) <= 3


def test_tokens_of_gpt2_are_the_bytes_of_the_text(tmp_path):
    spec = write_folder(tmp_path / "gpt2", "gpt2")
    for text in (text for text in TEXTS if "\ud83d" not in text):
        tokens = endpoints.tokenize(text, spec.name, registry=Registry(spec.location))["tokens"]
        joined = bytes(byte for token in tokens for byte in token["bytes"])
        assert joined == unicodedata.normalize("NFC", text).encode()


def test_a_part_of_a_character(tmp_path):
    spec = write_folder(tmp_path / "gpt2", "gpt2")
    token = endpoints.tokenize("꽃", spec.name, registry=Registry(spec.location))["tokens"][0]
    assert (token["piece"], token["bytes"], token["part_of"]) == ("‹EA›", [0xEA], "꽃")


def test_next_token_is_the_softmax_of_the_model(model):
    text, controls = "나는 오늘", {"temperature": 0.7, "top_k": 5, "top_p": 0.9}
    answer = plain(endpoints.next_token(text, **model, **controls))
    loaded = load(model["registry"].spec(model["model"]))
    with torch.no_grad():
        logits = loaded.model(torch.tensor([loaded.tokenizer.encode(text)])).logits[0, -1].double()
    p = logits.softmax(0)
    best = p.topk(10)
    assert [entry["id"] for entry in answer["top"]] == best.indices.tolist()
    assert [entry["p_before"] for entry in answer["top"]] == pytest.approx(best.values.tolist(), rel=1e-4)
    assert answer["entropy"] == pytest.approx(-(p * p.log()).sum().item(), rel=1e-4)
    after = [entry["p_after"] for entry in answer["top"]]
    assert sum(after) == pytest.approx(1)  # top-k 5: all of it lies within the ten
    assert after[5:] == [0] * 5
    five = (logits[best.indices[:5]] / 0.7).softmax(0)
    if five[:4].sum() < 0.9:  # top-p cut none of the five
        assert after[:5] == pytest.approx(five.tolist(), rel=1e-4)


def test_generate_tells_its_steps(model):
    answer = plain(endpoints.generate("나는 오늘", n=6, strategy="sample", temperature=1.5, seed=3, **model))
    assert [step["id"] for step in answer["steps"]] == answer["ids"]
    assert 1 <= len(answer["ids"]) <= 6
    assert all(0 < step["p"] <= 1 for step in answer["steps"])
    assert answer["text"].startswith("나는 오늘")
    again = endpoints.generate("나는 오늘", n=6, strategy="sample", temperature=1.5, seed=3, **model)
    assert plain(again) == answer


def test_greedy_takes_the_first_of_next_token(model):
    first = endpoints.next_token("나는 오늘", **model)["top"][0]
    step = endpoints.generate("나는 오늘", n=1, **model)["steps"][0]
    assert (step["id"], step["piece"], step["p"]) == (
        first["id"],
        first["piece"],
        pytest.approx(first["p_before"]),
    )


def test_a_long_text_counts_by_its_last_tokens(model):
    long = "나는 오늘 그 곳에 간다. " * 30
    loaded = load(model["registry"].spec(model["model"]))
    ids = loaded.tokenizer.encode(long)
    with torch.no_grad():
        logits = loaded.model(torch.tensor([ids[-loaded.n_ctx :]])).logits[0, -1]
    top = endpoints.next_token(long, **model)["top"]
    assert top[0]["id"] == int(logits.argmax())


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_end_of_text_ends_it_and_is_no_text(model, strategy, monkeypatch):
    """The token that comes third is declared the end of text."""
    loaded = load(model["registry"].spec(model["model"]))
    end = endpoints.generate("오늘", n=3, **model)["ids"][-1]
    monkeypatch.setattr(loaded.tokenizer, "eot_id", end)
    monkeypatch.setitem(loaded.tokenizer._special, end, "<|endoftext|>")
    answer = endpoints.generate("오늘", n=10, strategy=strategy, top_k=1, **model)
    assert end not in answer["ids"][:-1]
    assert "<|endoftext|>" not in answer["text"]
    if strategy != "beam":
        assert answer["ids"][-1] == end


def test_trace_gives_the_tensor_that_transformers_computes(model):
    """What leaves the first of two blocks, its shape and its statistics."""
    text, loaded = "나는 오늘 그 곳", load(model["registry"].spec(model["model"]))
    with torch.no_grad():
        ids = torch.tensor([loaded.tokenizer.encode(text)])
        theirs = loaded.model(ids, output_hidden_states=True).hidden_states[1][0].double().numpy()
    output = "hook_resid_post" if loaded.architecture == "gpt2" else "hook_normalized_resid_post"
    answer = plain(endpoints.trace(text, name=f"blocks.0.{output}", **model))
    assert set(answer) == {"name", "shape", "mean", "std", "norm", "values"}
    assert (answer["name"], answer["shape"]) == (f"blocks.0.{output}", list(theirs.shape))
    numpy.testing.assert_allclose(answer["values"], theirs, atol=1e-4)
    numbers = theirs.ravel()
    assert answer["mean"] == pytest.approx(numbers.mean(), abs=1e-5)
    assert answer["std"] == pytest.approx(numbers.std(), rel=1e-4)
    assert answer["norm"] == pytest.approx(numpy.linalg.norm(numbers), rel=1e-4)


def test_every_name_can_be_traced(model):
    names = plain(endpoints.trace("", name="", **model))["names"]
    assert len(names) == len(set(names)) > 20
    for name in names:
        answer = plain(endpoints.trace("나는 오늘", name=name, **model))
        assert answer["name"] == name and list(numpy.shape(answer["values"])) == answer["shape"]


def test_scores_behind_the_mask_are_null(model):
    answer = plain(endpoints.trace("나는 오늘", name="blocks.1.attn.hook_attn_scores", **model))
    for head in answer["values"]:
        for row, scores in enumerate(head):
            assert [score is None for score in scores] == [column > row for column in range(len(head))]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("blocks.0.attn.hook_patern", "blocks.0.attn.hook_pattern"),
        ("logit", "logits"),
        ("hook_embedding", "hook_embed"),
        (["logits"], ""),
        (7, ""),
    ],
)
def test_an_unknown_tensor_names_the_nearest(model, name, nearest):
    with pytest.raises(UserError) as raised:
        endpoints.trace("오늘", name=name, **model)
    assert raised.value.code == "unknown_tensor"
    offered = raised.value.details["nearest"].split(", ")
    assert len(offered) == 3 and offered[0].startswith(nearest)
    for lang in ("ko", "en"):
        assert offered[0] in sentence(raised.value, lang)


def test_a_trace_is_of_a_whole_text(model):
    loaded = load(model["registry"].spec(model["model"]))
    long = "오늘 " * 30
    with pytest.raises(UserError) as raised:
        endpoints.trace(long, name="logits", **model)
    n = len(loaded.tokenizer.encode(long))
    assert (raised.value.code, raised.value.details) == ("too_many_tokens", {"n": n, "limit": 24})


def test_a_tensor_that_would_fill_the_memory_is_refused(model, monkeypatch):
    monkeypatch.setattr(endpoints, "MAX_TRACED_NUMBERS", 100)
    with pytest.raises(UserError) as raised:
        endpoints.trace("나는 오늘", name="logits", **model)
    assert raised.value.code == "tensor_too_large" and raised.value.details["limit"] == 100


BAD = [
    ("text", None, "not_text"),
    ("text", ["a"], "not_text"),
    ("text", "가" * (MAX_CHARACTERS + 1), "text_too_long"),
    ("text", "\ud83d", "half_character"),
    ("text", "a\udc00b", "half_character"),
    ("model", "gpt9", "unknown_model"),
    ("model", "../../etc", "unknown_model"),
    ("model", None, "unknown_model"),
    ("temperature", 0, "out_of_range"),
    ("temperature", -1, "out_of_range"),
    ("temperature", 1e9, "out_of_range"),
    ("temperature", math.nan, "not_a_number"),
    ("temperature", -math.inf, "out_of_range"),
    ("temperature", "hot", "not_a_number"),
    ("top_k", -1, "out_of_range"),
    ("top_k", 2.5, "not_a_number"),
    ("top_k", None, "not_a_number"),
    ("top_p", 1.5, "out_of_range"),
    ("top_p", math.nan, "not_a_number"),
    ("n", 0, "out_of_range"),
    ("n", 257, "out_of_range"),
    ("n", 1.5, "not_a_number"),
    ("n", True, "not_a_number"),
    ("strategy", "magic", "unknown_strategy"),
    ("strategy", None, "unknown_strategy"),
    ("strategy", ["beam"], "unknown_strategy"),
    ("seed", -1, "out_of_range"),
    ("seed", 2**32, "out_of_range"),
    ("seed", math.inf, "out_of_range"),
]


@pytest.mark.parametrize(("argument", "value", "code"), BAD, ids=lambda value: ascii(value)[:20])
def test_a_bad_argument_gets_one_code(model, argument, value, code):
    calls = [endpoints.generate]
    calls += [endpoints.next_token] if argument in ("text", "model", "temperature", "top_k", "top_p") else []
    calls += (
        [endpoints.tokenize, partial(endpoints.trace, name="logits")] if argument in ("text", "model") else []
    )
    for call in calls:
        with pytest.raises(UserError) as raised:
            call(**{"text": "오늘", **model, argument: value})
        assert raised.value.code == code


def test_weights_that_overflow_give_a_sentence_not_a_nan(tmp_path):
    spec = write_folder(tmp_path / "absurd", "gpt2")
    model = load(spec).model
    for block in model.transformer.h:
        block.mlp.c_proj.weight.data.fill_(3e38)
    for call in (endpoints.next_token, endpoints.generate, partial(endpoints.trace, name="logits")):
        with pytest.raises(UserError) as raised:
            call("오늘", spec.name, registry=Registry(spec.location))
        assert raised.value.code == "broken_weights"
