"""Looks at a model in the middle of its fine-tuning, as pure functions of its pieces (`parameters.cut`).

They can be traced into graphs for the browser, like the step of `objective`, whose forward pass they share.
"""

from collections.abc import Callable

from torch import Tensor

from app.engine.objective import final_activations, forward, losses_of_examples
from app.engine.parameters import Shape, parts_of


def make_evaluation(shape: Shape, one_logit_per_sequence: bool) -> Callable[..., tuple[Tensor, Tensor]]:
    """The pure function of a look at some examples, without an update.

    evaluation(pieces, ids, predicted, labels_used) -> logits (B, n), l1 (B,): the logits of the labels, those
        of unused columns far below all others, and the mean -ln P of each example's predicted tokens in nats.
    """

    def evaluation(pieces, ids, predicted, labels_used):
        parts = parts_of(shape, pieces)
        h, logits = forward(shape, parts, ids, one_logit_per_sequence, labels_used)
        return logits, losses_of_examples(h, parts["wte.weight"], ids, predicted)

    return evaluation


def make_continuation(shape: Shape) -> Callable[..., Tensor]:
    """The pure function that asks for the token after a position.

    continuation(pieces, ids, at) -> logits (V,). ids: (1, T) int64, padded after `at`. at: (T,) float32, 1 at
        the position whose next token is asked for, 0 elsewhere. Source: equation (2).
    """

    def continuation(pieces, ids, at):
        parts = parts_of(shape, pieces)
        h = final_activations(shape, parts, ids)  # (1, T, d)
        return ((h * at.unsqueeze(-1)).sum(1) @ parts["wte.weight"].t()).squeeze(0)  # (V,)

    return continuation
