"""The trace against `transformers`, and attention recomputed from its parts in plain torch."""

import pytest
import torch

from app.engine.trace import names, trace
from app.models import load
from tests.tiny_models import write_folder

IDS = [30, 41, 52, 30, 63, 74, 85, 30, 30, 96]


@pytest.fixture(scope="module", params=["gpt1", "gpt2", "gpt2-scaled"])
def loaded(request, tmp_path_factory):
    """ "gpt2-scaled": a published variant whose scores are also divided by the number of the block."""
    architecture, _, scaled = request.param.partition("-")
    config = {"scale_attn_by_inverse_layer_idx": True} if scaled else {}
    return load(
        write_folder(tmp_path_factory.mktemp("models") / request.param, architecture, **config), eager=True
    )


@pytest.fixture(scope="module")
def reference(loaded):
    """Their logits, attentions and hidden states of the same text."""
    with torch.no_grad():
        return loaded.model(torch.tensor([IDS]), output_attentions=True, output_hidden_states=True)


@pytest.fixture(scope="module")
def traced(loaded):
    return trace(loaded, IDS)


def close(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_logits_and_patterns(loaded, traced, reference):
    close(traced["logits"], reference.logits[0])
    for layer, theirs in enumerate(reference.attentions):
        close(traced[f"blocks.{layer}.attn.hook_pattern"], theirs[0])


def test_what_enters_each_block(loaded, traced, reference):
    for layer in range(loaded.n_layer):
        close(traced[f"blocks.{layer}.hook_resid_pre"], reference.hidden_states[layer][0])
    last = (
        "ln_final.hook_normalized" if loaded.architecture == "gpt2" else "blocks.1.hook_normalized_resid_post"
    )
    close(traced[last], reference.hidden_states[-1][0])


def test_attention_recomputed_from_q_k_v(loaded, traced):
    """q·k/√d_head → mask → softmax → z, entry by entry, without the code under test."""
    d_head = loaded.d_model // loaded.n_head
    for layer in range(loaded.n_layer):
        q, k, v, scores, pattern, z = (
            traced[f"blocks.{layer}.attn.hook_{name}"]
            for name in ("q", "k", "v", "attn_scores", "pattern", "z")
        )
        divisor = d_head**0.5
        if getattr(loaded.model.config, "scale_attn_by_inverse_layer_idx", False):
            divisor *= layer + 1
        expected = torch.einsum("thd,shd->hts", q, k) / divisor
        closed = torch.arange(len(IDS))[:, None] < torch.arange(len(IDS))[None]
        close(scores[:, ~closed], expected[:, ~closed])
        assert scores[:, closed].eq(float("-inf")).all()
        expected_pattern = expected.masked_fill(closed, float("-inf")).softmax(dim=-1)
        close(pattern, expected_pattern)
        close(z, torch.einsum("hts,shd->thd", expected_pattern, v))


def test_residuals_add_up(loaded, traced):
    for layer in range(loaded.n_layer):
        block = {name: traced[f"blocks.{layer}.{name}"] for name in ("hook_resid_pre", "hook_attn_out")}
        block |= {name: traced[f"blocks.{layer}.{name}"] for name in ("hook_resid_mid", "hook_mlp_out")}
        close(block["hook_resid_mid"], block["hook_resid_pre"] + block["hook_attn_out"])
        into_sum = "hook_resid_mid" if loaded.architecture == "gpt2" else "ln1.hook_normalized"
        added = traced[f"blocks.{layer}.{into_sum}"] + block["hook_mlp_out"]
        close(traced[f"blocks.{layer}.hook_resid_post"], added)
    close(traced["blocks.0.hook_resid_pre"], traced["hook_embed"] + traced["hook_pos_embed"])


def test_normalized_is_the_layer_norm_with_gain_and_bias(loaded, traced):
    gpt2 = loaded.architecture == "gpt2"
    inputs = ("hook_resid_pre", "hook_resid_mid") if gpt2 else ("hook_resid_mid", "hook_resid_post")
    for layer, block in enumerate(loaded.model.transformer.h):
        for name, norm, source in zip(("ln1", "ln2"), (block.ln_1, block.ln_2), inputs, strict=True):
            x = traced[f"blocks.{layer}.{source}"]
            variance = x.var(dim=-1, correction=0, keepdim=True)
            expected = (x - x.mean(dim=-1, keepdim=True)) / (variance + 1e-5).sqrt() * norm.weight + norm.bias
            close(traced[f"blocks.{layer}.{name}.hook_normalized"], expected.detach())
    if not gpt2:  # what leaves a post-LN block is what the next one receives
        assert torch.equal(traced["blocks.0.hook_normalized_resid_post"], traced["blocks.1.hook_resid_pre"])


def test_names_and_shapes(loaded, traced):
    assert list(traced) == names(loaded)
    t, d, h = len(IDS), loaded.d_model, loaded.n_head
    shapes = {
        **dict.fromkeys(("q", "k", "v", "z"), (t, h, d // h)),
        **dict.fromkeys(("attn_scores", "pattern"), (h, t, t)),
        **dict.fromkeys(("pre", "post"), (t, 4 * d)),
    }
    for name, tensor in traced.items():
        kind = name.rsplit("hook_", 1)[-1]
        expected = (t, loaded.vocab_size) if name == "logits" else shapes.get(kind, (t, d))
        assert tensor.shape == expected, name
        assert not tensor.requires_grad
