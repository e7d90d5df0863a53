"""The committed checkpoints: what is read back is the model that `transformers` makes of the same numbers."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel

from app.engine import checkpoints, sets
from app.engine.interventions import head_pattern
from app.engine.log_probs import log_probs
from app.engine.next_token import generate
from app.errors import ModelError
from app.models import load
from app.models.registry import MODELS_FOLDER, ModelSpec
from tests.tiny_models import write_folder

TEXT = "나는 오늘 그 곳에 간다. 너도 오늘 그 곳에 갈래?"
FOLDER = MODELS_FOLDER / checkpoints.MODEL
STEPS = sorted(int(path.stem[5:]) for path in (FOLDER / "checkpoints").glob("step-*.safetensors"))


def by_transformers(step: int) -> GPT2LMHeadModel:
    """The file read by hand: each row of int8 times its scale."""
    tensors = load_file(FOLDER / "checkpoints" / f"step-{step:06d}.safetensors")
    state = {}
    for name, tensor in tensors.items():
        if not name.endswith(".scale"):
            scale = tensors.get(f"{name}.scale")
            state[name] = tensor.float() if scale is None else tensor.float() * scale.float()[:, None]
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    model = GPT2LMHeadModel(GPT2Config(**config, attn_implementation="eager"))
    report = model.load_state_dict(state, strict=False)
    assert set(report.missing_keys) <= {"lm_head.weight"} and not report.unexpected_keys
    model.tie_weights()
    return model.float().eval()


def test_the_road_is_what_lies_in_the_folder():
    assert [one.step for one in checkpoints.road()] == STEPS and len(STEPS) == 8
    assert [one.tokens for one in checkpoints.road()] == [2048 * step for step in STEPS]
    sizes = [path.stat().st_size for path in (FOLDER / "checkpoints").iterdir()]
    assert max(sizes) < 3_000_000


@pytest.mark.parametrize("step", STEPS)
def test_a_checkpoint_equals_its_dequantised_state(step: int):
    model = by_transformers(step)
    loaded = checkpoints.at(step)
    assert loaded.step == step and loaded.model.dtype == torch.float32
    theirs = dict(model.named_parameters())
    for name, weight in loaded.model.named_parameters():
        assert torch.equal(weight, theirs[name]), name
    ids = loaded.tokenizer.encode(TEXT)
    with torch.no_grad():
        output = model(torch.tensor([ids]), output_attentions=True)
        written = model.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids)),
            max_new_tokens=5,
            do_sample=False,
            pad_token_id=1,
        )
    expected = output.logits[0].double().log_softmax(-1)[range(len(ids) - 1), ids[1:]]
    assert log_probs(loaded, ids).log_p == pytest.approx(expected.tolist(), abs=1e-4)
    for layer, head in ((2, 3), (3, 2)):
        pattern = head_pattern(loaded, ids, layer, head)
        torch.testing.assert_close(pattern, output.attentions[layer][0, head], atol=1e-5, rtol=0)
        assert torch.equal(checkpoints.pattern(loaded, ids, layer, head), pattern)
    assert [one.token_id for one in generate(loaded, ids, 5)] == written[0, len(ids) :].tolist()


@pytest.mark.parametrize("k", [1, 5, None])
def test_one_text_along_the_road(k: int | None):
    ids = load(checkpoints.MODEL).tokenizer.encode(TEXT)
    found = checkpoints.along(ids, k)
    assert list(found) == [*STEPS, None]
    for step in (STEPS[0], STEPS[-1]):
        assert found[step].log_p == log_probs(checkpoints.at(step), ids, k).log_p
    assert found[None].log_p == log_probs(load(checkpoints.MODEL), ids, k).log_p


def test_it_learns_on_the_way():
    """Ten sentences of its own world that it has not read. A sentence of another world may get worse."""
    loaded = load(checkpoints.MODEL)
    sums: dict[int | None, float] = {}
    for text in sets.held_out("ko")[:10]:
        for step, found in checkpoints.along(loaded.tokenizer.encode(text)).items():
            sums[step] = sums.get(step, 0.0) + found.sum
    assert sums[STEPS[0]] < sums[STEPS[3]] < sums[STEPS[-1]] < 0 and sums[STEPS[0]] < sums[None]


@pytest.mark.parametrize("step", [100, 0, -1, "200", 200.5, True, "../model"])
def test_a_step_that_is_none(step):
    with pytest.raises(ModelError) as raised:
        checkpoints.at(step)
    assert raised.value.code == "unknown_step"


@pytest.fixture
def small(tmp_path) -> checkpoints.Checkpoints:
    """Five checkpoints of a tiny model, of which two are kept."""
    from app.models.quantized import save_quantized

    steps = (1, 2, 3, 4, 5)
    for step in steps:
        spec = write_folder(tmp_path / "model", "gpt2", seed=step)
        state = load(ModelSpec(f"as it was at {step}", "local", spec.location)).model.state_dict()
        (tmp_path / "model" / "checkpoints").mkdir(exist_ok=True)
        save_quantized(state, tmp_path / "model" / "checkpoints" / f"step-{step:06d}.safetensors")
    return checkpoints.Checkpoints(spec, steps, most=2)


def test_a_few_are_kept_and_the_neighbours_are_read_ahead(small):
    assert len(small) == 0
    first = small.at(3)
    assert small.at(3) is first and len(small) == 1
    small.at(4)
    small.at(3)
    small.at(1)
    assert 3 in small and 1 in small and 4 not in small and len(small) == 2
    thread = small.ahead(5)
    thread.join(30)
    assert 4 in small and len(small) == 2
    assert small.ahead(5) is None, "nothing left to do"
    small.ahead(None).join(30)
    assert 5 in small, "before the finished model stands the last one"
    small.ahead(1).join(30)
    assert 2 in small


def test_many_who_ask_at_once_read_it_once(small, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    calls = []
    real = checkpoints.read_step

    def counted(spec, step):
        calls.append(step)
        return real(spec, step)

    monkeypatch.setattr(checkpoints, "read_step", counted)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(small.at, [2] * 16))
    assert calls == [2] and all(one is found[0] for one in found)
