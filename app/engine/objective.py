"""The fine-tuning step of GPT-1, for both architectures: L1, L2, L3 = L2 + λ·L1, their gradient, and AdamW.

This is the only place where this mathematics exists. `finetune` calls it as it is, and it can be traced into
a graph for the browser. That is why it is one pure function of a flat vector, and why some lines look odd:
* nothing in the forward pass is cut with a slice, whose gradient would be megabytes of zeros in the graph:
  Q, K and V come by `unbind`, and the targets by rolling the ids one place to the left;
* the Extract token and the label are picked by a one-hot mask, log-sum-exp is written out;
* AdamW's ε is an input, because a graph optimizer takes x + 1e-8 for x + 0 and deletes it.

The paper maximises log-likelihoods; here every L is a positive loss in nats and is minimised.
Sources: GPT-1 (Radford et al. 2018), equations (1) to (5) and sections 3.2, 3.3, 4.1; AdamW: Loshchilov and
Hutter 2019, algorithm 2, in the form of `torch.optim.AdamW`.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from app.engine.inputs import EXTRACT
from app.engine.parameters import Shape, cut, join, parts_of

BETA_1, BETA_2 = 0.9, 0.999
WEIGHT_DECAY = 0.01
EPS = 1e-8
LN_EPS = 1e-5
MASKED = -1e9  # a score whose weight is 0; finite, so that no runtime meets inf - inf

Parts = dict[str, Tensor]


class Losses(NamedTuple):
    """Scalars float32: the two losses in nats, and the share of examples whose likeliest label is right."""

    l1: Tensor
    l2: Tensor
    accuracy: Tensor


class Moments(NamedTuple):
    """AdamW's running means of the gradient and of its square."""

    first: Tensor
    second: Tensor


def final_activations(shape: Shape, parts: Parts, ids: Tensor) -> Tensor:
    """ids (N, T) int64 -> what leaves the last layer, (N, T, d); in GPT-2 after its final layer norm."""
    N, T = ids.shape
    d, head_size = shape.d_model, shape.d_model // shape.n_head
    causal = torch.full((T, T), MASKED, device=ids.device).triu(1)  # (T, T)

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (d,), parts[name + ".weight"], parts[name + ".bias"], LN_EPS)

    def linear(x: Tensor, name: str) -> Tensor:
        return torch.addmm(parts[name + ".bias"], x, parts[name + ".weight"])

    def attention(x: Tensor, block: str) -> Tensor:
        qkv = linear(x, block + "attn.c_attn").reshape(N, T, 3, shape.n_head, head_size)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, nh, T, hs) each
        pattern = torch.softmax(q @ k.transpose(-1, -2) * head_size**-0.5 + causal, -1)  # (N, nh, T, T)
        mixed = (pattern @ v).transpose(1, 2).reshape(N * T, d)  # (N*T, d)
        return linear(mixed, block + "attn.c_proj")

    def feed_forward(x: Tensor, block: str) -> Tensor:
        return linear(F.gelu(linear(x, block + "mlp.c_fc"), approximate="tanh"), block + "mlp.c_proj")

    positions = torch.arange(T, device=ids.device)
    x = F.embedding(ids, parts["wte.weight"]) + F.embedding(positions, parts["wpe.weight"])  # (N, T, d)
    x = x.reshape(N * T, d)
    for layer in range(shape.n_layer):
        block = f"h.{layer}."
        if shape.architecture == "gpt2":
            x = x + attention(norm(x, block + "ln_1"), block)
            x = x + feed_forward(norm(x, block + "ln_2"), block)
        else:
            x = norm(x + attention(x, block), block + "ln_1")
            x = norm(x + feed_forward(x, block), block + "ln_2")
    if shape.architecture == "gpt2":
        x = norm(x, "ln_f")
    return x.reshape(N, T, d)


def log_sum_exp(x: Tensor) -> Tensor:
    """(..., n) -> (...): ln Σ exp(x) over the last axis, safe for large values."""
    largest = x.amax(-1, keepdim=True).detach()
    return (x - largest).exp().sum(-1).log() + largest.squeeze(-1)


def language_model_loss(h: Tensor, wte: Tensor, ids: Tensor, predicted: Tensor) -> Tensor:
    """L1: for each example the mean -ln P(token | tokens before it), then the mean over the examples.

    h: (B, S, T, d) float32, final activations of the S sequences of each example. wte: (V, d).
    ids: (B, S, T) int64. predicted: (B, S, T) float32, 1 on the tokens that count as targets; 0 on the first
        of each sequence, so that the last position, to which the roll brings it, counts nothing.
    Source: equations (1) and (2).
    """
    return losses_of_examples(h, wte, ids, predicted).mean()


def losses_of_examples(h: Tensor, wte: Tensor, ids: Tensor, predicted: Tensor) -> Tensor:
    """As `language_model_loss`, before its last mean: one number for each example, (B,)."""
    B, d = h.shape[0], h.shape[-1]
    rows = h.reshape(-1, d)  # (B*S*T, d)
    targets = torch.roll(ids, -1, -1).reshape(-1)  # (B*S*T,)
    weights = torch.roll(predicted, -1, -1).reshape(B, -1)  # (B, S*T)
    # The wanted entries of rows @ wteᵀ, (B*S*T,): cheaper than finding them in that large table.
    target_logits = (rows * F.embedding(targets, wte)).sum(-1)
    nll = (log_sum_exp(rows @ wte.t()) - target_logits).reshape(B, -1)  # (B, S*T)
    return (nll * weights).sum(-1) / weights.sum(-1)


def class_logits(
    h: Tensor, w_y: Tensor, ids: Tensor, labels_used: Tensor, one_logit_per_sequence: bool
) -> Tensor:
    """The Extract token's activation through W_y: logits of the labels (B, n), softmax not yet taken.

    h: (B, S, T, d). w_y: (d, n_out). ids: (B, S, T), with one Extract in each sequence. The activations of
    several sequences are added (similarity), or each sequence gives one logit of its own (multiple choice:
    one column, n = S). Source: equation (3) and section 3.3.
    labels_used: (n_out,) bool. The other columns, which a graph for the browser has so that it serves any
        number of labels, get neither a share of the softmax nor a gradient.
    """
    is_extract = (ids == EXTRACT).to(h.dtype)  # (B, S, T)
    h_extract = (h * is_extract.unsqueeze(-1)).sum(2)  # (B, S, d)
    if one_logit_per_sequence:
        return torch.where(labels_used, h_extract @ w_y, 0.0).sum(-1)  # (B, S)
    return torch.where(labels_used, h_extract.sum(1) @ w_y, MASKED)  # (B, n_out)


def classification_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """L2: the mean of -ln P(label). logits (B, n), labels (B,) int64. Source: equations (3) and (4)."""
    classes = torch.arange(logits.shape[-1], device=labels.device)  # (n,)
    is_label = (labels.unsqueeze(-1) == classes).to(logits.dtype)  # (B, n)
    return (log_sum_exp(logits) - (logits * is_label).sum(-1)).mean()


def all_used(shape: Shape) -> Tensor:
    """`labels_used` (n_out,) of a run whose W_y has a column for each of its labels and no other."""
    return torch.ones(shape.n_out, dtype=torch.bool)


def forward(
    shape: Shape,
    parts: Parts,
    ids: Tensor,
    one_logit_per_sequence: bool,
    labels_used: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """ids (B, S, T) int64 -> final activations (B, S, T, d) and the logits of the labels (B, n).

    labels_used: (n_out,) bool, see `class_logits`; None for all.
    """
    B, S, T = ids.shape
    h = final_activations(shape, parts, ids.reshape(B * S, T)).reshape(B, S, T, shape.d_model)
    used = all_used(shape) if labels_used is None else labels_used
    return h, class_logits(h, parts["w_y"], ids, used, one_logit_per_sequence)


def adamw(
    weights: Tensor,
    moments: Moments,
    gradient: Tensor,
    trained: Tensor,
    decays: bool,
    step: Tensor,
    learning_rate: Tensor,
    eps: Tensor,
) -> tuple[Tensor, Moments]:
    """One update of some weights -> as they are then, and their moments.

    weights, moments, gradient: of one size. trained: of a size that fits theirs, 1 where a number may change
        and 0 where weight and moments stay exactly as they are: with a mask on the gradient alone, weight
        decay and old momentum would go on. decays: lose learning_rate · 0.01 of themselves. The rest scalars,
        `step` counted from 1. Both bias corrections stand together in one factor, which is the same.
    """
    root = torch.sqrt(1 - torch.exp(step * math.log(BETA_2)))
    rate = learning_rate * root / (1 - torch.exp(step * math.log(BETA_1)))
    first = moments.first + trained * (1 - BETA_1) * (gradient - moments.first)
    second = moments.second + trained * (1 - BETA_2) * (gradient * gradient - moments.second)
    kept = weights * (1 - trained * learning_rate * WEIGHT_DECAY) if decays else weights
    return kept - trained * rate * (first / (second.sqrt() + eps * root)), Moments(first, second)


def make_step_on_pieces(shape: Shape, one_logit_per_sequence: bool) -> Callable[..., tuple]:
    """As `make_step`, with flat, first, second and trained cut into pieces: {name of `Shape.pieces`: Tensor}.

    trained: float32 of a size that fits the piece's, 0 or 1. Pieces stay in a processor's cache through the
    twelve passes of AdamW, and a graph of them needs neither to cut nor to join.
    """

    def step_function(flat, first, second, trained, step, ids, predicted, labels, labels_used, *settings):
        lambda_, learning_rate, eps = settings

        def l3(pieces: Parts) -> tuple[Tensor, Losses]:
            parts = parts_of(shape, pieces)
            h, logits = forward(shape, parts, ids, one_logit_per_sequence, labels_used)
            found = Losses(
                l1=language_model_loss(h, parts["wte.weight"], ids, predicted),
                l2=classification_loss(logits, labels),
                accuracy=(logits.argmax(-1) == labels).to(logits.dtype).mean(),
            )
            return found.l2 + lambda_ * found.l1, found

        gradient, (_, found) = torch.func.grad_and_value(l3, has_aux=True)(flat)
        updated = {}
        for name, size in shape.pieces().items():
            moments, decays = Moments(first[name], second[name]), len(size) == 2
            updated[name] = adamw(
                flat[name], moments, gradient[name], trained[name], decays, step, learning_rate, eps
            )
        return (
            {name: weights for name, (weights, _) in updated.items()},
            {name: moments.first for name, (_, moments) in updated.items()},
            {name: moments.second for name, (_, moments) in updated.items()},
            *found,
        )

    return step_function


def make_step(shape: Shape, one_logit_per_sequence: bool) -> Callable[..., tuple[Tensor, ...]]:
    """The pure function of one training step on L3 = L2 + λ·L1 (equation 5).

    step(flat, first, second, trained, step, ids, predicted, labels, labels_used, lambda_, learning_rate, eps)
        -> flat, first, second, l1, l2, accuracy
    flat, first, second: (P,) float32, the weights and their moments. trained: (P,) bool, see `adamw`.
    ids: (B, S, T) int64. predicted: (B, S, T) float32. labels: (B,) int64, each the number of a used column.
    labels_used: (n_out,) bool, as in `class_logits`. All others are scalars float32.
    l1, l2, accuracy: as in `Losses`, before the update.
    """
    on_pieces = make_step_on_pieces(shape, one_logit_per_sequence)

    def step_function(flat, first, second, trained, *rest):
        vectors = (flat, first, second, trained.to(flat.dtype))
        *new, l1, l2, accuracy = on_pieces(*(cut(shape, vector) for vector in vectors), *rest)
        return *(join(shape, pieces) for pieces in new), l1, l2, accuracy

    return step_function
