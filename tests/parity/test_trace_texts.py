"""Every named tensor of the embedded models, on texts of every length, against what `transformers` computes.

The reference listens to the modules of `transformers`: what goes in and what comes out of each.
"""

import pytest
import torch
from torch import Tensor

from app.engine.trace import names, trace
from app.models import LoadedModel, load
from app.models.registry import EMBEDDED
from tests.reference import listen

LONG = "나는 오늘 학교에 갔다. The dog went to the river. 그 곳에 강아지가 있었다. " * 20
TEXTS = {
    "Korean": "나는 오늘 그 곳에 간다",
    "English": "I like the small dog.",
    "mixed, with parts of characters": "GPT는 뷁 🐶 그리고 ㅋㅋㅋ",
}


@pytest.fixture(scope="module", params=EMBEDDED)
def loaded(request):
    return load(request.param, eager=True)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text(loaded, text):
    compare(loaded, loaded.tokenizer.encode(TEXTS[text]))


def test_one_token(loaded):
    compare(loaded, loaded.tokenizer.encode("나")[:1])


def test_the_whole_window(loaded):
    ids = loaded.tokenizer.encode(LONG)[: loaded.n_ctx]
    assert len(ids) == loaded.n_ctx
    compare(loaded, ids)


def compare(loaded: LoadedModel, ids: list[int]) -> None:
    traced, expected = trace(loaded, ids), reference(loaded, ids)
    assert list(traced) == names(loaded)
    assert set(traced) == set(expected)
    for name, tensor in traced.items():
        torch.testing.assert_close(
            tensor, expected[name], atol=1e-4, rtol=1e-4, msg=lambda m, n=name: f"{n}: {m}"
        )


def reference(loaded: LoadedModel, ids: list[int]) -> dict[str, Tensor]:
    """All tensors of a trace by their names, from the modules of `transformers`."""
    entered, left, attentions, logits = listen(loaded, ids)
    gpt2 = loaded.architecture == "gpt2"
    heads = (len(ids), loaded.n_head, loaded.d_model // loaded.n_head)
    found = {
        "hook_embed": left["wte" if gpt2 else "tokens_embed"],
        "hook_pos_embed": left["wpe" if gpt2 else "positions_embed"],
        "logits": logits,
    }
    closed = torch.ones(len(ids), len(ids), dtype=torch.bool).triu(1)
    for layer in range(loaded.n_layer):
        module = f"h.{layer}."
        q, k, v = (part.view(heads) for part in left[module + "attn.c_attn"].split(loaded.d_model, -1))
        scores = torch.einsum("thd,shd->hts", q, k) / heads[-1] ** 0.5
        block = {
            "hook_resid_pre": entered[module + ("ln_1" if gpt2 else "attn.c_attn")],
            "ln1.hook_normalized": left[module + "ln_1"],
            "attn.hook_q": q,
            "attn.hook_k": k,
            "attn.hook_v": v,
            "attn.hook_attn_scores": scores.masked_fill(closed, float("-inf")),
            "attn.hook_pattern": attentions[layer],
            "attn.hook_z": entered[module + "attn.c_proj"].view(heads),
            "hook_attn_out": left[module + "attn.c_proj"],
            "hook_resid_mid": entered[module + ("ln_2" if gpt2 else "ln_1")],
            "ln2.hook_normalized": left[module + "ln_2"],
            "mlp.hook_pre": left[module + "mlp.c_fc"],
            "mlp.hook_post": entered[module + "mlp.c_proj"],
            "hook_mlp_out": left[module + "mlp.c_proj"],
        }
        if gpt2:
            after = f"h.{layer + 1}.ln_1" if layer + 1 < loaded.n_layer else "ln_f"
            block["hook_resid_post"] = entered[after]
        else:
            block["hook_resid_post"] = entered[module + "ln_2"]
            block["hook_normalized_resid_post"] = left[module + "ln_2"]
        found |= {f"blocks.{layer}.{name}": tensor for name, tensor in block.items()}
    return found | ({"ln_final.hook_normalized": left["ln_f"]} if gpt2 else {})
