"""Models load once each, in float32, and everything else that a folder may hold gets one code."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from app.errors import ModelError
from app.models import ModelSpec, Registry, hub, load, loading
from app.models.quantized import save_quantized
from tests.tiny_models import write_folder


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def folder(request, tmp_path_factory) -> Path:
    """A good model folder of each architecture."""
    return Path(write_folder(tmp_path_factory.mktemp("models") / request.param, request.param).location)


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    """A copy to be damaged."""
    return shutil.copytree(folder, tmp_path / folder.name)


def code_of(path: Path, **how) -> str:
    with pytest.raises(ModelError) as raised:
        load(ModelSpec(f"local/{path.name}", "local", str(path)), **how)
    assert raised.value.details["name"] == f"local/{path.name}"
    return raised.value.code


def test_a_good_folder(folder):
    stages = []
    loaded = load(
        Registry(str(folder)).spec(f"local/{folder.name}"), progress=lambda *told: stages.append(told)
    )
    assert loaded.architecture == folder.name
    assert (loaded.n_ctx, loaded.n_layer, loaded.n_head, loaded.d_model) == (24, 2, 3, 24)
    assert loaded.vocab_size == loaded.tokenizer.vocab_size
    assert loaded.eot_id == 0
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert not loaded.model.training
    assert stages == [(None, "read"), (1.0, "ready")]


def test_eager_is_another_model_that_returns_attention(folder):
    spec = ModelSpec("local/eager", "local", str(folder))
    loaded = load(spec, eager=True)
    assert loaded is not load(spec)
    assert len(loaded.model(torch.tensor([[30, 31]]), output_attentions=True).attentions) == 2


def test_many_callers_at_once_load_once(folder, monkeypatch):
    reads = []
    read_model = loading.read_model
    monkeypatch.setattr(loading, "read_model", lambda *how: reads.append(how) or read_model(*how))
    spec = ModelSpec("local/once", "local", str(folder))
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: load(spec), range(16)))
    assert len(reads) == 1
    assert all(model is models[0] for model in models)


def test_float16_files_become_float32(copy):
    half = load(ModelSpec("local/whole", "local", str(copy))).model.half()
    half.save_pretrained(copy)
    loaded = load(ModelSpec("local/half", "local", str(copy)))
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}


def test_the_published_layout(copy):
    """The hub's files name the body's weights without a prefix, openai-gpt's hold the causal masks too."""
    whole = load(ModelSpec("local/saved-whole", "local", str(copy))).model
    tensors = {name.removeprefix("transformer."): tensor for name, tensor in whole.state_dict().items()}
    del tensors["lm_head.weight"]
    tensors |= {f"h.{layer}.attn.bias": torch.ones(1, 1, 24, 24).tril() for layer in range(2)}
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    body = load(ModelSpec("local/saved-body", "local", str(copy))).model
    ids = torch.tensor([[30, 40, 50]])
    assert torch.equal(body(ids).logits, whole(ids).logits)


def test_a_failure_is_not_kept(copy):
    (copy / "config.json").rename(copy / "hidden.json")
    assert code_of(copy) == "not_a_model"
    (copy / "hidden.json").rename(copy / "config.json")
    assert load(ModelSpec(f"local/{copy.name}", "local", str(copy))).n_layer == 2


@pytest.mark.parametrize("model_type", ["llama", ["gpt2"], None])
def test_another_architecture(copy, model_type):
    config = json.loads((copy / "config.json").read_text()) | {"model_type": model_type}
    (copy / "config.json").write_text(json.dumps(config))
    assert code_of(copy) == "wrong_architecture"


@pytest.mark.parametrize("config", ["", "[]", "{}", "null", '{"model_type": '])
def test_no_config_at_all(copy, config):
    (copy / "config.json").write_text(config)
    assert code_of(copy) == "not_a_model"


@pytest.mark.parametrize("kept", [0, 7, 1000, -100])
def test_truncated_weights(copy, kept):
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    assert code_of(copy) == "broken_weights"


def test_weights_of_another_shape(copy):
    config = json.loads((copy / "config.json").read_text()) | {"n_positions": 30}
    (copy / "config.json").write_text(json.dumps(config))
    assert code_of(copy) == "broken_weights"


def test_missing_layers(copy):
    config = json.loads((copy / "config.json").read_text()) | {"n_layer": 3}
    (copy / "config.json").write_text(json.dumps(config))
    assert code_of(copy) == "broken_weights"


def test_weights_that_are_no_numbers(copy):
    model = load(ModelSpec("local/finite", "local", str(copy))).model
    next(model.parameters()).data[0, 0] = float("nan")
    model.save_pretrained(copy)
    assert code_of(copy) == "broken_weights"


def test_pickles_are_never_loaded(copy):
    """The pickle would write a file if anything unpickled it."""
    (copy / "model.safetensors").unlink()
    (copy / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pickle_ran'\ntR.")
    assert code_of(copy) == "unsafe_weights"
    (copy / "pytorch_model.bin").unlink()
    assert code_of(copy) == "missing_weights"


def test_no_tokenizer_and_one_too_large(copy):
    tokenizer = json.loads((copy / "tokenizer.json").read_text())
    (copy / "tokenizer.json").unlink()
    assert code_of(copy) == "missing_tokenizer"
    extra = {"id": 400, "content": "<extra>", "special": True, "single_word": False}
    extra |= {"lstrip": False, "rstrip": False, "normalized": False}
    (copy / "tokenizer.json").write_text(
        json.dumps(tokenizer | {"added_tokens": [*tokenizer["added_tokens"], extra]})
    )
    assert code_of(copy) == "tokenizer_mismatch"


def test_the_older_tokenizer_files(copy):
    # GPT-1's come back with the normalizer of the published model, which takes Korean apart.
    text = "나는 오늘 <|endoftext|>" if copy.name == "gpt2" else "the dog the cat"
    before = load(ModelSpec("local/newer", "local", str(copy))).tokenizer
    model = json.loads((copy / "tokenizer.json").read_text())["model"]
    (copy / "vocab.json").write_text(json.dumps(model["vocab"]))
    (copy / "merges.txt").write_text("\n".join(" ".join(pair) for pair in model["merges"]))
    (copy / "tokenizer.json").unlink()
    after = load(ModelSpec("local/older", "local", str(copy))).tokenizer
    assert after.encode(text) == before.encode(text)


def test_checkpoints(copy):
    spec = ModelSpec(f"local/{copy.name}", "local", str(copy))
    whole = load(spec)
    (copy / "checkpoints").mkdir()
    path = copy / "checkpoints" / "step-000100.safetensors"
    save_quantized(whole.model.state_dict(), path)
    early = load(spec, step=100)
    assert early.step == 100
    ids = torch.tensor([[30, 40, 50]])
    with torch.no_grad():
        difference = (early.model(ids).logits - whole.model(ids).logits).abs().max()
    assert 0 < difference < 0.5
    assert early.model.lm_head.weight.data_ptr() == early.model.get_input_embeddings().weight.data_ptr()
    assert code_of(copy, step=200) == "unknown_step"
    (copy / "checkpoints" / "step-000300.safetensors").write_bytes(path.read_bytes()[:500])
    assert code_of(copy, step=300) == "broken_weights"


def test_hub_models_come_through_the_same_code(folder, monkeypatch):
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *args, **how: str(folder))
    loaded = load(ModelSpec(f"somebody/{folder.name}", "hub", f"somebody/{folder.name}"))
    assert loaded.architecture == folder.name


def test_offline_never_asks_the_network(monkeypatch):
    from huggingface_hub.errors import LocalEntryNotFoundError

    calls = []

    def download(*args, **how):
        calls.append(how)
        raise LocalEntryNotFoundError("not in the cache")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError) as raised:
        load("openai-community/gpt2")
    assert raised.value.code == "model_offline"
    assert [how["local_files_only"] for how in calls] == [True]


def test_a_hub_that_does_not_answer(monkeypatch):
    from huggingface_hub.errors import LocalEntryNotFoundError

    def download(*args, **how):
        raise LocalEntryNotFoundError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(ModelError) as raised:
        load("openai-community/gpt2")
    assert raised.value.code == "model_unavailable"


def test_a_download_tells_how_far_it_is():
    told = []
    bar = hub._reporter(lambda *how: told.append(how))(total=0, unit="B", initial=0)
    bar.total += 200
    bar.update(50)
    bar.update(150)
    assert told == [(0.25, "download"), (1.0, "download")]
