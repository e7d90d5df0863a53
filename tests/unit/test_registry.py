"""Names are looked up, never followed: a visitor cannot make the server read a path."""

import pytest

from app.errors import ModelError
from app.i18n import sentence
from app.models import Registry, load


def test_the_pickers_order():
    assert Registry().names == (
        "tiny-gpt2",
        "tiny-gpt1",
        "openai-community/gpt2",
        "distilbert/distilgpt2",
        "openai-community/openai-gpt",
    )
    assert Registry().default == "tiny-gpt2"


def test_an_extra_model_stands_after_the_embedded_ones_and_is_the_default(tmp_path):
    registry = Registry("somebody/small-gpt2")
    assert registry.names.index("somebody/small-gpt2") == 2
    assert registry.default == "somebody/small-gpt2"
    assert registry.spec("somebody/small-gpt2").source == "hub"
    (tmp_path / "tiny-gpt2").mkdir()
    registry = Registry(str(tmp_path / "tiny-gpt2"))
    assert registry.default == "local/tiny-gpt2"
    assert registry.spec("local/tiny-gpt2").location == str(tmp_path / "tiny-gpt2")
    assert registry.spec("tiny-gpt2").source == "embedded"


@pytest.mark.parametrize("name", ["tiny-gpt1", "openai-community/gpt2"])
def test_an_extra_that_is_there_already_is_only_the_default(name):
    assert Registry(name).names == Registry().names
    assert Registry(name).default == name


@pytest.mark.parametrize("extra", ["/no/such/folder", "../x", "a/b/c", "한글", "two words"])
def test_an_extra_that_cannot_be(extra):
    with pytest.raises(ModelError) as raised:
        Registry(extra)
    assert raised.value.code == "unknown_model"


@pytest.mark.parametrize("name", ["gpt2", "distilgpt2", "openai-gpt"])
def test_a_model_of_the_hub_is_known_without_its_owner(name, monkeypatch, tmp_path):
    """Where it is not here, that is what is said: not that there is no such model."""
    assert Registry().spec(name).location.endswith(f"/{name}")
    assert name not in Registry().names
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError) as raised:
        load(Registry().spec(name))
    assert raised.value.code == "model_offline"
    assert f"/{name}" in sentence(raised.value, "en")


@pytest.mark.parametrize(
    "name", ["", "gpt9", "/etc", "../tiny-gpt2", "assets/models/tiny-gpt2", None, 3, ["tiny-gpt2"]]
)
def test_unknown_names(name):
    with pytest.raises(ModelError) as raised:
        Registry().spec(name)
    assert raised.value.code == "unknown_model"
