"""Fill in the blank: one token of a text is hidden, and tiny-bert says which it finds probable.

Beside the next token the other upstream task of the lecture's 용어 pages. The model reads the text as in its
pre-training: no special token before it, one end-of-text token after it, and every token sees every other.
Source: masked language modelling, Devlin et al. 2019, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from app.engine.controls import check_number
from app.engine.prefixes import next_logits
from app.errors import InputError
from app.models.tokens import Piece

if TYPE_CHECKING:
    from app.models import LoadedModel, MaskedModel

N_AFTER = 1  # special tokens after the text: end-of-text


@dataclass(frozen=True, eq=False)
class Filled:
    """What a masked model finds probable in one place of a text of n tokens.

    ids, pieces: of the n tokens of the text, the hidden one as it was. position: of the hidden one, from 0.
    probabilities: (V,) float32, sum to 1.
    patterns: (n_layer, n_head, n + 1, n + 1) float32 where asked for. Row i holds the weights of token i,
        which sum to 1; at `position` stands the mask token, and last, n-th from 0, end-of-text.
    """

    ids: tuple[int, ...]
    pieces: tuple[Piece, ...]
    position: int
    probabilities: Tensor
    patterns: Tensor | None = None

    @property
    def hidden(self) -> int:
        """The token that stood there."""
        return self.ids[self.position]

    def likeliest(self, n: int) -> list[tuple[int, float]]:
        """(id, probability) of the n most probable tokens, the first of equal ones first."""
        order = self.probabilities.sort(descending=True, stable=True).indices[:n].tolist()
        return [(id_, self.probabilities[id_].item()) for id_ in order]


def most_tokens(model: MaskedModel) -> int:
    """How long a text may be, in tokens."""
    return model.n_ctx - N_AFTER


@torch.inference_mode()
def fill_blank(model: MaskedModel, text: str, position: int, patterns: bool = False) -> Filled:
    """Hide the token at `position`, counted from 0, and ask for it. patterns: give the attention as well.

    Raises InputError: "no_tokens", "blank_too_long" (n, limit: a text is read whole or not at all),
    "not_a_number" or "out_of_range" (position), "half_character".
    """
    ids = model.tokenizer.encode(text)
    if not ids:
        raise InputError("no_tokens")
    if len(ids) > most_tokens(model):
        raise InputError("blank_too_long", n=len(ids), limit=most_tokens(model))
    position = check_number("position", position, 0, len(ids) - 1, whole=True)
    given = [*ids[:position], model.mask_id, *ids[position + 1 :], model.eot_id]
    answer = model.model(torch.tensor([given]), output_attentions=patterns)
    return Filled(
        tuple(ids),
        tuple(model.tokenizer.pieces(ids)),
        position,
        answer.logits[0, position].double().softmax(-1).float(),  # (V,)
        torch.cat(answer.attentions) if patterns else None,  # (L, h, n + 1, n + 1)
    )


def from_the_left(loaded: LoadedModel, ids: Sequence[int], position: int) -> Tensor:
    """The same place by a model that sees what stands before it only: (V,) float32, sum to 1.

    Where nothing stands before it, it starts from end-of-text, as in pre-training. tiny-gpt2 and tiny-bert
    have the same tokens, so the same `ids` and `position` can be given.
    Raises InputError("no_tokens") where nothing stands before it and the vocabulary has no end-of-text.
    """
    before = list(ids[:position]) or ([] if loaded.eot_id is None else [loaded.eot_id])
    return next_logits(loaded, before).double().softmax(-1).float()
