"""What pre-training alone can do: GPT-1's zero-shot heuristics (page 8 of the paper), in the words of our
corpus.

    acceptability   mean ln P of the sentence's tokens, above or below the median of the dev split
    sentiment       the text and " =", as the corpus writes examples of a rule; only the two label words are
                    compared (the paper appends "very" and compares "positive" and "negative")
    choice          the answer with the larger mean ln P, given document and question
    reference       the same, the referent standing where the sentence leaves it open
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import torch

from app.models import LoadedModel
from training.corpus.labels import TASK_LABELS
from training.evaluate.downstream import DATASETS
from training.paths import read_corpus

TASKS = ("sentiment", "acceptability", "choice", "reference")
SENTIMENT = TASK_LABELS["sentiment"]  # position = label
HANGUL = re.compile("[가-힣]")


def zero_shot_scores(
    loaded: LoadedModel, n_examples: int = 500, datasets: Path = DATASETS
) -> dict[str, float]:
    """Accuracy in percent on the first `n_examples` of each test split, with no training on the task."""
    scores = {}
    for task in TASKS:
        test = read_corpus(datasets / task / "test.jsonl")[:n_examples]
        guess = _guesser(loaded, task, datasets, n_examples)
        scores[task] = round(100 * sum(guess(row["fields"]) == row["label"] for row in test) / len(test), 1)
    return scores


def _guesser(loaded: LoadedModel, task: str, datasets: Path, n_examples: int) -> Callable[[list[str]], int]:
    if task == "acceptability":
        dev = read_corpus(datasets / task / "dev.jsonl")[:n_examples]
        threshold = median(mean_log_probability(loaded, "", row["fields"][0]) for row in dev)
        # label 1 is the damaged twin
        return lambda fields: int(mean_log_probability(loaded, "", fields[0]) < threshold)
    if task == "sentiment":
        return lambda fields: _best(loaded, fields[0] + " =", SENTIMENT[_language(fields[0])])
    return lambda fields: _best(loaded, " ".join(fields[:-2]), fields[-2:])


def _language(text: str) -> str:
    return "ko" if HANGUL.search(text) else "en"


def _best(loaded: LoadedModel, context: str, answers: Sequence[str]) -> int:
    means = [mean_log_probability(loaded, context, answer) for answer in answers]
    return means.index(max(means))


@torch.no_grad()
def mean_log_probability(loaded: LoadedModel, context: str, answer: str) -> float:
    """Mean ln P of the answer's tokens, each given all before it; with no context, of all tokens but the
    first.

    What is too long for the model is cut on the left.
    """
    given = loaded.tokenizer.encode(context)
    whole = loaded.tokenizer.encode(f"{context} {answer}".strip())
    shared = next((i for i, (a, b) in enumerate(zip(given, whole, strict=False)) if a != b), len(given))
    ids = torch.tensor(whole[-loaded.n_ctx :])  # (T,)
    first = max(1, shared - (len(whole) - len(ids)))
    log_p = torch.log_softmax(loaded.model(ids[None]).logits[0], -1)  # (T, V)
    asked = torch.arange(first, len(ids))
    return log_p[asked - 1, ids[asked]].mean().item()
