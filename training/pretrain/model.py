"""The two small GPTs as plain functions over a dictionary of parameters: the pre-training loop's fast
forward.

`transformers` computes the same numbers (`tests/unit/test_training_model.py` holds them together) but
spends more time on one CPU thread. The names and layouts of the parameters are those of `transformers`, so
saving is only a copy: `Conv1D` weights are (in, out), the output layer is the embedding table itself.

Master weights are float32; the arithmetic may run in bfloat16 (see `precision.py`). Layer norm sums and the
softmax of the loss are float32 inside either way. There is no dropout: the corpus is larger than what the
models can learn by heart. Sources: GPT-1 section 4.1 (post-LN, N(0, 0.02)); GPT-2 section 2.3 (pre-LN,
final LN, residual weights scaled down by depth, here 0.02/sqrt(2 · layers), because every layer adds to the
residual stream twice).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

LN_EPS = 1e-5
IGNORED = -100  # a target with this value does not count in the loss
LOSS_ROWS = 256  # rows of logits alive at once: 256 x 5026 float32 = 5 MB, which stays in the cache

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class Shape:
    """Everything that fixes the size of a model. `architecture` is "gpt1" (post-LN) or "gpt2" (pre-LN)."""

    architecture: str
    vocab_size: int
    n_ctx: int
    n_layer: int = 4
    d_model: int = 192
    n_head: int = 6

    @property
    def token_table(self) -> str:
        return "transformer." + ("wte" if self.architecture == "gpt2" else "tokens_embed") + ".weight"

    @property
    def position_table(self) -> str:
        return "transformer." + ("wpe" if self.architecture == "gpt2" else "positions_embed") + ".weight"


def init_parameters(shape: Shape, seed: int) -> Parameters:
    """Random float32 parameters, named as in the `transformers` checkpoints, in a fixed order."""
    generator = torch.Generator().manual_seed(seed)
    d, residual_std = shape.d_model, 0.02
    if shape.architecture == "gpt2":
        residual_std /= math.sqrt(2 * shape.n_layer)

    def normal(*size: int, std: float = 0.02) -> Tensor:
        return (torch.randn(*size, generator=generator) * std).requires_grad_()

    def constant(size: int, value: float) -> Tensor:
        return torch.full((size,), value).requires_grad_()

    parameters = {
        shape.token_table: normal(shape.vocab_size, d),
        shape.position_table: normal(shape.n_ctx, d, std=0.01),
    }
    for layer in range(shape.n_layer):
        block = f"transformer.h.{layer}."
        parameters |= {
            block + "ln_1.weight": constant(d, 1.0),
            block + "ln_1.bias": constant(d, 0.0),
            block + "attn.c_attn.weight": normal(d, 3 * d),
            block + "attn.c_attn.bias": constant(3 * d, 0.0),
            block + "attn.c_proj.weight": normal(d, d, std=residual_std),
            block + "attn.c_proj.bias": constant(d, 0.0),
            block + "ln_2.weight": constant(d, 1.0),
            block + "ln_2.bias": constant(d, 0.0),
            block + "mlp.c_fc.weight": normal(d, 4 * d),
            block + "mlp.c_fc.bias": constant(4 * d, 0.0),
            block + "mlp.c_proj.weight": normal(4 * d, d, std=residual_std),
            block + "mlp.c_proj.bias": constant(d, 0.0),
        }
    if shape.architecture == "gpt2":
        parameters |= {"transformer.ln_f.weight": constant(d, 1.0), "transformer.ln_f.bias": constant(d, 0.0)}
    return parameters


def hidden_states(parameters: Parameters, shape: Shape, ids: Tensor) -> Tensor:
    """ids (B, T) int64 -> the final activations (B, T, d), in the type of the parameters."""
    B, T = ids.shape
    d, dtype = shape.d_model, parameters[shape.token_table].dtype
    causal = torch.full((T, T), float("-inf"), dtype=dtype).triu(1)  # (T, T)

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (d,), parameters[name + ".weight"], parameters[name + ".bias"], LN_EPS)

    def linear(x: Tensor, name: str) -> Tensor:
        return torch.addmm(parameters[name + ".bias"], x, parameters[name + ".weight"])

    def attention(x: Tensor, block: str) -> Tensor:
        qkv = linear(x, block + "attn.c_attn").view(B, T, 3, shape.n_head, d // shape.n_head)
        # (B*nh, T, hs)
        q, k, v = (part.reshape(B * shape.n_head, T, -1) for part in qkv.permute(2, 0, 3, 1, 4))
        # (B*nh, T, T)
        scores = torch.baddbmm(causal, q, k.transpose(1, 2), alpha=(d // shape.n_head) ** -0.5)
        mixed = torch.bmm(torch.softmax(scores, -1), v)  # (B*nh, T, hs)
        return linear(
            mixed.view(B, shape.n_head, T, -1).transpose(1, 2).reshape(B * T, d), block + "attn.c_proj"
        )

    def feed_forward(x: Tensor, block: str) -> Tensor:
        return linear(F.gelu(linear(x, block + "mlp.c_fc"), approximate="tanh"), block + "mlp.c_proj")

    x = F.embedding(ids, parameters[shape.token_table]) + parameters[shape.position_table][:T]  # (B, T, d)
    x = x.view(B * T, d)
    for layer in range(shape.n_layer):
        block = f"transformer.h.{layer}."
        if shape.architecture == "gpt2":
            x = x + attention(norm(x, block + "ln_1"), block)
            x = x + feed_forward(norm(x, block + "ln_2"), block)
        else:
            x = norm(x + attention(x, block), block + "ln_1")
            x = norm(x + feed_forward(x, block), block + "ln_2")
    if shape.architecture == "gpt2":
        x = norm(x, "transformer.ln_f")
    return x.view(B, T, d)


class LinearCrossEntropy(torch.autograd.Function):
    """Mean cross-entropy of softmax(x Wᵀ), and its gradient, a few rows of logits at a time.

    The usual two steps write a (2048, 5026) float32 table four times and take half of a training step on a
    CPU. Here the gradient is made in the forward pass, while the rows are in the cache.
    """

    @staticmethod
    def forward(ctx, x: Tensor, table: Tensor, targets: Tensor) -> Tensor:
        """x (N, d), table (V, d), targets (N,) int64 with `IGNORED` where nothing is asked -> scalar
        float32, in nats."""
        n_counted = (targets != IGNORED).sum().clamp_min(1)
        grad_x = torch.empty_like(x)
        grad_table = torch.zeros(table.shape, dtype=torch.float32)
        total = torch.zeros(())
        for start in range(0, len(x), LOSS_ROWS):
            rows, wanted = x[start : start + LOSS_ROWS], targets[start : start + LOSS_ROWS]
            counted = (wanted != IGNORED).unsqueeze(1)  # (n, 1)
            index = wanted.clamp_min(0).unsqueeze(1)  # (n, 1)
            p = torch.softmax(rows @ table.t(), -1, dtype=torch.float32)  # (n, V)
            p_wanted = p.gather(1, index)  # (n, 1)
            total -= (p_wanted.clamp_min(1e-37).log() * counted).sum()
            p.scatter_(1, index, p_wanted - 1).mul_(counted / n_counted)  # now the gradient of the logits
            grad_logits = p.to(x.dtype)
            grad_x[start : start + LOSS_ROWS] = grad_logits @ table
            grad_table += grad_logits.t() @ rows
        ctx.save_for_backward(grad_x, grad_table.to(table.dtype))
        return total / n_counted

    @staticmethod
    def backward(ctx, grad_loss: Tensor):
        grad_x, grad_table = ctx.saved_tensors
        return grad_x * grad_loss, grad_table * grad_loss, None


def loss(parameters: Parameters, shape: Shape, ids: Tensor, targets: Tensor, dtype=torch.float32) -> Tensor:
    """L1 = mean -log P(target) in nats over the targets that count. ids, targets (B, T) int64; arithmetic
    in `dtype`."""
    cast = {name: value.to(dtype) for name, value in parameters.items()}
    x = hidden_states(cast, shape, ids)  # (B, T, d)
    return LinearCrossEntropy.apply(x.flatten(0, 1), cast[shape.token_table], targets.flatten())
