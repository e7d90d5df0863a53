"""/attention, /head_scores, /ablate and /patch: by an independent computation, and every odd input."""

from __future__ import annotations

import copy
import inspect
import math

import pytest
import torch

from app import api, attention_endpoints
from app.engine.memory import SHARED
from app.errors import UserError
from app.i18n import sentence
from app.models import LoadedModel, Registry, load
from app.models.registry import EMBEDDED
from tests.calls import code_of, plain
from tests.tiny_models import write_folder

TEXT, OTHER = "어제 수학 국어 영어 역사 수학 국어 영어", "어제 수학 영어 국어 역사 수학 국어 영어"


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def tiny(request, tmp_path_factory) -> dict:
    """An untrained model of each architecture, with a context of 24, two layers and three heads."""
    spec = write_folder(tmp_path_factory.mktemp("models") / request.param, request.param)
    return {"model": spec.name, "registry": Registry(spec.location)}


def likeliest(logits: torch.Tensor) -> list[tuple[int, float]]:
    p = logits.double().softmax(-1)
    return [(int(i), float(p[i])) for i in p.argsort(descending=True)[:10]]


def same(answer: list[dict], expected: list[tuple[int, float]]) -> None:
    assert [token["id"] for token in answer] == [id_ for id_, _ in expected]
    for token, (_, p) in zip(answer, expected, strict=True):
        assert token["p"] == pytest.approx(p, rel=1e-3)


def without(loaded: LoadedModel, heads: list[tuple[int, int]]) -> torch.nn.Module:
    """The model of `transformers` without those heads' rows of the output projection."""
    model, size = copy.deepcopy(loaded.model), loaded.d_model // loaded.n_head
    with torch.no_grad():
        for layer, head in heads:
            model.transformer.h[layer].attn.c_proj.weight[head * size : (head + 1) * size] = 0
    return model


@pytest.mark.parametrize("model", EMBEDDED)
def test_a_pattern_is_that_of_transformers(model: str):
    loaded = load(model, eager=True)
    ids = loaded.tokenizer.encode(TEXT)
    with torch.no_grad():
        attentions = loaded.model(torch.tensor([ids]), output_attentions=True).attentions
    for layer, head in [(0, 0), (2, 3), (3, 5)]:
        answer = plain(attention_endpoints.attention(TEXT, model, layer, head))
        assert list(answer) == ["pieces", "pattern"]
        assert answer["pieces"] == [piece.piece for piece in loaded.tokenizer.pieces(ids)]
        assert (torch.tensor(answer["pattern"]) - attentions[layer][0, head]).abs().max() <= 1e-6


@pytest.mark.parametrize("model", EMBEDDED)
def test_ablate_is_the_model_without_those_rows(model: str):
    loaded = load(model, eager=True)
    ids = torch.tensor([loaded.tokenizer.encode(TEXT)])
    answer = plain(attention_endpoints.ablate(TEXT, model, "0.3, 2.1,3.2"))
    assert list(answer) == ["before", "after"]
    with torch.no_grad():
        same(answer["before"], likeliest(loaded.model(ids).logits[0, -1]))
        same(answer["after"], likeliest(without(loaded, [(0, 3), (2, 1), (3, 2)])(ids).logits[0, -1]))
    assert [token["id"] for token in answer["before"]] != [token["id"] for token in answer["after"]]
    expected = loaded.tokenizer.candidates(ids[0].tolist(), [token["id"] for token in answer["after"]])
    assert [token["piece"] for token in answer["after"]] == [piece.piece for piece in expected]


@pytest.mark.parametrize("model", EMBEDDED)
def test_the_mode_mean_replaces_z_by_its_mean_over_the_positions(model: str):
    loaded = load(model, eager=True)
    ids, size = torch.tensor([loaded.tokenizer.encode(TEXT)]), loaded.d_model // loaded.n_head

    def mean(_, inputs: tuple) -> tuple:
        z = inputs[0].clone()
        z[:, :, 3 * size : 4 * size] = z[:, :, 3 * size : 4 * size].mean(1, keepdim=True)
        return (z,)

    handle = loaded.model.transformer.h[2].attn.c_proj.register_forward_pre_hook(mean)
    with torch.no_grad():
        expected = likeliest(loaded.model(ids).logits[0, -1])
    handle.remove()
    same(attention_endpoints.ablate(TEXT, model, "2.3", "mean")["after"], expected)


@pytest.mark.parametrize("model", EMBEDDED)
def test_patch_gives_a_head_what_it_has_on_the_other_text(model: str):
    loaded = load(model, eager=True)
    ids, other = (torch.tensor([loaded.tokenizer.encode(text)]) for text in (TEXT, OTHER))
    size, kept = loaded.d_model // loaded.n_head, {}
    module = loaded.model.transformer.h[3].attn.c_proj

    def put(_, inputs: tuple) -> tuple:
        z = inputs[0].clone()
        z[:, :, 2 * size : 3 * size] = kept["z"][:, :, 2 * size : 3 * size]
        return (z,)

    with torch.no_grad():
        handle = module.register_forward_pre_hook(lambda _, inputs: kept.update(z=inputs[0]))
        loaded.model(other)
        handle.remove()
        handle = module.register_forward_pre_hook(put)
        after = likeliest(loaded.model(ids).logits[0, -1])
        handle.remove()
        before = likeliest(loaded.model(ids).logits[0, -1])
    answer = plain(attention_endpoints.patch(TEXT, OTHER, model, "3.2"))
    assert list(answer) == ["before", "after"] and before != after
    same(answer["before"], before)
    same(answer["after"], after)


def test_of_a_long_text_the_last_tokens_count_but_a_pattern_shows_all_or_nothing(tiny):
    long = "나는 오늘 " * 40 + "그 곳에 간다."
    loaded = load(tiny["registry"].spec(tiny["model"]), eager=True)
    ids = torch.tensor([loaded.tokenizer.encode(long)[-24:]])
    with torch.no_grad():
        whole = likeliest(loaded.model(ids).logits[0, -1])
        cut = likeliest(without(loaded, [(1, 2)])(ids).logits[0, -1])
    found = attention_endpoints.ablate(long, heads="1.2", **tiny)
    same(found["before"], whole)
    same(found["after"], cut)
    other = "나는 오늘 오늘 나는 " + "나는 오늘 " * 38 + "그 곳에 간다."  # another text long before
    same(attention_endpoints.patch(long, other, heads="1.2", **tiny)["after"], whole)
    with pytest.raises(UserError) as raised:
        attention_endpoints.attention(long, layer=0, head=0, **tiny)
    assert raised.value.code == "too_many_tokens" and raised.value.details["limit"] == 24


def test_head_scores_has_every_head_and_finite_numbers(tiny):
    heads = plain(attention_endpoints.head_scores(**tiny))["heads"]
    assert [(head["layer"], head["head"]) for head in heads] == [(i, j) for i in range(2) for j in range(3)]
    names = ["layer", "head", "previous", "first", "same", "induction", "entropy", "width"]
    assert all(list(head) == names for head in heads)
    for head in heads:
        assert all(0 <= head[name] <= 1 + 1e-6 for name in names[2:7]) and 0 <= head["width"] <= 20
    by_hand = mean_weight_on_the_token_before(load(tiny["registry"].spec(tiny["model"]), eager=True))
    assert [head["previous"] for head in heads] == pytest.approx(by_hand, abs=1e-5)


def mean_weight_on_the_token_before(loaded: LoadedModel) -> list[float]:
    from app.engine.head_scores import repeated_sequences

    with torch.no_grad():
        ids = repeated_sequences(loaded.vocab_size, loaded.n_ctx)
        layers = loaded.model(ids, output_attentions=True).attentions
    return [
        float(layer[:, head].diagonal(-1, 1, 2).mean()) for layer in layers for head in range(loaded.n_head)
    ]


ODD_TEXTS = ["", " ", "\n", "가" * 10_000, "👩‍👩‍👧‍👦 🐶", "NUL\0", "<|endoftext|>", "\ufeff\u200b", "a\r\nb"]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: ascii(text[:12]))
def test_an_odd_text_gives_a_result_or_a_sentence(tiny, text: str):
    assert code_of(attention_endpoints.attention, text, layer=1, head=0, **tiny) in (None, "too_many_tokens")
    assert code_of(attention_endpoints.ablate, text, heads="0.1", **tiny) is None
    assert code_of(attention_endpoints.patch, text, text, heads="0.1", **tiny) is None


@pytest.mark.parametrize("text", [None, 7, ["a"], "\ud83d", "가" * 20_001])
def test_what_is_no_text_is_a_sentence(tiny, text):
    codes = {"not_text", "half_character", "text_too_long"}
    assert code_of(attention_endpoints.attention, text, layer=1, head=0, **tiny) in codes
    assert code_of(attention_endpoints.ablate, text, heads="0.1", **tiny) in codes
    assert code_of(attention_endpoints.patch, text, "나는", heads="0.1", **tiny) in codes
    assert code_of(attention_endpoints.patch, "나는", text, heads="0.1", **tiny) in codes


@pytest.mark.parametrize(
    ("heads", "code"),
    [
        ("", None),
        (" ", None),
        ("0.0", None),
        (" 0.0 ,1.2,0.0", None),
        (",".join(f"{i}.{j}" for i in range(2) for j in range(3)), None),
        ("2.0", "unknown_head"),
        ("0.3", "unknown_head"),
        ("0.0,9999.0", "unknown_head"),
        ("0", "not_heads"),
        ("0.0,", "not_heads"),
        ("0.0;1.1", "not_heads"),
        ("-1.0", "not_heads"),
        ("0.-1", "not_heads"),
        ("00.1", "not_heads"),
        ("0.1.2", "not_heads"),
        ("٠.١", "not_heads"),
        ("0." + "9" * 5000, "not_heads"),
        ("L0H1", "not_heads"),
        ("\0", "not_heads"),
        ("🐶" * 300, "not_heads"),
        (0.1, "not_heads"),
        (None, "not_heads"),
        (["0.1"], "not_heads"),
        ({"a": 1}, "not_heads"),
    ],
)
def test_heads(tiny, heads, code):
    assert code_of(attention_endpoints.ablate, "나는 오늘", heads=heads, **tiny) == code
    assert code_of(attention_endpoints.patch, "나는 오늘", "나는 오늘", heads=heads, **tiny) == code


@pytest.mark.parametrize("mode", ["half", "", "ZERO", None, 0, ["zero"], "mean "])
def test_an_unknown_mode(tiny, mode):
    assert code_of(attention_endpoints.ablate, "나는", heads="0.1", mode=mode, **tiny) == "unknown_mode"


@pytest.mark.parametrize(
    ("layer", "head", "code"),
    [
        (0, 0, None),
        (1.0, 2.0, None),
        (2, 0, "out_of_range"),
        (0, 3, "out_of_range"),
        (-1, 0, "out_of_range"),
        (0, -1, "out_of_range"),
        (0.5, 0, "not_a_number"),
        (True, 0, "not_a_number"),
        ("0", 0, "not_a_number"),
        (0, None, "not_a_number"),
        (math.nan, 0, "not_a_number"),
        (0, math.inf, "out_of_range"),
        (10**30, 0, "out_of_range"),
    ],
)
def test_layer_and_head(tiny, layer, head, code):
    assert code_of(attention_endpoints.attention, "나는", layer=layer, head=head, **tiny) == code


def test_texts_of_different_length_are_one_sentence_with_both_numbers(tiny):
    loaded = load(tiny["registry"].spec(tiny["model"]))
    for other in ("오늘 나는 학교에", "나는 " * 60, ""):
        n, n_other = len(loaded.tokenizer.encode("나는 오늘")), len(loaded.tokenizer.encode(other) or [0])
        with pytest.raises(UserError) as raised:
            attention_endpoints.patch("나는 오늘", other, heads="0.1", **tiny)
        assert raised.value.code == "other_length"
        for lang in ("ko", "en"):
            told = sentence(raised.value, lang)
            assert str(n) in told and str(n_other) in told


@pytest.mark.parametrize("name", ["gpt9", "../etc", None, 7, ["tiny-gpt2"], ""])
def test_an_unknown_model(name):
    assert code_of(attention_endpoints.attention, "a", name, 0, 0) == "unknown_model"
    assert code_of(attention_endpoints.head_scores, name) == "unknown_model"
    assert code_of(attention_endpoints.ablate, "a", name, "0.1") == "unknown_model"
    assert code_of(attention_endpoints.patch, "a", "a", name, "0.1") == "unknown_model"


def test_weights_that_overflow_give_a_sentence_not_a_nan(tmp_path):
    spec = write_folder(tmp_path / "absurd", "gpt2")
    for block in load(spec).model.transformer.h:
        block.mlp.c_proj.weight.data.fill_(3e38)
    asked = {"model": spec.name, "registry": Registry(spec.location)}
    assert code_of(attention_endpoints.ablate, "오늘", heads="0.1", **asked) == "broken_weights"
    assert code_of(attention_endpoints.patch, "오늘", "오늘", heads="0.1", **asked) == "broken_weights"
    assert code_of(attention_endpoints.attention, "나는 오늘", layer=1, head=0, **asked) == "broken_weights"
    assert code_of(attention_endpoints.head_scores, **asked) == "broken_weights"


def test_all_pause_so_that_others_are_answered_meanwhile(tiny):
    functions = api.functions(tiny["registry"])
    calls = {
        "attention": ("나는", tiny["model"], 1, 0),
        "head_scores": (tiny["model"],),
        "ablate": ("나는", tiny["model"], "0.1"),
        "patch": ("나는", "나는", tiny["model"], "0.1"),
    }
    SHARED.clear()
    for name, arguments in calls.items():
        steps = functions[name](*arguments)
        assert inspect.isgenerator(steps), name
        next(steps)
        assert torch.is_grad_enabled()
        steps.close()
