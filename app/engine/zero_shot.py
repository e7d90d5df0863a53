"""What pre-training alone can do: GPT-1's zero-shot heuristics (page 8 of the paper), in the words of our
corpus. Nothing is trained for them: each asks which text the language model finds more probable.

    sentiment       the text and " =", as the corpus writes examples of a rule; only the label words are
                    compared (the paper appends "very" and compares "positive" and "negative")
    acceptability   mean ln P of the sentence's tokens, above or below a threshold
    choice          the answer with the larger mean ln P, given document and question
    reference       each referent put where the sentence leaves its subject out; mean ln P of the rest
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import torch

from app.errors import InputError

if TYPE_CHECKING:
    from app.models import LoadedModel

TASKS = ("sentiment", "acceptability", "choice", "reference")
SENTIMENT_CUE = " ="  # what the corpus writes between an example and its answer


@dataclass(frozen=True)
class Guess:
    """label: the position of the answer taken. scores: what was compared, mean ln P in nats per token."""

    label: int
    scores: tuple[float, ...]


def sentiment(loaded: LoadedModel, text: str, label_words: Sequence[str]) -> Guess:
    """Which of `label_words` goes on best after the text and the cue. label_words: one for each label."""
    return best_answer(loaded, text + SENTIMENT_CUE, label_words)


def choice(loaded: LoadedModel, fields: Sequence[str]) -> Guess:
    """Which of the last two fields goes on best after all before them, joined by spaces."""
    return best_answer(loaded, " ".join(filter(None, fields[:-2])), fields[-2:])


def reference(loaded: LoadedModel, fields: Sequence[str]) -> Guess:
    """After which of the last two fields, its subject, the second field goes on best. The first stands
    before.

    Comparing the rest of the sentence, not the referents, keeps out that some of them are likelier words.
    """
    sentence, rest, *referents = fields
    scores = tuple(mean_log_probability(loaded, f"{sentence} {one}", rest) for one in referents)
    return Guess(scores.index(max(scores)), scores)


def acceptability(loaded: LoadedModel, sentence: str, threshold: float) -> Guess:
    """1, damaged, for a sentence less probable than the threshold (nats per token), else 0."""
    score = mean_log_probability(loaded, "", sentence)
    return Guess(int(score < threshold), (score,))


def acceptability_threshold(loaded: LoadedModel, sentences: Sequence[str]) -> float:
    """The median of the sentences' mean ln P: the threshold where half of them are damaged.

    sentences: some that are not asked about, of the dev split. Raises statistics.StatisticsError for none.
    """
    return median(mean_log_probability(loaded, "", sentence) for sentence in sentences)


def best_answer(loaded: LoadedModel, context: str, answers: Sequence[str]) -> Guess:
    """The answer with the largest mean ln P given the context; the first of equal ones."""
    scores = tuple(mean_log_probability(loaded, context, answer) for answer in answers)
    return Guess(scores.index(max(scores)), scores)


@torch.no_grad()
def mean_log_probability(loaded: LoadedModel, context: str, answer: str) -> float:
    """Mean ln P of the answer's tokens, each given all before it; with no context, of all tokens but the
    first.

    What is too long for the model is cut on the left. Raises InputError "no_tokens" where no token is left
    to ask for.
    """
    given = loaded.tokenizer.encode(context)
    whole = loaded.tokenizer.encode(f"{context} {answer}".strip())
    shared = next((i for i, (a, b) in enumerate(zip(given, whole, strict=False)) if a != b), len(given))
    ids = torch.tensor(whole[-loaded.n_ctx :])  # (T,)
    first = max(1, shared - (len(whole) - len(ids)))
    if first >= len(ids):
        raise InputError("no_tokens")
    log_p = torch.log_softmax(loaded.model(ids[None]).logits[0], -1)  # (T, V)
    asked = torch.arange(first, len(ids))
    return log_p[asked - 1, ids[asked]].mean().item()
