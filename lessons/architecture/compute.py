"""The numbers behind 「GPT-1 vs GPT-2」: one text through both models, every tensor kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from app.engine.trace import Trace, kept_trace
from app.errors import InputError
from app.guess import Answer
from app.models import LoadedModel
from lessons.architecture.nodes import OUT_OF_BLOCK

MAX_TOKENS = 128  # the pass keeps every tensor, and more rows than pixels cannot be seen
ABOUT_EQUAL = 0.1  # two norms within a tenth of each other are called equal


@dataclass(frozen=True)
class Run:
    """One model on one text.

    Args:
        ids: the tokens shown, the last ones that fit. n_dropped: how many stand before them and are not seen.
        trace: of `ids`.
    """

    loaded: LoadedModel
    ids: tuple[int, ...]
    n_dropped: int
    trace: Trace

    @property
    def tensors(self) -> dict[str, Tensor]:
        """{name: float32 tensor} of the trace."""
        return self.trace.tensors

    @property
    def architecture(self) -> str:
        return self.loaded.architecture

    def block_output(self, block: int) -> Tensor:
        """(T, d), what block `block` hands on."""
        return self.tensors[f"blocks.{block}.{OUT_OF_BLOCK[self.architecture]}"]

    def last_name(self) -> str:
        """The name of what the last block hands on."""
        return f"blocks.{self.loaded.n_layer - 1}.{OUT_OF_BLOCK[self.architecture]}"

    def next_token(self) -> tuple[int, float]:
        """The likeliest next token and its probability."""
        probabilities = self.tensors["logits"][-1].double().softmax(-1)  # (V,)
        best = int(probabilities.argmax())
        return best, float(probabilities[best])


def run(loaded: LoadedModel, text: str) -> Run:
    """Send `text` through `loaded`; of a text that is too long the last tokens are kept.

    Raises:
        InputError("no_tokens"): the tokenizer makes nothing of the text.
    """
    ids = loaded.tokenizer.encode(text)
    if not ids:
        raise InputError("no_tokens")
    kept = ids[-min(loaded.n_ctx, MAX_TOKENS) :]
    return Run(loaded, tuple(kept), len(ids) - len(kept), kept_trace(loaded, kept))


def residual_additions(n_layer: int) -> int:
    """N of 1/√N: additions to the residual stream, two in each block. Source: GPT-2 section 2.3."""
    return 2 * n_layer


def norm_per_token(tensor: Tensor) -> float:
    """(T, d) -> the mean length of its rows, so that texts cut into different numbers of tokens compare."""
    return tensor.double().norm(dim=-1).mean().item()


def larger_residual(gpt1: Run, gpt2: Run) -> Answer:
    """Which residual stream is longer after the last block, per token?"""
    first = norm_per_token(gpt1.block_output(gpt1.loaded.n_layer - 1))
    second = norm_per_token(gpt2.block_output(gpt2.loaded.n_layer - 1))
    equal = abs(first - second) <= ABOUT_EQUAL * max(first, second)
    return Answer(2 if equal else 0 if first > second else 1, {"first": first, "second": second})


def growth(gpt1: Run, gpt2: Run) -> Answer:
    """How many times larger is GPT-2's residual stream after the last block than before the first?"""
    before = gpt2.trace.stats("blocks.0.hook_resid_pre")["std"]
    after = gpt2.trace.stats(gpt2.last_name())["std"]
    times = after / before
    shown = {"before": before, "after": after, "times": f"{times:.0f}" if times >= 10 else f"{times:.1f}"}
    return Answer(0 if times < 2 else 1 if times < 10 else 2, shown)


def fewer_tokens(gpt1: Run, gpt2: Run) -> Answer:
    """Which tokenizer needs fewer tokens for the text?"""
    first, second = len(gpt1.ids) + gpt1.n_dropped, len(gpt2.ids) + gpt2.n_dropped
    right = 0 if first < second else 1 if second < first else 2
    return Answer(right, {"first": first, "second": second}, words=".same" if right == 2 else "")
