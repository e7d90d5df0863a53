"""/build_input and /objective: what they give by an independent computation, and every odd input."""

import json
import math

import pytest
import torch

from app import task_endpoints
from app.errors import UserError
from app.i18n import sentence
from app.models import LoadedModel, Registry, load
from app.models.registry import EMBEDDED
from tests.calls import code_of, plain
from tests.tiny_models import write_folder

START, DELIM, EXTRACT = 3, 4, 5  # as the model cards name them
SPECIAL = ("<|start|>", "<|delim|>", "<|extract|>")
ODD_TEXTS = [
    "",
    " ",
    "\n",
    "\n\n\n",
    "가" * 10_000,
    "x " * 5_000,
    "👩‍👩‍👧‍👦\n🐶",
    "NUL\0\n\0",
    "<|extract|>\n<|start|>",
    "a\r\nb\rc",
]


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def tiny(request, tmp_path_factory) -> dict:
    """An untrained model of each architecture, with a context of 24."""
    spec = write_folder(tmp_path_factory.mktemp("models") / request.param, request.param)
    return {"model": spec.name, "registry": Registry(spec.location)}


def ids_of(answer: dict) -> list[list[int]]:
    return [[token["id"] for token in sequence] for sequence in plain(answer)["sequences"]]


@pytest.mark.parametrize("model", EMBEDDED)
def test_the_four_transformations(model: str):
    """Figure 1 of the GPT-1 paper, written down by hand."""
    a, b, c, d = (load(model).tokenizer.encode(text) for text in ["가방", "책", "강아지", "고양이"])
    wanted = {
        ("classification", "가방\n책"): [[START, *a, EXTRACT], [START, *b, EXTRACT]],
        ("entailment", "가방\n책"): [[START, *a, DELIM, *b, EXTRACT]],
        ("similarity", "가방\n책"): [[START, *a, DELIM, *b, EXTRACT], [START, *b, DELIM, *a, EXTRACT]],
        ("choice", "가방\n책\n강아지\n고양이"): [
            [START, *a, *b, DELIM, *c, EXTRACT],
            [START, *a, *b, DELIM, *d, EXTRACT],
        ],
        ("choice", "가방\n\n강아지\n고양이\n책\n"): [
            [START, *a, DELIM, *c, EXTRACT],
            [START, *a, DELIM, *d, EXTRACT],
            [START, *a, DELIM, *b, EXTRACT],
        ],
    }
    for (task, texts), sequences in wanted.items():
        assert ids_of(task_endpoints.build_input(task, texts, model)) == sequences


@pytest.mark.parametrize("model", EMBEDDED)
def test_each_token_has_its_text(model: str):
    (sequence,) = task_endpoints.build_input("entailment", "나는 책을 샀다.\n나는 책이 있다.", model)[
        "sequences"
    ]
    assert [token["piece"] for token in sequence if token["id"] in (START, DELIM, EXTRACT)] == list(SPECIAL)
    text = "".join(token["piece"] for token in sequence)
    assert "".join(text.split()) == "<|start|>나는책을샀다.<|delim|>나는책이있다.<|extract|>"


def test_the_longest_field_is_cut(tiny):
    """24 tokens of context: Start, Delim and Extract leave 21 for both fields."""
    loaded = load(tiny["registry"].spec(tiny["model"]))
    short, long = (loaded.tokenizer.encode(text) for text in ("오늘", "나는 학교에 " * 20))
    (sequence,) = ids_of(task_endpoints.build_input("entailment", "오늘\n" + "나는 학교에 " * 20, **tiny))
    assert sequence == [START, *short, DELIM, *long[: 21 - len(short)], EXTRACT]
    (sequence,) = ids_of(task_endpoints.build_input("classification", "나는 학교에 " * 20, **tiny))
    assert sequence == [START, *long[:22], EXTRACT]


def by_transformers(loaded: LoadedModel, texts: list[str], labels: list[int]) -> tuple[float, float]:
    """L1 and L2 as `transformers` computes them, one example after the other."""
    import copy

    model = copy.deepcopy(loaded.model)
    wte = model.get_input_embeddings().weight
    d, n = wte.shape[1], max(2, max(labels) + 1)
    with torch.no_grad():
        wte[3:6] = torch.randn(3, d, generator=torch.Generator().manual_seed(1000)) * 0.02
        model.tie_weights()
        w_y = torch.randn(d, n, generator=torch.Generator().manual_seed(0)) * 0.02
        l1, l2 = [], []
        for text, label in zip(texts, labels, strict=True):
            kept = loaded.tokenizer.encode(text)[: loaded.n_ctx - 2]
            ids = torch.tensor([[START, *kept, EXTRACT]])
            found = model(ids, labels=ids, output_hidden_states=True)
            l1.append(found.loss.item())
            scores = found.hidden_states[-1][0, -1] @ w_y
            l2.append(torch.nn.functional.cross_entropy(scores[None], torch.tensor([label])).item())
    return sum(l1) / len(l1), sum(l2) / len(l2)


BATCHES = [
    (["나는 오늘 그 곳에 간다."], [0]),
    (["나는 오늘 그 곳에 간다.", "재미있었다고 생각합니다."], [1, 0]),
    (["It was good.", "It was not good.", "", "나는 " * 200, "\0", "🐶"], [0, 1, 2, 7, 3, 0]),
    ([f"{n}번째 문장이에요." for n in range(11)], [n % 3 for n in range(11)]),
]


@pytest.mark.parametrize("model", EMBEDDED)
@pytest.mark.parametrize(("texts", "labels"), BATCHES, ids=lambda value: str(len(value)))
def test_the_losses_are_those_of_transformers(model: str, texts: list[str], labels: list[int]):
    l1, l2 = by_transformers(load(model), texts, labels)
    for lambda_ in (0, 0.5, 2.0):
        found = plain(task_endpoints.objective("\n".join(texts), "\n".join(map(str, labels)), lambda_, model))
        assert found == {
            "L1": pytest.approx(l1, rel=1e-4),
            "L2": pytest.approx(l2, rel=1e-4),
            "L3": pytest.approx(l2 + lambda_ * l1, rel=1e-4),
        }


def test_asking_changes_no_model(tiny):
    loaded = load(tiny["registry"].spec(tiny["model"]))
    before = loaded.model.get_input_embeddings().weight.clone()
    first = task_endpoints.objective("오늘", "1", 0.5, **tiny)
    assert torch.equal(loaded.model.get_input_embeddings().weight, before)
    assert task_endpoints.objective("오늘", "1", 0.5, **tiny) == first


def test_labels_may_have_space_around_them_and_other_line_breaks(tiny):
    first = task_endpoints.objective("오늘\n나는", "1\n0", 0.5, **tiny)
    assert task_endpoints.objective("오늘\r\n나는\r\n", " 1 \r\n\t0\r\n", 0.5, **tiny) == first


@pytest.mark.parametrize("task", ["classification", "entailment", "similarity", "choice"])
@pytest.mark.parametrize("texts", ODD_TEXTS, ids=lambda text: ascii(text[:12]))
def test_an_odd_text_gives_a_result_or_a_sentence(tiny, task: str, texts: str):
    assert code_of(task_endpoints.build_input, task, texts, **tiny) in (None, "number_of_lines")
    if task == "classification":
        assert code_of(task_endpoints.build_input, task, texts, **tiny) is None
        n = len(texts.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n"))
        assert code_of(task_endpoints.objective, texts, "0\n" * n, 0.5, **tiny) is None


@pytest.mark.parametrize(
    ("task", "texts", "code"),
    [
        ("classification", "\n".join("a" * 64), None),
        ("classification", "\n".join("a" * 65), "number_of_lines"),
        ("entailment", "하나", "number_of_lines"),
        ("entailment", "하나\n둘\n셋", "number_of_lines"),
        ("entailment", "\n\n", None),
        ("similarity", "하나\n둘\n셋", "number_of_lines"),
        ("choice", "context\nquestion\none answer", "number_of_lines"),
        ("choice", "context\n\nno\nquestion", None),
        ("choice", "\n\n\n\n", None),
        ("choice", "\n".join("a" * 10), None),
        ("choice", "\n".join("a" * 11), "number_of_lines"),
        ("Classification", "a", "unknown_task"),
        ("", "a", "unknown_task"),
        ("../etc", "a", "unknown_task"),
        (None, "a", "unknown_task"),
        (["choice"], "a", "unknown_task"),
        (7, "a", "unknown_task"),
        ("classification", None, "not_text"),
        ("classification", ["a"], "not_text"),
        ("classification", 7, "not_text"),
        ("classification", "가" * 20_001, "text_too_long"),
        ("classification", "\ud83d", "half_character"),
    ],
)
def test_an_odd_input_gives_a_result_or_a_sentence(tiny, task, texts, code):
    assert code_of(task_endpoints.build_input, task, texts, **tiny) == code


@pytest.mark.parametrize("label", range(8))
def test_labels_from_0_to_7(tiny, label: int):
    found = plain(task_endpoints.objective("오늘\n오늘", f"{label}\n0", 0.0, **tiny))
    n = max(2, label + 1)
    assert found["L2"] == pytest.approx(math.log(n), rel=0.5)


@pytest.mark.parametrize(
    "label",
    ["-1", "8", "1.5", "a", "", " ", "٣", "１", "1e0", "0x1", "1 1", "9" * 5000, "\0", "NaN", "🐶", "--1"],
)
def test_what_is_no_label_is_named_with_its_line(tiny, label: str):
    with pytest.raises(UserError) as raised:
        task_endpoints.objective("오늘\n나는\n그 곳", f"0\n{label}\n1", 0.5, **tiny)
    assert raised.value.code == "not_a_label" and raised.value.details["line"] == 2
    assert "2" in sentence(raised.value, "ko") and len(sentence(raised.value, "ko")) < 120


@pytest.mark.parametrize(
    ("texts", "labels", "lambda_", "code"),
    [
        ("하나", "0\n1", 0.5, "texts_and_labels"),
        ("하나\n둘", "0", 0.5, "texts_and_labels"),
        ("하나\n둘", "0\n1\n\n", 0.5, "not_a_label"),
        ("a\n" * 65, "0\n" * 65, 0.5, "number_of_lines"),
        ("a\n" * 64, "0\n" * 64, 0.5, None),
        ("하나", 0, 0.5, "not_text"),
        ("하나", None, 0.5, "not_text"),
        ("하나", ["0"], 0.5, "not_text"),
        (None, "0", 0.5, "not_text"),
        ("\udc00", "0", 0.5, "half_character"),
        ("하나", "0", -0.1, "out_of_range"),
        ("하나", "0", 11, "out_of_range"),
        ("하나", "0", math.inf, "out_of_range"),
        ("하나", "0", math.nan, "not_a_number"),
        ("하나", "0", "0.5", "not_a_number"),
        ("하나", "0", None, "not_a_number"),
        ("하나", "0", True, "not_a_number"),
        ("하나", "0", 10, None),
    ],
)
def test_an_odd_batch_gives_a_result_or_a_sentence(tiny, texts, labels, lambda_, code):
    assert code_of(task_endpoints.objective, texts, labels, lambda_, **tiny) == code


@pytest.mark.parametrize("name", ["gpt9", "../etc", None, 7, ["tiny-gpt2"], ""])
def test_an_unknown_model(name):
    assert code_of(task_endpoints.build_input, "classification", "a", name) == "unknown_model"
    assert code_of(task_endpoints.objective, "a", "0", 0.5, name) == "unknown_model"


@pytest.mark.parametrize("name", ["openai-community/gpt2", "openai-community/openai-gpt"])
def test_a_model_without_the_three_tokens_is_refused_before_it_is_downloaded(name: str, monkeypatch):
    """In GPT-2's vocabulary 3, 4 and 5 are signs."""
    monkeypatch.setattr(task_endpoints, "load", lambda spec: pytest.fail("it was loaded"))
    assert code_of(task_endpoints.build_input, "classification", "a", name) == "no_task_tokens"
    assert code_of(task_endpoints.objective, "a", "0", 0.5, name) == "no_task_tokens"


def test_a_folder_without_the_three_tokens_is_refused(tmp_path):
    spec = write_folder(tmp_path / "plain", "gpt2")
    path = tmp_path / "plain" / "tokenizer.json"
    read = json.loads(path.read_text(encoding="utf-8"))
    read["added_tokens"] = [token for token in read["added_tokens"] if token["content"] not in SPECIAL]
    path.write_text(json.dumps(read), encoding="utf-8")
    registry = Registry(spec.location)
    assert code_of(task_endpoints.build_input, "classification", "a", spec.name, registry=registry) == (
        "no_task_tokens"
    )


def test_weights_that_overflow_give_a_sentence_not_a_nan(tmp_path):
    spec = write_folder(tmp_path / "absurd", "gpt2")
    for block in load(spec).model.transformer.h:
        block.mlp.c_proj.weight.data.fill_(3e38)
    call = task_endpoints.objective
    assert code_of(call, "오늘", "0", 0.5, spec.name, registry=Registry(spec.location)) == "broken_weights"


def test_it_pauses_so_that_others_are_answered_meanwhile(tiny):
    steps = task_endpoints.computing_objective("오늘\n" * 64, "0\n" * 64, 0.5, **tiny)
    assert len(list(steps)) == 16
