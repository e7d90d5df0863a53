"""What a trace tells about its tensors, and what cannot be traced."""

import json
import math
from statistics import fmean, pstdev

import pytest
import torch

from app.engine.forward import hidden, unembed
from app.engine.trace import stats, to_json, trace
from app.errors import InputError
from app.models import load
from tests.tiny_models import write_folder


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp("models") / "gpt2", "gpt2"))


def test_closed_scores_are_null_and_count_for_nothing():
    scores = torch.tensor([[[1.0, -math.inf], [2.0, 5.0]]])
    told = stats(scores)
    assert told == {
        "shape": [1, 2, 2],
        "mean": pytest.approx(fmean([1, 2, 5])),
        "std": pytest.approx(pstdev([1, 2, 5])),
        "norm": pytest.approx(math.sqrt(30)),
    }
    assert to_json(scores) == [[[1.0, None], [2.0, 5.0]]]


def test_one_number_has_no_spread():
    assert stats(torch.tensor([3.0])) == {"shape": [1], "mean": 3, "std": 0, "norm": 3}


def test_a_whole_trace_is_plain_json(loaded):
    for tensor in trace(loaded, [30, 31, 32]).values():
        json.dumps(to_json(tensor), allow_nan=False)
        json.dumps(stats(tensor), allow_nan=False)


@pytest.mark.parametrize(
    ("ids", "code", "details"),
    [
        ([], "no_tokens", {}),
        (list(range(30, 60)), "too_many_tokens", {"n": 30, "limit": 24}),
        ([5000], "unknown_token", {"id": 5000, "n": 330}),
    ],
)
def test_what_cannot_be_traced(loaded, ids, code, details):
    with pytest.raises(InputError) as raised:
        trace(loaded, ids)
    assert (raised.value.code, raised.value.details) == (code, details)


def test_a_hook_may_change_what_it_sees(loaded):
    """With what attention and MLP add set to zero, only embeddings and the final layer norm are left."""

    def silence(name: str, tensor: torch.Tensor) -> torch.Tensor:
        return tensor * 0 if name.endswith(("hook_attn_out", "hook_mlp_out")) else tensor

    ids = torch.tensor([[30, 31, 32]])
    body = loaded.model.transformer
    with torch.no_grad():
        logits = unembed(loaded, hidden(loaded, ids, hook=silence))
        expected = body.ln_f(body.wte(ids) + body.wpe.weight[:3]) @ body.wte.weight.T
    torch.testing.assert_close(logits, expected)
