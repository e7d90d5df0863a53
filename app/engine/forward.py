"""One pass through GPT-1 or GPT-2, in plain torch over the model's own weights: the arithmetic in one place.

`trace.py` runs it and keeps every tensor, `cache.py` runs it over the newest tokens only. Each intermediate
passes `hook(name, tensor)` under the name TransformerLens gives it; what the hook returns is used from there
on, so a hook can look or intervene.

Shapes: B texts, T new tokens, S tokens seen (S ≥ T), h heads, d = h · d_head, V vocabulary.
Sources: GPT-1 eq. (2) and its code (post-LN); GPT-2 section 2.3 (LN moved to the input, one more at the end).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from app.errors import ModelError

if TYPE_CHECKING:
    from app.engine.key_values import KeyValues
    from app.models import LoadedModel

Hook = Callable[[str, Tensor], Tensor]


def unseen(name: str, tensor: Tensor) -> Tensor:
    """The hook that neither looks nor changes anything."""
    return tensor


def hidden(loaded: LoadedModel, ids: Tensor, past: KeyValues | None = None, hook: Hook = unseen) -> Tensor:
    """ids (B, T) -> the final hidden states (B, T, d), in GPT-2 after the final LN.

    past: keys and values of the tokens before `ids`; those of `ids` are added to it. There must be room for
        all of them in the context: len(past) + T ≤ n_ctx.
    """
    start = len(past) if past is not None else 0
    x = embed(loaded, ids, start, hook)  # (B, T, d)
    for layer in range(len(loaded.model.transformer.h)):
        x = run_block(loaded, x, layer, past, hook)
    if past is not None:
        past.advance(ids.shape[1])
    return after_blocks(loaded, x, hook)


def embed(loaded: LoadedModel, ids: Tensor, start: int = 0, hook: Hook = unseen) -> Tensor:
    """ids (B, T) -> what enters block 0, (B, T, d). start: the position of the first of them."""
    body = loaded.model.transformer
    token_table, position_table = (
        (body.wte, body.wpe) if loaded.architecture == "gpt2" else (body.tokens_embed, body.positions_embed)
    )
    positions = torch.arange(start, start + ids.shape[1])
    embedded = hook("hook_embed", token_table(ids))  # (B, T, d)
    return embedded + hook("hook_pos_embed", position_table(positions)[None])  # (B, T, d) + (1, T, d)


def run_block(
    loaded: LoadedModel, x: Tensor, layer: int, past: KeyValues | None = None, hook: Hook = unseen
) -> Tensor:
    """What enters block `layer` -> what leaves it, (B, T, d) both."""
    arithmetic = _pre_ln_block if loaded.architecture == "gpt2" else _post_ln_block
    block = loaded.model.transformer.h[layer]
    return arithmetic(block, x, layer, loaded.n_head, past, _scoped(hook, f"blocks.{layer}."))


def after_blocks(loaded: LoadedModel, x: Tensor, hook: Hook = unseen) -> Tensor:
    """What leaves the last block -> the final hidden states, (B, T, d): through the final LN in GPT-2."""
    if loaded.architecture == "gpt1":
        return x
    return hook("ln_final.hook_normalized", loaded.model.transformer.ln_f(x))


def unembed(loaded: LoadedModel, final: Tensor) -> Tensor:
    """Final hidden states (..., d) -> logits (..., V), before softmax. The table is the token embedding's.

    Raises ModelError("broken_weights") when they are not finite: weights that are numbers but absurd overflow
    here.
    """
    logits = loaded.model.lm_head(final)
    if not logits.isfinite().all():
        raise ModelError("broken_weights", name=loaded.name)
    return logits


def _pre_ln_block(
    block: nn.Module, x: Tensor, layer: int, n_head: int, past: KeyValues | None, hook: Hook
) -> Tensor:
    """GPT-2: x + attention(LN(x)), then + mlp(LN(·)). The residual stream itself is never normalised."""
    x = hook("hook_resid_pre", x)  # (B, T, d)
    normalized = hook("ln1.hook_normalized", block.ln_1(x))
    attention = hook("hook_attn_out", _attention(block.attn, normalized, layer, n_head, past, hook))
    middle = hook("hook_resid_mid", x + attention)
    normalized = hook("ln2.hook_normalized", block.ln_2(middle))
    return hook("hook_resid_post", middle + hook("hook_mlp_out", _mlp(block.mlp, normalized, hook)))


def _post_ln_block(
    block: nn.Module, x: Tensor, layer: int, n_head: int, past: KeyValues | None, hook: Hook
) -> Tensor:
    """GPT-1: LN(x + attention(x)), then LN(· + mlp(·)). What leaves is normalised, and the next block gets
    that.
    """
    x = hook("hook_resid_pre", x)  # (B, T, d)
    attention = hook("hook_attn_out", _attention(block.attn, x, layer, n_head, past, hook))
    middle = hook("hook_resid_mid", x + attention)
    normalized = hook("ln1.hook_normalized", block.ln_1(middle))
    mlp = hook("hook_mlp_out", _mlp(block.mlp, normalized, hook))
    after = hook("hook_resid_post", normalized + mlp)
    return hook("hook_normalized_resid_post", hook("ln2.hook_normalized", block.ln_2(after)))


def _attention(
    attention: nn.Module, x: Tensor, layer: int, n_head: int, past: KeyValues | None, hook: Hook
) -> Tensor:
    """Causal multi-head self-attention, x (B, T, d) -> (B, T, d)."""
    batch, n_new, d_model = x.shape
    q, k, v = (
        attention.c_attn(x).view(batch, n_new, 3, n_head, d_model // n_head).unbind(2)
    )  # 3 × (B, T, h, d_head)
    q, k, v = hook("attn.hook_q", q), hook("attn.hook_k", k), hook("attn.hook_v", v)
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)  # (B, h, T, d_head)
    if past is not None:
        k, v = past.extend(layer, k, v)  # (B, h, S, d_head)
    scores = scaled(attention, q @ k.transpose(2, 3), d_model // n_head)  # (B, h, T, S)
    if n_new > 1:
        n_seen = k.shape[2]
        closed = torch.ones(n_new, n_seen, dtype=torch.bool).triu(n_seen - n_new + 1)  # what comes later
        scores = scores.masked_fill(closed, float("-inf"))
    pattern = hook("attn.hook_pattern", hook("attn.hook_attn_scores", scores).softmax(dim=-1))  # (B, h, T, S)
    z = hook("attn.hook_z", (pattern @ v).transpose(1, 2))  # (B, T, h, d_head)
    return attention.c_proj(z.reshape(batch, n_new, d_model))


def scaled(attention: nn.Module, products: Tensor, d_head: int) -> Tensor:
    """q·k -> q·k/√d_head, to the last bit as `transformers` has it: GPT-1 divides. GPT-2 multiplies with what
    its module knows, since some checkpoints also divide by the number of the layer.
    """
    scaling = getattr(attention, "scaling", None)
    return products / d_head**0.5 if scaling is None else products * scaling


def _mlp(mlp: nn.Module, x: Tensor, hook: Hook) -> Tensor:
    """Position-wise feed-forward, (B, T, d) -> (B, T, 4d) -> (B, T, d)."""
    before = hook("mlp.hook_pre", mlp.c_fc(x))
    return mlp.c_proj(hook("mlp.hook_post", mlp.act(before)))


def _scoped(hook: Hook, prefix: str) -> Hook:
    return hook if hook is unseen else lambda name, tensor: hook(prefix + name, tensor)
