"""What the API page says of the named endpoints is what they do, in the language that is asked for."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from app import api, endpoints, i18n
from app.errors import ModelError
from app.models import Registry
from tests.doors import visitor
from tests.mounted import tiny_registry
from tests.unit.test_door_calls import curl

ROOT = Path(__file__).parents[2]
GOOD = {
    "models": [],
    "tokenize": ["나는 漢", "tiny-gpt2"],
    "next_token": ["나는", "tiny-gpt2"],
    "generate": ["나는", "tiny-gpt1", 2],
    "trace": ["나는", "tiny-gpt2", "hook_embed"],
    "build_input": ["entailment", "나는\n오늘", "tiny-gpt1"],
    "objective": ["나는\n오늘", "1\n0", 0.5, "tiny-gpt1"],
    "attention": ["나는 오늘", "tiny-gpt1", 1, 2],
    "head_scores": ["tiny-gpt2"],
    "ablate": ["나는", "tiny-gpt2", "0.1"],
    "patch": ["나는", "나는", "tiny-gpt1", "0.1,1.2"],
    "fill_blank": ["나는 오늘", 1],
    "few_shot": ["ko_noun category", 2, 1],
}
WITHOUT_TEXT = ("models", "head_scores", "few_shot")
WITHOUT_MODEL = ("models", "fill_blank", "few_shot")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with tiny_registry(tmp_path_factory.mktemp("api")) as registry:
        yield registry


@pytest.fixture(scope="module")
def info(registry: Registry) -> dict:
    """What gradio_client's view_api and the API page print."""
    with gr.Blocks() as demo:
        api.publish(registry)
    return demo.get_api_info()["named_endpoints"]


def check(value, hint) -> None:
    """`value` is what the type `hint` says: every field that it must have, none that it does not name."""
    if typing.is_typeddict(hint):
        assert hint.__required_keys__ <= set(value) <= set(typing.get_type_hints(hint)), (value, hint)
        for name, part in value.items():
            check(part, typing.get_type_hints(hint)[name])
    elif typing.get_origin(hint) is list:
        assert isinstance(value, list)
        for part in value:
            check(part, typing.get_args(hint)[0])
    elif hint is not typing.Any:
        assert isinstance(value, hint), (value, hint)


@pytest.mark.parametrize("name", GOOD)
def test_an_answer_has_the_fields_that_are_documented(registry, info, name: str):
    function = api.functions(registry)[name]
    client, _, _ = visitor(api.functions(registry))
    event, (answer,) = curl(client, name, {"data": GOOD[name]})
    assert event == "complete"
    hint = typing.get_type_hints(function)["return"]
    hints = typing.get_args(hint) or (hint,)
    check(answer, hints[0])
    printed = info[f"/{name}"]["returns"][0]["python_type"]["type"]
    for field in typing.get_type_hints(hints[0]):
        assert f"{field}: " in printed, printed
    if name == "trace":
        _, (names,) = curl(client, name, {"data": GOOD[name][:2]})
        check(names, hints[1])
    if name == "few_shot":
        _, (names,) = curl(client, name, {"data": []})
        check(names, hints[1])
    if name == "tokenize":
        assert any("part_of" in token for token in answer["tokens"]), "the field that may be missing"


def test_the_models_are_listed_by_the_names_that_the_others_take(registry):
    listed = endpoints.models(registry=registry)
    assert listed == {"models": list(registry.names), "default": "tiny-gpt2"}
    assert endpoints.tokenize("나는", listed["default"], registry=registry)["tokens"]


@pytest.mark.parametrize("name", GOOD)
def test_the_docs_tell_of_lang_and_of_odd_texts(info, name: str):
    told = info[f"/{name}"]["description"]
    assert "Accept-Language" in told and "\n" not in told
    last = info[f"/{name}"]["parameters"][-1]
    assert last["parameter_name"] == "lang" and last["parameter_has_default"]
    if name not in WITHOUT_TEXT:
        assert "empty text" in told and "context" in told


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("header", ["ko", "en", None])
@pytest.mark.parametrize("lang", ["ko", "en", ""])
def test_what_is_wrong_is_told_in_the_language_asked_for(registry, name: str, header, lang: str):
    """The argument beats the header, the header beats our own language."""
    if name in WITHOUT_MODEL:
        return  # what can be wrong with them is tested with them
    client, _, _ = visitor(api.functions(registry))
    client.headers["accept-language"] = header or ""
    given = ["gpt9" if str(value).startswith("tiny") else value for value in GOOD[name]]
    defaults = api.functions(registry)[name].__defaults__[:-1]
    n_left_out = len(typing.get_type_hints(api.functions(registry)[name])) - 2 - len(given)
    arguments = [*given, *defaults[len(defaults) - n_left_out :], lang]
    event, answer = curl(client, name, {"data": arguments})
    expected = i18n.sentence(ModelError("unknown_model", name="gpt9"), lang or header or "ko")
    assert event == "error" and answer["error"] == expected


@pytest.mark.parametrize("lang", ["fr", "KO", 3, ["ko"], {}, None, True])
def test_a_language_that_nobody_speaks_is_one_sentence(registry, lang):
    client, _, _ = visitor(api.functions(registry))
    client.headers["accept-language"] = "en"
    event, answer = curl(client, "models", {"data": [lang]})
    assert event == "error" and re.fullmatch(r"There is no language .* \(one of ko, en\)\.", answer["error"])


@pytest.mark.parametrize("name", GOOD)
def test_the_readme_names_every_endpoint_and_its_arguments(info, name: str):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f'api_name="/{name}"' in readme
    for parameter in info[f"/{name}"]["parameters"]:
        assert parameter["parameter_name"] in readme


def test_the_readme_s_curl_example_works(registry):
    """Two requests: put the call down, read its answer."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    put = re.search(r"curl .*?/gradio_api/call/(\w+) .*?-d '(\{.*?\})'", readme, re.DOTALL)
    assert f"/gradio_api/call/{put[1]}/$" in readme
    client, _, _ = visitor(api.functions(registry))
    told = client.post(f"/gradio_api/call/{put[1]}", content=put[2].encode())
    answer = client.get(f"/gradio_api/call/{put[1]}/{told.json()['event_id']}").text
    assert answer.startswith("event: complete\ndata: [{")
