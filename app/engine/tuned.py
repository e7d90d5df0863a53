"""What a model says in the middle of its fine-tuning, by the functions of `looks`. Pure torch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from app.engine.inputs import PAD, Example, collate
from app.engine.looks import make_continuation, make_evaluation
from app.engine.objective import all_used
from app.engine.parameters import Shape, cut

AT_ONCE = 8  # examples
DECIMALS = 4  # of probabilities that are sent


class Looks:
    """Questions to the weights of a flat vector (P,) of this shape."""

    def __init__(self, shape: Shape, one_logit_per_sequence: bool):
        self._used = all_used(shape)
        self._shape = shape
        self._evaluation = make_evaluation(shape, one_logit_per_sequence)
        self._lines = make_evaluation(shape, False)
        self._continuation = make_continuation(shape)

    @torch.inference_mode()
    def at_examples(self, flat: Tensor, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
        """P(label | input) of each example (n, n_labels), and its L1 in nats per token (n,)."""
        found = []
        for start in range(0, len(examples), AT_ONCE):
            batch = collate(examples[start : start + AT_ONCE])
            logits, l1 = self._evaluation(
                cut(self._shape, flat), batch.ids, batch.predicted, self._used
            )  # (B, n), (B,)
            found.append((logits.softmax(-1), l1))
        probabilities, losses = zip(*found, strict=True)
        return torch.cat(probabilities), torch.cat(losses)

    @torch.inference_mode()
    def at_lines(self, flat: Tensor, lines: Sequence[Sequence[int]]) -> list[float]:
        """L1 of each line of ids, whose first token is given, in nats per token."""
        found: list[float] = []
        for start in range(0, len(lines), AT_ONCE):
            some = lines[start : start + AT_ONCE]
            longest = max(map(len, some))
            ids = torch.tensor([[[*line, *[PAD] * (longest - len(line))]] for line in some])  # (B, 1, T)
            lengths = torch.tensor([len(line) for line in some]).view(-1, 1, 1)
            places = torch.arange(longest)
            predicted = ((places > 0) & (places < lengths)).float()  # (B, 1, T)
            found += self._lines(cut(self._shape, flat), ids, predicted, self._used)[1].tolist()
        return found

    @torch.inference_mode()
    def further(
        self, flat: Tensor, ids: Sequence[int], n: int, window: int, end: int | None
    ) -> list[tuple[int, float]]:
        """Greedy continuation of the last `window` tokens: up to n tokens, each with its probability; `end`
        is the last.
        """
        sequence: list[int] = list(ids)
        found: list[tuple[int, float]] = []
        while len(found) < n and not (found and found[-1][0] == end):
            seen = sequence[-window:]
            at = torch.zeros(len(seen))
            at[-1] = 1.0
            p = self._continuation(cut(self._shape, flat), torch.tensor([seen]), at).softmax(-1)  # (V,)
            best = int(p.argmax())
            found.append((best, p[best].item()))
            sequence.append(best)
        return found


def rounded(probabilities: Tensor) -> list[list[float]]:
    """As plain data, short enough to be sent often."""
    return [[round(p, DECIMALS) for p in row] for row in probabilities.tolist()]


def proceeded(further: Sequence[tuple[int, float]]) -> dict[str, list]:
    """A continuation as plain data."""
    return {"ids": [id_ for id_, _ in further], "probabilities": [round(p, DECIMALS) for _, p in further]}
