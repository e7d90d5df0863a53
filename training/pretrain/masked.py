"""Masked language modelling, for tiny-bert: whole words are hidden and asked for, from both sides.

A row is one document (or 64 tokens of a long one) with end-of-text, alone, as a learner's sentence will be;
rows of similar length share a batch. In each row about 25 % of the tokens are asked for, whole words at a
time: 80 % of these words become mask tokens, 10 % random tokens, 10 % stay. Source: Devlin et al. 2019,
"BERT", section 3.1 and appendix A, where the share is 15 %; whole words as in its later release. The larger
share, with more to learn from per document, follows Wettig et al. 2023, "Should You Mask 15% in Masked
Language Modeling?".
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertConfig, BertForMaskedLM

from training.pretrain.model import IGNORED
from training.pretrain.tokenizers import END_OF_TEXT_ID, FIRST_ORDINARY_ID, MASK, PADDING, SPECIAL_TOKENS
from training.pretrain.windows import Documents

N_CTX = 64
MASK_ID, PADDING_ID = SPECIAL_TOKENS.index(MASK), SPECIAL_TOKENS.index(PADDING)
ASKED_SHARE, MASKED_SHARE, RANDOM_SHARE = 0.25, 0.8, 0.1
POOL = 4096  # rows that are sorted by length together


@dataclass(frozen=True)
class MaskedRecipe:
    """What decides a run of tiny-bert. tokens_per_batch counts padding."""

    vocab_size: int = 5026
    n_layer: int = 4
    d_model: int = 192
    n_head: int = 6
    tokens_per_batch: int = 2048
    peak_learning_rate: float = 2e-3
    warmup_share: float = 0.03
    weight_decay: float = 0.01
    largest_gradient_norm: float = 1.0
    seed: int = 0


def new_model(recipe: MaskedRecipe) -> BertForMaskedLM:
    """Random float32 weights, N(0, 0.02); no dropout."""
    torch.manual_seed(recipe.seed)
    config = BertConfig(
        vocab_size=recipe.vocab_size,
        hidden_size=recipe.d_model,
        num_hidden_layers=recipe.n_layer,
        num_attention_heads=recipe.n_head,
        intermediate_size=4 * recipe.d_model,
        max_position_embeddings=N_CTX,
        type_vocab_size=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=PADDING_ID,
        bos_token_id=END_OF_TEXT_ID,
        eos_token_id=END_OF_TEXT_ID,
    )
    return BertForMaskedLM(config)


def rows_of(documents: Documents) -> list[np.ndarray]:
    """Every document in pieces of at most `N_CTX` tokens; a last piece of fewer than 4 is left out."""
    return [
        piece
        for index in range(len(documents))
        for start in range(0, len(documents[index]), N_CTX)
        if len(piece := documents[index][start : start + N_CTX]) >= 4
    ]


def batches(rows: list[np.ndarray], recipe: MaskedRecipe, epoch: int) -> Iterator[np.ndarray]:
    """ids (B, T) int64 of all rows once, padded on the right, B * T at most `tokens_per_batch`."""
    rng = np.random.default_rng([recipe.seed, epoch])
    order = rng.permutation(len(rows))
    for start in range(0, len(order), POOL):
        pool = sorted(order[start : start + POOL], key=lambda index: len(rows[index]), reverse=True)
        cut = []
        while pool:
            n = max(1, recipe.tokens_per_batch // len(rows[pool[0]]))
            cut.append(pool[:n])
            pool = pool[n:]
        for place in rng.permutation(len(cut)):
            chosen = [rows[index] for index in cut[place]]
            ids = np.full((len(chosen), len(chosen[0])), PADDING_ID, np.int64)
            for row, tokens in zip(ids, chosen, strict=True):
                row[: len(tokens)] = tokens
            yield ids


def begins_word(tokenizer: Tokenizer) -> np.ndarray:
    """(V,) bool: whether a token of the byte-level vocabulary stands after a space."""
    size = tokenizer.get_vocab_size()
    return np.array([tokenizer.id_to_token(index).startswith("Ġ") for index in range(size)])


def hide(
    ids: np.ndarray, begins: np.ndarray, rng: np.random.Generator, vocab_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """ids (B, T) -> what the model sees (B, T) and targets (B, T), `IGNORED` where nothing is asked.

    begins: from `begins_word`. At least one word of each row is asked for; end-of-text and padding never.
    """
    starts = begins[ids]  # (B, T)
    starts[:, 0] = True
    word = starts.cumsum(1) - 1  # (B, T) number of the word a token belongs to
    ordinary = (ids != PADDING_ID) & (ids != END_OF_TEXT_ID)
    draw = rng.random(ids.shape)  # (B, T), read by the number of the word
    n_words = np.where(ordinary, word, -1).max(1)  # (B,) the last word that can be asked for
    draw[np.arange(len(ids)), (rng.random(len(ids)) * (n_words + 1)).astype(int)] = 0.0
    asked = (np.take_along_axis(draw, word, 1) < ASKED_SHARE) & ordinary
    way = np.take_along_axis(rng.random(ids.shape), word, 1)  # one for each word, too
    shown = np.where(asked & (way < MASKED_SHARE), MASK_ID, ids)
    replaced = asked & (way >= MASKED_SHARE) & (way < MASKED_SHARE + RANDOM_SHARE)
    shown = np.where(replaced, rng.integers(FIRST_ORDINARY_ID, vocab_size, ids.shape), shown)
    return shown, np.where(asked, ids, IGNORED)


def masked_loss(model: BertForMaskedLM, shown: Tensor, targets: Tensor) -> Tensor:
    """Mean -ln P of the asked tokens, in nats. shown, targets (B, T) int64."""
    hidden = model.bert(shown, attention_mask=(shown != PADDING_ID).long()).last_hidden_state  # (B, T, d)
    asked = targets != IGNORED  # (B, T)
    logits = model.cls(hidden[asked])  # (n, V)
    return F.cross_entropy(logits.float(), targets[asked])
