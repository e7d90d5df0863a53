"""The named endpoints, through gradio_client and by position, as a program would call them."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

MODELS = ("tiny-gpt2", "tiny-gpt1")
TEXT = "나는 오늘 그 곳에 간다"


@pytest.fixture(scope="module")
def client(server) -> Iterator[Client]:
    yield Client(server.url, verbose=False)


def finite_numbers(value) -> bool:
    """No NaN or infinity anywhere: plain JSON knows neither."""
    json.dumps(value, allow_nan=False)
    return True


def test_only_the_documented_endpoints_are_listed(client: Client):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {
        "/models",
        "/tokenize",
        "/next_token",
        "/generate",
        "/trace",
        "/build_input",
        "/objective",
        "/attention",
        "/head_scores",
        "/ablate",
        "/patch",
        "/log_probs",
        "/fill_blank",
        "/few_shot",
    }
    assert client.predict(api_name="/models")["models"][0] == "tiny-gpt2"


@pytest.mark.parametrize("model", MODELS)
def test_tokenize(client: Client, model: str):
    tokens = client.predict(TEXT, model, api_name="/tokenize")["tokens"]
    # GPT-1's pieces may be single jamo, and a word's end stands for the space after it.
    written = bytes(byte for token in tokens for byte in token["bytes"]).decode()
    assert unicodedata.normalize("NFC", written).replace(" ", "") == TEXT.replace(" ", "")
    assert all({"id", "piece", "bytes"} <= set(token) for token in tokens)
    assert "\ufffd" not in "".join(token["piece"] for token in tokens)


@pytest.mark.parametrize("model", MODELS)
def test_next_token(client: Client, model: str):
    answer = client.predict(TEXT, model, 0.8, 5, 1.0, api_name="/next_token")
    assert finite_numbers(answer)
    top = answer["top"]
    assert len(top) == 10
    before = [token["p_before"] for token in top]
    assert before == sorted(before, reverse=True)
    assert sum(token["p_after"] > 0 for token in top) == 5
    assert math.isclose(sum(token["p_after"] for token in top), 1, abs_tol=1e-6)
    assert answer["entropy"] > 0


def test_filters_that_are_off_leave_the_softmax(client: Client):
    top = client.predict(TEXT, "tiny-gpt2", 1.0, 0, 1.0, api_name="/next_token")["top"]
    assert all(math.isclose(token["p_before"], token["p_after"], rel_tol=1e-5) for token in top)


@pytest.mark.parametrize("strategy", ["greedy", "sample", "beam"])
def test_generate(client: Client, strategy: str):
    arguments = (TEXT, "tiny-gpt2", 6, strategy, 0.8, 20, 0.9, 3)
    answer = client.predict(*arguments, api_name="/generate")
    assert finite_numbers(answer)
    assert answer["text"].startswith(TEXT)
    assert [step["id"] for step in answer["steps"]] == answer["ids"]
    assert 1 <= len(answer["ids"]) <= 6
    assert all(0 < step["p"] <= 1 for step in answer["steps"])
    assert client.predict(*arguments, api_name="/generate") == answer, "the same seed gave another text"


@pytest.mark.parametrize("model", MODELS)
def test_trace(client: Client, model: str):
    names = client.predict(TEXT, model, "", api_name="/trace")["names"]
    assert names[0] == "hook_embed" and names[-1] == "logits"
    answer = client.predict(TEXT, model, "blocks.0.attn.hook_attn_scores", api_name="/trace")
    assert finite_numbers(answer)
    n_heads, n_tokens, _ = answer["shape"]
    assert len(answer["values"]) == n_heads
    for head in answer["values"]:
        for row, scores in enumerate(head):
            assert [score is None for score in scores] == [column > row for column in range(n_tokens)]


@pytest.mark.parametrize("model", MODELS)
def test_build_input(client: Client, model: str):
    answer = client.predict("similarity", "나는 책을 샀다.\n나는 책이 있다.", model, api_name="/build_input")
    there, back = ([token["id"] for token in sequence] for sequence in answer["sequences"])
    assert there[0] == back[0] == 3 and there[-1] == back[-1] == 5 and there != back
    place = there.index(4)
    assert back == [3, *there[place + 1 : -1], 4, *there[1:place], 5]
    assert answer["sequences"][0][0]["piece"] == "<|start|>"


@pytest.mark.parametrize("model", MODELS)
def test_objective(client: Client, model: str):
    answer = client.predict("정말 재미있었다.\n너무 지루했다.", "0\n1", 0.5, model, api_name="/objective")
    assert finite_numbers(answer)
    assert math.isclose(answer["L3"], answer["L2"] + 0.5 * answer["L1"], rel_tol=1e-6)
    assert 0 < answer["L2"] < 3 < answer["L1"] < 20, "untrained W_y, and a text it has hardly read"


@pytest.mark.parametrize("model", MODELS)
def test_attention(client: Client, model: str):
    answer = client.predict(TEXT, model, 2, 3, api_name="/attention")
    assert finite_numbers(answer)
    n = len(answer["pieces"])
    assert len(answer["pattern"]) == n
    for i, row in enumerate(answer["pattern"]):
        assert len(row) == n and math.isclose(sum(row), 1, abs_tol=1e-5)
        assert all(weight == 0 for weight in row[i + 1 :])


@pytest.mark.parametrize("model", MODELS)
def test_head_scores(client: Client, model: str):
    heads = client.predict(model, api_name="/head_scores")["heads"]
    assert finite_numbers(heads)
    assert [(head["layer"], head["head"]) for head in heads] == [(i, j) for i in range(4) for j in range(6)]
    assert max(head["previous"] for head in heads) > 0.8 < max(head["induction"] for head in heads)


@pytest.mark.parametrize("model", MODELS)
def test_ablate_and_patch(client: Client, model: str):
    cut = client.predict(TEXT, model, "2.3,3.2", "mean", api_name="/ablate")
    patched = client.predict(TEXT, TEXT, model, "2.3,3.2", api_name="/patch")
    for answer in (cut, patched):
        assert finite_numbers(answer)
        for side in ("before", "after"):
            p = [token["p"] for token in answer[side]]
            assert len(p) == 10 and p == sorted(p, reverse=True)
    assert cut["before"] == patched["before"] and cut["after"] != cut["before"]
    for before, after in zip(patched["before"], patched["after"], strict=True):
        assert before["id"] == after["id"] and math.isclose(before["p"], after["p"], rel_tol=1e-4)


def test_fill_blank(client: Client):
    answer = client.predict(TEXT, 1, api_name="/fill_blank")
    assert finite_numbers(answer)
    p = [token["p"] for token in answer["top"]]
    assert len(p) == 10 and p == sorted(p, reverse=True) and 0 < sum(p) <= 1 + 1e-6


def test_few_shot(client: Client):
    names = client.predict("", 0, 0, api_name="/few_shot")["relations"]
    assert {name[:2] for name in names} == {"ko", "en"}
    for name in (names[0], names[-1]):
        answer = client.predict(name, 3, 7, api_name="/few_shot")
        assert finite_numbers(answer)
        assert answer["prompt"].count(" = ") == 3 and answer["prompt"].endswith(" =")
        p = [candidate["p"] for candidate in answer["answers"]]
        assert p == sorted(p, reverse=True) and math.isclose(sum(p), 1, abs_tol=1e-6)
        assert answer["right"] in [candidate["piece"] for candidate in answer["answers"]]


def test_special_tokens_of_a_learner_stay_text(client: Client):
    typed = "<|endoftext|>"
    tokens = client.predict(typed, "tiny-gpt2", api_name="/tokenize")["tokens"]
    assert len(tokens) > 1
    assert bytes(byte for token in tokens for byte in token["bytes"]).decode() == typed


BAD_CALLS = {
    "unknown model": ("/tokenize", (TEXT, "../../etc/passwd")),
    "model is no text": ("/tokenize", (TEXT, 7)),
    "temperature zero": ("/next_token", (TEXT, "tiny-gpt2", 0, 0, 1.0)),
    "temperature negative": ("/next_token", (TEXT, "tiny-gpt2", -1.0, 0, 1.0)),
    "temperature is a word": ("/next_token", (TEXT, "tiny-gpt2", "warm", 0, 1.0)),
    "top-k negative": ("/next_token", (TEXT, "tiny-gpt2", 1.0, -1, 1.0)),
    "top-p negative": ("/next_token", (TEXT, "tiny-gpt2", 1.0, 0, -0.1)),
    "top-p above one": ("/next_token", (TEXT, "tiny-gpt2", 1.0, 0, 1.5)),
    "unknown strategy": ("/generate", (TEXT, "tiny-gpt2", 3, "magic", 1.0, 0, 1.0, 0)),
    "negative length": ("/generate", (TEXT, "tiny-gpt2", -1, "greedy", 1.0, 0, 1.0, 0)),
    "endless length": ("/generate", (TEXT, "tiny-gpt2", 10**9, "greedy", 1.0, 0, 1.0, 0)),
    "unknown tensor": ("/trace", (TEXT, "tiny-gpt2", "blocks.9.hook_resid_pre")),
    "tensor is no text": ("/trace", (TEXT, "tiny-gpt2", ["logits"])),
    "text longer than the context": ("/trace", (TEXT * 40, "tiny-gpt2", "logits")),
    "unknown task": ("/build_input", ("parsing", TEXT, "tiny-gpt2")),
    "one field of two": ("/build_input", ("entailment", TEXT, "tiny-gpt2")),
    "label is a word": ("/objective", (TEXT, "good", 0.5, "tiny-gpt2")),
    "label too large": ("/objective", (TEXT, "8", 0.5, "tiny-gpt2")),
    "more labels than texts": ("/objective", (TEXT, "0\n1", 0.5, "tiny-gpt2")),
    "lambda negative": ("/objective", (TEXT, "0", -1, "tiny-gpt2")),
    "layer too high": ("/attention", (TEXT, "tiny-gpt2", 4, 0)),
    "head is a word": ("/attention", (TEXT, "tiny-gpt2", 0, "first")),
    "pattern of a text longer than the context": ("/attention", (TEXT * 40, "tiny-gpt2", 0, 0)),
    "unknown head": ("/ablate", (TEXT, "tiny-gpt2", "4.0", "zero")),
    "heads are a number": ("/ablate", (TEXT, "tiny-gpt2", 2.3, "zero")),
    "unknown mode": ("/ablate", (TEXT, "tiny-gpt2", "2.3", "half")),
    "another length": ("/patch", (TEXT, "나는", "tiny-gpt2", "2.3")),
    "no window": ("/log_probs", (TEXT, "tiny-gpt2", 0)),
    "window is a word": ("/log_probs", (TEXT, "tiny-gpt2", "all")),
    "terms of a text longer than the context": ("/log_probs", (TEXT * 40, "tiny-gpt2", 5)),
    "position outside": ("/fill_blank", (TEXT, 99)),
    "position negative": ("/fill_blank", (TEXT, -1)),
    "blank in a text longer than the context": ("/fill_blank", (TEXT * 40, 0)),
    "unknown relation": ("/few_shot", ("ko_noun colour", 2, 0)),
    "too many shots": ("/few_shot", ("ko_noun category", 9, 0)),
    "seed of a list is a word": ("/few_shot", ("ko_noun category", 2, "x")),
    "seed is a word": ("/generate", (TEXT, "tiny-gpt2", 3, "sample", 1.0, 0, 1.0, "x")),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_a_bad_argument_is_one_sentence(client: Client, no_traceback, name: str):
    endpoint, arguments = BAD_CALLS[name]
    with pytest.raises(AppError) as raised:
        client.predict(*arguments, api_name=endpoint)
    message = str(raised.value).strip()
    assert message and len(message.splitlines()) == 1
    assert "Error" not in message and "Traceback" not in message


@pytest.mark.parametrize("text", ["", " ", "a" * 5000, "\0", "👩‍👩‍👧‍👦", "\u1112\u1161\u11ab"])
def test_odd_texts_are_answered(client: Client, no_traceback, text: str):
    """A result or one sentence, for each endpoint."""
    calls = {
        "/tokenize": (text, "tiny-gpt2"),
        "/next_token": (text, "tiny-gpt2", 1.0, 0, 1.0),
        "/trace": (text, "tiny-gpt2", "hook_embed"),
        "/build_input": ("classification", text, "tiny-gpt2"),
        "/objective": (text, "0", 0.5, "tiny-gpt2"),
        "/attention": (text, "tiny-gpt2", 0, 0),
        "/ablate": (text, "tiny-gpt2", "0.1", "zero"),
        "/patch": (text, text, "tiny-gpt2", "0.1"),
        "/log_probs": (text, "tiny-gpt2", 5),
        "/fill_blank": (text, 0),
    }
    for endpoint, arguments in calls.items():
        try:
            assert finite_numbers(client.predict(*arguments, api_name=endpoint))
        except AppError as error:
            assert len(str(error).strip().splitlines()) == 1
