"""GPT-1's zero-shot heuristics (`app.engine.zero_shot`), measured on the downstream sets."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from app.engine import zero_shot
from app.engine.zero_shot import TASKS
from app.models import LoadedModel
from training.corpus.labels import TASK_LABELS
from training.evaluate.downstream import DATASETS
from training.paths import read_corpus

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
        right = sum(guess(row["fields"]).label == row["label"] for row in test)
        scores[task] = round(100 * right / len(test), 1)
    return scores


def _guesser(
    loaded: LoadedModel, task: str, datasets: Path, n_examples: int
) -> Callable[[Sequence[str]], zero_shot.Guess]:
    if task == "acceptability":
        dev = read_corpus(datasets / task / "dev.jsonl")[:n_examples]
        threshold = zero_shot.acceptability_threshold(loaded, [row["fields"][0] for row in dev])
        return lambda fields: zero_shot.acceptability(loaded, fields[0], threshold)
    if task == "sentiment":
        return lambda fields: zero_shot.sentiment(loaded, fields[0], SENTIMENT[_language(fields[0])])
    return lambda fields: zero_shot.choice(loaded, fields)


def _language(text: str) -> str:
    return "ko" if HANGUL.search(text) else "en"
